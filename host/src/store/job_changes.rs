//! Jobs as people change them. Each change carries its condition: what has begun or ended meanwhile
//! stays as it is.

use chrono::{DateTime, Utc};
use serde_json::Value;
use sqlx::types::Json;

use super::{Db, JobStatus, Missed, Result, on, write_tx};
use crate::{clock::Clock, ids::JobId};

/// Retries that a dead job gets when it is driven again.
const MORE_RETRIES: i64 = 3;

/// What changes about a job; nothing given, nothing changed.
#[derive(Clone, Debug, Default)]
pub struct JobEdit {
    pub run_at: Option<DateTime<Utc>>,
    /// A cron expression of five fields.
    pub recurrence: Option<String>,
    /// IANA zone that the recurrence is read in.
    pub time_zone: Option<String>,
    pub missed: Option<Missed>,
    pub payload: Option<Value>,
}

impl Db {
    /// Queues a dead job again with fresh attempts. False when it is not dead.
    pub async fn redrive_job(&self, clock: &Clock, job: JobId) -> Result<bool> {
        Ok(on!(self, pool => sqlx::query(
            "UPDATE jobs SET status = 'queued', run_at = $2, max_retries = retry_count + $3, finished_at = NULL
             WHERE id = $1 AND status = 'dead'",
        ).bind(job).bind(clock.now()).bind(MORE_RETRIES).execute(pool).await.map(|done| done.rows_affected() == 1))?)
    }

    /// Pauses a job that has not ended, or lets it go on; a run that has begun ends as usual. False
    /// when nothing changed.
    pub async fn pause_job(&self, clock: &Clock, job: JobId, paused: bool) -> Result<bool> {
        Ok(on!(self, pool => sqlx::query(
            "UPDATE jobs SET paused_at = CASE WHEN $2 THEN $3 ELSE NULL END
             WHERE id = $1 AND status IN ('queued', 'running') AND (paused_at IS NULL) = $2",
        ).bind(job).bind(paused).bind(clock.now()).execute(pool).await.map(|done| done.rows_affected() == 1))?)
    }

    /// Takes a waiting job off the schedule. False when it is not waiting.
    pub async fn cancel_job(&self, clock: &Clock, job: JobId) -> Result<bool> {
        Ok(on!(self, pool => sqlx::query(
            "UPDATE jobs SET status = $2, finished_at = $3 WHERE id = $1 AND status = 'queued'",
        ).bind(job).bind(JobStatus::Cancelled).bind(clock.now())
         .execute(pool).await.map(|done| done.rows_affected() == 1))?)
    }

    /// Moves a waiting job to another moment. False when it is not waiting.
    pub async fn reschedule_job(&self, job: JobId, run_at: DateTime<Utc>) -> Result<bool> {
        self.edit_job(job, &JobEdit { run_at: Some(run_at), ..JobEdit::default() }).await
    }

    /// Changes a waiting job. False when it is not waiting.
    pub async fn edit_job(&self, job: JobId, edit: &JobEdit) -> Result<bool> {
        Ok(on!(self, pool => sqlx::query(
            "UPDATE jobs SET run_at = COALESCE($2, run_at), slot = COALESCE($2, slot),
             recurrence = COALESCE($3, recurrence), time_zone = COALESCE($4, time_zone), missed = COALESCE($5, missed),
             payload = COALESCE($6, payload) WHERE id = $1 AND status = 'queued'",
        ).bind(job).bind(edit.run_at).bind(&edit.recurrence).bind(&edit.time_zone).bind(edit.missed)
         .bind(edit.payload.as_ref().map(Json)).execute(pool).await.map(|done| done.rows_affected() == 1))?)
    }

    /// Queues a job that does once, at `run_at`, what another one does.
    pub async fn copy_job(&self, clock: &Clock, job: JobId, run_at: DateTime<Utc>, by: &str) -> Result<JobId> {
        let id = JobId::new(clock);
        let (id,): (JobId,) = on!(self, pool => sqlx::query_as(
            "INSERT INTO jobs (id, type, status, run_at, slot, payload, user_id, conversation_id, created_by, time_zone,
                missed, attempt, retry_count, max_retries, failures, created_at)
             SELECT $2, type, 'queued', $3, $3, payload, user_id, conversation_id, $4, time_zone,
                missed, 0, 0, $6, 0, $5 FROM jobs WHERE id = $1 RETURNING id",
        ).bind(job).bind(id).bind(run_at).bind(by).bind(clock.now()).bind(MORE_RETRIES).fetch_one(pool).await)?;
        Ok(id)
    }

    /// Forgets what the host did for itself, and the runs of jobs that recur, when it ended before a
    /// moment. Returns the number of jobs.
    pub async fn sweep_jobs(&self, before: DateTime<Utc>) -> Result<u64> {
        let gone = write_tx!(self, tx => {
            sqlx::query(
                "DELETE FROM job_runs WHERE finished_at < $1 AND EXISTS (SELECT 1 FROM jobs j WHERE j.id = job_runs.job_id
                    AND (j.recurrence IS NOT NULL OR (j.type IN ('write_episode', 'retry_send', 'retention', 'fold_memories') AND j.finished_at < $1)))",
            ).bind(before).execute(&mut *tx).await?;
            sqlx::query(
                "DELETE FROM jobs WHERE type IN ('write_episode', 'retry_send', 'retention', 'fold_memories') AND finished_at < $1
                 AND NOT EXISTS (SELECT 1 FROM job_runs r WHERE r.job_id = jobs.id)",
            ).bind(before).execute(&mut *tx).await?.rows_affected()
        });
        Ok(gone)
    }
}
