//! The way of a call: validate the input → one call per key → wait for a place → run → validate
//! the output → account.

use serde::Serialize;
use serde_json::{Value, json};
use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};
use tokio::sync::{OwnedMutexGuard, OwnedSemaphorePermit, Semaphore};
use wasmtime::Engine;

use super::{
    account::{account, rejected, replay},
    engine::Ticker,
    host::{CallState, ProgressSink, Services},
    limits::Meter,
    linker::Call,
    manifest::Idempotency,
    registry::{Installed, Registry},
    sandbox::{self, CallFailure, FailureKind, Run},
};
use crate::{
    config,
    ids::{CallId, ConversationId, TurnId, UserId},
    store::{CallStart, Started, StoreError, storable, storable_json},
};

/// Levels of nesting in an input or an output. A parser of JSON gives up at 128, and both are
/// wrapped by records, traces and prompts.
const MAX_DEPTH: usize = 64;

/// Longest wait for a place to run.
const QUEUE_TIMEOUT: Duration = Duration::from_secs(10);

/// For whom a skill runs.
#[derive(Clone, Debug)]
pub struct Caller {
    pub user: UserId,
    pub turn: Option<TurnId>,
    /// Where the call comes from, and its messages go to.
    pub conversation: Option<ConversationId>,
    /// "en" or "zh".
    pub locale: String,
    /// IANA name.
    pub time_zone: String,
}

/// A call of a skill.
pub struct Request {
    pub skill: String,
    pub input: Value,
    pub caller: Caller,
    /// Calls of one key are one call.
    pub key: Option<String>,
    pub progress: Option<ProgressSink>,
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

/// A run without its bookkeeping.
pub(super) struct RawCall<'a> {
    pub id: String,
    pub attempt: u32,
    pub input: &'a Value,
    pub caller: &'a Caller,
    pub progress: Option<ProgressSink>,
}

/// A run with its output checked.
pub(super) struct Checked {
    pub output: Result<Value, CallFailure>,
    pub run: Option<Run>,
}

pub struct Executor {
    engine: Engine,
    ticker: Ticker,
    places: Arc<Semaphore>,
    waiting: AtomicUsize,
    max_queue: usize,
    /// Keys of the calls that run in this process; held to look one up.
    running: Mutex<HashMap<String, Arc<tokio::sync::Mutex<()>>>>,
}

/// Places held by a run.
pub(super) struct Place {
    _serial: Option<OwnedSemaphorePermit>,
    _place: OwnedSemaphorePermit,
}

impl Executor {
    pub fn new(engine: Engine, ticker: Ticker, settings: &config::Skills) -> Self {
        Self {
            engine,
            ticker,
            places: Arc::new(Semaphore::new(settings.max_calls as usize)),
            waiting: AtomicUsize::new(0),
            max_queue: settings.max_queue,
            running: Mutex::default(),
        }
    }

    /// Runs a call with everything that belongs to it.
    pub async fn call(
        &self,
        registry: &Registry,
        services: &Services,
        mut request: Request,
    ) -> Result<Outcome, StoreError> {
        request.input = storable_json(request.input);
        let Some(installed) = registry.find(&request.skill).await?.filter(|skill| skill.enabled) else {
            let text = format!("there is no skill `{}`, or it is disabled", request.skill);
            return Ok(rejected(services, &request, "", CallFailure::new(FailureKind::NoSkill, text)));
        };
        if too_deep(&request.input) {
            let text = format!("the input is nested deeper than {MAX_DEPTH} levels");
            let failure = CallFailure::new(FailureKind::InvalidInput, text);
            return Ok(rejected(services, &request, &installed.digest, failure));
        }
        if let Err(error) = installed.input.validate(&request.input) {
            let text = format!("{} at `{}`", error.masked(), error.instance_path());
            let failure = CallFailure::new(FailureKind::InvalidInput, text);
            return Ok(rejected(services, &request, &installed.digest, failure));
        }
        let key = key_of(&installed, &request);
        let _running = self.begin(key.as_deref()).await;
        let repeatable = installed.manifest.idempotency != Idempotency::None;
        let start = CallStart {
            skill: &installed.name,
            digest: &installed.digest,
            turn: request.caller.turn,
            user: Some(request.caller.user),
            idempotency_key: key.as_deref(),
            repeatable,
            input: &request.input,
        };
        let (id, attempt) = match services.db.start_call(&services.clock, &start).await? {
            Started::Finished(record) => return Ok(replay(*record)),
            Started::Interrupted { id, attempt } if !repeatable => {
                let text = "the host ended during this call; it may have taken effect and is not repeated";
                let failure = CallFailure::new(FailureKind::Interrupted, text);
                let checked = Checked { output: Err(failure), run: None };
                return account(services, &installed, (id, attempt), Duration::ZERO, checked).await;
            }
            Started::Run { id, attempt } | Started::Interrupted { id, attempt } => (id, attempt),
        };
        let queued = Instant::now();
        let place = self.place(&installed).await;
        let waited = queued.elapsed();
        let checked = match place {
            Err(failure) => Checked { output: Err(failure), run: None },
            Ok(_place) => {
                let raw = RawCall {
                    id: id.to_string(),
                    attempt: u32::try_from(attempt).unwrap_or(u32::MAX),
                    input: &request.input,
                    caller: &request.caller,
                    progress: request.progress,
                };
                self.run_once(registry, &installed, services, raw).await
            }
        };
        account(services, &installed, (id, attempt), waited, checked).await
    }

