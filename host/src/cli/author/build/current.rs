//! Whether a component must be built again. The tools of some languages take a picture of a running engine, and two
//! pictures of the same are different bytes; but one version number is one component.

use std::{
    env, fs,
    path::{Path, PathBuf},
};

/// Whether nothing has changed since a component was built.
pub fn is_current(dir: &Path, component: &Path) -> bool {
    let Ok(made) = fs::metadata(component).and_then(|data| data.modified()) else { return false };
    let newer = |path: &Path| fs::metadata(path).and_then(|data| data.modified()).is_ok_and(|at| at > made);
    let program = env::current_exe().unwrap_or_default();
    !newer(&program) && !files(dir).iter().any(|file| newer(file))
}

/// The author's own files.
fn files(dir: &Path) -> Vec<PathBuf> {
    let mut found = vec![dir.to_owned()];
    for entry in fs::read_dir(dir).into_iter().flatten().flatten() {
        let (path, name) = (entry.path(), entry.file_name());
        let name = name.to_string_lossy();
        if name.starts_with('.') || ["__pycache__", "venv", "node_modules", "target", "tests"].contains(&&*name) {
            continue;
        }
        if path.extension().is_some_and(|extension| extension == "wasm") {
            continue;
        }
        if path.is_dir() { found.extend(files(&path)) } else { found.push(path) }
    }
    found
}
