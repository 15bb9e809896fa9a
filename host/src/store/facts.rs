//! Facts, in two times: from when to when something holds, and from when to when it was believed to. Each
//! current one is written together with its words in the search index; closed ones are kept, not found.

mod plan;

use chrono::{DateTime, Utc};
use serde_json::Value;
use sqlx::{FromRow, types::Json};

use self::plan::{Plan, plan};
use super::{Db, Result, SearchKind, columns::word_column, erasure::hold_unforgotten, on, search::words_in, write_tx};
use crate::{
    clock::Clock,
    ids::{EpisodeId, FactId, TurnId, UserId},
};

/// New facts that one turn may bring, whoever writes them: a talkative message or a skill in a loop does not
/// bury what is worth knowing.
pub const FACTS_PER_TURN: i64 = 3;

word_column! {
    /// How long a fact lasts: until it is contradicted, for a while, or until its day has passed.
    FactClass { Fact = "fact", State = "state", Agenda = "agenda" }
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
    /// "user", "owner" or "skill".
    pub said_by: String,
    /// 0 to 1.
    pub confidence: f64,
    /// When it began, if that was told; else when it was first heard of.
    pub valid_from: DateTime<Utc>,
    /// When it ended. Set when a newer fact of the same key, or a person, closed this one.
    pub valid_to: Option<DateTime<Utc>>,
    pub recorded_at: DateTime<Utc>,
    pub class: FactClass,
    /// The value as it is compared.
    pub meaning: String,
    /// Whether its beginning was told; if not, it may have held before.
    pub since_told: bool,
    /// After which it is not held to be so any longer.
    pub expires_at: Option<DateTime<Utc>>,
    /// Since when it is known to have ended.
    pub closed_at: Option<DateTime<Utc>>,
}

#[derive(Clone, Debug)]
pub struct NewFact {
    pub user: UserId,
    pub key: String,
    pub value_text: String,
    pub value_json: Value,
    /// The value as it is compared: the same key and meaning is no new fact.
    pub meaning: String,
    pub class: FactClass,
    /// When it began, if that was told.
    pub since: Option<DateTime<Utc>>,
    pub expires_at: Option<DateTime<Utc>>,
    pub source_turn: Option<TurnId>,
    /// "user", "owner" or "skill".
    pub said_by: &'static str,
    /// 0 to 1.
    pub confidence: f64,
    /// Key and value cut into index words, separated by one space.
    pub words: String,
    /// [`Db::forgettings`] before it was asked whether this was forgotten; nothing where that does not matter.
    pub forgettings: Option<i64>,
}

/// What writing a fact did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Written {
    New(FactId),
    /// The key had another value; that one is closed.
    Replaced(FactId),
    /// The same value was there; nothing is new.
    Unchanged(FactId),
}

macro_rules! fact_columns {
    () => {
        "id, user_id, key, value_text, value_json, source_episode_id, source_turn_id, said_by, confidence,
         valid_from, valid_to, recorded_at, class, meaning, since_told, expires_at, closed_at"
    };
}

impl Fact {
    /// Whether it is held to be so at a moment, as far as is known now.
    pub fn is_current(&self, now: DateTime<Utc>) -> bool {
        self.valid_to.is_none() && self.expires_at.is_none_or(|at| at > now)
    }
}

