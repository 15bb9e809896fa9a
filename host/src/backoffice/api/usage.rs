//! What models were used for.
#![expect(unused_qualifications, reason = "utoipa qualifies the types of queries")]

use axum::{Json, extract::State};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::super::{Backoffice, error::Result, extract::Query};
use crate::store::{UsageBy, UsageRange, UsageRow};

const MAX_ROWS: i64 = 1_000;

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct By {
    /// "user", "conversation", "workflow", "skill", "token", "model", "tier", "purpose", "day" or "month";
    /// "day" without it.
    #[param(value_type = Option<String>)]
    pub by: Option<UsageBy>,
    /// First and last day, as `2026-11-26`, in the owner's time zone; both count.
    pub from: Option<NaiveDate>,
    pub until: Option<NaiveDate>,
    /// Only this person's.
    pub user: Option<Uuid>,
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

/// Model calls, their tokens and their cost, added up.
#[utoipa::path(get, path = "/api/v1/usage", tag = "usage", params(By), responses((status = 200, body = UsageList)))]
pub async fn usage(State(backoffice): State<Arc<Backoffice>>, Query(by): Query<By>) -> Result<Json<UsageList>> {
    let day = |day: NaiveDate| day.format("%Y-%m-%d").to_string();
    let range =
        UsageRange { from: by.from.map(day), until: by.until.map(day), user: by.user.map(|user| user.to_string()) };
    let rows = backoffice.named_usage(by.by.unwrap_or(UsageBy::Day), &range, MAX_ROWS).await?;
    Ok(Json(UsageList { usage: rows.into_iter().map(UsageView::of).collect() }))
}
