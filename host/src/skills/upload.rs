//! The way of an upload: size and structure → manifest → imports → compile in a child → link →
//! examples in the sandbox → stored for review, or active at once where nothing new is asked for.

use serde::Serialize;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use std::time::{Duration, Instant};

use super::{
    CallFailure, FailureKind, Skills,
    compiler::CompileError,
    executor::{Caller, RawCall},
    grant::Grants,
    host::Services,
    linker::{LENT, unversioned},
    manifest::{Example, Manifest, ManifestError},
    package::{self, Inspection, PackageError},
    registry::{Installed, LoadError},
};
use crate::store::{NewVersion, StoreError};

/// Time that all examples of a manifest may take together.
const EXAMPLES_TIME: Duration = Duration::from_mins(1);

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
    #[error(transparent)]
    Package(#[from] PackageError),
    #[error("the component has no manifest; build it with `skillet skill build`, which embeds skill.toml")]
    NoManifest,
    #[error(transparent)]
    Manifest(#[from] ManifestError),
    #[error("the component imports `{0}`, which this host does not lend")]
    UnknownImport(String),
    #[error("the component imports `{import}`, but its manifest does not ask for the capability `{capability}`")]
    Undeclared { import: String, capability: &'static str },
    #[error("the manifest asks for the capability `{0}`, which this host does not lend")]
    NotLent(String),
    #[error("the component does not export `skillet:skill/skill@0.1.0`")]
    NoExport,
    #[error(transparent)]
    Compile(CompileError),
    #[error("the component does not fit the world `skill-world`: {0}")]
    Link(String),
    #[error("{failed} of {total} examples fail")]
    Examples { failed: usize, total: usize, results: Vec<ExampleResult> },
    #[error("only {ran} of {total} examples ran within {} s", EXAMPLES_TIME.as_secs())]
    SlowExamples { ran: usize, total: usize },
    #[error("version {0} belongs to the skill {1} already")]
    OtherSkill(String, String),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// How one example of the manifest came out.
#[derive(Clone, Debug, Serialize)]
pub struct ExampleResult {
    pub input: Value,
    pub passed: bool,
    /// What the manifest says, as `{output}`, `{failure}` or `{}`.
    pub expected: Value,
    /// What came, as `{output}` or `{failure}`.
    pub actual: Value,
}

/// A version that was accepted.
#[derive(Clone, Debug, Serialize)]
pub struct Uploaded {
    pub name: String,
    pub version: String,
    pub digest: String,
    /// "active", or "review" when it asks for what was not granted.
    pub status: &'static str,
    /// The capabilities that wait for the owner.
    pub missing: Vec<(String, Value)>,
    pub size: usize,
    pub compile_ms: i64,
    pub examples: Vec<ExampleResult>,
}

/// SHA-256 of a component, in hex.
pub fn digest(component: &[u8]) -> String {
    hex::encode(Sha256::digest(component))
}

impl Skills {
    /// Checks a component and stores it; activates it when it asks for nothing that is not granted.
    pub async fn upload(&self, component: &[u8], origin: Origin) -> Result<Uploaded, UploadError> {
        let max = self.settings.max_component_mib as usize * (1 << 20);
        if component.len() > max {
            return Err(UploadError::TooLarge { size: component.len(), max });
        }
        let inspection = package::inspect(component)?;
        let text = inspection.manifest.as_deref().ok_or(UploadError::NoManifest)?;
        let manifest = Manifest::parse(text)?;
        check_world(&inspection, &manifest)?;

        let digest = digest(component);
        if let Some(known) = self.services.db.version(&digest).await?
            && known.skill_name != manifest.name
        {
            return Err(UploadError::OtherSkill(digest, known.skill_name));
        }
        let began = Instant::now();
        self.registry.trial(&digest, component).await.map_err(|error| match error {
            LoadError::Link(reason) => UploadError::Link(reason),
            LoadError::Compile(error) => UploadError::Compile(error),
            LoadError::Store(error) => UploadError::Store(error),
            LoadError::Missing(what) => UploadError::Link(what),
        })?;
        let compile_ms = i64::try_from(began.elapsed().as_millis()).unwrap_or(i64::MAX);
        let examples = match self.examples(&manifest, &digest).await {
            Ok(examples) => examples,
            Err(error) => {
                // Nothing of a refused component is kept.
                if self.services.db.version(&digest).await?.is_none() {
                    self.registry.forget(&digest).await;
                }
                return Err(error);
            }
        };
        self.stage(component, &manifest, &inspection, (&digest, origin), (compile_ms, examples)).await
    }

    async fn stage(
        &self,
        component: &[u8],
        manifest: &Manifest,
        inspection: &Inspection,
        (digest, origin): (&str, Origin),
        (compile_ms, examples): (i64, Vec<ExampleResult>),
    ) -> Result<Uploaded, UploadError> {
        let db = &self.services.db;
        db.stage_version(
            &self.services.clock,
            &NewVersion {
                digest,
                skill_name: &manifest.name,
                version: &manifest.version,
                manifest: &json!(manifest),
                imports: &inspection.imports,
                examples: &json!(examples),
                compile_ms,
                component,
                origin: origin.word(),
            },
        )
        .await?;
        let asked = manifest.asked();
        if origin == Origin::Bundle {
            db.set_grants(&self.services.clock, &manifest.name, &asked, "host").await?;
        }
        let granted = db.grants(&manifest.name).await?.into_iter().map(|grant| (grant.capability, grant.scope.0));
        let missing = Grants::new(&manifest.name, granted).missing(&asked);
        let status = if missing.is_empty() {
            db.activate_version(&self.services.clock, &manifest.name, digest).await?;
            "active"
        } else {
            "review"
        };
        tracing::info!(skill = manifest.name, version = manifest.version, digest, status, "a version was uploaded");
        Ok(Uploaded {
            name: manifest.name.clone(),
            version: manifest.version.clone(),
            digest: digest.to_owned(),
            status,
            missing,
            size: component.len(),
            compile_ms,
            examples,
        })
    }

    /// Runs the examples over an empty database of their own, with everything granted that the
    /// manifest asks for.
    async fn examples(&self, manifest: &Manifest, digest: &str) -> Result<Vec<ExampleResult>, UploadError> {
        if manifest.examples.is_empty() {
            return Ok(Vec::new());
        }
        let installed = self.registry.prepare(manifest, digest, Grants::new(&manifest.name, manifest.asked()))?;
        let scratch = self.services.scratch().await?;
        let mut results = Vec::new();
        let began = Instant::now();
        for (at, example) in manifest.examples.iter().enumerate() {
            if began.elapsed() > EXAMPLES_TIME {
                return Err(UploadError::SlowExamples { ran: at, total: manifest.examples.len() });
            }
            results.push(self.example(&installed, &scratch, at, example).await?);
        }
        scratch.db.close().await;
        let failed = results.iter().filter(|result| !result.passed).count();
        if failed > 0 {
            return Err(UploadError::Examples { failed, total: results.len(), results });
        }
        Ok(results)
    }

    async fn example(
        &self,
        installed: &Installed,
        scratch: &Services,
        at: usize,
        example: &Example,
    ) -> Result<ExampleResult, StoreError> {
        let user = scratch.db.user_named(&scratch.clock, &format!("example {at}")).await?;
        let caller = Caller {
            user: user.id,
            turn: None,
            conversation: None,
            locale: example.locale.clone(),
            time_zone: "UTC".into(),
        };
        let raw = RawCall { id: String::new(), attempt: 1, input: &example.input, caller: &caller, progress: None };
        let output = match installed.input.validate(&example.input) {
            Err(error) => Err(CallFailure::new(FailureKind::InvalidInput, error.to_string())),
            // An example takes a place like any call: the pool has no more instances than places.
            Ok(()) => match self.executor.place(installed).await {
                Err(failure) => Err(failure),
                Ok(_place) => self.executor.run_once(&self.registry, installed, scratch, raw).await.output,
            },
        };
        Ok(compare(example, installed, &output))
    }

    /// Installs what ships with the host. A version that was seen before is left as the owner has it.
    pub async fn install_bundle(&self, dir: &std::path::Path) -> anyhow::Result<usize> {
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
}

impl Skills {
    /// Whether the bundle may set this skill: not one that the owner disabled, removed or replaced.
    async fn may_install(&self, component: &[u8]) -> Result<bool, StoreError> {
        let manifest = package::inspect(component).ok().and_then(|found| found.manifest);
        let Some(Ok(manifest)) = manifest.as_deref().map(Manifest::parse) else { return Ok(true) };
        let row = self.services.db.skill(&manifest.name).await?;
        Ok(row.is_none_or(|row| row.status == "active" && row.origin == Origin::Bundle.word()))
    }
}

fn check_world(inspection: &Inspection, manifest: &Manifest) -> Result<(), UploadError> {
    let asked = manifest.asked();
    for import in &inspection.imports {
        match LENT.iter().find(|(name, _)| *name == unversioned(import)) {
            None => return Err(UploadError::UnknownImport(import.clone())),
            Some((_, Some(capability))) if !asked.iter().any(|(name, _)| name == capability) => {
                return Err(UploadError::Undeclared { import: import.clone(), capability });
            }
            Some(_) => {}
        }
    }
    if let Some((name, _)) =
        asked.iter().find(|(name, _)| !LENT.iter().any(|(_, capability)| capability == &Some(name.as_str())))
    {
        return Err(UploadError::NotLent(name.clone()));
    }
    if !inspection.exports.iter().any(|export| unversioned(export) == "skillet:skill/skill") {
        return Err(UploadError::NoExport);
    }
    Ok(())
}

fn compare(example: &Example, installed: &Installed, output: &Result<Value, CallFailure>) -> ExampleResult {
    let expected = match (&example.output, &example.failure) {
        (Some(output), _) => json!({ "output": output }),
        (None, Some(failure)) => json!({ "failure": failure }),
        (None, None) => json!({}),
    };
    let (passed, actual) = match output {
        Ok(value) => {
            let as_wanted = example.output.as_ref().is_none_or(|wanted| wanted == value) && example.failure.is_none();
            (as_wanted && installed.output.is_valid(value), json!({ "output": value }))
        }
        Err(failure) => (
            example.failure.as_deref() == Some(failure.kind.name().as_str()),
            json!({ "failure": failure.kind, "text": failure.text }),
        ),
    };
    ExampleResult { input: example.input.clone(), passed, expected, actual }
}
