//! Jobs as hosts run them: a lease is the holder and the number of the attempt, kept while it runs,
//! and whoever has lost it writes nothing.

use chrono::{DateTime, Utc};
use serde_json::json;
use sqlx::types::Json;

use super::{Db, Job, JobStatus, Result, jobs::cancel_of_removed, jobs::job_columns, write_tx};
use crate::{
    clock::Clock,
    ids::{HostId, JobId},
};

/// How a run ended, and what becomes of its job.
#[derive(Clone, Debug)]
pub enum RunEnd {
    /// It went well. `next`: when a job that recurs runs again.
    Done { note: Option<String>, next: Option<DateTime<Utc>> },
    /// It failed and is tried again.
    Retry { error: String, at: DateTime<Utc> },
    /// It failed and is given up; a job that recurs goes on at `next`, or waits paused for a person.
    Dead { error: String, next: Option<DateTime<Utc>>, pause: bool },
    /// Nobody was there at its time, and it is not made up for.
    Missed { note: String, next: Option<DateTime<Utc>> },
}

/// What a run's end writes.
struct Written<'a> {
    /// Of the run.
    run: &'static str,
    note: Option<&'a str>,
    error: Option<&'a str>,
    /// Of the job.
    status: JobStatus,
    run_at: DateTime<Utc>,
    slot: DateTime<Utc>,
    /// Whether the job begins a new slot.
    fresh: bool,
    pause: bool,
}

impl RunEnd {
    fn written(&self, job: &Job) -> Written<'_> {
        let (run, note, error, next, pause) = match self {
            Self::Done { note, next } => ("done", note.as_deref(), None, *next, false),
            Self::Missed { note, next } => ("missed", Some(note.as_str()), None, *next, false),
            Self::Dead { error, next, pause } => ("failed", None, Some(error.as_str()), *next, *pause),
            Self::Retry { error, at } => {
                let (status, run_at) = (JobStatus::Queued, *at);
                let (note, error, slot) = (None, Some(error.as_str()), job.slot);
                return Written { run: "failed", note, error, status, run_at, slot, fresh: false, pause: false };
            }
        };
        let ended = if matches!(self, Self::Dead { .. }) { JobStatus::Dead } else { JobStatus::Done };
        Written {
            run,
            note,
            error,
            status: if next.is_some() { JobStatus::Queued } else { ended },
            run_at: next.unwrap_or(job.run_at),
            slot: next.unwrap_or(job.slot),
            fresh: next.is_some(),
            pause,
        }
    }
}

