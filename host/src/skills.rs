//! Skills: components that the agent calls, in a sandbox. Nothing here knows who calls.

mod account;
mod compiler;
mod engine;
mod executor;
mod grant;
mod host;
mod limits;
mod linker;
mod manifest;
pub mod package;
mod readable;
mod registry;
mod sandbox;
mod schema;
mod trigger;
mod upload;

pub use compiler::{CompileError, SUBCOMMAND as COMPILE_SUBCOMMAND, child as compile_child};
pub use executor::{Caller, Outcome, Request, short as short_key};
pub use host::{Progress, ProgressSink, Services};
pub use linker::LENT;
pub use manifest::{Capabilities, CostTier, Idempotency, Manifest, ManifestError};
pub use readable::readable;
pub use registry::Installed;
pub use sandbox::{CallFailure, FailureKind};
pub use upload::{ExampleResult, Origin, UploadError, Uploaded, digest};

use anyhow::Context;
use std::{path::PathBuf, sync::Arc, time::Duration};

use crate::{
    config,
    store::{Db, StoreError},
};

/// All skills of the host.
pub struct Skills {
    settings: config::Skills,
    services: Services,
    registry: registry::Registry,
    executor: executor::Executor,
}

/// Why a change of a skill's life was not made.
#[derive(Debug, thiserror::Error)]
pub enum LifeError {
    #[error("there is no skill `{0}`")]
    NoSkill(String),
    #[error("the skill `{0}` has no version {1}")]
    NoVersion(String, String),
    #[error("the skill `{0}` has no earlier version to return to")]
    NothingBefore(String),
    #[error("`{skill}` asks for what was not granted: {}", missing.iter().map(|(name, scope)| format!("{name} {scope}")).collect::<Vec<_>>().join(", "))]
    NotGranted { skill: String, missing: Vec<(String, serde_json::Value)> },
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Skills {
    /// Builds the engine and the registry. `program` is this binary, for the compiling child.
    pub fn new(
        settings: config::Skills,
        services: Services,
        program: PathBuf,
        data_dir: &std::path::Path,
    ) -> anyhow::Result<Self> {
        let max_memory = settings.max_memory_mib as usize * (1 << 20);
        let engine = engine::running(settings.max_calls, max_memory)
            .map_err(|error| anyhow::anyhow!("{error:#}"))
            .context("the WebAssembly engine cannot be started")?;
        let linker = linker::linker(&engine).map_err(|error| anyhow::anyhow!("{error:#}"))?;
        let limits = (settings.compile_memory_mib, Duration::from_secs(settings.compile_timeout_s));
        let compiler = compiler::Compiler::new(engine.clone(), program, data_dir, limits)
            .context("the folder for compiled skills cannot be used")?;
        let ticker = engine::Ticker::start(&engine)?;
        Ok(Self {
            registry: registry::Registry::new(services.db.clone(), settings.clone(), compiler, linker),
            executor: executor::Executor::new(engine, ticker, &settings),
            settings,
            services,
        })
    }

    /// Runs a skill once for its key.
    pub async fn call(&self, request: Request) -> Result<Outcome, StoreError> {
        self.executor.call(&self.registry, &self.services, request).await
    }

    /// All installed skills by name, disabled ones too.
    pub async fn all(&self) -> Result<Vec<Arc<Installed>>, StoreError> {
        self.registry.all().await
    }

    /// The skills that may be called now, by name.
    pub async fn enabled(&self) -> Result<Vec<Arc<Installed>>, StoreError> {
        Ok(self.registry.all().await?.into_iter().filter(|skill| skill.enabled).collect())
    }

    pub async fn find(&self, name: &str) -> Result<Option<Arc<Installed>>, StoreError> {
        self.registry.find(name).await
    }

    /// Makes a stored version the one that answers. What it asks for must be granted; with `grant`
    /// the owner grants it by this.
    pub async fn activate(&self, name: &str, digest: &str, grant: Option<&str>) -> Result<(), LifeError> {
        let (db, clock) = (&self.services.db, &self.services.clock);
        let version = db.version(digest).await?.filter(|version| version.skill_name == name);
        let version = version.ok_or_else(|| LifeError::NoVersion(name.to_owned(), digest.to_owned()))?;
        let manifest: Manifest = serde_json::from_value(version.manifest.0)
            .map_err(|error| StoreError::Corrupt(format!("manifest of {digest}: {error}")))?;
        let asked = manifest.asked();
        if let Some(by) = grant {
            db.set_grants(clock, name, &asked, by).await?;
        }
        let granted = db.grants(name).await?.into_iter().map(|grant| (grant.capability, grant.scope.0));
        let missing = grant::Grants::new(name, granted).missing(&asked);
        if !missing.is_empty() {
            return Err(LifeError::NotGranted { skill: name.to_owned(), missing });
        }
        db.activate_version(clock, name, digest).await?;
        tracing::info!(skill = name, digest, "a version was activated");
        Ok(())
    }

    /// Returns to the version before.
    pub async fn roll_back(&self, name: &str) -> Result<String, LifeError> {
        let row = self.services.db.skill(name).await?.ok_or_else(|| LifeError::NoSkill(name.to_owned()))?;
        let before = row.previous_digest.ok_or_else(|| LifeError::NothingBefore(name.to_owned()))?;
        self.activate(name, &before, None).await?;
        Ok(before)
    }

    /// Enables ("active"), disables ("disabled") or removes ("removed") a skill.
    pub async fn set_status(&self, name: &str, status: &str) -> Result<(), LifeError> {
        if self.services.db.set_skill_status(&self.services.clock, name, status).await? {
            tracing::info!(skill = name, status, "a skill's status was set");
            Ok(())
        } else {
            Err(LifeError::NoSkill(name.to_owned()))
        }
    }
}

impl Services {
    /// The same services over an empty database in memory, for examples.
    async fn scratch(&self) -> Result<Self, StoreError> {
        let db = Db::scratch().await?;
        Ok(Self {
            memory: crate::memory::Memory::new(db.clone(), self.clock.clone()),
            settings: self.settings.over(db.clone()),
            clock: self.clock.clone(),
            // Nobody works on what an example leaves.
            wake: Arc::default(),
            db,
        })
    }
}
