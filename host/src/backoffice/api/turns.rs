//! Turns, and the trace of one.
#![expect(unused_qualifications, reason = "utoipa qualifies the types of queries")]

use axum::{Json, extract::State};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::sync::Arc;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::{
    super::{
        Backoffice,
        error::{Kind, Problem, Result},
        extract::{Path, Query},
    },
    calls::CallView,
    conversations::MessageView,
};
use crate::{
    ids::TurnId,
    store::{ModelCallRecord, TurnStatus, TurnSummary},
};

const MAX_TURNS: i64 = 200;

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Before {
    /// Only turns older than this.
    pub before: Option<DateTime<Utc>>,
    /// 50 without it, 200 at most.
    pub limit: Option<i64>,
}

#[derive(Serialize, ToSchema)]
pub struct Turns {
    /// Newest first.
    pub turns: Vec<TurnLine>,
}

#[derive(Serialize, ToSchema)]
pub struct TurnLine {
    pub id: Uuid,
    pub user: String,
    pub message: String,
    /// "received", "running", "done" or "failed".
    #[schema(value_type = String)]
    pub status: TurnStatus,
    pub route: Option<String>,
    pub tier: Option<String>,
    pub created_at: DateTime<Utc>,
    pub finished_at: Option<DateTime<Utc>>,
}

/// Everything that is known of a turn.
#[derive(Serialize, ToSchema)]
pub struct TurnTrace {
    pub id: Uuid,
    pub conversation: Uuid,
    pub user_id: Uuid,
    #[schema(value_type = String)]
    pub status: TurnStatus,
    pub locale: String,
    pub route: Option<String>,
    pub route_reason: Option<String>,
    pub tier: Option<String>,
    pub rung: Option<String>,
    pub error: Option<String>,
    pub attempt: i64,
    pub created_at: DateTime<Utc>,
    pub started_at: Option<DateTime<Utc>>,
    pub finished_at: Option<DateTime<Utc>>,
    /// What was done, when (`at_ms` since the turn began to run) and for how long (`duration_ms`).
    pub steps: Value,
    /// What was recalled: each memory with its score and the words that matched.
    pub memories: Value,
    pub model_calls: Vec<ModelCallView>,
    pub skill_calls: Vec<CallView>,
    pub messages: Vec<MessageView>,
}

/// One attempt at a model.
#[derive(Serialize, ToSchema)]
pub struct ModelCallView {
    pub id: Uuid,
    pub purpose: String,
    pub tier: String,
    pub model: String,
    pub attempt: i64,
    pub status: String,
    /// Tokens counted before the prompt was sent.
    pub prompt_tokens: i64,
    pub input_tokens: i64,
    pub output_tokens: i64,
    pub cached_tokens: i64,
    /// Part of the input that the provider wrote to its cache.
    pub cache_write_tokens: i64,
    /// Tokens that a cache of the host saved.
    pub saved_tokens: i64,
    /// Micro-dollars.
    pub cost_micros: i64,
    /// Whether tokens and cost are the host's estimate and not the provider's report.
    pub estimated: bool,
    /// The rung of the ladder that this attempt was made on.
    pub rung: String,
    /// Host and port of the provider.
    pub provider: String,
    /// The skill that asked, where one did.
    pub skill: Option<String>,
    pub first_token_ms: Option<i64>,
    pub latency_ms: i64,
    /// Skill calls that the answer asked for.
    pub skill_calls: i64,
    pub error: Option<String>,
    pub created_at: DateTime<Utc>,
}

impl From<TurnSummary> for TurnLine {
    fn from(row: TurnSummary) -> Self {
        Self {
            id: row.id.0,
            user: row.user_name,
            message: row.message,
            status: row.status,
            route: row.route,
            tier: row.tier,
            created_at: row.created_at,
            finished_at: row.finished_at,
        }
    }
}

impl From<ModelCallRecord> for ModelCallView {
    fn from(row: ModelCallRecord) -> Self {
        Self {
            id: row.id.0,
            purpose: row.purpose,
            tier: row.tier,
            model: row.model,
            attempt: row.attempt,
            status: row.status.word().to_owned(),
            prompt_tokens: row.prompt_tokens,
            input_tokens: row.input_tokens,
            output_tokens: row.output_tokens,
            cached_tokens: row.cached_tokens,
            cache_write_tokens: row.cache_write_tokens,
            saved_tokens: row.saved_tokens,
            cost_micros: row.cost_micros,
            estimated: row.estimated,
            rung: row.rung,
            provider: row.provider,
            skill: row.skill_name,
            first_token_ms: row.first_token_ms,
            latency_ms: row.latency_ms,
            skill_calls: row.skill_calls,
            error: row.error,
            created_at: row.created_at,
        }
    }
}

/// The newest turns of everybody.
#[utoipa::path(get, path = "/api/v1/turns", tag = "chat", params(Before), responses((status = 200, body = Turns)))]
pub async fn list(State(backoffice): State<Arc<Backoffice>>, Query(page): Query<Before>) -> Result<Json<Turns>> {
    let limit = page.limit.unwrap_or(50).clamp(1, MAX_TURNS);
    let turns = backoffice.db.turns(page.before, limit).await?;
    Ok(Json(Turns { turns: turns.into_iter().map(TurnLine::from).collect() }))
}

/// The trace of one turn.
#[utoipa::path(
    get,
    path = "/api/v1/turns/{id}",
    tag = "chat",
    params(("id" = Uuid, Path)),
    responses((status = 200, body = TurnTrace), (status = 404, body = super::ProblemDocument))
)]
pub async fn show(State(backoffice): State<Arc<Backoffice>>, Path(id): Path<Uuid>) -> Result<Json<TurnTrace>> {
    Ok(Json(trace(&backoffice, TurnId(id)).await?))
}

/// Collects the trace of a turn; the page shows the same.
pub async fn trace(backoffice: &Backoffice, id: TurnId) -> Result<TurnTrace> {
    let db = &backoffice.db;
    let turn = db.turn(id).await?.ok_or_else(|| Problem::new(Kind::NoTurn, format!("There is no turn {id}.")))?;
    let messages = db.turn_messages(id).await?.into_iter().map(MessageView::from);
    Ok(TurnTrace {
        id: id.0,
        conversation: turn.conversation_id.0,
        user_id: turn.user_id.0,
        status: turn.status,
        locale: turn.locale,
        route: turn.route,
        route_reason: turn.route_reason,
        tier: turn.tier,
        rung: turn.rung,
        error: turn.error,
        attempt: turn.attempt,
        created_at: turn.created_at,
        started_at: turn.started_at,
        finished_at: turn.finished_at,
        memories: memories_in(&turn.trace.0),
        steps: turn.trace.0,
        model_calls: db.turn_model_calls(id).await?.into_iter().map(ModelCallView::from).collect(),
        skill_calls: db.turn_calls(id).await?.into_iter().map(CallView::from).collect(),
        messages: messages.collect(),
    })
}

/// The memories that the step "recall" brought.
fn memories_in(steps: &Value) -> Value {
    let recall = steps.as_array().and_then(|steps| steps.iter().find(|step| step["name"] == "recall"));
    recall.map_or_else(|| json!([]), |step| step["detail"]["memories"].clone())
}
