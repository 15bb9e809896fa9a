//! Conversations and their messages.

use axum::{Json, extract::State};
use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::Value;
use std::sync::Arc;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{
    super::{
        Backoffice,
        auth::Actor,
        error::{Kind, Problem, Result},
        extract::{Path, Query},
    },
    OfUser,
};
use crate::{
    agent::shown_summary,
    ids::ConversationId,
    store::{Channel, Message},
};

/// Most conversations, and most messages of one, that an answer has.
const MAX_CONVERSATIONS: i64 = 200;
const MAX_MESSAGES: i64 = 1_000;

#[derive(Serialize, ToSchema)]
pub struct Conversations {
    /// The one that changed last comes first.
    pub conversations: Vec<ConversationView>,
}

#[derive(Serialize, ToSchema)]
pub struct ConversationView {
    pub id: Uuid,
    /// The beginning of the first message.
    pub title: String,
    /// "web", "api", "cli" or "telegram".
    #[schema(value_type = String)]
    pub channel: Channel,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

#[derive(Serialize, ToSchema)]
pub struct Messages {
    /// Oldest first.
    pub messages: Vec<MessageView>,
    /// What prompts have in place of the older part, once there is one.
    pub earlier: Option<Earlier>,
}

#[derive(Serialize, ToSchema)]
pub struct Earlier {
    pub text: String,
    /// The newest turn that is in it.
    pub through_turn: Uuid,
    /// "rules" or "model": who wrote it.
    pub source: String,
}

#[derive(Serialize, ToSchema)]
pub struct Stopped {
    /// Turns that were asked to stop.
    pub stopped: usize,
}

#[derive(Serialize, ToSchema)]
pub struct MessageView {
    pub id: Uuid,
    /// "user" or "assistant".
    pub role: String,
    pub content: String,
    pub created_at: DateTime<Utc>,
    /// Nothing for what answers no message, such as a reminder.
    pub turn_id: Option<Uuid>,
    /// Route, tier and skills of a reply.
    pub meta: Value,
}

impl From<Message> for MessageView {
    fn from(row: Message) -> Self {
        Self {
            id: row.id.0,
            role: row.role,
            content: row.content,
            created_at: row.created_at,
            turn_id: row.turn_id.map(|id| id.0),
            meta: row.meta.0,
        }
    }
}

/// The newest conversations of a person.
#[utoipa::path(get, path = "/api/v1/conversations", tag = "chat", params(OfUser), responses((status = 200, body = Conversations)))]
pub async fn list(State(backoffice): State<Arc<Backoffice>>, Query(of): Query<OfUser>) -> Result<Json<Conversations>> {
    let user = backoffice.known_person(of.user.as_deref()).await?;
    let rows = backoffice.db.conversations(user.id, MAX_CONVERSATIONS).await?;
    let conversations = rows.into_iter().map(|row| ConversationView {
        id: row.id.0,
        title: row.title,
        channel: row.channel,
        created_at: row.created_at,
        updated_at: row.updated_at,
    });
    Ok(Json(Conversations { conversations: conversations.collect() }))
}

/// The newest messages of a conversation.
#[utoipa::path(
    get,
    path = "/api/v1/conversations/{id}/messages",
    tag = "chat",
    params(("id" = Uuid, Path)),
    responses((status = 200, body = Messages), (status = 404, body = super::ProblemDocument))
)]
pub async fn messages(State(backoffice): State<Arc<Backoffice>>, Path(id): Path<Uuid>) -> Result<Json<Messages>> {
    let id = ConversationId(id);
    if backoffice.db.conversation(id).await?.is_none() {
        return Err(Problem::new(Kind::NoConversation, format!("There is no conversation {id}.")));
    }
    let rows = backoffice.db.messages(id, MAX_MESSAGES).await?;
    let earlier = backoffice.db.folded(id).await?.map(|folded| Earlier {
        text: shown_summary(&folded),
        through_turn: folded.through_turn.0,
        source: folded.source,
    });
    Ok(Json(Messages { messages: rows.into_iter().map(MessageView::from).collect(), earlier }))
}

/// Asks everything that runs or waits in a conversation to stop. Each turn ends with a reply that says so.
#[utoipa::path(
    post,
    path = "/api/v1/conversations/{id}/stop",
    tag = "chat",
    params(("id" = Uuid, Path)),
    responses((status = 200, body = Stopped), (status = 404, body = super::ProblemDocument))
)]
pub async fn stop(
    State(backoffice): State<Arc<Backoffice>>,
    actor: Actor,
    Path(id): Path<Uuid>,
) -> Result<Json<Stopped>> {
    let id = ConversationId(id);
    if backoffice.db.conversation(id).await?.is_none() {
        return Err(Problem::new(Kind::NoConversation, format!("There is no conversation {id}.")));
    }
    Ok(Json(Stopped { stopped: backoffice.stop_turns(&actor, id).await? }))
}
