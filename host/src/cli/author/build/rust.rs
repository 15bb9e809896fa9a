//! Rust: cargo makes a core module, which carries its world.

mod schemas;
mod toolchain;

pub use schemas::derive as schemas;

use anyhow::{Context, Result, bail};
use serde_json::Value;
use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use super::{Job, Made, tool::read};
use toolchain::Toolchain;

const TARGET: &str = "wasm32-unknown-unknown";

/// Small and quick to load matters more than the last cycle, and a panic is a trap in any case. Given on the
/// command line, so that the skill's own folder or workspace needs no profile.
const PROFILE: [&str; 6] = [
    r#"profile.release.opt-level="s""#,
    "profile.release.lto=true",
    "profile.release.codegen-units=1",
    "profile.release.strip=true",
    "profile.release.debug=false",
    r#"profile.release.panic="abort""#,
];

pub fn build(job: &Job<'_>) -> Result<Made> {
    let toolchain = Toolchain::find(job.dir)?;
    let cargo_toml = job.dir.join("Cargo.toml");
    let core_module = compile(&toolchain, &cargo_toml, &job.shared)?;
    let core_module = fs::read(&core_module).with_context(|| format!("cannot read {}", core_module.display()))?;
    Ok(Made::CoreModule(core_module))
}

/// Whether a build has to make the standard library first, as none before it did.
pub fn builds_the_library(job: &Job<'_>) -> Result<bool> {
    Ok(Toolchain::find(job.dir)?.is_from_source() && !job.shared.join(TARGET).is_dir())
}

/// Cargo's own target folder for a skill: that of its workspace.
pub fn target(dir: &Path) -> Result<PathBuf> {
    Ok(workspace(&Toolchain::find(dir)?, dir)?.target)
}

/// Folders of a skill's workspace, which is often of the skill alone.
struct Workspace {
    root: PathBuf,
    target: PathBuf,
}

fn workspace(toolchain: &Toolchain, dir: &Path) -> Result<Workspace> {
    let mut cargo = toolchain.cargo(dir);
    cargo.args(["metadata", "--no-deps", "--format-version=1"]);
    let answer = read(cargo).with_context(|| format!("cargo does not accept the Cargo.toml in {}", dir.display()))?;
    let metadata: Value = serde_json::from_slice(&answer).context("cargo metadata is not JSON")?;
    let folder = |key: &str| {
        let folder = metadata[key].as_str().with_context(|| format!("cargo metadata names no {key}"))?;
        anyhow::Ok(PathBuf::from(folder))
    };
    Ok(Workspace { root: folder("workspace_root")?, target: folder("target_directory")? })
}

/// Returns the path of the core module.
fn compile(toolchain: &Toolchain, cargo_toml: &Path, target_dir: &Path) -> Result<PathBuf> {
    let dir = cargo_toml.parent().unwrap_or(cargo_toml);
    let mut cargo = toolchain.cargo(dir);
    cargo
        .args(["build", "--release", "--lib", "--target", TARGET, "--message-format=json-render-diagnostics"])
        .args(toolchain.build_arguments())
        .args(PROFILE.iter().flat_map(|setting| ["--config", setting]))
        .arg("--config")
        .arg(format!("target.{TARGET}.rustflags={}", rustflags()?))
        .arg("--manifest-path")
        .arg(cargo_toml)
        .arg("--target-dir")
        .arg(target_dir);
    let messages = read(cargo).with_context(|| format!("{} cannot be built", dir.display()))?;
    artifact(&messages, cargo_toml)
}

/// Panic messages name source files; those of dependencies would name a folder of whoever built the skill, and
/// make the same source a different component on every machine.
fn rustflags() -> Result<String> {
    let home = std::env::var_os("CARGO_HOME")
        .map(PathBuf::from)
        .or_else(|| std::env::home_dir().map(|home| home.join(".cargo")));
    let flags = home.map(|home| format!("--remap-path-prefix={}=cargo", home.display()));
    serde_json::to_string(&flags.into_iter().collect::<Vec<_>>()).context("a folder name is not text")
}

/// Cargo prints a JSON object a line; the one of our own `cdylib` names the file.
fn artifact(messages: &[u8], cargo_toml: &Path) -> Result<PathBuf> {
    let mut library_without_module = false;
    for line in messages.split(|byte| *byte == b'\n') {
        let Ok(message) = serde_json::from_slice::<Value>(line) else { continue };
        let ours = message["manifest_path"].as_str().is_some_and(|path| Path::new(path) == cargo_toml);
        if !ours || message["reason"] != "compiler-artifact" || is_build_script(&message) {
            continue;
        }
        let files = message["filenames"].as_array().into_iter().flatten().filter_map(Value::as_str);
        if let Some(module) = files.map(Path::new).find(|file| file.extension().is_some_and(|e| e == "wasm")) {
            return Ok(module.to_owned());
        }
        library_without_module = true;
    }
    if library_without_module {
        bail!("{} makes no module: it needs `[lib]` with `crate-type = [\"cdylib\"]`", cargo_toml.display());
    }
    bail!("cargo built no library from {}", cargo_toml.display())
}

fn is_build_script(message: &Value) -> bool {
    message["target"]["kind"].as_array().is_some_and(|kinds| kinds.iter().any(|kind| kind == "custom-build"))
}

/// A command that does not inherit what the caller's own build was told: flags for the host's processor, say.
fn clean_command(program: &Path) -> Command {
    let mut command = Command::new(program);
    for inherited in ["RUSTFLAGS", "CARGO_ENCODED_RUSTFLAGS", "CARGO_BUILD_TARGET", "CARGO_TARGET_DIR"] {
        command.env_remove(inherited);
    }
    command
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(manifest: &str, kind: &str, file: &str) -> String {
        serde_json::json!({
            "reason": "compiler-artifact", "manifest_path": manifest,
            "target": { "kind": [kind] }, "filenames": [file],
        })
        .to_string()
    }

    #[test]
    fn the_module_of_the_skill_itself_is_found() {
        let messages = [
            message("/dep/Cargo.toml", "cdylib", "/t/dep.wasm"),
            message("/skill/Cargo.toml", "custom-build", "/t/build.wasm"),
            "not JSON".to_owned(),
            message("/skill/Cargo.toml", "cdylib", "/t/skill.wasm"),
        ]
        .join("\n");
        let found = artifact(messages.as_bytes(), Path::new("/skill/Cargo.toml")).unwrap();
        assert_eq!(found, Path::new("/t/skill.wasm"));
    }

    #[test]
    fn a_plain_library_is_told_what_it_lacks() {
        let messages = message("/skill/Cargo.toml", "lib", "/t/libskill.rlib");
        let error = artifact(messages.as_bytes(), Path::new("/skill/Cargo.toml")).unwrap_err();
        assert!(error.to_string().contains("cdylib"), "{error}");
    }
}
