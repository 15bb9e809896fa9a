//! Episodes and facts. Each is written together with its words in the search index.

use chrono::{DateTime, Utc};
use serde_json::Value;
use sqlx::{FromRow, types::Json};

use super::{Db, Result, SearchKind, columns::word_column, on, search::words_in, write_tx};
use crate::{
    clock::Clock,
    ids::{ConversationId, EpisodeId, FactId, TurnId, UserId},
};

/// A summary of one turn.
#[derive(Clone, Debug, FromRow)]
pub struct Episode {
    pub id: EpisodeId,
    pub user_id: UserId,
    /// Conversation and turn; neither for one that was brought along from another host.
    pub conversation_id: Option<ConversationId>,
    pub turn_id: Option<TurnId>,
    pub summary_text: String,
    pub summary_json: Json<Value>,
    pub tags: Json<Vec<String>>,
    /// "rules" or "model".
    pub source: String,
    pub created_at: DateTime<Utc>,
    /// What it sums up.
    pub span: Span,
}

word_column! {
    /// What an episode sums up: one turn, or those of a day or a month.
    Span { Turn = "turn", Day = "day", Month = "month" }
}

#[derive(Clone, Debug)]
pub struct NewEpisode {
    pub user: UserId,
    pub conversation: ConversationId,
    pub turn: TurnId,
    pub summary_text: String,
    pub summary_json: Value,
    pub tags: Vec<String>,
    pub source: &'static str,
    /// The summary cut into index words, separated by one space; empty: it is not searched.
    pub words: String,
}

/// Something stable about a person.
#[derive(Clone, Debug, FromRow)]
pub struct Fact {
    pub id: FactId,
    pub user_id: UserId,
    pub key: String,
    pub value_text: String,
    pub value_json: Json<Value>,
    pub source_episode_id: Option<EpisodeId>,
    pub source_turn_id: Option<TurnId>,
    pub said_by: String,
    pub confidence: f64,
    pub valid_from: DateTime<Utc>,
    /// Set when a newer fact of the same key, or a person, closed this one.
    pub valid_to: Option<DateTime<Utc>>,
    pub recorded_at: DateTime<Utc>,
}

#[derive(Clone, Debug)]
pub struct NewFact {
    pub user: UserId,
    pub key: String,
    pub value_text: String,
    pub value_json: Value,
    pub source_turn: Option<TurnId>,
    /// "user" or "owner".
    pub said_by: &'static str,
    pub confidence: f64,
    /// Key and value cut into index words, separated by one space.
    pub words: String,
}

/// What writing a fact did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Written {
    New(FactId),
    /// The key had another value; that one is closed.
    Replaced(FactId),
    /// The same value was there; nothing is written.
    Unchanged(FactId),
}

macro_rules! fact_columns {
    () => {
        "id, user_id, key, value_text, value_json, source_episode_id, source_turn_id, said_by, confidence,
         valid_from, valid_to, recorded_at"
    };
}

macro_rules! episode_columns {
    () => {
        "id, user_id, conversation_id, turn_id, summary_text, summary_json, tags, source, created_at, span"
    };
}

