//! Jobs: work to be done later, once or again and again. How they are run is in `job_leases`, what
//! people change about them in `job_changes`.

use chrono::{DateTime, Utc};
use serde_json::Value;
use sqlx::{FromRow, types::Json};

use super::{Db, Result, columns::word_column, on, write_tx};
use crate::{
    clock::Clock,
    ids::{ConversationId, JobId, UserId},
};

word_column! {
    /// Where a job stands. A failed attempt that will be retried is queued again, and so is a job
    /// that recurs.
    JobStatus {
        Queued = "queued", Running = "running", Done = "done", Dead = "dead", Cancelled = "cancelled",
    }
}

word_column! {
    /// What becomes of the runs of a recurring job that no host was there for: none is made up for,
    /// the newest one is, or all are.
    Missed { Skip = "skip", Once = "once", All = "all" }
}

/// Retries of a job after its first attempt.
const MAX_RETRIES: i64 = 5;

/// Work to be done later.
#[derive(Clone, Debug)]
pub struct NewJob {
    /// One of the kinds in `scheduler/jobs`.
    pub kind: String,
    pub run_at: DateTime<Utc>,
    pub payload: Value,
    /// Whom it is done for.
    pub user: Option<UserId>,
    /// Where its outcome goes.
    pub conversation: Option<ConversationId>,
    /// "turn", "outbox", "host", "telegram" for a button, "skill NAME", "owner" or "token NAME".
    pub created_by: String,
    /// A cron expression of five fields; without it the job runs once.
    pub recurrence: Option<String>,
    /// IANA zone that the recurrence is read in.
    pub time_zone: Option<String>,
    pub missed: Missed,
    pub max_retries: i64,
    /// A second job of the same key is not made.
    pub idempotency_key: Option<String>,
}

impl NewJob {
    /// A job that runs once, with nothing but a kind and a time.
    pub fn once(kind: &str, run_at: DateTime<Utc>, created_by: &str) -> Self {
        Self {
            kind: kind.to_owned(),
            run_at,
            payload: Value::Null,
            user: None,
            conversation: None,
            created_by: created_by.to_owned(),
            recurrence: None,
            time_zone: None,
            missed: Missed::Once,
            max_retries: MAX_RETRIES,
            idempotency_key: None,
        }
    }
}

#[derive(Clone, Debug, FromRow)]
pub struct Job {
    pub id: JobId,
    #[sqlx(rename = "type")]
    pub kind: String,
    pub status: JobStatus,
    /// When it is tried.
    pub run_at: DateTime<Utc>,
    /// The moment that its run is for; a retry keeps it.
    pub slot: DateTime<Utc>,
    pub payload: Json<Value>,
    pub user_id: Option<UserId>,
    pub conversation_id: Option<ConversationId>,
    pub created_by: String,
    pub recurrence: Option<String>,
    pub time_zone: Option<String>,
    pub missed: Missed,
    pub paused_at: Option<DateTime<Utc>>,
    /// Runs so far; with its holder the token of a lease.
    pub attempt: i64,
    /// Runs for this slot that failed.
    pub retry_count: i64,
    pub max_retries: i64,
    /// Slots in a row that were given up.
    pub failures: i64,
    pub locked_at: Option<DateTime<Utc>>,
    pub last_error: Option<String>,
    pub idempotency_key: Option<String>,
    pub created_at: DateTime<Utc>,
    pub finished_at: Option<DateTime<Utc>>,
}

impl Job {
    /// Whether its hosts ended during every attempt that it had.
    pub fn used_up(&self) -> bool {
        self.retry_count > self.max_retries
    }
}

/// One attempt at a job.
#[derive(Clone, Debug, FromRow)]
pub struct JobRun {
    pub attempt: i64,
    /// The moment that it was for.
    pub slot: DateTime<Utc>,
    /// "running", "done", "failed" or "missed".
    pub status: String,
    /// What is worth knowing of a run that did not fail, as the scheduler keeps and reads it.
    pub note: Option<String>,
    pub error: Option<String>,
    pub started_at: DateTime<Utc>,
    pub finished_at: Option<DateTime<Utc>>,
}

macro_rules! job_columns {
    () => {
        "id, type, status, run_at, slot, payload, user_id, conversation_id, created_by, recurrence, time_zone, missed,
         paused_at, attempt, retry_count, max_retries, failures, locked_at, last_error, idempotency_key, created_at,
         finished_at"
    };
}
pub(super) use job_columns;

/// Takes a job off the schedule that waits, and whose skill was removed meanwhile.
macro_rules! cancel_of_removed {
    ($tx:ident, $job:expr, $now:expr) => {
        sqlx::query(
            "UPDATE jobs SET status = 'cancelled', finished_at = $2 WHERE id = $1 AND status = 'queued'
             AND EXISTS (SELECT 1 FROM skills s WHERE 'skill ' || s.name = jobs.created_by AND s.status = 'removed')",
        )
        .bind($job)
        .bind($now)
        .execute(&mut *$tx)
        .await?
    };
}
pub(super) use cancel_of_removed;

