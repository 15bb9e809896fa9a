//! What goes out: a row before it is sent, its outcome after. Replies that grow while their turns run are
//! in `drafts`, what is said in a conversation without being asked in `deliveries`.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::json;
use sqlx::{FromRow, types::Json};

use super::{Db, Result, columns::word_column, jobs::insert_job, on, write_tx};
use crate::{
    clock::Clock,
    ids::{HostId, JobId, OutboxId},
};

word_column! {
    /// Where a message on its way out stands.
    OutboxStatus {
        Draft = "draft", Pending = "pending", Sending = "sending", Waiting = "waiting", Sent = "sent",
        Failed = "failed",
    }
}

/// A place on Telegram.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct ChatAddress {
    pub chat_id: i64,
    /// Topic of a group; 0 outside one.
    pub thread_id: i64,
}

/// A button under a message: what it says, and what comes back when it is pressed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Button {
    pub label: String,
    /// 64 bytes at most.
    pub data: String,
}

/// Something said on Telegram outside any conversation: a pairing, the answer to a command.
#[derive(Clone, Debug)]
pub struct Notice {
    /// A second notice of the same key is not sent.
    pub key: String,
    pub address: ChatAddress,
    pub text: String,
    pub buttons: Vec<Vec<Button>>,
    pub locale: String,
    /// The message of ours that this replaces, instead of being a new one.
    pub edits: Option<i64>,
}

/// What is next to be sent in a chat.
#[derive(Clone, Debug, PartialEq, Eq, FromRow)]
pub struct NextOut {
    pub id: OutboxId,
    pub key: String,
    pub chat_id: i64,
}

/// A message on its way to Telegram. With the host that took it up, its id and attempt are the token of
/// whoever sends it.
#[derive(Clone, Debug, FromRow)]
pub struct Outgoing {
    pub id: OutboxId,
    pub key: String,
    pub chat_id: i64,
    pub thread_id: i64,
    /// The message that this one answers, where that must be shown.
    pub reply_to: Option<i64>,
    pub text: String,
    pub buttons: Json<Vec<Vec<Button>>>,
    pub locale: String,
    /// Telegram's ids of the parts that it has got.
    pub parts: Json<Vec<i64>>,
    /// Whether a part may have arrived without anybody knowing.
    pub interrupted: bool,
    /// Times that its sending was begun; 0 for a draft.
    pub attempts: i64,
}

/// A message that could not be sent, for the page.
#[derive(Clone, Debug, FromRow)]
pub struct Unsent {
    pub id: OutboxId,
    pub chat_id: i64,
    pub text: String,
    pub status: OutboxStatus,
    pub attempts: i64,
    pub last_error: Option<String>,
    pub created_at: DateTime<Utc>,
}

/// Writes a notice in a transaction; one of the same key is left as it is.
macro_rules! insert_notice {
    ($tx:ident, $id:expr, $notice:expr, $now:expr) => {
        sqlx::query(
            "INSERT INTO outbox (id, key, channel, chat_id, thread_id, content, buttons, locale, status, parts,
                interrupted, attempts, created_at)
             VALUES ($1, $2, 'telegram', $3, $4, $5, $6, $7, 'pending', $8, FALSE, 0, $9) ON CONFLICT (key) DO NOTHING",
        )
        .bind($id)
        .bind(&$notice.key)
        .bind($notice.address.chat_id)
        .bind($notice.address.thread_id)
        .bind(&$notice.text)
        .bind(sqlx::types::Json(&$notice.buttons))
        .bind(&$notice.locale)
        .bind(sqlx::types::Json($notice.edits.into_iter().collect::<Vec<i64>>()))
        .bind($now)
        .execute(&mut *$tx)
        .await?
    };
}
pub(super) use insert_notice;

impl Db {
    /// Queues notices.
    pub async fn say(&self, clock: &Clock, notice: &Notice) -> Result<bool> {
        let made =
            write_tx!(self, tx => { insert_notice!(tx, OutboxId::new(clock), notice, clock.now()).rows_affected() });
        Ok(made == 1)
    }

