//! Why an upload was refused: all that concerns the component is the uploader's to mend.

use serde_json::json;

use super::{Kind, Problem};
use crate::skills::{CompileError, ManifestError, UploadError, package::PackageError};

impl From<UploadError> for Problem {
    fn from(error: UploadError) -> Self {
        let detail = error.to_string();
        let plain = |kind: Kind| Self::new(kind, detail.clone());
        match error {
            UploadError::TooLarge { max, .. } => plain(Kind::TooLarge).with("max_bytes", max),
            UploadError::Package(error) => Self::new(package(&error), detail),
            UploadError::NoManifest => plain(Kind::NoManifest),
            UploadError::Manifest(ManifestError::Syntax(_)) => plain(Kind::ManifestSyntax),
            UploadError::Manifest(ManifestError::Value { key, .. }) => plain(Kind::ManifestValue).with("key", key),
            UploadError::UnknownImport(import) => plain(Kind::UnknownImport).with("import", import),
            UploadError::Undeclared { import, capability } => {
                plain(Kind::UndeclaredCapability).with("import", import).with("capability", capability)
            }
            UploadError::NotLent(capability) => plain(Kind::CapabilityNotLent).with("capability", capability),
            UploadError::NoExport => plain(Kind::NoExport),
            UploadError::Compile(error) => compile(&error),
            UploadError::Link(_) => plain(Kind::DoesNotLink),
            UploadError::Examples { failed, total, results } => {
                let failing: Vec<_> = results.iter().filter(|result| !result.passed).collect();
                plain(Kind::ExamplesFail).with("failed", failed).with("total", total).with("examples", json!(failing))
            }
            UploadError::SlowExamples { .. } => plain(Kind::ExamplesFail),
            UploadError::OtherSkill(_, skill) => plain(Kind::OtherSkill).with("skill", skill),
            UploadError::Store(error) => error.into(),
        }
    }
}

fn package(error: &PackageError) -> Kind {
    match error {
        PackageError::NotWasm { .. } => Kind::NotWasm,
        PackageError::CoreWithoutWorld | PackageError::CoreWithWorld => Kind::CoreModule,
        PackageError::ManyManifests { .. } => Kind::ManyManifests,
        PackageError::ManifestNotText { .. } => Kind::ManifestNotText,
        PackageError::Invalid { .. } | PackageError::AlreadyComponent | PackageError::Componentize(_) => {
            Kind::InvalidComponent
        }
    }
}

fn compile(error: &CompileError) -> Problem {
    let kind = match error {
        CompileError::Refused(_) => Kind::DoesNotCompile,
        CompileError::Timeout(_) => Kind::CompileTimeout,
        CompileError::Limit(_) => Kind::CompileLimit,
        CompileError::Io(_) | CompileError::Load(_) => return Problem::internal(error),
    };
    Problem::new(kind, error.to_string())
}
