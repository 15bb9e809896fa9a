//! Memory beyond the turn. Recall brings the right lines; writing keeps the wrong ones out.
//!
//! Facts are written when a person asks for it or states something stable, never from recalled
//! text, attached files, skill output or the agent's own words. Episodes are one summary per turn, written off the
//! reply path. Neither knows about models: who summarises is decided above.

mod facts;
mod retriever;
mod segment;
mod semantic;

pub use facts::{Answered, Learnt, Over, Said};
pub use retriever::Recalled;
pub use segment::{is_chinese, locale_of};
pub use semantic::{Asked, Span, When, asks_for_all, asks_to_remember};

use serde_json::Value;
use std::collections::HashSet;

use crate::{
    clock::Clock,
    ids::{EpisodeId, FactId, UserId},
    store::{Db, FACTS_PER_TURN, NewEpisode, SearchKind, StoreError, Turn},
};

/// Longest fact, in characters.
pub const MAX_FACT_CHARS: usize = 2000;

/// Facts of one person, closed ones too: a skill that remembers in a loop does not fill the disk.
const MAX_FACTS: i64 = 5_000;

/// The words of a text that say what it is about, as search knows them.
pub fn words(text: &str) -> HashSet<String> {
    segment::query_words(text).into_iter().map(|word| word.word).collect()
}

#[derive(Clone, Debug)]
pub struct Memory {
    db: Db,
    clock: Clock,
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
    #[error("the person has said otherwise; only they can change it")]
    SaidOtherwise,
    #[error("one turn brings {FACTS_PER_TURN} memories at most")]
    EnoughForATurn,
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
        Self { db, clock }
    }

    /// The memories of one person that bear on a text, best first.
    pub async fn recall(&self, user: UserId, text: &str, limit: usize) -> Result<Vec<Recalled>, StoreError> {
        retriever::recall(&self.db, self.clock.now(), user, text, limit).await
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
        self.db.forget_fact(id).await
    }

    /// Removes an episode from memory and index.
    pub async fn forget_episode(&self, id: EpisodeId) -> Result<bool, StoreError> {
        self.db.forget_episode(id).await
    }
}

impl Recalled {
    /// Whether this is something the person told, not a summary of what was said.
    pub fn is_fact(&self) -> bool {
        self.kind == SearchKind::Fact
    }
}
