//! Memory beyond the turn. Recall brings the right lines; writing keeps the wrong ones out.
//!
//! Facts are written when a person asks for it or states something stable, never from recalled
//! text, skill output or the agent's own words. Episodes are one summary per turn, written off the
//! reply path. Neither knows about models: who summarises is decided above.

mod dates;
mod embed;
mod index;
mod retriever;
mod score;
mod segment;
mod semantic;

pub use embed::{EmbedError, Embedder, LocalEmbedder, PackageError, Purpose};
pub use retriever::{Ask, Recalled, told_in_order};
pub use score::Parts;
pub use segment::{is_chinese, locale_of};
pub use semantic::{Detected, is_question, stable_facts};

use moka::sync::Cache;
use retriever::Library;
use serde_json::Value;
use std::{collections::HashSet, sync::Arc, time::Duration};

use crate::{
    clock::Clock,
    ids::{EpisodeId, FactId, TurnId, UserId},
    store::{Db, NewEpisode, NewFact, SearchKind, StoreError, Turn, Written, storable},
};

/// Longest fact, in characters.
pub const MAX_FACT_CHARS: usize = 2000;

/// Facts of one person, closed ones too: a skill that remembers in a loop does not fill the disk.
const MAX_FACTS: i64 = 5_000;

/// Longest key of a fact, in characters.
const MAX_KEY_CHARS: usize = 100;

/// Answers that are kept in mind, and for how long: a question is often asked again by the next step.
const MAX_FOUND: u64 = 128;
const FOUND_LIFE: Duration = Duration::from_secs(60);

/// Rows that a search without a room looks through for those that match.
const MAX_LOOKED_AT: usize = 200;

/// The words of a text that say what it is about, as search knows them.
pub fn words(text: &str) -> HashSet<String> {
    segment::query_words(text).into_iter().collect()
}

#[derive(Clone, Debug)]
pub struct Memory {
    db: Db,
    clock: Clock,
    embedder: Option<Arc<dyn Embedder>>,
    /// What was found lately, by who asked what of which state of the index.
    found: Cache<[u8; 32], Arc<Vec<Recalled>>>,
}

/// Why something was not remembered.
#[derive(Debug, thiserror::Error)]
pub enum MemoryError {
    #[error("there is nothing to remember in an empty text")]
    Empty,
    #[error("there are {MAX_FACTS} memories already; forget some first")]
    Full,
    #[error("a memory is {MAX_FACT_CHARS} characters at most")]
    TooLong,
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The summary of a turn, made by rules or by a model.
#[derive(Clone, Debug)]
pub struct Summary {
    pub text: String,
    pub json: Value,
    pub tags: Vec<String>,
    /// "rules" or "model".
    pub source: &'static str,
    /// False for a turn that held nothing worth finding again.
    pub searchable: bool,
}

impl Memory {
    pub fn new(db: Db, clock: Clock) -> Self {
        let found = Cache::builder().max_capacity(MAX_FOUND).time_to_live(FOUND_LIFE).build();
        Self { db, clock, embedder: None, found }
    }

    /// The same, with vectors of what texts mean.
    pub fn with_embedder(self, embedder: Arc<dyn Embedder>) -> Self {
        Self { embedder: Some(embedder), ..self }
    }

    /// The memories of one person that bear on a text and share a word or a day with it, best first.
    pub async fn recall(&self, user: UserId, text: &str, limit: usize) -> Result<Vec<Recalled>, StoreError> {
        let ask = Ask { user, text, zone: chrono_tz::UTC, limit: MAX_LOOKED_AT, room: None, except: &[] };
        let mut found = self.fill(&ask).await?;
        found.retain(|one| !one.matched.is_empty() || one.parts.date > 0.0);
        found.truncate(limit);
        Ok(found)
    }

    /// The memories that bear on a question, best first, also what was said around them; with a room, as much as
    /// fits.
    pub async fn fill(&self, ask: &Ask<'_>) -> Result<Vec<Recalled>, StoreError> {
        let (now, state) = (self.clock.now(), self.db.search_state(ask.user).await?);
        let key = ask.fingerprint(now, state.version);
        if let Some(found) = self.found.get(&key) {
            return Ok(found.to_vec());
        }
        let library = Library { db: &self.db, embedder: self.embedder.as_deref(), now, state };
        let found = Arc::new(retriever::recall(&library, ask).await?);
        self.found.insert(key, found.clone());
        Ok(found.to_vec())
    }

    /// Keeps a fact. An empty key is derived from the text.
    pub async fn remember(
        &self,
        user: UserId,
        key: &str,
        text: &str,
        turn: Option<TurnId>,
    ) -> Result<Written, MemoryError> {
        let text = storable(text.trim());
        let text = text.as_str();
        if text.is_empty() {
            return Err(MemoryError::Empty);
        }
        if text.chars().count() > MAX_FACT_CHARS {
            return Err(MemoryError::TooLong);
        }
        if self.db.count_facts(user).await? >= MAX_FACTS {
            return Err(MemoryError::Full);
        }
        let detected = semantic::fact_of(text);
        let key = if key.trim().is_empty() { detected.key.clone() } else { fact_key(key) };
        let fact = NewFact {
            user,
            words: fact_words(&key, text),
            key,
            value_text: text.to_owned(),
            value_json: serde_json::json!({ "value": detected.value }),
            source_turn: turn,
            said_by: "user",
            confidence: 1.0,
        };
        Ok(self.db.write_fact(&self.clock, &fact).await?)
    }

    /// Keeps the stable facts that a message states by itself, and returns how many are new.
    pub async fn learn(&self, turn: &Turn, message: &str) -> Result<usize, MemoryError> {
        let mut learnt = 0;
        for fact in stable_facts(message) {
            let written = self.remember(turn.user_id, &fact.key, &fact.text, Some(turn.id)).await?;
            learnt += usize::from(!matches!(written, Written::Unchanged(_)));
        }
        Ok(learnt)
    }

    /// Keeps the summary of a turn; a second one of the same turn is ignored.
    pub async fn keep_episode(&self, turn: &Turn, summary: Summary) -> Result<bool, StoreError> {
        let episode = NewEpisode {
            user: turn.user_id,
            conversation: turn.conversation_id,
            turn: turn.id,
            words: if summary.searchable { segment::index_words(&summary.text) } else { String::new() },
            summary_text: summary.text,
            summary_json: summary.json,
            tags: summary.tags,
            source: summary.source,
        };
        self.db.write_episode(&self.clock, &episode).await
    }

    /// Removes a fact from memory and index.
    pub async fn forget_fact(&self, id: FactId) -> Result<bool, StoreError> {
        self.found.invalidate_all();
        self.db.forget_fact(id).await
    }

    /// Removes an episode from memory and index.
    pub async fn forget_episode(&self, id: EpisodeId) -> Result<bool, StoreError> {
        self.found.invalidate_all();
        self.db.forget_episode(id).await
    }
}

/// The words that a fact is found by.
fn fact_words(key: &str, text: &str) -> String {
    segment::index_words(&format!("{key} {text} {}", semantic::aliases(key)))
}

/// A key as it is kept: lower case, and no longer than an index takes.
fn fact_key(key: &str) -> String {
    storable(&key.trim().to_lowercase()).chars().take(MAX_KEY_CHARS).collect()
}

impl Recalled {
    /// Whether this is something the person told, not a summary of what was said.
    pub fn is_fact(&self) -> bool {
        self.kind == SearchKind::Fact
    }
}
