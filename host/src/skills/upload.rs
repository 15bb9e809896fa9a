//! The way of an upload: a place in the queue → structure and imports, looked at in a child → manifest →
//! compiled there → linked → examples in the sandbox → stored for review → active, where nothing new is asked for.
//!
//! What is written, in this order: the artefact, the version under review, its activation. A crash leaves the
//! version before in force, or the new one; artefacts that belong to nothing are swept at start.

mod bundle;
mod checks;
mod examples;

use serde::Serialize;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use std::time::Instant;

use super::{
    SharedTrigger, Skills,
    compiler::{CompileError, Job},
    grant::Grants,
    limits::Limits,
    manifest::{Manifest, ManifestError},
    package::{Inspection, PackageError},
    probe,
    registry::LoadError,
};
use crate::store::{NewVersion, Staged, StoreError, Yes};

pub use super::compiler::Place;
pub use bundle::{Bundle, GalleryError, Shipped};
pub use examples::ExampleResult;

/// Where a component comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// The host's own folder; what it asks for is granted by whoever installed the host.
    Bundle,
    /// A person.
    Upload,
}

impl Origin {
    pub fn word(self) -> &'static str {
        match self {
            Self::Bundle => "bundle",
            Self::Upload => "upload",
        }
    }
}

/// Why an upload was refused. Nothing of it is stored.
#[derive(Debug, thiserror::Error)]
pub enum UploadError {
    #[error("the component has {size} bytes; {max} is the most")]
    TooLarge { size: usize, max: usize },
    #[error("other uploads are being worked on or wait already; try again in a minute")]
    Busy,
    #[error(transparent)]
    Package(#[from] PackageError),
    #[error("the component has no manifest; build it with `skillet skill build`, which embeds skill.toml")]
    NoManifest,
    #[error(transparent)]
    Manifest(#[from] ManifestError),
    #[error("the component imports `{0}`, which this host does not lend")]
    UnknownImport(String),
    #[error("the component imports `{import}`; this host lends `{lent}`: build it against that")]
    OtherContract { import: String, lent: String },
    #[error("the component imports `{import}`, but its manifest does not ask for the capability `{capability}`")]
    Undeclared { import: String, capability: &'static str },
    #[error("the manifest asks for the capability `{0}`, which this host does not lend")]
    NotLent(String),
    #[error("the component does not export `skillet:skill/skill@0.1.0`")]
    NoExport,
    #[error("version {0} belongs to the skill {1} already")]
    OtherSkill(String, String),
    #[error(
        "version {version} of `{skill}` is stored with other bytes: the digest is {stored} there and {given} here; \
         raise `version` in skill.toml"
    )]
    SameVersion { skill: String, version: String, stored: String, given: String },
    #[error(
        "version {version} of `{skill}` is lower than {active}, which answers now; to return to an earlier version, \
         roll back"
    )]
    Downgrade { skill: String, version: String, active: String },
    #[error(transparent)]
    Compile(CompileError),
    #[error("the component does not fit the world `skill-world`: {0}")]
    Link(String),
    #[error("the component does not begin: {0}")]
    Begin(String),
    #[error("{failed} of {total} examples fail")]
    Examples { failed: usize, total: usize, results: Vec<ExampleResult> },
    #[error("only {ran} of {total} examples ran within {} s", examples::TIME.as_secs())]
    SlowExamples { ran: usize, total: usize },
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<CompileError> for UploadError {
    fn from(error: CompileError) -> Self {
        match error {
            CompileError::Package(error) => Self::Package(error),
            error => Self::Compile(error),
        }
    }
}

impl From<LoadError> for UploadError {
    fn from(error: LoadError) -> Self {
        match error {
            LoadError::Link(reason) | LoadError::Missing(reason) => Self::Link(reason),
            LoadError::Compile(error) => error.into(),
            LoadError::Store(error) => Self::Store(error),
        }
    }
}

