//! The skills that answer now. A snapshot is swapped whole, so a call in flight ends on the version
//! it began with; hosts that share a database see each other's changes by a counted revision.

use moka::future::Cache;
use serde_json::{Map, Value};
use std::{
    collections::BTreeMap,
    sync::{Arc, PoisonError, RwLock},
};
use wasmtime::component::{Component, Linker};

use super::{
    compiler::{CompileError, Compiler},
    egress::{Owner, Redactor, Seal, Secret},
    executor::OwnPlaces,
    grant::Grants,
    host::{CallState, Reach},
    limits::Limits,
    linker::SkillWorldPre,
    manifest::Manifest,
    manifest_of,
    running::{Running, RunningVersions},
    schema::Schema,
    trigger::Matcher,
};
use crate::{
    config,
    store::{Db, SkillRow, StoreError, logged},
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
    pub input: Arc<Schema>,
    pub output: Arc<Schema>,
    pub triggers: Vec<Matcher>,
    /// What it may reach on the network.
    pub reach: Reach,
    /// Takes the values of the secrets out of whatever a run leaves.
    pub redactor: Redactor,
    /// One for each call that may run at once.
    pub places: Arc<OwnPlaces>,
    /// The calls of this version that run in this process.
    pub running: Arc<Running>,
}

#[derive(Default)]
struct Snapshot {
    revision: i64,
    skills: BTreeMap<String, Arc<Installed>>,
}

pub struct Registry {
    db: Db,
    settings: config::Skills,
    pub(super) compiler: Compiler,
    linker: Linker<CallState>,
    ready: Cache<String, Arc<SkillWorldPre<CallState>>>,
    seal: Seal,
    running: RunningVersions,
    /// Replaced whole, never changed; the lock is held for a pointer's copy.
    snapshot: RwLock<Arc<Snapshot>>,
    /// Held while a change is read.
    reading: tokio::sync::Mutex<()>,
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
    pub fn new(db: Db, settings: config::Skills, compiler: Compiler, linker: Linker<CallState>, seal: Seal) -> Self {
        let (ready, running, snapshot) = (Cache::new(READY_VERSIONS), RunningVersions::default(), RwLock::default());
        Self { db, settings, compiler, linker, ready, seal, running, snapshot, reading: tokio::sync::Mutex::default() }
    }

    /// Calls of a version that run in this process.
    pub fn in_flight(&self, digest: &str) -> usize {
        self.running.count(digest)
    }

    /// Looks whether anything changed, for those who wait for nothing else.
    pub async fn look(&self) {
        logged("the skills could not be looked at", self.refresh().await);
    }

    /// Seals a secret as it is stored.
    pub fn seal(&self, owner: &Owner<'_>, value: &str) -> Vec<u8> {
        self.seal.seal(owner, value)
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
        if self.snapshot().revision == revision && revision > 0 {
            return Ok(());
        }
        // Of many who see a change at once, one reads it and the others wait for that.
        let _reading = self.reading.lock().await;
        let before = self.snapshot();
        if before.revision >= revision && revision > 0 {
            return Ok(());
        }
        let mut skills = BTreeMap::new();
        for row in self.db.skills().await? {
            let Some(digest) = row.active_digest.clone().filter(|_| row.status != "removed") else { continue };
            // One row that cannot be read or used takes no other skill with it.
            match self.install(&row, &digest, before.skills.get(&row.name)).await {
                Ok(installed) => drop(skills.insert(row.name.clone(), Arc::new(installed))),
                // The database is away: what was known stays known, and the next call looks again.
                Err(error) if !error.is_about_data() => return Err(error),
                Err(error) => {
                    let error = &error as &dyn std::error::Error;
                    tracing::error!(skill = row.name, digest, error, "a stored skill cannot be used");
                }
            }
        }
        let taken_back = self.taken_back(&skills).await?;
        for skill in skills.values() {
            skill.places.resize(places(&skill.limits));
        }
        let after = Arc::new(Snapshot { revision, skills });
        *self.snapshot.write().unwrap_or_else(PoisonError::into_inner) = after.clone();
        #[expect(clippy::cast_precision_loss, reason = "a count of changes is far below 2^52")]
        metrics::gauge!("skillet_skills_revision").set(revision as f64);
        for running in taken_back {
            running.stop();
        }
        // What answers no more is in memory as long as a call of it runs, and no longer.
        for old in before.skills.values() {
            if after.skills.get(&old.name).is_none_or(|skill| skill.digest != old.digest) {
                self.ready.invalidate(&old.digest).await;
            }
        }
        // The cache drops what it has lost when it next looks after itself.
        self.ready.run_pending_tasks().await;
        Ok(())
    }

