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
    Agent, SkillUse, TurnEvent, TurnReply, Usage, answer, difficulty, forgetting, rewrite,
    router::{self, Decision, Route},
    template,
    trace::Trace,
    working::Working,
};
use crate::{
    gateway::{HEAD_TOKENS, LINE_TOKENS, count_tokens},
    ids::{TokenId, TurnId},
    memory::{Answered, Ask, Learnt, MemoryError, Over, Recalled, Rules, Said, asks_for_all, asks_to_remember},
    skills::{Caller, Installed, Outcome, Request, input_hash, readable},
    store::{Account, Ending, Fact, Folded, Message, NewJob, StoreError, Turn, storable_json},
};

/// Runs of one turn, after which a message that keeps ending its host is given up.
const MAX_ATTEMPTS: i64 = 3;

/// Between two looks whether a running turn was asked to stop by a process that is not heard here.
const LOOK_FOR_STOP: Duration = Duration::from_secs(10);

/// Share of a turn's time after which no model is waited for.
const MODEL_SHARE: f64 = 0.95;

/// Share of a prompt's budget that history has at least.
const HISTORY_SHARE: u32 = 4;

/// Share of a prompt's budget that memory may take, whatever the settings allow.
const MEMORY_SHARE: u32 = 4;

/// Memories of one turn at most, however short they are.
const MAX_MEMORIES: usize = 60;

/// What the steps of a turn know of it.
pub struct Context<'a> {
    pub agent: &'a Agent,
    pub turn: &'a Turn,
    pub trace: &'a Trace,
    /// Until when a model may answer.
    pub deadline: Instant,
    pub settings: crate::settings::Current,
    pub skills: Vec<Arc<Installed>>,
    /// What is left of the older part of the conversation.
    pub folded: Option<Folded>,
    /// The messages after that, oldest first.
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
    /// What the message has taught; it is stored.
    pub learnt: Vec<Learnt>,
    /// Facts of which the message may mean one to be over.
    pub unclear: Vec<Fact>,
    /// What the message asks and facts answer.
    pub answered: Vec<Answered>,
    /// What memory is asked: the message, or what stands for it where it leans on earlier ones.
    pub question: String,
    /// What models have used before the answer.
    pub usage: Usage,
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
    let (trace, locale) = (Trace::begin(), turn.locale.as_str());
    if turn.attempt > MAX_ATTEMPTS {
        return failed(&trace, "interrupted", t!("agent.interrupted", locale = locale).into_owned());
    }
    // Before anything is read, by this run or by a skill for it.
    let forgettings = match agent.parts.db.forgettings(turn.user_id).await {
        Ok(forgettings) => forgettings,
        Err(error) => return host_failed(&trace, locale, &error),
    };
    let ending = within_its_time(agent, turn, &trace).await;
    Ending { forgettings: ending.forgettings.or(Some(forgettings)), ..ending }
}

async fn within_its_time(agent: &Agent, turn: &Turn, trace: &Trace) -> Ending {
    let (began, locale) = (Instant::now(), turn.locale.as_str());
    let limit = Duration::from_secs(agent.parts.config.agent.turn_timeout_s);
    // Models are given up a little earlier, so that the turn itself can still say what came of it.
    let steps = steps(agent, turn, trace, began + limit.mul_f64(MODEL_SHARE));
    let steps = tokio::time::timeout(limit, AssertUnwindSafe(steps).catch_unwind());
    let ended = tokio::select! {
        biased;
        () = stopped(agent, turn) => return failed(trace, "stopped", t!("agent.stopped", locale = locale).into_owned()),
        ended = steps => ended,
    };
    match ended {
        Ok(Ok(Ok(ending))) => ending,
        Ok(Ok(Err(error))) => host_failed(trace, locale, &error),
        Ok(Err(_panic)) => {
            tracing::error!("a turn panicked");
            failed(trace, "the host failed", t!("agent.failed", locale = locale).into_owned())
        }
        Err(_) => {
            tracing::warn!(limit_s = limit.as_secs(), "a turn took too long");
            failed(trace, "timeout", t!("agent.timeout", locale = locale).into_owned())
        }
    }
}

fn host_failed(trace: &Trace, locale: &str, error: &StoreError) -> Ending {
    tracing::error!(error = error as &dyn std::error::Error, "a turn failed");
    failed(trace, "the host failed", t!("agent.failed", locale = locale).into_owned())
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
        // Its own forgetting is no reason to begin anew.
        let forgettings = Some(parts.db.forgettings(turn.user_id).await?);
        return Ok(Ending { forgettings, ..context.ending(&decision, draft) });
    }
    let decision =
        router::decide(&context.message, &turn.locale, &context.skills, &parts.gateway, context.history.len());
    context.message.clone_from(&decision.message);
    context.question.clone_from(&decision.message);
    let by_skill_alone = matches!(decision.route, Route::Skill { .. });
    if !by_skill_alone || asks_to_remember(&context.message) {
        // Before anything is said about it.
        learn(&mut context).await?;
    }
    let began = Instant::now();
    let decision = difficulty::judged(&mut context, decision).await?;
    context.note("route", began, json!({ "route": decision.route.word(), "reason": decision.reason }));
    if !by_skill_alone {
        if let Route::Model { .. } = decision.route {
            rewrite::rewrite(&mut context).await?;
        }
        let began = Instant::now();
        let rules = parts.memory.rules(turn.user_id).await?;
        let mut memories = parts.memory.pinned(turn.user_id, &rules).await?;
        let recalled = recall(&context, &rules, &memories).await?;
        // What is pinned and bears on the message answers it, too.
        memories.retain(|pinned| recalled.iter().all(|one| one.id != pinned.id));
        memories.extend(recalled);
        context.memories = memories;
        context.note("recall", began, json!({ "memories": context.memories }));
    }
    let draft = match &decision.route {
        Route::Skill { skill, input } => by_skill(&context, skill, input).await?,
        Route::Model { tier } => answer::by_model(&context, *tier).await?,
        Route::Recall => by_memory(&context).await?,
    };
    Ok(context.ending(&decision, draft))
}

