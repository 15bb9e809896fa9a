//! Telegram, by long polling. What comes in is kept before it is acknowledged and worked on once;
//! what goes out is a row before it is sent. One host at a time does this, under a lease.

mod api;
mod buttons;
mod commands;
mod follow;
mod inbox;
mod incoming;
mod lanes;
mod link;
mod media;
mod outbox;
mod pairing;
mod poll;
mod render;
mod sending;
mod state;
mod words;

pub use link::{Who, approve, deny};
pub use state::{Connection, State};

use chrono::TimeDelta;
use rand::RngExt;
use std::{sync::Arc, time::Duration};
use teloxide_core::types::Me;
use tokio::sync::Semaphore;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use self::{api::Api, state::Reporter};
use crate::{
    agent::Agent,
    clock::Clock,
    config,
    ids::HostId,
    settings::Settings,
    skills::Skills,
    store::{Db, logged},
    wake::Wake,
};

/// Name of the lease of whoever polls the bot.
pub const LEASE: &str = "telegram";

/// How long a lease holds, and how often it is held on to.
const LEASE_FOR: TimeDelta = TimeDelta::seconds(30);
const KEEP_EVERY: Duration = Duration::from_secs(10);

/// Messages with files that are worked on at the same time: each is held in memory whole.
const WITH_FILES: usize = 3;

/// Longest pause after failures; a stall heals within it.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// What Telegram works with.
pub struct Parts {
    pub db: Db,
    pub clock: Clock,
    pub agent: Arc<Agent>,
    pub skills: Arc<Skills>,
    pub settings: Settings,
    pub config: config::Telegram,
    pub wake: Arc<Wake>,
    pub host: HostId,
}

/// The work of one holder of the lease.
struct Session {
    parts: Arc<Parts>,
    api: Api,
    me: Me,
    /// Number of the lease; the fence of every batch.
    number: i64,
    reporter: Reporter,
    senders: outbox::Senders,
    /// Room for messages with files.
    files: Semaphore,
    stop: CancellationToken,
    tasks: TaskTracker,
}

/// Takes the lease, works until it is lost, and tries again; until told to stop.
pub async fn run(parts: Parts, stop: CancellationToken, grace: Duration) {
    let parts = Arc::new(parts);
    let poll = Duration::from_secs(parts.config.poll_timeout_s);
    let api = match Api::new(&parts.config.token, &parts.config.api_url, poll) {
        Ok(api) => api,
        Err(error) => {
            tracing::error!(error = format!("{error:#}"), "Telegram cannot be used");
            return;
        }
    };
    while !stop.is_cancelled() {
        let until = parts.clock.now() + LEASE_FOR;
        match parts.db.take_lease(&parts.clock, LEASE, parts.host, until).await {
            Ok(Some(number)) => hold(&parts, &api, number, &stop, grace).await,
            // Another host polls; this one stands by.
            Ok(None) => {}
            Err(error) => tracing::error!(error = &error as &dyn std::error::Error, "the lease could not be taken"),
        }
        pause(&stop, KEEP_EVERY).await;
    }
}

/// Works while the lease is held.
async fn hold(parts: &Arc<Parts>, api: &Api, number: i64, stop: &CancellationToken, grace: Duration) {
    let work = stop.child_token();
    let tasks = TaskTracker::new();
    let mut working = Box::pin(work_under(parts.clone(), api.clone(), number, work.clone(), tasks.clone()));
    let keeping = async {
        loop {
            if !pause(&work, KEEP_EVERY).await {
                return;
            }
            let until = parts.clock.now() + LEASE_FOR;
            match parts.db.keep_lease(LEASE, parts.host, number, until).await {
                Ok(true) => {}
                Ok(false) => {
                    tracing::warn!("another host polls Telegram now; this one stops");
                    return;
                }
                Err(error) => {
                    tracing::error!(error = &error as &dyn std::error::Error, "the lease could not be kept");
                }
            }
        }
    };
    let ended = tokio::select! {
        () = &mut working => true,
        () = keeping => false,
    };
    work.cancel();
    tasks.close();
    // What is being sent is ended, and written down, before somebody else may send.
    let in_flight = async move {
        if !ended {
            working.await;
        }
        tasks.wait().await;
    };
    if tokio::time::timeout(grace, in_flight).await.is_err() {
        tracing::warn!("messages in flight did not end in time");
    }
    if let Err(error) = parts.db.release_lease(&parts.clock, LEASE, parts.host, number).await {
        tracing::error!(error = &error as &dyn std::error::Error, "the lease could not be given up");
    }
}

async fn work_under(parts: Arc<Parts>, api: Api, number: i64, stop: CancellationToken, tasks: TaskTracker) {
    let reporter = Reporter::new(parts.clone(), number);
    reporter.report(State::Starting, "").await;
    let Some(me) = poll::greet(&api, &reporter, &stop).await else { return };
    reporter.is(me.username()).await;
    let recovered = parts.db.recover_outbox().await;
    logged("messages in flight could not be taken back", recovered);
    let (senders, files) = (outbox::Senders::default(), Semaphore::new(WITH_FILES));
    let session = Arc::new(Session { parts, api, me, number, reporter, senders, files, stop, tasks });
    session.tasks.spawn(commands::register(session.clone()));
    follow::resume(&session).await;
    tokio::join!(poll::run(&session), inbox::run(&session), outbox::run(&session));
}

/// Waits, unless told to stop first; then false.
async fn pause(stop: &CancellationToken, time: Duration) -> bool {
    tokio::select! {
        () = stop.cancelled() => false,
        () = tokio::time::sleep(time) => true,
    }
}

/// The pause after a number of failures in a row: doubling, spread by a quarter.
fn backoff(failures: u32) -> Duration {
    let pause = Duration::from_secs(1 << failures.min(5)).min(LONGEST_PAUSE);
    pause.mul_f64(rand::rng().random_range(0.75..1.25))
}
