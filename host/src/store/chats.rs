//! Chats on Telegram, and who stands behind them.

use chrono::{DateTime, Utc};
use sqlx::FromRow;

use super::{Channel, ChatAddress, Db, Result, columns::word_column, on, write_tx};
use crate::{
    clock::Clock,
    ids::{ConversationId, UserId},
};

word_column! {
    /// A chat with one person, or a group.
    ChatKind { Private = "private", Group = "group" }
}

/// A chat that may talk to the agent.
#[derive(Clone, Debug, FromRow)]
pub struct Chat {
    pub chat_id: i64,
    pub thread_id: i64,
    pub kind: ChatKind,
    /// The person, or the group as one.
    pub user_id: UserId,
    /// The conversation that it is in now.
    pub conversation_id: ConversationId,
    pub title: String,
    pub created_at: DateTime<Utc>,
}

/// A chat as it is when first seen.
#[derive(Clone, Debug)]
pub struct NewChat {
    pub address: ChatAddress,
    pub kind: ChatKind,
    pub user: UserId,
    pub title: String,
}

macro_rules! chat_columns {
    () => {
        "chat_id, thread_id, kind, user_id, conversation_id, title, created_at"
    };
}

/// Whether the one behind a chat is still linked to it.
macro_rules! is_linked {
    () => {
        "EXISTS (SELECT 1 FROM users u WHERE u.id = chats.user_id AND u.telegram_user_id = chats.chat_id)"
    };
}

/// Begins a conversation for a chat in a transaction.
macro_rules! begin_conversation {
    ($tx:ident, $id:expr, $chat:expr, $now:expr) => {
        sqlx::query(
            "INSERT INTO conversations (id, user_id, channel, title, created_at, updated_at, chat_id, thread_id)
             VALUES ($1, $2, $3, $4, $5, $5, $6, $7)",
        )
        .bind($id)
        .bind($chat.user)
        .bind(Channel::Telegram)
        .bind(&$chat.title)
        .bind($now)
        .bind($chat.address.chat_id)
        .bind($chat.address.thread_id)
        .execute(&mut *$tx)
        .await?
    };
}

impl Db {
    /// The chat at an address, made with a conversation of its own when it is new.
    pub async fn chat_at(&self, clock: &Clock, chat: &NewChat) -> Result<Chat> {
        if let Some(known) = self.chat(chat.address).await?.filter(|known| known.user_id == chat.user) {
            return Ok(known);
        }
        self.renew_chat(clock, chat).await
    }

    /// Begins a new conversation in a chat.
    pub async fn renew_chat(&self, clock: &Clock, chat: &NewChat) -> Result<Chat> {
        let (conversation, now) = (ConversationId::new(clock), clock.now());
        let made = write_tx!(self, tx => {
            begin_conversation!(tx, conversation, chat, now);
            sqlx::query_as(concat!(
                "INSERT INTO chats (chat_id, thread_id, kind, user_id, conversation_id, title, created_at)
                 VALUES ($1, $2, $3, $4, $5, $6, $7)
                 ON CONFLICT (chat_id, thread_id) DO UPDATE SET conversation_id = $5, user_id = $4, title = $6
                 RETURNING ", chat_columns!(),
            )).bind(chat.address.chat_id).bind(chat.address.thread_id).bind(chat.kind).bind(chat.user)
              .bind(conversation).bind(&chat.title).bind(now).fetch_one(&mut *tx).await?
        });
        Ok(made)
    }

    pub async fn chat(&self, address: ChatAddress) -> Result<Option<Chat>> {
        Ok(on!(self, pool => sqlx::query_as(concat!(
            "SELECT ", chat_columns!(), " FROM chats WHERE chat_id = $1 AND thread_id = $2",
        )).bind(address.chat_id).bind(address.thread_id).fetch_optional(pool).await)?)
    }

    /// Every chat whose person or group is still linked to it, by title.
    pub async fn chats(&self) -> Result<Vec<Chat>> {
        Ok(on!(self, pool => sqlx::query_as(concat!(
            "SELECT ", chat_columns!(), " FROM chats WHERE ", is_linked!(), " ORDER BY title, chat_id, thread_id",
        )).fetch_all(pool).await)?)
    }

    /// The chat that a person is written to in: one that they are linked to now, not an earlier phone.
    pub async fn chat_of(&self, user: UserId) -> Result<Option<Chat>> {
        Ok(on!(self, pool => sqlx::query_as(concat!(
            "SELECT ", chat_columns!(), " FROM chats WHERE user_id = $1 AND ", is_linked!(),
            " ORDER BY thread_id, created_at LIMIT 1",
        )).bind(user).fetch_optional(pool).await)?)
    }

    /// A group got another id when it became a supergroup: everything that was the old one's is the new
    /// one's, what was said of letting it in too. What the new one has already stays.
    pub async fn move_chat(&self, from: i64, to: i64) -> Result<()> {
        write_tx!(self, tx => {
            for statement in [
                "UPDATE users SET telegram_user_id = NULL WHERE telegram_user_id = $1
                 AND EXISTS (SELECT 1 FROM users other WHERE other.telegram_user_id = $2)",
                "UPDATE users SET telegram_user_id = $2 WHERE telegram_user_id = $1",
                "UPDATE chats SET chat_id = $2 WHERE chat_id = $1 AND NOT EXISTS (SELECT 1 FROM chats other
                    WHERE other.chat_id = $2 AND other.thread_id = chats.thread_id)",
                "UPDATE conversations SET chat_id = $2 WHERE chat_id = $1",
                "UPDATE pairings SET chat_id = $2 WHERE chat_id = $1
                 AND NOT EXISTS (SELECT 1 FROM pairings other WHERE other.chat_id = $2)",
                "UPDATE outbox SET chat_id = $2 WHERE chat_id = $1 AND status <> 'sent'",
            ] {
                sqlx::query(statement).bind(from).bind(to).execute(&mut *tx).await?;
            }
        });
        Ok(())
    }
}
