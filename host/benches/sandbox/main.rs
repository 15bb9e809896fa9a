//! What the sandbox costs and what it holds, in one run: a fresh isolated call beside a bare host's and beside what
//! others do for one, many calls at once, runaways, the way from the cache to an answer, and a swap under load.
//! Prints a table and a verdict for each target, and writes `target/bench/sandbox.json`.
//!
//! Arguments name the rooms to run, such as `swap`; all by default, and only then is the file written.

mod bare;
mod crowd;
mod ground;
mod guests;
mod isolated;
mod languages;
mod peers;
mod reload;
mod runaways;
mod swap;
mod table;

use anyhow::{Result, ensure};
use skillet::skills::{COMPILE_SUBCOMMAND, compile_child};
use std::{path::Path, process::ExitCode};
use table::Table;

/// Threads that run guests and everything else, whatever the machine has.
const WORKERS: usize = 2;

const ROOMS: [&str; 7] = ["isolated", "languages", "code", "crowd", "runaways", "reload", "swap"];

fn main() -> Result<ExitCode> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let Some((first, rest)) = arguments.split_first()
        && first == COMPILE_SUBCOMMAND
    {
        return Ok(ExitCode::from(compile_child(rest)));
    }
    // A test run builds this too, and has nothing to measure.
    if !arguments.iter().any(|argument| argument == "--bench") {
        return Ok(ExitCode::SUCCESS);
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(WORKERS).enable_all().build()?;
    if arguments.iter().any(|argument| argument == crowd::ALIVE) {
        runtime.block_on(crowd::alive())?;
    } else {
        let rooms: Vec<&str> = arguments.iter().map(String::as_str).filter(|one| !one.starts_with('-')).collect();
        run(&rooms, &runtime)?;
    }
    Ok(ExitCode::SUCCESS)
}

fn run(rooms: &[&str], runtime: &tokio::runtime::Runtime) -> Result<()> {
    ensure!(rooms.iter().all(|room| ROOMS.contains(room)), "the rooms are {}", ROOMS.join(", "));
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let wanted = |room| rooms.is_empty() || rooms.contains(&room);
    let mut table = Table::default();
    if wanted("isolated") {
        let fresh = runtime.block_on(isolated::measure(&mut table))?;
        peers::measure(&mut table, &root, &fresh)?;
    }
    if wanted("languages") {
        runtime.block_on(languages::measure(&mut table, &root))?;
    }
    if wanted("code") {
        bare::metering(&mut table)?;
    }
    if wanted("crowd") {
        runtime.block_on(crowd::throughput(&mut table))?;
        crowd::memory(&mut table)?;
    }
    if wanted("runaways") {
        runtime.block_on(runaways::measure(&mut table))?;
    }
    if wanted("reload") {
        runtime.block_on(reload::measure(&mut table))?;
    }
    if wanted("swap") {
        runtime.block_on(swap::measure(&mut table))?;
    }
    let file = root.join("target/bench/sandbox.json");
    table.close(rooms.is_empty().then_some(&*file))
}
