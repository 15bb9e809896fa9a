//! Tokens, added up.

use askama::Template;
use axum::{extract::State, response::Response};
use std::sync::Arc;

use super::{
    super::{Backoffice, error::Result},
    Page, html,
};
use crate::store::{UsageBy, UsageRange, UsageRow};

/// Days and months shown, and people and models.
const MAX_DAYS: i64 = 31;
const MAX_ROWS: i64 = 24;

#[derive(Template)]
#[template(path = "usage.html")]
struct UsagePage {
    page: Page,
    total: Total,
    tables: Vec<Table>,
}

#[derive(Default)]
struct Total {
    calls: i64,
    failed: i64,
    input_tokens: i64,
    output_tokens: i64,
    cached_tokens: i64,
}

struct Table {
    /// "day", "month", "user" or "model".
    by: &'static str,
    rows: Vec<UsageRow>,
    /// The most tokens of a row, for its bar.
    most: i64,
}

/// `GET /usage`
pub async fn show(State(backoffice): State<Arc<Backoffice>>, page: Page) -> Result<Response> {
    let mut tables = Vec::new();
    for (by, name, limit) in [
        (UsageBy::Day, "day", MAX_DAYS),
        (UsageBy::Month, "month", MAX_ROWS),
        (UsageBy::User, "user", MAX_ROWS),
        (UsageBy::Model, "model", MAX_ROWS),
    ] {
        let rows = backoffice.named_usage(by, &UsageRange::default(), limit).await?;
        let rows: Vec<UsageRow> = rows.into_iter().map(|(name, row)| UsageRow { name, ..row }).collect();
        let most = rows.iter().map(tokens).max().unwrap_or(0);
        tables.push(Table { by: name, rows, most });
    }
    // Models are few: their rows are everything.
    let total = tables.last().map(|models| total(&models.rows)).unwrap_or_default();
    html(&UsagePage { page, total, tables })
}

fn tokens(row: &UsageRow) -> i64 {
    row.input_tokens + row.output_tokens
}

fn total(rows: &[UsageRow]) -> Total {
    rows.iter().fold(Total::default(), |sum, row| Total {
        calls: sum.calls + row.calls,
        failed: sum.failed + row.failed,
        input_tokens: sum.input_tokens + row.input_tokens,
        output_tokens: sum.output_tokens + row.output_tokens,
        cached_tokens: sum.cached_tokens + row.cached_tokens,
    })
}
