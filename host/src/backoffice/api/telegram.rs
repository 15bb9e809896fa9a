//! How the bot fares, and what it could not send.

use axum::{Json, extract::State};
use chrono::{DateTime, Utc};
use secrecy::ExposeSecret;
use serde::Serialize;
use std::sync::Arc;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{
    super::{Backoffice, auth::Actor, error::Result, extract::Path},
    Done,
};
use crate::{
    ids::OutboxId,
    store::{OutboxStatus, Unsent},
    telegram::{Connection, LEASE},
};

const MAX_UNSENT: i64 = 200;

#[derive(Serialize, ToSchema)]
pub struct TelegramView {
    /// "off", "starting", "polling", "conflict", "unauthorized", "unreachable" or "limited".
    pub state: &'static str,
    pub detail: String,
    pub since: Option<DateTime<Utc>>,
    /// The bot's name, once known.
    pub bot: Option<String>,
    /// Messages that wait to be sent, and those that were given up.
    pub pending: i64,
    pub failed: i64,
}

#[derive(Serialize, ToSchema)]
pub struct Outbox {
    /// Newest first.
    pub messages: Vec<UnsentView>,
}

#[derive(Serialize, ToSchema)]
pub struct UnsentView {
    pub id: Uuid,
    pub chat_id: i64,
    pub text: String,
    /// "pending", "sending", "waiting" for a retry, or "failed".
    #[schema(value_type = String)]
    pub status: OutboxStatus,
    pub attempts: i64,
    pub last_error: Option<String>,
    pub created_at: DateTime<Utc>,
}

impl From<Unsent> for UnsentView {
    fn from(row: Unsent) -> Self {
        Self {
            id: row.id.0,
            chat_id: row.chat_id,
            text: row.text,
            status: row.status,
            attempts: row.attempts,
            last_error: row.last_error,
            created_at: row.created_at,
        }
    }
}

/// What whoever polls has told last; `None` while nobody does.
pub async fn connection(backoffice: &Backoffice) -> Result<Option<Connection>> {
    if backoffice.config.telegram.token.expose_secret().is_empty() {
        return Ok(None);
    }
    let lease = backoffice.db.lease(LEASE).await?;
    Ok(lease.filter(|lease| lease.expires_at > backoffice.clock.now()).and_then(|lease| Connection::of(&lease)))
}

/// How the bot fares; the page shows the same.
pub async fn state(backoffice: &Backoffice) -> Result<TelegramView> {
    let (pending, failed) = backoffice.db.outbox_counts().await?;
    let off = backoffice.config.telegram.token.expose_secret().is_empty();
    Ok(match connection(backoffice).await? {
        Some(known) => TelegramView {
            state: known.state.word(),
            detail: known.detail,
            since: Some(known.since),
            bot: known.bot,
            pending,
            failed,
        },
        None => TelegramView {
            state: if off { "off" } else { "starting" },
            detail: String::new(),
            since: None,
            bot: None,
            pending,
            failed,
        },
    })
}

/// What was not sent yet; the page shows the same.
pub async fn unsent(backoffice: &Backoffice) -> Result<Vec<UnsentView>> {
    Ok(backoffice.db.unsent(MAX_UNSENT).await?.into_iter().map(UnsentView::from).collect())
}

/// How the bot fares.
#[utoipa::path(get, path = "/api/v1/telegram", tag = "admin", responses((status = 200, body = TelegramView)))]
pub async fn show(State(backoffice): State<Arc<Backoffice>>) -> Result<Json<TelegramView>> {
    Ok(Json(state(&backoffice).await?))
}

/// What waits to be sent, or was given up.
#[utoipa::path(get, path = "/api/v1/outbox", tag = "admin", responses((status = 200, body = Outbox)))]
pub async fn outbox(State(backoffice): State<Arc<Backoffice>>) -> Result<Json<Outbox>> {
    Ok(Json(Outbox { messages: unsent(&backoffice).await? }))
}

/// Sends a message again that waits for a retry, or was given up.
#[utoipa::path(
    post,
    path = "/api/v1/outbox/{id}/resend",
    tag = "admin",
    params(("id" = Uuid, Path)),
    responses((status = 200, body = Done), (status = 404, body = super::ProblemDocument))
)]
pub async fn resend(
    State(backoffice): State<Arc<Backoffice>>,
    actor: Actor,
    Path(id): Path<Uuid>,
) -> Result<Json<Done>> {
    backoffice.resend(&actor, OutboxId(id)).await?;
    Ok(Done::ok())
}
