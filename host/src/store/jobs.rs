//! Jobs: leased with a token (host and attempt), retried, ended once.

use chrono::{DateTime, Utc};
use serde_json::Value;
use sqlx::{FromRow, types::Json};

use super::{Db, Result, columns::word_column, on, write_tx};
use crate::{
    clock::Clock,
    ids::{HostId, JobId, UserId},
};

word_column! {
    /// Where a job stands. A failed attempt that will be retried is queued again.
    JobStatus {
        Queued = "queued", Running = "running", Done = "done", Dead = "dead", Cancelled = "cancelled",
    }
}

/// Work to be done later.
#[derive(Clone, Debug)]
pub struct NewJob {
    /// One of the kinds in `scheduler/jobs`.
    pub kind: &'static str,
    pub run_at: DateTime<Utc>,
    pub payload: Value,
    pub user: Option<UserId>,
    pub max_retries: i64,
    /// A second job of the same key is not made.
    pub idempotency_key: Option<String>,
}

#[derive(Clone, Debug, FromRow)]
pub struct Job {
    pub id: JobId,
    #[sqlx(rename = "type")]
    pub kind: String,
    pub status: JobStatus,
    pub run_at: DateTime<Utc>,
    pub payload: Json<Value>,
    pub user_id: Option<UserId>,
    pub locked_at: Option<DateTime<Utc>>,
    /// Attempts that failed.
    pub retry_count: i64,
    pub max_retries: i64,
    pub last_error: Option<String>,
    pub idempotency_key: Option<String>,
    pub created_at: DateTime<Utc>,
    pub finished_at: Option<DateTime<Utc>>,
}

/// One attempt at a job.
#[derive(Clone, Debug, FromRow)]
pub struct JobRun {
    pub attempt: i64,
    /// "running", "done" or "failed".
    pub status: String,
    pub error: Option<String>,
    pub started_at: DateTime<Utc>,
    pub finished_at: Option<DateTime<Utc>>,
}

pub(super) const INSERT_JOB: &str = "INSERT INTO jobs
    (id, type, status, run_at, payload, user_id, retry_count, max_retries, idempotency_key, created_at)
    VALUES ($1, $2, 'queued', $3, $4, $5, 0, $6, $7, $8) ON CONFLICT (idempotency_key) DO NOTHING";

macro_rules! job_columns {
    () => {
        "id, type, status, run_at, payload, user_id, locked_at, retry_count, max_retries, last_error,
         idempotency_key, created_at, finished_at"
    };
}

impl Db {
    /// Queues a job; `None` when one of its key exists.
    pub async fn queue_job(&self, clock: &Clock, job: &NewJob) -> Result<Option<JobId>> {
        let id = JobId::new(clock);
        let made = on!(self, pool => sqlx::query(INSERT_JOB)
            .bind(id).bind(job.kind).bind(job.run_at).bind(Json(&job.payload)).bind(job.user)
            .bind(job.max_retries).bind(&job.idempotency_key).bind(clock.now())
            .execute(pool).await.map(|done| done.rows_affected() == 1))?;
        Ok(made.then_some(id))
    }

