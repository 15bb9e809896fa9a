//! `[limits]`: what one call asks to use.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{ManifestError, bad};

/// Limits of one call; what is left out has the host's default, and none goes over the host's ceiling.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AskedLimits {
    /// MiB over all linear memories.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    pub memory_mb: Option<u64>,
    /// Units of work: about one for each instruction.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    pub fuel: Option<u64>,
    /// Bytes of the output as JSON.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    pub output_bytes: Option<u64>,
    /// Lines of log that are kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    pub log_lines: Option<u64>,
    /// Bytes of log that are kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    pub log_bytes: Option<u64>,
    /// Calls of the host.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    pub host_calls: Option<u64>,
    /// Bytes passed to the host in the arguments of all calls of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    pub host_call_bytes: Option<u64>,
    /// Elements over all tables of references.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    pub table_elements: Option<u64>,
    /// Core instances in the component.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    pub instances: Option<u64>,
    /// Resource handles alive at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    pub handles: Option<u64>,
    /// Calls of the skill that run at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
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

    pub(super) fn check(&self, can_parallel: bool) -> Result<(), ManifestError> {
        if let Some((name, _)) = self.asked().find(|(_, value)| *value == 0) {
            return Err(bad(format!("limits.{name}"), "a limit of 0 leaves nothing to run with"));
        }
        if !can_parallel && self.concurrency.is_some_and(|calls| calls > 1) {
            return Err(bad("limits.concurrency", "`can_parallel = false` means one call at a time"));
        }
        Ok(())
    }
}
