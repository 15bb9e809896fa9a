//! Turns: accepted once, leased by one host at a time, ended once.

use chrono::{DateTime, Utc};
use serde_json::Value;
use sqlx::{FromRow, types::Json};

use super::{
    Account, Channel, ChatAddress, Db, NewFile, NewJob, Result, StoreError, columns::word_column,
    erasure::hold_unforgotten, files::insert_files, jobs::insert_job, on, updates::end_update, write_tx,
};
use crate::{
    clock::Clock,
    ids::{ConversationId, HostId, JobId, MessageId, OutboxId, TurnId, UserId},
};

word_column! {
    /// Where a turn stands.
    TurnStatus { Received = "received", Running = "running", Done = "done", Failed = "failed" }
}

/// A message that came in.
#[derive(Clone, Debug)]
pub struct Incoming {
    /// What its channel calls it; a key seen before is the same message.
    pub key: String,
    pub channel: Channel,
    pub user: UserId,
    pub conversation: ConversationId,
    pub text: String,
    /// "en" or "zh".
    pub locale: String,
    /// What else is known of the message, such as who wrote it in a group.
    pub meta: Value,
    pub files: Vec<NewFile>,
    /// Where on Telegram the reply goes, and the message that it answers visibly.
    pub reply: Option<(ChatAddress, Option<i64>)>,
    /// Keys of the kept updates that this message is made of; they are done with it.
    pub updates: Vec<String>,
}

/// What became of an incoming message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Accepted {
    New(TurnId),
    /// The key was known; this is its turn.
    Known(TurnId),
}

impl Accepted {
    pub fn turn(self) -> TurnId {
        match self {
            Self::New(turn) | Self::Known(turn) => turn,
        }
    }
}

/// A turn as the one who runs it needs it.
#[derive(Clone, Debug, FromRow)]
pub struct Turn {
    pub id: TurnId,
    pub conversation_id: ConversationId,
    pub user_id: UserId,
    pub status: TurnStatus,
    pub locale: String,
    pub route: Option<String>,
    pub route_reason: Option<String>,
    pub tier: Option<String>,
    pub rung: Option<String>,
    /// Steps with their times, memories with their reasons.
    pub trace: Json<Value>,
    pub error: Option<String>,
    /// 1 on the first run.
    pub attempt: i64,
    pub created_at: DateTime<Utc>,
    pub started_at: Option<DateTime<Utc>>,
    pub finished_at: Option<DateTime<Utc>>,
}

/// A turn as a line of a list.
#[derive(Clone, Debug, FromRow)]
pub struct TurnSummary {
    pub id: TurnId,
    pub user_name: String,
    pub message: String,
    pub status: TurnStatus,
    pub route: Option<String>,
    pub tier: Option<String>,
    pub created_at: DateTime<Utc>,
    pub finished_at: Option<DateTime<Utc>>,
}

/// Everything that is written when a turn ends.
#[derive(Clone, Debug)]
pub struct Ending {
    pub reply: String,
    pub meta: Value,
    pub route: String,
    pub route_reason: String,
    /// "none", "small" or "large".
    pub tier: String,
    pub rung: String,
    pub trace: Value,
    /// Set when the turn failed; the reply then says so to the person.
    pub error: Option<String>,
    /// Work to do after the reply.
    pub jobs: Vec<NewJob>,
    /// [`Db::forgettings`] from before anything was read that reply and trace may tell of; `None` when they tell
    /// of nothing.
    pub forgettings: Option<i64>,
}

macro_rules! turn_columns {
    () => {
        "id, conversation_id, user_id, status, locale, route, route_reason, tier, rung, trace, error, attempt,
         created_at, started_at, finished_at"
    };
}