/// What bears on the message, as much as the room in a prompt holds that is left beside what is pinned.
async fn recall(context: &Context<'_>, rules: &Rules, pinned: &[Recalled]) -> Result<Vec<Recalled>, StoreError> {
    let mut except = told(&context.history, context.settings.token_budget / HISTORY_SHARE);
    except.push(context.turn.id);
    let room = context.agent.parts.config.memory.recall_tokens.min(context.settings.token_budget / MEMORY_SHARE);
    let zone = context.settings.time_zone;
    let taken: u32 = pinned.iter().map(|one| count_tokens(&one.line(zone)) + LINE_TOKENS).sum();
    let room = room.saturating_sub(HEAD_TOKENS + taken);
    let ask = Ask {
        user: context.turn.user_id,
        text: &context.question,
        zone,
        limit: MAX_MEMORIES,
        room: Some((room, |line| count_tokens(line) + LINE_TOKENS)),
        except: &except,
    };
    context.agent.parts.memory.fill(&ask, rules).await
}

/// The turns of the newest messages that surely stand in the prompt anyhow: those within so many tokens.
fn told(history: &[Message], tokens: u32) -> Vec<TurnId> {
    let mut left = tokens;
    let mut told = Vec::new();
    for message in history.iter().rev() {
        let Some(rest) = left.checked_sub(count_tokens(&message.content)) else { break };
        left = rest;
        told.extend(message.turn_id);
    }
    told
}

impl<'a> Context<'a> {
    async fn load(agent: &'a Agent, turn: &'a Turn, trace: &'a Trace, deadline: Instant) -> Result<Self, StoreError> {
        let began = Instant::now();
        let db = &agent.parts.db;
        let Working { folded, messages: mut history } = Working::load(db, turn.conversation_id).await?;
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
        let mut settings = agent.settings_for(turn.user_id).await?;
        // Known before anything is recalled: what will not stand in the prompt is looked for.
        settings.token_budget = agent.parts.gateway.bounded(|of| of.answer, settings.token_budget);
        let context = Self {
            agent,
            turn,
            trace,
            deadline,
            settings,
            skills: agent.parts.skills.enabled().await?,
            folded,
            history,
            from,
            message,
            attached,
            token,
            memories: Vec::new(),
            learnt: Vec::new(),
            unclear: Vec::new(),
            answered: Vec::new(),
            question: String::new(),
            usage: Usage::default(),
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
        let hash = input_hash(&input);
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
            key: Some(format!("{turn}:{hash}:{nth}")),
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
            forgettings: None,
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
    if asks_for_all(&context.message) {
        let known = context.agent.parts.memory.known(context.turn.user_id, template::MAX_KNOWN + 1).await?;
        let reply = template::known(&known, context.settings.time_zone, context.turn.locale.as_str());
        return Ok(Draft { reply, tier: "none".into(), rung: "retrieval".into(), ..Draft::default() });
    }
    let reply =
        from_memory(context).unwrap_or_else(|| template::unknown(&context.skills, context.turn.locale.as_str()));
    Ok(Draft { reply, tier: "none".into(), rung: "retrieval".into(), ..Draft::default() })
}

/// What memory and templates say to the message, if they have something to say.
pub fn from_memory(context: &Context<'_>) -> Option<String> {
    let locale = context.turn.locale.as_str();
    template::learnt(&context.learnt, locale)
        .or_else(|| template::which(&context.unclear, locale))
        .or_else(|| template::answered(&context.answered, context.settings.time_zone, locale))
        .or_else(|| template::small_talk(&context.message, &context.settings.name, &context.skills, locale))
        .or_else(|| template::recalled(&context.message, &rewrite::by_the_message(context), locale))
}

/// Keeps what the message states by itself and closes what it says to be over; finds what facts answer to it.
async fn learn(context: &mut Context<'_>) -> Result<(), StoreError> {
    let began = Instant::now();
    let (memory, user) = (&context.agent.parts.memory, context.turn.user_id);
    let said = Said { message: &context.message, zone: context.settings.time_zone, from: context.from.as_deref() };
    match memory.learn(context.turn, said).await {
        Ok(learnt) => context.learnt = learnt,
        Err(MemoryError::Store(error)) => return Err(error),
        Err(refusal) => tracing::debug!(%refusal, "a statement was not kept"),
    }
    let last = |role: &str| context.history.iter().rev().find(|message| message.role == role);
    let (before, replied) = (last("user"), last("assistant"));
    let talked: Vec<&str> = [replied, before].into_iter().flatten().map(|message| message.content.as_str()).collect();
    match memory.end_last(user, &context.message, &talked).await? {
        Over::Ended(text) => context.learnt.push(Learnt::Ended(text)),
        Over::Which(facts) => context.unclear = facts,
        Over::Nothing => {}
    }
    context.answered = memory.answers(user, said, before.map(|message| message.content.as_str())).await?;
    if !context.learnt.is_empty() || !context.answered.is_empty() {
        let asked: Vec<Value> = context
            .answered
            .iter()
            .map(|one| json!({ "key": one.asked.key, "facts": one.facts.iter().map(|fact| fact.id).collect::<Vec<_>>() }))
            .collect();
        context.note("learn", began, json!({ "learnt": context.learnt, "asked": asked }));
    }
    Ok(())
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
        forgettings: None,
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
