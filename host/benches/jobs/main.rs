//! What a job costs: put in, run by the real scheduler, and picked up when nothing else is going on;
//! on SQLite and on a Postgres of its own with its usual durability. Prints a table and writes
//! `target/bench/jobs.json`.

mod postgres;

use anyhow::{Context, Result};
use futures_util::future::try_join_all;
use secrecy::SecretString;
use serde_json::json;
use skillet::{
    clock::Clock,
    config::{self, Config},
    gateway::Gateway,
    ids::{HostId, JobId, OutboxId},
    memory::Memory,
    scheduler::{KINDS, Parts, Scheduler},
    settings::Settings,
    skills::{Services, Skills},
    store::{Db, NewJob},
    wake::Wake,
};
use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// Jobs put in and drained at each width.
const JOBS: usize = 2_000;

/// Lone jobs whose way to a worker is timed.
const LONE: usize = 300;

/// Clients that put in, and workers that drain, at the same time.
const WIDTHS: [usize; 3] = [1, 8, 24];

/// Longest drain that is waited for.
const PATIENCE: Duration = Duration::from_mins(5);

struct Row {
    name: String,
    unit: &'static str,
    value: f64,
    /// Medians and tails of what has them.
    percentiles: Option<(f64, f64)>,
    n: usize,
}

fn main() -> Result<()> {
    // A test run builds this too, and has nothing to measure.
    if !std::env::args().any(|argument| argument == "--bench") {
        return Ok(());
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(run())
}

async fn run() -> Result<()> {
    let folder = Folder::new()?;
    let mut rows = engine("SQLite", "", &folder.0).await?;
    match postgres::start(&folder.0)? {
        Some(server) => rows.extend(engine("Postgres", &server.url, &folder.0).await?),
        None => println!("*** SKIPPED jobs on Postgres: no Postgres on this machine. ***"),
    }
    report(&rows)
}

async fn engine(name: &str, url: &str, folder: &Path) -> Result<Vec<Row>> {
    let bench = Bench::open(url, folder).await?;
    let mut rows = Vec::new();
    for width in WIDTHS {
        let (put_in, drained) = bench.throughput(width).await?;
        rows.push(rate(format!("{name}: enqueue one by one, {width} clients"), put_in));
        rows.push(rate(format!("{name}: drain by the scheduler, {width} workers"), drained));
    }
    let mut waits = bench.latency().await?;
    waits.sort_unstable();
    let at = |share: f64| {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            clippy::cast_precision_loss,
            reason = "an index"
        )]
        let index = ((waits.len() - 1) as f64 * share) as usize;
        waits[index].as_secs_f64() * 1_000.0
    };
    let (p50, p99) = (at(0.5), at(0.99));
    let name = format!("{name}: a lone job from the call to its lease");
    rows.push(Row { name, unit: "ms", value: p50, percentiles: Some((p50, p99)), n: waits.len() });
    bench.db.close().await;
    Ok(rows)
}

fn rate(name: String, took: Duration) -> Row {
    #[expect(clippy::cast_precision_loss, reason = "a few thousand")]
    let value = JOBS as f64 / took.as_secs_f64();
    Row { name, unit: "1/s", value, percentiles: None, n: JOBS }
}

/// One database and what a scheduler needs beside it.
struct Bench {
    db: Db,
    clock: Clock,
    config: Config,
    wake: Arc<Wake>,
    skills: Arc<Skills>,
    settings: Settings,
    memory: Memory,
    gateway: Arc<Gateway>,
}

impl Bench {
    async fn open(url: &str, folder: &Path) -> Result<Self> {
        let config = Config::load(None, Some(folder.to_owned()))?;
        let (clock, wake) = (Clock::System, Arc::new(Wake::default()));
        let db = Db::open(&SecretString::from(url), folder, 32).await?;
        let memory = Memory::new(db.clone(), clock.clone());
        let settings = Settings::new(db.clone(), clock.clone(), &config);
        let services = Services {
            db: db.clone(),
            clock: clock.clone(),
            memory: memory.clone(),
            settings: settings.clone(),
            gateway: None,
            wake: wake.clone(),
            host: HostId::new(&clock),
        };
        let program = std::env::current_exe()?;
        let skills = Arc::new(Skills::new(config.skills.clone(), services, program, folder)?);
        let gateway = Arc::new(Gateway::new(db.clone(), clock.clone(), settings.clone(), &config.gateway)?);
        Ok(Self { db, clock, config, wake, skills, settings, memory, gateway })
    }

