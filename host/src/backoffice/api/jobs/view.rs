//! A job as it is told.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    schedule::Schedule,
    store::{Job, JobStatus, Missed},
};

/// Moments named ahead.
const NEXT_RUNS: usize = 5;

#[derive(Serialize, ToSchema)]
pub struct JobView {
    pub id: Uuid,
    pub r#type: String,
    #[schema(value_type = String)]
    pub status: JobStatus,
    /// When it is tried.
    pub run_at: DateTime<Utc>,
    /// The moment that its run is for; a retry keeps it.
    pub slot: DateTime<Utc>,
    pub payload: Value,
    pub user_id: Option<Uuid>,
    /// Where its outcome goes; without one, where the person is reached at the time.
    pub conversation_id: Option<Uuid>,
    /// "turn", "outbox", "skill NAME", "owner" or "token NAME".
    pub created_by: String,
    /// A cron expression of five fields; without it the job runs once.
    pub recurrence: Option<String>,
    /// IANA zone that the recurrence is read in.
    pub time_zone: Option<String>,
    /// What becomes of runs that no host was there for: "skip", "once" or "all".
    #[schema(value_type = String)]
    pub missed: Missed,
    pub paused_at: Option<DateTime<Utc>>,
    /// The next five runs of a job that recurs and is not paused.
    pub next_runs: Vec<DateTime<Utc>>,
    pub locked_at: Option<DateTime<Utc>>,
    /// Runs so far.
    pub attempt: i64,
    /// Runs for this slot that failed.
    pub retry_count: i64,
    pub max_retries: i64,
    /// Slots in a row that were given up.
    pub failures: i64,
    pub last_error: Option<String>,
    pub idempotency_key: Option<String>,
    pub created_at: DateTime<Utc>,
    pub finished_at: Option<DateTime<Utc>>,
}

impl JobView {
    /// `zone` is the one of a recurrence that names none.
    pub fn of(row: Job, zone: Tz, now: DateTime<Utc>) -> Self {
        let own = row.user_id.map(|user| format!("api:{user}:")).unwrap_or_default();
        let key = row.idempotency_key.as_ref().map(|key| key.strip_prefix(&own).unwrap_or(key).to_owned());
        Self {
            id: row.id.0,
            next_runs: next_runs(&row, zone, now),
            r#type: row.kind,
            status: row.status,
            run_at: row.run_at,
            slot: row.slot,
            payload: row.payload.0,
            user_id: row.user_id.map(|id| id.0),
            conversation_id: row.conversation_id.map(|id| id.0),
            created_by: row.created_by,
            recurrence: row.recurrence,
            time_zone: row.time_zone,
            missed: row.missed,
            paused_at: row.paused_at,
            locked_at: row.locked_at,
            attempt: row.attempt,
            retry_count: row.retry_count,
            max_retries: row.max_retries,
            failures: row.failures,
            last_error: row.last_error,
            idempotency_key: key,
            created_at: row.created_at,
            finished_at: row.finished_at,
        }
    }
}

/// The runs of a recurring job that lie ahead.
pub fn next_runs(job: &Job, zone: Tz, now: DateTime<Utc>) -> Vec<DateTime<Utc>> {
    let Some(cron) = job.recurrence.as_ref().filter(|_| job.finished_at.is_none() && job.paused_at.is_none()) else {
        return Vec::new();
    };
    let zone = job.time_zone.clone().unwrap_or_else(|| zone.to_string());
    let Ok(schedule) = Schedule::parse(cron, &zone) else { return Vec::new() };
    // A run that was moved by hand is not one of the schedule.
    let first = (job.status == JobStatus::Queued && job.slot > now).then_some(job.slot);
    let later = schedule.upcoming(first.unwrap_or(now), NEXT_RUNS);
    first.into_iter().chain(later).take(NEXT_RUNS).collect()
}