/// Takes one waiting turn: the oldest of a conversation in which none runs.
macro_rules! lease_one {
    ($lock:literal) => {
        concat!(
            "UPDATE turns SET status = 'running', attempt = attempt + 1, locked_by = $1, locked_at = $2, started_at = $2
             WHERE status = 'received' AND id = (
                SELECT t.id FROM turns t WHERE t.status = 'received' AND NOT EXISTS (
                    SELECT 1 FROM turns r WHERE r.conversation_id = t.conversation_id AND
                    (r.status = 'running' OR (r.status = 'received' AND (r.created_at, r.id) < (t.created_at, t.id))))
                ORDER BY t.created_at, t.id LIMIT 1 ",
            $lock,
            ") RETURNING ",
            turn_columns!()
        )
    };
}

/// Times that a lease is tried when other hosts take what was chosen.
const LEASE_TRIES: usize = 3;

impl Turn {
    /// For whom its models are asked.
    pub fn account(&self) -> Account {
        Account {
            user: Some(self.user_id),
            turn: Some(self.id),
            conversation: Some(self.conversation_id),
            ..Account::default()
        }
    }
}

impl Db {
    /// Stores a message together with its turn, or finds the turn that its key belongs to.
    pub async fn accept(&self, clock: &Clock, incoming: &Incoming) -> Result<Accepted> {
        let (turn, now) = (TurnId::new(clock), clock.now());
        let fresh: bool = write_tx!(self, tx => {
            let known: Option<(TurnId,)> = sqlx::query_as("SELECT turn_id FROM updates WHERE key = $1")
                .bind(&incoming.key).fetch_optional(&mut *tx).await?;
            for update in &incoming.updates {
                end_update!(tx, update);
            }
            if let Some((known,)) = known {
                // A late part of an album belongs to the turn that the others made.
                insert_files!(tx, clock, known, incoming, now);
                tx.commit().await?;
                return Ok(Accepted::Known(known));
            }
            sqlx::query(
                "INSERT INTO turns (id, conversation_id, user_id, status, locale, trace, attempt, created_at)
                 VALUES ($1, $2, $3, 'received', $4, $5, 0, $6)",
            ).bind(turn).bind(incoming.conversation).bind(incoming.user).bind(&incoming.locale)
             .bind(Json(Value::Array(Vec::new()))).bind(now).execute(&mut *tx).await?;
            // Of two hosts that pass the look-up above, one loses here and its turn is rolled back.
            let claimed = sqlx::query(
                "INSERT INTO updates (key, channel, status, turn_id, received_at) VALUES ($1, $2, 'done', $3, $4)
                 ON CONFLICT (key) DO NOTHING",
            ).bind(&incoming.key).bind(incoming.channel).bind(turn).bind(now)
             .execute(&mut *tx).await?.rows_affected() == 1;
            if !claimed {
                tx.rollback().await?;
                return self.turn_of_key(&incoming.key).await;
            }
            sqlx::query(
                "INSERT INTO messages (id, conversation_id, user_id, turn_id, role, content, meta, created_at)
                 VALUES ($1, $2, $3, $4, 'user', $5, $6, $7)",
            ).bind(MessageId::new(clock)).bind(incoming.conversation).bind(incoming.user).bind(turn)
             .bind(&incoming.text).bind(Json(&incoming.meta)).bind(now)
             .execute(&mut *tx).await?;
            insert_files!(tx, clock, turn, incoming, now);
            if let Some((address, reply_to)) = incoming.reply {
                sqlx::query(
                    "INSERT INTO outbox (id, key, conversation_id, channel, chat_id, thread_id, reply_to, buttons, locale,
                        status, parts, interrupted, attempts, created_at)
                     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 'draft', $8, FALSE, 0, $10)",
                ).bind(OutboxId::new(clock)).bind(format!("turn:{turn}")).bind(incoming.conversation).bind(incoming.channel)
                 .bind(address.chat_id).bind(address.thread_id).bind(reply_to).bind(Json(Value::Array(Vec::new())))
                 .bind(&incoming.locale).bind(now).execute(&mut *tx).await?;
            }
            sqlx::query("UPDATE conversations SET updated_at = $2 WHERE id = $1")
                .bind(incoming.conversation).bind(now).execute(&mut *tx).await?;
            true
        });
        debug_assert!(fresh);
        Ok(Accepted::New(turn))
    }

    /// The turn and conversation that a key belongs to.
    pub async fn known_turn(&self, key: &str) -> Result<Option<(TurnId, ConversationId)>> {
        Ok(on!(self, pool => sqlx::query_as(
            "SELECT t.id, t.conversation_id FROM updates u JOIN turns t ON t.id = u.turn_id WHERE u.key = $1",
        ).bind(key).fetch_optional(pool).await)?)
    }

    async fn turn_of_key(&self, key: &str) -> Result<Accepted> {
        let (turn,): (TurnId,) = on!(self, pool => sqlx::query_as("SELECT turn_id FROM updates WHERE key = $1")
            .bind(key).fetch_one(pool).await)?;
        Ok(Accepted::Known(turn))
    }

    /// Takes the oldest waiting turn of a conversation in which none is running.
    pub async fn lease_turn(&self, clock: &Clock, host: HostId) -> Result<Option<Turn>> {
        // On Postgres a row that another host is taking is passed over; SQLite has one writer anyway.
        let choose = match self {
            Self::Sqlite(..) => lease_one!(""),
            Self::Postgres(_) => lease_one!("FOR UPDATE OF t SKIP LOCKED"),
        };
        for _ in 0..LEASE_TRIES {
            let leased = on!(self, pool => {
                sqlx::query_as(choose).bind(host).bind(clock.now()).fetch_optional(pool).await
            });
            match leased {
                // Another host took a turn of this conversation at the same moment; there may be others.
                Err(sqlx::Error::Database(error)) if error.is_unique_violation() => {}
                other => return Ok(other?),
            }
        }
        Ok(None)
    }

    /// Takes this turn, if it waits and none of its conversation runs.
    pub async fn lease_this_turn(&self, clock: &Clock, host: HostId, turn: TurnId) -> Result<Option<Turn>> {
        let leased = on!(self, pool => sqlx::query_as(concat!(
            "UPDATE turns SET status = 'running', attempt = attempt + 1, locked_by = $1, locked_at = $2, started_at = $2
             WHERE id = $3 AND status = 'received' AND NOT EXISTS (SELECT 1 FROM turns r
                WHERE r.conversation_id = turns.conversation_id AND r.status = 'running')
             RETURNING ", turn_columns!(),
        )).bind(host).bind(clock.now()).bind(turn).fetch_optional(pool).await);
        match leased {
            Err(sqlx::Error::Database(error)) if error.is_unique_violation() => Ok(None),
            other => Ok(other?),
        }
    }

    /// Says that this host is still at work on its turns begun since `begun_after`; an older one
    /// cannot be at work any more and is left to expire.
    pub async fn keep_turns(&self, clock: &Clock, host: HostId, begun_after: DateTime<Utc>) -> Result<()> {
        on!(self, pool => sqlx::query(
            "UPDATE turns SET locked_at = $2 WHERE status = 'running' AND locked_by = $1 AND started_at > $3",
        ).bind(host).bind(clock.now()).bind(begun_after).execute(pool).await.map(|_| ()))?;
        Ok(())
    }

    /// Hands back the running turns of a host that is gone, or is about to go.
    pub async fn hand_back_turns(&self, host: HostId) -> Result<u64> {
        Ok(on!(self, pool => sqlx::query(
            "UPDATE turns SET status = 'received', locked_by = NULL, locked_at = NULL
             WHERE status = 'running' AND locked_by = $1",
        ).bind(host).execute(pool).await.map(|done| done.rows_affected()))?)
    }

    /// Hands back one running turn.
    pub async fn hand_back_turn(&self, turn: &Turn, host: HostId) -> Result<()> {
        on!(self, pool => sqlx::query(
            "UPDATE turns SET status = 'received', locked_by = NULL, locked_at = NULL
             WHERE id = $1 AND status = 'running' AND locked_by = $2 AND attempt = $3",
        ).bind(turn.id).bind(host).bind(turn.attempt).execute(pool).await.map(|_| ()))?;
        Ok(())
    }

    /// Hands back the running turns that nobody has kept since `before`.
    pub async fn expire_turns(&self, before: DateTime<Utc>) -> Result<u64> {
        Ok(on!(self, pool => sqlx::query(
            "UPDATE turns SET status = 'received', locked_by = NULL, locked_at = NULL
             WHERE status = 'running' AND locked_at < $1",
        ).bind(before).execute(pool).await.map(|done| done.rows_affected()))?)
    }

    /// Ends a turn: state, reply, outbox row and follow-up jobs at once. False when the turn is no
    /// longer this run's to end; then nothing is written and nothing may be said. Fails with `Forgotten`:
    /// then the turn is to begin anew.
    pub async fn end_turn(&self, clock: &Clock, turn: &Turn, host: HostId, ending: &Ending) -> Result<bool> {
        let (now, message) = (clock.now(), MessageId::new(clock));
        let status = if ending.error.is_some() { TurnStatus::Failed } else { TurnStatus::Done };
        write_tx!(self, tx => {
            if let Some(forgettings) = ending.forgettings {
                hold_unforgotten!(self, tx, turn.user_id, forgettings);
            }
            let mine = sqlx::query(
                "UPDATE turns SET status = $4, route = $5, route_reason = $6, tier = $7, rung = $8, trace = $9,
                 error = $10, finished_at = $11, locked_by = NULL, locked_at = NULL
                 WHERE id = $1 AND status = 'running' AND locked_by = $2 AND attempt = $3",
            ).bind(turn.id).bind(host).bind(turn.attempt).bind(status).bind(&ending.route)
             .bind(&ending.route_reason).bind(&ending.tier).bind(&ending.rung).bind(Json(&ending.trace))
             .bind(&ending.error).bind(now).execute(&mut *tx).await?.rows_affected() == 1;
            if !mine {
                return Ok(false);
            }
            sqlx::query(
                "INSERT INTO messages (id, conversation_id, user_id, turn_id, role, content, meta, created_at)
                 VALUES ($1, $2, $3, $4, 'assistant', $5, $6, $7)",
            ).bind(message).bind(turn.conversation_id).bind(turn.user_id).bind(turn.id).bind(&ending.reply)
             .bind(Json(&ending.meta)).bind(now).execute(&mut *tx).await?;
            // A message from Telegram has its row since it came in; what came in elsewhere is answered by
            // being written, also in a conversation that takes place on Telegram.
            sqlx::query(
                "INSERT INTO outbox (id, key, conversation_id, message_id, channel, buttons, locale, status, parts,
                    interrupted, attempts, created_at, sent_at)
                 SELECT $1, $2, id, $3, channel, $6, $7, 'sent', $6, FALSE, 0, $4, $4 FROM conversations WHERE id = $5
                 ON CONFLICT (key) DO UPDATE SET message_id = $3, status = 'pending'",
            ).bind(OutboxId::new(clock)).bind(format!("turn:{}", turn.id)).bind(message).bind(now)
             .bind(turn.conversation_id).bind(Json(Value::Array(Vec::new()))).bind(&turn.locale)
             .execute(&mut *tx).await?;
            sqlx::query("UPDATE conversations SET updated_at = $2 WHERE id = $1")
                .bind(turn.conversation_id).bind(now).execute(&mut *tx).await?;
            for job in &ending.jobs {
                insert_job!(tx, JobId::new(clock), job, now);
            }
        });
        Ok(true)
    }

    /// Asks the open turns of a conversation to stop; those that were not asked before.
    pub async fn stop_turns(&self, clock: &Clock, conversation: ConversationId) -> Result<Vec<TurnId>> {
        let rows: Vec<(TurnId,)> = on!(self, pool => sqlx::query_as(
            "UPDATE turns SET stop_at = $2 WHERE conversation_id = $1 AND status IN ('received', 'running')
             AND stop_at IS NULL RETURNING id",
        ).bind(conversation).bind(clock.now()).fetch_all(pool).await)?;
        Ok(rows.into_iter().map(|(id,)| id).collect())
    }

    /// Whether a turn was asked to stop.
    pub async fn is_stopped(&self, turn: TurnId) -> Result<bool> {
        let row: Option<(Option<DateTime<Utc>>,)> = on!(self, pool => sqlx::query_as("SELECT stop_at FROM turns WHERE id = $1")
            .bind(turn).fetch_optional(pool).await)?;
        Ok(row.is_some_and(|(at,)| at.is_some()))
    }

    pub async fn turn(&self, id: TurnId) -> Result<Option<Turn>> {
        Ok(on!(self, pool => sqlx::query_as(concat!("SELECT ", turn_columns!(), " FROM turns WHERE id = $1"))
            .bind(id).fetch_optional(pool).await)?)
    }

    /// The turn of a conversation before another one.
    pub async fn turn_before(&self, conversation: ConversationId, before: TurnId) -> Result<Option<Turn>> {
        Ok(on!(self, pool => sqlx::query_as(concat!(
            "SELECT ", turn_columns!(), " FROM turns WHERE conversation_id = $1 AND id < $2 ORDER BY id DESC LIMIT 1",
        )).bind(conversation).bind(before).fetch_optional(pool).await)?)
    }

    /// The newest turns of everybody, or those before a moment.
    pub async fn turns(&self, before: Option<DateTime<Utc>>, limit: i64) -> Result<Vec<TurnSummary>> {
        Ok(on!(self, pool => sqlx::query_as(
            "SELECT t.id, u.name AS user_name, m.content AS message, t.status, t.route, t.tier, t.created_at, t.finished_at
             FROM turns t JOIN users u ON u.id = t.user_id
             JOIN messages m ON m.turn_id = t.id AND m.role = 'user'
             WHERE $1 IS NULL OR t.created_at < $1
             ORDER BY t.created_at DESC, t.id DESC LIMIT $2",
        ).bind(before).bind(limit).fetch_all(pool).await)?)
    }

    /// How many turns wait or run.
    pub async fn open_turns(&self) -> Result<i64> {
        let (count,): (i64,) = on!(self, pool => sqlx::query_as(
            "SELECT COUNT(*) FROM turns WHERE status IN ('received', 'running')",
        ).fetch_one(pool).await)?;
        Ok(count)
    }
}

impl From<uuid::Error> for StoreError {
    fn from(error: uuid::Error) -> Self {
        Self::Corrupt(error.to_string())
    }
}
