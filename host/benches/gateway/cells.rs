//! What is measured of everybody, and the quietest of what was measured.

use anyhow::Result;
use serde_json::json;
use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use crate::{
    DIRECT,
    load::{self, Target},
    ours::SKILLET,
    process,
    table::{Table, Times, count, heading},
    upstream::{Manner, Upstream},
};

/// Times that everybody has their turn in each cell, and how long one turn is.
const ROUNDS: usize = 3;
const TURN: Duration = Duration::from_millis(1_200);

pub struct Cell {
    pub name: &'static str,
    pub manner: Manner,
    pub streamed: bool,
    pub connections: usize,
    /// In how many milliseconds the connections begin, one after the other. Those that begin at once stay in step,
    /// as each answer takes the upstream as long: they come in bursts, whose queue is then most of what is measured.
    pub spread_ms: u64,
}

const fn plain(name: &'static str, delay_ms: u64, connections: usize) -> Cell {
    let manner = Manner { delay_ms, chunks: 0, pause_ms: 0 };
    Cell { name, manner, streamed: false, connections, spread_ms: 0 }
}

pub const BUSY_1: Cell = plain("plain, upstream 0 ms, 1 connection", 0, 1);
pub const BUSY_16: Cell = plain("plain, upstream 0 ms, 16 connections", 0, 16);
pub const BUSY_64: Cell = plain("plain, upstream 0 ms, 64 connections", 0, 64);
pub const USUAL_1: Cell = plain("plain, upstream 50 ms, 1 connection", 50, 1);
pub const USUAL_16: Cell = plain("plain, upstream 50 ms, 16 connections", 50, 16);
pub const USUAL_64: Cell = plain("plain, upstream 50 ms, 64 connections", 50, 64);
pub const SPREAD_16: Cell =
    Cell { spread_ms: 50, ..plain("plain, upstream 50 ms, 16 connections out of step", 50, 16) };

pub const STREAM: Cell = Cell {
    name: "stream of 16 chunks without pause, 1 connection",
    manner: Manner { delay_ms: 0, chunks: 16, pause_ms: 0 },
    streamed: true,
    connections: 1,
    spread_ms: 0,
};

const PACED: Manner = Manner { delay_ms: 20, chunks: 32, pause_ms: 5 };

pub const PACED_1: Cell = Cell {
    name: "stream 20 ms + 32 x 5 ms, 1 connection",
    manner: PACED,
    streamed: true,
    connections: 1,
    spread_ms: 0,
};
pub const PACED_16: Cell = Cell { name: "stream 20 ms + 32 x 5 ms, 16 connections", connections: 16, ..PACED_1 };

pub const CELLS: [Cell; 10] =
    [BUSY_1, BUSY_16, BUSY_64, USUAL_1, USUAL_16, SPREAD_16, USUAL_64, STREAM, PACED_1, PACED_16];

/// One turn.
pub struct Slice {
    pub first: Times,
    pub whole: Times,
    pub calls_per_s: f64,
    /// Processor time of the gateway for one call; nothing for the upstream itself.
    pub cpu_us: Option<f64>,
    /// The share of the machine that others than this bench used meanwhile.
    others: f64,
}

/// The quietest turn of everybody in each cell.
#[derive(Default)]
pub struct Results(HashMap<(&'static str, &'static str), Slice>);

impl Results {
    pub fn get(&self, cell: &Cell, target: &str) -> Option<&Slice> {
        self.0.iter().find(|((of, who), _)| *of == cell.name && *who == target).map(|(_, slice)| slice)
    }

    pub async fn measure(&mut self, upstream: &Upstream, targets: &[(&Target, Option<u32>)]) -> Result<()> {
        for round in 1..=ROUNDS {
            for cell in &CELLS {
                upstream.set(cell.manner).await?;
                for (target, pid) in targets {
                    let slice = match turn(cell, target, *pid).await {
                        Ok(slice) => slice,
                        // A peer may not be up to everything; that is told, and the others go on.
                        Err(error) if ![DIRECT, SKILLET].contains(&target.name) => {
                            println!("*** SKIPPED {} in \"{}\": {error:#} ***", target.name, cell.name);
                            continue;
                        }
                        Err(error) => return Err(error.context(cell.name)),
                    };
                    let known = self.0.get(&(cell.name, target.name));
                    if known.is_none_or(|known| slice.others < known.others) {
                        self.0.insert((cell.name, target.name), slice);
                    }
                }
            }
            println!("Round {round} of {ROUNDS} is done.");
        }
        Ok(())
    }

