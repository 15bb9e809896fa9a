//! What a test puts in the place of other skills and of the outbox: answers that are written down, and a list of what
//! was sent.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::sync::{Mutex, PoisonError};

use super::linker::types::Failure;

/// An answer of another skill: whoever calls it, with this input if one is given, gets that.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SkillAnswer {
    pub skill: String,
    #[serde(default)]
    pub input: Option<Value>,
    #[serde(default)]
    pub output: Value,
    /// In place of an output.
    #[serde(default)]
    pub failure: Option<SkillFailure>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SkillFailure {
    pub kind: SkillFailureKind,
    #[serde(default)]
    pub text: String,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SkillFailureKind {
    InvalidInput,
    Unavailable,
    Denied,
    Failed,
}

/// A message to a person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sent {
    /// Without one it went to the conversation of the call.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chat: Option<String>,
    pub text: String,
}

/// The stand-ins of one case.
#[derive(Debug, Default)]
pub struct Script {
    answers: Vec<SkillAnswer>,
    /// Held to add and to take.
    sent: Mutex<Vec<Sent>>,
}

impl Script {
    pub fn new(answers: Vec<SkillAnswer>) -> Self {
        Self { answers, sent: Mutex::default() }
    }

    /// What another skill says. The first answer that fits is given, as often as it is asked.
    pub fn call(&self, skill: &str, input: &Value) -> Result<String, Failure> {
        let fits = |one: &&SkillAnswer| one.skill == skill && one.input.as_ref().is_none_or(|wanted| wanted == input);
        let Some(found) = self.answers.iter().find(fits) else {
            return Err(Failure::Unavailable(format!("no answer of the test is for `{skill}` with {input}")));
        };
        match &found.failure {
            None => Ok(found.output.to_string()),
            Some(SkillFailure { kind, text }) => Err(match kind {
                SkillFailureKind::InvalidInput => Failure::InvalidInput(text.clone()),
                SkillFailureKind::Unavailable => Failure::Unavailable(text.clone()),
                SkillFailureKind::Denied => Failure::Denied(text.clone()),
                SkillFailureKind::Failed => Failure::Failed(text.clone()),
            }),
        }
    }

    /// Takes a message; every chat is there.
    pub fn send(&self, chat: Option<String>, text: String) {
        self.sent.lock().unwrap_or_else(PoisonError::into_inner).push(Sent { chat, text });
    }

    /// What was sent since this was asked last.
    pub fn take_sent(&self) -> Vec<Sent> {
        std::mem::take(&mut *self.sent.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
