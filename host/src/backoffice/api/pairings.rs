//! Strangers who ask to talk to the agent, and what the owner says to it.

use axum::{Json, extract::State};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{
    super::{
        Backoffice,
        auth::Actor,
        error::Result,
        extract::{self, Path},
    },
    Done,
};
use crate::{
    ids::PairingId,
    store::{ChatKind, Pairing, PairingStatus},
    telegram::Who,
};

const MAX_PAIRINGS: i64 = 200;

#[derive(Serialize, ToSchema)]
pub struct Pairings {
    /// Newest first.
    pub pairings: Vec<PairingView>,
}

#[derive(Serialize, ToSchema)]
pub struct PairingView {
    pub id: Uuid,
    /// As they call themselves, or the title of the group.
    pub name: String,
    pub chat_id: i64,
    /// "private" or "group".
    #[schema(value_type = String)]
    pub kind: ChatKind,
    /// "pending", "expired", "approved" or "denied".
    pub status: &'static str,
    /// What the stranger was given, to tell one from another.
    pub code: String,
    pub decided_by: Option<String>,
    pub created_at: DateTime<Utc>,
    pub expires_at: DateTime<Utc>,
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum As {
    Owner,
    Member,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Approval {
    /// "owner": this is the owner's own phone. "member": somebody else.
    #[schema(value_type = String)]
    pub role: As,
    /// What a member is called; as they call themselves without it.
    pub name: Option<String>,
}

impl PairingView {
    pub fn of(row: Pairing, now: DateTime<Utc>) -> Self {
        let over = row.status == PairingStatus::Pending && row.expires_at <= now;
        Self {
            id: row.id.0,
            name: row.name,
            chat_id: row.chat_id,
            kind: row.kind,
            status: if over { "expired" } else { row.status.word() },
            code: row.code,
            decided_by: row.decided_by,
            created_at: row.created_at,
            expires_at: row.expires_at,
        }
    }
}

/// Who has asked, newest first; the page shows the same.
pub async fn pairings(backoffice: &Backoffice) -> Result<Vec<PairingView>> {
    let now = backoffice.clock.now();
    let rows = backoffice.db.pairings(MAX_PAIRINGS).await?;
    Ok(rows.into_iter().map(|row| PairingView::of(row, now)).collect())
}

/// Who has asked to talk to the agent.
#[utoipa::path(get, path = "/api/v1/pairings", tag = "admin", responses((status = 200, body = Pairings)))]
pub async fn list(State(backoffice): State<Arc<Backoffice>>) -> Result<Json<Pairings>> {
    Ok(Json(Pairings { pairings: pairings(&backoffice).await? }))
}

/// Admits somebody, as the owner or as a member.
#[utoipa::path(
    post,
    path = "/api/v1/pairings/{id}/approve",
    tag = "admin",
    params(("id" = Uuid, Path)),
    request_body = Approval,
    responses((status = 200, body = Done), (status = 404, body = super::ProblemDocument), (status = 409, body = super::ProblemDocument))
)]
pub async fn approve(
    State(backoffice): State<Arc<Backoffice>>,
    actor: Actor,
    Path(id): Path<Uuid>,
    extract::Json(approval): extract::Json<Approval>,
) -> Result<Json<Done>> {
    let who = match approval.role {
        As::Owner => Who::Owner,
        As::Member => Who::Member(approval.name),
    };
    backoffice.approve_pairing(&actor, PairingId(id), who).await?;
    Ok(Done::ok())
}

/// Turns somebody away, for good.
#[utoipa::path(
    post,
    path = "/api/v1/pairings/{id}/deny",
    tag = "admin",
    params(("id" = Uuid, Path)),
    responses((status = 200, body = Done), (status = 404, body = super::ProblemDocument), (status = 409, body = super::ProblemDocument))
)]
pub async fn deny(State(backoffice): State<Arc<Backoffice>>, actor: Actor, Path(id): Path<Uuid>) -> Result<Json<Done>> {
    backoffice.deny_pairing(&actor, PairingId(id)).await?;
    Ok(Done::ok())
}
