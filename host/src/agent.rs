//! The agent: takes a message, gives a reply. It does not know where either comes from.
//!
//! A message is stored together with its turn before it is acknowledged; the turn is leased from
//! the database, so that a crash loses nothing and two hosts never answer the same message.

mod answer;
mod aside;
mod difficulty;
mod embedder;
mod episode;
mod forgetting;
mod known;
mod ladder;
mod live;
mod rewrite;
mod router;
mod template;
mod trace;
mod turn;
mod working;

pub use embedder::GatewayEmbedder;
pub use episode::{SummaryError, summarise};
pub use live::{SkillUse, TurnEvent, TurnReply, Usage};
pub use trace::Step;
pub use working::{fold, shown as shown_summary};

use chrono::Duration;
use serde_json::Value;
use std::{sync::Arc, time::Instant};
use tokio::{
    sync::broadcast::{self, error::RecvError},
    task::JoinSet,
    time::{MissedTickBehavior, interval},
};
use tokio_util::sync::CancellationToken;

use crate::{
    clock::Clock,
    config::Config,
    gateway::Gateway,
    ids::{ConversationId, HostId, TokenId, TurnId, UserId},
    memory::{self, Memory},
    settings::{self, Settings},
    skills::{Skills, short_key},
    store::{
        Accepted, Channel, ChatAddress, Db, Ending, Incoming, NewFile, StoreError, Turn, TurnStatus, logged, storable,
    },
    telemetry::{self, Place, Span},
    wake::Wake,
};

/// Longest message, in characters.
pub const MAX_MESSAGE_CHARS: usize = 32_000;

/// Characters of a conversation's title.
const TITLE_CHARS: usize = 60;

/// How often a host says that it is still at work, and after how long of silence its turns are
/// taken over.
const KEEP_EVERY: std::time::Duration = std::time::Duration::from_secs(10);
const LEASE: Duration = Duration::seconds(45);

/// How often a waiter looks into the database, where another host may have answered.
const LOOK_EVERY: std::time::Duration = std::time::Duration::from_millis(500);

/// A message for the agent.
#[derive(Clone, Debug)]
pub struct NewMessage {
    pub user: UserId,
    /// `None` begins a new conversation.
    pub conversation: Option<ConversationId>,
    pub channel: Channel,
    pub text: String,
    /// What the sender calls this message; sent twice, it is answered once.
    pub key: Option<String>,
    /// What else its channel knows of it.
    pub envelope: Envelope,
}

/// What comes with a message and goes back with its reply, unread by the agent.
#[derive(Clone, Debug, Default)]
pub struct Envelope {
    /// Who wrote it, where several share a conversation.
    pub from: Option<String>,
    /// What text files say: data, never the person's own words.
    pub attached: Option<String>,
    pub files: Vec<NewFile>,
    /// The bearer token that it came in with; its budgets hold.
    pub token: Option<TokenId>,
    /// Where the reply goes, and the message that it answers visibly.
    pub reply: Option<(ChatAddress, Option<i64>)>,
    /// Keys of the kept updates that are done with it.
    pub updates: Vec<String>,
}

/// Why a message was not taken.
#[derive(Debug, thiserror::Error)]
pub enum SubmitError {
    #[error("the message is empty")]
    Empty,
    #[error("a message has at most {MAX_MESSAGE_CHARS} characters")]
    TooLong,
    #[error("there is no such conversation of this user")]
    NoConversation,
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What the agent is built from.
pub struct Parts {
    pub db: Db,
    pub clock: Clock,
    pub settings: Settings,
    pub memory: Memory,
    pub skills: Arc<Skills>,
    pub gateway: Arc<Gateway>,
    pub config: Arc<Config>,
    /// What this process holds leases under.
    pub host: HostId,
}

pub struct Agent {
    parts: Parts,
    live: live::Live,
    /// Rings when a message was stored in this process, or a turn has left jobs or a reply behind.
    wake: Arc<Wake>,
}

fn meta(from: Option<String>, attached: Option<String>, token: Option<TokenId>) -> Value {
    let fields = [("from", from), ("attached", attached), ("token", token.map(|token| token.to_string()))];
    fields.into_iter().filter_map(|(key, value)| Some((key.to_owned(), Value::from(value?)))).collect()
}

impl Agent {
    pub fn new(parts: Parts, wake: Arc<Wake>) -> Self {
        Self { parts, live: live::Live::default(), wake }
    }

