//! Guests without an end, on two workers: when they are stopped, and what everybody else feels meanwhile.

use anyhow::{Context, Result, ensure};
use skillet::skills::{Case, FailureKind, Rehearsal};
use std::time::{Duration, Instant};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::{
    ground::{Ground, answered, call},
    guests::{INPUT, SPIN, Skill},
    table::{Bound, Table, Times, heading, micros, millis},
};

const LOOPS: usize = 8;

/// The limit of the runaways that are stopped, and how often each is.
const LIMIT: Duration = Duration::from_millis(50);
const TIMES: usize = 25;

/// Short calls that are timed.
const SHORT: usize = 2_000;

/// The sleep whose end is looked at, and how many are slept side by side: a hundredth of them is then more than a few.
const SLEEP: Duration = Duration::from_millis(5);
const SLEEPERS: u32 = 8;

pub async fn measure(table: &mut Table) -> Result<()> {
    heading("Runaways on two workers");
    let ground = Ground::open("runaways", |settings| {
        settings.max_fuel = u64::MAX / 4;
        settings.max_timeout_s = 600;
        // The runaways are meant to fail.
        settings.rollback_percent = 0;
    })
    .await?;
    let limits = |timeout_s: f64| format!("timeout_s = {timeout_s:?}\n[limits]\nfuel = {}", i64::MAX / 2);
    let stopped = limits(LIMIT.as_secs_f64());
    ground.install(&Skill { manifest: &stopped, ..Skill::new("runaway", SPIN) }.component()?).await?;
    let endless = limits(600.0);
    ground.install(&Skill { manifest: &endless, ..Skill::new("endless", SPIN) }.component()?).await?;
    let echo = Skill::new("echo", "").component()?;
    ground.install(&echo).await?;
    let short = ground.skills.rehearsal(&echo).await?;

    let alone = overshoot(&ground, 1).await?;
    let crowded = overshoot(&ground, LOOPS).await?;
    table.millis("past its limit of 50 ms, one runaway", &alone);
    table.millis("past its limit of 50 ms, 8 runaways", &crowded);
    table.value("past its limit of 50 ms, 8 runaways, worst", millis(crowded.max()), crowded.count());
    let what = "a runaway past its limit of 50 ms, 8 of them, worst";
    table.target("7", what, millis(crowded.max()), Bound::AtMost(10.0));

    let [calm_calls, _, calm_timers] = felt(&ground).await?;
    let mut loops = JoinSet::new();
    for _ in 0..LOOPS {
        let (skills, caller) = (ground.skills.clone(), ground.caller.clone());
        loops.spawn(async move { call(&skills, &caller, "endless").await });
    }
    while ground.skills.load().0 < LOOPS {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    let [calls, inside, timers] = felt(&ground).await?;
    let [taken, timers_beside] = taken(&short).await?;
    ground.skills.set_status("endless", "disabled").await?;
    while let Some(ended) = loops.join_next().await {
        ensure!(ended??.outcome.result.is_err(), "a guest without an end came to one");
    }
    table.micros("short whole call, nothing else", &calm_calls);
    table.micros("short whole call, 8 guests loop", &calls);
    table.micros("its part in the sandbox, 8 guests loop", &inside);
    table.micros("short call with its hand-over, without a record, 8 guests loop", &taken);
    table.micros("a timer is late, whole calls only", &calm_timers);
    table.micros("a timer is late, 8 guests loop, whole calls", &timers);
    table.micros("a timer is late, 8 guests loop, short calls without a record", &timers_beside);
    table.target("8", "short calls while 8 guests loop, p50", micros(taken.p50()), Bound::Told);
    table.target("8", "short calls while 8 guests loop, p99", millis(taken.p99()), Bound::AtMost(5.0));
    // What the record in the database takes is its own, loops or not.
    table.target("8", "short whole calls while 8 guests loop, p99", millis(calls.p99()), Bound::Told);
    table.target("8", "short whole calls while nothing loops, p99", millis(calm_calls.p99()), Bound::Told);
    table.target("9", "a timer is late while 8 guests loop, p50", micros(timers_beside.p50()), Bound::Told);
    table.target("9", "a timer is late while 8 guests loop, p99", millis(timers_beside.p99()), Bound::AtMost(3.0));
    table.target("9", "the same beside whole calls, p99", millis(timers.p99()), Bound::Told);
    Ok(())
}

/// Short calls from their request to their end, with the wait for a thread of the guests; and how late a timer of the
/// host is meanwhile.
async fn taken(short: &Rehearsal) -> Result<[Times; 2]> {
    let timers = Timers::start();
    let case = Case::of(serde_json::from_str(INPUT)?);
    let runs = short.repeat(&case, SHORT).await?;
    let taken = runs.iter().map(|run| Duration::from_secs_f64((run.handed_over_ms + run.duration_ms) / 1e3)).collect();
    Ok([Times::new(taken), timers.late().await])
}

/// Sleeps side by side, each again and again.
struct Timers {
    sleepers: JoinSet<Vec<Duration>>,
    enough: CancellationToken,
}

impl Timers {
    fn start() -> Self {
        let (mut sleepers, enough) = (JoinSet::new(), CancellationToken::new());
        for nth in 0..SLEEPERS {
            let enough = enough.clone();
            sleepers.spawn(async move {
                let mut late = Vec::new();
                // Not all at the same moment.
                tokio::time::sleep(SLEEP * nth / SLEEPERS).await;
                while !enough.is_cancelled() {
                    let began = Instant::now();
                    tokio::time::sleep(SLEEP).await;
                    late.push(began.elapsed().saturating_sub(SLEEP));
                }
                late
            });
        }
        Self { sleepers, enough }
    }

    async fn late(self) -> Times {
        self.enough.cancel();
        Times::new(self.sleepers.join_all().await.concat())
    }
}

/// How long past their limit so many runaways at once are stopped, by the sandbox's own clock.
async fn overshoot(ground: &Ground, at_once: usize) -> Result<Times> {
    let mut runaways = JoinSet::new();
    for _ in 0..at_once {
        let (skills, caller) = (ground.skills.clone(), ground.caller.clone());
        runaways.spawn(async move {
            let mut past = Vec::with_capacity(TIMES);
            for _ in 0..TIMES {
                let run = call(&skills, &caller, "runaway").await?;
                let kind = run.outcome.result.as_ref().err().map(|failure| failure.kind);
                ensure!(kind == Some(FailureKind::Timeout), "a runaway ended by {kind:?}");
                past.push(run.sandbox().saturating_sub(LIMIT));
            }
            Ok(past)
        });
    }
    let mut past = Vec::new();
    while let Some(runaway) = runaways.join_next().await {
        past.extend(runaway??);
    }
    Ok(Times::new(past))
}

/// Short calls one after the other, each handed to the workers from outside, and their parts in the sandbox; and how
/// late a timer of the workers is meanwhile.
async fn felt(ground: &Ground) -> Result<[Times; 3]> {
    let timers = Timers::start();
    let mut calls = JoinSet::new();
    let (mut took, mut inside) = (Vec::with_capacity(SHORT), Vec::with_capacity(SHORT));
    for _ in 0..SHORT {
        let (skills, caller) = (ground.skills.clone(), ground.caller.clone());
        let began = Instant::now();
        calls.spawn(async move { call(&skills, &caller, "echo").await });
        let ended = answered(calls.join_next().await.context("a call was lost")???)?;
        took.push(began.elapsed());
        inside.push(ended.sandbox());
    }
    Ok([Times::new(took), Times::new(inside), timers.late().await])
}
