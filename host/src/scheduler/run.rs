//! One run of a job: whether it is still wanted, the work, and what becomes of the job.

use anyhow::anyhow;
use chrono::{DateTime, TimeDelta, Utc};
use futures_util::FutureExt;
use rand::RngExt;
use std::panic::AssertUnwindSafe;

use super::{
    Parts, alerts,
    jobs::{self, Ended, Failed},
    missed,
};
use crate::{
    schedule::Schedule,
    store::{Job, RunEnd, logged},
};

/// Longest run of one attempt; after it the job has failed.
const LONGEST_RUN: std::time::Duration = std::time::Duration::from_mins(10);

/// Pause before the first retry; it doubles with every further one, up to the longest.
const FIRST_PAUSE_S: i64 = 5;
const LONGEST_PAUSE_S: i64 = 3_600;

/// Slots in a row that a recurring job may fail at before it is paused.
const MAX_FAILURES: i64 = 5;

/// Runs a leased job and stores how that ended.
#[tracing::instrument(name = "scheduler.job", skip_all, fields(job_id = %job.id, kind = job.kind, trace_id = tracing::field::Empty))]
pub async fn run(parts: &Parts, job: Job) {
    // What is done for a turn is found by the turn's trace id.
    if let Some(turn) = job.payload.0["turn"].as_str() {
        tracing::Span::current().record("trace_id", turn);
    }
    let end = end_of(parts, &job).await;
    let status = match &end {
        RunEnd::Done { .. } => "done",
        RunEnd::Missed { .. } => "missed",
        RunEnd::Retry { error, at } => {
            tracing::warn!(error, retry_at = %at, "a job failed and will be retried");
            "failed"
        }
        RunEnd::Dead { error, pause, .. } => {
            tracing::error!(error, paused = pause, "a job failed for good");
            "failed"
        }
    };
    metrics::counter!("skillet_jobs_total", "kind" => job.kind.clone(), "status" => status).increment(1);
    // Before the end is stored: a crash in between repeats both, and the alert's key makes it one.
    alerts::tell_owner(parts, &job, &end).await;
    let ended = parts.db.end_run(&parts.clock, &job, parts.host, &end).await;
    if logged("the end of a job could not be stored", ended) == Some(false) {
        tracing::warn!("the job was taken over by another run");
    }
}

async fn end_of(parts: &Parts, job: &Job) -> RunEnd {
    let now = parts.clock.now();
    let schedule = match schedule_of(parts, job).await {
        Ok(schedule) => schedule,
        Err(failed) => return conclude(job, None, Err(failed), now),
    };
    // A retry belongs to a run that has begun.
    if job.retry_count == 0
        && let Some(schedule) = &schedule
        && let Some(end) = missed::passed_over(job.missed, job.slot, schedule, now)
    {
        return end;
    }
    let result = if job.used_up() && !jobs::never_dies(&job.kind) {
        Err(Failed::ForGood(anyhow!("the host ended during every attempt")))
    } else {
        attempt(parts, job).await
    };
    let result = result.map(|note| note.late(job.slot, now, missed::ON_TIME));
    conclude(job, schedule.as_ref(), result, parts.clock.now())
}

/// The schedule of a job that recurs.
async fn schedule_of(parts: &Parts, job: &Job) -> Result<Option<Schedule>, Failed> {
    let Some(cron) = &job.recurrence else { return Ok(None) };
    let zone = match &job.time_zone {
        Some(zone) => zone.clone(),
        None => parts.settings.current().await?.time_zone.to_string(),
    };
    Schedule::parse(cron, &zone).map(Some).map_err(|error| Failed::ForGood(error.into()))
}

async fn attempt(parts: &Parts, job: &Job) -> Ended {
    let work = AssertUnwindSafe(jobs::run(parts, job)).catch_unwind();
    match tokio::time::timeout(LONGEST_RUN, work).await {
        Ok(Ok(ended)) => ended,
        Ok(Err(_panic)) => Err(anyhow!("the host failed").into()),
        Err(_) => Err(anyhow!("it took longer than {} s", LONGEST_RUN.as_secs()).into()),
    }
}

fn conclude(job: &Job, schedule: Option<&Schedule>, result: Ended, now: DateTime<Utc>) -> RunEnd {
    let next = schedule.and_then(|schedule| schedule.next_after(job.slot));
    let more = job.retry_count < job.max_retries || jobs::never_dies(&job.kind);
    match result {
        Ok(note) => RunEnd::Done { note: note.kept(), next },
        Err(Failed::Again(error)) if more => {
            RunEnd::Retry { error: format!("{error:#}"), at: now + pause(job.retry_count) }
        }
        Err(Failed::Again(error) | Failed::ForGood(error)) => RunEnd::Dead {
            error: format!("{error:#}"),
            next,
            pause: next.is_some() && job.failures + 1 >= MAX_FAILURES,
        },
    }
}

/// How long to wait after so many earlier failures: twice as long each time, spread by a quarter to
/// either side.
fn pause(failed_before: i64) -> TimeDelta {
    let doublings = u32::try_from(failed_before).unwrap_or(u32::MAX).min(16);
    let ms = (FIRST_PAUSE_S << doublings).min(LONGEST_PAUSE_S) * 1_000;
    TimeDelta::milliseconds(rand::rng().random_range(ms * 3 / 4..=ms * 5 / 4))
}
