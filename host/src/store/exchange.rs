//! Memories that are brought along from elsewhere: all of them at once, or none.

use chrono::{DateTime, Utc};
use serde_json::Value;
use sqlx::types::Json;

use super::{Db, FactClass, Result, RuleKind, SearchKind, on, search::words_in, write_tx};
use crate::{
    clock::Clock,
    ids::{EpisodeId, FactId, TurnId, UserId},
};

/// A fact as it was written elsewhere.
#[derive(Clone, Debug)]
pub struct BroughtFact {
    pub key: String,
    pub value_text: String,
    pub value_json: Value,
    /// Kept where it is a turn of the same person here.
    pub source_turn: Option<TurnId>,
    /// "user", "owner" or "skill".
    pub said_by: String,
    pub confidence: f64,
    pub valid_from: DateTime<Utc>,
    pub valid_to: Option<DateTime<Utc>>,
    pub recorded_at: DateTime<Utc>,
    pub class: FactClass,
    pub meaning: String,
    pub since_told: bool,
    pub expires_at: Option<DateTime<Utc>>,
    pub closed_at: Option<DateTime<Utc>>,
    pub words: String,
}

/// A summary as it was written elsewhere.
#[derive(Clone, Debug)]
pub struct BroughtEpisode {
    /// Kept where it is a turn of the same person here that has no episode yet.
    pub turn: Option<TurnId>,
    pub summary_text: String,
    pub summary_json: Value,
    pub tags: Vec<String>,
    /// "rules" or "model".
    pub source: String,
    pub created_at: DateTime<Utc>,
    pub words: String,
}

/// What came new by bringing memories along.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Brought {
    pub facts: u64,
    pub episodes: u64,
    pub rules: u64,
    /// What was there already.
    pub known: u64,
    /// What was forgotten here after it was written there.
    pub forgotten: u64,
}

/// Writes the facts that are not there yet.
macro_rules! bring_facts {
    ($tx:ident, $clock:ident, $user:ident, $facts:ident, $brought:ident) => {
            for fact in $facts {
                let known: Option<(FactId,)> = sqlx::query_as(
                    "SELECT id FROM memory_semantic WHERE user_id = $1 AND key = $2 AND value_text = $3
                     AND (valid_from = $4 OR (valid_to IS NULL AND $5))",
                ).bind($user).bind(&fact.key).bind(&fact.value_text).bind(fact.valid_from).bind(fact.valid_to.is_none())
                 .fetch_optional(&mut *$tx).await?;
                if known.is_some() {
                    $brought.known += 1;
                    continue;
                }
                let mut valid_to = fact.valid_to;
                if valid_to.is_none() {
                    let later: Option<(DateTime<Utc>,)> = sqlx::query_as(
                        "SELECT valid_from FROM memory_semantic WHERE user_id = $1 AND key = $2 AND valid_to IS NULL
                         AND valid_from >= $3",
                    ).bind($user).bind(&fact.key).bind(fact.valid_from).fetch_optional(&mut *$tx).await?;
                    valid_to = later.map(|(from,)| from);
                }
                if valid_to.is_none() {
                    let closed: Option<(FactId,)> = sqlx::query_as(
                        "UPDATE memory_semantic SET valid_to = $3, closed_at = $4
                         WHERE user_id = $1 AND key = $2 AND valid_to IS NULL RETURNING id",
                    ).bind($user).bind(&fact.key).bind(fact.valid_from).bind($clock.now()).fetch_optional(&mut *$tx).await?;
                    if let Some((closed,)) = closed {
                        sqlx::query("DELETE FROM search WHERE ref_id = $1").bind(closed).execute(&mut *$tx).await?;
                    }
                }
                let id = FactId::new($clock);
                sqlx::query(
                    "INSERT INTO memory_semantic (id, user_id, key, value_text, value_json, source_turn_id, said_by,
                        confidence, valid_from, valid_to, recorded_at, class, meaning, since_told, expires_at, closed_at)
                     VALUES ($1, $2, $3, $4, $5, (SELECT id FROM turns WHERE id = $6 AND user_id = $2), $7, $8, $9, $10, $11,
                        $12, $13, $14, $15, $16)",
                ).bind(id).bind($user).bind(&fact.key).bind(&fact.value_text).bind(Json(&fact.value_json))
                 .bind(fact.source_turn).bind(&fact.said_by).bind(fact.confidence).bind(fact.valid_from).bind(valid_to)
                 .bind(fact.recorded_at).bind(fact.class).bind(&fact.meaning).bind(fact.since_told).bind(fact.expires_at)
                 .bind(valid_to.map(|to| fact.closed_at.unwrap_or(to))).execute(&mut *$tx).await?;
                if valid_to.is_none() {
                    words_in!($tx, $user, SearchKind::Fact, id.0, &fact.words, fact.recorded_at);
                }
                $brought.facts += 1;
            }
    };
}

