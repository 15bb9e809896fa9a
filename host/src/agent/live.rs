//! What can be seen of a turn while it runs: its steps, and its words as they come.

use serde::{Deserialize, Serialize};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};
use tokio::sync::broadcast;
use tokio_util::sync::CancellationToken;

use super::trace::Step;
use crate::{
    gateway::Answer,
    ids::{CallId, ConversationId, TurnId},
    skills::Progress,
};

/// Something that happened in a running turn.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum TurnEvent {
    /// A step was finished.
    Step(Step),
    /// A skill says how far it is.
    Progress(Progress),
    /// More words of the reply.
    Delta { text: String },
    /// The words so far are void: the answer goes on with a skill, or another model.
    Reset,
    /// The turn is over, and this is what stays.
    Done(TurnReply),
}

/// The end of a turn, as the HTTP interface gives it.
#[derive(Clone, Debug, Serialize)]
pub struct TurnReply {
    pub turn_id: TurnId,
    pub conversation: ConversationId,
    pub reply: String,
    pub route: String,
    /// "none", "small" or "large".
    pub tier: String,
    pub rung: String,
    pub usage: Usage,
    pub skills: Vec<SkillUse>,
    /// True when the turn failed; the reply then says so.
    pub failed: bool,
}

/// Tokens of all model calls of a turn.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub struct Usage {
    pub input_tokens: i64,
    pub output_tokens: i64,
    pub model_calls: i64,
    /// Micro-dollars.
    #[serde(default)]
    pub cost_micros: i64,
}

impl Usage {
    /// Adds what one more answer has used.
    pub fn add(&mut self, answer: &Answer) {
        self.input_tokens += answer.input_tokens();
        self.output_tokens += answer.output_tokens();
        self.cost_micros += answer.cost_micros;
        self.model_calls += 1;
    }
}

/// A skill that ran in a turn.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SkillUse {
    pub name: String,
    pub call_id: CallId,
    /// Name of the failure, if it failed.
    pub failure: Option<String>,
}

/// Events kept for a watcher that is slow; one that falls behind further misses deltas, not the end.
const BACKLOG: usize = 1_024;

/// The running turns of this process that somebody watches.
#[derive(Clone, Debug, Default)]
pub struct Live {
    /// Held for a look-up; a turn has an entry from its first watcher to its end.
    turns: Arc<Mutex<HashMap<TurnId, broadcast::Sender<TurnEvent>>>>,
    /// How the running turns of this process are told to stop.
    stops: Arc<Mutex<HashMap<TurnId, CancellationToken>>>,
}

/// A turn that runs here and can be told to stop, until this is dropped.
pub struct Stoppable {
    pub token: CancellationToken,
    live: Live,
    turn: TurnId,
}

impl Drop for Stoppable {
    fn drop(&mut self) {
        self.live.stops.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.turn);
    }
}

impl Live {
    /// Makes a running turn one that can be told to stop.
    pub fn stoppable(&self, turn: TurnId) -> Stoppable {
        let token = CancellationToken::new();
        self.stops.lock().unwrap_or_else(PoisonError::into_inner).insert(turn, token.clone());
        Stoppable { token, live: self.clone(), turn }
    }

    /// Tells a turn to stop, if it runs here.
    pub fn stop(&self, turn: TurnId) {
        if let Some(token) = self.stops.lock().unwrap_or_else(PoisonError::into_inner).get(&turn) {
            token.cancel();
        }
    }

    /// The events of a turn from now on.
    pub fn watch(&self, turn: TurnId) -> broadcast::Receiver<TurnEvent> {
        let mut turns = self.turns.lock().unwrap_or_else(PoisonError::into_inner);
        // Watchers that left before the end, or whose turn ran on another host, leave entries behind.
        turns.retain(|_, sender| sender.receiver_count() > 0);
        turns.entry(turn).or_insert_with(|| broadcast::channel(BACKLOG).0).subscribe()
    }

    /// Tells the watchers; a turn that nobody watches costs nothing.
    pub fn tell(&self, turn: TurnId, event: TurnEvent) {
        let turns = self.turns.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(sender) = turns.get(&turn) {
            // Nobody listening any more is no fault.
            let _ = sender.send(event);
        }
    }

    /// Tells the watchers the end and forgets the turn.
    pub fn end(&self, turn: TurnId, reply: TurnReply) {
        self.tell(turn, TurnEvent::Done(reply));
        self.forget(turn);
    }

    /// Forgets a turn that ended before it was watched.
    pub fn forget(&self, turn: TurnId) {
        self.turns.lock().unwrap_or_else(PoisonError::into_inner).remove(&turn);
    }
}
