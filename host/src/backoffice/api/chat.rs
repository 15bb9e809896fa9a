//! `POST /api/v1/chat`: one turn.

use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::ToSchema;
use uuid::Uuid;

use super::super::{
    Backoffice,
    auth::Actor,
    error::{Problem, Result},
    extract::Json,
    watch,
};
use crate::{
    agent::{Envelope, NewMessage, TurnReply},
    ids::ConversationId,
    store::Channel,
};

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChatRequest {
    pub message: String,
    /// Name of the person who says it, made when new; the owner without it. A session is always the owner's.
    pub user: Option<String>,
    /// A new conversation without it.
    pub conversation: Option<Uuid>,
    /// Server-sent events `accepted`, `step`, `progress`, `delta`, `reset`, and at the end `done` with
    /// the reply or `error` with a problem.
    #[serde(default)]
    pub stream: bool,
    /// What you call this message; sent twice, it is answered once.
    pub key: Option<String>,
}

/// The end of a turn.
#[derive(Serialize, ToSchema)]
pub struct ChatReply {
    pub turn_id: Uuid,
    pub conversation: Uuid,
    pub reply: String,
    /// "skill", "model" or another way that the router chose.
    pub route: String,
    /// "none", "small" or "large": which kind of model answered.
    pub tier: String,
    pub rung: String,
    pub usage: ChatUsage,
    pub skills: Vec<SkillUse>,
    /// True when the turn failed; the reply then says so.
    pub failed: bool,
}

/// Tokens of all model calls of a turn.
#[derive(Serialize, ToSchema)]
pub struct ChatUsage {
    pub input_tokens: i64,
    pub output_tokens: i64,
    pub model_calls: i64,
}

/// A skill that ran in a turn.
#[derive(Serialize, ToSchema)]
pub struct SkillUse {
    pub name: String,
    pub call_id: Uuid,
    /// Name of the failure, if it failed.
    pub failure: Option<String>,
}

impl From<TurnReply> for ChatReply {
    fn from(reply: TurnReply) -> Self {
        let skills = reply.skills.into_iter();
        Self {
            turn_id: reply.turn_id.0,
            conversation: reply.conversation.0,
            reply: reply.reply,
            route: reply.route,
            tier: reply.tier,
            rung: reply.rung,
            usage: ChatUsage {
                input_tokens: reply.usage.input_tokens,
                output_tokens: reply.usage.output_tokens,
                model_calls: reply.usage.model_calls,
            },
            skills: skills
                .map(|skill| SkillUse { name: skill.name, call_id: skill.call_id.0, failure: skill.failure })
                .collect(),
            failed: reply.failed,
        }
    }
}

/// Says something to the agent and gives its reply.
#[utoipa::path(
    post,
    path = "/api/v1/chat",
    tag = "chat",
    request_body = ChatRequest,
    responses(
        (status = 200, body = ChatReply, description = "The reply; with `stream` the events of the turn"),
        (status = "4XX", body = super::ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub async fn send(
    State(backoffice): State<Arc<Backoffice>>,
    actor: Actor,
    Json(request): Json<ChatRequest>,
) -> Result<Response> {
    let channel = match actor {
        Actor::Owner(_) => Channel::Web,
        Actor::Token { .. } => Channel::Api,
    };
    let token = actor.token();
    let message = NewMessage {
        user: backoffice.sender(&actor, request.user.as_deref()).await?,
        conversation: request.conversation.map(ConversationId),
        channel,
        text: request.message,
        key: request.key,
        envelope: Envelope { token, ..Envelope::default() },
    };
    let (conversation, accepted) = backoffice.agent.submit(message).await?;
    if request.stream {
        return Ok(watch::stream(&backoffice.agent, accepted.turn(), conversation).into_response());
    }
    let reply = backoffice.agent.wait(accepted.turn()).await.map_err(Problem::from)?;
    Ok(axum::Json(ChatReply::from(reply)).into_response())
}
