//! One turn, step by step: classify, recall, route, answer, and what is written at its end.

use futures_util::FutureExt;
use rust_i18n::t;
use serde_json::{Value, json};
use std::{
    panic::AssertUnwindSafe,
    pin::pin,
    sync::Arc,
    time::{Duration, Instant},
};

use super::{
    Agent, SkillUse, TurnEvent, TurnReply, Usage, answer, forgetting,
    router::{self, Decision, Route},
    template,
    trace::Trace,
};
use crate::{
    ids::{TokenId, TurnId},
    memory::{self, Recalled},
    skills::{Caller, Installed, Outcome, Request, readable},
    store::{Account, Ending, Message, NewJob, StoreError, Turn, storable_json},
};

/// Runs of one turn, after which a message that keeps ending its host is given up.
const MAX_ATTEMPTS: i64 = 3;

/// Between two looks whether a running turn was asked to stop by a process that is not heard here.
const LOOK_FOR_STOP: Duration = Duration::from_secs(10);

/// Share of a turn's time after which no model is waited for.
const MODEL_SHARE: f64 = 0.95;

/// Messages of the conversation that are looked at.
pub const HISTORY: i64 = 60;

/// What the steps of a turn know of it.
pub struct Context<'a> {
    pub agent: &'a Agent,
    pub turn: &'a Turn,
    pub trace: &'a Trace,
    /// Until when a model may answer.
    pub deadline: Instant,
    pub settings: crate::settings::Current,
    pub skills: Vec<Arc<Installed>>,
    /// Earlier messages of the conversation, oldest first.
    pub history: Vec<Message>,
    /// Who wrote the message that is answered, where several share a conversation.
    pub from: Option<String>,
    /// The message that is answered.
    pub message: String,
    /// What the files that came with it say.
    pub attached: Option<String>,
    /// The bearer token that it came in with.
    pub token: Option<TokenId>,
    pub memories: Vec<Recalled>,
}

/// A reply before it is stored.
#[derive(Debug, Default)]
pub struct Draft {
    pub reply: String,
    /// "none", "small" or "large".
    pub tier: String,
    /// The rung of the ladder that answered: "large", "small", "retrieval", "clarify", "plan", or "skill".
    pub rung: String,
    pub usage: Usage,
    pub skills: Vec<SkillUse>,
    pub error: Option<String>,
}

/// Runs a turn to its ending, whatever happens on the way.
pub async fn run(agent: &Agent, turn: &Turn) -> Ending {
    let trace = Trace::begin();
    let began = Instant::now();
    let limit = Duration::from_secs(agent.parts.config.agent.turn_timeout_s);
    let locale = turn.locale.as_str();
    if turn.attempt > MAX_ATTEMPTS {
        return failed(&trace, "interrupted", t!("agent.interrupted", locale = locale).into_owned());
    }
    // Models are given up a little earlier, so that the turn itself can still say what came of it.
    let steps = steps(agent, turn, &trace, began + limit.mul_f64(MODEL_SHARE));
    let steps = tokio::time::timeout(limit, AssertUnwindSafe(steps).catch_unwind());
    let ended = tokio::select! {
        biased;
        () = stopped(agent, turn) => return failed(&trace, "stopped", t!("agent.stopped", locale = locale).into_owned()),
        ended = steps => ended,
    };
    match ended {
        Ok(Ok(Ok(ending))) => ending,
        Ok(Ok(Err(error))) => {
            tracing::error!(error = &error as &dyn std::error::Error, "a turn failed");
            failed(&trace, "the host failed", t!("agent.failed", locale = locale).into_owned())
        }
        Ok(Err(_panic)) => {
            tracing::error!("a turn panicked");
            failed(&trace, "the host failed", t!("agent.failed", locale = locale).into_owned())
        }
        Err(_) => {
            tracing::warn!(limit_s = limit.as_secs(), "a turn took too long");
            failed(&trace, "timeout", t!("agent.timeout", locale = locale).into_owned())
        }
    }
}

/// Resolves when the person asks the turn to stop, before it began or on another host too.
async fn stopped(agent: &Agent, turn: &Turn) {
    let stoppable = agent.live.stoppable(turn.id);
    loop {
        let mut rung = pin!(agent.wake.stops.notified());
        // From here on no bell is missed, also one that rings during the look.
        rung.as_mut().enable();
        if agent.parts.db.is_stopped(turn.id).await.unwrap_or(false) {
            return;
        }
        tokio::select! {
            () = stoppable.token.cancelled() => return,
            () = rung => {}
            () = tokio::time::sleep(LOOK_FOR_STOP) => {}
        }
    }
}

