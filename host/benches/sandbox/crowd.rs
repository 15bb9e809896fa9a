//! Many calls at once: throughput, and the memory of each that is alive.

use anyhow::{Context, Result, bail, ensure};
use skillet::{
    config,
    skills::{FailureKind, ProgressSink},
    store::Db,
};
use std::{
    process::Command,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::{Duration, Instant},
};
use tokio::task::JoinSet;

use crate::{
    ground::{Ground, answered, call, request},
    guests::{COMPUTE, Skill, WAIT},
    table::{Bound, Measured, Table, count, heading, millis},
};

/// The argument by which this program becomes the one whose memory is measured.
pub const ALIVE: &str = "--alive";

const FEW: usize = 2;
const MANY: u32 = 1_000;

/// One run at a width; each width has two, in turn.
const RUN: Duration = Duration::from_secs(2);

/// Longest wait for what must happen.
const PATIENCE: Duration = Duration::from_mins(1);

/// A skill that may take every place.
fn crowded<'a>(name: &'a str, work: &'a str) -> Skill<'a> {
    Skill { manifest: "[limits]\nconcurrency = 1000\n", ..Skill::new(name, work) }
}

fn roomy(settings: &mut config::Skills) {
    settings.max_calls = MANY;
    settings.max_queue = 2 * MANY as usize;
    settings.queue_timeout_s = 60;
}

/// Calls in a second with so many in flight.
pub async fn throughput(table: &mut Table) -> Result<()> {
    heading("Many in flight");
    let ground = Ground::open("crowd", roomy).await?;
    ground.install(&crowded("compute", COMPUTE).component()?).await?;
    ground.install(&crowded("echo", "").component()?).await?;
    // What a whole call does besides is the database's; the target is about the sandbox.
    for (skill, about, judged) in [("compute", "calls that compute", true), ("echo", "whole calls of an echo", false)] {
        let mut rates = [0.0; 2];
        let mut done = [0; 2];
        for _ in 0..2 {
            for (at, width) in [FEW, MANY as usize].into_iter().enumerate() {
                let (calls, took) = flood(&ground, skill, width).await?;
                rates[at] += count(calls) / took.as_secs_f64() / 2.0;
                done[at] += calls;
            }
        }
        let [few, many] = [FEW, MANY as usize].map(|width| format!("{about}, {width} in flight"));
        table.value(&few, Measured(rates[0], "1/s"), done[0]);
        table.value(&many, Measured(rates[1], "1/s"), done[1]);
        let ratio = rates[1] / rates[0];
        table.ratio(&format!("{many} / {FEW} in flight"), ratio, done[1], &few);
        if judged {
            let what = format!("throughput, {MANY} in flight over {FEW}");
            table.target("5", &what, Measured(ratio, "x"), Bound::AtLeast(0.9));
        }
    }
    Ok(())
}

/// How many calls come to their end when so many are made again and again, and how long that was.
async fn flood(ground: &Ground, skill: &'static str, width: usize) -> Result<(usize, Duration)> {
    let began = Instant::now();
    let mut callers = JoinSet::new();
    for _ in 0..width {
        let (skills, caller) = (ground.skills.clone(), ground.caller.clone());
        callers.spawn(async move {
            let mut calls = 0;
            while began.elapsed() < RUN {
                answered(call(&skills, &caller, skill).await?)?;
                calls += 1;
            }
            anyhow::Ok(calls)
        });
    }
    let mut calls = 0;
    while let Some(caller) = callers.join_next().await {
        calls += caller??;
    }
    Ok((calls, began.elapsed()))
}

/// The memory of a guest that is alive and waits in a call of the host, in a process of its own, where nothing that
/// was freed before is used again; and how fast all of them are stopped.
pub fn memory(table: &mut Table) -> Result<()> {
    heading("Alive");
    let ran = Command::new(std::env::current_exe()?).args([ALIVE, "--bench"]).output()?;
    ensure!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    let [kib, stop_ms]: [f64; 2] = serde_json::from_slice(&ran.stdout).context("its figures cannot be read")?;
    table.value("resident memory of a guest that waits in the host", Measured(kib, "KiB"), MANY as usize);
    table.value(&format!("{MANY} waiting guests stopped by their owner"), Measured(stop_ms, "ms"), MANY as usize);
    table.target("6", "memory of a live idle instance", Measured(kib, "KiB"), Bound::AtMost(64.0));
    Ok(())
}

/// Prints KiB for each guest, and the milliseconds until all were stopped.
pub async fn alive() -> Result<()> {
    let memory = Db::scratch().await?;
    let ground = Ground::remembering("alive", Some(memory.clone()), roomy).await?;
    let manifest = "timeout_s = 30.0\n[capabilities]\nmemory = [\"read\"]\n[limits]\nconcurrency = 1000";
    let digest = ground.install(&Skill { manifest, ..crowded("waiting", WAIT) }.component()?).await?;
    ground.install(&crowded("echo", "").component()?).await?;
    // The database's connections and their buffers are there before.
    flood(&ground, "echo", 32).await?;
    // Whoever holds the only connection lets everybody else wait.
    let Db::Sqlite(connections, _) = &memory else { bail!("memory is not in SQLite") };
    let held = connections.acquire().await?;

    let before = resident_kib()?;
    let waiting = Arc::new(AtomicU32::new(0));
    let mut calls = JoinSet::new();
    for _ in 0..MANY {
        let waiting = waiting.clone();
        let progress: ProgressSink = Arc::new(move |_| {
            waiting.fetch_add(1, Ordering::SeqCst);
        });
        let mut request = request(&ground.caller, "waiting")?;
        request.progress = Some(progress);
        let skills = ground.skills.clone();
        calls.spawn(async move { skills.call(request).await });
    }
    until(|| waiting.load(Ordering::SeqCst) == MANY).await?;
    let kib = (resident_kib()? - before) / f64::from(MANY);
    let began = Instant::now();
    ground.skills.set_status("waiting", "disabled").await?;
    until(|| ground.skills.in_flight(&digest) == 0).await?;
    let Measured(stop_ms, _) = millis(began.elapsed());
    drop(held);
    while let Some(call) = calls.join_next().await {
        let kind = call??.result.err().map(|failure| failure.kind);
        ensure!(kind == Some(FailureKind::Stopped), "a guest that waited ended by {kind:?}");
    }
    println!("{}", serde_json::to_string(&[kib, stop_ms])?);
    Ok(())
}

async fn until(mut there: impl FnMut() -> bool) -> Result<()> {
    let began = Instant::now();
    while !there() {
        ensure!(began.elapsed() < PATIENCE, "it did not happen");
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    Ok(())
}

/// Resident memory of this process.
fn resident_kib() -> Result<f64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("no resident memory is told")?;
    Ok(line.trim().trim_end_matches(" kB").parse()?)
}
