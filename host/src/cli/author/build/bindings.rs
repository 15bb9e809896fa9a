//! What stands between a contract and a language, made in this process.

use anyhow::{Context, Result};
use std::path::Path;
use wit_bindgen_core::{Files, WorldGenerator, wit_parser::Resolve};

use crate::cli::author::sdk::write_changed;

/// The world that a skill is written against.
pub const WORLD: &str = "skill-world";

/// The files that a generator makes of the contract in a folder.
pub fn generate(mut generator: Box<dyn WorldGenerator>, contract: &Path) -> Result<Files> {
    let mut resolve = Resolve::default();
    let (package, _) = resolve.push_path(contract).with_context(|| format!("{}", contract.display()))?;
    let world = resolve.select_world(&[package], Some(WORLD))?;
    let mut files = Files::default();
    generator.generate(&mut resolve, world, &mut files)?;
    Ok(files)
}

/// Writes what a generator made, as far as it is not there yet.
pub fn write(files: &Files, folder: &Path) -> Result<()> {
    for (name, bytes) in files.iter() {
        let path = folder.join(name);
        write_changed(&path, bytes).with_context(|| format!("cannot write {}", path.display()))?;
    }
    Ok(())
}
