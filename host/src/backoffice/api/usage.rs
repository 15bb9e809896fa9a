//! What models were used for.
#![expect(unused_qualifications, reason = "utoipa qualifies the types of queries")]

use axum::{Json, extract::State};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::{IntoParams, ToSchema};

use super::super::{Backoffice, error::Result, extract::Query};
use crate::store::{UsageBy, UsageRow};

const MAX_ROWS: i64 = 1_000;

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct By {
    /// "user", "conversation", "model", "day" or "month"; "day" without it. Days and months are in UTC.
    #[param(value_type = Option<String>)]
    pub by: Option<UsageBy>,
}

#[derive(Serialize, ToSchema)]
pub struct UsageList {
    /// The latest, or greatest, name first.
    pub usage: Vec<UsageView>,
}

#[derive(Serialize, ToSchema)]
pub struct UsageView {
    /// Name of the person, id of the conversation, model, day or month.
    pub name: String,
    pub calls: i64,
    pub failed: i64,
    pub input_tokens: i64,
    pub output_tokens: i64,
    /// Part of the input that the provider had in its cache.
    pub cached_tokens: i64,
}

impl From<UsageRow> for UsageView {
    fn from(row: UsageRow) -> Self {
        Self {
            name: row.name,
            calls: row.calls,
            failed: row.failed,
            input_tokens: row.input_tokens,
            output_tokens: row.output_tokens,
            cached_tokens: row.cached_tokens,
        }
    }
}

/// Model calls and their tokens, added up.
#[utoipa::path(get, path = "/api/v1/usage", tag = "usage", params(By), responses((status = 200, body = UsageList)))]
pub async fn usage(State(backoffice): State<Arc<Backoffice>>, Query(by): Query<By>) -> Result<Json<UsageList>> {
    let rows = backoffice.db.usage(by.by.unwrap_or(UsageBy::Day), MAX_ROWS).await?;
    Ok(Json(UsageList { usage: rows.into_iter().map(UsageView::from).collect() }))
}