/// A version that was accepted.
#[derive(Clone, Debug, Serialize)]
pub struct Uploaded {
    pub name: String,
    pub version: String,
    pub digest: String,
    /// "active", or "review" when it waits for the owner.
    pub status: &'static str,
    /// The capabilities that wait for the owner.
    pub missing: Vec<(String, Value)>,
    /// Whether it waits since it would take the place of a skill that ships with the host.
    pub replaces_bundled: bool,
    /// Triggers that other skills have too.
    pub shared_triggers: Vec<SharedTrigger>,
    /// The interfaces that the component calls, such as `skillet:skill/kv@0.1.0`.
    pub imports: Vec<String>,
    pub size: usize,
    /// Looking at it and compiling it, without the wait for a turn.
    pub compile_ms: i64,
    pub examples: Vec<ExampleResult>,
    /// Whether it came as a core module, which the host made into the component of this digest.
    pub from_core_module: bool,
}

/// A component that passed everything but the owner.
struct Checked<'a> {
    component: &'a [u8],
    digest: String,
    origin: Origin,
    manifest: Manifest,
    inspection: Inspection,
    compile_ms: i64,
    examples: Vec<ExampleResult>,
}

/// A component whose structure, imports and manifest are as they must be, at the child that compiles it.
struct LookedAt {
    job: Job,
    manifest: Manifest,
}

/// SHA-256 of a component, in hex.
pub fn digest(component: &[u8]) -> String {
    hex::encode(Sha256::digest(component))
}

impl Skills {
    /// A place among the uploads, to be taken before the component is read: each that waits holds its own
    /// in memory.
    pub fn admit(&self) -> Result<Place, UploadError> {
        self.registry.compiler.uploads().enter().ok_or(UploadError::Busy)
    }

    /// Checks a component and stores it; activates it when it asks for nothing that is not granted. What
    /// ships with the host waits for a place; others are told that there is none.
    pub async fn upload(&self, component: &[u8], origin: Origin) -> Result<Uploaded, UploadError> {
        let place = match origin {
            Origin::Bundle => self.registry.compiler.uploads().join().await,
            Origin::Upload => self.admit()?,
        };
        // Boxed: it is large, and whoever uploads would carry it along.
        Box::pin(self.upload_admitted(place, component, origin)).await
    }

    /// [`Skills::upload`] of a component that has its place.
    pub async fn upload_admitted(
        &self,
        place: Place,
        component: &[u8],
        origin: Origin,
    ) -> Result<Uploaded, UploadError> {
        self.fits(component)?;
        // Held to the end: what is looked up for a check still holds when the version is stored.
        let _turn = place.turn().await.ok_or(UploadError::Busy)?;
        let began = Instant::now();
        let mut looked_at = self.look_at(component).await?;
        let made = looked_at.job.made.take();
        let component = made.as_deref().unwrap_or(component);
        self.fits(component)?;
        let digest = digest(component);
        self.check_version(&looked_at.manifest, &digest, origin).await?;
        let LookedAt { job, manifest } = looked_at;
        let inspection = job.inspection.clone();
        let compiled = self.registry.compiler.compile(job, &digest).await?;
        let compile_ms = i64::try_from(began.elapsed().as_millis()).unwrap_or(i64::MAX);
        let tried = async {
            self.registry.linked(&digest, &compiled).await?;
            self.begins(&manifest, &digest).await?;
            self.examples(&manifest, &digest).await
        };
        let examples = match tried.await {
            Ok(examples) => examples,
            Err(error) => {
                // Nothing of a refused component is kept.
                if self.services.db.version(&digest).await?.is_none() {
                    self.registry.forget(&digest).await;
                }
                return Err(error);
            }
        };
        let checked = Checked { component, digest, origin, manifest, inspection, compile_ms, examples };
        Ok(Uploaded { from_core_module: made.is_some(), ..self.store(checked).await? })
    }

    /// Takes a component as far as an upload does without storing it: ready to run, under its digest. Tells what it
    /// imports.
    pub(super) async fn examine(&self, component: &[u8]) -> Result<(Manifest, String, Vec<String>), UploadError> {
        self.fits(component)?;
        let LookedAt { mut job, manifest } = self.look_at(component).await?;
        let (made, imports) = (job.made.take(), job.inspection.imports.clone());
        let digest = digest(made.as_deref().unwrap_or(component));
        let compiled = self.registry.compiler.compile(job, &digest).await?;
        self.registry.linked(&digest, &compiled).await?;
        self.begins(&manifest, &digest).await?;
        Ok((manifest, digest, imports))
    }

    fn fits(&self, component: &[u8]) -> Result<(), UploadError> {
        let (size, max) = (component.len(), self.settings.max_component_mib as usize * (1 << 20));
        if size > max { Err(UploadError::TooLarge { size, max }) } else { Ok(()) }
    }

