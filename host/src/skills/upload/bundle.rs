//! What ships with the host.

use std::path::Path;

use super::{Origin, digest};
use crate::{
    skills::{Skills, manifest::Manifest, package},
    store::StoreError,
};

impl Skills {
    /// Installs what ships with the host. A version that was seen before is left as the owner has it.
    pub async fn install_bundle(&self, dir: &Path) -> anyhow::Result<usize> {
        let Ok(entries) = std::fs::read_dir(dir) else {
            tracing::info!(dir = %dir.display(), "no folder of bundled skills");
            return Ok(0);
        };
        let mut files: Vec<_> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
        files.retain(|path| path.extension().is_some_and(|extension| extension == "wasm"));
        files.sort();
        let mut installed = 0;
        for file in files {
            let component = std::fs::read(&file)?;
            let known = self.services.db.version(&digest(&component)).await?;
            // One under review was left by a process that ended between storing and activating it.
            if known.is_some_and(|version| version.status != "review") || !self.may_install(&component).await? {
                continue;
            }
            match self.upload(&component, Origin::Bundle).await {
                Ok(_) => installed += 1,
                Err(error) => {
                    tracing::error!(file = %file.display(), error = &error as &dyn std::error::Error, "a bundled skill was refused");
                }
            }
        }
        Ok(installed)
    }

    /// Whether the bundle may set this skill: not one that the owner disabled, removed or replaced.
    async fn may_install(&self, component: &[u8]) -> Result<bool, StoreError> {
        let manifest = package::inspect(component).ok().and_then(|found| found.manifest);
        let Some(Ok(manifest)) = manifest.as_deref().map(Manifest::parse) else { return Ok(true) };
        let row = self.services.db.skill(&manifest.name).await?;
        Ok(row.is_none_or(|row| row.status == "active" && row.origin == Origin::Bundle.word()))
    }
}
