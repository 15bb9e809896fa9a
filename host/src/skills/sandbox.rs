//! One run: a fresh store, limits armed before anything of the guest executes, everything dropped
//! afterwards, and a name for how it ended.

use futures_util::{FutureExt, future::BoxFuture};
use std::{
    io,
    panic::AssertUnwindSafe,
    pin::pin,
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::sync::oneshot;
use wasmtime::{Engine, PoolConcurrencyLimitError, Store, Trap, WasmBacktrace};

use super::{
    egress::Redactor,
    engine::{self, Ticker},
    failure::{CallFailure, FailureKind},
    host::{CallState, LogLine, TooManyHostCalls, TooMuchData},
    limits::{Limits, ONE_HOST_CALL_BYTES, YIELD_FUEL},
    linker::{Call, GuestFailure, SkillWorldPre},
    tape::{Diverged, Tape, Unanswered},
    threads::Threads,
    wide,
};

/// What a run gave and used.
#[derive(Debug)]
pub struct Run {
    pub output: Result<String, CallFailure>,
    pub duration: Duration,
    /// From the request until a thread of the guests took it up.
    pub handed_over: Duration,
    /// Until the component stood ready to be called.
    pub instantiate: Duration,
    pub fuel: u64,
    pub peak_memory_bytes: u64,
    pub table_elements: u64,
    /// Resources of the host that were left open.
    pub handles: u64,
    pub host_calls: u64,
    pub host_bytes: u64,
    /// Bytes that went through the gate: out, and in.
    pub network: (u64, u64),
    pub log: Vec<LogLine>,
    pub log_bytes: u64,
    /// What was refused for want of a grant.
    pub refused: Vec<(&'static str, Option<String>)>,
    /// Whether something was done that a second run would do again.
    pub sent: bool,
    pub tape: Tape,
    pub most: Most,
}

/// The most that one attempt of a call used of what its attempts are added up in.
#[derive(Clone, Copy, Debug, Default)]
pub struct Most {
    pub fuel: u64,
    pub duration: Duration,
    pub host_calls: u64,
    pub host_bytes: u64,
    pub log_lines: usize,
    pub log_bytes: u64,
}

impl Most {
    fn max(self, other: Self) -> Self {
        Self {
            fuel: self.fuel.max(other.fuel),
            duration: self.duration.max(other.duration),
            host_calls: self.host_calls.max(other.host_calls),
            host_bytes: self.host_bytes.max(other.host_bytes),
            log_lines: self.log_lines.max(other.log_lines),
            log_bytes: self.log_bytes.max(other.log_bytes),
        }
    }
}

impl Run {
    /// Adds what the earlier attempts at the same call used and said.
    pub fn follow(&mut self, earlier: Self) {
        self.duration += earlier.duration;
        self.fuel = self.fuel.saturating_add(earlier.fuel);
        self.host_calls += earlier.host_calls;
        self.host_bytes += earlier.host_bytes;
        self.network = (self.network.0 + earlier.network.0, self.network.1 + earlier.network.1);
        self.log_bytes += earlier.log_bytes;
        self.peak_memory_bytes = self.peak_memory_bytes.max(earlier.peak_memory_bytes);
        self.table_elements = self.table_elements.max(earlier.table_elements);
        self.handles = self.handles.max(earlier.handles);
        self.most = self.most.max(earlier.most);
        self.sent |= earlier.sent;
        for refused in earlier.refused {
            if !self.refused.contains(&refused) {
                self.refused.push(refused);
            }
        }
        self.log.splice(0..0, earlier.log);
    }

    /// Takes known values out of everything that outlives the run.
    pub fn redact(&mut self, redactor: &Redactor) {
        if redactor.is_empty() {
            return;
        }
        match &mut self.output {
            Ok(text) | Err(CallFailure { text, .. }) => *text = redactor.text(text),
        }
        for line in &mut self.log {
            line.message = redactor.text(&line.message);
        }
        self.tape.redact(redactor);
    }
}

/// Where guests run.
pub struct Sandbox {
    engine: Engine,
    ticker: Ticker,
    threads: Threads,
}

/// What is done with a store that is armed.
pub type Entering<'a> = BoxFuture<'a, wasmtime::Result<Result<String, GuestFailure>>>;

impl Sandbox {
    pub fn new(engine: Engine) -> io::Result<Self> {
        Ok(Self { ticker: Ticker::start(&engine)?, threads: Threads::start()?, engine })
    }

    /// Runs a component once, until it is done, its time is over or `stop` resolves. What is `held` is
    /// dropped when nothing of the guest is left.
    pub async fn run(
        &self,
        component: Arc<SkillWorldPre<CallState>>,
        (state, call): (Box<CallState>, Call),
        held: impl Send + 'static,
        stop: impl Future<Output = ()>,
    ) -> Run {
        self.within(state, held, stop, move |store| {
            Box::pin(async move {
                let began = Instant::now();
                let instance = component.instantiate_async(&mut *store).await?;
                store.data_mut().instantiate = began.elapsed();
                instance.skillet_skill_skill().call_run(&mut *store, &call).await
            })
        })
        .await
    }

    /// Does some work of a stranger's making where guests run.
    pub async fn aside<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> T {
        self.threads.run_beside(work).await
    }

    /// Enters a guest within its limits, on the threads of the guests.
    pub async fn within(
        &self,
        state: Box<CallState>,
        held: impl Send + 'static,
        stop: impl Future<Output = ()>,
        enter: impl FnOnce(&mut Store<CallState>) -> Entering<'_> + Send + 'static,
    ) -> Run {
        let (limits, asked) = (state.limits, Instant::now());
        let (end, ended) = oneshot::channel();
        let (engine, ticking) = (self.engine.clone(), self.ticker.tick());
        // Boxed, as the state is: thousands of calls may wait, and each would carry it several times.
        let work = Box::pin(async move {
            let _held = (held, ticking);
            let handed_over = asked.elapsed();
            Run { handed_over, ..enclosed(&engine, state, ended, enter).await }
        });
        let mut run = pin!(self.threads.run(work));
        // Time is watched here, where no guest keeps a thread from it.
        let over = tokio::select! {
            biased;
            () = stop => CallFailure::new(FailureKind::Stopped, "the skill was stopped by its owner"),
            run = &mut run => return run,
            () = tokio::time::sleep(limits.timeout) => timeout(limits),
        };
        // Whoever is not there any more is done.
        let _ = end.send(over);
        run.await
    }
}

/// A run from its fresh store to what is left of it.
async fn enclosed(
    engine: &Engine,
    state: Box<CallState>,
    ended: oneshot::Receiver<CallFailure>,
    enter: impl FnOnce(&mut Store<CallState>) -> Entering<'_>,
) -> Run {
    let began = Instant::now();
    let limits = state.limits;
    let mut store = Store::new(engine, *state);
    let armed = arm(&mut store, limits);
    let entered = async {
        armed?;
        enter(&mut store).await
    };
    // A panic of a host function, or of the engine, is the end of this run and of nothing else: its
    // store is dropped, and no lock is held across it.
    let contained = AssertUnwindSafe(entered).catch_unwind();
    let outcome = tokio::select! {
        biased;
        Ok(over) = ended => Err(over),
        outcome = contained => Ok(outcome),
    };
    let fuel = limits.fuel.saturating_sub(store.get_fuel().unwrap_or(0));
    let mut state = store.into_data();
    let last_words = state.close_wide();
    if state.log_dropped > 0 {
        let message = format!("{} more lines were dropped", state.log_dropped);
        state.log.push(LogLine { level: "warn", message });
    }
    let output = match outcome {
        Ok(Ok(Ok(Ok(output)))) if output.len() as u64 > limits.output_bytes => Err(too_large(limits)),
        Ok(Ok(Ok(Ok(output)))) => Ok(output),
        Ok(Ok(Ok(Err(failure)))) => Err(guest_failure(failure)),
        Ok(Ok(Err(error))) => Err(classify(&error, limits, &state, last_words)),
        Ok(Err(_)) => {
            tracing::error!(skill = &*state.skill, call_id = state.call, "a run of a skill panicked in the host");
            Err(CallFailure::new(FailureKind::Host, "a fault of the host ended the run"))
        }
        Err(ended) => Err(ended),
    };
    let (duration, host_calls, host_bytes) = (began.elapsed(), state.passed.calls(), state.passed.bytes());
    let (log_lines, log_bytes) = (state.log.len(), state.log_bytes);
    Run {
        output,
        duration,
        handed_over: Duration::ZERO,
        instantiate: state.instantiate,
        fuel,
        peak_memory_bytes: state.meter.peak_bytes,
        table_elements: state.meter.peak_elements,
        handles: state.handles,
        host_calls,
        host_bytes,
        network: state.passed.network(),
        log: state.log,
        log_bytes,
        refused: state.refused,
        sent: state.sent,
        tape: state.tape,
        most: Most { fuel, duration, host_calls, host_bytes, log_lines, log_bytes },
    }
}

fn arm(store: &mut Store<CallState>, limits: Limits) -> wasmtime::Result<()> {
    let bytes = |bytes: u64| usize::try_from(bytes).unwrap_or(usize::MAX);
    store.limiter(|state| &mut state.meter);
    // The same fuel pays for the output and for the arguments of each call of the host.
    store.set_hostcall_fuel(bytes(limits.output_bytes) + ONE_HOST_CALL_BYTES);
    store.set_max_component_handles(bytes(limits.handles));
    store.set_fuel(limits.fuel)?;
    store.fuel_async_yield_interval(Some(YIELD_FUEL))?;
    store.set_epoch_deadline(engine::epochs(limits.timeout));
    store.epoch_deadline_trap();
    Ok(())
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

/// Names what ended a run from outside the guest's own answer. `last_words` are those of a component that has a
/// standard error.
fn classify(error: &wasmtime::Error, limits: Limits, state: &CallState, last_words: Option<String>) -> CallFailure {
    if let Some(many) = error.downcast_ref::<TooManyHostCalls>() {
        return CallFailure::new(FailureKind::TooManyHostCalls, many.to_string());
    }
    if let Some(much) = error.downcast_ref::<TooMuchData>() {
        return CallFailure::new(FailureKind::TooMuchData, much.to_string());
    }
    if let Some(diverged) = error.downcast_ref::<Diverged>() {
        return CallFailure::new(FailureKind::Failed, diverged.to_string());
    }
    if let Some(Unanswered(ended)) = error.downcast_ref::<Unanswered>() {
        return ended.clone();
    }
    // The pool has places for every call, but components of many parts may use them up.
    if error.downcast_ref::<PoolConcurrencyLimitError>().is_some() {
        return CallFailure::new(FailureKind::Busy, "too many instances are running");
    }
    if let Some(status) = wide::exit_status(error) {
        let exit = format!("the skill exited with status {status}");
        let text = last_words.map_or(exit.clone(), |words| format!("{exit}: {words}"));
        return CallFailure::new(FailureKind::Failed, text);
    }
    match error.downcast_ref::<Trap>() {
        Some(Trap::OutOfFuel) => {
            let text = format!("more than {} units of fuel (`limits.fuel`)", limits.fuel);
            return CallFailure::new(FailureKind::OutOfFuel, text);
        }
        Some(Trap::Interrupt) => return timeout(limits),
        Some(Trap::StackOverflow) => {
            let text = "the stack is used up: something calls itself without end, or far too deep";
            return CallFailure::new(FailureKind::Trap, text);
        }
        // Where a language cannot take a crash back, its SDK says why in the last line and gives up.
        Some(Trap::UnreachableCodeReached) if state.log.last().is_some_and(|line| line.level == "error") => {
            let reason = state.log.last().map(|line| line.message.clone());
            return CallFailure::new(FailureKind::Failed, reason.unwrap_or_default());
        }
        Some(Trap::UnreachableCodeReached) if !state.meter.refused && last_words.is_some() => {
            return CallFailure::new(FailureKind::Failed, last_words.unwrap_or_default());
        }
        _ => {}
    }
    let text = match error.downcast_ref::<Trap>().and_then(|trap| told(*trap)) {
        Some(told) => told.to_owned(),
        None => format!("{error:#}"),
    };
    // The engine gives these no type of their own.
    if text.contains("fuel allocated for hostcalls") {
        // With a frame of the guest below, it was passing arguments; without one, it had returned.
        return match error.downcast_ref::<WasmBacktrace>() {
            Some(_) => {
                let most = limits.output_bytes + ONE_HOST_CALL_BYTES as u64;
                CallFailure::new(FailureKind::TooMuchData, format!("more than {most} bytes in one call of the host"))
            }
            None => too_large(limits),
        };
    }
    if text.contains("handle limit") || text.contains("no free keys") {
        let text = format!("more than {} handles (`limits.handles`)", limits.handles);
        return CallFailure::new(FailureKind::TooManyHandles, text);
    }
    if text.contains("instance count too high") {
        let text = format!("more than {} core instances (`limits.instances`)", limits.instances);
        return CallFailure::new(FailureKind::OutOfMemory, text);
    }
    if state.meter.refused {
        let (mib, elements) = (limits.memory_bytes >> 20, limits.table_elements);
        let text = format!(
            "more than {mib} MiB of memory (`limits.memory_mb`), or {elements} elements in tables (`limits.table_elements`)"
        );
        return CallFailure::new(FailureKind::OutOfMemory, text);
    }
    // A crash whose reason the skill logged last is told by that line.
    let reason = state.log.iter().rev().find(|line| line.level == "error").map(|line| line.message.clone());
    CallFailure::new(FailureKind::Trap, reason.unwrap_or(text))
}

/// What a crash of the code itself means, to somebody who has never seen WebAssembly.
fn told(trap: Trap) -> Option<&'static str> {
    Some(match trap {
        Trap::MemoryOutOfBounds | Trap::HeapMisaligned => {
            "it used memory that it does not have: a wild pointer, or a stack that is used up"
        }
        Trap::IntegerDivisionByZero => "a whole number was divided by zero",
        Trap::IntegerOverflow => "a division of whole numbers has no result that fits",
        Trap::BadConversionToInteger => "a number that is no whole number, or too large for one, was converted to one",
        Trap::TableOutOfBounds | Trap::IndirectCallToNull | Trap::BadSignature => {
            "it called a function that is not there: a wild pointer to one"
        }
        Trap::UnreachableCodeReached => "it gave up without a word: an abort, an exit or a check that failed",
        _ => return None,
    })
}

fn timeout(limits: Limits) -> CallFailure {
    CallFailure::new(FailureKind::Timeout, format!("longer than {} s (`timeout_s`)", limits.timeout.as_secs_f64()))
}

fn too_large(limits: Limits) -> CallFailure {
    let text = format!("more than {} bytes (`limits.output_bytes`)", limits.output_bytes);
    CallFailure::new(FailureKind::OutputTooLarge, text)
}
