//! The way of a call: validate the input → one call per key → wait for a place → run → validate
//! the output → again where that is safe → account.

mod checks;
mod keys;
mod open;
mod own;
mod places;

pub use keys::{input_hash, short};
pub use own::OwnPlaces;
pub use places::{Place, Places};

use chrono::TimeDelta;
use serde_json::Value;
use std::{
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::sync::{OwnedMutexGuard, Semaphore};
use tokio_util::task::TaskTracker;

use super::{
    Caller, Outcome, Request, Skills,
    account::{rejected, replay},
    egress::Egress,
    failure::{CallFailure, FailureKind},
    host::{CallState, Others, ProgressSink, Services, World},
    limits::Limits,
    linker::Call,
    registry::Installed,
    root::Root,
    sandbox::{Run, Sandbox},
    script::Script,
    tape::Tape,
};
use crate::{
    config,
    store::{CallStart, Started, StoreError, storable_json},
};
use open::OpenCall;

/// Attempts at one call, and the pauses before those after the first.
const ATTEMPTS: u32 = 3;
const PAUSES: [Duration; ATTEMPTS as usize - 1] = [Duration::from_millis(250), Duration::from_secs(1)];

/// How often a run looks whether another host stopped its skill.
const WATCH: Duration = Duration::from_secs(1);

/// Calls that are written down at once as begun; what that takes is more than a call carries while it waits.
const BEGINNING: usize = 32;

/// How often a call looks whether another host has ended it.
const LOOK: Duration = Duration::from_millis(250);

/// What a run holds as long as anything of it is left: its place, and its key if it has one.
type Held = Arc<(Place, Arc<Option<OwnedMutexGuard<()>>>)>;

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
    /// On such services too, and with a network, other skills and people that are written down.
    Scripted(&'a Skills, &'a Services, (&'a Egress, &'a Arc<Script>)),
}

/// A run with its output checked.
pub(super) struct Checked {
    pub output: Result<Value, CallFailure>,
    pub run: Option<Run>,
}

pub struct Executor {
    pub(super) sandbox: Sandbox,
    pub(super) places: Places,
    keys: keys::Keys,
    beginning: Semaphore,
    /// Closes what was dropped half-way.
    tasks: TaskTracker,
}

