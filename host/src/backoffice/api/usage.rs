//! What models were used for.
#![expect(unused_qualifications, reason = "utoipa qualifies the types of queries")]

mod csv;

use axum::{
    Json,
    extract::State,
    http::header,
    response::{IntoResponse, Response},
};
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::{
    super::{Backoffice, error::Result, extract::Query},
    turns::ModelCallView,
};
use crate::{
    ids::{TurnId, UserId},
    store::{Attempts, ModelCallRecord, RungChange, UsageBy, UsageRange, UsageRow},
};

const MAX_ROWS: i64 = 1_000;

/// Attempts, and changes of rungs, in one answer: without a wish, and at most.
const LIMIT: i64 = 50;
const MAX_LIMIT: i64 = 200;

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Wanted {
    /// "user", "conversation", "workflow", "skill", "token", "model", "tier", "purpose", "day" or "month";
    /// "day" without it.
    #[param(value_type = Option<String>)]
    pub by: Option<UsageBy>,
    /// First and last day, as `2026-11-26`, in the owner's time zone; both count.
    pub from: Option<NaiveDate>,
    pub until: Option<NaiveDate>,
    /// Only this person's.
    pub user: Option<Uuid>,
    /// "json", or "csv" with a header line; "json" without it.
    #[param(value_type = Option<String>)]
    pub format: Option<Format>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    #[default]
    Json,
    Csv,
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Which {
    /// Only this person's.
    pub user: Option<Uuid>,
    /// Only those of this turn.
    pub turn: Option<Uuid>,
    /// Only those older than this.
    pub before: Option<DateTime<Utc>>,
    /// 50 without it, 200 at most.
    pub limit: Option<i64>,
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Limit {
    /// 50 without it, 200 at most.
    pub limit: Option<i64>,
}

#[derive(Serialize, ToSchema)]
pub struct AttemptList {
    /// Newest first.
    pub calls: Vec<AttemptView>,
}

/// An attempt at a model, and for whom it was made.
#[derive(Serialize, ToSchema)]
pub struct AttemptView {
    pub user: Option<Uuid>,
    pub conversation: Option<Uuid>,
    pub turn: Option<Uuid>,
    pub workflow: Option<Uuid>,
    /// Id of the bearer token that it was asked with.
    pub token: Option<Uuid>,
    #[serde(flatten)]
    pub call: ModelCallView,
}

#[derive(Serialize, ToSchema)]
pub struct RungList {
    /// Newest first.
    pub changes: Vec<RungChangeView>,
}

/// A person's answers came from another rung of the ladder from then on.
#[derive(Serialize, ToSchema)]
pub struct RungChangeView {
    pub id: Uuid,
    pub user: Uuid,
    pub turn: Option<Uuid>,
    /// "large", "small", "retrieval", "clarify" or "plan".
    pub old_rung: String,
    pub new_rung: String,
    pub reason: String,
    pub created_at: DateTime<Utc>,
}

#[derive(Serialize, ToSchema)]
pub struct UsageList {
    /// The latest, or greatest, name first.
    pub usage: Vec<UsageView>,
}

#[derive(Serialize, ToSchema)]
pub struct UsageView {
    /// Id of the person, conversation, workflow or token; what `name` says elsewhere. Empty where calls belong
    /// to none.
    pub id: String,
    /// Name of the person, skill, token or model; id of the conversation or workflow; tier, purpose, day or
    /// month.
    pub name: String,
    pub calls: i64,
    pub failed: i64,
    /// Calls that a cache of the host answered, and the tokens that this saved.
    pub cache_hits: i64,
    pub saved_tokens: i64,
    pub input_tokens: i64,
    pub output_tokens: i64,
    /// Parts of the input that the provider read from its cache, and wrote to it.
    pub cached_tokens: i64,
    pub cache_write_tokens: i64,
    /// Micro-dollars.
    pub cost_micros: i64,
}

impl UsageView {
    fn of((name, row): (String, UsageRow)) -> Self {
        Self {
            id: row.name,
            name,
            calls: row.calls,
            failed: row.failed,
            cache_hits: row.cache_hits,
            saved_tokens: row.saved_tokens,
            input_tokens: row.input_tokens,
            output_tokens: row.output_tokens,
            cached_tokens: row.cached_tokens,
            cache_write_tokens: row.cache_write_tokens,
            cost_micros: row.cost_micros,
        }
    }
}

impl From<ModelCallRecord> for AttemptView {
    fn from(row: ModelCallRecord) -> Self {
        Self {
            user: row.user_id.map(|id| id.0),
            conversation: row.conversation_id.map(|id| id.0),
            turn: row.turn_id.map(|id| id.0),
            workflow: row.workflow_id.map(|id| id.0),
            token: row.token_id.map(|id| id.0),
            call: row.into(),
        }
    }
}

impl From<RungChange> for RungChangeView {
    fn from(row: RungChange) -> Self {
        Self {
            id: row.id.0,
            user: row.user_id.0,
            turn: row.turn_id.map(|id| id.0),
            old_rung: row.old_rung,
            new_rung: row.new_rung,
            reason: row.reason,
            created_at: row.created_at,
        }
    }
}

/// Model calls, their tokens and their cost, added up.
#[utoipa::path(
    get,
    path = "/api/v1/usage",
    tag = "usage",
    params(Wanted),
    responses((status = 200, content((UsageList = "application/json"), (String = "text/csv"))))
)]
pub async fn usage(State(backoffice): State<Arc<Backoffice>>, Query(wanted): Query<Wanted>) -> Result<Response> {
    let day = |day: NaiveDate| day.format("%Y-%m-%d").to_string();
    let range = UsageRange {
        from: wanted.from.map(day),
        until: wanted.until.map(day),
        user: wanted.user.map(|user| user.to_string()),
    };
    let rows = backoffice.named_usage(wanted.by.unwrap_or(UsageBy::Day), &range, MAX_ROWS).await?;
    let usage: Vec<UsageView> = rows.into_iter().map(UsageView::of).collect();
    Ok(match wanted.format.unwrap_or_default() {
        Format::Json => Json(UsageList { usage }).into_response(),
        Format::Csv => {
            let headers = [
                (header::CONTENT_TYPE, "text/csv; charset=utf-8; header=present"),
                (header::CONTENT_DISPOSITION, "attachment; filename=\"usage.csv\""),
            ];
            (headers, csv::table(&usage)).into_response()
        }
    })
}

