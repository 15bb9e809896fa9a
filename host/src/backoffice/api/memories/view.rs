//! Memories as the interface tells them, and as it is told of them.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    memory::{Recalled, Rules, subject_of_episode},
    store::{Episode, Erased, Fact},
};

#[derive(Serialize, ToSchema)]
pub struct Memories {
    /// Semantic memory, newest first.
    pub facts: Vec<FactView>,
    /// Episodic memory, newest first.
    pub episodes: Vec<EpisodeView>,
}

#[derive(Serialize, ToSchema)]
pub struct FactView {
    pub id: Uuid,
    pub key: String,
    pub text: String,
    pub value: Value,
    /// "user", "owner" or "skill".
    pub said_by: String,
    pub confidence: f64,
    /// How long it lasts: "fact" until it is contradicted, "state" for a while, "agenda" until its day has passed.
    pub class: String,
    pub source_turn: Option<Uuid>,
    pub source_episode: Option<Uuid>,
    /// When it began, if `since_told`; else when it was first heard of.
    pub valid_from: DateTime<Utc>,
    pub valid_to: Option<DateTime<Utc>>,
    pub since_told: bool,
    /// After which it is not held to be so any longer.
    pub expires_at: Option<DateTime<Utc>>,
    pub recorded_at: DateTime<Utc>,
    /// Since when it is known to have ended.
    pub closed_at: Option<DateTime<Utc>>,
    /// Whether the fact that its key has is in every prompt.
    pub pinned: bool,
    /// Whether it is kept out of prompts.
    pub muted: bool,
}

#[derive(Serialize, ToSchema)]
pub struct EpisodeView {
    pub id: Uuid,
    /// Conversation and turn; null for one that was brought along from another host.
    pub conversation: Option<Uuid>,
    pub turn_id: Option<Uuid>,
    pub summary: String,
    pub summary_json: Value,
    pub tags: Vec<String>,
    /// "rules" or "model": who summarised.
    pub source: String,
    pub created_at: DateTime<Utc>,
    /// Whether it is kept out of prompts.
    pub muted: bool,
}

#[derive(Serialize, ToSchema)]
pub struct Found {
    /// Best first: by `score`, and after the first ten by what is `alike` in `parts`, too.
    pub memories: Vec<FoundView>,
}

#[derive(Serialize, ToSchema)]
pub struct FoundView {
    /// "message", "fact" or "episode".
    pub kind: String,
    pub id: Uuid,
    /// Key of a fact; empty otherwise.
    pub key: String,
    pub text: String,
    /// The sum of `parts`, but for `alike`.
    pub score: f64,
    /// 0 to 1: the share of the question's words that it holds, rare ones counting more.
    pub share: f64,
    /// The words that matched.
    pub matched: Vec<String>,
    /// What the score is made of: words, meaning, facts, around, session, date, when, speaker, recency; and `alike`.
    pub parts: Value,
    /// The turn that it was said in, or comes from.
    pub turn: Option<Uuid>,
    /// "user", "assistant" or a name, of a message.
    pub said_by: Option<String>,
    pub recorded_at: DateTime<Utc>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewMemory {
    pub text: String,
    /// What it is about; derived from the text without it. A fact of the same key is replaced.
    pub key: Option<String>,
    /// Name of the person, made when new; the owner without it.
    pub user: Option<String>,
}

/// What is to change of a memory; what is absent stays.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MemoryChange {
    /// Another text, for a fact.
    pub text: Option<String>,
    /// Whether the fact is in every prompt.
    pub pinned: Option<bool>,
    /// Whether the memory is kept out of prompts.
    pub muted: Option<bool>,
}

/// A memory after it was changed: one of the two.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
pub enum MemoryView {
    Fact(FactView),
    Episode(EpisodeView),
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Forgetting {
    /// Words as they were said; 2 characters at least.
    pub text: String,
    /// Name of the person; the owner without it.
    pub user: Option<String>,
}

/// How many rows a forgetting removed or changed.
#[derive(Serialize, ToSchema)]
pub struct ErasedView {
    pub ok: bool,
    pub facts: u64,
    pub episodes: u64,
    pub messages: u64,
    /// Traces, calls, jobs, files and whatever else held the words.
    pub others: u64,
}

impl From<Erased> for ErasedView {
    fn from(erased: Erased) -> Self {
        let Erased { facts, episodes, messages, others } = erased;
        Self { ok: true, facts, episodes, messages, others }
    }
}

#[derive(Serialize, ToSchema)]
pub struct WrittenView {
    /// "new", "replaced" or "unchanged".
    pub outcome: &'static str,
    pub fact: FactView,
}

impl FactView {
    pub fn new(row: Fact, rules: &Rules) -> Self {
        Self {
            pinned: rules.is_pinned(&row.key),
            muted: rules.is_muted(&row.key),
            id: row.id.0,
            key: row.key,
            text: row.value_text,
            value: row.value_json.0,
            said_by: row.said_by,
            confidence: row.confidence,
            source_turn: row.source_turn_id.map(|id| id.0),
            source_episode: row.source_episode_id.map(|id| id.0),
            valid_from: row.valid_from,
            valid_to: row.valid_to,
            class: row.class.word().to_owned(),
            since_told: row.since_told,
            expires_at: row.expires_at,
            closed_at: row.closed_at,
            recorded_at: row.recorded_at,
        }
    }
}

impl EpisodeView {
    pub fn new(row: Episode, rules: &Rules) -> Self {
        Self {
            muted: rules.is_muted(&subject_of_episode(row.id.0)),
            id: row.id.0,
            conversation: row.conversation_id.map(|id| id.0),
            turn_id: row.turn_id.map(|id| id.0),
            summary: row.summary_text,
            summary_json: row.summary_json.0,
            tags: row.tags.0,
            source: row.source,
            created_at: row.created_at,
        }
    }
}

impl From<Recalled> for FoundView {
    fn from(found: Recalled) -> Self {
        Self {
            kind: found.kind.word().to_owned(),
            id: found.id,
            key: found.key,
            text: found.text,
            score: found.score,
            share: found.share,
            matched: found.matched,
            parts: serde_json::json!(found.parts),
            turn: found.turn.map(|turn| turn.0),
            said_by: found.said_by,
            recorded_at: found.recorded_at,
        }
    }
}
