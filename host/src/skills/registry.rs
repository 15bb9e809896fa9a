//! The skills that answer now. A snapshot is swapped whole, so a call in flight ends on the version
//! it began with; hosts that share a database see each other's changes by a counted revision.

use moka::future::Cache;
use serde_json::{Map, Value};
use std::{
    collections::BTreeMap,
    sync::{Arc, PoisonError, RwLock},
};
use tokio::sync::Semaphore;
use wasmtime::component::Linker;

use super::{
    compiler::{CompileError, Compiler},
    grant::Grants,
    host::CallState,
    limits::Limits,
    linker::SkillWorldPre,
    manifest::{Manifest, validator},
    trigger::Matcher,
};
use crate::{
    config,
    store::{Db, SkillRow, StoreError},
};

/// Versions kept ready to run; others load from the artefact cache when called.
const READY_VERSIONS: u64 = 64;

/// An installed skill: the version that answers, ready to check and to match.
pub struct Installed {
    pub name: String,
    /// False: kept, but not called.
    pub enabled: bool,
    pub origin: String,
    pub digest: String,
    pub manifest: Manifest,
    pub limits: Limits,
    pub grants: Grants,
    pub settings: Arc<Map<String, Value>>,
    pub input: jsonschema::Validator,
    pub output: jsonschema::Validator,
    pub triggers: Vec<Matcher>,
    /// One permit for a skill whose calls must not overlap.
    pub serial: Option<Arc<Semaphore>>,
}

#[derive(Default)]
struct Snapshot {
    revision: i64,
    skills: BTreeMap<String, Arc<Installed>>,
}

pub struct Registry {
    db: Db,
    settings: config::Skills,
    compiler: Compiler,
    linker: Linker<CallState>,
    ready: Cache<String, Arc<SkillWorldPre<CallState>>>,
    /// Replaced whole, never changed; the lock is held for a pointer's copy.
    snapshot: RwLock<Arc<Snapshot>>,
}

/// Why a version cannot run.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Compile(#[from] CompileError),
    #[error("the component does not fit the world `skill-world`: {0}")]
    Link(String),
    #[error("the bytes of version {0} are not in the database")]
    Missing(String),
}

impl Registry {
    pub fn new(db: Db, settings: config::Skills, compiler: Compiler, linker: Linker<CallState>) -> Self {
        Self { db, settings, compiler, linker, ready: Cache::new(READY_VERSIONS), snapshot: RwLock::default() }
    }

    /// All installed skills by name, after a look whether anything changed.
    pub async fn all(&self) -> Result<Vec<Arc<Installed>>, StoreError> {
        self.refresh().await?;
        Ok(self.snapshot().skills.values().cloned().collect())
    }

    /// One installed skill, after a look whether anything changed.
    pub async fn find(&self, name: &str) -> Result<Option<Arc<Installed>>, StoreError> {
        self.refresh().await?;
        Ok(self.snapshot().skills.get(name).cloned())
    }

