//! Conversations and the messages in them.

use chrono::{DateTime, Utc};
use serde_json::Value;
use sqlx::{FromRow, types::Json};
use std::collections::HashMap;

use super::{Db, Result, columns::word_column, on, push_list};
use crate::{
    clock::Clock,
    ids::{ConversationId, MessageId, TurnId, UserId},
};

word_column! {
    /// Where a conversation takes place.
    Channel { Web = "web", Api = "api", Cli = "cli", Telegram = "telegram" }
}

#[derive(Clone, Debug, FromRow)]
pub struct Conversation {
    pub id: ConversationId,
    pub user_id: UserId,
    pub channel: Channel,
    /// The beginning of the first message.
    pub title: String,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

#[derive(Clone, Debug, FromRow)]
pub struct Message {
    pub id: MessageId,
    /// Nothing for what answers no message, such as a reminder.
    pub turn_id: Option<TurnId>,
    /// "user" or "assistant".
    pub role: String,
    pub content: String,
    /// Route, tier and skills of a reply; empty for what a person wrote.
    pub meta: Json<Value>,
    pub created_at: DateTime<Utc>,
}

impl Db {
    pub async fn create_conversation(
        &self,
        clock: &Clock,
        user: UserId,
        channel: Channel,
        title: &str,
    ) -> Result<ConversationId> {
        let id = ConversationId::new(clock);
        on!(self, pool => sqlx::query(
            "INSERT INTO conversations (id, user_id, channel, title, created_at, updated_at)
             VALUES ($1, $2, $3, $4, $5, $5)",
        ).bind(id).bind(user).bind(channel).bind(title).bind(clock.now()).execute(pool).await.map(|_| ()))?;
        Ok(id)
    }

    pub async fn conversation(&self, id: ConversationId) -> Result<Option<Conversation>> {
        Ok(on!(self, pool => sqlx::query_as(
            "SELECT id, user_id, channel, title, created_at, updated_at FROM conversations WHERE id = $1",
        ).bind(id).fetch_optional(pool).await)?)
    }

    /// The newest conversations of one person.
    pub async fn conversations(&self, user: UserId, limit: i64) -> Result<Vec<Conversation>> {
        Ok(on!(self, pool => sqlx::query_as(
            "SELECT id, user_id, channel, title, created_at, updated_at FROM conversations
             WHERE user_id = $1 ORDER BY updated_at DESC, id DESC LIMIT $2",
        ).bind(user).bind(limit).fetch_all(pool).await)?)
    }

    /// The titles of some conversations.
    pub async fn conversation_titles(&self, ids: &[ConversationId]) -> Result<HashMap<ConversationId, String>> {
        if ids.is_empty() {
            return Ok(HashMap::new());
        }
        let rows: Vec<(ConversationId, String)> = on!(self, pool => {
            let mut select = sqlx::QueryBuilder::new("SELECT id, title FROM conversations WHERE id IN (");
            push_list!(select, ids.iter().copied());
            select.push(")");
            select.build_query_as().fetch_all(pool).await
        })?;
        Ok(rows.into_iter().collect())
    }

    /// The newest `limit` messages, oldest first.
    pub async fn messages(&self, conversation: ConversationId, limit: i64) -> Result<Vec<Message>> {
        let mut rows: Vec<Message> = on!(self, pool => sqlx::query_as(
            "SELECT id, turn_id, role, content, meta, created_at FROM messages
             WHERE conversation_id = $1 ORDER BY created_at DESC, id DESC LIMIT $2",
        ).bind(conversation).bind(limit).fetch_all(pool).await)?;
        rows.reverse();
        Ok(rows)
    }

    /// The message and, once given, the reply of one turn.
    pub async fn turn_messages(&self, turn: TurnId) -> Result<Vec<Message>> {
        Ok(on!(self, pool => sqlx::query_as(
            "SELECT id, turn_id, role, content, meta, created_at FROM messages
             WHERE turn_id = $1 ORDER BY created_at, id",
        ).bind(turn).fetch_all(pool).await)?)
    }
}
