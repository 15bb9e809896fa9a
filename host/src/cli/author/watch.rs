//! `skillet skill watch`: builds when something changed.

use anyhow::{Context, Result};
use notify::{EventKind, RecursiveMode, Watcher};
use std::{
    path::{Component, Path},
    time::Duration,
};
use tokio::sync::mpsc;

/// Folders that builds write to.
const IGNORED: [&str; 4] = [".skillet", "target", "node_modules", "__pycache__"];

/// How long nothing must change before a build begins: editors write a file in several steps.
const QUIET: Duration = Duration::from_millis(200);

/// Does something now, and again after every change in a folder, for ever.
pub async fn watch(dir: &Path, mut changed: impl AsyncFnMut()) -> Result<()> {
    let dir = std::fs::canonicalize(dir).with_context(|| format!("no folder at {}", dir.display()))?;
    let (tell, mut told) = mpsc::unbounded_channel();
    let root = dir.clone();
    let mut watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
        let Ok(event) = event else { return };
        let touched = !matches!(event.kind, EventKind::Access(_)) && event.paths.iter().any(|path| counts(&root, path));
        if touched {
            // Nobody listens any more when the program ends.
            let _ = tell.send(());
        }
    })?;
    watcher.watch(&dir, RecursiveMode::Recursive).with_context(|| format!("{} cannot be watched", dir.display()))?;
    loop {
        changed().await;
        eprintln!("waiting for a change in {}", dir.display());
        if told.recv().await.is_none() {
            return Ok(());
        }
        while let Ok(Some(())) = tokio::time::timeout(QUIET, told.recv()).await {}
    }
}

/// Whether a build wrote a file: a component, whole or not.
fn is_component(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name.to_string_lossy().contains(".wasm"))
}

/// Whether a file is the author's own.
fn counts(root: &Path, path: &Path) -> bool {
    let inside = path.strip_prefix(root).unwrap_or(path);
    !inside.components().any(|part| {
        matches!(part, Component::Normal(name) if IGNORED.iter().any(|ignored| name == *ignored)
            || name.to_string_lossy().ends_with('~'))
    }) && !is_component(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_builds_write_is_no_change() {
        let root = Path::new("/skill");
        assert!(counts(root, Path::new("/skill/skill.js")));
        assert!(counts(root, Path::new("/skill/tests/greets.json")));
        assert!(!counts(root, Path::new("/skill/.skillet/build/skill.wasm")));
        assert!(!counts(root, Path::new("/skill/node_modules/x/index.js")));
        assert!(!counts(root, Path::new("/skill/skill.py~")));
        assert!(!counts(root, Path::new("/skill/tip.wasm.4711")));
    }
}