    /// Stores a message and wakes the agent. Returns at once; the reply is waited for or watched.
    pub async fn submit(&self, message: NewMessage) -> Result<(ConversationId, Accepted), SubmitError> {
        let text = storable(message.text.trim());
        let text = text.as_str();
        if text.is_empty() {
            return Err(SubmitError::Empty);
        }
        if text.chars().count() > MAX_MESSAGE_CHARS {
            return Err(SubmitError::TooLong);
        }
        let Parts { db, clock, .. } = &self.parts;
        let own = message.key.map_or_else(|| TurnId::new(clock).to_string(), |key| short_key(&key));
        let key = format!("{}:{}:{own}", message.channel.word(), message.user);
        let envelope = message.envelope;
        if envelope.updates.is_empty()
            && let Some((turn, conversation)) = db.known_turn(&key).await?
        {
            return Ok((conversation, Accepted::Known(turn)));
        }
        let conversation = if let Some(id) = message.conversation {
            let found = db.conversation(id).await?.filter(|found| found.user_id == message.user);
            found.ok_or(SubmitError::NoConversation)?.id
        } else {
            let title: String = text.lines().next().unwrap_or_default().chars().take(TITLE_CHARS).collect();
            db.create_conversation(clock, message.user, message.channel, &title).await?
        };
        let incoming = Incoming {
            key,
            channel: message.channel,
            user: message.user,
            conversation,
            locale: self.locale(message.user, text).await?,
            text: text.to_owned(),
            meta: meta(envelope.from, envelope.attached, envelope.token),
            files: envelope.files,
            reply: envelope.reply,
            updates: envelope.updates,
        };
        let accepted = db.accept(clock, &incoming).await?;
        self.wake.turns.notify_one();
        if let Accepted::Known(_) = accepted
            && let Some((_, other)) = db.known_turn(&incoming.key).await?
        {
            // The same key came in at the same moment elsewhere: that one's conversation is the message's.
            return Ok((other, accepted));
        }
        Ok((conversation, accepted))
    }

    /// The language of a reply: that of the message, else the person's, else the setting's.
    async fn locale(&self, user: UserId, text: &str) -> Result<String, StoreError> {
        let own = self.parts.db.user(user).await?.and_then(|user| user.locale);
        let default = match own {
            Some(locale) => locale,
            None => self.parts.settings.current().await?.locale,
        };
        Ok(memory::locale_of(text, &default))
    }

    /// The settings as they hold for one person, in their own time zone.
    async fn settings_for(&self, user: UserId) -> Result<settings::Current, StoreError> {
        let mut current = self.parts.settings.current().await?;
        if let Some(user) = self.parts.db.user(user).await? {
            current.time_zone = user.zone(current.time_zone);
        }
        Ok(current)
    }

    /// The events of a turn from now on.
    pub fn watch(&self, turn: TurnId) -> broadcast::Receiver<TurnEvent> {
        self.live.watch(turn)
    }

    /// Waits until a turn has ended, on whichever host, and gives its reply.
    pub async fn wait(&self, turn: TurnId) -> Result<TurnReply, StoreError> {
        let mut events = self.watch(turn);
        let mut look = interval(LOOK_EVERY);
        let mut told = true;
        loop {
            tokio::select! {
                event = events.recv(), if told => match event {
                    Ok(TurnEvent::Done(reply)) => return Ok(reply),
                    // Nothing more will be told here, but the database knows.
                    Err(RecvError::Closed) => told = false,
                    Ok(_) | Err(RecvError::Lagged(_)) => {}
                },
                _ = look.tick() => if let Some(reply) = self.reply(turn).await? {
                    self.live.forget(turn);
                    return Ok(reply);
                },
            }
        }
    }

    /// The reply of a turn that has ended, or `None` while it has not.
    pub async fn reply(&self, turn: TurnId) -> Result<Option<TurnReply>, StoreError> {
        let db = &self.parts.db;
        let Some(turn) = db.turn(turn).await? else { return Ok(None) };
        if !matches!(turn.status, TurnStatus::Done | TurnStatus::Failed) {
            return Ok(None);
        }
        let messages = db.turn_messages(turn.id).await?;
        Ok(messages.into_iter().find(|message| message.role == "assistant").map(|message| TurnReply {
            turn_id: turn.id,
            conversation: turn.conversation_id,
            reply: message.content,
            route: turn.route.unwrap_or_default(),
            tier: turn.tier.unwrap_or_default(),
            rung: turn.rung.unwrap_or_default(),
            usage: serde_json::from_value(message.meta.0["usage"].clone()).unwrap_or_default(),
            skills: serde_json::from_value(message.meta.0["skills"].clone()).unwrap_or_default(),
            failed: turn.status == TurnStatus::Failed,
        }))
    }

    /// Asks everything that runs or waits in a conversation to stop; how much that was.
    pub async fn stop(&self, conversation: ConversationId) -> Result<usize, StoreError> {
        let turns = self.parts.db.stop_turns(&self.parts.clock, conversation).await?;
        for turn in &turns {
            self.live.stop(*turn);
        }
        if !turns.is_empty() {
            self.wake.stops.notify_waiters();
        }
        Ok(turns.len())
    }

    /// Runs one turn here, unless another host is quicker, and gives its reply.
    pub async fn answer(&self, turn: TurnId) -> Result<TurnReply, StoreError> {
        while let Some(leased) = self.parts.db.lease_this_turn(&self.parts.clock, self.parts.host, turn).await? {
            self.run_turn(leased).await;
        }
        self.wait(turn).await
    }

