//! `skill.toml`: what a skill says of itself and asks for.

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Value, json};
use std::collections::BTreeMap;

use super::{
    egress::{HostRule, secret_header},
    trigger::Trigger,
};

/// The manifest as it is written; unknown keys are an error.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// `[a-z][a-z0-9_]{1,47}`.
    pub name: String,
    /// Three numbers, such as 1.0.0.
    pub version: String,
    /// What the router and the model read.
    pub description: String,
    pub input_schema: Value,
    pub output_schema: Value,
    #[serde(default)]
    pub cost_tier: CostTier,
    /// Seconds one run may take, host calls included.
    #[serde(default)]
    pub timeout_s: Option<f64>,
    /// False: one call at a time.
    #[serde(default = "yes")]
    pub can_parallel: bool,
    #[serde(default)]
    pub idempotency: Idempotency,
    #[serde(default)]
    pub needs_approval: bool,
    #[serde(default)]
    pub capabilities: Capabilities,
    #[serde(default)]
    pub limits: AskedLimits,
    #[serde(default)]
    pub triggers: Vec<Trigger>,
    #[serde(default)]
    pub examples: Vec<Example>,
    /// The skill's own settings, which the owner edits.
    #[serde(default)]
    pub settings: BTreeMap<String, Setting>,
    /// Values that the owner sets and the host puts into requests; the skill never sees them.
    #[serde(default)]
    pub secrets: Vec<AskedSecret>,
}

/// What a call of the skill costs its owner, roughly.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CostTier {
    #[default]
    Low,
    Medium,
    High,
}

/// What a second run with the same input does.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
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

/// The interfaces that the skill asks for, with their scopes.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(clippy::struct_excessive_bools, reason = "each is a capability that is asked for or not")]
pub struct Capabilities {
    #[serde(default)]
    pub memory: Vec<Access>,
    #[serde(default)]
    pub kv: bool,
    #[serde(default)]
    pub settings: bool,
    #[serde(default)]
    pub config: bool,
    /// The dearest kind of model that the skill may ask.
    #[serde(default)]
    pub llm: Option<ModelTier>,
    /// Hosts that it may fetch from, such as `api.example.org` or `*.example.org:8443`.
    #[serde(default)]
    pub http: Vec<HostRule>,
    /// Skills that it may call, by name.
    #[serde(default)]
    pub skills: Vec<String>,
    /// `true` is the person of the call.
    #[serde(default, deserialize_with = "reach")]
    pub messages: Vec<Reach>,
    #[serde(default)]
    pub jobs: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Access {
    Read,
    Write,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ModelTier {
    Small,
    Large,
}

/// Whom a skill may write to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Reach {
    /// The person of the call.
    Me,
    /// Everybody whom the owner paired.
    People,
}

/// Reads a list, or `true` for the person of the call.
fn reach<'de, D: Deserializer<'de>>(value: D) -> Result<Vec<Reach>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged, expecting = "true, or a list of \"me\" and \"people\"")]
    enum Asked {
        Whether(bool),
        Whom(Vec<Reach>),
    }
    Ok(match Asked::deserialize(value)? {
        Asked::Whether(true) => vec![Reach::Me],
        Asked::Whether(false) => Vec::new(),
        Asked::Whom(reach) => reach,
    })
}

/// Limits of one call; what is left out has the host's default, and none goes over the host's ceiling.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AskedLimits {
    /// MiB over all linear memories.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory_mb: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fuel: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output_bytes: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub log_lines: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub log_bytes: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host_calls: Option<u64>,
    /// Bytes passed to the host in the arguments of all calls of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host_call_bytes: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub table_elements: Option<u64>,
    /// Core instances.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instances: Option<u64>,
    /// Resource handles alive at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub handles: Option<u64>,
    /// Calls of the skill that run at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub concurrency: Option<u64>,
}

impl AskedLimits {
    /// What is asked for, by the name in the manifest.
    pub fn asked(&self) -> impl Iterator<Item = (&'static str, u64)> {
        [
            ("memory_mb", self.memory_mb),
            ("fuel", self.fuel),
            ("output_bytes", self.output_bytes),
            ("log_lines", self.log_lines),
            ("log_bytes", self.log_bytes),
            ("host_calls", self.host_calls),
            ("host_call_bytes", self.host_call_bytes),
            ("table_elements", self.table_elements),
            ("instances", self.instances),
            ("handles", self.handles),
            ("concurrency", self.concurrency),
        ]
        .into_iter()
        .filter_map(|(name, value)| Some((name, value?)))
    }
}

