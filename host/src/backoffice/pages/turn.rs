//! The trace of one turn.

use askama::Template;
use axum::{extract::State, response::Response};
use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde_json::Value;
use std::sync::Arc;
use uuid::Uuid;

use super::{
    super::{
        Backoffice,
        api::turns::{TurnTrace, trace},
        error::Result,
        extract::Path,
        markdown,
    },
    Page, html,
};
use crate::{ids::TurnId, store::TurnStatus};

/// Width of the timeline, in units of its drawing.
const WIDTH: f64 = 1_000.0;

/// Narrowest bar: a step of no time is seen too.
const NARROWEST: f64 = 6.0;

#[derive(Template)]
#[template(path = "turn.html")]
struct TurnPage {
    page: Page,
    trace: TurnTrace,
    user: String,
    message: Option<String>,
    /// HTML that was cleaned.
    reply: Option<String>,
    bars: Vec<Bar>,
    memories: Vec<Memory>,
    prompt_tokens: i64,
    cost_micros: i64,
    /// Whether a part of the cost is an estimate.
    estimated: bool,
    runs: bool,
}

/// A step as a bar of the timeline.
struct Bar {
    name: String,
    /// What the step was about, in a few words.
    about: String,
    x: f64,
    width: f64,
    at_ms: i64,
    duration_ms: i64,
    detail: String,
}

#[derive(Deserialize)]
struct Memory {
    kind: String,
    id: Uuid,
    #[serde(default)]
    key: String,
    text: String,
    score: f64,
    #[serde(default)]
    share: f64,
    #[serde(default)]
    matched: Vec<String>,
    /// Whether it was there whatever was asked.
    #[serde(default)]
    pinned: bool,
    recorded_at: DateTime<Utc>,
}

/// `GET /turns/{turn}`
pub async fn show(State(backoffice): State<Arc<Backoffice>>, page: Page, Path(id): Path<Uuid>) -> Result<Response> {
    let trace = trace(&backoffice, TurnId(id)).await?;
    let user = backoffice.db.user(crate::ids::UserId(trace.user_id)).await?.map(|user| user.name).unwrap_or_default();
    let said = |role: &str| trace.messages.iter().find(|message| message.role == role).map(|one| one.content.as_str());
    let page = TurnPage {
        message: said("user").map(str::to_owned),
        reply: said("assistant").map(markdown::render),
        bars: bars(&page, &trace.steps),
        memories: serde_json::from_value(trace.memories.clone()).unwrap_or_default(),
        prompt_tokens: trace.model_calls.iter().map(|call| call.prompt_tokens).sum(),
        cost_micros: trace.model_calls.iter().map(|call| call.cost_micros).sum(),
        estimated: trace.model_calls.iter().any(|call| call.estimated),
        runs: matches!(trace.status, TurnStatus::Received | TurnStatus::Running),
        page,
        user,
        trace,
    };
    html(&page)
}

#[expect(clippy::cast_precision_loss, reason = "milliseconds of a turn are far below 2^52")]
fn bars(page: &Page, steps: &Value) -> Vec<Bar> {
    let steps: Vec<&Value> = steps.as_array().into_iter().flatten().collect();
    let number = |step: &Value, key: &str| step[key].as_i64().unwrap_or(0);
    let end = steps.iter().map(|step| number(step, "at_ms") + number(step, "duration_ms")).max().unwrap_or(0).max(1);
    let scale = (WIDTH - NARROWEST) / end as f64;
    steps
        .into_iter()
        .map(|step| {
            let (at_ms, duration_ms) = (number(step, "at_ms"), number(step, "duration_ms"));
            Bar {
                name: page.word("step", step["name"].as_str().unwrap_or_default()),
                about: about(page, &step["detail"]),
                x: at_ms as f64 * scale,
                width: (duration_ms as f64 * scale).max(NARROWEST),
                at_ms,
                duration_ms,
                detail: page.pretty(&step["detail"]),
            }
        })
        .collect()
}

/// The one word of a step's detail that tells it apart.
fn about(page: &Page, detail: &Value) -> String {
    let word = |key: &str| detail[key].as_str();
    match (word("skill").or(word("model")), word("tier"), word("route")) {
        (Some(name), _, _) => name.to_owned(),
        (None, Some(tier), _) => page.word("tier", tier),
        (None, None, Some(route)) => page.word("route", route),
        _ => String::new(),
    }
}

impl TurnPage {
    fn took(&self) -> Option<i64> {
        (self.trace.finished_at? - self.trace.created_at).num_microseconds()
    }
}
