//! What models were used for and what that cost, added up.

mod chart;
pub mod person;

use askama::Template;
use axum::{extract::State, response::Response};
use chrono::{Days, NaiveDate};
use serde::Deserialize;
use std::{collections::HashMap, sync::Arc};

use super::{
    super::{Backoffice, error::Result, extract::Query, names::Names},
    Page,
    budgets::gauge::{self, BudgetCard},
    html,
};
use crate::{
    gateway,
    store::{RungChange, UsageBy, UsageRange, UsageRow},
};

/// Days of the charts.
const CHART_DAYS: usize = 31;

/// Rows that are read of a sum, and shown of it.
const MAX_ROWS: i64 = 1_000;
const SHOWN: usize = 12;

/// Changes of rungs that are shown.
const RUNG_CHANGES: i64 = 20;

#[derive(Template)]
#[template(path = "usage.html")]
struct UsagePage {
    page: Page,
    period: Period,
    /// Query of the period for the table in a file.
    range: String,
    total: UsageRow,
    cards: Vec<BudgetCard>,
    /// The charts, as SVG, with the key of each one's title.
    charts: Vec<(&'static str, String)>,
    /// The days of the charts that had calls, the latest first.
    days: Vec<UsageRow>,
    tables: Vec<Table>,
    rungs: Vec<Change>,
}

/// Which days the sums are of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Period {
    /// The last 31 days.
    #[default]
    Days,
    /// The calendar month.
    Month,
    All,
}

impl Period {
    const ALL: [Self; 3] = [Self::Days, Self::Month, Self::All];

    fn word(self) -> &'static str {
        match self {
            Self::Days => "days",
            Self::Month => "month",
            Self::All => "all",
        }
    }

    fn range(self, today: &str) -> UsageRange {
        let from = match self {
            Self::Days => Some(first_day(today)),
            Self::Month => Some(format!("{}-01", today.get(..7).unwrap_or_default())),
            Self::All => None,
        };
        UsageRange { from, ..UsageRange::default() }
    }
}

struct Table {
    /// "user", "conversation", "skill", "model", "tier", "purpose", "token" or "month".
    by: &'static str,
    rows: Vec<Row>,
    /// Rows that are not shown.
    more: usize,
}

struct Row {
    name: String,
    /// Where the row leads to.
    link: Option<String>,
    sum: UsageRow,
    /// Its part of all cost, or of all tokens where nothing was paid; 1000 is all.
    share: i64,
}

/// A change of rung, with names.
struct Change {
    change: RungChange,
    person: String,
}

#[derive(Deserialize)]
pub struct Of {
    #[serde(default)]
    period: Period,
}

/// `GET /usage`
pub async fn show(State(backoffice): State<Arc<Backoffice>>, page: Page, Query(of): Query<Of>) -> Result<Response> {
    let today = backoffice.gateway.day().await?;
    let range = of.period.range(&today);
    let names = backoffice.names().await?;
    let total = sum(&backoffice.db.usage(UsageBy::Tier, &range, MAX_ROWS).await?);
    let mut tables = Vec::new();
    for (by, word) in [
        (UsageBy::User, "user"),
        (UsageBy::Conversation, "conversation"),
        (UsageBy::Skill, "skill"),
        (UsageBy::Model, "model"),
        (UsageBy::Tier, "tier"),
        (UsageBy::Purpose, "purpose"),
        (UsageBy::Token, "token"),
        (UsageBy::Month, "month"),
    ] {
        tables.extend(table(&backoffice, &page, &names, (by, word), &range, &total).await?);
    }
    let mut days = days(&backoffice, &today).await?;
    let charts = charts(&page, &days)?;
    days.retain(|day| day.calls > 0);
    days.reverse();
    let rungs = backoffice.db.rung_changes(RUNG_CHANGES).await?.into_iter().map(|change| {
        let person = names.of(&change.user_id.to_string()).unwrap_or("–").to_owned();
        Change { change, person }
    });
    html(&UsagePage {
        rungs: rungs.collect(),
        cards: gauge::cards(&backoffice, &page).await?,
        charts,
        range: range.from.map(|from| format!("&from={from}")).unwrap_or_default(),
        period: of.period,
        page,
        total,
        days,
        tables,
    })
}

/// The first of the days that charts show.
fn first_day(today: &str) -> String {
    let first = today.parse::<NaiveDate>().ok().and_then(|day| day.checked_sub_days(Days::new(CHART_DAYS as u64 - 1)));
    first.map(|day| day.format("%Y-%m-%d").to_string()).unwrap_or_default()
}