impl Executor {
    pub fn new(sandbox: Sandbox, settings: &config::Skills) -> Self {
        Self {
            sandbox,
            places: Places::new(settings),
            keys: keys::Keys::default(),
            beginning: Semaphore::new(BEGINNING),
            tasks: TaskTracker::new(),
        }
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
        let place = self.places.wait(&installed.places).await?;
        let (caller, limits) = (Caller::nobody(&services.clock), installed.limits);
        let deadline = Instant::now() + limits.timeout;
        let name = (installed.name.as_str(), String::new());
        let state = CallState::new(services, name, &caller, (limits, deadline, Root::new(0, deadline)));
        let run = self.sandbox.within(Box::new(state), place, std::future::pending(), move |store| {
            Box::pin(async move {
                component.instantiate_async(&mut *store).await?;
                Ok(Ok(String::new()))
            })
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
        let Some(installed) = Box::pin(skills.registry.find(&request.skill)).await?.filter(|skill| skill.enabled)
        else {
            let text = format!("there is no skill `{}`, or it is disabled", request.skill);
            return Ok(rejected(services, &request, "", CallFailure::new(FailureKind::NoSkill, text)));
        };
        let refuse = |failure| Ok(rejected(services, &request, &installed.digest, failure));
        if let Err(failure) = Box::pin(self.check_input(&installed, &request.input)).await {
            return refuse(failure);
        }
        if let Some(failure) = Box::pin(skills.wants_approval(&installed, &request)).await? {
            return refuse(failure);
        }
        let key = keys::key_of(&installed, &request);
        // As long as a call may take with its wait for a place and all attempts.
        let longest = self.places.patience() + all_attempts(&installed.limits);
        // A call under another one does not wait: what it waits for may be the one above.
        let patience = if request.under.is_none() { longest } else { Duration::ZERO };
        let Ok(running) = tokio::time::timeout(patience, self.keys.take(key.as_deref())).await.map(Arc::new) else {
            return refuse(CallFailure::new(FailureKind::Busy, "a call of the same key runs already"));
        };
        let repeatable = keys::repeatable(&installed, key.as_deref());
        let start = CallStart {
            skill: &installed.name,
            digest: &installed.digest,
            turn: request.caller.turn,
            user: Some(request.caller.user),
            parent: request.under.as_ref().and_then(|under| under.call),
            idempotency_key: key.as_deref(),
            // Within a turn the fields of a keyed skill decide.
            one_input: request.caller.turn.is_none(),
            repeatable,
            input: &request.input,
            held_by: services.host,
            held_for: TimeDelta::from_std(longest).unwrap_or(TimeDelta::MAX),
        };
        let (id, attempt) = match self.begun(services, &start, patience).await? {
            Started::Held => {
                return refuse(CallFailure::new(FailureKind::Busy, "another host runs this call already"));
            }
            Started::Other => return refuse(keys::other_input()),
            Started::Finished(record) => return Ok(replay(*record)),
            Started::Interrupted { id, attempt } if !repeatable => {
                let checked = Checked { output: Err(CallFailure::interrupted()), run: None };
                return Box::pin(skills.close(&installed, &request, (id, attempt), Duration::ZERO, checked)).await;
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
            Ok(place) => {
                // A guest whose caller has left holds both until it is gone; the key is held to the end of the record too.
                let held: Held = Arc::new((place, running.clone()));
                let attempts = self.attempts(skills, &installed, (&request, repeatable), &mut open, &held);
                // Boxed, as what lies ahead and behind is: a call that waits for its guest carries only this along.
                Box::pin(attempts).await?
            }
        };
        let close = skills.close(&installed, &request, (open.id, open.attempt), waited, checked);
        let outcome = Box::pin(close).await?;
        open.closed();
        Ok(outcome)
    }

    /// Begins a call; while another host runs it, that one's end is waited for.
    async fn begun(
        &self,
        services: &Services,
        start: &CallStart<'_>,
        patience: Duration,
    ) -> Result<Started, StoreError> {
        let began = Instant::now();
        loop {
            let one_of_few = self.beginning.acquire().await;
            let started = Box::pin(services.db.start_call(&services.clock, start)).await?;
            drop(one_of_few);
            match started {
                Started::Held if began.elapsed() < patience => tokio::time::sleep(LOOK).await,
                started => return Ok(started),
            }
        }
    }

    /// Runs until it goes well, or must not be tried again.
    async fn attempts(
        &self,
        skills: &Arc<Skills>,
        installed: &Installed,
        (request, repeatable): (&Request, bool),
        open: &mut OpenCall<'_>,
        held: &Held,
    ) -> Result<Checked, StoreError> {
        let mut pauses = PAUSES.into_iter();
        let limits = installed.limits;
        // One share for all attempts: failing is no way to a new one.
        let root = match &request.under {
            Some(under) => under.root.clone(),
            None => Root::new(limits.fuel, Instant::now() + all_attempts(&limits)),
        };
        let mut earlier: Option<Run> = None;
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
            let mut checked = self.run_once(Stage::World(skills), installed, raw, held.clone()).await;
            if let (Some(run), Some(earlier)) = (&mut checked.run, earlier.take()) {
                run.follow(earlier);
            }
            let Some(pause) = pauses.next().filter(|_| safe_again(repeatable, &checked)) else { return Ok(checked) };
            if request.under.as_ref().is_some_and(|under| under.root.deadline() < Instant::now() + pause) {
                return Ok(checked);
            }
            tokio::time::sleep(pause).await;
            if !Box::pin(skills.services.db.next_attempt(open.id, open.attempt)).await? {
                return Ok(checked);
            }
            open.attempt += 1;
            earlier = checked.run;
        }
    }

    /// Runs once on a stage of its own, in a place like any call: the pool has no more instances than places.
    pub(super) async fn alone(&self, stage: Stage<'_>, installed: &Installed, raw: RawCall<'_>) -> Checked {
        let place = match self.check_input(installed, raw.input).await {
            Ok(()) => self.places.wait(&installed.places).await,
            Err(failure) => Err(failure),
        };
        match place {
            Ok(place) => self.run_once(stage, installed, raw, Arc::new((place, Arc::default()))).await,
            Err(failure) => Checked { output: Err(failure), run: None },
        }
    }

    /// Runs once and checks the output; no key, no queue, no record.
    async fn run_once(&self, stage: Stage<'_>, installed: &Installed, raw: RawCall<'_>, held: Held) -> Checked {
        let (skills, services, world) = match stage {
            Stage::World(skills) => (&**skills, &skills.services, Some((Others::Real(skills.clone()), &skills.egress))),
            Stage::Alone(skills, services) => (skills, services, None),
            Stage::Scripted(skills, services, (egress, script)) => {
                (skills, services, Some((Others::Scripted(script.clone()), egress)))
            }
        };
        let component = match Box::pin(skills.registry.ready(&installed.digest)).await {
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
        let held = (held, installed.running.begin());
        let stop = async {
            while tokio::time::timeout(WATCH, installed.running.stopped()).await.is_err() {
                Box::pin(skills.registry.look()).await;
            }
        };
        let mut run = self.sandbox.run(component, (prepared, call), held, stop).await;
        if root.depth > 0 {
            root.charge_fuel(run.fuel);
        }
        run.redact(&installed.redactor);
        let output = match &run.output {
            Ok(text) => Box::pin(self.check_output(installed, text)).await,
            Err(failure) => Err(failure.clone()),
        };
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

/// How long a call may run with all its attempts.
fn all_attempts(limits: &Limits) -> Duration {
    limits.timeout * ATTEMPTS + PAUSES.iter().sum::<Duration>()
}

/// Whether a failed run may be repeated: something was away, and either a second run does the same as
/// the first, or nothing has left the host.
fn safe_again(repeatable: bool, checked: &Checked) -> bool {
    let away = matches!(&checked.output, Err(CallFailure { kind: FailureKind::Unavailable, .. }));
    let sent = checked.run.as_ref().is_some_and(|run| run.sent);
    away && (repeatable || !sent)
}

/// The state of one run.
fn state(
    installed: &Installed,
    raw: RawCall<'_>,
    services: &Services,
    world: Option<(Others, &Egress)>,
    (limits, deadline, root): (Limits, Instant, Root),
) -> Box<CallState> {
    let name = (installed.name.as_str(), raw.id);
    let mut state = Box::new(CallState::new(services, name, raw.caller, (limits, deadline, root)));
    state.grants = installed.grants.clone();
    state.settings = installed.settings.clone();
    state.progress = raw.progress;
    state.tape = raw.tape;
    if let Some((others, egress)) = world {
        state.world = Some(World { others, egress: egress.clone(), reach: installed.reach.clone() });
    }
    state
}
