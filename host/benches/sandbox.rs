//! What a skill's call costs: the product's, cold and warm, beside a bare wasmtime call of the same
//! component, measured in one run. Prints a table and writes `target/bench/sandbox.json`.

use anyhow::{Context, Result};
use serde_json::{Value, json};
use skillet::{
    clock::Clock,
    config::Config,
    memory::Memory,
    settings::Settings,
    skills::{Caller, Origin, Outcome, Request, Services, Skills},
    store::Db,
};
use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant},
};
use wasmtime::{
    Config as EngineConfig, Engine, InstanceAllocationStrategy, PoolingAllocationConfig, Store,
    component::{Component, ComponentType, InstancePre, Lift, Linker, Lower},
};

const WARM: usize = 5_000;
const COLD: usize = 50;

#[derive(Clone, ComponentType, Lower)]
#[component(record)]
struct Call {
    id: String,
    attempt: u32,
    input: String,
    locale: String,
    #[component(name = "time-zone")]
    time_zone: String,
    #[component(name = "deadline-ms")]
    deadline_ms: u64,
}

#[derive(ComponentType, Lift)]
#[component(variant)]
#[expect(dead_code, reason = "the bare call only looks at success")]
enum Failure {
    #[component(name = "invalid-input")]
    InvalidInput(String),
    #[component(name = "unavailable")]
    Unavailable(String),
    #[component(name = "denied")]
    Denied(String),
    #[component(name = "failed")]
    Failed(String),
}

struct Row {
    name: &'static str,
    /// Sorted, in nanoseconds.
    samples: Vec<u64>,
}

impl Row {
    fn new(name: &'static str, mut samples: Vec<u64>) -> Self {
        samples.sort_unstable();
        Self { name, samples }
    }

    fn at(&self, share: f64) -> f64 {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            clippy::cast_precision_loss,
            reason = "an index"
        )]
        let index = ((self.samples.len() - 1) as f64 * share) as usize;
        #[expect(clippy::cast_precision_loss, reason = "nanoseconds of a call")]
        let micros = self.samples[index] as f64 / 1_000.0;
        micros
    }
}

fn main() -> Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(run())
}

async fn run() -> Result<()> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let file = root.join("target/components/calculator.wasm");
    let component = std::fs::read(&file).with_context(|| format!("{}: run `make plugins`", file.display()))?;
    let program = root.join("target/release/skillet");
    let input = json!({ "expression": "(17.5% of 2,340) * 3" });

    let rows = [bare(&component, &input).await?, warm_and_cold(&component, &input, &program).await?]
        .into_iter()
        .flatten()
        .collect::<Vec<_>>();
    report(&root, &rows)
}

/// A fresh store and instance per call with fuel, epochs and a pool, and nothing else.
async fn bare(component: &[u8], input: &Value) -> Result<Vec<Row>> {
    let mut pool = PoolingAllocationConfig::new();
    pool.linear_memory_keep_resident(64 << 10).table_keep_resident(64 << 10);
    let mut config = EngineConfig::new();
    config
        .consume_fuel(true)
        .epoch_interruption(true)
        .concurrency_support(false)
        .allocation_strategy(InstanceAllocationStrategy::Pooling(pool));
    let engine = Engine::new(&config).map_err(|error| anyhow::anyhow!("{error:#}"))?;
    let component = Component::new(&engine, component).map_err(|error| anyhow::anyhow!("{error:#}"))?;
    let mut linker = Linker::<()>::new(&engine);
    linker.define_unknown_imports_as_traps(&component).map_err(|error| anyhow::anyhow!("{error:#}"))?;
    let pre = linker.instantiate_pre(&component).map_err(|error| anyhow::anyhow!("{error:#}"))?;
    let mut samples = Vec::with_capacity(WARM);
    for round in 0..WARM + WARM / 10 {
        let began = Instant::now();
        bare_call(&engine, &pre, &component, input).await.map_err(|error| anyhow::anyhow!("{error:#}"))?;
        if round >= WARM / 10 {
            samples.push(nanos(began.elapsed()));
        }
    }
    Ok(vec![Row::new("bare wasmtime call, fresh instance", samples)])
}

