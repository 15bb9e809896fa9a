//! What one person's messages cost: turn by turn, and what was asked outside of turns.

use askama::Template;
use axum::{extract::State, response::Response};
use chrono::SecondsFormat;
use std::sync::Arc;
use uuid::Uuid;

use super::super::{
    super::{
        Backoffice,
        api::turns::ModelCallView,
        error::Result,
        extract::{Path, Query},
    },
    Page, html,
    turns::Before,
};
use crate::{
    ids::UserId,
    store::{Attempts, TurnCost, UsageBy, UsageRange, UsageRow},
};

const PER_PAGE: usize = 50;

/// Attempts outside of turns that are shown.
const MAX_ATTEMPTS: i64 = 50;

#[derive(Template)]
#[template(path = "usage_person.html")]
struct PersonPage {
    page: Page,
    name: String,
    total: UsageRow,
    turns: Vec<TurnCost>,
    /// Where the next, older page begins.
    older: Option<String>,
    newest: bool,
    /// Attempts that belong to no turn; only on the newest page.
    others: Vec<ModelCallView>,
}

/// `GET /usage/people/{person}`
pub async fn show(
    State(backoffice): State<Arc<Backoffice>>,
    page: Page,
    Path(id): Path<Uuid>,
    Query(at): Query<Before>,
) -> Result<Response> {
    let user = backoffice.user(UserId(id)).await?;
    let range = UsageRange { user: Some(user.id.to_string()), ..UsageRange::default() };
    let total = super::sum(&backoffice.db.usage(UsageBy::Tier, &range, super::MAX_ROWS).await?);
    let limit = i64::try_from(PER_PAGE + 1).unwrap_or(i64::MAX);
    let mut turns = backoffice.db.turn_costs(user.id, at.before, limit).await?;
    let more = turns.len() > PER_PAGE;
    turns.truncate(PER_PAGE);
    let older = turns.last().filter(|_| more).map(|turn| turn.created_at.to_rfc3339_opts(SecondsFormat::Micros, true));
    let newest = at.before.is_none();
    let others = if newest {
        let of = Attempts { user: Some(user.id), outside_turns: true, ..Attempts::default() };
        backoffice.db.attempts(&of, MAX_ATTEMPTS).await?
    } else {
        Vec::new()
    };
    let others = others.into_iter().map(ModelCallView::from).collect();
    html(&PersonPage { page, name: user.name, total, turns, older, newest, others })
}
