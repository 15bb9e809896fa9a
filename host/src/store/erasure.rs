//! Forgetting: words of a person leave every table in one transaction, and what remains of them are
//! hashes that stop them from being learnt again.

mod columns;
mod rows;
mod words;

pub use words::{FORGOTTEN, Words};

use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use sqlx::types::Json;
use uuid::Uuid;

use self::{
    columns::{erase_column, erase_facts, erase_files, erase_kv, erase_said, erase_summaries},
    rows::{erase_episodes, erase_keys, erase_turn, reindex},
    words::Erasable,
};
use super::{Db, Result, on, search::indexable, write_tx};
use crate::{
    clock::Clock,
    ids::{ConversationId, EpisodeId, TurnId, UserId},
};

/// At what length titles of conversations are cut.
const TITLE_CHARS: usize = 60;

/// What one forgetting takes from one person.
pub struct Erasure<'a> {
    pub user: UserId,
    /// Erased wherever they stand.
    pub words: Words,
    /// Keys whose facts go, earlier values too.
    pub keys: Vec<String>,
    /// Turns of which nothing that was said stays.
    pub turns: Vec<TurnId>,
    /// Episodes that belong to no turn.
    pub episodes: Vec<EpisodeId>,
    /// What must not be learnt again from anything said until now.
    pub hashes: Vec<String>,
    /// Cuts a text into index words.
    pub index: &'a (dyn Fn(&str) -> String + Sync),
}

/// How many rows an erasure removed or changed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Erased {
    pub facts: u64,
    pub episodes: u64,
    pub messages: u64,
    /// Traces, calls, jobs, files and whatever else held the words.
    pub others: u64,
}

impl Erased {
    pub fn is_nothing(self) -> bool {
        self == Self::default()
    }
}

/// Goes on only if nothing of a person was forgotten since `$forgettings` was read, and has whoever wants to forget
/// something wait until the transaction ends.
macro_rules! hold_unforgotten {
    ($db:ident, $tx:ident, $user:expr, $forgettings:expr) => {
        sqlx::query($db.hold_person()).bind($user).execute(&mut *$tx).await?;
        let (forgettings,): (i64,) =
            sqlx::query_as("SELECT forgettings FROM users WHERE id = $1").bind($user).fetch_one(&mut *$tx).await?;
        if forgettings != $forgettings {
            return Err($crate::store::StoreError::Forgotten);
        }
    };
}
pub(super) use hold_unforgotten;

