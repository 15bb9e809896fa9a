//! Due jobs → leases → workers. A job is leased from the database under this host's id, kept while
//! it runs, retried with growing pauses, and dead with a log line when its attempts are used up.
//! Work made in this process starts at once; the sweep finds everything else.

mod jobs;

use chrono::{DateTime, Duration, Utc};
use rand::Rng;
use std::sync::Arc;
use tokio::{sync::Notify, task::JoinSet};
use tokio_util::sync::CancellationToken;

use crate::{
    clock::Clock,
    config,
    gateway::Gateway,
    ids::HostId,
    memory::Memory,
    store::{Db, Job, StoreError},
};

/// After how long of silence a host's jobs are taken over.
const LEASE: Duration = Duration::minutes(5);

/// Longest run of one attempt; after it the job has failed.
const LONGEST_RUN: Duration = Duration::minutes(10);

/// Pause before the first retry; it doubles with every further one, up to the longest.
const FIRST_PAUSE_S: i64 = 5;
const LONGEST_PAUSE_S: i64 = 3_600;

/// What jobs work with.
pub struct Parts {
    pub db: Db,
    pub clock: Clock,
    pub memory: Memory,
    pub gateway: Arc<Gateway>,
    pub summaries: config::Summaries,
    pub host: HostId,
}

pub struct Scheduler {
    parts: Arc<Parts>,
    settings: config::Scheduler,
    wake: Arc<Notify>,
}

impl Scheduler {
    /// `wake` is told when this process has made a job.
    pub fn new(parts: Parts, settings: config::Scheduler, wake: Arc<Notify>) -> Self {
        Self { parts: Arc::new(parts), settings, wake }
    }

    /// Runs jobs until told to stop; then lets those in flight end for `grace` and hands back the
    /// rest.
    pub async fn run(self, stop: CancellationToken, grace: std::time::Duration) {
        let mut running = JoinSet::new();
        while !stop.is_cancelled() {
            self.sweep(!running.is_empty()).await;
            self.lease(&mut running).await;
            // With no worker free, the next thing to happen is that one becomes free.
            let full = running.len() >= self.settings.workers;
            let pause = if full { std::time::Duration::from_secs(self.settings.sweep_s) } else { self.pause().await };
            tokio::select! {
                () = stop.cancelled() => {}
                () = self.wake.notified() => {}
                _ = running.join_next(), if !running.is_empty() => {}
                () = tokio::time::sleep(pause) => {}
            }
        }
        let ended = async { while running.join_next().await.is_some() {} };
        let _ = tokio::time::timeout(grace, ended).await;
        running.shutdown().await;
        if let Err(error) = self.parts.db.hand_back_jobs(self.parts.host).await {
            tracing::error!(error = &error as &dyn std::error::Error, "jobs could not be handed back");
        }
    }

    async fn lease(&self, running: &mut JoinSet<()>) {
        while running.len() < self.settings.workers {
            match self.parts.db.lease_job(&self.parts.clock, self.parts.host).await {
                Ok(Some(job)) => {
                    let parts = self.parts.clone();
                    running.spawn(async move { run_job(&parts, job).await });
                }
                Ok(None) => return,
                Err(error) => {
                    tracing::error!(error = &error as &dyn std::error::Error, "no job could be leased");
                    return;
                }
            }
        }
    }

    /// Until the next job is due, but no longer than the sweep.
    async fn pause(&self) -> std::time::Duration {
        let sweep = std::time::Duration::from_secs(self.settings.sweep_s);
        match self.parts.db.next_job_at().await {
            Ok(Some(at)) => {
                let due = (at - self.parts.clock.now()).to_std().unwrap_or_default();
                due.clamp(std::time::Duration::from_millis(50), sweep)
            }
            _ => sweep,
        }
    }

    /// Takes back what hosts that are gone left running, and forgets sessions that have expired.
    async fn sweep(&self, at_work: bool) {
        let Parts { db, clock, host, .. } = &*self.parts;
        let now = clock.now();
        let kept = if at_work { db.keep_jobs(clock, *host, now - LONGEST_RUN).await } else { Ok(()) };
        let expired = db.recover_jobs(clock, None, now - LEASE).await.map(drop);
        let sessions = db.sweep_sessions(now).await.map(drop);
        for result in [kept, expired, sessions] {
            if let Err(error) = result {
                tracing::error!(error = &error as &dyn std::error::Error, "the sweep failed");
            }
        }
    }
}

#[tracing::instrument(name = "scheduler.job", skip_all, fields(job_id = %job.id, kind = job.kind, trace_id = tracing::field::Empty))]
async fn run_job(parts: &Parts, job: Job) {
    // What is done for a turn is found by the turn's trace id.
    if let Some(turn) = job.payload.0["turn"].as_str() {
        tracing::Span::current().record("trace_id", turn);
    }
    let longest = LONGEST_RUN.to_std().unwrap_or_default();
    let result = match tokio::time::timeout(longest, jobs::run(parts, &job)).await {
        Ok(result) => result,
        Err(_) => Err(anyhow::anyhow!("it took longer than {} s", longest.as_secs())),
    };
    let ended: Result<bool, StoreError> = match &result {
        Ok(()) => parts.db.complete_job(&parts.clock, &job, parts.host).await,
        Err(error) => {
            let retry_at = retry_at(&job, parts.clock.now());
            if retry_at.is_some() {
                tracing::warn!(error = format!("{error:#}"), ?retry_at, "a job failed and will be retried");
            } else {
                tracing::error!(error = format!("{error:#}"), "a job is dead: its attempts are used up");
            }
            parts.db.fail_job(&parts.clock, &job, parts.host, &format!("{error:#}"), retry_at).await
        }
    };
    metrics::counter!("skillet_jobs_total", "kind" => job.kind.clone(), "status" => if result.is_ok() { "done" } else { "failed" })
        .increment(1);
    match ended {
        Ok(true) => {}
        Ok(false) => tracing::warn!("the job was taken over by another run"),
        Err(error) => tracing::error!(error = &error as &dyn std::error::Error, "the end of a job could not be stored"),
    }
}

/// When a job that has just failed is tried again: later each time, spread by a quarter.
fn retry_at(job: &Job, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    if job.retry_count >= job.max_retries {
        return None;
    }
    let doublings = u32::try_from(job.retry_count).unwrap_or(u32::MAX).min(16);
    let pause_ms = (FIRST_PAUSE_S << doublings).min(LONGEST_PAUSE_S) * 1_000;
    Some(now + Duration::milliseconds(pause_ms + rand::rng().random_range(0..=pause_ms / 4)))
}