impl Db {
    /// Writes a fact. A current fact of the same key and another meaning is closed, not lost: it held until
    /// the new one began. `SaidOtherwise` when a skill would change what a person said,
    /// `EnoughForATurn` after [`FACTS_PER_TURN`] of one turn, `Forgotten` when something was forgotten meanwhile.
    pub async fn write_fact(&self, clock: &Clock, new: &NewFact) -> Result<Written> {
        let (id, now) = (FactId::new(clock), clock.now());
        let written = write_tx!(self, tx => {
            // What is decided below rests on rows that no other writer changes meanwhile.
            if let Some(forgettings) = new.forgettings {
                hold_unforgotten!(self, tx, new.user, forgettings);
            } else {
                sqlx::query(self.hold_person()).bind(new.user).execute(&mut *tx).await?;
            }
            let known: Vec<Fact> = sqlx::query_as(concat!(
                "SELECT ", fact_columns!(), " FROM memory_semantic WHERE user_id = $1 AND key = $2 ORDER BY recorded_at, id",
            )).bind(new.user).bind(&new.key).fetch_all(&mut *tx).await?;
            let (taught,): (i64,) = sqlx::query_as("SELECT COUNT(*) FROM memory_semantic WHERE source_turn_id = $1")
                .bind(new.source_turn).fetch_one(&mut *tx).await?;
            let Plan { written, changed, ended } = plan(&known, taught, new, id, now)?;
            for fact in &changed {
                sqlx::query(
                    "UPDATE memory_semantic SET valid_from = $2, since_told = $3, valid_to = $4, closed_at = $5, expires_at = $6
                     WHERE id = $1",
                ).bind(fact.id).bind(fact.valid_from).bind(fact.since_told).bind(fact.valid_to).bind(fact.closed_at)
                 .bind(fact.expires_at).execute(&mut *tx).await?;
                if fact.valid_to.is_some() {
                    sqlx::query("DELETE FROM search WHERE ref_id = $1").bind(fact.id).execute(&mut *tx).await?;
                }
            }
            if matches!(written, Written::New(_) | Written::Replaced(_)) {
                sqlx::query(
                    "INSERT INTO memory_semantic
                     (id, user_id, key, value_text, value_json, source_turn_id, said_by, confidence, valid_from,
                      valid_to, recorded_at, class, meaning, since_told, expires_at, closed_at)
                     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)",
                ).bind(id).bind(new.user).bind(&new.key).bind(&new.value_text).bind(Json(&new.value_json))
                 .bind(new.source_turn).bind(new.said_by).bind(new.confidence).bind(new.since.unwrap_or(now))
                 .bind(ended).bind(now).bind(new.class).bind(&new.meaning).bind(new.since.is_some())
                 .bind(new.expires_at).bind(ended.map(|_| now)).execute(&mut *tx).await?;
                if ended.is_none() {
                    words_in!(tx, new.user, SearchKind::Fact, id.0, &new.words, now);
                }
            }
            written
        });
        Ok(written)
    }

    /// Closes what is current under a key, as over from now on; with a meaning, only that one. Gives what
    /// was closed.
    pub async fn close_fact(&self, clock: &Clock, user: UserId, key: &str, meaning: &str) -> Result<Option<Fact>> {
        let now = clock.now();
        let closed: Option<Fact> = write_tx!(self, tx => {
            let closed: Option<Fact> = sqlx::query_as(concat!(
                "UPDATE memory_semantic SET valid_to = $4, closed_at = $4
                 WHERE user_id = $1 AND key = $2 AND ($3 = '' OR meaning = $3) AND valid_to IS NULL
                       AND (expires_at IS NULL OR expires_at > $4)
                 RETURNING ", fact_columns!(),
            )).bind(user).bind(key).bind(meaning).bind(now).fetch_optional(&mut *tx).await?;
            if let Some(closed) = &closed {
                sqlx::query("DELETE FROM search WHERE ref_id = $1").bind(closed.id).execute(&mut *tx).await?;
            }
            closed
        });
        Ok(closed)
    }

    /// Facts of a person, newest first; those that are closed only if `closed` is set. What has expired is among
    /// them until it is closed.
    pub async fn facts(&self, user: UserId, closed: bool, limit: i64) -> Result<Vec<Fact>> {
        Ok(on!(self, pool => sqlx::query_as(concat!(
            "SELECT ", fact_columns!(), " FROM memory_semantic WHERE user_id = $1 AND ($2 OR valid_to IS NULL)
             ORDER BY recorded_at DESC, id DESC LIMIT $3",
        )).bind(user).bind(closed).bind(limit).fetch_all(pool).await)?)
    }

    /// Facts of a person that are held to be so now, newest first.
    pub async fn current_facts(&self, clock: &Clock, user: UserId, limit: i64) -> Result<Vec<Fact>> {
        Ok(on!(self, pool => sqlx::query_as(concat!(
            "SELECT ", fact_columns!(), " FROM memory_semantic
             WHERE user_id = $1 AND valid_to IS NULL AND (expires_at IS NULL OR expires_at > $2)
             ORDER BY recorded_at DESC, id DESC LIMIT $3",
        )).bind(user).bind(clock.now()).bind(limit).fetch_all(pool).await)?)
    }

    /// Facts of a person that held at some moment from `from` to before `to`, as far
    /// as is known now; the earliest first. One whose beginning was not told may have held at any time before.
    pub async fn facts_between(
        &self,
        user: UserId,
        (from, to): (DateTime<Utc>, DateTime<Utc>),
        limit: i64,
    ) -> Result<Vec<Fact>> {
        Ok(on!(self, pool => sqlx::query_as(concat!(
            "SELECT ", fact_columns!(), " FROM memory_semantic
             WHERE user_id = $1 AND (valid_from < $3 OR NOT since_told)
                   AND (valid_to IS NULL OR valid_to > $2) AND (expires_at IS NULL OR expires_at > $2)
                   AND (valid_to IS NULL OR valid_to > valid_from OR NOT since_told)
             ORDER BY valid_from, id LIMIT $4",
        )).bind(user).bind(from).bind(to).bind(limit).fetch_all(pool).await)?)
    }

    /// How many facts there are of a person, closed ones too.
    pub async fn count_facts(&self, user: UserId) -> Result<i64> {
        let (count,): (i64,) = on!(self, pool => sqlx::query_as(
            "SELECT COUNT(*) FROM memory_semantic WHERE user_id = $1",
        ).bind(user).fetch_one(pool).await)?;
        Ok(count)
    }

    /// The fact that a person's key has now.
    pub async fn current_fact(&self, clock: &Clock, user: UserId, key: &str) -> Result<Option<Fact>> {
        Ok(on!(self, pool => sqlx::query_as(concat!(
            "SELECT ", fact_columns!(), " FROM memory_semantic
             WHERE user_id = $1 AND key = $2 AND valid_to IS NULL AND (expires_at IS NULL OR expires_at > $3)",
        )).bind(user).bind(key).bind(clock.now()).fetch_optional(pool).await)?)
    }

    pub async fn fact(&self, id: FactId) -> Result<Option<Fact>> {
        Ok(on!(self, pool => sqlx::query_as(concat!(
            "SELECT ", fact_columns!(), " FROM memory_semantic WHERE id = $1",
        )).bind(id).fetch_optional(pool).await)?)
    }

    /// How many facts of a person are current.
    pub async fn count_current_facts(&self, clock: &Clock, user: UserId) -> Result<i64> {
        let (count,): (i64,) = on!(self, pool => sqlx::query_as(
            "SELECT COUNT(*) FROM memory_semantic
             WHERE user_id = $1 AND valid_to IS NULL AND (expires_at IS NULL OR expires_at > $2)",
        ).bind(user).bind(clock.now()).fetch_one(pool).await)?;
        Ok(count)
    }
}