    /// The versions whose running calls end now: of skills that were disabled or removed, and those
    /// that were rolled back. A version that was replaced ends its calls by itself.
    async fn taken_back(&self, skills: &BTreeMap<String, Arc<Installed>>) -> Result<Vec<Arc<Running>>, StoreError> {
        let mut taken_back = Vec::new();
        for (digest, running) in self.running.all() {
            let skill = skills.get(&running.skill).filter(|skill| skill.enabled);
            let stops = match skill {
                None => true,
                Some(skill) if skill.digest == digest => false,
                Some(_) => self.db.version(&digest).await?.is_none_or(|version| version.retired_reason.is_some()),
            };
            if stops {
                taken_back.push(running);
            }
        }
        Ok(taken_back)
    }

    async fn install(
        &self,
        row: &SkillRow,
        digest: &str,
        before: Option<&Arc<Installed>>,
    ) -> Result<Installed, StoreError> {
        let version = self.db.version(digest).await?;
        let version = version.ok_or_else(|| StoreError::Corrupt(format!("there is no version {digest}")))?;
        let manifest = manifest_of(&version)?;
        let granted = self.db.grants(&row.name).await?.into_iter().map(|grant| (grant.capability, grant.scope.0));
        let grants = Grants::new(&row.name, granted).within(&manifest.asked());
        let mut installed = self.prepare(&manifest, digest, grants)?;
        installed.enabled = row.status == "active";
        installed.origin.clone_from(&row.origin);
        let set = row.settings.0.iter().map(|(key, value)| (key.clone(), value.clone()));
        Arc::make_mut(&mut installed.settings).extend(set);
        self.put_in_secrets(&mut installed).await?;
        installed.running = self.running.of(&row.name, digest);
        // Calls of the version before count too: so many at a time is a promise of the skill.
        if let Some(before) = before {
            installed.places = before.places.clone();
        }
        Ok(installed)
    }

    async fn put_in_secrets(&self, installed: &mut Installed) -> Result<(), StoreError> {
        if installed.manifest.secrets.is_empty() {
            return Ok(());
        }
        let stored = self.db.secrets(&installed.name).await?;
        let (mut set, mut unset) = (Vec::new(), Vec::new());
        for asked in &installed.manifest.secrets {
            let place = asked.place();
            // A value that was set for another place is none for this one.
            let row = stored.iter().find(|row| row.name == asked.name && row.place == place);
            let owner = Owner { skill: &installed.name, name: &asked.name, place: &place };
            let value = row.map(|row| self.seal.open(&owner, &row.sealed));
            if let Some(Err(error)) = &value {
                let error = error as &dyn std::error::Error;
                tracing::error!(skill = installed.name, secret = asked.name, error, "a secret cannot be opened");
            }
            match (value, asked.header.parse()) {
                (Some(Ok(value)), Ok(header)) => set.push(Secret {
                    name: asked.name.clone(),
                    host: asked.host.clone(),
                    header,
                    prefix: asked.prefix.clone(),
                    value,
                }),
                _ => unset.push(asked.clone()),
            }
        }
        installed.redactor = Redactor::of(&set);
        (installed.reach.secrets, installed.reach.unset) = (set.into(), unset.into());
        Ok(())
    }