    fn scheduler(&self, workers: usize) -> Scheduler {
        let parts = Parts {
            db: self.db.clone(),
            clock: self.clock.clone(),
            memory: self.memory.clone(),
            gateway: self.gateway.clone(),
            skills: self.skills.clone(),
            settings: self.settings.clone(),
            keeping: config::Memory { fold_nightly: false, ..self.config.memory.clone() },
            retention_days: 90,
            wake: self.wake.clone(),
            host: HostId::new(&self.clock),
        };
        let mut config = self.config.scheduler.clone();
        config.workers = workers;
        Scheduler::new(parts, config)
    }

    /// Puts in a job that is due and does one statement.
    async fn put_in(&self) -> Result<JobId> {
        let payload = json!({ "outbox": OutboxId::new(&self.clock) });
        let job = NewJob { payload, ..NewJob::once("retry_send", self.clock.now(), "a benchmark") };
        Ok(self.db.queue_job(&self.clock, &job).await?.0)
    }

    /// How long it takes to put the jobs in by so many clients, and to drain them by so many workers.
    async fn throughput(&self, width: usize) -> Result<(Duration, Duration)> {
        let client = async || -> Result<()> {
            for _ in 0..JOBS / width {
                self.put_in().await?;
            }
            Ok(())
        };
        let began = Instant::now();
        try_join_all((0..width).map(|_| client())).await?;
        let put_in = began.elapsed();
        for _ in 0..JOBS % width {
            self.put_in().await?;
        }
        let stop = CancellationToken::new();
        let began = Instant::now();
        let mut running = JoinSet::new();
        running.spawn(self.scheduler(width).run(stop.clone(), Duration::from_secs(5)));
        while self.db.next_job_at(&KINDS).await?.is_some() {
            anyhow::ensure!(began.elapsed() < PATIENCE, "the jobs were not drained");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        stop.cancel();
        running.join_all().await;
        Ok((put_in, began.elapsed()))
    }

    /// From the call that makes a job until a host has it, again and again with nothing else to do.
    async fn latency(&self) -> Result<Vec<Duration>> {
        let stop = CancellationToken::new();
        let mut running = JoinSet::new();
        running.spawn(self.scheduler(2).run(stop.clone(), Duration::from_secs(5)));
        let mut waits = Vec::with_capacity(LONE);
        for _ in 0..LONE {
            tokio::time::sleep(Duration::from_millis(10)).await;
            let began = self.clock.now();
            let id = self.put_in().await?;
            self.wake.jobs.notify_one();
            let started = loop {
                match self.db.job_runs(id).await?.first() {
                    Some(run) => break run.started_at,
                    None => tokio::time::sleep(Duration::from_millis(2)).await,
                }
            };
            waits.push((started - began).to_std().context("a job began before it was made")?);
        }
        stop.cancel();
        running.join_all().await;
        Ok(waits)
    }
}

fn report(rows: &[Row]) -> Result<()> {
    println!("{:<52} {:>10} {:>5} {:>8} {:>8} {:>6}", "", "value", "", "p50", "p99", "n");
    let mut entries = Vec::new();
    for Row { name, unit, value, percentiles, n } in rows {
        let shown = |value: Option<f64>| value.map(|value| format!("{value:.1}")).unwrap_or_default();
        let (p50, p99) = percentiles.unzip();
        println!("{name:<52} {value:>10.1} {unit:>5} {:>8} {:>8} {n:>6}", shown(p50), shown(p99));
        entries.push(
            json!({ "name": name, "value": value, "unit": unit, "p50": p50, "p99": p99, "n": n, "versus": null }),
        );
    }
    let out = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/bench");
    std::fs::create_dir_all(&out)?;
    std::fs::write(out.join("jobs.json"), serde_json::to_string_pretty(&entries)?)?;
    Ok(())
}

/// A folder that goes when the run ends.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Result<Self> {
        let dir = std::env::temp_dir().join(format!("skillet-bench-jobs-{}", std::process::id()));
        std::fs::create_dir_all(&dir)?;
        Ok(Self(dir))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
