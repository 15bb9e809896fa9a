//! What skills ask of the owner while they run, and what the owner says to it.

use axum::{Json, extract::State};
use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::Value;
use std::sync::Arc;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{
    super::{Backoffice, auth::Actor, error::Result, extract::Path},
    Done,
};
use crate::{
    ids::ApprovalId,
    store::{Approval, ApprovalKind, ApprovalStatus, User},
};

const MAX_APPROVALS: i64 = 200;

#[derive(Serialize, ToSchema)]
pub struct Approvals {
    /// Newest first.
    pub approvals: Vec<ApprovalView>,
}

#[derive(Serialize, ToSchema)]
pub struct ApprovalView {
    pub id: Uuid,
    /// "grant": the skill lacked a capability. "call": a call waits.
    #[schema(value_type = String)]
    pub kind: ApprovalKind,
    pub skill: String,
    /// Digest of the version that asks.
    pub version: String,
    /// The capability that is asked for, with the word of its scope where it has one.
    pub capability: Option<String>,
    pub word: Option<String>,
    /// The input of the call that waits.
    pub input: Option<Value>,
    /// The call and the turn that it comes from.
    pub call_id: Option<Uuid>,
    pub turn_id: Option<Uuid>,
    /// Name of the person for whom the skill was called.
    pub user: String,
    /// "pending", "approved" or "denied".
    #[schema(value_type = String)]
    pub status: ApprovalStatus,
    /// `null` with a decision: the skill was removed before anybody decided.
    pub decided_by: Option<String>,
    pub created_at: DateTime<Utc>,
    pub decided_at: Option<DateTime<Utc>>,
}

impl ApprovalView {
    fn of(row: Approval, people: &[User]) -> Self {
        let person = people.iter().find(|user| user.id == row.user_id);
        Self {
            id: row.id.0,
            kind: row.kind,
            skill: row.skill_name,
            version: row.digest,
            capability: row.capability,
            word: row.word,
            input: row.input.map(|input| input.0),
            call_id: row.call_id.map(|call| call.0),
            turn_id: row.turn_id.map(|turn| turn.0),
            user: person.map(|user| user.name.clone()).unwrap_or_default(),
            status: row.status,
            decided_by: row.decided_by,
            created_at: row.created_at,
            decided_at: row.decided_at,
        }
    }
}

/// Everything that was asked, newest first; the page shows the same.
pub async fn approvals(backoffice: &Backoffice) -> Result<Vec<ApprovalView>> {
    let people = backoffice.db.users().await?;
    let rows = backoffice.db.approvals(MAX_APPROVALS).await?;
    Ok(rows.into_iter().map(|row| ApprovalView::of(row, &people)).collect())
}

/// What skills have asked of the owner.
#[utoipa::path(get, path = "/api/v1/approvals", tag = "skills", responses((status = 200, body = Approvals)))]
pub async fn list(State(backoffice): State<Arc<Backoffice>>) -> Result<Json<Approvals>> {
    Ok(Json(Approvals { approvals: approvals(&backoffice).await? }))
}

/// Says yes: the skill gets the capability, or the call that waits is run.
#[utoipa::path(
    post,
    path = "/api/v1/approvals/{id}/approve",
    tag = "skills",
    params(("id" = Uuid, Path)),
    responses((status = 200, body = Done), (status = 404, body = super::ProblemDocument), (status = 409, body = super::ProblemDocument))
)]
pub async fn approve(
    State(backoffice): State<Arc<Backoffice>>,
    actor: Actor,
    Path(id): Path<Uuid>,
) -> Result<Json<Done>> {
    backoffice.decide(&actor, ApprovalId(id), true).await?;
    Ok(Done::ok())
}

/// Says no, for good.
#[utoipa::path(
    post,
    path = "/api/v1/approvals/{id}/deny",
    tag = "skills",
    params(("id" = Uuid, Path)),
    responses((status = 200, body = Done), (status = 404, body = super::ProblemDocument), (status = 409, body = super::ProblemDocument))
)]
pub async fn deny(State(backoffice): State<Arc<Backoffice>>, actor: Actor, Path(id): Path<Uuid>) -> Result<Json<Done>> {
    backoffice.decide(&actor, ApprovalId(id), false).await?;
    Ok(Done::ok())
}