impl Db {
    /// Takes the jobs that are due for longest, of the kinds that this host knows. On Postgres the rows
    /// are locked while they are chosen, so that hosts do not wait for each other; SQLite has one
    /// writer anyway.
    pub async fn lease_jobs(&self, clock: &Clock, host: HostId, kinds: &[&str], limit: usize) -> Result<Vec<Job>> {
        let (now, limit) = (clock.now(), i64::try_from(limit).unwrap_or(i64::MAX));
        let take = match self {
            Self::Sqlite(..) => concat!(
                "UPDATE jobs SET status = 'running', locked_by = $1, locked_at = $2, attempt = attempt + 1
                 WHERE id IN (SELECT id FROM jobs WHERE status = 'queued' AND paused_at IS NULL AND run_at <= $2
                    AND type IN (SELECT value FROM json_each($3)) ORDER BY run_at, id LIMIT $4) RETURNING ",
                job_columns!()
            ),
            // The kinds are an array and not a table to be joined, which would leave the index unused.
            Self::Postgres(_) => concat!(
                "WITH due AS MATERIALIZED (SELECT id AS due_id FROM jobs
                    WHERE status = 'queued' AND paused_at IS NULL AND run_at <= $2
                    AND type = ANY (ARRAY (SELECT jsonb_array_elements_text($3)))
                    ORDER BY run_at, id LIMIT $4 FOR UPDATE SKIP LOCKED)
                 UPDATE jobs SET status = 'running', locked_by = $1, locked_at = $2, attempt = attempt + 1
                 FROM due WHERE id = due_id RETURNING ",
                job_columns!()
            ),
        };
        let mut jobs: Vec<Job> = write_tx!(self, tx => {
            let jobs: Vec<Job> = sqlx::query_as(take).bind(host).bind(now).bind(Json(json!(kinds))).bind(limit)
                .fetch_all(&mut *tx).await?;
            for job in &jobs {
                sqlx::query(
                    "INSERT INTO job_runs (job_id, attempt, slot, host_id, status, started_at)
                     VALUES ($1, $2, $3, $4, 'running', $5)",
                ).bind(job.id).bind(job.attempt).bind(job.slot).bind(host).bind(now).execute(&mut *tx).await?;
            }
            jobs
        });
        jobs.sort_by_key(|job| (job.run_at, job.id));
        Ok(jobs)
    }

    /// Says that this host is still at work on these attempts, and returns the jobs that are still
    /// its own.
    pub async fn keep_jobs(&self, clock: &Clock, host: HostId, attempts: &[(JobId, i64)]) -> Result<Vec<JobId>> {
        let (now, mut kept) = (clock.now(), Vec::with_capacity(attempts.len()));
        write_tx!(self, tx => {
            for (id, attempt) in attempts {
                let mine = sqlx::query(
                    "UPDATE jobs SET locked_at = $4 WHERE id = $1 AND status = 'running' AND locked_by = $2 AND attempt = $3",
                ).bind(id).bind(host).bind(attempt).bind(now).execute(&mut *tx).await?.rows_affected() == 1;
                if mine {
                    kept.push(*id);
                }
            }
        });
        Ok(kept)
    }

    /// Records how a run ended. False when the lease had passed to somebody else; then nothing is
    /// written.
    pub async fn end_run(&self, clock: &Clock, job: &Job, host: HostId, end: &RunEnd) -> Result<bool> {
        let (now, written) = (clock.now(), end.written(job));
        let finished = (written.status != JobStatus::Queued).then_some(now);
        let failed = i64::from(written.error.is_some());
        // Only a run for its slot says whether the job works.
        let (well, given_up) = (matches!(end, RunEnd::Done { .. }), matches!(end, RunEnd::Dead { .. }));
        write_tx!(self, tx => {
            let mine = sqlx::query(
                "UPDATE jobs SET status = $4, run_at = $5, slot = $6, last_error = COALESCE($7, last_error),
                 retry_count = CASE WHEN $8 THEN 0 ELSE retry_count + $9 END,
                 failures = CASE WHEN $10 THEN 0 WHEN $11 THEN failures + 1 ELSE failures END,
                 paused_at = CASE WHEN $12 THEN $13 ELSE paused_at END,
                 finished_at = $14, locked_by = NULL, locked_at = NULL
                 WHERE id = $1 AND status = 'running' AND locked_by = $2 AND attempt = $3",
            ).bind(job.id).bind(host).bind(job.attempt).bind(written.status).bind(written.run_at).bind(written.slot)
             .bind(written.error).bind(written.fresh).bind(failed).bind(well).bind(given_up).bind(written.pause)
             .bind(now).bind(finished).execute(&mut *tx).await?.rows_affected() == 1;
            if !mine {
                return Ok(false);
            }
            cancel_of_removed!(tx, job.id, now);
            sqlx::query(
                "UPDATE job_runs SET status = $3, note = $4, error = $5, finished_at = $6 WHERE job_id = $1 AND attempt = $2",
            ).bind(job.id).bind(job.attempt).bind(written.run).bind(written.note).bind(written.error).bind(now)
             .execute(&mut *tx).await?;
        });
        Ok(true)
    }

    /// Queues again the running jobs of a host that is about to go. They did not fail, so their runs
    /// are not on record.
    pub async fn hand_back_jobs(&self, host: HostId) -> Result<u64> {
        let back = write_tx!(self, tx => {
            sqlx::query(
                "DELETE FROM job_runs WHERE status = 'running' AND host_id = $1 AND EXISTS (SELECT 1 FROM jobs j
                    WHERE j.id = job_runs.job_id AND j.attempt = job_runs.attempt AND j.status = 'running' AND j.locked_by = $1)",
            ).bind(host).execute(&mut *tx).await?;
            sqlx::query(
                "UPDATE jobs SET status = 'queued', locked_by = NULL, locked_at = NULL
                 WHERE status = 'running' AND locked_by = $1",
            ).bind(host).execute(&mut *tx).await?.rows_affected()
        });
        Ok(back)
    }

    /// Takes back the running jobs of a host that is gone, or that nobody has kept since `before`. The
    /// attempt counts as a failed one. A job that has used up its attempts is queued too: whoever
    /// knows its kind gives it up, see [`Job::used_up`].
    pub async fn recover_jobs(&self, clock: &Clock, host: Option<HostId>, before: DateTime<Utc>) -> Result<u64> {
        let now = clock.now();
        let recovered = write_tx!(self, tx => {
            let lost: Vec<(JobId, i64)> = sqlx::query_as(
                "UPDATE jobs SET status = 'queued', locked_by = NULL, locked_at = NULL, retry_count = retry_count + 1,
                 last_error = 'the host ended during it'
                 WHERE status = 'running' AND (locked_by = $1 OR locked_at < $2) RETURNING id, attempt",
            ).bind(host).bind(before).fetch_all(&mut *tx).await?;
            for (id, attempt) in &lost {
                sqlx::query(
                    "UPDATE job_runs SET status = 'failed', error = 'the host ended during it', finished_at = $3
                     WHERE job_id = $1 AND attempt = $2",
                ).bind(id).bind(attempt).bind(now).execute(&mut *tx).await?;
            }
            lost.len() as u64
        });
        Ok(recovered)
    }

    /// When the next job of a known kind is due.
    pub async fn next_job_at(&self, kinds: &[&str]) -> Result<Option<DateTime<Utc>>> {
        let kinds = Json(json!(kinds));
        let row: Option<(DateTime<Utc>,)> = match self {
            Self::Sqlite(pool, _) => {
                sqlx::query_as(
                    "SELECT run_at FROM jobs WHERE status = 'queued' AND paused_at IS NULL
                 AND type IN (SELECT value FROM json_each($1)) ORDER BY run_at LIMIT 1",
                )
                .bind(kinds)
                .fetch_optional(pool)
                .await?
            }
            Self::Postgres(pool) => {
                sqlx::query_as(
                    "SELECT run_at FROM jobs WHERE status = 'queued' AND paused_at IS NULL
                 AND type = ANY (ARRAY (SELECT jsonb_array_elements_text($1))) ORDER BY run_at LIMIT 1",
                )
                .bind(kinds)
                .fetch_optional(pool)
                .await?
            }
        };
        Ok(row.map(|(at,)| at))
    }
}
