//! Python: componentize-py takes a picture of an interpreter that has loaded the skill.

use anyhow::{Context, Result, bail, ensure};
use std::{env, fs, path::Path, process::Command};

use super::{
    Job, Made,
    tool::{Tool, command, places, run},
};

const COMPONENTIZE: Tool = Tool {
    names: &["componentize-py"],
    remedy: "pip install componentize-py==0.25.1\nor, where pip refuses that outside of a virtual environment:\n\
             python3 -m venv .venv && .venv/bin/pip install componentize-py==0.25.1",
};
const PYTHON: Tool =
    Tool { names: &["python3"], remedy: "apt-get install --no-install-recommends python3 python3-venv" };

/// The version whose commands these are.
const VERSION: &str = "0.25.";

/// The Python that is in the component.
const INSIDE: &str = "3.14";

pub fn build(job: &Job<'_>) -> Result<Made> {
    let mut before = places(job.dir);
    before.extend(env::var_os("VIRTUAL_ENV").map(|venv| Path::new(&venv).join("bin")));
    before.extend(env::home_dir().map(|home| home.join(".local/bin")));
    let componentize = COMPONENTIZE.find(&before)?;
    check_version(&componentize, job.dir)?;
    let python = PYTHON.find(&[componentize.parent().unwrap_or(Path::new("/")).to_owned()])?;
    let venv = job.work.join("venv");
    install(job, &python, &venv)?;

    // A picture imports everything that its world names, so the world names what the skill uses.
    let mut uses = command(&python, job.dir);
    uses.args(["-I", "-B", ".skillet/uses.py", ".", ".skillet"]);
    run(uses)?;
    let out = job.work.join("component.wasm");
    let mut take = command(&componentize, job.dir);
    take.args([
        "-q",
        "-d",
        ".skillet/wit",
        "-w",
        "uses",
        "componentize",
        "skillet._entry",
        "-p",
        ".",
        "-p",
        ".skillet",
    ])
    .args(["--stub-wasi", "-o"])
    .arg(&out)
    .env("VIRTUAL_ENV", &venv)
    .env("RUST_BACKTRACE", "0");
    for name in ["PYTHONHOME", "PYTHONPATH", "RUST_LIB_BACKTRACE"] {
        take.env_remove(name);
    }
    picture(take)?;
    Ok(Made::Component(fs::read(&out).with_context(|| format!("cannot read {}", out.display()))?))
}

fn check_version(componentize: &Path, dir: &Path) -> Result<()> {
    let output = command(componentize, dir).arg("--version").output().context("cannot run componentize-py")?;
    let text = String::from_utf8_lossy(&output.stdout);
    let version = text.trim().trim_start_matches("componentize-py ");
    ensure!(
        version.starts_with(VERSION),
        "componentize-py is of version {version}; {VERSION}x is needed:\n{}",
        COMPONENTIZE.remedy
    );
    Ok(())
}

/// Puts what `requirements.txt` names where the picture is taken from; only pure Python runs there.
fn install(job: &Job<'_>, python: &Path, venv: &Path) -> Result<()> {
    let packages = venv.join("lib/site-packages");
    let wanted = fs::read(job.dir.join("requirements.txt")).unwrap_or_default();
    let done = venv.join("installed");
    if fs::read(&done).is_ok_and(|installed| installed == wanted) && packages.is_dir() {
        return Ok(());
    }
    let _ = fs::remove_dir_all(venv);
    fs::create_dir_all(&packages)?;
    if !wanted.is_empty() {
        let mut pip = command(python, job.dir);
        pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-compile", "--upgrade"])
            .args(["--only-binary", ":all:", "--platform", "any", "--implementation", "py", "--abi", "none"])
            .args(["--python-version", INSIDE, "-r", "requirements.txt", "--target"])
            .arg(&packages);
        run(pip).context("requirements.txt: only packages of pure Python can be installed")?;
    }
    Ok(fs::write(&done, wanted)?)
}

/// Runs the tool; of its own and the guest's traceback, the part that is about the skill is shown.
fn picture(mut take: Command) -> Result<()> {
    let output = take.output().context("cannot run componentize-py")?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    let about = said.split_once("AssertionError: ").map_or(&*said, |(_, rest)| rest);
    let about = about.split_once("\n\nCaused by:").map_or(about, |(about, _)| about);
    let about = about.replace("/0/", "").replace("/1/", ".skillet/");
    let hint = if about.contains("ModuleNotFoundError") {
        "\nPackages of pure Python are there once they are lines of requirements.txt"
    } else {
        ""
    };
    bail!("componentize-py could not load the skill:\n{}{hint}", about.trim())
}
