//! A call as its caller sees it: what is asked, and what came of it.

use serde::Serialize;
use serde_json::Value;

use super::{failure::CallFailure, host::ProgressSink, root::Root};
use crate::{
    clock::Clock,
    ids::{ApprovalId, CallId, ConversationId, TokenId, TurnId, UserId},
};

/// For whom a skill runs.
#[derive(Clone, Debug)]
pub struct Caller {
    pub user: UserId,
    pub turn: Option<TurnId>,
    /// Where the call comes from, and its messages go to.
    pub conversation: Option<ConversationId>,
    /// The bearer token that the request came in with; its budgets hold.
    pub token: Option<TokenId>,
    /// "en" or "zh".
    pub locale: String,
    /// IANA name.
    pub time_zone: String,
}

impl Caller {
    /// For runs that are nobody's, such as probes.
    pub fn nobody(clock: &Clock) -> Self {
        let (locale, time_zone) = ("en".to_owned(), "UTC".to_owned());
        Self { user: UserId::new(clock), turn: None, conversation: None, token: None, locale, time_zone }
    }
}

/// A call of a skill.
pub struct Request {
    pub skill: String,
    pub input: Value,
    pub caller: Caller,
    /// Calls of one key are one call.
    pub key: Option<String>,
    pub progress: Option<ProgressSink>,
    /// The owner's yes to this very call, where the skill needs one.
    pub approval: Option<ApprovalId>,
    /// The call that makes this one; `None` for a first call.
    pub under: Option<Under>,
}

/// What stands above a call that a skill makes.
#[derive(Clone, Debug)]
pub struct Under {
    pub call: Option<CallId>,
    pub root: Root,
}

impl Request {
    /// A first call without a key.
    pub fn new(skill: impl Into<String>, input: Value, caller: Caller) -> Self {
        Self { skill: skill.into(), input, caller, key: None, progress: None, approval: None, under: None }
    }
}

/// What became of a call.
#[derive(Clone, Debug, Serialize)]
pub struct Outcome {
    pub call_id: CallId,
    pub skill: String,
    /// Digest of the version that ran.
    pub version: String,
    #[serde(skip)]
    pub result: Result<Value, CallFailure>,
    pub duration_ms: f64,
    pub fuel: u64,
    pub peak_memory_bytes: u64,
    pub host_calls: u64,
    /// True when an earlier call of the same key answered.
    pub replayed: bool,
    pub log: Value,
}
