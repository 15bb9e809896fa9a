//! What the gateway costs, in one run: a model's server asked directly, through nginx, through Skillet with all
//! of its governance on and durable, and through LiteLLM and Portkey where they are installed. All take turns
//! in every cell, and of each the turn counts in which others used least of the machine. Afterwards the books are
//! compared with what was answered. Prints a table and a verdict for each target, and writes
//! `target/bench/gateway.json`.
//!
//! Arguments name whom to measure beside the direct way, such as `Skillet`; all by default, and only then is the
//! file written.

mod cells;
mod load;
mod ours;
mod peers;
mod process;
mod program;
#[path = "../sandbox/table.rs"]
#[expect(dead_code, reason = "the table of another bench, of which this needs a part")]
mod table;
mod upstream;

use anyhow::{Result, ensure};
use std::path::{Path, PathBuf};

use cells::Results;
use load::Target;
use ours::{Ours, SKILLET};
use peers::{LITELLM, NGINX, PORTKEY, Peer};
use program::Program;
use table::{Bound, Measured, Table, Times, heading};
use upstream::Upstream;

/// The way without anybody in between.
pub const DIRECT: &str = "direct";

/// Whom a run measures, in this order.
const EVERYBODY: [&str; 4] = [NGINX, SKILLET, LITELLM, PORTKEY];

/// Starts of Skillet that are timed.
const STARTS: usize = 5;

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    // A test run builds this too, and has nothing to measure.
    if !arguments.iter().any(|argument| argument == "--bench") {
        return Ok(());
    }
    if arguments.iter().any(|argument| argument == upstream::ARGUMENT) {
        return upstream::serve();
    }
    let wanted: Vec<&str> = arguments.iter().map(String::as_str).filter(|one| !one.starts_with('-')).collect();
    ensure!(wanted.iter().all(|one| EVERYBODY.contains(one)), "there are {}", EVERYBODY.join(", "));
    // One thread: whoever is measured has the rest of the machine.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(run(&wanted))
}

async fn run(wanted: &[&str]) -> Result<()> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let is_wanted = |name| wanted.is_empty() || wanted.contains(&name);
    let (folder, upstream, mut table) = (Folder::new()?, Upstream::start()?, Table::default());
    upstream.set(cells::BUSY_1.manner).await?;
    let direct = Target::new(DIRECT, upstream.address, String::new(), "mock-model");
    let mut programs: Vec<Program> = Vec::new();
    let ours = if is_wanted(SKILLET) { Some(Ours::new(&folder.0, upstream.address).await?) } else { None };
    heading("Start to first answer");
    for name in EVERYBODY.into_iter().filter(|name| is_wanted(name)) {
        let started: Peer = match (name, &ours) {
            (NGINX, _) => peers::nginx(&folder.0, upstream.address).await?,
            (LITELLM, _) => peers::litellm(&folder.0, &root.join("target/peers"), upstream.address).await?,
            (PORTKEY, _) => peers::portkey(&folder.0, &root.join("target/peers"), upstream.address).await?,
            (_, Some(ours)) => Ok(start(ours, &mut table).await?),
            (_, None) => continue,
        };
        match started {
            Ok(program) => {
                if name != SKILLET {
                    table.value(&format!("start: {name}"), Measured(program.start.as_secs_f64(), "s"), 1);
                }
                programs.push(program);
            }
            Err(reason) => table.skipped(name, &format!("compared with {name}"), &reason),
        }
    }
    let mut results = Results::default();
    let direct_first = std::iter::once((&direct, None));
    let targets: Vec<(&Target, Option<u32>)> =
        direct_first.chain(programs.iter().map(|program| (&program.target, Some(program.pid())))).collect();
    results.measure(&upstream, &targets).await?;
    let names: Vec<&'static str> = targets.iter().map(|(target, _)| target.name).collect();
    results.tell(&mut table, &names);
    heading("Memory after the run");
    for program in &programs {
        let memory = Measured(process::memory_mib(program.pid()), "MiB");
        table.value(&format!("memory: {}", program.target.name), memory, 1);
        if program.target.name == SKILLET {
            table.target("memory", "memory of Skillet after the run", memory, Bound::AtMost(60.0));
        }
    }
    drop(programs);
    if let Some(ours) = &ours {
        judge(&mut table, &results);
        ours.check_books(&mut table).await?;
    }
    let file = root.join("target/bench/gateway.json");
    table.close(wanted.is_empty().then_some(&*file))
}

/// The first start in a new folder, then several more.
async fn start(ours: &Ours, table: &mut Table) -> Result<Program> {
    let first = ours.start().await?.start;
    let mut starts = Vec::with_capacity(STARTS);
    let program = loop {
        let program = ours.start().await?;
        starts.push(program.start);
        if starts.len() == STARTS {
            break program;
        }
    };
    let starts = Times::new(starts);
    table.value("start: Skillet, the first in its folder", Measured(first.as_secs_f64(), "s"), 1);
    table.millis("start: Skillet, later ones", &starts);
    let median = Measured(starts.p50().as_secs_f64(), "s");
    table.target("start", "from the start of the process to its first answer", median, Bound::AtMost(0.2));
    Ok(program)
}

fn judge(table: &mut Table, results: &Results) {
    let (ours, direct) = (|cell| results.get(cell, SKILLET), |cell| results.get(cell, DIRECT));
    if let Some(cpu) = ours(&cells::BUSY_16).and_then(|slice| slice.cpu_us) {
        let what = "processor time per plain call, 16 connections";
        table.target("time", what, Measured(cpu, "us"), Bound::AtMost(150.0));
    }
    let (few, told) = ([Bound::AtMost(0.5), Bound::AtMost(2.0)], [Bound::Told, Bound::Told]);
    for (cell, bounds) in [(&cells::USUAL_16, few), (&cells::SPREAD_16, few), (&cells::BUSY_16, told)] {
        if let (Some(ours), Some(direct)) = (ours(cell), direct(cell)) {
            let added = cells::added_ms(&ours.whole, &direct.whole);
            for ((percentile, added), bound) in ["p50", "p99"].into_iter().zip(added).zip(bounds) {
                table.target("added", &format!("{}, {percentile}", cell.name), Measured(added, "ms"), bound);
            }
        }
    }
    if let (Some(ours), Some(direct)) = (ours(&cells::STREAM), direct(&cells::STREAM)) {
        let [added, _] = cells::added_ms(&ours.whole, &direct.whole);
        table.target("stream", cells::STREAM.name, Measured(added, "ms"), Bound::AtMost(1.0));
    }
    for (peer, least) in [(LITELLM, 50.0), (PORTKEY, 5.0)] {
        // One that is not here was told of when it was to be started.
        if let (Some(ours), Some(theirs)) = (ours(&cells::BUSY_64), results.get(&cells::BUSY_64, peer)) {
            let ratio = ours.calls_per_s / theirs.calls_per_s;
            table.ratio(&format!("{}: calls a second, Skillet / {peer}", cells::BUSY_64.name), ratio, 1, peer);
            let what = format!("calls a second beside {peer}, 64 connections");
            table.target("calls", &what, Measured(ratio, "x"), Bound::AtLeast(least));
        }
    }
}

/// A folder that goes when the run ends.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Result<Self> {
        let dir = std::env::temp_dir().join(format!("skillet-bench-gateway-{}", std::process::id()));
        std::fs::create_dir_all(&dir)?;
        Ok(Self(dir))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