    /// Runs turns until told to stop; then lets those in flight end for `grace` and hands back the
    /// rest.
    pub async fn run(self: Arc<Self>, stop: CancellationToken, grace: std::time::Duration) {
        let mut running = JoinSet::new();
        let mut keep = interval(KEEP_EVERY);
        keep.set_missed_tick_behavior(MissedTickBehavior::Delay);
        while !stop.is_cancelled() {
            self.lease(&mut running).await;
            tokio::select! {
                () = stop.cancelled() => {}
                () = self.wake.turns.notified() => {}
                _ = running.join_next(), if !running.is_empty() => {}
                _ = keep.tick() => self.keep(!running.is_empty()).await,
            }
        }
        let ended = async { while running.join_next().await.is_some() {} };
        let in_time = tokio::time::timeout(grace, ended).await.is_ok();
        running.shutdown().await;
        match self.parts.db.hand_back_turns(self.parts.host).await {
            Ok(count) if count > 0 => tracing::info!(count, in_time, "turns in flight were handed back"),
            Ok(_) => {}
            Err(error) => tracing::error!(error = &error as &dyn std::error::Error, "turns could not be handed back"),
        }
    }

    async fn lease(self: &Arc<Self>, running: &mut JoinSet<()>) {
        while running.len() < self.parts.config.agent.max_turns {
            match self.parts.db.lease_turn(&self.parts.clock, self.parts.host).await {
                Ok(Some(turn)) => {
                    let agent = self.clone();
                    running.spawn(async move { agent.run_turn(turn).await });
                }
                Ok(None) => return,
                Err(error) => {
                    tracing::error!(error = &error as &dyn std::error::Error, "no turn could be leased");
                    return;
                }
            }
        }
    }

    /// Says that this host is at work, and takes back what hosts that are gone left running.
    async fn keep(&self, at_work: bool) {
        let Parts { db, clock, host, config, .. } = &self.parts;
        let longest = Duration::seconds(i64::try_from(config.agent.turn_timeout_s).unwrap_or(i64::MAX / 1_000)) + LEASE;
        let kept = if at_work { db.keep_turns(clock, *host, clock.now() - longest).await } else { Ok(()) };
        let expired = db.expire_turns(clock.now() - LEASE).await;
        for result in [kept, expired.map(drop)] {
            if let Err(error) = result {
                tracing::error!(error = &error as &dyn std::error::Error, "leases of turns could not be kept");
            }
        }
    }

    #[tracing::instrument(name = "agent.turn", skip_all, fields(trace_id = %turn.id))]
    async fn run_turn(&self, turn: Turn) {
        let began = Instant::now();
        let ending = turn::run(self, &turn).await;
        match self.parts.db.end_turn(&self.parts.clock, &turn, self.parts.host, &ending).await {
            Ok(true) => {
                tracing::info!(
                    route = ending.route,
                    tier = ending.tier,
                    failed = ending.error.is_some(),
                    "a turn ended"
                );
                metrics::counter!("skillet_turns_total", "route" => ending.route.clone()).increment(1);
                telemetry::span(|| span(&turn, &ending, began.elapsed()));
                self.live.end(turn.id, turn::reply_of(&turn, &ending));
                self.wake.jobs.notify_one();
                self.wake.outbox.notify_one();
                // Off the reply path: nobody waits for it, and what is left out is taken up by the next turn.
                logged("messages could not be made searchable", self.parts.memory.index_messages().await);
                logged("vectors could not be made", self.parts.memory.embed_missing().await);
            }
            Ok(false) => tracing::warn!("the turn was taken over by another run; this one says nothing"),
            Err(StoreError::Forgotten) => {
                tracing::info!("something was forgotten that the reply may tell of; the turn begins anew");
                let handed_back = self.parts.db.hand_back_turn(&turn, self.parts.host).await;
                logged("a turn could not be handed back", handed_back);
                self.wake.turns.notify_one();
            }
            Err(error) => tracing::error!(error = &error as &dyn std::error::Error, "the reply could not be stored"),
        }
    }
}

/// A turn in the words of the conventions for generative AI.
fn span(turn: &Turn, ending: &Ending, took: std::time::Duration) -> Span {
    Span {
        place: Place::Turn,
        turn: Some(turn.id),
        name: "invoke_agent skillet".to_owned(),
        took,
        failed: ending.error.as_ref().map(|_| "turn_failed".to_owned()),
        attributes: vec![
            ("gen_ai.operation.name", "invoke_agent".into()),
            ("gen_ai.agent.name", "skillet".into()),
            ("gen_ai.conversation.id", turn.conversation_id.to_string().into()),
            ("skillet.route", ending.route.clone().into()),
            ("skillet.tier", ending.tier.clone().into()),
            ("skillet.rung", ending.rung.clone().into()),
            ("skillet.attempt", turn.attempt.into()),
        ],
    }
}