    fn snapshot(&self) -> Arc<Snapshot> {
        self.snapshot.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    async fn refresh(&self) -> Result<(), StoreError> {
        let revision = self.db.skills_revision().await?;
        let before = self.snapshot();
        if before.revision == revision && revision > 0 {
            return Ok(());
        }
        let mut skills = BTreeMap::new();
        for row in self.db.skills().await? {
            let Some(digest) = row.active_digest.clone().filter(|_| row.status != "removed") else { continue };
            // One row that cannot be read or used takes no other skill with it.
            match self.install(&row, &digest, before.skills.get(&row.name)).await {
                Ok(installed) => drop(skills.insert(row.name.clone(), Arc::new(installed))),
                Err(error) => {
                    let error = &error as &dyn std::error::Error;
                    tracing::error!(skill = row.name, digest, error, "a stored skill cannot be used");
                }
            }
        }
        let mut current = self.snapshot.write().unwrap_or_else(PoisonError::into_inner);
        // Of two looks at the same time, the later one stays.
        if current.revision <= revision {
            *current = Arc::new(Snapshot { revision, skills });
        }
        Ok(())
    }

    async fn install(
        &self,
        row: &SkillRow,
        digest: &str,
        before: Option<&Arc<Installed>>,
    ) -> Result<Installed, StoreError> {
        let version = self.db.version(digest).await?;
        let version = version.ok_or_else(|| StoreError::Corrupt(format!("there is no version {digest}")))?;
        let manifest: Manifest = serde_json::from_value(version.manifest.0)
            .map_err(|error| StoreError::Corrupt(format!("manifest of {digest}: {error}")))?;
        let granted = self.db.grants(&row.name).await?.into_iter().map(|grant| (grant.capability, grant.scope.0));
        let grants = Grants::new(&row.name, granted).within(&manifest.asked());
        let mut installed = self.prepare(&manifest, digest, grants)?;
        installed.enabled = row.status == "active";
        installed.origin.clone_from(&row.origin);
        let set = row.settings.0.iter().map(|(key, value)| (key.clone(), value.clone()));
        Arc::make_mut(&mut installed.settings).extend(set);
        // Calls of the version before count too: one at a time is a promise of the skill.
        if let (Some(serial), Some(before)) = (&mut installed.serial, before.and_then(|before| before.serial.as_ref()))
        {
            *serial = before.clone();
        }
        Ok(installed)
    }

    /// A version as it would be installed, with the settings' defaults.
    pub fn prepare(&self, manifest: &Manifest, digest: &str, grants: Grants) -> Result<Installed, StoreError> {
        let corrupt = |reason: String| StoreError::Corrupt(format!("manifest of {digest}: {reason}"));
        let defaults =
            manifest.settings.iter().map(|(key, setting)| (key.clone(), Value::from(setting.default.clone())));
        Ok(Installed {
            name: manifest.name.clone(),
            enabled: true,
            origin: String::new(),
            digest: digest.to_owned(),
            limits: Limits::of(manifest, &self.settings),
            grants,
            settings: Arc::new(defaults.collect()),
            input: validator(&manifest.input_schema).map_err(corrupt)?,
            output: validator(&manifest.output_schema).map_err(corrupt)?,
            triggers: manifest
                .triggers
                .iter()
                .map(super::trigger::Trigger::compile)
                .collect::<Result<_, _>>()
                .map_err(corrupt)?,
            serial: (!manifest.can_parallel).then(|| Arc::new(Semaphore::new(1))),
            manifest: manifest.clone(),
        })
    }

    /// The component of a version, ready to be instantiated: from memory, from the artefact cache,
    /// or compiled again from the database.
    pub async fn ready(&self, digest: &str) -> Result<Arc<SkillWorldPre<CallState>>, Arc<LoadError>> {
        self.ready.try_get_with_by_ref(digest, self.load(digest)).await
    }

    async fn load(&self, digest: &str) -> Result<Arc<SkillWorldPre<CallState>>, LoadError> {
        let component = if let Some(component) = self.compiler.cached(digest) {
            component
        } else {
            let bytes = self.db.component(digest).await?.ok_or_else(|| LoadError::Missing(digest.to_owned()))?;
            self.compiler.compile(digest, &bytes).await?
        };
        Ok(Arc::new(self.link(&component)?))
    }

    /// Compiles and links bytes that are not stored yet.
    pub async fn trial(&self, digest: &str, bytes: &[u8]) -> Result<Arc<SkillWorldPre<CallState>>, LoadError> {
        let component = match self.compiler.cached(digest) {
            Some(component) => component,
            None => self.compiler.compile(digest, bytes).await?,
        };
        let ready = Arc::new(self.link(&component)?);
        self.ready.insert(digest.to_owned(), ready.clone()).await;
        Ok(ready)
    }

    /// Forgets what was compiled of a version that is not kept.
    pub async fn forget(&self, digest: &str) {
        self.ready.invalidate(digest).await;
        self.compiler.forget(digest);
    }

    fn link(&self, component: &wasmtime::component::Component) -> Result<SkillWorldPre<CallState>, LoadError> {
        let link = |error: wasmtime::Error| LoadError::Link(format!("{error:#}"));
        let pre = self.linker.instantiate_pre(component).map_err(link)?;
        SkillWorldPre::new(pre).map_err(link)
    }
}

impl Installed {
    /// The input that one of the triggers fills in from a message, if it fits the schema.
    pub fn triggered(&self, message: &str, locale: &str) -> Option<Value> {
        self.triggers.iter().find_map(|trigger| {
            let input = self.typed(trigger.input(message, locale)?);
            self.input.is_valid(&input).then_some(input)
        })
    }

    /// Triggers catch text; numbers and booleans are made of it where the schema wants them.
    fn typed(&self, mut input: Value) -> Value {
        let properties = &self.manifest.input_schema["properties"];
        for (field, value) in input.as_object_mut().into_iter().flatten() {
            let wanted = properties[field]["type"].as_str().unwrap_or_default();
            if let (Some(text), "integer" | "number" | "boolean") = (value.as_str(), wanted)
                && let Ok(typed) = serde_json::from_str::<Value>(text)
            {
                *value = typed;
            }
        }
        input
    }
}
