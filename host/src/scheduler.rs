//! Due jobs → leases → workers. A job is leased from the database under this host's id and the number
//! of its attempt, kept by a heartbeat while it runs, and stopped when the heartbeat finds that it
//! is somebody else's. Work made in this process starts at once; the sweep finds everything else.

mod alerts;
mod jobs;
mod missed;
mod note;
mod recipient;
mod run;

pub use jobs::KINDS;
pub use note::note_text;

use chrono::TimeDelta;
use rand::RngExt;
use std::{sync::Arc, time::Duration};
use tokio::{
    task::{AbortHandle, JoinSet},
    time::Instant,
};
use tokio_util::sync::CancellationToken;

use crate::{
    clock::Clock,
    config,
    gateway::Gateway,
    ids::{HostId, JobId},
    memory::Memory,
    settings::Settings,
    skills::Skills,
    store::{Db, logged},
    wake::Wake,
};

/// After how long of silence a host's jobs are taken over.
const LEASE: TimeDelta = TimeDelta::seconds(60);

/// Between two heartbeats while jobs run; three may be lost.
const HEARTBEAT: Duration = Duration::from_secs(15);

/// Between two rounds of forgetting what is old.
const TIDY: Duration = Duration::from_hours(1);

/// How long ended jobs of the host itself, and the keys of Telegram's updates, are kept.
const KEEP_JOBS: TimeDelta = TimeDelta::days(30);
const KEEP_UPDATES: TimeDelta = TimeDelta::days(7);

/// Shortest pause between two looks, for a job that another host is taking.
const SHORTEST_PAUSE: Duration = Duration::from_millis(50);

/// What jobs work with.
pub struct Parts {
    pub db: Db,
    pub clock: Clock,
    pub memory: Memory,
    pub gateway: Arc<Gateway>,
    pub skills: Arc<Skills>,
    pub settings: Settings,
    /// What is kept of turns, and by whom.
    pub keeping: config::Memory,
    /// Days that what has ended is kept.
    pub retention_days: u32,
    /// Rings at `jobs` when this process has made one; rung at `outbox` when a job has said something.
    pub wake: Arc<Wake>,
    pub host: HostId,
}

pub struct Scheduler {
    parts: Arc<Parts>,
    config: config::Scheduler,
}

/// The runs of this process.
#[derive(Default)]
struct Running {
    tasks: JoinSet<()>,
    held: Vec<(JobId, i64, AbortHandle)>,
}

/// When the next round of each kind is.
struct Rounds {
    sweep: Instant,
    tidy: Instant,
    heartbeat: Instant,
}

impl Scheduler {
    pub fn new(parts: Parts, config: config::Scheduler) -> Self {
        Self { parts: Arc::new(parts), config }
    }

    /// Runs jobs until told to stop; then lets those in flight end for `grace` and hands back the
    /// rest.
    pub async fn run(self, stop: CancellationToken, grace: Duration) {
        let mut running = Running::default();
        let now = Instant::now();
        let mut rounds = Rounds { sweep: now, tidy: now, heartbeat: now };
        while !stop.is_cancelled() {
            self.rounds(&mut rounds, &mut running).await;
            self.lease(&mut running).await;
            let until = self.next_look(&rounds, &running).await;
            tokio::select! {
                () = stop.cancelled() => {}
                () = self.parts.wake.jobs.notified() => {}
                _ = running.tasks.join_next(), if !running.tasks.is_empty() => {}
                () = tokio::time::sleep_until(until) => {}
            }
            while running.tasks.try_join_next().is_some() {}
        }
        let ended = async { while running.tasks.join_next().await.is_some() {} };
        let _ = tokio::time::timeout(grace, ended).await;
        running.tasks.shutdown().await;
        logged("jobs could not be handed back", self.parts.db.hand_back_jobs(self.parts.host).await);
    }

