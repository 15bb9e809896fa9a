//! What ships with the host: installed at start where the settings say so, in the gallery else.

mod folder;

pub use folder::{Bundle, Shipped};

use std::{io, sync::Arc};

use super::{Origin, UploadError, Uploaded, digest};
use crate::{
    skills::{LifeError, Skills},
    store::{SkillRow, StoreError},
};

/// Why a skill of the gallery was not installed.
#[derive(Debug, thiserror::Error)]
pub enum GalleryError {
    #[error("there is no skill `{0}` in the gallery")]
    NotThere(String),
    #[error("the skill `{0}` is installed already")]
    Installed(String),
    #[error("the folder of bundled skills cannot be read")]
    Folder(#[from] io::Error),
    #[error(transparent)]
    Upload(#[from] UploadError),
    #[error(transparent)]
    Life(#[from] LifeError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Skills {
    /// Installs what the settings name, and newer builds of what is installed. A version that was seen before
    /// is left as the owner has it.
    pub async fn install_bundle(&self) -> anyhow::Result<usize> {
        let shipped = self.bundle.components().await?;
        self.miss(&shipped);
        let mut installed = 0;
        for one in shipped {
            let known = self.services.db.version(&one.digest).await?;
            // One under review was left by a process that ended between storing and activating it.
            if known.is_some_and(|version| version.status != "review") || !self.may_install(&one).await? {
                continue;
            }
            match self.upload(&one.bytes().await?, Origin::Bundle).await {
                Ok(_) => installed += 1,
                Err(error) => {
                    tracing::error!(file = %one.file.display(), error = &error as &dyn std::error::Error, "a bundled skill was refused");
                }
            }
        }
        Ok(installed)
    }

    /// Logs what is to be installed and does not ship.
    fn miss(&self, shipped: &[Arc<Shipped>]) {
        let dir = self.bundle.dir().display();
        if shipped.is_empty() {
            tracing::info!(%dir, "there are no bundled skills");
            return;
        }
        let ships = |name: &String| shipped.iter().any(|one| one.name() == Some(name));
        for skill in self.settings.install.iter().filter(|name| !ships(name)) {
            tracing::warn!(skill, %dir, "`skills.install` names a skill that the bundle does not hold");
        }
    }

    /// Whether the bundle may set this skill by itself: one that the settings name, or one that is installed, but
    /// not one that the owner disabled, removed or replaced.
    async fn may_install(&self, shipped: &Shipped) -> Result<bool, StoreError> {
        // What has no manifest is refused by name when it is uploaded.
        let Some(name) = shipped.name() else { return Ok(true) };
        Ok(match self.services.db.skill(name).await? {
            Some(row) => row.status == "active" && row.origin == Origin::Bundle.word(),
            None => self.settings.install.iter().any(|wanted| wanted == name),
        })
    }

    /// Whether a skill of this name ships with the host.
    pub(super) async fn ships(&self, name: &str) -> bool {
        match self.bundle.components().await {
            Ok(shipped) => shipped.iter().any(|one| one.name() == Some(name)),
            Err(error) => {
                tracing::warn!(error = &error as &dyn std::error::Error, "the bundled skills cannot be looked at");
                false
            }
        }
    }

    /// What ships with the host and is not installed, or was removed; by name.
    pub async fn gallery(&self) -> Result<Vec<Arc<Shipped>>, GalleryError> {
        let rows = self.services.db.skills().await?;
        let there = |name: &str| rows.iter().any(|row| row.name == name && is_there(row));
        let mut shipped = self.bundle.components().await?;
        shipped.retain(|one| one.name().is_some_and(|name| !there(name)));
        // Of two files of one name the first is the skill.
        shipped.sort_by(|one, other| one.name().cmp(&other.name()));
        shipped.dedup_by(|one, other| one.name() == other.name());
        Ok(shipped)
    }

    /// Installs a skill of the gallery; `by` grants what it asks for by this.
    pub async fn install(&self, name: &str, by: &str) -> Result<Uploaded, GalleryError> {
        let waiting = self.gallery().await?;
        let Some(shipped) = waiting.iter().find(|one| one.name() == Some(name)) else {
            let there = self.services.db.skill(name).await?.is_some_and(|row| is_there(&row));
            let why = if there { GalleryError::Installed } else { GalleryError::NotThere };
            return Err(why(name.to_owned()));
        };
        // Taken before the component is read, as for every upload.
        let place = self.admit()?;
        let component = shipped.bytes().await?;
        // What is installed is what was shown.
        if digest(&component) != shipped.digest {
            return Err(GalleryError::Folder(io::Error::other("the file has changed meanwhile; look at it again")));
        }
        let uploaded = Box::pin(self.upload_admitted(place, &component, Origin::Bundle)).await?;
        self.activate(name, &uploaded.digest, Some(by)).await?;
        Ok(Uploaded { status: "active", missing: Vec::new(), ..uploaded })
    }
}

/// Whether a skill is installed: something that waits for a yes under its name is not.
fn is_there(row: &SkillRow) -> bool {
    row.status != "removed" && row.active_digest.is_some()
}
