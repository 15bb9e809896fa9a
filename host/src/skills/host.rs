//! What a run sees of the host: one file per interface of the contract, same name.
//!
//! A refusal is an ordinary error of the interface and says how to allow it. Only a spent limit
//! ends the run. Every function stands in [`lend!`]: it counts, and records or plays back. Only `log.write`
//! does not, which has limits of its own and nothing to answer.

mod clock;
mod config;
mod http;
mod jobs;
mod kv;
mod llm;
mod log;
mod memory;
mod messages;
mod passed;
mod progress;
mod random;
mod settings;
mod skills;

pub use http::{MAX_REQUEST_BYTES, Reach};
pub use passed::{Passed, TooManyHostCalls, TooMuchData};

use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Map, Value};
use std::{
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::runtime::Handle;

use super::{
    Caller, Skills,
    egress::Egress,
    grant::Grants,
    limits::{Limits, Meter},
    linker::types,
    root::Root,
    script::Script,
    tape::Tape,
    threads::run_on,
    wide::Wide,
};
use crate::{
    clock::Clock,
    gateway::Gateway,
    ids::{ConversationId, HostId, TokenId, TurnId, UserId},
    memory::Memory,
    settings::Settings,
    store::Db,
    wake::Wake,
};

/// What stands behind the interfaces. For examples it stands on an empty database of its own.
#[derive(Clone)]
pub struct Services {
    pub db: Db,
    pub clock: Clock,
    pub memory: Memory,
    pub settings: Settings,
    /// `None` in examples and replays: nothing is spent on them.
    pub gateway: Option<Arc<Gateway>>,
    /// Rung for what a skill leaves to others.
    pub wake: Arc<Wake>,
    /// What this process holds calls under.
    pub host: HostId,
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
    pub limits: Limits,
    pub skill: Arc<str>,
    /// Id of the call, the same for every attempt; empty in an example.
    pub call: String,
    pub user: UserId,
    pub turn: Option<TurnId>,
    /// Where the call came from.
    pub conversation: Option<ConversationId>,
    /// The bearer token that the request came in with.
    pub token: Option<TokenId>,
    /// "en" or "zh".
    pub locale: String,
    /// IANA name.
    pub time_zone: String,
    pub grants: Grants,
    /// What was refused to the run for want of a grant: capability, and word of its scope.
    pub refused: Vec<(&'static str, Option<String>)>,
    pub services: Services,
    /// The host's own threads.
    pub threads: Handle,
    /// What is outside the host; `None` in examples, probes and replays.
    pub world: Option<World>,
    /// The owner's values over the manifest's defaults.
    pub settings: Arc<Map<String, Value>>,
    pub progress: Option<ProgressSink>,
    pub log: Vec<LogLine>,
    pub log_bytes: u64,
    /// Lines that came after the log was full.
    pub log_dropped: u64,
    /// What was asked of the host, also through WASI.
    pub passed: Arc<Passed>,
    /// Messages, jobs and calls of skills so far, which number what a retry must not do again.
    pub messages_sent: u32,
    pub jobs_made: u32,
    pub skills_called: u32,
    /// Whether something was done that a second run would do again.
    pub sent: bool,
    pub tape: Tape,
    pub root: Root,
    /// When the run is over.
    pub deadline: Instant,
    /// What passed until the component stood ready.
    pub instantiate: Duration,
    /// Resources of the host that a run left open.
    pub handles: u64,
    /// For a component that brings WASI along.
    pub wide: Option<Box<Wide>>,
}

/// The way of a run to what is outside: the network, other skills, people.
pub struct World {
    pub others: Others,
    pub egress: Egress,
    pub reach: Reach,
}

/// Whom a run reaches beside itself.
#[derive(Clone)]
pub enum Others {
    /// The skills that are installed, and people by the outbox.
    Real(Arc<Skills>),
    /// What a test has in their place.
    Scripted(Arc<Script>),
}

impl World {
    fn script(&self) -> Option<&Script> {
        match &self.others {
            Others::Scripted(script) => Some(script),
            Others::Real(_) => None,
        }
    }
}

impl CallState {
    /// The state of a run by itself, with nothing granted; made on the threads of the host.
    pub fn new(
        services: &Services,
        (skill, call): (&str, String),
        caller: &Caller,
        (limits, deadline, root): (Limits, Instant, Root),
    ) -> Self {
        Self {
            meter: Meter::new(&limits),
            limits,
            skill: skill.into(),
            call,
            user: caller.user,
            turn: caller.turn,
            conversation: caller.conversation,
            token: caller.token,
            locale: caller.locale.clone(),
            time_zone: caller.time_zone.clone(),
            grants: Grants::default(),
            refused: Vec::new(),
            services: services.clone(),
            threads: Handle::current(),
            world: None,
            settings: Arc::default(),
            progress: None,
            log: Vec::new(),
            log_bytes: 0,
            log_dropped: 0,
            passed: Arc::default(),
            messages_sent: 0,
            jobs_made: 0,
            skills_called: 0,
            sent: false,
            tape: Tape::default(),
            root,
            deadline,
            instantiate: Duration::ZERO,
            handles: 0,
            wide: None,
        }
    }

    /// Does the host's part of a call on the host's own threads: no guest keeps it waiting, and its stack is not the
    /// guest's.
    fn at_host<T, Work, F>(&self, work: F) -> impl Future<Output = T> + use<T, Work, F>
    where
        T: Send + 'static,
        Work: Future<Output = T> + Send + 'static,
        F: FnOnce(Services) -> Work,
    {
        let (threads, work) = (self.threads.clone(), work(self.services.clone()));
        async move { run_on(&threads, work).await }
    }

    /// Counts a call of the host and what is passed to it; in a replay it has the answer.
    fn enter<T: DeserializeOwned>(&mut self, name: &'static str, bytes: usize) -> wasmtime::Result<Option<T>> {
        self.passed.call(bytes as u64, &self.limits)?;
        self.tape.next(name, bytes as u64)
    }

    /// Whether a capability is granted; what is not may be asked of the owner after the run.
    fn granted(&mut self, capability: &'static str) -> Result<(), String> {
        self.grants.check(capability, &self.locale).inspect_err(|_| self.refused.push((capability, None)))
    }

    /// Whether a capability is granted with this word in its scope.
    fn granted_word(&mut self, capability: &'static str, word: &str) -> Result<(), String> {
        self.grants
            .check_scope(capability, word, &self.locale)
            .inspect_err(|_| self.refused.push((capability, Some(word.to_owned()))))
    }
}

/// A function of the host: `lend!(state, "kv.get", bytes of the arguments, what it does)`.
macro_rules! lend {
    ($state:ident, $name:literal, $bytes:expr, $work:expr) => {{
        let bytes: usize = $bytes;
        if let Some(answer) = $state.enter($name, bytes)? {
            return Ok(answer);
        }
        $state.tape.asked($name, bytes as u64);
        let answer = $work;
        $state.tape.keep(&answer);
        Ok(answer)
    }};
}
use lend;

impl types::Host for CallState {}
