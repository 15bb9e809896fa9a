//! JavaScript and TypeScript: Node bundles the skill and takes a picture of an engine that has loaded it.

use anyhow::{Context, Result, bail, ensure};
use sha2::{Digest, Sha256};
use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use super::{
    Job, Made,
    tool::{Tool, command, run},
};
use crate::cli::author::sdk;

pub const NODE: Tool = Tool {
    names: &["node"],
    remedy: "apt-get install nodejs npm\nor Node 20 or newer from elsewhere, where that is older",
};
const NPM: Tool = Tool { names: &["npm"], remedy: "apt-get install npm" };

/// Since when what the SDK's build needs is there.
const OLDEST: u32 = 20;

/// An installation from the lock file: no scripts, no questions.
const INSTALL: [&str; 3] = ["--ignore-scripts", "--no-audit", "--no-fund"];

/// Takes a picture of `QuickJS`, or of `StarlingMonkey` for those who need `fetch` and its kin.
const ENGINES: [&str; 2] = ["quickjs", "starlingmonkey"];

pub fn build(job: &Job<'_>) -> Result<Made> {
    let node = node(job.dir)?;
    let npm = NPM.find(&[node.parent().unwrap_or(Path::new("/")).to_owned()])?;
    let package = package(job.dir)?;
    let engine = package["skillet"]["engine"].as_str().unwrap_or(ENGINES[0]);
    ensure!(ENGINES.contains(&engine), "package.json, skillet.engine: `{engine}` is none of {}", ENGINES.join(", "));
    let tools = tools(job, &npm, engine)?;
    if package["dependencies"].as_object().is_some_and(|packages| !packages.is_empty()) {
        install_packages(job.dir, &npm)?;
    }
    let out = job.work.join("build/component.wasm");
    fs::create_dir_all(job.work.join("build"))?;
    let mut make = clean(&node, job.dir);
    make.arg(".skillet/build.mjs").arg("--tools").arg(tools).arg("--out").arg(&out);
    run(make)?;
    Ok(Made::Component(fs::read(&out).with_context(|| format!("cannot read {}", out.display()))?))
}

/// Node, in a version that will do.
pub fn node(dir: &Path) -> Result<PathBuf> {
    let node = NODE.find(&[])?;
    let output = command(&node, dir).arg("--version").output().context("cannot run node")?;
    let text = String::from_utf8_lossy(&output.stdout);
    let major = text.trim().trim_start_matches('v').split('.').next().and_then(|major| major.parse::<u32>().ok());
    ensure!(
        major.is_some_and(|major| major >= OLDEST),
        "node is of version {}; {OLDEST} or newer is needed:\n{}",
        text.trim(),
        NODE.remedy
    );
    Ok(node)
}

fn clean(program: &Path, dir: &Path) -> Command {
    let mut command = command(program, dir);
    command.env_remove("NODE_OPTIONS");
    command
}

/// What `package.json` says; nothing without one.
fn package(dir: &Path) -> Result<serde_json::Value> {
    let Ok(text) = fs::read_to_string(dir.join("package.json")) else { return Ok(serde_json::Value::Null) };
    serde_json::from_str(&text).context("package.json is not JSON")
}

/// The folder where the tools of an engine are installed, for all skills that use the same ones.
fn tools(job: &Job<'_>, npm: &Path, engine: &str) -> Result<PathBuf> {
    let from = job.work.join("engines").join(engine);
    let files = ["package.json", "package-lock.json", "engine.mjs"];
    let mut hash = Sha256::new();
    for file in files {
        hash.update(fs::read(from.join(file)).with_context(|| format!("{engine}, {file}"))?);
    }
    let cache = if job.is_shared { job.shared.clone() } else { sdk::cache()? };
    let there = cache.join("js").join(format!("{engine}-{}", &hex::encode(hash.finalize())[..16]));
    if there.join("node_modules").is_dir() {
        return Ok(there);
    }
    eprintln!("installing the tools for JavaScript in {}", there.display());
    // Beside and renamed, so that a broken installation is not taken for a whole one.
    let unfinished = there.with_extension(std::process::id().to_string());
    fs::create_dir_all(&unfinished)?;
    for file in files {
        fs::copy(from.join(file), unfinished.join(file))?;
    }
    let mut install = clean(npm, &unfinished);
    install.arg("ci").args(INSTALL);
    let installed = run(install);
    if installed.is_ok() && fs::rename(&unfinished, &there).is_err() && !there.is_dir() {
        bail!("{} cannot be made", there.display());
    }
    let _ = fs::remove_dir_all(&unfinished);
    installed.map(|()| there)
}

/// The author's own packages, unless they are there as the lock file says.
fn install_packages(dir: &Path, npm: &Path) -> Result<()> {
    let time = |file: &str| fs::metadata(dir.join(file)).and_then(|data| data.modified()).ok();
    let (locked, installed) = (time("package-lock.json"), time("node_modules/.package-lock.json"));
    if installed.is_some() && installed >= locked {
        return Ok(());
    }
    let mut install = clean(npm, dir);
    install.arg(if locked.is_some() { "ci" } else { "install" }).args(INSTALL);
    // Whoever has an installation of their own keeps what they develop with.
    if !dir.join("node_modules").is_dir() {
        install.arg("--omit=dev");
    }
    run(install)
}
