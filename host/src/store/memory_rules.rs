//! What a person, or the owner, said about remembering, and when memories were last of use.

use chrono::{DateTime, Utc};
use sqlx::FromRow;
use uuid::Uuid;

use super::{Db, Result, columns::word_column, on, write_tx};
use crate::{clock::Clock, ids::UserId};

word_column! {
    /// `Pin`: always in the prompt. `Mute`: kept, but never brought into one. `Topic`: neither learnt nor recalled.
    RuleKind { Pin = "pin", Mute = "mute", Topic = "topic" }
}

#[derive(Clone, Debug, PartialEq, Eq, FromRow)]
pub struct MemoryRule {
    pub kind: RuleKind,
    /// The key of a fact, `episode:` and an id, or the words of a topic.
    pub subject: String,
    pub created_at: DateTime<Utc>,
}

impl Db {
    /// The rules of a person, oldest first.
    pub async fn memory_rules(&self, user: UserId) -> Result<Vec<MemoryRule>> {
        Ok(on!(self, pool => sqlx::query_as(
            "SELECT kind, subject, created_at FROM memory_rules WHERE user_id = $1 ORDER BY created_at, subject",
        ).bind(user).fetch_all(pool).await)?)
    }

    /// Sets a rule; one that is there stays. False when the person has `most` of its kind already.
    pub async fn set_memory_rule(
        &self,
        clock: &Clock,
        user: UserId,
        kind: RuleKind,
        subject: &str,
        most: i64,
    ) -> Result<bool> {
        let set = write_tx!(self, tx => {
            sqlx::query(self.hold_person()).bind(user).execute(&mut *tx).await?;
            sqlx::query(
                "INSERT INTO memory_rules (user_id, kind, subject, created_at) VALUES ($1, $2, $3, $4)
                 ON CONFLICT (user_id, kind, subject) DO NOTHING",
            ).bind(user).bind(kind).bind(subject).bind(clock.now()).execute(&mut *tx).await?;
            let (count,): (i64,) = sqlx::query_as("SELECT COUNT(*) FROM memory_rules WHERE user_id = $1 AND kind = $2")
                .bind(user).bind(kind).fetch_one(&mut *tx).await?;
            if count > most {
                return Ok(false);
            }
            true
        });
        Ok(set)
    }

    /// Takes a rule back; false when there was none.
    pub async fn drop_memory_rule(&self, user: UserId, kind: RuleKind, subject: &str) -> Result<bool> {
        Ok(on!(self, pool => sqlx::query("DELETE FROM memory_rules WHERE user_id = $1 AND kind = $2 AND subject = $3")
            .bind(user).bind(kind).bind(subject).execute(pool).await.map(|done| done.rows_affected() == 1))?)
    }

    /// Notes that memories of a person were brought into a prompt at a moment.
    pub async fn note_recalls(&self, user: UserId, memories: &[Uuid], at: DateTime<Utc>) -> Result<()> {
        write_tx!(self, tx => {
            for memory in memories {
                sqlx::query(
                    "INSERT INTO memory_recalls (ref_id, user_id, last_at) VALUES ($1, $2, $3)
                     ON CONFLICT (ref_id) DO UPDATE SET last_at = $3 WHERE memory_recalls.last_at < $3",
                ).bind(memory).bind(user).bind(at).execute(&mut *tx).await?;
            }
        });
        Ok(())
    }

    /// Of a person's current facts: how many there are, and how many of them were recorded before a moment and
    /// never brought into a prompt since.
    pub async fn idle_facts(&self, user: UserId, since: DateTime<Utc>) -> Result<(i64, i64)> {
        Ok(on!(self, pool => sqlx::query_as(
            "SELECT COUNT(*), COUNT(CASE WHEN f.recorded_at < $2 AND (r.last_at IS NULL OR r.last_at < $2) THEN 1 END)
             FROM memory_semantic f LEFT JOIN memory_recalls r ON r.ref_id = f.id
             WHERE f.user_id = $1 AND f.valid_to IS NULL",
        ).bind(user).bind(since).fetch_one(pool).await)?)
    }
}