async fn steps(agent: &Agent, turn: &Turn, trace: &Trace, deadline: Instant) -> Result<Ending, StoreError> {
    let mut context = Context::load(agent, turn, trace, deadline).await?;
    let began = Instant::now();
    let parts = &agent.parts;
    if let Some(draft) = forgetting::reply(&context).await? {
        let reason = "the message asks to forget".to_owned();
        let decision = Decision { route: Route::Recall, reason, message: context.message.clone() };
        context.note("forget", began, json!({}));
        return Ok(context.ending(&decision, draft));
    }
    let decision =
        router::decide(&context.message, &turn.locale, &context.skills, &parts.gateway, context.history.len());
    context.message.clone_from(&decision.message);
    context.note("route", began, json!({ "route": decision.route.word(), "reason": decision.reason }));
    if !matches!(decision.route, Route::Skill { .. }) {
        let began = Instant::now();
        context.memories = parts.memory.pinned(turn.user_id).await?;
        let recalled = parts.memory.recall(turn.user_id, &context.message, parts.config.memory.recall_items).await?;
        // What is pinned and bears on the message answers it, too.
        context.memories.retain(|pinned| recalled.iter().all(|one| one.id != pinned.id));
        context.memories.extend(recalled);
        context.note("recall", began, json!({ "memories": context.memories }));
    }
    let draft = match &decision.route {
        Route::Skill { skill, input } => by_skill(&context, skill, input).await?,
        Route::Model { tier } => answer::by_model(&context, *tier).await?,
        Route::Recall => by_memory(&context).await?,
    };
    Ok(context.ending(&decision, draft))
}

impl<'a> Context<'a> {
    async fn load(agent: &'a Agent, turn: &'a Turn, trace: &'a Trace, deadline: Instant) -> Result<Self, StoreError> {
        let began = Instant::now();
        let db = &agent.parts.db;
        let mut history = db.messages(turn.conversation_id, HISTORY).await?;
        let own = history.iter().position(|message| message.turn_id == Some(turn.id) && message.role == "user");
        let own = match own {
            Some(at) => Some(history.remove(at)),
            // More messages came in since than are looked at.
            None => db.turn_messages(turn.id).await?.into_iter().next(),
        };
        let told = |key: &str| own.as_ref().and_then(|own| own.meta.0[key].as_str().map(str::to_owned));
        let (attached, from) = (told("attached"), told("from"));
        let token = told("token").and_then(|token| token.parse().ok());
        let message = own.map(|own| own.content).unwrap_or_default();
        // A reply that came while this message waited belongs to what was said before it.
        history.retain(|message| message.turn_id.is_none_or(|earlier| earlier < turn.id));
        let context = Self {
            agent,
            turn,
            trace,
            deadline,
            settings: agent.settings_for(turn.user_id).await?,
            skills: agent.parts.skills.enabled().await?,
            history,
            from,
            message,
            attached,
            token,
            memories: Vec::new(),
        };
        let waited = turn.started_at.map_or(0, |started| (started - turn.created_at).num_milliseconds());
        context.note("receive", began, json!({ "waited_ms": waited, "attempt": turn.attempt, "locale": turn.locale }));
        Ok(context)
    }

    /// For whom models are asked in this turn.
    pub fn account(&self) -> Account {
        Account { token: self.token, ..self.turn.account() }
    }

    /// Notes a step in the trace and tells whoever watches.
    pub fn note(&self, name: &'static str, began: Instant, detail: Value) {
        let step = self.trace.step(name, began, detail);
        self.agent.live.tell(self.turn.id, TurnEvent::Step(step));
    }

    /// Calls a skill for this turn. `nth` tells calls of the same input apart.
    pub async fn call(&self, skill: &str, input: Value, nth: usize) -> Result<Outcome, StoreError> {
        let began = Instant::now();
        let hash = blake3::hash(input.to_string().as_bytes()).to_hex();
        let (live, turn) = (self.agent.live.clone(), self.turn.id);
        let caller = Caller {
            user: self.turn.user_id,
            turn: Some(turn),
            conversation: Some(self.turn.conversation_id),
            token: self.token,
            locale: self.turn.locale.clone(),
            time_zone: self.settings.time_zone.to_string(),
        };
        let request = Request {
            // A turn that runs again after a crash finds the calls it has made.
            key: Some(format!("{turn}:{}:{nth}", &hash[..16])),
            progress: Some(Arc::new(move |progress| live.tell(turn, TurnEvent::Progress(progress)))),
            ..Request::new(skill, input, caller)
        };
        let outcome = self.agent.parts.skills.call(request).await?;
        let detail = json!({
            "skill": skill, "call_id": outcome.call_id, "version": outcome.version, "fuel": outcome.fuel,
            "replayed": outcome.replayed, "failure": outcome.result.as_ref().err(),
        });
        self.note("skill", began, detail);
        Ok(outcome)
    }