impl Db {
    /// Erases what one person wants forgotten, at once or not at all. What other people said stays.
    pub async fn erase(&self, clock: &Clock, erasure: &Erasure<'_>) -> Result<Erased> {
        let (now, mut done) = (clock.now(), Erased::default());
        // Texts that are searched and have changed, by the id of what they belong to.
        let mut changed: Vec<(Uuid, String)> = Vec::new();
        write_tx!(self, tx => {
            if let Self::Sqlite(..) = self {
                // What is deleted is overwritten in the file, not only given up.
                sqlx::query("PRAGMA secure_delete = ON").execute(&mut *tx).await?;
            }
            sqlx::query("UPDATE users SET forgettings = forgettings + 1 WHERE id = $1").bind(erasure.user).execute(&mut *tx).await?;
            erase_keys!(tx, erasure, done);
            for turn in &erasure.turns {
                erase_turn!(tx, erasure, done, *turn);
            }
            erase_episodes!(tx, erasure, done);
            erase_said!(tx, erasure, done, changed);
            erase_facts!(tx, erasure, done, changed);
            erase_column!(tx, erasure, done.facts, "memory_semantic", "meaning" as String, "user_id = $1");
            erase_column!(tx, erasure, done.facts, "memory_semantic", "value_json" as Json<Value>, "user_id = $1");
            erase_column!(tx, erasure, done.others, "turns", "trace" as Json<Value>, "user_id = $1");
            erase_column!(tx, erasure, done.others, "turns", "error" as String, "user_id = $1");
            erase_column!(tx, erasure, done.others, "calls", "input" as Json<Value>, "user_id = $1");
            erase_column!(tx, erasure, done.others, "calls", "output" as Json<Value>, "user_id = $1");
            erase_column!(tx, erasure, done.others, "calls", "failure" as Json<Value>, "user_id = $1");
            erase_column!(tx, erasure, done.others, "calls", "log" as Json<Value>, "user_id = $1");
            erase_column!(tx, erasure, done.others, "approvals", "input" as Json<Value>, "user_id = $1");
            erase_column!(tx, erasure, done.others, "model_calls", "error" as String, "user_id = $1");
            erase_column!(tx, erasure, done.others, "jobs", "payload" as Json<Value>, "user_id = $1");
            erase_column!(tx, erasure, done.others, "jobs", "last_error" as String, "user_id = $1");
            erase_column!(tx, erasure, done.others, "outbox", "content" as String, "(conversation_id IN
                (SELECT id FROM conversations WHERE user_id = $1) OR chat_id IN (SELECT chat_id FROM chats WHERE user_id = $1))");
            // The owner's log says what was changed of a job, in the words of the person.
            erase_column!(tx, erasure, done.others, "audit", "detail" as Json<Value>, "action LIKE 'job.%' AND $1 = $1");
            for like in erasure.words.likes() {
                // Half of a recording cannot be played.
                done.others += sqlx::query(
                    "DELETE FROM recordings WHERE call_id IN (SELECT id FROM calls WHERE user_id = $1)
                     AND LOWER(CAST(tape AS TEXT)) LIKE $2 ESCAPE '!'",
                ).bind(erasure.user).bind(&like).execute(&mut *tx).await?.rows_affected();
                sqlx::query(
                    "UPDATE job_runs SET error = NULL WHERE job_id IN (SELECT id FROM jobs WHERE user_id = $1)
                     AND LOWER(error) LIKE $2 ESCAPE '!'",
                ).bind(erasure.user).bind(&like).execute(&mut *tx).await?;
            }
            erase_summaries!(tx, erasure, done);
            erase_kv!(tx, erasure, done);
            erase_files!(tx, erasure, done);
            reindex!(tx, erasure, changed);
            for hash in &erasure.hashes {
                sqlx::query(
                    "INSERT INTO memory_tombstones (user_id, hash, forgotten_at) VALUES ($1, $2, $3)
                     ON CONFLICT (user_id, hash) DO UPDATE SET forgotten_at = $3",
                ).bind(erasure.user).bind(hash).bind(now).execute(&mut *tx).await?;
            }
        });
        self.forget_log().await?;
        Ok(done)
    }

    /// How often something of a person was forgotten. Whoever makes something of their words reads this first, and
    /// gives it to what writes that down.
    pub async fn forgettings(&self, user: UserId) -> Result<i64> {
        let (times,) = on!(self, pool => sqlx::query_as("SELECT forgettings FROM users WHERE id = $1")
            .bind(user).fetch_one(pool).await)?;
        Ok(times)
    }

    /// Has SQLite move its log into the file, so that earlier pages are not left in it. While somebody reads
    /// that is left to the next time.
    async fn forget_log(&self) -> Result<()> {
        if let Self::Sqlite(pool, _) = self {
            sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)").execute(pool).await?;
        }
        Ok(())
    }

    /// Whether any of the hashes was forgotten after `said_at`.
    pub async fn was_forgotten(&self, user: UserId, hashes: &[String], said_at: DateTime<Utc>) -> Result<bool> {
        for hash in hashes {
            let found: Option<(i64,)> = on!(self, pool => sqlx::query_as(
                "SELECT CAST(1 AS BIGINT) FROM memory_tombstones WHERE user_id = $1 AND hash = $2 AND forgotten_at >= $3",
            ).bind(user).bind(hash).bind(said_at).fetch_optional(pool).await)?;
            if found.is_some() {
                return Ok(true);
            }
        }
        Ok(false)
    }
}
