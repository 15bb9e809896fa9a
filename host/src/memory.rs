//! Memory beyond the turn. Recall brings the right lines; writing keeps the wrong ones out.
//!
//! Facts are written when a person asks for it or states something stable, never from recalled
//! text, attached files, skill output or the agent's own words. Episodes are one summary per turn, written off the
//! reply path. Neither knows about models: who summarises is decided above.

mod consolidate;
mod dates;
mod embed;
mod essentials;
mod exchange;
mod facts;
mod forget;
mod index;
mod retriever;
mod rules;
mod score;
mod segment;
mod semantic;
mod wish;

pub use embed::{EmbedError, Embedder, LocalEmbedder, PackageError, Purpose};
pub use essentials::{essentials, missing};
pub use exchange::{Format, ImportError};
pub use facts::{Answered, Learnt, Over, Said};
pub use forget::Target;
pub use retriever::{Ask, Recalled, told_in_order};
pub use rules::{MAX_PINNED, MAX_TOPIC_CHARS, Rules, subject_of_episode};
pub use score::Parts;
pub use segment::{is_chinese, locale_of};
pub use semantic::{Asked, Span, When, asks_for_all, asks_to_remember, is_question};
pub use wish::{Wish, wish};

use moka::sync::Cache;
use retriever::Library;
use serde_json::Value;
use std::{collections::HashSet, sync::Arc, time::Duration};
use tokio::sync::Mutex;
use uuid::Uuid;

use crate::{
    clock::Clock,
    ids::UserId,
    kept::Kept,
    store::{Db, FACTS_PER_TURN, NewEpisode, SearchKind, StoreError, Turn},
};

/// Longest fact, in characters.
pub const MAX_FACT_CHARS: usize = 2000;

/// Facts of one person, closed ones too: a skill that remembers in a loop does not fill the disk.
const MAX_FACTS: i64 = 5_000;

/// Answers that are kept in mind, and for how long: a question is often asked again by the next step.
const MAX_FOUND: u64 = 128;
const FOUND_LIFE: Duration = Duration::from_mins(1);

/// Rows that a search without a room looks through for those that match.
const MAX_LOOKED_AT: usize = 200;

/// From here on a row that shares no word with a search means the same: the best one does, and what is hardly farther.
const MEANS_THE_SAME: f64 = 0.75;

/// The words of a text that say what it is about, as search knows them.
pub fn words(text: &str) -> HashSet<String> {
    segment::query_words(text).into_iter().collect()
}

/// The words that a text is found by.
fn held_words(text: &str) -> HashSet<String> {
    segment::index_words(text).split(' ').map(str::to_owned).collect()
}

#[derive(Clone, Debug)]
pub struct Memory {
    db: Db,
    clock: Clock,
    embedder: Option<Arc<dyn Embedder>>,
    /// Held while missing vectors are made.
    embedding: Arc<Mutex<()>>,
    /// What was found lately, by who asked what of which state of the index.
    found: Kept<[u8; 32], Arc<Vec<Recalled>>>,
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
    #[error("the person has said otherwise; only they can change it")]
    SaidOtherwise,
    #[error("one turn brings {FACTS_PER_TURN} memories at most")]
    EnoughForATurn,
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
        let found = Kept::new(Cache::builder().max_capacity(MAX_FOUND).time_to_live(FOUND_LIFE).build());
        Self { db, clock, embedder: None, embedding: Arc::default(), found, key: [0; 32] }
    }

    /// The same, with vectors of what texts mean.
    pub fn with_embedder(self, embedder: Arc<dyn Embedder>) -> Self {
        Self { embedder: Some(embedder), ..self }
    }

    /// The same memory with a key that hashes of what is forgotten are made with. Hosts of one database share it.
    pub fn keyed(self, key: [u8; 32]) -> Self {
        Self { key, ..self }
    }

    /// The memories of one person that share a word or a day with a text, or mean the same, and may be brought into a
    /// prompt, best first.
    pub async fn recall(&self, user: UserId, text: &str, limit: usize) -> Result<Vec<Recalled>, StoreError> {
        let rules = self.rules(user).await?;
        self.matching(user, text, limit, &rules).await
    }

    /// The same for whoever looks after the memories: all of them, best first.
    pub async fn search(&self, user: UserId, text: &str, limit: usize) -> Result<Vec<Recalled>, StoreError> {
        self.matching(user, text, limit, &Rules::default()).await
    }

    async fn matching(
        &self,
        user: UserId,
        text: &str,
        limit: usize,
        rules: &Rules,
    ) -> Result<Vec<Recalled>, StoreError> {
        let ask = Ask { user, text, zone: chrono_tz::UTC, limit: MAX_LOOKED_AT, room: None, except: &[] };
        let mut found = self.fill(&ask, rules).await?;
        found.retain(|one| !one.matched.is_empty() || one.parts.date > 0.0 || one.near >= MEANS_THE_SAME);
        found.truncate(limit);
        Ok(found)
    }

    /// The memories that bear on a question and that the rules let in, best first, also what was said around them;
    /// with a room, as much as fits.
    pub async fn fill(&self, ask: &Ask<'_>, rules: &Rules) -> Result<Vec<Recalled>, StoreError> {
        let looking = self.found.begin();
        let (now, state) = (self.clock.now(), self.db.search_state(ask.user).await?);
        let key = ask.fingerprint(now, state.version, rules);
        if let Some(found) = self.found.get(&key) {
            return Ok(found.to_vec());
        }
        let library = Library { db: &self.db, embedder: self.embedder.as_deref(), now, state, rules };
        let found = Arc::new(retriever::recall(&library, ask).await?);
        self.found.keep(looking, &key, found.clone());
        Ok(found.to_vec())
    }

    /// Notes which memories a turn has brought into its prompt.
    pub async fn note_recalled(&self, turn: &Turn) -> Result<(), StoreError> {
        let steps = turn.trace.0.as_array().map(Vec::as_slice).unwrap_or_default();
        let recalls = steps.iter().filter(|step| step["name"] == "recall");
        let memories = recalls.filter_map(|step| step["detail"]["memories"].as_array()).flatten();
        let ids: Vec<Uuid> = memories.filter_map(|memory| memory["id"].as_str()?.parse().ok()).collect();
        self.db.note_recalls(turn.user_id, &ids, turn.created_at).await
    }

    /// Keeps the summary of a turn, made since [`Db::forgettings`] was read; a second one of the same turn is ignored,
    /// and so is one about an excluded topic or of a turn that was forgotten. Fails with `Forgotten`.
    pub async fn keep_episode(&self, turn: &Turn, summary: Summary, forgettings: i64) -> Result<bool, StoreError> {
        if self.rules(turn.user_id).await?.excludes(&summary.text) || self.is_forgotten(turn).await? {
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
            forgettings,
        };
        self.db.write_episode(&self.clock, &episode).await
    }
}

/// The words that a fact is found by.
fn fact_words(key: &str, text: &str) -> String {
    segment::index_words(&format!("{key} {text} {}", semantic::aliases(key)))
}

impl Recalled {
    /// Whether this is something the person told, not a summary of what was said.
    pub fn is_fact(&self) -> bool {
        self.kind == SearchKind::Fact
    }
}
