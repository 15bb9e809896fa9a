//! What a run sees of the host: one file per interface of the contract, same name.
//!
//! A refusal is an ordinary error of the interface and says how to allow it. Only a spent limit
//! ends the run.

mod clock;
mod config;
mod jobs;
mod kv;
mod log;
mod memory;
mod messages;
mod progress;
mod random;
mod settings;

use serde::Serialize;
use serde_json::{Map, Value};
use std::sync::Arc;

use super::{
    grant::Grants,
    limits::{MAX_HOST_CALLS, Meter},
    linker::types,
};
use crate::{
    clock::Clock,
    ids::{ConversationId, TurnId, UserId},
    memory::Memory,
    settings::Settings,
    store::Db,
    wake::Wake,
};

/// What stands behind the interfaces. For examples it stands on an empty database of its own.
#[derive(Clone, Debug)]
pub struct Services {
    pub db: Db,
    pub clock: Clock,
    pub memory: Memory,
    pub settings: Settings,
    /// Rung for what a skill leaves to others.
    pub wake: Arc<Wake>,
}

/// Steps of a run, shown to the person who waits.
#[derive(Clone, Debug, Serialize)]
pub struct Progress {
    pub skill: String,
    pub done: u32,
    pub total: u32,
    pub note: String,
}

/// Where progress goes; called on the task that runs the skill, so it must not block.
pub type ProgressSink = Arc<dyn Fn(Progress) + Send + Sync>;

/// One line that a skill logged.
#[derive(Clone, Debug, Serialize)]
pub struct LogLine {
    pub level: &'static str,
    pub message: String,
}

/// The state of one run, gone when it ends.
pub struct CallState {
    pub meter: Meter,
    pub skill: Arc<str>,
    /// Id of the call, the same for every attempt; empty in an example.
    pub call: String,
    pub user: UserId,
    pub turn: Option<TurnId>,
    /// Where the call came from.
    pub conversation: Option<ConversationId>,
    /// "en" or "zh".
    pub locale: String,
    /// IANA name.
    pub time_zone: String,
    pub grants: Grants,
    pub services: Services,
    /// The owner's values over the manifest's defaults.
    pub settings: Arc<Map<String, Value>>,
    pub progress: Option<ProgressSink>,
    pub log: Vec<LogLine>,
    /// Lines that came after the log was full.
    pub log_dropped: u64,
    pub host_calls: u64,
    /// Messages and jobs so far, which number what a retry must not do again.
    pub messages_sent: u32,
    pub jobs_made: u32,
}

/// Ends a run that has called the host too often.
#[derive(Debug, thiserror::Error)]
#[error("the skill called the host more than {MAX_HOST_CALLS} times")]
pub struct TooManyHostCalls;

impl CallState {
    /// Counts a call of the host; the first statement of every host function that costs something.
    fn count(&mut self) -> wasmtime::Result<()> {
        self.host_calls += 1;
        if self.host_calls > MAX_HOST_CALLS { Err(TooManyHostCalls.into()) } else { Ok(()) }
    }
}

impl types::Host for CallState {}
