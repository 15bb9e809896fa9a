//! Skills: components that the agent calls, in a sandbox. Nothing here knows who calls.

mod account;
mod approval;
mod call;
mod compiler;
mod egress;
mod engine;
mod executor;
mod failure;
mod grant;
mod host;
mod life;
mod limits;
mod linker;
mod manifest;
mod named;
pub mod package;
mod probe;
mod readable;
mod registry;
mod rehearsal;
mod replay;
mod root;
mod running;
mod sandbox;
mod schema;
mod script;
mod secrets;
mod shared;
mod stored;
mod tape;
mod tell;
mod text;
mod threads;
mod trigger;
mod upload;
mod wide;

pub use call::{Caller, Outcome, Request, Under};
pub use compiler::{CompileError, SUBCOMMAND as COMPILE_SUBCOMMAND, child as compile_child};
pub use egress::HostRule;
pub use executor::{input_hash, short as short_key};
pub use failure::{CallFailure, FailureKind};
pub use host::{Progress, ProgressSink, Services};
pub use life::LifeError;
pub use limits::{BOUNDS, Bound, HOST_BOUNDS, Limits};
pub use linker::LENT;
pub use manifest::{
    AskedSecret, Capabilities, CostTier, Example, Idempotency, Manifest, ManifestError, check_skill_name,
    schema as manifest_schema,
};
pub use named::{NameError, short_digest};
pub use probe::Probed;
pub use readable::readable;
pub use registry::Installed;
pub use rehearsal::{Case, ExpectedFailure, Rehearsal, RehearsalError, Rehearsed};
pub use replay::{Replay, ReplayError};
pub use secrets::{SecretError, host_key};
pub use shared::SharedTrigger;
pub use stored::manifest_of;
pub use text::{plain_text, seen};
pub use upload::{Bundle, ExampleResult, GalleryError, Origin, Shipped, UploadError, Uploaded, digest};

use anyhow::Context;
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;
use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use crate::{
    clock::Clock,
    config,
    ids::{CallId, HostId},
    store::{Db, StoreError, logged},
};

/// All skills of the host.
pub struct Skills {
    settings: config::Skills,
    services: Services,
    egress: egress::Egress,
    registry: registry::Registry,
    executor: executor::Executor,
    /// What ships with this host.
    bundle: Arc<Bundle>,
}

impl Skills {
    /// Builds the engine and the registry. `program` is this binary, for the compiling child; what ships lies beside it.
    pub fn new(
        settings: config::Skills,
        services: Services,
        program: PathBuf,
        data_dir: &Path,
    ) -> anyhow::Result<Self> {
        let max_memory = settings.max_memory_mib as usize * (1 << 20);
        let engine = engine::running(settings.max_calls, max_memory)
            .map_err(|error| anyhow::anyhow!("{error:#}"))
            .context("the WebAssembly engine cannot be started")?;
        let linker = linker::linker(&engine).map_err(|error| anyhow::anyhow!("{error:#}"))?;
        let limits = (settings.compile_memory_mib, Duration::from_secs(settings.compile_timeout_s));
        let beside = program.parent().unwrap_or(Path::new("."));
        let bundle = Bundle::new(beside.join(&settings.bundle_dir));
        let compiler = compiler::Compiler::new(engine.clone(), program, data_dir, limits)
            .context("the folder for compiled skills cannot be used")?;
        let sandbox = sandbox::Sandbox::new(engine).context("the threads of the guests cannot be started")?;
        let seal = secrets::seal(&settings.secret_key, data_dir).context("the key of the secrets cannot be used")?;
        Ok(Self {
            egress: egress::Egress::new(&settings)?,
            registry: registry::Registry::new(services.db.clone(), settings.clone(), compiler, linker, seal),
            executor: executor::Executor::new(sandbox, &settings),
            settings,
            services,
            bundle,
        })
    }

