//! Zig: freestanding, with the canonical ABI written in the SDK.

use anyhow::{Context, Result, ensure};
use std::{fs, path::Path};

use super::{
    Job, Made,
    tool::{command, run, zig},
};

/// What the language is understood as; it changes between versions.
const VERSION: &str = "0.17.";

pub fn build(job: &Job<'_>) -> Result<Made> {
    let zig = zig(job.dir)?;
    let mut asked = command(Path::new(&zig[0]), job.dir);
    let output = asked.args(&zig[1..]).arg("version").output().context("cannot run zig")?;
    let version = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    ensure!(
        version.starts_with(VERSION),
        "zig is of version {version}; {VERSION}x is needed: pip install ziglang==0.17.1"
    );
    let out = job.work.join("core.wasm");
    let mut compile = command(Path::new(&zig[0]), job.dir);
    compile.env("ZIG_LOCAL_CACHE_DIR", job.work.join("zig-cache")).args(&zig[1..]).args([
        "build-exe",
        "-target",
        "wasm32-freestanding",
        // Small would let an index out of bounds pass.
        "-O",
        "ReleaseSafe",
        "-fstrip",
        "-fno-entry",
        "-rdynamic",
        "--stack",
        "262144",
        "-femit-bin=.skillet/core.wasm",
        "--dep",
        "skill",
        "--dep",
        "skillet",
        "-Mroot=.skillet/zig/root.zig",
        "--dep",
        "skillet",
        "-Mskill=skill.zig",
        "-Mskillet=.skillet/zig/skillet.zig",
    ]);
    run(compile)?;
    let module = fs::read(&out).with_context(|| format!("cannot read {}", out.display()))?;
    Ok(Made::BareModule(module))
}
