//! What the owner is told of jobs: that one fails, is paused, is given up, works again. Not of every
//! failure, and of none of the host's own jobs, which are in the log.

use rust_i18n::t;
use serde_json::json;

use super::{Parts, jobs};
use crate::store::{Delivery, Job, RunEnd, StoreError, logged};

/// Characters of a job's text, and of an error, in an alert.
const MAX_TEXT_CHARS: usize = 60;
const MAX_ERROR_CHARS: usize = 500;

/// Tells the owner what the end of a run means, where that is news.
pub async fn tell_owner(parts: &Parts, job: &Job, end: &RunEnd) {
    if jobs::is_internal(&job.kind) {
        return;
    }
    let (news, error) = match end {
        RunEnd::Dead { error, next: None, .. } => ("dead", error.as_str()),
        RunEnd::Dead { error, pause: true, .. } => ("paused", error.as_str()),
        RunEnd::Dead { error, .. } if job.failures == 0 => ("failing", error.as_str()),
        RunEnd::Done { .. } if job.failures > 0 => ("recovered", ""),
        _ => return,
    };
    logged("the owner could not be told of a job", tell(parts, job, news, error).await);
}

async fn tell(parts: &Parts, job: &Job, news: &str, error: &str) -> Result<(), StoreError> {
    let Parts { db, clock, settings, wake, .. } = parts;
    // Without an owner, or a place to reach one, the page of the jobs tells it.
    let Some(owner) = db.owner().await? else { return Ok(()) };
    let Some(conversation) = db.home_of(owner.id).await? else { return Ok(()) };
    let locale = match owner.locale {
        Some(locale) => locale,
        None => settings.current().await?.locale,
    };
    let what = describe(job, &locale);
    let (times, error) = (job.failures + 1, cut(error, MAX_ERROR_CHARS));
    let text = t!(format!("job.{news}"), locale = locale, job = what, n = times, error = error).into_owned();
    let topic = if news == "recovered" { news } else { "alert" };
    let delivery = Delivery {
        key: format!("{topic}:{}:{}", job.id, job.slot.to_rfc3339()),
        conversation,
        text,
        meta: json!({ "job": job.id, "kind": "alert" }),
        buttons: Vec::new(),
        locale,
    };
    db.deliver(clock, &delivery).await?;
    wake.outbox.notify_one();
    Ok(())
}

/// A job as a person knows it.
pub fn describe(job: &Job, locale: &str) -> String {
    let payload = &job.payload.0;
    match job.kind.as_str() {
        "reminder" => cut(payload["text"].as_str().unwrap_or_default(), MAX_TEXT_CHARS),
        "skill_call" => payload["skill"].as_str().unwrap_or_default().to_owned(),
        kind => t!(format!("job.kind.{kind}"), locale = locale).into_owned(),
    }
}

/// One line of a text, and no more of it than `chars`.
pub fn cut(text: &str, chars: usize) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(chars) {
        Some((at, _)) => format!("{}…", &line[..at]),
        None => line,
    }
}