/// A secret that the skill needs at one of its hosts.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AskedSecret {
    /// `[a-z][a-z0-9_]{1,47}`.
    pub name: String,
    /// Where it is sent to, and nowhere else; within the hosts of `capabilities.http`.
    pub host: HostRule,
    /// The request header that carries it.
    pub header: String,
    /// Stands before the value, such as `Bearer `.
    #[serde(default)]
    pub prefix: String,
    /// What the owner reads beside the field.
    #[serde(default)]
    pub description: String,
}

/// A run that must come out as written.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Example {
    pub input: Value,
    /// "en" or "zh".
    #[serde(default = "english")]
    pub locale: String,
    /// The exact output; without it the run must only succeed.
    #[serde(default)]
    pub output: Option<Value>,
    /// The kind of failure that must come instead, such as `invalid-input`.
    #[serde(default)]
    pub failure: Option<String>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Setting {
    pub description: String,
    #[serde(default)]
    pub default: String,
}

fn yes() -> bool {
    true
}

fn english() -> String {
    "en".to_owned()
}

/// What is wrong with a manifest, and where.
#[derive(Debug, thiserror::Error)]
pub enum ManifestError {
    #[error("skill.toml cannot be read: {0}")]
    Syntax(#[from] toml::de::Error),
    #[error("skill.toml, `{key}`: {reason}")]
    Value { key: String, reason: String },
}

pub(super) fn bad(key: impl Into<String>, reason: impl Into<String>) -> ManifestError {
    ManifestError::Value { key: key.into(), reason: reason.into() }
}

/// Longest description: it is part of prompts.
const MAX_DESCRIPTION_CHARS: usize = 1_000;
/// Longest manifest.
const MAX_MANIFEST_BYTES: usize = 128 << 10;

/// Longest schema, as JSON.
pub(super) const MAX_SCHEMA_BYTES: usize = 16 << 10;
const MAX_TRIGGERS: usize = 50;
const MAX_HOSTS: usize = 50;
const MAX_SECRETS: usize = 20;
const MAX_EXAMPLES: usize = 50;

impl Manifest {
    /// Reads and checks a manifest.
    pub fn parse(text: &str) -> Result<Self, ManifestError> {
        if text.len() > MAX_MANIFEST_BYTES {
            return Err(bad("skill.toml", format!("{MAX_MANIFEST_BYTES} bytes at most")));
        }
        let manifest: Self = toml::from_str(text)?;
        manifest.check()?;
        Ok(manifest)
    }

    fn check(&self) -> Result<(), ManifestError> {
        check_name(&self.name)?;
        check_version(&self.version)?;
        if self.description.trim().is_empty() || self.description.chars().count() > MAX_DESCRIPTION_CHARS {
            return Err(bad("description", format!("1 to {MAX_DESCRIPTION_CHARS} characters are needed")));
        }
        if self.timeout_s.is_some_and(|seconds| !(seconds > 0.0 && seconds.is_finite() && seconds < 3_600.0)) {
            return Err(bad("timeout_s", "a number of seconds above 0 and below 3600"));
        }
        if let Some((name, _)) = self.limits.asked().find(|(_, value)| *value == 0) {
            return Err(bad(format!("limits.{name}"), "a limit of 0 leaves nothing to run with"));
        }
        if !self.can_parallel && self.limits.concurrency.is_some_and(|calls| calls > 1) {
            return Err(bad("limits.concurrency", "`can_parallel = false` means one call at a time"));
        }
        self.check_schemas()?;
        self.check_capabilities()?;
        self.check_secrets()?;
        if self.triggers.len() > MAX_TRIGGERS {
            return Err(bad("triggers", format!("{MAX_TRIGGERS} at most")));
        }
        for (at, trigger) in self.triggers.iter().enumerate() {
            trigger.check(&self.input_fields()).map_err(|reason| bad(format!("triggers[{at}]"), reason))?;
        }
        self.check_examples()
    }

    fn check_schemas(&self) -> Result<(), ManifestError> {
        for (key, schema) in [("input_schema", &self.input_schema), ("output_schema", &self.output_schema)] {
            if !schema.is_object() {
                return Err(bad(key, "a JSON Schema object is needed"));
            }
            if schema.to_string().len() > MAX_SCHEMA_BYTES {
                return Err(bad(key, format!("{MAX_SCHEMA_BYTES} bytes at most: a model reads it with every message")));
            }
            validator(schema).map_err(|reason| bad(key, reason))?;
        }
        if self.input_schema.get("type") != Some(&json!("object")) {
            return Err(bad("input_schema", "`type` must be \"object\": a model calls a skill with named arguments"));
        }
        let fields = self.input_fields();
        if let Idempotency::Keyed(keys) = &self.idempotency
            && let Some(key) = keys.iter().find(|key| !fields.contains(key))
        {
            return Err(bad("idempotency", format!("`{key}` is not a property of the input")));
        }
        Ok(())
    }

