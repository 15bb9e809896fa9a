//! How a run fails, by name, and who can mend it.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::store::storable;

/// How a run failed, by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FailureKind {
    /// The arguments do not fit the schema, or the skill says they make no sense.
    InvalidInput,
    /// Something the skill needs is away for now.
    Unavailable,
    /// Something was not granted.
    Denied,
    /// The skill says so.
    Failed,
    /// The skill crashed.
    Trap,
    OutOfFuel,
    Timeout,
    /// Linear memories, tables or instances.
    OutOfMemory,
    OutputTooLarge,
    TooManyHostCalls,
    /// Too many bytes passed to the host.
    TooMuchData,
    TooManyHandles,
    /// The output is not JSON, or not what the schema says.
    BadOutput,
    /// The share of the first call, which all calls under it have in common, is used up.
    BudgetExceeded,
    /// No place became free in time.
    Busy,
    /// The skill was disabled, removed or rolled back while it ran.
    Stopped,
    /// Whoever waited for it left.
    Cancelled,
    /// The process ended in the middle of it.
    Interrupted,
    /// The owner was asked whether it may run.
    Waits,
    /// There is no such skill, or it is disabled.
    NoSkill,
    /// The host's own fault.
    Host,
}

impl FailureKind {
    /// Who can mend it: "caller", "skill", "limit", "owner", "outside" or "host".
    pub fn fault(self) -> &'static str {
        match self {
            // A share that is too small is given by whoever calls.
            Self::InvalidInput | Self::NoSkill | Self::Cancelled | Self::BudgetExceeded => "caller",
            Self::Unavailable => "outside",
            Self::Failed | Self::Trap | Self::BadOutput => "skill",
            Self::OutOfFuel
            | Self::Timeout
            | Self::OutOfMemory
            | Self::OutputTooLarge
            | Self::TooManyHostCalls
            | Self::TooMuchData
            | Self::TooManyHandles => "limit",
            Self::Denied | Self::Stopped | Self::Waits => "owner",
            Self::Busy | Self::Interrupted | Self::Host => "host",
        }
    }

    /// The name in JSON, pages and logs, such as `out-of-fuel`.
    pub fn name(self) -> String {
        serde_json::to_value(self).ok().and_then(|name| name.as_str().map(str::to_owned)).unwrap_or_default()
    }
}

/// Characters kept of a failure's text.
const MAX_FAILURE_CHARS: usize = 2_000;

/// Why there is no output.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{}: {text}", kind.name())]
pub struct CallFailure {
    pub kind: FailureKind,
    pub text: String,
}

impl CallFailure {
    pub fn new(kind: FailureKind, text: impl Into<String>) -> Self {
        // It is shown to people and put into prompts: some lines, not a flood, and nothing that a
        // terminal would obey.
        let shown = |c: char| if c.is_control() && c != '\n' { ' ' } else { c };
        let text = storable(&text.into()).chars().take(MAX_FAILURE_CHARS).map(shown).collect();
        Self { kind, text }
    }

    /// The process ended in the middle of it.
    pub fn interrupted() -> Self {
        Self::new(FailureKind::Interrupted, "the host ended during this call; it may have taken effect")
    }

    /// As it stands in the record of a call: `{kind, text, fault}`.
    pub fn json(&self) -> Value {
        json!({ "kind": self.kind, "text": self.text, "fault": self.kind.fault() })
    }
}