impl Db {
    /// Writes the episode of a turn once; a second write of the same turn does nothing.
    pub async fn write_episode(&self, clock: &Clock, new: &NewEpisode) -> Result<bool> {
        let (id, now) = (EpisodeId::new(clock), clock.now());
        write_tx!(self, tx => {
            let made = sqlx::query(
                "INSERT INTO memory_episodic
                 (id, user_id, conversation_id, turn_id, summary_text, summary_json, tags, source, created_at, span)
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 'turn') ON CONFLICT (turn_id) DO NOTHING",
            ).bind(id).bind(new.user).bind(new.conversation).bind(new.turn).bind(&new.summary_text)
             .bind(Json(&new.summary_json)).bind(Json(&new.tags)).bind(new.source).bind(now)
             .execute(&mut *tx).await?.rows_affected() == 1;
            if !made {
                return Ok(false);
            }
            // Facts that this turn taught come from this episode.
            sqlx::query("UPDATE memory_semantic SET source_episode_id = $1 WHERE source_turn_id = $2")
                .bind(id).bind(new.turn).execute(&mut *tx).await?;
            if !new.words.is_empty() {
                words_in!(tx, new.user, SearchKind::Episode, id.0, &new.words, now);
            }
        });
        Ok(true)
    }

    /// The newest episodes of a conversation before a moment, oldest first.
    pub async fn episodes_before(
        &self,
        conversation: ConversationId,
        before: DateTime<Utc>,
        limit: i64,
    ) -> Result<Vec<Episode>> {
        let mut rows: Vec<Episode> = on!(self, pool => sqlx::query_as(concat!(
            "SELECT ", episode_columns!(), " FROM memory_episodic WHERE conversation_id = $1 AND created_at < $2
             ORDER BY created_at DESC LIMIT $3",
        )).bind(conversation).bind(before).bind(limit).fetch_all(pool).await)?;
        rows.reverse();
        Ok(rows)
    }

    /// The newest episodes of a person.
    pub async fn episodes(&self, user: UserId, limit: i64) -> Result<Vec<Episode>> {
        Ok(on!(self, pool => sqlx::query_as(concat!(
            "SELECT ", episode_columns!(), " FROM memory_episodic WHERE user_id = $1 ORDER BY created_at DESC LIMIT $2",
        )).bind(user).bind(limit).fetch_all(pool).await)?)
    }

    pub async fn episode(&self, id: EpisodeId) -> Result<Option<Episode>> {
        Ok(on!(self, pool => sqlx::query_as(concat!(
            "SELECT ", episode_columns!(), " FROM memory_episodic WHERE id = $1",
        )).bind(id).fetch_optional(pool).await)?)
    }

    /// Writes a fact. A current fact of the same key and another value is closed, not lost.
    pub async fn write_fact(&self, clock: &Clock, new: &NewFact) -> Result<Written> {
        let (id, now) = (FactId::new(clock), clock.now());
        let written = write_tx!(self, tx => {
            sqlx::query(self.hold_person()).bind(new.user).execute(&mut *tx).await?;
            let same: Option<(FactId,)> = sqlx::query_as(
                "SELECT id FROM memory_semantic WHERE user_id = $1 AND key = $2 AND value_text = $3 AND valid_to IS NULL",
            ).bind(new.user).bind(&new.key).bind(&new.value_text).fetch_optional(&mut *tx).await?;
            if let Some((same,)) = same {
                return Ok(Written::Unchanged(same));
            }
            let closed: Option<(FactId,)> = sqlx::query_as(
                "UPDATE memory_semantic SET valid_to = $3 WHERE user_id = $1 AND key = $2 AND valid_to IS NULL RETURNING id",
            ).bind(new.user).bind(&new.key).bind(now).fetch_optional(&mut *tx).await?;
            if let Some((closed,)) = closed {
                // Kept, but no longer found.
                sqlx::query("DELETE FROM search WHERE ref_id = $1").bind(closed).execute(&mut *tx).await?;
            }
            sqlx::query(
                "INSERT INTO memory_semantic
                 (id, user_id, key, value_text, value_json, source_turn_id, said_by, confidence, valid_from, recorded_at)
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9)",
            ).bind(id).bind(new.user).bind(&new.key).bind(&new.value_text).bind(Json(&new.value_json))
             .bind(new.source_turn).bind(new.said_by).bind(new.confidence).bind(now)
             .execute(&mut *tx).await?;
            words_in!(tx, new.user, SearchKind::Fact, id.0, &new.words, now);
            if closed.is_none() { Written::New(id) } else { Written::Replaced(id) }
        });
        Ok(written)
    }

    /// Facts of a person, newest first; only current ones unless `closed` is set.
    pub async fn facts(&self, user: UserId, closed: bool, limit: i64) -> Result<Vec<Fact>> {
        Ok(on!(self, pool => sqlx::query_as(concat!(
            "SELECT ", fact_columns!(), " FROM memory_semantic WHERE user_id = $1 AND ($2 OR valid_to IS NULL)
             ORDER BY recorded_at DESC, id DESC LIMIT $3",
        )).bind(user).bind(closed).bind(limit).fetch_all(pool).await)?)
    }

    /// How many facts there are of a person, closed ones too.
    pub async fn count_facts(&self, user: UserId) -> Result<i64> {
        let (count,): (i64,) = on!(self, pool => sqlx::query_as(
            "SELECT COUNT(*) FROM memory_semantic WHERE user_id = $1",
        ).bind(user).fetch_one(pool).await)?;
        Ok(count)
    }

    /// The fact that a person's key has now.
    pub async fn current_fact(&self, user: UserId, key: &str) -> Result<Option<Fact>> {
        Ok(on!(self, pool => sqlx::query_as(concat!(
            "SELECT ", fact_columns!(), " FROM memory_semantic WHERE user_id = $1 AND key = $2 AND valid_to IS NULL",
        )).bind(user).bind(key).fetch_optional(pool).await)?)
    }

    pub async fn fact(&self, id: FactId) -> Result<Option<Fact>> {
        Ok(on!(self, pool => sqlx::query_as(concat!(
            "SELECT ", fact_columns!(), " FROM memory_semantic WHERE id = $1",
        )).bind(id).fetch_optional(pool).await)?)
    }
}
