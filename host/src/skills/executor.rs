//! The way of a call: validate the input → one call per key → wait for a place → run → validate
//! the output → again where that is safe → account.

mod checks;
mod keys;
mod open;
mod places;

pub use keys::short;

use serde_json::Value;
use std::{
    sync::Arc,
    time::{Duration, Instant},
};
use tokio_util::task::TaskTracker;
use wasmtime::Engine;

use super::{
    Caller, Outcome, Request, Skills,
    account::{account, rejected, replay},
    engine::Ticker,
    failure::{CallFailure, FailureKind},
    host::{CallState, ProgressSink, Services, World},
    limits::Limits,
    linker::Call,
    manifest::Idempotency,
    registry::Installed,
    root::Root,
    sandbox::{self, Run},
    tape::Tape,
};
use crate::{
    config,
    store::{CallStart, Started, StoreError, storable_json},
};
use open::OpenCall;
use places::Places;

/// Attempts at one call, and the pauses before those after the first.
const ATTEMPTS: u32 = 3;
const PAUSES: [Duration; ATTEMPTS as usize - 1] = [Duration::from_millis(250), Duration::from_secs(1)];

/// How often a run looks whether another host stopped its skill.
const WATCH: Duration = Duration::from_secs(1);

/// A run without its bookkeeping.
pub(super) struct RawCall<'a> {
    pub id: String,
    pub attempt: u32,
    pub input: &'a Value,
    pub caller: &'a Caller,
    pub progress: Option<ProgressSink>,
    /// What the first call and those under it share; `None` for one by itself.
    pub root: Option<&'a Root>,
    pub tape: Tape,
}

/// Where a run takes place.
pub(super) enum Stage<'a> {
    /// In the world: network, models and other skills.
    World(&'a Arc<Skills>),
    /// By itself, on services that nobody else sees: examples and replays.
    Alone(&'a Skills, &'a Services),
}

/// A run with its output checked.
pub(super) struct Checked {
    pub output: Result<Value, CallFailure>,
    pub run: Option<Run>,
}

pub struct Executor {
    engine: Engine,
    ticker: Ticker,
    pub(super) places: Places,
    keys: keys::Keys,
    /// Closes what was dropped half-way.
    tasks: TaskTracker,
}

impl Executor {
    pub fn new(engine: Engine, ticker: Ticker, settings: &config::Skills) -> Self {
        Self { engine, ticker, places: Places::new(settings), keys: keys::Keys::default(), tasks: TaskTracker::new() }
    }

    /// What probes run in.
    pub(super) fn bare(&self) -> (&Engine, &Ticker) {
        (&self.engine, &self.ticker)
    }

    /// Waits until every call that was dropped is closed.
    pub async fn settle(&self) {
        self.tasks.close();
        self.tasks.wait().await;
    }

    /// Brings a version as far as being ready to be called, within its limits.
    pub(super) async fn begin(
        &self,
        skills: &Skills,
        installed: &Installed,
        services: &Services,
    ) -> Result<(), CallFailure> {
        let component = skills.registry.ready(&installed.digest).await;
        let component = component.map_err(|error| CallFailure::new(FailureKind::Host, error.to_string()))?;
        let _place = self.places.wait(&installed.places).await?;
        let (caller, limits) = (Caller::nobody(&services.clock), installed.limits);
        let deadline = Instant::now() + limits.timeout;
        let name = (installed.name.as_str(), String::new());
        let state = CallState::new(services, name, &caller, (limits, deadline, Root::new(0, deadline)));
        let run = sandbox::within(self.bare(), state, std::future::pending(), async |store| {
            component.instantiate_async(&mut *store).await?;
            Ok(Ok(String::new()))
        });
        run.await.output.map(drop)
    }

