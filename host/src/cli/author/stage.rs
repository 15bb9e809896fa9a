//! A host's sandbox without a host: the same engine, limits and gate, over nothing.

use anyhow::{Context, Result};
use std::{fs::DirBuilder, os::unix::fs::DirBuilderExt, path::Path, sync::Arc};

use super::sdk;
use crate::{
    clock::Clock,
    config::Config,
    ids::HostId,
    memory::Memory,
    settings::Settings,
    skills::{Rehearsal, Services, Skills},
    store::Db,
};

/// The sandbox under these settings. Compiled code is kept in a folder, so that a second try is quick.
async fn skills(config: &Config, folder: &Path) -> Result<Arc<Skills>> {
    let (db, clock) = (Db::scratch().await?, Clock::System);
    let services = Services {
        memory: Memory::new(db.clone(), clock.clone()),
        settings: Settings::new(db.clone(), clock.clone(), config),
        gateway: None,
        wake: Arc::default(),
        host: HostId::new(&clock),
        clock,
        db,
    };
    let program = std::env::current_exe().context("this program's own file cannot be found")?;
    Ok(Arc::new(Skills::new(config.skills.clone(), services, program, folder)?))
}

/// A component on that stage. What is kept of it belongs to this path, and not to its folder: machine code is loaded
/// from where only this user writes.
pub async fn rehearsal(config: &Config, path: &Path, component: &[u8]) -> Result<Rehearsal> {
    let name = blake3::hash(path.as_os_str().as_encoded_bytes()).to_hex();
    let folder = sdk::cache()?.join("trials").join(&name[..16]);
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(&folder)
        .with_context(|| format!("{} cannot be made", folder.display()))?;
    let rehearsal = skills(config, &folder).await?.rehearsal(component).await?;
    rehearsal.sweep_others().await?;
    Ok(rehearsal)
}
