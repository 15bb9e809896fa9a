//! The schemas of input and output, from the types of the skill: a program of one line, built natively on top of the
//! author's crate, prints them.

use anyhow::{Context, Result};
use serde_json::Value;
use std::{fs, path::PathBuf};
use toml::Table;

use super::{Toolchain, workspace};
use crate::cli::author::{
    build::{Job, tool::read},
    sdk::write_changed,
};

const ADVICE: &str = "skill.toml lacks `input_schema` or `output_schema`, and the crate does not tell them. \
    Either write them there, or see that `crate-type` in Cargo.toml names \"rlib\" beside \"cdylib\", that src/lib.rs \
    itself has the `skillet_sdk::export!`, and that the crate builds natively, as it does for `cargo test`";

const MAIN: &str = "fn main() {\n    println!(\"{}\", skill::__skillet_schemas());\n}\n";

/// An object of both, `null` where a type has none.
pub fn derive(job: &Job<'_>) -> Result<Value> {
    let toolchain = Toolchain::find(job.dir)?;
    let package = write_package(job, &toolchain)?;
    let mut cargo = toolchain.cargo(&package);
    cargo
        .args(["run", "--quiet", "--target", &toolchain.host(&package)?])
        // The build of the component has shown the warnings.
        .args(["--config", "build.rustflags=['-Awarnings']"])
        .arg("--target-dir")
        // Of its own: two that run at once would take each other's program.
        .arg(job.shared.join("schemas").join(job.name));
    serde_json::from_slice(&read(cargo).context(ADVICE)?).context("the schemas of the crate are not JSON")
}

/// A package that is nobody's member, in the work folder.
fn write_package(job: &Job<'_>, toolchain: &Toolchain) -> Result<PathBuf> {
    let package = job.work.join("schemas");
    let manifest = package_manifest(&fs::read_to_string(job.dir.join("Cargo.toml"))?)?;
    let mut files = vec![("Cargo.toml", manifest.into_bytes()), ("src/main.rs", MAIN.into())];
    // The same versions as in the component, and nothing to look up.
    if let Ok(lock) = fs::read(workspace(toolchain, job.dir)?.root.join("Cargo.lock")) {
        files.push(("Cargo.lock", lock));
    }
    for (name, bytes) in files {
        let path = package.join(name);
        write_changed(&path, &bytes).with_context(|| format!("cannot write {}", path.display()))?;
    }
    Ok(package)
}

fn package_manifest(authors: &str) -> Result<String> {
    let authors: Table = toml::from_str(authors).context("Cargo.toml is not valid TOML")?;
    let name = authors.get("package").and_then(|package| package.get("name")?.as_str());
    let name = name.context("Cargo.toml names no package")?;
    Ok(format!(
        "[package]\nname = \"skillet-schemas\"\nversion = \"0.0.0\"\nedition = \"2024\"\npublish = false\n\n\
         [dependencies]\nskill = {{ path = \"../..\", package = {} }}\n\n[workspace]\n",
        toml::Value::from(name),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_package_names_the_authors_crate_whatever_its_library_is_called() {
        let text = package_manifest("[package]\nname = \"my-skill\"\n[lib]\nname = \"other\"\n").unwrap();
        let table: Table = toml::from_str(&text).unwrap();
        assert_eq!(table["dependencies"]["skill"]["package"].as_str(), Some("my-skill"));
        assert!(table.contains_key("workspace"), "no workspace above takes it for a stranger in it");
        assert!(package_manifest("[lib]\n").unwrap_err().to_string().contains("no package"));
    }
}