    /// Does what is due of the regular rounds.
    async fn rounds(&self, rounds: &mut Rounds, running: &mut Running) {
        let Parts { db, clock, .. } = &*self.parts;
        let (at, now) = (Instant::now(), clock.now());
        if at >= rounds.sweep {
            logged(
                "the jobs of hosts that are gone were not taken back",
                db.recover_jobs(clock, None, now - LEASE).await,
            );
            logged(
                "the calls of hosts that are gone were not ended",
                self.parts.skills.end_left_calls(None, now - LEASE).await,
            );
            logged("expired sessions were not removed", db.sweep_sessions(now).await);
            rounds.sweep = at + self.until_sweep();
        }
        if at >= rounds.tidy {
            logged("old jobs were not removed", db.sweep_jobs(now - KEEP_JOBS).await);
            logged("old updates were not removed", db.sweep_updates(now - KEEP_UPDATES).await);
            logged("old recordings were not removed", db.drop_expired_recordings(clock).await);
            logged("the removal of old rows was not queued", jobs::retention::queue(db, clock).await);
            if self.parts.keeping.fold_nightly
                && let Some(settings) = logged("the settings cannot be read", self.parts.settings.current().await)
            {
                let queued = jobs::fold_memories::queue(db, clock, settings.time_zone).await;
                logged("the folding of memories was not queued", queued);
            }
            rounds.tidy = at + TIDY;
        }
        if at >= rounds.heartbeat && !running.tasks.is_empty() {
            self.keep(running).await;
            rounds.heartbeat = at + HEARTBEAT;
        }
    }

    /// Keeps the leases of what runs, and stops what this host does not hold any more.
    async fn keep(&self, running: &mut Running) {
        running.held.retain(|(_, _, task)| !task.is_finished());
        let attempts: Vec<(JobId, i64)> = running.held.iter().map(|(id, attempt, _)| (*id, *attempt)).collect();
        let Parts { db, clock, host, .. } = &*self.parts;
        let Some(kept) = logged("leases could not be kept", db.keep_jobs(clock, *host, &attempts).await) else {
            return;
        };
        for (id, _, task) in running.held.iter().filter(|(id, ..)| !kept.contains(id)) {
            // What has just ended is not kept either.
            if !task.is_finished() {
                tracing::warn!(job_id = %id, "a job was taken over by another host and is stopped here");
                task.abort();
            }
        }
    }

    async fn lease(&self, running: &mut Running) {
        let Parts { db, clock, host, .. } = &*self.parts;
        let free = self.config.workers.saturating_sub(running.tasks.len());
        if free == 0 {
            return;
        }
        let leased = db.lease_jobs(clock, *host, &KINDS, free).await;
        for job in logged("no job could be leased", leased).unwrap_or_default() {
            let (id, attempt, parts) = (job.id, job.attempt, self.parts.clone());
            let task = running.tasks.spawn(async move { run::run(&parts, job).await });
            running.held.retain(|(_, _, task)| !task.is_finished());
            running.held.push((id, attempt, task));
        }
    }

    /// When to look again if nothing else happens: at the next round, or when a job is due that there
    /// is a worker for.
    async fn next_look(&self, rounds: &Rounds, running: &Running) -> Instant {
        let until = if running.tasks.is_empty() { rounds.sweep } else { rounds.sweep.min(rounds.heartbeat) };
        // With no worker free, the next thing to happen is that one becomes free.
        if running.tasks.len() >= self.config.workers {
            return until;
        }
        match self.parts.db.next_job_at(&KINDS).await {
            Ok(Some(at)) => {
                let due = (at - self.parts.clock.now()).to_std().unwrap_or_default();
                until.min(Instant::now() + due.max(SHORTEST_PAUSE))
            }
            _ => until,
        }
    }

    /// Until the next sweep, spread by a fifth so that hosts do not sweep together.
    fn until_sweep(&self) -> Duration {
        Duration::from_secs(self.config.sweep_s).mul_f64(rand::rng().random_range(0.8..=1.2))
    }
}