async fn bare_call(
    engine: &Engine,
    pre: &InstancePre<()>,
    component: &Component,
    input: &Value,
) -> wasmtime::Result<()> {
    let mut store = Store::new(engine, ());
    store.set_fuel(500_000_000)?;
    store.set_epoch_deadline(1_000);
    let instance = pre.instantiate_async(&mut store).await?;
    let (_, skill) = component.get_export(None, "skillet:skill/skill@0.1.0").expect("the component is a skill");
    let (_, run) = component.get_export(Some(&skill), "run").expect("a skill has `run`");
    let run = instance.get_typed_func::<(Call,), (Result<String, Failure>,)>(&mut store, run)?;
    let call = Call {
        id: String::new(),
        attempt: 1,
        input: input.to_string(),
        locale: "en".into(),
        time_zone: "UTC".into(),
        deadline_ms: 2_000,
    };
    let (output,) = run.call_async(&mut store, (call,)).await?;
    assert!(output.is_ok());
    Ok(())
}

/// The product: a whole `skills.call` with schema checks and its durable record, and the part of it
/// that is the sandbox; warm, and cold right after a start from the artefact cache.
async fn warm_and_cold(component: &[u8], input: &Value, program: &Path) -> Result<Vec<Row>> {
    let dir = Folder::new()?;
    let config = Config::load(None, Some(dir.0.clone()))?;
    let db = Db::open(&config.database.url, &dir.0, 4).await?;
    let clock = Clock::System;
    let services = Services {
        db: db.clone(),
        clock: clock.clone(),
        memory: Memory::new(db.clone(), clock.clone()),
        settings: Settings::new(db.clone(), clock.clone(), &config),
        wake: Arc::default(),
    };
    let user = db.user_named(&clock, "bench").await?.id;
    let caller = Caller { user, turn: None, conversation: None, locale: "en".into(), time_zone: "UTC".into() };
    let skills = || Skills::new(config.skills.clone(), services.clone(), program.to_owned(), &dir.0);
    let first = skills()?;
    first.upload(component, Origin::Bundle).await?;

    let (mut whole, mut sandbox) = (Vec::new(), Vec::new());
    for round in 0..WARM + WARM / 10 {
        let (took, outcome) = call(&first, input, &caller).await?;
        if round >= WARM / 10 {
            whole.push(nanos(took));
            sandbox.push(nanos(Duration::from_secs_f64(outcome.duration_ms / 1_000.0)));
        }
    }
    let mut cold = Vec::new();
    for _ in 0..COLD {
        let fresh = skills()?;
        cold.push(nanos(call(&fresh, input, &caller).await?.0));
    }
    Ok(vec![
        Row::new("skill call in the sandbox, warm", sandbox),
        Row::new("whole skills.call with record, warm", whole),
        Row::new("whole skills.call, cold from the cache", cold),
    ])
}

async fn call(skills: &Skills, input: &Value, caller: &Caller) -> Result<(Duration, Outcome)> {
    let request =
        Request { skill: "calculator".into(), input: input.clone(), caller: caller.clone(), key: None, progress: None };
    let began = Instant::now();
    let outcome = skills.call(request).await?;
    let took = began.elapsed();
    anyhow::ensure!(outcome.result.is_ok(), "the call failed: {:?}", outcome.result);
    Ok((took, outcome))
}

fn report(root: &Path, rows: &[Row]) -> Result<()> {
    let reference = rows[0].at(0.5);
    let mut entries = Vec::new();
    println!("{:<42} {:>10} {:>10} {:>7}", "", "p50 µs", "p99 µs", "x bare");
    for row in rows {
        let (p50, p99) = (row.at(0.5), row.at(0.99));
        println!("{:<42} {p50:>10.1} {p99:>10.1} {:>7.2}", row.name, p50 / reference);
        let n = row.samples.len();
        entries.push(
            json!({ "name": row.name, "value": p50, "unit": "us", "p50": p50, "p99": p99, "n": n, "versus": null }),
        );
        entries.push(json!({
            "name": format!("{} / bare", row.name), "value": p50 / reference, "unit": "x", "p50": p50 / reference,
            "p99": p99 / rows[0].at(0.99), "n": n, "versus": rows[0].name,
        }));
    }
    let out = root.join("target/bench");
    std::fs::create_dir_all(&out)?;
    std::fs::write(out.join("sandbox.json"), serde_json::to_string_pretty(&entries)?)?;
    Ok(())
}

fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

/// A folder that goes when the run ends.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Result<Self> {
        let dir = std::env::temp_dir().join(format!("skillet-bench-{}", std::process::id()));
        std::fs::create_dir_all(&dir)?;
        Ok(Self(dir))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
