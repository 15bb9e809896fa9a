//! A component tried by itself, as its author does: in the sandbox and under the limits of this host, with everything
//! granted that it asks for, over an empty database, and a network and a model that are written down.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::{collections::BTreeMap, sync::Arc, time::Duration};

use super::{
    CallFailure, Caller, Manifest, Skills, UploadError,
    egress::{Egress, Exchange, Redactor, Secret},
    executor::{Checked, RawCall, Stage},
    grant::Grants,
    host::{LogLine, Services},
    registry::Installed,
    sandbox::Run,
    script::{Script, Sent, SkillAnswer},
    tape::Tape,
};
use crate::{
    clock::Clock,
    gateway::Gateway,
    ids::UserId,
    store::{Db, StoreError},
};

/// Tokens of an answer at most; the script says how long it is.
const MAX_OUTPUT_TOKENS: u32 = 4_096;

/// Keys of kv that are looked at after a run.
const MAX_KEYS: i64 = 1_000;

/// What a run finds, and what must come of it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Case {
    #[serde(default)]
    pub name: String,
    pub input: Value,
    /// "en" or "zh".
    #[serde(default = "english")]
    pub locale: String,
    /// IANA name.
    #[serde(default = "utc")]
    pub time_zone: String,
    /// What the clock says, in RFC 3339; the machine's time by default.
    #[serde(default)]
    pub now: Option<DateTime<Utc>>,
    #[serde(default)]
    pub settings: Map<String, Value>,
    /// What is kept before the run.
    #[serde(default)]
    pub kv: BTreeMap<String, String>,
    #[serde(default)]
    pub memory: Vec<Fact>,
    #[serde(default)]
    pub http: Vec<Exchange>,
    /// The model's answers, in order.
    #[serde(default)]
    pub llm: Vec<ModelAnswer>,
    /// What other skills answer.
    #[serde(default)]
    pub skills: Vec<SkillAnswer>,
    /// The exact output.
    #[serde(default)]
    pub output: Option<Value>,
    /// The failure that must come instead.
    #[serde(default)]
    pub failure: Option<ExpectedFailure>,
    /// What must be kept under these keys afterwards.
    #[serde(default)]
    pub kv_after: BTreeMap<String, String>,
    /// The messages that must be sent, in their order; an empty list says none.
    #[serde(default)]
    pub sent: Option<Vec<Sent>>,
    /// Without a network and a model, as the examples of a manifest are run.
    #[serde(skip)]
    pub alone: bool,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fact {
    pub key: String,
    pub text: String,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModelAnswer {
    pub text: String,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExpectedFailure {
    pub kind: String,
    /// A part of its text.
    #[serde(default)]
    pub text: String,
}

fn english() -> String {
    "en".to_owned()
}

fn utc() -> String {
    "UTC".to_owned()
}

impl Case {
    /// A run of this input, of which nothing is expected.
    pub fn of(input: Value) -> Self {
        Self {
            name: String::new(),
            input,
            locale: english(),
            time_zone: utc(),
            now: None,
            settings: Map::new(),
            kv: BTreeMap::new(),
            memory: Vec::new(),
            http: Vec::new(),
            llm: Vec::new(),
            skills: Vec::new(),
            output: None,
            failure: None,
            kv_after: BTreeMap::new(),
            sent: None,
            alone: false,
        }
    }
}

/// What came of a run.
#[derive(Clone, Debug, Serialize)]
pub struct Rehearsed {
    #[serde(serialize_with = "as_outcome")]
    pub outcome: Result<Value, CallFailure>,
    pub duration_ms: f64,
    /// Until a thread of the guests took it up; not in the duration.
    pub handed_over_ms: f64,
    pub instantiate_ms: f64,
    pub fuel: u64,
    pub peak_memory_bytes: u64,
    pub host_calls: u64,
    pub host_bytes: u64,
    pub log: Vec<LogLine>,
    /// What is kept afterwards, as far as it is text; of several runs, after the last.
    pub kv: BTreeMap<String, String>,
    /// The messages that it sent.
    pub sent: Vec<Sent>,
}

impl Rehearsed {
    /// Whether anything ran. Input that does not fit the schema is refused before.
    pub fn began(&self) -> bool {
        self.fuel > 0 || self.duration_ms > 0.0
    }
}

fn as_outcome<S: serde::Serializer>(outcome: &Result<Value, CallFailure>, to: S) -> Result<S::Ok, S::Error> {
    match outcome {
        Ok(output) => serde_json::json!({ "output": output }),
        Err(failure) => serde_json::json!({ "failure": failure }),
    }
    .serialize(to)
}

/// A component that is compiled and linked, and not stored.
pub struct Rehearsal {
    skills: Arc<Skills>,
    pub manifest: Manifest,
    pub digest: String,
    /// The interfaces that it calls.
    pub imports: Vec<String>,
}

/// Why a run could not be made; not what became of it.
#[derive(Debug, thiserror::Error)]
pub enum RehearsalError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("{0}")]
    Case(String),
}

impl Skills {
    /// Looks at a component as an upload does, up to its compiled code; stores nothing.
    pub async fn rehearsal(self: &Arc<Self>, component: &[u8]) -> Result<Rehearsal, UploadError> {
        let (manifest, digest, imports) = Box::pin(self.examine(component)).await?;
        Ok(Rehearsal { skills: self.clone(), manifest, digest, imports })
    }
}

impl Rehearsal {
    /// Removes the compiled code of everything else, where nothing is installed.
    pub async fn sweep_others(&self) -> Result<usize, UploadError> {
        Ok(self.skills.registry.compiler.sweep(vec![self.digest.clone()]).await?)
    }