/// Attempts at models, one by one.
#[utoipa::path(get, path = "/api/v1/usage/calls", tag = "usage", params(Which), responses((status = 200, body = AttemptList)))]
pub async fn calls(State(backoffice): State<Arc<Backoffice>>, Query(which): Query<Which>) -> Result<Json<AttemptList>> {
    let of = Attempts {
        user: which.user.map(UserId),
        turn: which.turn.map(TurnId),
        before: which.before,
        ..Attempts::default()
    };
    let attempts = backoffice.db.attempts(&of, limit(which.limit)).await?;
    Ok(Json(AttemptList { calls: attempts.into_iter().map(AttemptView::from).collect() }))
}

/// The latest changes of rungs: who was answered from where, since when and why.
#[utoipa::path(get, path = "/api/v1/usage/rungs", tag = "usage", params(Limit), responses((status = 200, body = RungList)))]
pub async fn rungs(State(backoffice): State<Arc<Backoffice>>, Query(wish): Query<Limit>) -> Result<Json<RungList>> {
    let changes = backoffice.db.rung_changes(limit(wish.limit)).await?;
    Ok(Json(RungList { changes: changes.into_iter().map(RungChangeView::from).collect() }))
}

fn limit(wish: Option<i64>) -> i64 {
    wish.unwrap_or(LIMIT).clamp(1, MAX_LIMIT)
}