    /// Takes the job that is due for longest. On Postgres the row is locked while it is chosen, so
    /// that hosts do not wait for each other; SQLite has one writer anyway.
    pub async fn lease_job(&self, clock: &Clock, host: HostId) -> Result<Option<Job>> {
        let now = clock.now();
        let choose = match self {
            Self::Sqlite(_) => concat!(
                "UPDATE jobs SET status = 'running', locked_by = $1, locked_at = $2
                 WHERE status = 'queued' AND id = (SELECT id FROM jobs WHERE status = 'queued' AND run_at <= $2
                    ORDER BY run_at, id LIMIT 1) RETURNING ",
                job_columns!()
            ),
            Self::Postgres(_) => concat!(
                "UPDATE jobs SET status = 'running', locked_by = $1, locked_at = $2
                 WHERE status = 'queued' AND id = (SELECT id FROM jobs WHERE status = 'queued' AND run_at <= $2
                    ORDER BY run_at, id LIMIT 1 FOR UPDATE SKIP LOCKED) RETURNING ",
                job_columns!()
            ),
        };
        let job: Option<Job> = write_tx!(self, tx => {
            let job: Option<Job> = sqlx::query_as(choose).bind(host).bind(now).fetch_optional(&mut *tx).await?;
            if let Some(job) = &job {
                // The same attempt is seen twice only after a crash; its row starts over.
                sqlx::query(
                    "INSERT INTO job_runs (job_id, attempt, host_id, status, started_at) VALUES ($1, $2, $3, 'running', $4)
                     ON CONFLICT (job_id, attempt) DO UPDATE SET host_id = $3, status = 'running', started_at = $4",
                ).bind(job.id).bind(job.retry_count + 1).bind(host).bind(now).execute(&mut *tx).await?;
            }
            job
        });
        Ok(job)
    }

    /// Records that an attempt went well. False when the lease had passed to somebody else.
    pub async fn complete_job(&self, clock: &Clock, job: &Job, host: HostId) -> Result<bool> {
        self.end_attempt(clock, job, host, (JobStatus::Done, job.run_at, None)).await
    }

    /// Records that an attempt failed: queued again at `retry_at`, or dead when that is `None`.
    pub async fn fail_job(
        &self,
        clock: &Clock,
        job: &Job,
        host: HostId,
        error: &str,
        retry_at: Option<DateTime<Utc>>,
    ) -> Result<bool> {
        let status = if retry_at.is_some() { JobStatus::Queued } else { JobStatus::Dead };
        self.end_attempt(clock, job, host, (status, retry_at.unwrap_or(job.run_at), Some(error))).await
    }

    async fn end_attempt(
        &self,
        clock: &Clock,
        job: &Job,
        host: HostId,
        (status, run_at, error): (JobStatus, DateTime<Utc>, Option<&str>),
    ) -> Result<bool> {
        let now = clock.now();
        let finished = (status != JobStatus::Queued).then_some(now);
        let run = if error.is_some() { "failed" } else { "done" };
        write_tx!(self, tx => {
            let mine = sqlx::query(
                "UPDATE jobs SET status = $4, run_at = $5, last_error = COALESCE($6, last_error),
                 retry_count = retry_count + CASE WHEN $6 IS NULL THEN 0 ELSE 1 END,
                 locked_by = NULL, locked_at = NULL, finished_at = $7
                 WHERE id = $1 AND status = 'running' AND locked_by = $2 AND retry_count = $3",
            ).bind(job.id).bind(host).bind(job.retry_count).bind(status).bind(run_at).bind(error).bind(finished)
             .execute(&mut *tx).await?.rows_affected() == 1;
            if !mine {
                return Ok(false);
            }
            sqlx::query("UPDATE job_runs SET status = $3, error = $4, finished_at = $5 WHERE job_id = $1 AND attempt = $2")
                .bind(job.id).bind(job.retry_count + 1).bind(run).bind(error).bind(now)
                .execute(&mut *tx).await?;
        });
        Ok(true)
    }

    /// Says that this host is still at work on its jobs whose attempt began since `begun_after`; an
    /// older one cannot be at work any more and is left to expire.
    pub async fn keep_jobs(&self, clock: &Clock, host: HostId, begun_after: DateTime<Utc>) -> Result<()> {
        on!(self, pool => sqlx::query(
            "UPDATE jobs SET locked_at = $2 WHERE status = 'running' AND locked_by = $1 AND EXISTS
             (SELECT 1 FROM job_runs r WHERE r.job_id = jobs.id AND r.status = 'running' AND r.started_at > $3)",
        ).bind(host).bind(clock.now()).bind(begun_after).execute(pool).await.map(|_| ()))?;
        Ok(())
    }

