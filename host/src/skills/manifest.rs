//! `skill.toml`: what a skill says of itself and asks for.
//!
//! The doc comments of the structs are what an author reads: they go into the JSON Schema of `skill.toml` and the page
//! that is made from it.

mod capabilities;
mod checks;
mod examples;
mod hosts;
mod limits;
mod patterns;
mod secrets;
mod shape;
mod triggers;

pub use capabilities::Capabilities;
pub use checks::{MAX_SCHEMA_BYTES, check_skill_name};
pub use examples::{Example, Setting};
pub use limits::AskedLimits;
pub use secrets::AskedSecret;
pub use shape::schema;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

use super::trigger::Trigger;

/// What a skill says of itself and asks for: `skill.toml`. Unknown keys are an error.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// What the skill is called: a lower-case letter, then 1 to 47 lower-case letters, digits or underscores.
    #[schemars(regex(pattern = r"^[a-z][a-z0-9_]{1,47}$"))]
    pub name: String,
    /// Three numbers, such as 1.0.0. The same number is never another component.
    #[schemars(regex(pattern = r"^[0-9]+\.[0-9]+\.[0-9]+$"))]
    pub version: String,
    /// What the router and the model read to decide whether this skill is the one: when to use it, and when not.
    #[schemars(length(min = 1, max = checks::MAX_DESCRIPTION_CHARS), regex(pattern = r"\S"))]
    pub description: String,
    /// JSON Schema 2020-12 of the input, whose type is `object`: written here, or the name of a file with it. In Rust
    /// it may be left out, and comes from the type. The host refuses an input that does not fit.
    #[schemars(schema_with = "shape::schema_or_file")]
    pub input_schema: Value,
    /// JSON Schema 2020-12 of the output: written here, or the name of a file with it. In Rust it may be left out, and
    /// comes from the type. An output that does not fit fails the call.
    #[schemars(schema_with = "shape::schema_or_file")]
    pub output_schema: Value,
    /// What a call costs its owner, roughly. A model is not offered skills of `high` while budgets keep it from the
    /// tier that it would have.
    #[serde(default)]
    pub cost_tier: CostTier,
    /// Seconds that one run may take, waiting for the host included.
    #[serde(default)]
    #[schemars(extend("exclusiveMinimum" = 0, "exclusiveMaximum" = checks::MAX_TIMEOUT_S))]
    pub timeout_s: Option<f64>,
    /// `false`: one call at a time.
    #[serde(default = "yes")]
    pub can_parallel: bool,
    /// What a second run with the same input does. The host tries again by itself only where that does no harm.
    #[serde(default)]
    pub idempotency: Idempotency,
    /// `true`: the owner is asked before each call, and it runs after their yes.
    #[serde(default)]
    pub needs_approval: bool,
    /// What the skill may reach beyond its sandbox. Ask for what it uses and no more: the owner reads it and says yes.
    #[serde(default)]
    pub capabilities: Capabilities,
    /// Limits of one call. What is left out has the host's default; more than the host's ceiling is refused.
    #[serde(default)]
    pub limits: AskedLimits,
    /// Regular expressions by name, for what the triggers have in common: a trigger's `pattern`, and a pattern here, puts
    /// one in by `(?&name)`. The patterns of all triggers, with what they name put in place, have 131072 bytes at most.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(extend("maxProperties" = patterns::MAX_PATTERNS))]
    pub patterns: BTreeMap<String, String>,
    /// Messages that run the skill without a model.
    #[serde(default)]
    #[schemars(length(max = checks::MAX_TRIGGERS))]
    pub triggers: Vec<Trigger>,
    /// Runs that must come out as written. They are made at every upload, on empty storage and without a network.
    #[serde(default)]
    #[schemars(length(max = checks::MAX_EXAMPLES))]
    pub examples: Vec<Example>,
    /// The skill's own settings by their keys, which the owner edits on its page.
    #[serde(default)]
    pub settings: BTreeMap<String, Setting>,
    /// Values that the owner sets and the host puts into requests; the skill never sees them.
    #[serde(default)]
    #[schemars(length(max = secrets::MAX_SECRETS))]
    pub secrets: Vec<AskedSecret>,
}

/// What a call of the skill costs its owner, roughly.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum CostTier {
    #[default]
    Low,
    Medium,
    High,
}

/// What a second run with the same input does.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Idempotency {
    /// The same as one run.
    Natural,
    /// Calls that agree in these input fields are one call within a turn.
    Keyed(Vec<String>),
    /// Something else: never run again after it may have begun.
    #[default]
    None,
}

/// What is wrong with a manifest, and where.
#[derive(Debug, thiserror::Error)]
pub enum ManifestError {
    // Its source is in its text already.
    #[error("skill.toml cannot be read: {0}")]
    Syntax(toml::de::Error),
    #[error("skill.toml, `{key}`: {reason}")]
    Value { key: String, reason: String },
}

pub(super) fn bad(key: impl Into<String>, reason: impl Into<String>) -> ManifestError {
    ManifestError::Value { key: key.into(), reason: reason.into() }
}

fn yes() -> bool {
    true
}

/// Longest manifest.
const MAX_MANIFEST_BYTES: usize = 128 << 10;

impl Manifest {
    /// Reads and checks a manifest. Its triggers have their patterns in full, and it has no named ones any more.
    pub fn parse(text: &str) -> Result<Self, ManifestError> {
        if text.len() > MAX_MANIFEST_BYTES {
            return Err(bad("skill.toml", format!("{MAX_MANIFEST_BYTES} bytes at most")));
        }
        let mut manifest: Self = toml::from_str(text).map_err(ManifestError::Syntax)?;
        patterns::expand(&mut manifest)?;
        checks::check(&manifest)?;
        Ok(manifest)
    }

    /// The names of the input's properties.
    pub fn input_fields(&self) -> Vec<String> {
        let properties = self.input_schema.get("properties").and_then(Value::as_object);
        properties.map(|fields| fields.keys().cloned().collect()).unwrap_or_default()
    }

    /// The capabilities asked for, each with its scope.
    pub fn asked(&self) -> Vec<(String, Value)> {
        self.capabilities.asked()
    }
}
