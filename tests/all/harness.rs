//! What tests are made with.

pub mod anthropic;
pub mod browser;
pub mod collector;
pub mod db;
pub mod gateway;
pub mod guests;
pub mod host;
pub mod manifest;
pub mod model;
pub mod postgres;
mod strict;
pub mod telegram;

use std::path::{Path, PathBuf};

/// The root of the repository.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("tests/ is a folder of the repository")
}

/// Every Rust file of a folder and of the folders below it, in order.
pub fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(rust_files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files.sort();
    files
}
