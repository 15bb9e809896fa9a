//! Why an upload was refused: all that concerns the component is the uploader's to mend.

use serde_json::json;

use super::{Kind, Problem};
use crate::skills::{CompileError, ManifestError, UploadError, package::PackageError};

/// Seconds after which an upload may be tried again that found no place.
const BUSY_S: u64 = 30;

impl From<UploadError> for Problem {
    fn from(error: UploadError) -> Self {
        let detail = error.to_string();
        let plain = |kind: Kind| Self::new(kind, detail.clone());
        match error {
            UploadError::TooLarge { max, .. } => plain(Kind::TooLarge).with("max_bytes", max),
            UploadError::Busy => plain(Kind::TooManyAttempts).with("retry_after_s", BUSY_S),
            UploadError::Package(error) => Self::new(package(&error), detail),
            UploadError::NoManifest => plain(Kind::NoManifest),
            UploadError::Manifest(ManifestError::Syntax(_)) => plain(Kind::ManifestSyntax),
            UploadError::Manifest(ManifestError::Value { key, .. }) => plain(Kind::ManifestValue).with("key", key),
            UploadError::UnknownImport(import) => plain(Kind::UnknownImport).with("import", import),
            UploadError::OtherContract { import, lent } => {
                plain(Kind::UnknownImport).with("import", import).with("lent", lent)
            }
            UploadError::Undeclared { import, capability } => {
                plain(Kind::UndeclaredCapability).with("import", import).with("capability", capability)
            }
            UploadError::NotLent(capability) => plain(Kind::CapabilityNotLent).with("capability", capability),
            UploadError::NoExport => plain(Kind::NoExport),
            UploadError::OtherSkill(_, skill) => plain(Kind::OtherSkill).with("skill", skill),
            UploadError::SameVersion { version, stored, given, .. } => {
                plain(Kind::Taken).with("version", version).with("stored", stored).with("given", given)
            }
            UploadError::Downgrade { version, active, .. } => {
                plain(Kind::Taken).with("version", version).with("active", active)
            }
            UploadError::Compile(error) => compile(&error),
            UploadError::Link(_) | UploadError::Begin(_) => plain(Kind::DoesNotLink),
            UploadError::Examples { failed, total, results } => {
                let failing: Vec<_> = results.iter().filter(|result| !result.passed).collect();
                plain(Kind::ExamplesFail).with("failed", failed).with("total", total).with("examples", json!(failing))
            }
            UploadError::SlowExamples { .. } => plain(Kind::ExamplesFail),
            UploadError::Store(error) => error.into(),
        }
    }
}

fn package(error: &PackageError) -> Kind {
    match error {
        PackageError::NotWasm { .. } | PackageError::Text | PackageError::Precompiled => Kind::NotWasm,
        PackageError::CoreWithoutWorld | PackageError::CoreWithWorld | PackageError::CoreDoesNotFit { .. } => {
            Kind::CoreModule
        }
        PackageError::ManyManifests { .. } => Kind::ManyManifests,
        PackageError::ManifestNotText { .. } => Kind::ManifestNotText,
        PackageError::LongManifest { .. } => Kind::ManifestValue,
        PackageError::TooMuch { .. } => Kind::CompileLimit,
        PackageError::Invalid { .. } => Kind::InvalidComponent,
    }
}

fn compile(error: &CompileError) -> Problem {
    let kind = match error {
        CompileError::Package(error) => package(error),
        CompileError::Refused(_) | CompileError::Broken(_) | CompileError::Load(_) => Kind::DoesNotCompile,
        CompileError::Timeout(_) => Kind::CompileTimeout,
        CompileError::Cpu(_) | CompileError::Memory(_) => Kind::CompileLimit,
        CompileError::Unlimited(_) | CompileError::Io(_) => return Problem::internal(error),
    };
    Problem::new(kind, error.to_string())
}
