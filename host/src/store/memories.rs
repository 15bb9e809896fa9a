//! Episodes. Each is written together with its words in the search index.

use chrono::{DateTime, Utc};
use serde_json::Value;
use sqlx::{FromRow, types::Json};

use super::{Db, Result, SearchKind, columns::word_column, erasure::hold_unforgotten, on, search::words_in, write_tx};
use crate::{
    clock::Clock,
    ids::{ConversationId, EpisodeId, TurnId, UserId},
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
    /// [`Db::forgettings`] before the turn was read.
    pub forgettings: i64,
}

macro_rules! episode_columns {
    () => {
        "id, user_id, conversation_id, turn_id, summary_text, summary_json, tags, source, created_at, span"
    };
}

impl Db {
    /// Writes the episode of a turn once; a second write of the same turn does nothing. Fails with `Forgotten`.
    pub async fn write_episode(&self, clock: &Clock, new: &NewEpisode) -> Result<bool> {
        let (id, now) = (EpisodeId::new(clock), clock.now());
        write_tx!(self, tx => {
            hold_unforgotten!(self, tx, new.user, new.forgettings);
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
}