/// The sums of the last days, those without calls too; the latest last.
async fn days(backoffice: &Backoffice, today: &str) -> Result<Vec<UsageRow>> {
    let first = first_day(today);
    let range = UsageRange { from: Some(first.clone()), ..UsageRange::default() };
    let rows = backoffice.db.usage(UsageBy::Day, &range, MAX_ROWS).await?;
    let mut known: HashMap<String, UsageRow> = rows.into_iter().map(|row| (row.name.clone(), row)).collect();
    let days = first.parse::<NaiveDate>().into_iter().flat_map(|first| first.iter_days().take(CHART_DAYS));
    let days = days.map(|day| {
        let name = day.format("%Y-%m-%d").to_string();
        known.remove(&name).unwrap_or_else(|| UsageRow { name, ..UsageRow::default() })
    });
    Ok(days.collect())
}

/// Cost and tokens by day; cost only where there was any.
fn charts(page: &Page, days: &[UsageRow]) -> Result<Vec<(&'static str, String)>> {
    let by_day = |sum: &dyn Fn(&UsageRow) -> i64| -> Vec<(String, i64)> {
        days.iter().map(|day| (day.name.get(5..).unwrap_or_default().to_owned(), sum(day))).collect()
    };
    let mut charts = Vec::new();
    if days.iter().any(|day| day.cost_micros > 0) {
        charts.push(("usage.cost_by_day", chart::bars(&by_day(&|day| day.cost_micros), |sum| page.dollars(sum))?));
    }
    if days.iter().any(|day| day.tokens() > 0) {
        charts.push(("usage.tokens_by_day", chart::bars(&by_day(&UsageRow::tokens), short)?));
    }
    Ok(charts)
}

/// A number in a few characters.
fn short(number: i64) -> String {
    match number {
        ..1_000 => number.to_string(),
        1_000..1_000_000 => format!("{} k", gateway::dollars(number * 1_000)),
        _ => format!("{} M", gateway::dollars(number)),
    }
}

/// A table of sums, the dearest first; none where all of it is one row without a name.
async fn table(
    backoffice: &Backoffice,
    page: &Page,
    names: &Names,
    (by, word): (UsageBy, &'static str),
    range: &UsageRange,
    total: &UsageRow,
) -> Result<Option<Table>> {
    let mut rows = backoffice.db.usage(by, range, MAX_ROWS).await?;
    if rows.iter().all(|row| row.name.is_empty()) {
        return Ok(None);
    }
    if by != UsageBy::Month {
        rows.sort_by_key(|row| std::cmp::Reverse((row.cost_micros, row.tokens())));
    }
    let more = rows.len().saturating_sub(SHOWN);
    rows.truncate(SHOWN);
    let titles = match by {
        UsageBy::Conversation => backoffice.titles(rows.iter().map(|row| row.name.as_str())).await?,
        _ => Names::default(),
    };
    let rows = rows.into_iter().map(|sum| {
        let id = sum.name.as_str();
        let name = match by {
            _ if id.is_empty() => page.word("usage_none", word),
            UsageBy::Tier => page.word("tier", id),
            UsageBy::Purpose => page.word("purpose", id),
            _ => names.of(id).or_else(|| titles.of(id)).filter(|name| !name.is_empty()).unwrap_or(id).to_owned(),
        };
        let link = match by {
            _ if id.is_empty() => None,
            UsageBy::User => Some(format!("/usage/people/{id}")),
            UsageBy::Skill => Some(format!("/skills/{id}")),
            _ => None,
        };
        Row { name, link, share: share(&sum, total), sum }
    });
    Ok(Some(Table { by: word, rows: rows.collect(), more }))
}

fn share(row: &UsageRow, total: &UsageRow) -> i64 {
    let (part, whole) = match total.cost_micros {
        0 => (row.tokens(), total.tokens()),
        whole => (row.cost_micros, whole),
    };
    part.saturating_mul(1_000).checked_div(whole).unwrap_or(0)
}

fn sum(rows: &[UsageRow]) -> UsageRow {
    rows.iter().fold(UsageRow::default(), |sum, row| UsageRow {
        name: String::new(),
        calls: sum.calls + row.calls,
        failed: sum.failed + row.failed,
        cache_hits: sum.cache_hits + row.cache_hits,
        input_tokens: sum.input_tokens + row.input_tokens,
        cached_tokens: sum.cached_tokens + row.cached_tokens,
        cache_write_tokens: sum.cache_write_tokens + row.cache_write_tokens,
        output_tokens: sum.output_tokens + row.output_tokens,
        saved_tokens: sum.saved_tokens + row.saved_tokens,
        cost_micros: sum.cost_micros + row.cost_micros,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chart_ends_with_the_day_and_numbers_on_it_are_short() {
        assert_eq!(first_day("2026-03-01"), "2026-01-30");
        assert_eq!(Period::Month.range("2026-03-31").from.as_deref(), Some("2026-03-01"));
        assert_eq!([short(999), short(1_500), short(20_000), short(2_000_000)], ["999", "1.5 k", "20 k", "2 M"]);
    }
}