    /// The next message of each chat that has none before it.
    pub async fn outgoing(&self, limit: i64) -> Result<Vec<NextOut>> {
        Ok(on!(self, pool => sqlx::query_as(
            "SELECT o.id, o.key, o.chat_id FROM outbox o
             WHERE o.status = 'pending' AND o.chat_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM outbox e
                WHERE e.chat_id = o.chat_id AND e.status IN ('pending', 'sending', 'waiting') AND e.id < o.id)
             ORDER BY o.id LIMIT $1",
        ).bind(limit).fetch_all(pool).await)?)
    }

    /// Takes a message up to send it; a first part counts as in flight from here. `None` when it is not to
    /// be sent any more.
    pub async fn begin_send(&self, id: OutboxId, host: HostId) -> Result<Option<Outgoing>> {
        Ok(on!(self, pool => sqlx::query_as(
            "UPDATE outbox SET status = 'sending', locked_by = $2, attempts = attempts + 1,
             in_flight = CASE WHEN CAST(parts AS TEXT) = '[]' THEN 0 ELSE NULL END
             WHERE id = $1 AND status = 'pending'
             RETURNING id, key, chat_id, COALESCE(thread_id, 0) AS thread_id, reply_to,
                COALESCE(content, (SELECT m.content FROM messages m WHERE m.id = outbox.message_id), '') AS text,
                buttons, locale, parts, interrupted, attempts",
        ).bind(id).bind(host).fetch_optional(pool).await)?)
    }

    /// Records the parts that have arrived, and the one that is sent next. False when somebody else sends
    /// the message; then nothing more of it may be sent.
    pub async fn parts_sent(
        &self,
        host: HostId,
        row: &Outgoing,
        parts: &[i64],
        in_flight: Option<i64>,
    ) -> Result<bool> {
        Ok(on!(self, pool => sqlx::query(
            "UPDATE outbox SET parts = $4, in_flight = $5, interrupted = FALSE
             WHERE id = $1 AND status = 'sending' AND locked_by = $2 AND attempts = $3",
        ).bind(row.id).bind(host).bind(row.attempts).bind(Json(parts)).bind(in_flight)
         .execute(pool).await.map(|done| done.rows_affected() == 1))?)
    }

    /// Records that everything has arrived. What is in no conversation is kept no longer; its key is.
    pub async fn finish_send(&self, clock: &Clock, host: HostId, row: &Outgoing, parts: &[i64]) -> Result<bool> {
        Ok(on!(self, pool => sqlx::query(
            "UPDATE outbox SET status = 'sent', parts = $4, in_flight = NULL, interrupted = FALSE, sent_at = $5,
             locked_by = NULL, last_error = NULL, content = NULL
             WHERE id = $1 AND status = 'sending' AND locked_by = $2 AND attempts = $3",
        ).bind(row.id).bind(host).bind(row.attempts).bind(Json(parts)).bind(clock.now())
         .execute(pool).await.map(|done| done.rows_affected() == 1))?)
    }

    /// Leaves a message to a job that sends it again at `at`. `unsure`: the part in flight may have
    /// arrived.
    pub async fn put_off_send(
        &self,
        clock: &Clock,
        host: HostId,
        row: &Outgoing,
        (error, unsure): (&str, bool),
        at: DateTime<Utc>,
    ) -> Result<bool> {
        let job = super::NewJob {
            payload: json!({ "outbox": row.id }),
            idempotency_key: Some(format!("retry_send:{}:{}", row.id, row.attempts)),
            ..super::NewJob::once("retry_send", at, "outbox")
        };
        let mine = write_tx!(self, tx => {
            let mine = sqlx::query(
                "UPDATE outbox SET status = 'waiting', last_error = $4, locked_by = NULL, in_flight = NULL,
                 interrupted = CASE WHEN $5 AND in_flight IS NOT NULL THEN TRUE ELSE interrupted END
                 WHERE id = $1 AND status = 'sending' AND locked_by = $2 AND attempts = $3",
            ).bind(row.id).bind(host).bind(row.attempts).bind(error).bind(unsure)
             .execute(&mut *tx).await?.rows_affected() == 1;
            if mine {
                insert_job!(tx, JobId::new(clock), job, clock.now());
            }
            mine
        });
        Ok(mine)
    }

    /// Gives a message up.
    pub async fn fail_send(&self, host: HostId, row: &Outgoing, error: &str) -> Result<bool> {
        Ok(on!(self, pool => sqlx::query(
            "UPDATE outbox SET status = 'failed', last_error = $4, locked_by = NULL, in_flight = NULL
             WHERE id = $1 AND status = 'sending' AND locked_by = $2 AND attempts = $3",
        ).bind(row.id).bind(host).bind(row.attempts).bind(error)
         .execute(pool).await.map(|done| done.rows_affected() == 1))?)
    }

    /// Queues a message again that waits for a retry, or was given up. False when it is neither.
    pub async fn resend(&self, id: OutboxId) -> Result<bool> {
        Ok(on!(self, pool => sqlx::query(
            "UPDATE outbox SET status = 'pending' WHERE id = $1 AND status IN ('waiting', 'failed')",
        ).bind(id).execute(pool).await.map(|done| done.rows_affected() == 1))?)
    }

    /// Takes back what an earlier sender left in the middle, also where the turn of a draft has ended since.
    /// Called by the one who holds the lease.
    pub async fn recover_outbox(&self) -> Result<u64> {
        Ok(on!(self, pool => sqlx::query(
            "UPDATE outbox SET status = CASE WHEN status = 'sending' THEN 'pending' ELSE status END, locked_by = NULL,
             interrupted = CASE WHEN in_flight IS NULL THEN interrupted ELSE TRUE END, in_flight = NULL
             WHERE status = 'sending' OR (status IN ('draft', 'pending') AND in_flight IS NOT NULL)",
        ).execute(pool).await.map(|done| done.rows_affected()))?)
    }

    /// What waits to be sent or was given up, newest first.
    pub async fn unsent(&self, limit: i64) -> Result<Vec<Unsent>> {
        Ok(on!(self, pool => sqlx::query_as(
            "SELECT o.id, o.chat_id, COALESCE(o.content, m.content, '') AS text, o.status, o.attempts, o.last_error, o.created_at
             FROM outbox o LEFT JOIN messages m ON m.id = o.message_id
             WHERE o.chat_id IS NOT NULL AND o.status IN ('pending', 'sending', 'waiting', 'failed')
             ORDER BY o.id DESC LIMIT $1",
        ).bind(limit).fetch_all(pool).await)?)
    }

    /// How many messages wait to be sent, and how many were given up.
    pub async fn outbox_counts(&self) -> Result<(i64, i64)> {
        Ok(on!(self, pool => sqlx::query_as(
            "SELECT COUNT(CASE WHEN status = 'failed' THEN NULL ELSE 1 END), COUNT(CASE WHEN status = 'failed' THEN 1 ELSE NULL END)
             FROM outbox WHERE chat_id IS NOT NULL AND status IN ('pending', 'sending', 'waiting', 'failed')",
        ).fetch_one(pool).await)?)
    }
}
