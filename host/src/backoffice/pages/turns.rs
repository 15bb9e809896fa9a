//! The turns of everybody, newest first.

use askama::Template;
use axum::{extract::State, response::Response};
use chrono::{DateTime, Utc};
use serde::Deserialize;
use std::sync::Arc;

use super::{
    super::{Backoffice, error::Result, extract::Query},
    Page, html,
};
use crate::store::TurnSummary;

const PER_PAGE: i64 = 50;

#[derive(Template)]
#[template(path = "turns.html")]
struct TurnsPage {
    page: Page,
    turns: Vec<TurnSummary>,
    /// Where the next, older page begins.
    older: Option<String>,
    newest: bool,
}

#[derive(Deserialize)]
pub struct Before {
    pub before: Option<DateTime<Utc>>,
}

/// `GET /turns`
pub async fn list(State(backoffice): State<Arc<Backoffice>>, page: Page, Query(at): Query<Before>) -> Result<Response> {
    let mut turns = backoffice.db.turns(at.before, PER_PAGE + 1).await?;
    let full = usize::try_from(PER_PAGE).unwrap_or(usize::MAX);
    let more = turns.len() > full;
    turns.truncate(full);
    let older =
        turns.last().filter(|_| more).map(|turn| turn.created_at.to_rfc3339_opts(chrono::SecondsFormat::Micros, true));
    html(&TurnsPage { page, turns, older, newest: at.before.is_none() })
}

/// How long a turn took, in microseconds.
fn took(turn: &TurnSummary) -> Option<i64> {
    (turn.finished_at? - turn.created_at).num_microseconds()
}
