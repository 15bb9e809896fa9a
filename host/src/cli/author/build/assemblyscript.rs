//! `AssemblyScript`: its compiler makes a core module, with the canonical ABI written in the SDK.

use anyhow::{Context, Result, ensure};
use std::{
    fs,
    path::{Path, PathBuf},
};

use super::{
    Job, Made, js,
    tool::{command, run},
};

const VERSION: &str = "0.28.";
const SDK: &str = ".skillet/assemblyscript/skillet";

pub fn build(job: &Job<'_>) -> Result<Made> {
    let node = js::node(job.dir)?;
    let compiler = compiler(job.dir)?;
    let out = job.work.join("core.wasm");
    let mut compile = command(&node, job.dir);
    compile
        .arg(compiler.join("bin/asc.js"))
        .args([&format!("{SDK}/entry.ts"), "--path", ".skillet/assemblyscript", "-O3", "--shrinkLevel", "1"])
        .args(["--runtime", "incremental", "--stackSize", "131072", "--use"])
        .args([&format!("abort={SDK}/entry/abort"), "--transform", &format!("./{SDK}/transform.mjs"), "-o"])
        .arg(&out);
    run(compile)?;
    let module = fs::read(&out).with_context(|| format!("cannot read {}", out.display()))?;
    Ok(Made::BareModule(module))
}

/// The compiler among the packages of the folder, or of one above it.
fn compiler(dir: &Path) -> Result<PathBuf> {
    let places = dir.ancestors().map(|dir| dir.join("node_modules/assemblyscript"));
    let found = places.into_iter().find(|place| place.join("bin/asc.js").is_file());
    let found = found.with_context(|| {
        "the compiler of AssemblyScript is needed and not here. Install it:\n  \
         npm install --ignore-scripts --save-dev assemblyscript@0.28.20"
    })?;
    let package = fs::read_to_string(found.join("package.json"))?;
    let package: serde_json::Value = serde_json::from_str(&package)?;
    let version = package["version"].as_str().unwrap_or_default();
    ensure!(version.starts_with(VERSION), "assemblyscript is of version {version}; {VERSION}x is needed");
    Ok(found)
}
