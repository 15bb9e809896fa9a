//! What the same call costs elsewhere: a plugin of Extism, a process.

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use std::{
    path::Path,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use crate::{
    guests,
    table::{Bound, Measured, Table, Times, heading, over},
};

/// Processes: their name in the table, the command, how many are started, and the target.
const PROCESSES: [(&str, &[&str], usize, f64); 2] = [
    ("a process per call: /bin/true", &["/bin/true"], 400, 40.0),
    ("a process per call: python3 -c pass", &["python3", "-c", "pass"], 30, 5_000.0),
];

/// The end of the name of the row that counts.
const NEW_PLUGIN: &str = "new plugin per call from a compiled plugin";

const SANDBOX: &str = "fresh call in the sandbox";

pub fn measure(table: &mut Table, root: &Path, fresh: &Times) -> Result<()> {
    heading("Elsewhere");
    extism(table, &root.join("target/peers/release/extism-peer"), fresh)?;
    for (name, command, count, least) in PROCESSES {
        let what = format!("faster than {name}");
        if !ends_well(command) {
            table.skipped("4", &what, "it is not on this machine");
            continue;
        }
        let samples = (0..count).map(|_| {
            let began = Instant::now();
            ensure!(ends_well(command), "{name} failed");
            Ok(began.elapsed())
        });
        let times = Times::new(samples.collect::<Result<_>>()?);
        table.micros(name, &times);
        let ratio = over(times.p50(), fresh.p50());
        table.ratio(&format!("{name} / {SANDBOX}"), ratio, times.count(), SANDBOX);
        table.target("4", &what, Measured(ratio, "x"), Bound::AtLeast(least));
    }
    Ok(())
}

/// Extism is a program of its own, as it brings a wasmtime of its own; it prints its rows.
fn extism(table: &mut Table, program: &Path, fresh: &Times) -> Result<()> {
    let what = format!("faster than Extism, {NEW_PLUGIN}");
    if !program.is_file() {
        table.skipped("3", &what, "it is not built; EXTISM=1 builds it in some minutes");
        return Ok(());
    }
    let ran = Command::new(program).arg(guests::INPUT).stdin(Stdio::null()).stderr(Stdio::inherit()).output()?;
    ensure!(ran.status.success(), "the program of Extism ended with {}", ran.status);
    let rows: Vec<Value> = serde_json::from_slice(&ran.stdout).context("Extism's rows cannot be read")?;
    for row in rows {
        let (name, micros) = (row["name"].as_str().unwrap_or_default().to_owned(), row["p50"].as_f64());
        let n = row["n"].as_u64().and_then(|n| usize::try_from(n).ok()).unwrap_or_default();
        table.entry(row);
        if let Some(micros) = micros.filter(|_| name.ends_with(NEW_PLUGIN)) {
            let ratio = over(Duration::from_secs_f64(micros / 1e6), fresh.p50());
            table.ratio(&format!("{name} / {SANDBOX}"), ratio, n, SANDBOX);
            table.target("3", &what, Measured(ratio, "x"), Bound::AtLeast(10.0));
        }
    }
    Ok(())
}

fn ends_well(command: &[&str]) -> bool {
    let mut process = Command::new(command[0]);
    process.args(&command[1..]).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    process.status().is_ok_and(|status| status.success())
}
