//! Memory beyond the turn. Recall brings the right lines; writing keeps the wrong ones out.
//!
//! Facts are written when a person asks for it or states something stable, never from recalled
//! text, skill output or the agent's own words. Episodes are one summary per turn, written off the
//! reply path. Neither knows about models: who summarises is decided above.

mod consolidate;
mod exchange;
mod forget;
mod retriever;
mod rules;
mod segment;
mod semantic;
mod wish;

pub use exchange::{Format, ImportError};
pub use forget::Target;
pub use retriever::Recalled;
pub use rules::{MAX_PINNED, MAX_TOPIC_CHARS, Rules, subject_of_episode};
pub use segment::{is_chinese, locale_of};
pub use semantic::{Detected, stable_facts};
pub use wish::{Wish, wish};

use serde_json::Value;
use std::collections::HashSet;
use uuid::Uuid;

use crate::{
    clock::Clock,
    ids::{TurnId, UserId},
    store::{Db, NewEpisode, NewFact, SearchKind, StoreError, Turn, Written, storable},
};

/// Longest fact, in characters.
pub const MAX_FACT_CHARS: usize = 2000;

/// Facts of one person, closed ones too: a skill that remembers in a loop does not fill the disk.
const MAX_FACTS: i64 = 5_000;

/// Longest key of a fact, in characters.
const MAX_KEY_CHARS: usize = 100;

/// The words of a text that say what it is about, as search knows them.
pub fn words(text: &str) -> HashSet<String> {
    segment::query_words(text).into_iter().map(|word| word.word).collect()
}

#[derive(Clone, Debug)]
pub struct Memory {
    db: Db,
    clock: Clock,
    /// What hashes of forgotten words are made with.
    key: [u8; 32],
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
    #[error("this is about a topic that is excluded from memory")]
    Excluded,
    #[error("this was forgotten after it was said; say it again to have it remembered")]
    Forgotten,
    #[error("at most {MAX_PINNED} facts can be pinned")]
    ManyPinned,
    #[error("there are too many rules of this kind already; take some back first")]
    ManyRules,
    #[error("a topic is {MAX_TOPIC_CHARS} characters at most")]
    LongTopic,
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
        Self { db, clock, key: [0; 32] }
    }

    /// The same memory with a key that hashes of what is forgotten are made with. Hosts of one database share it.
    pub fn keyed(self, key: [u8; 32]) -> Self {
        Self { key, ..self }
    }

    /// The memories of one person that bear on a text and may be brought into a prompt, best first.
    pub async fn recall(&self, user: UserId, text: &str, limit: usize) -> Result<Vec<Recalled>, StoreError> {
        let rules = self.rules(user).await?;
        let mut found = self.search(user, text, limit + rules.count()).await?;
        found.retain(|one| rules.allows(one));
        found.truncate(limit);
        Ok(found)
    }

    /// The memories of one person that bear on a text, for whoever looks after them: best first.
    pub async fn search(&self, user: UserId, text: &str, limit: usize) -> Result<Vec<Recalled>, StoreError> {
        retriever::recall(&self.db, self.clock.now(), user, text, limit).await
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
        if self.rules(user).await?.excludes(&format!("{key} {text}")) {
            return Err(MemoryError::Excluded);
        }
        if let Some(turn) = turn
            && self.may_not_learn(user, turn, (&key, text, &detected.value)).await?
        {
            return Err(MemoryError::Forgotten);
        }
        let fact = NewFact {
            user,
            words: segment::index_words(&format!("{key} {text} {}", semantic::aliases(&key))),
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

    /// Notes which memories a turn has brought into its prompt.
    pub async fn note_recalled(&self, turn: &Turn) -> Result<(), StoreError> {
        let steps = turn.trace.0.as_array().map(Vec::as_slice).unwrap_or_default();
        let recalls = steps.iter().filter(|step| step["name"] == "recall");
        let memories = recalls.filter_map(|step| step["detail"]["memories"].as_array()).flatten();
        let ids: Vec<Uuid> = memories.filter_map(|memory| memory["id"].as_str()?.parse().ok()).collect();
        self.db.note_recalls(turn.user_id, &ids, turn.created_at).await
    }

    /// Keeps the summary of a turn; a second one of the same turn is ignored, and so is one about an excluded
    /// topic or of a turn that was forgotten.
    pub async fn keep_episode(&self, turn: &Turn, summary: Summary) -> Result<bool, StoreError> {
        let user = turn.user_id;
        if self.rules(user).await?.excludes(&summary.text) || self.is_forgotten(user, turn.id).await? {
            return Ok(false);
        }
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
