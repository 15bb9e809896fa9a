//! `[capabilities]`: what a skill asks the host to lend.

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Value, json};

use super::{ManifestError, bad, checks::check_name};
use crate::skills::egress::HostRule;

const MAX_HOSTS: usize = 50;

/// The interfaces that the skill asks for, with their scopes.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[expect(clippy::struct_excessive_bools, reason = "each is a capability that is asked for or not")]
pub struct Capabilities {
    /// Facts about the person of the call: to read them, to write them.
    #[serde(default)]
    pub memory: Vec<Access>,
    /// Bytes that are kept for this skill and this person.
    #[serde(default)]
    pub kv: bool,
    /// What the owner set on the skill's page, as `[settings]` declares it.
    #[serde(default)]
    pub settings: bool,
    /// The agent's own settings, those that the owner opened.
    #[serde(default)]
    pub config: bool,
    /// The dearest kind of model that the skill may ask.
    #[serde(default)]
    pub llm: Option<ModelTier>,
    /// Hosts that it may fetch from, such as `api.example.org` or `*.example.org:8443`. https is port 443 and http port
    /// 80; any other is written out.
    #[serde(default)]
    #[schemars(length(max = MAX_HOSTS))]
    pub http: Vec<HostRule>,
    /// Skills that it may call, by name.
    #[serde(default)]
    #[schemars(inner(regex(pattern = r"^[a-z][a-z0-9_]{1,47}$")))]
    pub skills: Vec<String>,
    /// Whom it may write to without waiting for its output; `true` is the person of the call.
    #[serde(default, deserialize_with = "reach")]
    #[schemars(with = "AskedReach")]
    pub messages: Vec<Reach>,
    /// Work done later, once or again and again: reminders, calls of skills. All that the person of the call has
    /// waiting is seen, and may be moved and cancelled, also what other skills made.
    #[serde(default)]
    pub jobs: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Access {
    Read,
    Write,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ModelTier {
    Small,
    Large,
}

/// Whom a skill may write to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Reach {
    /// The person of the call.
    Me,
    /// Everybody whom the owner paired.
    People,
}

#[derive(Deserialize, JsonSchema)]
#[serde(untagged, expecting = "true, or a list of \"me\" and \"people\"")]
enum AskedReach {
    Whether(bool),
    Whom(Vec<Reach>),
}

/// Reads a list, or `true` for the person of the call.
fn reach<'de, D: Deserializer<'de>>(value: D) -> Result<Vec<Reach>, D::Error> {
    Ok(match AskedReach::deserialize(value)? {
        AskedReach::Whether(true) => vec![Reach::Me],
        AskedReach::Whether(false) => Vec::new(),
        AskedReach::Whom(reach) => reach,
    })
}

impl Capabilities {
    pub(super) fn check(&self) -> Result<(), ManifestError> {
        for name in &self.skills {
            check_name(name).map_err(|_| bad("capabilities.skills", format!("`{name}` is not the name of a skill")))?;
        }
        if self.http.len() > MAX_HOSTS {
            return Err(bad("capabilities.http", format!("{MAX_HOSTS} hosts at most: an owner reads them all")));
        }
        Ok(())
    }

    /// What is asked for, each with its scope.
    pub(super) fn asked(&self) -> Vec<(String, Value)> {
        let mut asked = Vec::new();
        let mut ask = |name: &str, scope: Value| asked.push((name.to_owned(), scope));
        if !self.memory.is_empty() {
            ask("memory", json!(self.memory));
        }
        let plain = [("kv", self.kv), ("settings", self.settings), ("config", self.config), ("jobs", self.jobs)];
        for (name, wanted) in plain {
            if wanted {
                ask(name, json!(true));
            }
        }
        if !self.messages.is_empty() {
            ask("messages", json!(self.messages));
        }
        if let Some(tier) = &self.llm {
            ask("llm", json!([tier]));
        }
        if !self.http.is_empty() {
            ask("http", json!(self.http));
        }
        if !self.skills.is_empty() {
            ask("skills", json!(self.skills));
        }
        asked
    }
}