/// Writes a job in a transaction; one of the same key is left as it is.
macro_rules! insert_job {
    ($tx:ident, $id:expr, $job:expr, $now:expr) => {
        sqlx::query(
            "INSERT INTO jobs (id, type, status, run_at, slot, payload, user_id, conversation_id, created_by, recurrence,
                time_zone, missed, attempt, retry_count, max_retries, failures, idempotency_key, created_at)
             VALUES ($1, $2, 'queued', $3, $3, $4, $5, $6, $7, $8, $9, $10, 0, 0, $11, 0, $12, $13)
             ON CONFLICT (idempotency_key) DO NOTHING",
        )
        .bind($id)
        .bind(&$job.kind)
        .bind($job.run_at)
        .bind(sqlx::types::Json(&$job.payload))
        .bind($job.user)
        .bind($job.conversation)
        .bind(&$job.created_by)
        .bind(&$job.recurrence)
        .bind(&$job.time_zone)
        .bind($job.missed)
        .bind($job.max_retries)
        .bind(&$job.idempotency_key)
        .bind($now)
        .execute(&mut *$tx)
        .await?
    };
}
pub(super) use insert_job;

impl Db {
    /// Queues a job. Returns the one that is there now, and whether it is new.
    pub async fn queue_job(&self, clock: &Clock, job: &NewJob) -> Result<(JobId, bool)> {
        let id = JobId::new(clock);
        let maker = job.created_by.strip_prefix("skill ");
        let known: Option<(JobId,)> = write_tx!(self, tx => {
            if let Some(skill) = maker {
                sqlx::query(self.is_removed()).bind(skill).execute(&mut *tx).await?;
            }
            if insert_job!(tx, id, job, clock.now()).rows_affected() == 1 {
                if maker.is_some() {
                    cancel_of_removed!(tx, id, clock.now());
                }
                None
            } else {
                Some(sqlx::query_as("SELECT id FROM jobs WHERE idempotency_key = $1")
                    .bind(&job.idempotency_key).fetch_one(&mut *tx).await?)
            }
        });
        Ok(known.map_or((id, true), |(known,)| (known, false)))
    }

    /// The newest jobs, of one status when given.
    pub async fn jobs(&self, status: Option<JobStatus>, limit: i64) -> Result<Vec<Job>> {
        Ok(on!(self, pool => sqlx::query_as(concat!(
            "SELECT ", job_columns!(), " FROM jobs WHERE CAST($1 AS TEXT) IS NULL OR status = $1
             ORDER BY created_at DESC, id DESC LIMIT $2",
        )).bind(status).bind(limit).fetch_all(pool).await)?)
    }

    /// The jobs that a person knows of: those still to run, the next one first, then those that ended
    /// since a moment, the last one first.
    pub async fn jobs_of(&self, user: UserId, since: DateTime<Utc>, limit: i64) -> Result<Vec<Job>> {
        Ok(on!(self, pool => sqlx::query_as(concat!(
            "SELECT ", job_columns!(), " FROM jobs
             WHERE user_id = $1 AND type IN ('reminder', 'skill_call', 'daily_digest')
                AND (finished_at IS NULL OR finished_at >= $2)
             ORDER BY CASE WHEN finished_at IS NULL THEN 0 ELSE 1 END, CASE WHEN finished_at IS NULL THEN run_at END,
                finished_at DESC, id LIMIT $3",
        )).bind(user).bind(since).bind(limit).fetch_all(pool).await)?)
    }

    /// How many jobs that a person knows of are still to run, or run now.
    pub async fn waiting_jobs_of(&self, user: UserId) -> Result<i64> {
        let (count,): (i64,) = on!(self, pool => sqlx::query_as(
            "SELECT COUNT(*) FROM jobs WHERE user_id = $1 AND status IN ('queued', 'running')
             AND type IN ('reminder', 'skill_call', 'daily_digest')",
        ).bind(user).fetch_one(pool).await)?;
        Ok(count)
    }

    pub async fn job(&self, id: JobId) -> Result<Option<Job>> {
        Ok(on!(self, pool => sqlx::query_as(concat!("SELECT ", job_columns!(), " FROM jobs WHERE id = $1"))
            .bind(id).fetch_optional(pool).await)?)
    }

    /// The attempts at one job, oldest first.
    pub async fn job_runs(&self, job: JobId) -> Result<Vec<JobRun>> {
        Ok(on!(self, pool => sqlx::query_as(
            "SELECT attempt, slot, status, note, error, started_at, finished_at FROM job_runs WHERE job_id = $1
             ORDER BY attempt",
        ).bind(job).fetch_all(pool).await)?)
    }
}