    /// Runs a call with everything that belongs to it.
    pub async fn call(&self, skills: &Arc<Skills>, mut request: Request) -> Result<Outcome, StoreError> {
        let services = &skills.services;
        request.input = storable_json(request.input);
        // A yes is to one call: whoever comes with it again gets what came of that.
        if let Some(approval) = request.approval {
            request.key = Some(format!("approval:{approval}"));
        }
        let Some(installed) = skills.registry.find(&request.skill).await?.filter(|skill| skill.enabled) else {
            let text = format!("there is no skill `{}`, or it is disabled", request.skill);
            return Ok(rejected(services, &request, "", CallFailure::new(FailureKind::NoSkill, text)));
        };
        if let Err(failure) = checks::input(&installed, &request.input) {
            return Ok(rejected(services, &request, &installed.digest, failure));
        }
        if let Some(failure) = skills.wants_approval(&installed, &request).await? {
            return Ok(rejected(services, &request, &installed.digest, failure));
        }
        let key = keys::key_of(&installed, &request);
        let _running = self.keys.take(key.as_deref()).await;
        let repeatable = installed.manifest.idempotency != Idempotency::None;
        let start = CallStart {
            skill: &installed.name,
            digest: &installed.digest,
            turn: request.caller.turn,
            user: Some(request.caller.user),
            parent: request.under.as_ref().and_then(|under| under.call),
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
                return account(services, &installed, (id, attempt), Duration::ZERO, &checked).await;
            }
            Started::Run { id, attempt } | Started::Interrupted { id, attempt } => (id, attempt),
        };
        let mut open = OpenCall::new(services, &self.tasks, id, attempt);
        let queued = Instant::now();
        let place = match &request.under {
            None => self.places.wait(&installed.places).await,
            Some(_) => self.places.take(&installed.places),
        };
        let waited = queued.elapsed();
        let checked = match place {
            Err(failure) => Checked { output: Err(failure), run: None },
            Ok(_place) => self.attempts(skills, &installed, &request, &mut open).await?,
        };
        let outcome = skills.close(&installed, &request, (open.id, open.attempt), waited, checked).await?;
        open.closed();
        Ok(outcome)
    }

    /// Runs until it goes well, or must not be tried again.
    async fn attempts(
        &self,
        skills: &Arc<Skills>,
        installed: &Installed,
        request: &Request,
        open: &mut OpenCall<'_>,
    ) -> Result<Checked, StoreError> {
        let mut pauses = PAUSES.into_iter();
        let limits = installed.limits;
        // One share for all attempts: failing is no way to a new one.
        let root = match &request.under {
            Some(under) => under.root.clone(),
            None => {
                Root::new(limits.fuel, Instant::now() + limits.timeout * ATTEMPTS + PAUSES.iter().sum::<Duration>())
            }
        };
        loop {
            let raw = RawCall {
                id: open.id.to_string(),
                attempt: u32::try_from(open.attempt).unwrap_or(u32::MAX),
                input: &request.input,
                caller: &request.caller,
                progress: request.progress.clone(),
                root: Some(&root),
                tape: Tape::default(),
            };
            let checked = self.run_once(Stage::World(skills), installed, raw).await;
            let Some(pause) = pauses.next().filter(|_| safe_again(installed, &checked)) else { return Ok(checked) };
            if request.under.as_ref().is_some_and(|under| under.root.deadline() < Instant::now() + pause) {
                return Ok(checked);
            }
            tokio::time::sleep(pause).await;
            if !skills.services.db.next_attempt(open.id, open.attempt).await? {
                return Ok(checked);
            }
            open.attempt += 1;
        }
    }

    /// Runs once and checks the output; no key, no queue, no record.
    pub(super) async fn run_once(&self, stage: Stage<'_>, installed: &Installed, raw: RawCall<'_>) -> Checked {
        let (skills, services, world) = match stage {
            Stage::World(skills) => (&**skills, &skills.services, Some(skills)),
            Stage::Alone(skills, services) => (skills, services, None),
        };
        let component = match skills.registry.ready(&installed.digest).await {
            Ok(component) => component,
            Err(error) => {
                let error: &(dyn std::error::Error + 'static) = &*error;
                tracing::error!(skill = installed.name, error, "a version cannot run");
                return Checked { output: Err(CallFailure::new(FailureKind::Host, error.to_string())), run: None };
            }
        };
        let mut limits = installed.limits;
        if let Some(root) = raw.root.filter(|root| root.depth > 0) {
            limits.timeout = limits.timeout.min(root.deadline().saturating_duration_since(Instant::now()));
            limits.fuel = limits.fuel.min(root.fuel_left());
        }
        let deadline = Instant::now() + limits.timeout;
        let root = raw.root.cloned().unwrap_or_else(|| Root::new(limits.fuel, deadline));
        let call = Call {
            id: raw.id.clone(),
            attempt: raw.attempt,
            input: raw.input.to_string(),
            locale: if raw.caller.locale == "zh" { "zh-CN".into() } else { raw.caller.locale.clone() },
            time_zone: raw.caller.time_zone.clone(),
            deadline_ms: u64::try_from(limits.timeout.as_millis()).unwrap_or(u64::MAX),
        };
        let prepared = state(installed, raw, services, world, (limits, deadline, root.clone()));
        let _running = installed.running.begin();
        let stop = async {
            while tokio::time::timeout(WATCH, installed.running.stopped()).await.is_err() {
                skills.registry.look().await;
            }
        };
        let mut run = sandbox::run(self.bare(), &component, prepared, &call, stop).await;
        if root.depth > 0 {
            root.charge_fuel(run.fuel);
        }
        run.redact(&installed.redactor);
        let output = run.output.clone().and_then(|text| checks::output(installed, &text));
        if matches!(run.output, Err(CallFailure { kind: FailureKind::Timeout | FailureKind::OutOfFuel, .. }))
            && root.depth > 0
            && limits != installed.limits
        {
            let text = "the share of the first call was used up";
            return Checked { output: Err(CallFailure::new(FailureKind::BudgetExceeded, text)), run: Some(run) };
        }
        Checked { output, run: Some(run) }
    }
}

/// Whether a failed run may be repeated: something was away, and either a second run does the same as
/// the first, or nothing has left the host.
fn safe_again(installed: &Installed, checked: &Checked) -> bool {
    let away = matches!(&checked.output, Err(CallFailure { kind: FailureKind::Unavailable, .. }));
    let sent = checked.run.as_ref().is_some_and(|run| run.sent);
    away && (installed.manifest.idempotency != Idempotency::None || !sent)
}

/// The state of one run.
fn state(
    installed: &Installed,
    raw: RawCall<'_>,
    services: &Services,
    world: Option<&Arc<Skills>>,
    (limits, deadline, root): (Limits, Instant, Root),
) -> CallState {
    let mut state = CallState::new(services, (&installed.name, raw.id), raw.caller, (limits, deadline, root));
    state.grants = installed.grants.clone();
    state.settings = installed.settings.clone();
    state.progress = raw.progress;
    state.tape = raw.tape;
    if let Some(skills) = world {
        state.world = Some(World { skills: skills.clone(), reach: installed.reach.clone() });
    }
    state
}
