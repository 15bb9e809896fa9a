//! Whether a component must be built again. The tools of some languages take a picture of a running engine, and two
//! pictures of the same are different bytes; but one version number is one component.

use anyhow::{Context, Result};
use std::{
    env, fs,
    path::{Path, PathBuf},
    time::UNIX_EPOCH,
};

/// What a component is built from: this program, and the names and contents of the author's own files.
#[derive(PartialEq, Eq)]
pub struct Inputs(String);

impl Inputs {
    pub fn of(dir: &Path) -> Result<Self> {
        let mut hasher = blake3::Hasher::new();
        let program = env::current_exe().and_then(fs::metadata);
        let program = program.ok().and_then(|data| data.modified().ok()?.duration_since(UNIX_EPOCH).ok());
        hasher.update(&program.unwrap_or_default().as_nanos().to_le_bytes());
        let mut files = files(dir);
        files.sort();
        for file in files {
            let bytes = fs::read(&file).with_context(|| format!("cannot read {}", file.display()))?;
            let name = file.strip_prefix(dir).unwrap_or(&file).as_os_str().as_encoded_bytes();
            for part in [name, &bytes] {
                hasher.update(&(part.len() as u64).to_le_bytes()).update(part);
            }
        }
        Ok(Self(hasher.finalize().to_hex().to_string()))
    }

    /// Whether a component is there that was built from the same.
    pub fn made(&self, component: &Path) -> bool {
        component.is_file() && fs::read_to_string(note(component)).is_ok_and(|noted| noted == self.0)
    }

    /// Notes that a component was built from this.
    pub fn note(&self, component: &Path) -> Result<()> {
        let note = note(component);
        fs::write(&note, &self.0).with_context(|| format!("cannot write {}", note.display()))
    }
}

fn note(component: &Path) -> PathBuf {
    component.with_extension("inputs")
}

/// The author's own files.
fn files(dir: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir).into_iter().flatten().flatten() {
        let (path, name) = (entry.path(), entry.file_name());
        let name = name.to_string_lossy();
        if name.starts_with('.') || ["__pycache__", "venv", "node_modules", "target", "tests"].contains(&&*name) {
            continue;
        }
        if path.extension().is_some_and(|extension| ["wasm", "inputs"].iter().any(|ours| extension == *ours)) {
            continue;
        }
        if path.is_dir() {
            found.extend(files(&path));
        } else if path.is_file() {
            found.push(path);
        }
    }
    found
}