    /// Everything that is held against a component before it is compiled.
    async fn look_at(&self, component: &[u8]) -> Result<LookedAt, UploadError> {
        let job = self.registry.compiler.begin(component).await?;
        let text = job.inspection.manifest.as_deref().ok_or(UploadError::NoManifest)?;
        let manifest = Manifest::parse(text)?;
        Limits::check(&manifest, &self.settings)?;
        checks::texts(&manifest)?;
        checks::world(&job.inspection, &manifest)?;
        Ok(LookedAt { job, manifest })
    }

    async fn store(&self, checked: Checked<'_>) -> Result<Uploaded, UploadError> {
        let (db, clock) = (&self.services.db, &self.services.clock);
        let Checked { component, digest, origin, manifest, inspection, compile_ms, examples } = checked;
        // One that was removed begins again: nothing of it is replaced or loosened.
        let before = db.skill(&manifest.name).await?.filter(|skill| skill.status != "removed");
        let version = NewVersion {
            digest: &digest,
            skill_name: &manifest.name,
            version: &manifest.version,
            manifest: &json!(manifest),
            imports: &inspection.imports,
            examples: &json!(examples),
            compile_ms,
            core_instances: i64::try_from(inspection.core_instances).unwrap_or(i64::MAX),
            component,
            origin: origin.word(),
        };
        // Another host may have stored this number since it was looked up.
        if let Staged::NumberTaken(stored) = db.stage_version(clock, &version).await? {
            self.registry.forget(&digest).await;
            return Err(UploadError::SameVersion {
                skill: manifest.name,
                version: manifest.version,
                stored,
                given: digest,
            });
        }
        let asked = manifest.asked();
        let active = self.active(before.as_ref()).await?;
        let asked_now = active.as_ref().map(Manifest::asked);
        let granted = db.grants(&manifest.name).await?.into_iter().map(|grant| (grant.capability, grant.scope.0));
        let granted = Grants::new(&manifest.name, granted);
        let (vouched, missing) = match (origin, asked_now) {
            // The host vouches for what it ships. What the owner took back of that stays taken back.
            (Origin::Bundle, now) => (Grants::new(&manifest.name, now.unwrap_or_default()).beyond(&asked), Vec::new()),
            // A grant that an earlier version left behind is no yes to what is asked for beyond the present one.
            (Origin::Upload, Some(now)) => (Vec::new(), granted.within(&now).missing(&asked)),
            (Origin::Upload, None) => (Vec::new(), granted.missing(&asked)),
        };
        let takes_name = origin == Origin::Upload
            && match &before {
                Some(skill) => skill.origin == Origin::Bundle.word() && skill.active_digest.as_ref() != Some(&digest),
                None => self.ships(&manifest.name).await,
            };
        let loosens = self.loosens(before.as_ref(), active.as_ref(), &manifest).await?;
        let status = if missing.is_empty() && !takes_name && !loosens {
            let yes = Yes { asked: &vouched, by: "host" };
            db.grant_and_activate(clock, &manifest.name, &digest, Some(&yes)).await?;
            self.changed().await;
            "active"
        } else {
            "review"
        };
        let shared_triggers = self.shared_triggers(&manifest).await?;
        tracing::info!(skill = manifest.name, version = manifest.version, digest, status, "a version was uploaded");
        Ok(Uploaded {
            name: manifest.name,
            version: manifest.version,
            digest,
            status,
            missing,
            replaces_bundled: takes_name,
            imports: inspection.imports,
            size: component.len(),
            compile_ms,
            examples,
            from_core_module: false,
            shared_triggers,
        })
    }

    /// Removes compiled code that belongs to no stored version or to another engine; returns how many files
    /// that were. Waits for the upload that is being worked on.
    pub async fn sweep_artefacts(&self) -> Result<usize, UploadError> {
        let place = self.registry.compiler.uploads().join().await;
        let _turn = place.turn().await.ok_or(UploadError::Busy)?;
        let mut kept = self.services.db.digests().await?;
        kept.extend(probe::digests());
        let removed = self.registry.compiler.sweep(kept).await?;
        if removed > 0 {
            tracing::info!(removed, "compiled code that belongs to nothing was removed");
        }
        Ok(removed)
    }
}
