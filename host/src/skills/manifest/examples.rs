//! `[[examples]]` and `[settings]`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{ManifestError, bad, checks::MAX_EXAMPLES};

/// A run that must come out as written.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Example {
    /// The arguments.
    pub input: Value,
    /// The language of whoever asks.
    #[serde(default = "english")]
    #[schemars(extend("enum" = ["en", "zh"]))]
    pub locale: String,
    /// The exact output; without it the run must only succeed.
    #[serde(default)]
    pub output: Option<Value>,
    /// The kind of failure that must come instead, such as `invalid-input`.
    #[serde(default)]
    pub failure: Option<String>,
}

/// One of the skill's settings.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Setting {
    /// What the owner reads beside the field.
    pub description: String,
    /// What the skill reads until the owner sets something.
    #[serde(default)]
    pub default: String,
}

fn english() -> String {
    "en".to_owned()
}

pub(super) fn check(examples: &[Example]) -> Result<(), ManifestError> {
    if examples.len() > MAX_EXAMPLES {
        return Err(bad("examples", format!("{MAX_EXAMPLES} at most")));
    }
    for (at, example) in examples.iter().enumerate() {
        if example.output.is_some() && example.failure.is_some() {
            return Err(bad(format!("examples[{at}]"), "either `output` or `failure`, not both"));
        }
        if !matches!(example.locale.as_str(), "en" | "zh") {
            return Err(bad(format!("examples[{at}].locale"), "either \"en\" or \"zh\""));
        }
    }
    Ok(())
}