    /// Runs a skill once for its key.
    pub async fn call(self: &Arc<Self>, request: Request) -> Result<Outcome, StoreError> {
        // Boxed: it is large, and every turn would carry it along.
        Box::pin(self.executor.call(self, request)).await
    }

    /// What follows from the end of a call: its record, what is kept of a failure, a question to the
    /// owner, the end of a version that fails too often.
    async fn close(
        &self,
        installed: &Installed,
        request: &Request,
        (id, attempt): (CallId, i64),
        waited: Duration,
        checked: executor::Checked,
    ) -> Result<Outcome, StoreError> {
        let turn = request.caller.turn;
        let outcome = account::account(&self.services, installed, (id, attempt), turn, waited, &checked).await?;
        let Some(run) = checked.run else { return Ok(outcome) };
        if !run.refused.is_empty() {
            self.ask_for_refused(installed, request, id, &run).await;
        }
        if let Err(failure) = &outcome.result {
            self.keep_tape(id, &request.caller, run.tape).await;
            self.judge(installed, failure).await;
        }
        Ok(outcome)
    }

    /// Keeps what the host answered a failed call.
    async fn keep_tape(&self, call: CallId, caller: &Caller, tape: tape::Tape) {
        let (Some(steps), true) = (tape.into_steps(), self.settings.recording_days > 0) else { return };
        let kept = json!({ "locale": caller.locale, "time_zone": caller.time_zone, "steps": steps });
        let Services { db, clock, .. } = &self.services;
        let expires = clock.now() + TimeDelta::days(self.settings.recording_days.into());
        logged("a recording could not be kept", db.keep_recording(clock, call, &kept, expires).await);
    }

    /// Puts an end on record for the calls that no process will end: those of `host`, whose process is a
    /// new one, and those whose holder should have ended them before a moment. Returns how many those were.
    pub async fn end_left_calls(&self, host: Option<HostId>, before: DateTime<Utc>) -> Result<u64, StoreError> {
        let (Services { db, clock, .. }, failure) = (&self.services, CallFailure::interrupted());
        db.end_left_calls(clock, host, before, (&failure.json(), failure.kind.fault())).await
    }

    /// Waits until every call that was dropped half-way is on record.
    pub async fn settle(&self) {
        self.executor.settle().await;
    }

    /// Looks at a change that was just made to the skills, and tells the other hosts of it.
    pub async fn changed(&self) {
        self.services.wake.skills.notify_one();
        self.registry.look().await;
    }

    /// Looks at the skills whenever another host has changed them. Never ends.
    pub async fn watch(&self) {
        loop {
            self.services.wake.skills.notified().await;
            self.registry.look().await;
        }
    }

    /// All installed skills by name, disabled ones too.
    pub async fn all(&self) -> Result<Vec<Arc<Installed>>, StoreError> {
        self.registry.all().await
    }

    /// The skills that may be called now, by name.
    pub async fn enabled(&self) -> Result<Vec<Arc<Installed>>, StoreError> {
        Ok(self.registry.all().await?.into_iter().filter(|skill| skill.enabled).collect())
    }

    pub async fn find(&self, name: &str) -> Result<Option<Arc<Installed>>, StoreError> {
        self.registry.find(name).await
    }

    /// Calls of a version that run in this process.
    pub fn in_flight(&self, digest: &str) -> usize {
        self.registry.in_flight(digest)
    }

    /// Calls that run and calls that wait, of all skills in this process.
    pub fn load(&self) -> (usize, usize) {
        self.executor.places.in_use(&self.settings)
    }
}

impl Services {
    /// The same services over an empty database in memory, at another time.
    async fn scratch(&self, clock: Clock) -> Result<Self, StoreError> {
        let db = Db::scratch().await?;
        Ok(Self {
            memory: crate::memory::Memory::new(db.clone(), clock.clone()),
            settings: self.settings.over(db.clone()),
            clock,
            // Nobody works on what an example leaves, and nothing is spent on it.
            wake: Arc::default(),
            gateway: None,
            host: self.host,
            db,
        })
    }
}