    fn check_capabilities(&self) -> Result<(), ManifestError> {
        for name in &self.capabilities.skills {
            check_name(name).map_err(|_| bad("capabilities.skills", format!("`{name}` is not the name of a skill")))?;
        }
        if self.capabilities.http.len() > MAX_HOSTS {
            return Err(bad("capabilities.http", format!("{MAX_HOSTS} hosts at most: an owner reads them all")));
        }
        Ok(())
    }

    fn check_secrets(&self) -> Result<(), ManifestError> {
        if self.secrets.len() > MAX_SECRETS {
            return Err(bad("secrets", format!("{MAX_SECRETS} at most")));
        }
        for (at, secret) in self.secrets.iter().enumerate() {
            let key = |field: &str| format!("secrets[{at}].{field}");
            check_name(&secret.name).map_err(|_| bad(key("name"), NAME_SHAPE))?;
            if self.secrets[..at].iter().any(|other| other.name == secret.name) {
                return Err(bad(key("name"), format!("there is a secret `{}` already", secret.name)));
            }
            if !self.capabilities.http.iter().any(|granted| granted.covers(&secret.host)) {
                let reason = format!("`{}` is not among the hosts of `capabilities.http`", secret.host);
                return Err(bad(key("host"), reason));
            }
            secret_header(&secret.header).map_err(|reason| bad(key("header"), reason))?;
            if hyper::header::HeaderValue::from_str(&secret.prefix).is_err() {
                return Err(bad(key("prefix"), "only what may stand in a request header"));
            }
        }
        Ok(())
    }

    fn check_examples(&self) -> Result<(), ManifestError> {
        if self.examples.len() > MAX_EXAMPLES {
            return Err(bad("examples", format!("{MAX_EXAMPLES} at most")));
        }
        for (at, example) in self.examples.iter().enumerate() {
            if example.output.is_some() && example.failure.is_some() {
                return Err(bad(format!("examples[{at}]"), "either `output` or `failure`, not both"));
            }
            if !matches!(example.locale.as_str(), "en" | "zh") {
                return Err(bad(format!("examples[{at}].locale"), "either \"en\" or \"zh\""));
            }
        }
        Ok(())
    }

    /// The names of the input's properties.
    pub fn input_fields(&self) -> Vec<String> {
        let properties = self.input_schema.get("properties").and_then(Value::as_object);
        properties.map(|fields| fields.keys().cloned().collect()).unwrap_or_default()
    }

    /// The capabilities asked for, each with its scope.
    pub fn asked(&self) -> Vec<(String, Value)> {
        let c = &self.capabilities;
        let mut asked = Vec::new();
        let mut ask = |name: &str, scope: Value| asked.push((name.to_owned(), scope));
        if !c.memory.is_empty() {
            ask("memory", json!(c.memory));
        }
        for (name, wanted) in [("kv", c.kv), ("settings", c.settings), ("config", c.config), ("jobs", c.jobs)] {
            if wanted {
                ask(name, json!(true));
            }
        }
        if !c.messages.is_empty() {
            ask("messages", json!(c.messages));
        }
        if let Some(tier) = &c.llm {
            ask("llm", json!([tier]));
        }
        if !c.http.is_empty() {
            ask("http", json!(c.http));
        }
        if !c.skills.is_empty() {
            ask("skills", json!(c.skills));
        }
        asked
    }
}

/// Checks a schema and makes what checks values against it. Remote references are never followed.
pub fn validator(schema: &Value) -> Result<jsonschema::Validator, String> {
    super::schema::check(schema)?;
    jsonschema::options()
        .with_draft(jsonschema::Draft::Draft202012)
        // In linear time, whatever the pattern: checking cannot be interrupted.
        .with_pattern_options(jsonschema::PatternOptions::regex().size_limit(1 << 20))
        .build(schema)
        .map_err(|error| format!("{error} at `{}`", error.instance_path()))
}

const NAME_SHAPE: &str = "a lower-case letter, then 1 to 47 lower-case letters, digits or underscores";

fn check_name(name: &str) -> Result<(), ManifestError> {
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
    if numbers.len() == 3 && numbers.iter().all(|number| number.parse::<u32>().is_ok()) {
        return Ok(());
    }
    Err(bad("version", "three numbers with dots, such as 1.0.0"))
}