/// Writes the episodes that are not there yet.
macro_rules! bring_episodes {
    ($tx:ident, $clock:ident, $user:ident, $episodes:ident, $brought:ident) => {
            for episode in $episodes {
                let id = EpisodeId::new($clock);
                let new = sqlx::query(
                    "INSERT INTO memory_episodic
                        (id, user_id, conversation_id, turn_id, summary_text, summary_json, tags, source, created_at, span)
                     SELECT $1, u.id, t.conversation_id, t.id, $4, $5, $6, $7, $8, 'turn' FROM users u
                     LEFT JOIN turns t ON t.id = $3 AND t.user_id = u.id
                        AND NOT EXISTS (SELECT 1 FROM memory_episodic e WHERE e.turn_id = t.id)
                     WHERE u.id = $2 AND NOT EXISTS (SELECT 1 FROM memory_episodic e
                        WHERE e.user_id = $2 AND (e.turn_id = $3 OR (e.created_at = $8 AND e.summary_text = $4)))",
                ).bind(id).bind($user).bind(episode.turn).bind(&episode.summary_text).bind(Json(&episode.summary_json))
                 .bind(Json(&episode.tags)).bind(&episode.source).bind(episode.created_at)
                 .execute(&mut *$tx).await?.rows_affected() == 1;
                if !new {
                    $brought.known += 1;
                    continue;
                }
                words_in!($tx, $user, SearchKind::Episode, id.0, &episode.words, episode.created_at);
                $brought.episodes += 1;
            }
    };
}

impl Db {
    /// Writes memories of a person that are not there yet. Of two current facts of one key the later one
    /// holds; the other is kept as closed. `most` bounds the rules of each kind.
    pub async fn bring_memories(
        &self,
        clock: &Clock,
        user: UserId,
        (facts, episodes): (&[BroughtFact], &[BroughtEpisode]),
        rules: &[(RuleKind, String, i64)],
    ) -> Result<Brought> {
        let mut brought = Brought::default();
        write_tx!(self, tx => {
            sqlx::query(self.hold_person()).bind(user).execute(&mut *tx).await?;
            bring_facts!(tx, clock, user, facts, brought);
            bring_episodes!(tx, clock, user, episodes, brought);
            for (kind, subject, most) in rules {
                let new = sqlx::query(
                    "INSERT INTO memory_rules (user_id, kind, subject, created_at)
                     SELECT id, $2, $3, $4 FROM users WHERE id = $1
                        AND (SELECT COUNT(*) FROM memory_rules r WHERE r.user_id = $1 AND r.kind = $2) < $5
                     ON CONFLICT (user_id, kind, subject) DO NOTHING",
                ).bind(user).bind(*kind).bind(subject).bind(clock.now()).bind(most)
                 .execute(&mut *tx).await?.rows_affected();
                brought.rules += new;
                brought.known += 1 - new;
            }
        });
        Ok(brought)
    }

    /// The episodes of a person's turns from a moment on, oldest first, `limit` at most.
    pub async fn episodes_from(&self, user: UserId, from: DateTime<Utc>, limit: i64) -> Result<Vec<super::Episode>> {
        Ok(on!(self, pool => sqlx::query_as(
            "SELECT id, user_id, conversation_id, turn_id, summary_text, summary_json, tags, source, created_at, span
             FROM memory_episodic WHERE user_id = $1 AND created_at >= $2 AND span = 'turn'
             ORDER BY created_at, id LIMIT $3",
        ).bind(user).bind(from).bind(limit).fetch_all(pool).await)?)
    }
}
