//! What operators and their machines look at.

use axum::{
    Json,
    extract::State,
    http::{HeaderMap, header},
    response::{IntoResponse, Response},
};
use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::{Value, json};
use std::sync::Arc;
use utoipa::ToSchema;
use uuid::Uuid;

use super::super::{
    Backoffice,
    auth::{self, Peer},
    error::{Kind, Problem, Result},
    token::Scope,
};

const MAX_ENTRIES: i64 = 500;

#[derive(Serialize, ToSchema)]
pub struct AuditLog {
    /// Newest first.
    pub entries: Vec<AuditView>,
}

#[derive(Serialize, ToSchema)]
pub struct AuditView {
    pub id: Uuid,
    /// "owner", "token NAME", "command line" or "host".
    pub actor: String,
    /// For example "skill.activate".
    pub action: String,
    pub subject: String,
    pub detail: Value,
    pub created_at: DateTime<Utc>,
}

/// Who changed what.
#[utoipa::path(get, path = "/api/v1/audit", tag = "admin", responses((status = 200, body = AuditLog)))]
pub async fn audit(State(backoffice): State<Arc<Backoffice>>) -> Result<Json<AuditLog>> {
    let entries = backoffice.db.audit_entries(MAX_ENTRIES).await?.into_iter().map(|row| AuditView {
        id: row.id,
        actor: row.actor,
        action: row.action,
        subject: row.subject,
        detail: row.detail.0,
        created_at: row.created_at,
    });
    Ok(Json(AuditLog { entries: entries.collect() }))
}

/// `GET /healthz`: the process answers.
pub async fn healthz() -> Json<Value> {
    Json(json!({ "status": "ok" }))
}

/// `GET /readyz`: the database answers too.
pub async fn readyz(State(backoffice): State<Arc<Backoffice>>) -> Result<Json<Value>> {
    match backoffice.db.ping().await {
        Ok(()) => Ok(Json(json!({ "status": "ready", "database": backoffice.db.engine() }))),
        Err(error) => {
            tracing::error!(error = &error as &dyn std::error::Error, "the database does not answer");
            Err(Problem::new(Kind::Unavailable, "The database does not answer."))
        }
    }
}

/// `GET /metrics`, for a client on this machine, or one with a token for usage.
pub async fn metrics(
    State(backoffice): State<Arc<Backoffice>>,
    Peer(peer): Peer,
    headers: HeaderMap,
) -> Result<Response> {
    // Behind a proxy everybody comes from this machine; then only a token tells them apart.
    let forwarded = ["forwarded", "x-forwarded-for", "x-real-ip", "via"].iter().any(|name| headers.contains_key(*name));
    let local = peer.is_some_and(|peer| peer.ip().to_canonical().is_loopback()) && !forwarded;
    if !local {
        auth::token(&backoffice, &headers, Scope::Usage).await?;
    }
    #[expect(clippy::cast_precision_loss, reason = "a count of turns is far below 2^52")]
    metrics::gauge!("skillet_turns_open").set(backoffice.db.open_turns().await? as f64);
    backoffice.metrics.run_upkeep();
    let text = backoffice.metrics.render();
    Ok(([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], text).into_response())
}