    /// Runs once, on a fresh database.
    pub async fn run(&self, case: &Case) -> Result<Rehearsed, RehearsalError> {
        let mut runs = self.repeat(case, 1).await?;
        runs.pop().ok_or_else(|| RehearsalError::Case("nothing ran".to_owned()))
    }

    /// Runs so many times, one after the other and each in a fresh instance, on the same database.
    pub async fn repeat(&self, case: &Case, times: usize) -> Result<Vec<Rehearsed>, RehearsalError> {
        let services = self.services(case).await?;
        let db = services.db.clone();
        let rehearsed = Box::pin(self.run_on(services, case, times)).await;
        db.close().await;
        rehearsed
    }

    /// The host as the case describes it.
    async fn services(&self, case: &Case) -> Result<Services, RehearsalError> {
        let clock = case.now.map_or(self.skills.services.clock.clone(), Clock::manual);
        let mut services = self.skills.services.scratch(clock).await?;
        if case.alone {
            return Ok(services);
        }
        let answers = case.llm.iter().map(|answer| answer.text.clone()).collect();
        let (db, clock) = (services.db.clone(), services.clock.clone());
        services.gateway = Some(Arc::new(Gateway::scripted(db, clock, MAX_OUTPUT_TOKENS, answers)));
        Ok(services)
    }

    async fn run_on(&self, services: Services, case: &Case, times: usize) -> Result<Vec<Rehearsed>, RehearsalError> {
        let (db, clock, skill) = (&services.db, &services.clock, &self.manifest.name);
        let bad = |text: String| RehearsalError::Case(text);
        let user = db.user_named(clock, "author").await?.id;
        for (key, value) in &case.kv {
            db.set_kv(clock, (skill, user), key, value.as_bytes()).await?;
        }
        for fact in &case.memory {
            let kept = services.memory.remember(user, &fact.key, &fact.text, None).await;
            kept.map_err(|error| bad(format!("`memory`, {}: {error}", fact.key)))?;
        }
        let scripted = || Egress::scripted(&self.skills.settings, case.http.clone());
        let egress = (!case.alone).then(scripted).transpose();
        let egress = egress.map_err(|error| bad(format!("`http`: {error:#}")))?;
        let (locale, time_zone) = (case.locale.clone(), case.time_zone.clone());
        let caller = Caller { user, turn: None, conversation: None, token: None, locale, time_zone };
        let grants = Grants::new(skill, self.manifest.asked());
        let mut installed = self.skills.registry.prepare(&self.manifest, &self.digest, grants)?;
        if let Some(key) = case.settings.keys().find(|key| !self.manifest.settings.contains_key(*key)) {
            return Err(bad(format!("`settings`: the manifest has no setting `{key}`")));
        }
        Arc::make_mut(&mut installed.settings).extend(case.settings.clone());
        stand_ins(&mut installed);
        let script = Arc::new(Script::new(case.skills.clone()));
        let mut runs = Vec::with_capacity(times);
        for _ in 0..times {
            let raw = RawCall {
                id: String::new(),
                attempt: 1,
                input: &case.input,
                caller: &caller,
                progress: None,
                root: None,
                tape: Tape::default(),
            };
            let stage = match &egress {
                None => Stage::Alone(&self.skills, &services),
                Some(egress) => Stage::Scripted(&self.skills, &services, (egress, &script)),
            };
            let Checked { output, run } = self.skills.executor.alone(stage, &installed, raw).await;
            runs.push(Rehearsed { sent: script.take_sent(), ..rehearsed(output, run) });
        }
        if let Some(last) = runs.last_mut() {
            last.kv = kept(db, skill, user).await?;
        }
        Ok(runs)
    }
}

/// Puts a value in the place of every secret, as if the owner had set it.
fn stand_ins(installed: &mut Installed) {
    let asked = installed.manifest.secrets.iter();
    let secrets: Vec<Secret> = asked
        .filter_map(|asked| {
            Some(Secret {
                name: asked.name.clone(),
                host: asked.host.clone(),
                header: asked.header.parse().ok()?,
                prefix: asked.prefix.clone(),
                value: format!("secret-{}", asked.name).into(),
            })
        })
        .collect();
    installed.redactor = Redactor::of(&secrets);
    (installed.reach.secrets, installed.reach.unset) = (secrets.into(), Arc::default());
}

/// What is kept for a person, as far as it is text.
async fn kept(db: &Db, skill: &str, user: UserId) -> Result<BTreeMap<String, String>, StoreError> {
    let mut kept = BTreeMap::new();
    for key in db.kv_keys(skill, user, "", MAX_KEYS).await? {
        let value = db.kv(skill, user, &key).await?.unwrap_or_default();
        kept.insert(key, String::from_utf8_lossy(&value).into_owned());
    }
    Ok(kept)
}

fn rehearsed(outcome: Result<Value, CallFailure>, run: Option<Run>) -> Rehearsed {
    let millis = |of: fn(&Run) -> Duration| run.as_ref().map_or(0.0, |run| of(run).as_secs_f64() * 1_000.0);
    let count = |of: fn(&Run) -> u64| run.as_ref().map_or(0, of);
    Rehearsed {
        outcome,
        duration_ms: millis(|run| run.duration),
        handed_over_ms: millis(|run| run.handed_over),
        instantiate_ms: millis(|run| run.instantiate),
        fuel: count(|run| run.fuel),
        peak_memory_bytes: count(|run| run.peak_memory_bytes),
        host_calls: count(|run| run.host_calls),
        host_bytes: count(|run| run.host_bytes),
        log: run.map(|run| run.log).unwrap_or_default(),
        kv: BTreeMap::new(),
        sent: Vec::new(),
    }
}