    fn ending(&self, decision: &Decision, draft: Draft) -> Ending {
        let meta = json!({ "usage": draft.usage, "skills": draft.skills, "tier": draft.tier, "rung": draft.rung });
        // Names and arguments that a model made up are part of both.
        let (meta, trace) = (storable_json(meta), storable_json(self.trace.json()));
        Ending {
            reply: draft.reply,
            meta,
            route: decision.route.word().to_owned(),
            route_reason: decision.reason.clone(),
            tier: draft.tier,
            rung: draft.rung,
            trace,
            error: draft.error,
            jobs: vec![episode_job(self.turn.id, self.turn)],
        }
    }
}

/// The job that summarises a turn after its reply.
fn episode_job(id: TurnId, turn: &Turn) -> NewJob {
    NewJob {
        payload: json!({ "turn": id }),
        user: Some(turn.user_id),
        idempotency_key: Some(format!("episode:{id}")),
        ..NewJob::once("write_episode", turn.started_at.unwrap_or(turn.created_at), "turn")
    }
}

async fn by_skill(context: &Context<'_>, skill: &Installed, input: &Value) -> Result<Draft, StoreError> {
    let outcome = context.call(&skill.name, input.clone(), 0).await?;
    let locale = context.turn.locale.as_str();
    let reply = match &outcome.result {
        Ok(output) => readable(output),
        Err(failure) => template::failure(&skill.name, failure, locale),
    };
    Ok(Draft {
        reply,
        tier: "none".into(),
        rung: "skill".into(),
        skills: vec![skill_use(&outcome)],
        ..Draft::default()
    })
}

/// A skill call as the reply lists it.
pub fn skill_use(outcome: &Outcome) -> SkillUse {
    SkillUse {
        name: outcome.skill.clone(),
        call_id: outcome.call_id,
        failure: outcome.result.as_ref().err().map(|failure| failure.kind.name()),
    }
}

/// An answer from memory and templates, where no model is configured.
async fn by_memory(context: &Context<'_>) -> Result<Draft, StoreError> {
    learn(context).await?;
    let reply =
        from_memory(context).unwrap_or_else(|| template::unknown(&context.skills, context.turn.locale.as_str()));
    Ok(Draft { reply, tier: "none".into(), rung: "retrieval".into(), ..Draft::default() })
}

/// What memory and templates say to the message, if they have something to say.
pub fn from_memory(context: &Context<'_>) -> Option<String> {
    let locale = context.turn.locale.as_str();
    template::learnt(&memory::stable_facts(&context.message), locale)
        .or_else(|| template::small_talk(&context.message, &context.settings.name, &context.skills, locale))
        .or_else(|| template::recalled(&context.memories, locale))
}

/// Keeps what the message states by itself, before anything is said about it.
pub async fn learn(context: &Context<'_>) -> Result<(), StoreError> {
    match context.agent.parts.memory.learn(context.turn, &context.message).await {
        Ok(_) => Ok(()),
        Err(memory::MemoryError::Store(error)) => Err(error),
        Err(refusal) => {
            tracing::debug!(%refusal, "a statement was not kept");
            Ok(())
        }
    }
}

fn failed(trace: &Trace, error: &str, reply: String) -> Ending {
    trace.step("reply", Instant::now(), json!({ "error": error }));
    Ending {
        reply,
        meta: json!({ "usage": Usage::default(), "skills": [] }),
        route: "none".into(),
        route_reason: error.to_owned(),
        tier: "none".into(),
        rung: "none".into(),
        trace: storable_json(trace.json()),
        error: Some(error.to_owned()),
        jobs: Vec::new(),
    }
}

/// The end of a turn as its watchers get it.
pub fn reply_of(turn: &Turn, ending: &Ending) -> TurnReply {
    TurnReply {
        turn_id: turn.id,
        conversation: turn.conversation_id,
        reply: ending.reply.clone(),
        route: ending.route.clone(),
        tier: ending.tier.clone(),
        rung: ending.rung.clone(),
        usage: serde_json::from_value(ending.meta["usage"].clone()).unwrap_or_default(),
        skills: serde_json::from_value(ending.meta["skills"].clone()).unwrap_or_default(),
        failed: ending.error.is_some(),
    }
}