    /// Queues again the running jobs of a host that is about to go; it did not fail, so no attempt is
    /// counted.
    pub async fn hand_back_jobs(&self, host: HostId) -> Result<u64> {
        Ok(on!(self, pool => sqlx::query(
            "UPDATE jobs SET status = 'queued', locked_by = NULL, locked_at = NULL WHERE status = 'running' AND locked_by = $1",
        ).bind(host).execute(pool).await.map(|done| done.rows_affected()))?)
    }

    /// Takes back the running jobs of a host that is gone, or that nobody has kept since `before`. The
    /// attempt counts: a job that ends its host is dead after its last one.
    pub async fn recover_jobs(&self, clock: &Clock, host: Option<HostId>, before: DateTime<Utc>) -> Result<u64> {
        let now = clock.now();
        let recovered = write_tx!(self, tx => {
            sqlx::query(
                "UPDATE job_runs SET status = 'failed', error = 'the host ended during it', finished_at = $3
                 WHERE status = 'running' AND job_id IN
                 (SELECT id FROM jobs WHERE status = 'running' AND (locked_by = $1 OR locked_at < $2))",
            ).bind(host).bind(before).bind(now).execute(&mut *tx).await?;
            sqlx::query(
                "UPDATE jobs SET locked_by = NULL, locked_at = NULL, last_error = 'the host ended during it',
                 retry_count = retry_count + 1,
                 status = CASE WHEN retry_count >= max_retries THEN 'dead' ELSE 'queued' END,
                 finished_at = CASE WHEN retry_count >= max_retries THEN $3 ELSE NULL END
                 WHERE status = 'running' AND (locked_by = $1 OR locked_at < $2)",
            ).bind(host).bind(before).bind(now).execute(&mut *tx).await?.rows_affected()
        });
        Ok(recovered)
    }

    /// When the next queued job is due.
    pub async fn next_job_at(&self) -> Result<Option<DateTime<Utc>>> {
        let row: Option<(DateTime<Utc>,)> = on!(self, pool => sqlx::query_as(
            "SELECT run_at FROM jobs WHERE status = 'queued' ORDER BY run_at LIMIT 1",
        ).fetch_optional(pool).await)?;
        Ok(row.map(|(at,)| at))
    }

    /// The newest jobs, of one status when given.
    pub async fn jobs(&self, status: Option<JobStatus>, limit: i64) -> Result<Vec<Job>> {
        Ok(on!(self, pool => sqlx::query_as(concat!(
            "SELECT ", job_columns!(), " FROM jobs WHERE CAST($1 AS TEXT) IS NULL OR status = $1
             ORDER BY created_at DESC, id DESC LIMIT $2",
        )).bind(status).bind(limit).fetch_all(pool).await)?)
    }

    pub async fn job(&self, id: JobId) -> Result<Option<Job>> {
        Ok(on!(self, pool => sqlx::query_as(concat!("SELECT ", job_columns!(), " FROM jobs WHERE id = $1"))
            .bind(id).fetch_optional(pool).await)?)
    }

    /// The attempts at one job, oldest first.
    pub async fn job_runs(&self, job: JobId) -> Result<Vec<JobRun>> {
        Ok(on!(self, pool => sqlx::query_as(
            "SELECT attempt, status, error, started_at, finished_at FROM job_runs WHERE job_id = $1 ORDER BY attempt",
        ).bind(job).fetch_all(pool).await)?)
    }

    /// Queues a dead job again with fresh attempts. False when it is not dead.
    pub async fn redrive_job(&self, clock: &Clock, job: JobId) -> Result<bool> {
        Ok(on!(self, pool => sqlx::query(
            "UPDATE jobs SET status = 'queued', run_at = $2, max_retries = retry_count + 3, finished_at = NULL
             WHERE id = $1 AND status = 'dead'",
        ).bind(job).bind(clock.now()).execute(pool).await.map(|done| done.rows_affected() == 1))?)
    }
}