    /// Runs once and checks the output; no key, no queue, no record.
    pub(super) async fn run_once(
        &self,
        registry: &Registry,
        installed: &Installed,
        services: &Services,
        raw: RawCall<'_>,
    ) -> Checked {
        let component = match registry.ready(&installed.digest).await {
            Ok(component) => component,
            Err(error) => {
                tracing::error!(
                    skill = installed.name,
                    error = &*error as &dyn std::error::Error,
                    "a version cannot run"
                );
                return Checked { output: Err(CallFailure::new(FailureKind::Host, error.to_string())), run: None };
            }
        };
        let state = CallState {
            meter: Meter::new(installed.limits.memory_bytes),
            skill: installed.name.as_str().into(),
            call: raw.id.clone(),
            user: raw.caller.user,
            turn: raw.caller.turn,
            conversation: raw.caller.conversation,
            locale: raw.caller.locale.clone(),
            time_zone: raw.caller.time_zone.clone(),
            grants: installed.grants.clone(),
            services: services.clone(),
            settings: installed.settings.clone(),
            progress: raw.progress,
            log: Vec::new(),
            log_dropped: 0,
            host_calls: 0,
            messages_sent: 0,
            jobs_made: 0,
        };
        let call = Call {
            id: raw.id,
            attempt: raw.attempt,
            input: raw.input.to_string(),
            locale: if raw.caller.locale == "zh" { "zh-CN".into() } else { raw.caller.locale.clone() },
            time_zone: raw.caller.time_zone.clone(),
            deadline_ms: u64::try_from(installed.limits.timeout.as_millis()).unwrap_or(u64::MAX),
        };
        let run = sandbox::run((&self.engine, &self.ticker), &component, installed.limits, state, call).await;
        let output = run.output.clone().and_then(|text| check_output(installed, &text));
        Checked { output, run: Some(run) }
    }

    /// Waits for a place: first for the skill's own, then for one of all.
    pub(super) async fn place(&self, installed: &Installed) -> Result<Place, CallFailure> {
        let busy = |text: String| Err(CallFailure::new(FailureKind::Busy, text));
        let _waiting = Waiting::new(&self.waiting);
        let waiting = self.waiting.load(Ordering::SeqCst);
        if waiting > self.max_queue {
            return busy(format!("{} calls are waiting already", waiting - 1));
        }
        let both = async {
            let serial = match &installed.serial {
                Some(serial) => Some(serial.clone().acquire_owned().await),
                None => None,
            };
            (serial.transpose(), self.places.clone().acquire_owned().await)
        };
        match tokio::time::timeout(QUEUE_TIMEOUT, both).await {
            Ok((Ok(serial), Ok(place))) => Ok(Place { _serial: serial, _place: place }),
            Ok(_) => busy("the host is stopping".to_owned()),
            Err(_) => busy(format!("no place became free within {} s", QUEUE_TIMEOUT.as_secs())),
        }
    }

    /// Takes a key for as long as the guard lives; waits while another call of the same key runs.
    async fn begin(&self, key: Option<&str>) -> Option<OwnedMutexGuard<()>> {
        let turn = {
            let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
            // Keys that nobody holds any more.
            running.retain(|_, turn| Arc::strong_count(turn) > 1);
            running.entry(key?.to_owned()).or_default().clone()
        };
        Some(turn.lock_owned().await)
    }
}

/// Counts a waiting call until it is dropped, also when its caller left.
struct Waiting<'a>(&'a AtomicUsize);

impl<'a> Waiting<'a> {
    fn new(count: &'a AtomicUsize) -> Self {
        count.fetch_add(1, Ordering::SeqCst);
        Self(count)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

/// The key under which a call happens once. A keyed skill names the fields that matter; within a
/// turn two calls that agree in them are one.
fn key_of(installed: &Installed, request: &Request) -> Option<String> {
    match (&installed.manifest.idempotency, request.caller.turn) {
        (Idempotency::Keyed(fields), Some(turn)) => {
            let values: Vec<&Value> = fields.iter().map(|field| &request.input[field]).collect();
            let hash = blake3::hash(json!(values).to_string().as_bytes());
            Some(format!("{turn}:{}:{}", installed.name, hash.to_hex()))
        }
        // A key from outside is the caller's own, so two callers never share one.
        _ => request.key.as_ref().map(|key| format!("{}:{}:{}", request.caller.user, installed.name, short(key))),
    }
}

/// A key as it may stand in an index: long ones by their hash.
pub fn short(key: &str) -> String {
    const MAX_KEY_BYTES: usize = 200;
    if key.len() <= MAX_KEY_BYTES { storable(key) } else { blake3::hash(key.as_bytes()).to_hex().to_string() }
}

/// Whether a value is nested deeper than what wraps it later can be read back with.
fn too_deep(value: &Value) -> bool {
    fn deeper(value: &Value, left: usize) -> bool {
        match value {
            Value::Array(items) => left == 0 || items.iter().any(|item| deeper(item, left - 1)),
            Value::Object(fields) => left == 0 || fields.values().any(|item| deeper(item, left - 1)),
            _ => false,
        }
    }
    deeper(value, MAX_DEPTH)
}

fn check_output(installed: &Installed, text: &str) -> Result<Value, CallFailure> {
    let bad = |text: String| CallFailure::new(FailureKind::BadOutput, text);
    let value: Value = serde_json::from_str(text).map_err(|error| bad(format!("the output is not JSON: {error}")))?;
    if too_deep(&value) {
        return Err(bad(format!("the output is nested deeper than {MAX_DEPTH} levels")));
    }
    let value = storable_json(value);
    match installed.output.validate(&value) {
        Ok(()) => Ok(value),
        Err(error) => Err(bad(format!("{} at `{}`", error.masked(), error.instance_path()))),
    }
}
