//! Changes of what is remembered.

use serde_json::json;
use uuid::Uuid;

use super::super::{
    Backoffice,
    api::memories::MemoryChange,
    auth::Actor,
    error::{Kind, Problem, Result},
};
use crate::{
    ids::{EpisodeId, FactId, FoldingId, UserId},
    memory::{Format, ImportError, MAX_FACT_CHARS, Target, subject_of_episode},
    store::{Brought, Episode, Erased, Fact, RuleKind, Written},
};

/// A memory that an id stands for.
pub enum Known {
    Fact(Fact),
    Episode(Episode),
}

impl Known {
    pub fn user(&self) -> UserId {
        match self {
            Self::Fact(fact) => fact.user_id,
            Self::Episode(episode) => episode.user_id,
        }
    }
}

impl Backoffice {
    /// Facts of a person; all of them, or those that are held to be so now.
    pub async fn facts(&self, user: UserId, closed: bool, limit: i64) -> Result<Vec<Fact>> {
        let facts = if closed {
            self.db.facts(user, true, limit).await?
        } else {
            self.db.current_facts(&self.clock, user, limit).await?
        };
        Ok(facts)
    }

    /// Keeps a fact; an empty key is derived from the text.
    pub async fn remember(&self, actor: &Actor, user: UserId, key: &str, text: &str) -> Result<Written> {
        let written = self.memory.remember(user, key, text, None).await?;
        let (Written::New(id) | Written::Replaced(id) | Written::Unchanged(id)) = written;
        self.record(actor, "memory.write", &id.to_string(), json!({ "user": user })).await?;
        Ok(written)
    }

    /// Changes a memory, and gives it as it is now: another text makes another fact of the same key.
    pub async fn change_memory(&self, actor: &Actor, id: Uuid, change: &MemoryChange) -> Result<Known> {
        let mut known = self.known_memory(id).await?;
        if let (Some(text), Known::Fact(fact)) = (&change.text, &known) {
            known = Known::Fact(self.rewrite_fact(actor, fact, text).await?);
        }
        let (subject, is_fact) = match &known {
            Known::Fact(fact) => (fact.key.clone(), true),
            Known::Episode(episode) => (subject_of_episode(episode.id.0), false),
        };
        if !is_fact && (change.text.is_some() || change.pinned.is_some()) {
            return Err(Problem::new(Kind::InvalidMemory, "Only a fact has another text or is pinned."));
        }
        for (kind, on) in [(RuleKind::Pin, change.pinned), (RuleKind::Mute, change.muted)] {
            let Some(on) = on else { continue };
            self.memory.rule(known.user(), kind, &subject, on).await?;
            self.record(actor, "memory.rule", &id.to_string(), json!({ "rule": kind.word(), "on": on })).await?;
        }
        Ok(known)
    }

    async fn known_memory(&self, id: Uuid) -> Result<Known> {
        if let Some(fact) = self.db.fact(FactId(id)).await? {
            return Ok(Known::Fact(fact));
        }
        let episode = self.db.episode(EpisodeId(id)).await?;
        episode.map(Known::Episode).ok_or_else(|| no_memory(id))
    }

    /// Gives a current fact another text. The old value is closed, as when it changes by itself.
    async fn rewrite_fact(&self, actor: &Actor, fact: &Fact, text: &str) -> Result<Fact> {
        if fact.valid_to.is_some() {
            return Err(no_memory(fact.id.0));
        }
        let written = self.memory.remember(fact.user_id, &fact.key, text, None).await?;
        let (Written::New(new) | Written::Replaced(new) | Written::Unchanged(new)) = written;
        self.record(actor, "memory.edit", &new.to_string(), json!({ "before": fact.id })).await?;
        self.db.fact(new).await?.ok_or_else(|| no_memory(new.0))
    }

    /// Forgets a fact, or an episode with what was said in its turn.
    pub async fn forget(&self, actor: &Actor, id: Uuid) -> Result<Erased> {
        let erased = match self.memory.forget_fact(FactId(id)).await? {
            Some(erased) => Some(erased),
            None => self.memory.forget_episode(EpisodeId(id)).await?,
        };
        let erased = erased.ok_or_else(|| no_memory(id))?;
        self.gateway.forget_answers();
        self.record(actor, "memory.forget", &id.to_string(), json!(erased)).await?;
        Ok(erased)
    }

    /// Forgets words of a person wherever they stand.
    pub async fn forget_words(&self, actor: &Actor, user: UserId, words: &str) -> Result<Erased> {
        let words = words.trim();
        if !(2..=MAX_FACT_CHARS).contains(&words.chars().count()) {
            let detail = format!("What is to be forgotten has 2 to {MAX_FACT_CHARS} characters.");
            return Err(Problem::new(Kind::InvalidMemory, detail));
        }
        let erased = self.memory.forget(user, &Target::Words(words.to_owned())).await?;
        self.gateway.forget_answers();
        self.record(actor, "memory.forget", &user.to_string(), json!(erased)).await?;
        Ok(erased)
    }

    /// Excludes a topic from memory, or takes that back.
    pub async fn exclude_topic(&self, actor: &Actor, user: UserId, topic: &str, on: bool) -> Result<()> {
        self.memory.rule(user, RuleKind::Topic, topic, on).await?;
        self.record(actor, "memory.rule", &user.to_string(), json!({ "rule": "topic", "on": on })).await
    }

    /// Takes back what a night has folded.
    pub async fn undo_folding(&self, actor: &Actor, id: FoldingId) -> Result<()> {
        if !self.memory.undo_folding(id).await? {
            return Err(Problem::new(Kind::NoMemory, format!("There is no folding {id} to be taken back.")));
        }
        self.record(actor, "memory.undo", &id.to_string(), json!({})).await
    }

    /// Reads a file of memories for a person: all of it, or nothing.
    pub async fn import_memories(&self, actor: &Actor, user: UserId, text: &str, format: Format) -> Result<Brought> {
        let brought = self.memory.import(user, text, format).await.map_err(|error| match error {
            ImportError::Lines(ref lines) => {
                let lines: Vec<_> = lines.iter().map(|(line, why)| json!({ "line": line, "detail": why })).collect();
                Problem::new(Kind::InvalidMemory, error.to_string()).with("lines", lines)
            }
            ImportError::Memory(error) => error.into(),
        })?;
        self.record(actor, "memory.import", &user.to_string(), json!(brought)).await?;
        Ok(brought)
    }
}

fn no_memory(id: Uuid) -> Problem {
    Problem::new(Kind::NoMemory, format!("There is no memory {id}."))
}
