//! What a manifest must keep to beside its syntax.

use serde_json::json;

use super::{Idempotency, Manifest, ManifestError, bad, examples, secrets};
use crate::skills::schema::Schema;

/// Longest description: it is part of prompts.
pub(super) const MAX_DESCRIPTION_CHARS: usize = 1_000;
pub(super) const MAX_TIMEOUT_S: f64 = 3_600.0;
pub(super) const MAX_TRIGGERS: usize = 50;
pub(super) const MAX_EXAMPLES: usize = 50;

/// Longest schema, as JSON.
pub const MAX_SCHEMA_BYTES: usize = 16 << 10;

pub(super) const NAME_SHAPE: &str = "a lower-case letter, then 1 to 47 lower-case letters, digits or underscores";

/// Characters of a bad name that are repeated to whoever chose it.
const SHOWN_CHARS: usize = 60;

/// A name that means something else where skills are listed by name.
const TAKEN: &str = "gallery";

pub(super) fn check(manifest: &Manifest) -> Result<(), ManifestError> {
    check_skill_name(&manifest.name)?;
    check_version(&manifest.version)?;
    check_description(&manifest.description)?;
    check_timeout(manifest.timeout_s)?;
    manifest.limits.check(manifest.can_parallel)?;
    check_schemas(manifest)?;
    manifest.capabilities.check()?;
    secrets::check(&manifest.secrets, &manifest.capabilities)?;
    check_triggers(manifest)?;
    examples::check(&manifest.examples)
}

/// Whether a skill may be called this.
pub fn check_skill_name(name: &str) -> Result<(), ManifestError> {
    check_name(name).map_err(|_| {
        let shown: String = name.chars().take(SHOWN_CHARS).flat_map(char::escape_debug).collect();
        bad("name", format!("`{shown}` is not {NAME_SHAPE}"))
    })?;
    if name == TAKEN {
        return Err(bad("name", format!("`{TAKEN}` is taken by the host")));
    }
    Ok(())
}

pub(super) fn check_name(name: &str) -> Result<(), ManifestError> {
    let mut chars = name.chars();
    let first = chars.next().is_some_and(|c| c.is_ascii_lowercase());
    let rest = chars.all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
    if first && rest && (2..=48).contains(&name.len()) {
        return Ok(());
    }
    Err(bad("name", NAME_SHAPE))
}

fn check_version(version: &str) -> Result<(), ManifestError> {
    let numbers: Vec<&str> = version.split('.').collect();
    // One number has one spelling.
    let plain = |number: &&str| number.parse::<u32>().is_ok_and(|parsed| parsed.to_string() == **number);
    if numbers.len() == 3 && numbers.iter().all(plain) {
        return Ok(());
    }
    Err(bad("version", "three numbers with dots, such as 1.0.0"))
}

fn check_description(description: &str) -> Result<(), ManifestError> {
    if description.trim().is_empty() || description.chars().count() > MAX_DESCRIPTION_CHARS {
        return Err(bad("description", format!("1 to {MAX_DESCRIPTION_CHARS} characters are needed")));
    }
    Ok(())
}

fn check_timeout(seconds: Option<f64>) -> Result<(), ManifestError> {
    if seconds.is_some_and(|seconds| !(seconds > 0.0 && seconds.is_finite() && seconds < MAX_TIMEOUT_S)) {
        return Err(bad("timeout_s", format!("a number of seconds above 0 and below {MAX_TIMEOUT_S}")));
    }
    Ok(())
}

fn check_schemas(manifest: &Manifest) -> Result<(), ManifestError> {
    for (key, schema) in [("input_schema", &manifest.input_schema), ("output_schema", &manifest.output_schema)] {
        if !schema.is_object() {
            return Err(bad(key, "a JSON Schema object is needed"));
        }
        if schema.to_string().len() > MAX_SCHEMA_BYTES {
            return Err(bad(key, format!("{MAX_SCHEMA_BYTES} bytes at most: a model reads it with every message")));
        }
        Schema::new(schema).map_err(|reason| bad(key, reason))?;
    }
    if manifest.input_schema.get("type") != Some(&json!("object")) {
        return Err(bad("input_schema", "`type` must be \"object\": a model calls a skill with named arguments"));
    }
    let fields = manifest.input_fields();
    if let Idempotency::Keyed(keys) = &manifest.idempotency
        && let Some(key) = keys.iter().find(|key| !fields.contains(key))
    {
        return Err(bad("idempotency", format!("`{key}` is not a property of the input")));
    }
    Ok(())
}

fn check_triggers(manifest: &Manifest) -> Result<(), ManifestError> {
    if manifest.triggers.len() > MAX_TRIGGERS {
        return Err(bad("triggers", format!("{MAX_TRIGGERS} at most")));
    }
    for (at, trigger) in manifest.triggers.iter().enumerate() {
        trigger.check(&manifest.input_fields()).map_err(|reason| bad(format!("triggers[{at}]"), reason))?;
    }
    Ok(())
}
