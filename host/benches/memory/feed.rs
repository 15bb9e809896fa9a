//! Puts histories into the product's own store, the way messages come in, and asks its memory.

use anyhow::{Context, Result};
use chrono::{DateTime, TimeDelta, Utc};
use skillet::{
    clock::Clock,
    gateway::count_tokens,
    ids::{HostId, TurnId, UserId},
    memory::{Ask, Memory, Recalled, Rules},
    store::{Channel, Db, Ending, Incoming},
};
use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use crate::data::{History, Session, Turn};

/// A store with some people's histories in it.
pub struct Store {
    pub db: Db,
    memory: Memory,
    clock: Clock,
    host: HostId,
    said: usize,
    /// Time spent on making messages searchable, and how many there were.
    pub indexing: Duration,
    pub indexed: usize,
}

/// A history that was put in.
pub struct Fed {
    pub user: UserId,
    /// Each turn's number in the history.
    pub numbers: HashMap<TurnId, usize>,
    ids: HashMap<String, TurnId>,
}

impl Store {
    pub fn new(db: Db) -> Self {
        // Moved to each message's own time as it comes in.
        let clock = Clock::manual(DateTime::UNIX_EPOCH);
        let memory = Memory::new(db.clone(), clock.clone());
        let host = HostId::new(&clock);
        Self { db, memory, clock, host, said: 0, indexing: Duration::ZERO, indexed: 0 }
    }

    fn set_clock(&self, at: DateTime<Utc>) {
        self.clock.advance(at - self.clock.now());
    }

    pub async fn person(&self, name: &str) -> Result<UserId> {
        Ok(self.db.user_named(&self.clock, name).await?.id)
    }

    /// Puts a history in; each of its sessions is a conversation. Several people are told apart by name.
    pub async fn feed(&mut self, user: UserId, history: &History) -> Result<Fed> {
        let turns = || history.sessions.iter().flat_map(|session| &session.turns);
        let several = turns().any(|turn| turn.reply.is_none())
            && turns().any(|turn| turn.who != history.sessions[0].turns[0].who);
        let mut fed = Fed { user, numbers: HashMap::new(), ids: HashMap::new() };
        for session in &history.sessions {
            self.set_clock(session.at()?);
            let talk = self.db.create_conversation(&self.clock, user, Channel::Web, &session.time).await?;
            for turn in &session.turns {
                self.clock.advance(TimeDelta::seconds(20));
                let id = self.say(user, talk, turn, several).await?;
                fed.numbers.insert(id, fed.ids.len());
                fed.ids.insert(turn.id.clone(), id);
            }
        }
        let began = Instant::now();
        self.indexed += self.memory.index_messages().await?;
        self.indexing += began.elapsed();
        self.clock.advance(TimeDelta::days(1));
        Ok(fed)
    }

    async fn say(
        &mut self,
        user: UserId,
        conversation: skillet::ids::ConversationId,
        turn: &Turn,
        several: bool,
    ) -> Result<TurnId> {
        self.said += 1;
        let from = several.then_some(&turn.who);
        let incoming = Incoming {
            // Several stores are one database.
            key: format!("{} said {}", self.host, self.said),
            channel: Channel::Web,
            user,
            conversation,
            text: turn.text.clone(),
            locale: "en".into(),
            meta: from.map_or_else(|| serde_json::json!({}), |from| serde_json::json!({ "from": from })),
            files: Vec::new(),
            reply: None,
            updates: Vec::new(),
        };
        let id = self.db.accept(&self.clock, &incoming).await?.turn();
        if let Some(reply) = &turn.reply {
            let leased = self.db.lease_this_turn(&self.clock, self.host, id).await?.context("the turn waits")?;
            self.clock.advance(TimeDelta::seconds(5));
            let ended = self.db.end_turn(&self.clock, &leased, self.host, &ending(reply)).await?;
            anyhow::ensure!(ended, "the turn is this one's to end");
        }
        Ok(id)
    }

    /// Keeps what was learnt from each session, each fact for every turn that it comes from.
    pub async fn learn(&self, fed: &Fed, sessions: &[Session]) -> Result<usize> {
        let mut kept = 0;
        for fact in sessions.iter().flat_map(|session| &session.facts) {
            for source in fact.sources.iter().filter_map(|source| fed.ids.get(source)) {
                kept += 1;
                self.memory.remember(fed.user, &format!("n{kept}"), &fact.text, Some(*source)).await?;
            }
        }
        Ok(kept)
    }

    /// A memory of this store that has found nothing yet.
    pub fn memory(&self) -> Memory {
        Memory::new(self.db.clone(), self.clock.clone())
    }
}

/// Everything that memory finds for a question, best first.
pub async fn ranked(memory: &Memory, user: UserId, text: &str) -> Result<Vec<Recalled>> {
    let ask = Ask { user, text, zone: chrono_tz::UTC, limit: usize::MAX, room: None, except: &[] };
    Ok(memory.fill(&ask, &Rules::default()).await?)
}

/// What a prompt gets for a question, in so many tokens.
pub async fn filled(memory: &Memory, user: UserId, text: &str, room: u32) -> Result<Vec<Recalled>> {
    let ask = Ask { user, text, zone: chrono_tz::UTC, limit: 60, room: Some((room, count_tokens)), except: &[] };
    Ok(memory.fill(&ask, &Rules::default()).await?)
}

fn ending(reply: &str) -> Ending {
    Ending {
        reply: reply.to_owned(),
        meta: serde_json::json!({}),
        route: "model".into(),
        route_reason: "a benchmark".into(),
        tier: "large".into(),
        rung: "large".into(),
        trace: serde_json::json!([]),
        error: None,
        jobs: Vec::new(),
        forgettings: None,
    }
}
