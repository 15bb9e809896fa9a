//! One run: a fresh store, limits armed before anything of the guest executes, everything dropped
//! afterwards, and a name for how it ended.

use serde::{Deserialize, Serialize};
use std::time::{Duration, Instant};
use wasmtime::{Engine, PoolConcurrencyLimitError, Store, Trap};

use super::{
    engine::{self, Ticker},
    host::{CallState, LogLine, TooManyHostCalls},
    limits::{HOST_CALL_BYTES, Limits, MAX_HANDLES, YIELD_FUEL},
    linker::{Call, GuestFailure, SkillWorldPre},
};
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
    OutOfMemory,
    OutputTooLarge,
    TooManyHostCalls,
    /// The output is not JSON, or not what the schema says.
    BadOutput,
    /// No place became free in time.
    Busy,
    /// The process ended during an earlier run that must not be repeated.
    Interrupted,
    /// There is no such skill, or it is disabled.
    NoSkill,
    /// The host's own fault.
    Host,
}

impl FailureKind {
    /// Who can mend it: "caller", "skill", "limit", "owner" or "host".
    pub fn fault(self) -> &'static str {
        match self {
            Self::InvalidInput | Self::NoSkill => "caller",
            Self::Unavailable | Self::Failed | Self::Trap | Self::BadOutput => "skill",
            Self::OutOfFuel | Self::Timeout | Self::OutOfMemory | Self::OutputTooLarge | Self::TooManyHostCalls => {
                "limit"
            }
            Self::Denied => "owner",
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
        // It is shown to people and put into prompts: some lines, not a flood.
        let text = storable(&text.into()).chars().take(MAX_FAILURE_CHARS).collect();
        Self { kind, text }
    }
}

/// What a run gave and used.
#[derive(Debug)]
pub struct Run {
    pub output: Result<String, CallFailure>,
    pub duration: Duration,
    pub fuel: u64,
    pub peak_memory_bytes: usize,
    pub host_calls: u64,
    pub log: Vec<LogLine>,
}

/// Runs a component once.
pub async fn run(
    (engine, ticker): (&Engine, &Ticker),
    component: &SkillWorldPre<CallState>,
    limits: Limits,
    state: CallState,
    call: Call,
) -> Run {
    let began = Instant::now();
    let mut store = Store::new(engine, state);
    let armed = arm(&mut store, limits);
    let _ticking = ticker.tick();
    let outcome = match armed {
        Ok(()) => tokio::time::timeout(limits.timeout, enter(&mut store, component, &call)).await,
        Err(error) => Ok(Err(error)),
    };
    let fuel = limits.fuel.saturating_sub(store.get_fuel().unwrap_or(0));
    let mut state = store.into_data();
    if state.log_dropped > 0 {
        let message = format!("{} more lines were dropped", state.log_dropped);
        state.log.push(LogLine { level: "warn", message });
    }
    let output = match outcome {
        Ok(Ok(Ok(output))) if output.len() > limits.output_bytes => Err(too_large(limits)),
        Ok(Ok(Ok(output))) => Ok(output),
        Ok(Ok(Err(failure))) => Err(guest_failure(failure)),
        Ok(Err(error)) => Err(classify(&error, limits, &state)),
        Err(_) => Err(timeout(limits)),
    };
    Run {
        output,
        duration: began.elapsed(),
        fuel,
        peak_memory_bytes: state.meter.peak_bytes,
        host_calls: state.host_calls,
        log: state.log,
    }
}

fn arm(store: &mut Store<CallState>, limits: Limits) -> wasmtime::Result<()> {
    store.limiter(|state| &mut state.meter);
    store.set_hostcall_fuel(limits.output_bytes + HOST_CALL_BYTES);
    store.set_max_component_handles(MAX_HANDLES);
    store.set_fuel(limits.fuel)?;
    store.fuel_async_yield_interval(Some(YIELD_FUEL))?;
    store.set_epoch_deadline(engine::epochs(limits.timeout));
    store.epoch_deadline_trap();
    Ok(())
}

async fn enter(
    store: &mut Store<CallState>,
    component: &SkillWorldPre<CallState>,
    call: &Call,
) -> wasmtime::Result<Result<String, GuestFailure>> {
    let instance = component.instantiate_async(&mut *store).await?;
    instance.skillet_skill_skill().call_run(&mut *store, call).await
}

fn guest_failure(failure: GuestFailure) -> CallFailure {
    let (kind, text) = match failure {
        GuestFailure::InvalidInput(text) => (FailureKind::InvalidInput, text),
        GuestFailure::Unavailable(text) => (FailureKind::Unavailable, text),
        GuestFailure::Denied(text) => (FailureKind::Denied, text),
        GuestFailure::Failed(text) => (FailureKind::Failed, text),
    };
    CallFailure::new(kind, text)
}

/// Names what ended a run from outside the guest's own answer.
fn classify(error: &wasmtime::Error, limits: Limits, state: &CallState) -> CallFailure {
    if error.downcast_ref::<TooManyHostCalls>().is_some() {
        return CallFailure::new(FailureKind::TooManyHostCalls, TooManyHostCalls.to_string());
    }
    // The pool has places for every call, but components of many parts may use them up.
    if error.downcast_ref::<PoolConcurrencyLimitError>().is_some() {
        return CallFailure::new(FailureKind::Busy, "too many instances are running");
    }
    match error.downcast_ref::<Trap>() {
        Some(Trap::OutOfFuel) => {
            return CallFailure::new(FailureKind::OutOfFuel, format!("more than {} units of fuel", limits.fuel));
        }
        Some(Trap::Interrupt) => return timeout(limits),
        _ => {}
    }
    if state.meter.refused {
        let mib = limits.memory_bytes >> 20;
        return CallFailure::new(FailureKind::OutOfMemory, format!("more than {mib} MiB of memory"));
    }
    let text = format!("{error:#}");
    if text.contains("fuel allocated for hostcalls") {
        return too_large(limits);
    }
    // A crash whose reason the skill logged last is told by that line.
    let reason = state.log.iter().rev().find(|line| line.level == "error").map(|line| line.message.clone());
    CallFailure::new(FailureKind::Trap, reason.unwrap_or(text))
}

fn timeout(limits: Limits) -> CallFailure {
    CallFailure::new(FailureKind::Timeout, format!("longer than {} s", limits.timeout.as_secs_f64()))
}

fn too_large(limits: Limits) -> CallFailure {
    CallFailure::new(FailureKind::OutputTooLarge, format!("more than {} bytes", limits.output_bytes))
}