    /// A version as it would be installed, with the settings' defaults.
    pub fn prepare(&self, manifest: &Manifest, digest: &str, grants: Grants) -> Result<Installed, StoreError> {
        let corrupt = |reason: String| StoreError::Corrupt(format!("manifest of {digest}: {reason}"));
        let limits = Limits::of(manifest, &self.settings);
        let hosts = &manifest.capabilities.http;
        let granted = hosts.iter().filter(|rule| grants.has("http", &rule.to_string()));
        let defaults =
            manifest.settings.iter().map(|(key, setting)| (key.clone(), Value::from(setting.default.clone())));
        Ok(Installed {
            name: manifest.name.clone(),
            enabled: true,
            origin: String::new(),
            digest: digest.to_owned(),
            limits,
            reach: Reach {
                asked: manifest.capabilities.http.clone().into(),
                granted: granted.cloned().collect(),
                secrets: Arc::default(),
                unset: manifest.secrets.clone().into(),
            },
            redactor: Redactor::default(),
            grants,
            settings: Arc::new(defaults.collect()),
            input: Schema::new(&manifest.input_schema).map(Arc::new).map_err(corrupt)?,
            output: Schema::new(&manifest.output_schema).map(Arc::new).map_err(corrupt)?,
            triggers: manifest
                .triggers
                .iter()
                .map(super::trigger::Trigger::compile)
                .collect::<Result<_, _>>()
                .map_err(corrupt)?,
            places: Arc::new(OwnPlaces::new(places(&limits))),
            running: Arc::new(Running::new(&manifest.name)),
            manifest: manifest.clone(),
        })
    }

    /// The component of a version, ready to be instantiated: from memory, from the artefact cache,
    /// or compiled again from the database.
    pub async fn ready(&self, digest: &str) -> Result<Arc<SkillWorldPre<CallState>>, Arc<LoadError>> {
        self.ready.try_get_with_by_ref(digest, self.load(digest)).await
    }

    async fn load(&self, digest: &str) -> Result<Arc<SkillWorldPre<CallState>>, LoadError> {
        let component = if let Some(component) = self.compiler.cached(digest).await {
            component
        } else {
            let bytes = self.db.component(digest).await?.ok_or_else(|| LoadError::Missing(digest.to_owned()))?;
            self.compiler.component(digest, &bytes).await?
        };
        Ok(Arc::new(self.link(&component)?))
    }

    /// Compiles bytes that are not a skill's, such as a probe's.
    pub async fn compiled(&self, digest: &str, bytes: &[u8]) -> Result<Component, LoadError> {
        Ok(self.compiler.component(digest, bytes).await?)
    }

    /// Compiles and links bytes that are not stored yet.
    pub async fn trial(&self, digest: &str, bytes: &[u8]) -> Result<Arc<SkillWorldPre<CallState>>, LoadError> {
        let component = self.compiler.component(digest, bytes).await?;
        self.linked(digest, &component).await
    }

    /// Links what is compiled, and has it ready.
    pub async fn linked(
        &self,
        digest: &str,
        component: &Component,
    ) -> Result<Arc<SkillWorldPre<CallState>>, LoadError> {
        let ready = Arc::new(self.link(component)?);
        self.ready.insert(digest.to_owned(), ready.clone()).await;
        Ok(ready)
    }

    /// Forgets what was compiled of a version that is not kept.
    pub async fn forget(&self, digest: &str) {
        self.ready.invalidate(digest).await;
        self.compiler.forget(digest).await;
    }

    fn link(&self, component: &Component) -> Result<SkillWorldPre<CallState>, LoadError> {
        let link = |error: wasmtime::Error| LoadError::Link(format!("{error:#}"));
        let pre = self.linker.instantiate_pre(component).map_err(link)?;
        SkillWorldPre::new(pre).map_err(link)
    }
}

/// Calls of a version that may run at once.
fn places(limits: &Limits) -> usize {
    usize::try_from(limits.concurrency).unwrap_or(usize::MAX)
}

impl Installed {
    /// The input that one of the triggers fills in from a message, if it fits the schema.
    pub fn triggered(&self, message: &str, locale: &str) -> Option<Value> {
        self.triggers.iter().find_map(|trigger| {
            let input = self.typed(trigger.input(message, locale)?);
            self.input.fits(&input).then_some(input)
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
