//! A host's sandbox without a host: the same engine, limits and gate, over nothing.

use anyhow::{Context, Result};
use std::{fs, path::Path, sync::Arc};

use crate::{
    clock::Clock,
    config::Config,
    ids::HostId,
    memory::Memory,
    settings::Settings,
    skills::{Rehearsal, Services, Skills, UploadError},
    store::Db,
};

/// The sandbox under these settings. Compiled code is kept in a folder, so that a second try is quick.
pub async fn skills(config: &Config, folder: &Path) -> Result<Arc<Skills>> {
    fs::create_dir_all(folder).with_context(|| format!("{} cannot be made", folder.display()))?;
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

/// A component on that stage.
pub async fn rehearsal(config: &Config, folder: &Path, component: &[u8]) -> Result<Rehearsal, anyhow::Error> {
    let skills = skills(config, folder).await?;
    skills.rehearsal(component).await.map_err(|error: UploadError| error.into())
}