    pub fn tell(&self, table: &mut Table, targets: &[&'static str]) {
        for cell in &CELLS {
            heading(cell.name);
            let direct = self.get(cell, DIRECT);
            for target in targets {
                if let Some(slice) = self.get(cell, target) {
                    tell(table, cell, target, slice, direct.filter(|_| *target != DIRECT));
                }
            }
        }
    }
}

async fn turn(cell: &Cell, target: &Target, pid: Option<u32>) -> Result<Slice> {
    // Whoever is measured was started by this process, as was the upstream.
    let own = || process::cpu(std::process::id());
    let used = || pid.map(process::cpu);
    let (began, own_before, machine_before, used_before) = (Instant::now(), own(), process::machine(), used());
    let (calls, took) = load::run(target, cell, TURN).await?;
    let cpu = used().zip(used_before).map(|(after, before)| after.saturating_sub(before));
    let others = process::machine().zip(machine_before).map(|(after, before)| {
        let of_others = after.saturating_sub(before).saturating_sub(own().saturating_sub(own_before));
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        of_others.as_secs_f64() / began.elapsed().as_secs_f64() / count(cores)
    });
    // Each connection makes one call that is not among these.
    let made = count(calls.len() + cell.connections);
    Ok(Slice {
        first: Times::new(calls.iter().map(|took| took.first).collect()),
        whole: Times::new(calls.iter().map(|took| took.whole).collect()),
        calls_per_s: count(calls.len()) / took.as_secs_f64(),
        cpu_us: cpu.map(|cpu| cpu.as_secs_f64() * 1e6 / made),
        others: others.unwrap_or_default(),
    })
}

fn tell(table: &mut Table, cell: &Cell, target: &str, slice: &Slice, direct: Option<&Slice>) {
    let name = format!("{}: {target}", cell.name);
    let n = slice.whole.count();
    let row = |table: &mut Table,
               what: &str,
               value: f64,
               unit: &str,
               percentiles: Option<[f64; 2]>,
               versus: Option<&str>| {
        let (p50, p99) = percentiles.map(|[p50, p99]| (p50, p99)).unzip();
        table.entry(json!({
            "name": format!("{name}{what}"), "value": value, "unit": unit, "p50": p50, "p99": p99, "n": n, "versus": versus,
        }));
    };
    let millis = |times: &Times| [times.p50(), times.p99()].map(|time| time.as_secs_f64() * 1e3);
    let timed = |table: &mut Table, what: &str, of: fn(&Slice) -> &Times| {
        let times = millis(of(slice));
        row(table, what, times[0], "ms", Some(times), None);
        if let Some(direct) = direct {
            let added = added_ms(of(slice), of(direct));
            row(table, &format!("{what}, added"), added[0], "ms", Some(added), Some(DIRECT));
        }
    };
    if cell.streamed {
        timed(table, ", first word", |slice| &slice.first);
        timed(table, ", whole stream", |slice| &slice.whole);
    } else {
        timed(table, "", |slice| &slice.whole);
    }
    row(table, ", calls", slice.calls_per_s, "1/s", None, None);
    if let Some(cpu) = slice.cpu_us.filter(|_| cell.connections > 1) {
        row(table, ", processor time per call", cpu, "us", None, None);
    }
    row(table, ", used by others meanwhile", slice.others * 100.0, "%", None, None);
}

/// What the way through somebody adds to median and tail, in milliseconds.
pub fn added_ms(through: &Times, direct: &Times) -> [f64; 2] {
    [(through.p50(), direct.p50()), (through.p99(), direct.p99())]
        .map(|(through, direct)| (through.as_secs_f64() - direct.as_secs_f64()) * 1e3)
}
