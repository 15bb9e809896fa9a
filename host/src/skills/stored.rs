//! What is stored of a version, read.

use serde::Deserialize;

use super::Manifest;
use crate::store::{StoreError, VersionRow};

/// The manifest of a stored version.
pub fn manifest_of(version: &VersionRow) -> Result<Manifest, StoreError> {
    Manifest::deserialize(&version.manifest.0)
        .map_err(|error| StoreError::Corrupt(format!("manifest of {}: {error}", version.digest)))
}
