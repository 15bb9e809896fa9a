//! What goes out: a row before it is sent, its outcome after.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sqlx::{FromRow, types::Json};

use super::{Db, Result, StoreError, columns::word_column, jobs::insert_job, on, write_tx};
use crate::{
    clock::Clock,
    ids::{ConversationId, HostId, JobId, MessageId, OutboxId, TurnId, UserId},
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

/// Something said in a conversation that is no reply: a reminder, a skill's message.
#[derive(Clone, Debug)]
pub struct Delivery {
    /// A second delivery of the same key is not made.
    pub key: String,
    pub conversation: ConversationId,
    pub text: String,
    pub meta: Value,
    pub buttons: Vec<Vec<Button>>,
    pub locale: String,
}

/// A message on its way to Telegram.
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

    /// Writes a message of the agent into a conversation and, where that is on Telegram, queues it.
    /// `None` when its key was delivered before.
    pub async fn deliver(&self, clock: &Clock, delivery: &Delivery) -> Result<Option<MessageId>> {
        let (message, now) = (MessageId::new(clock), clock.now());
        write_tx!(self, tx => {
            let written = sqlx::query(
                "INSERT INTO messages (id, conversation_id, user_id, turn_id, role, content, meta, created_at)
                 SELECT $1, id, user_id, NULL, 'assistant', $3, $4, $5 FROM conversations WHERE id = $2",
            ).bind(message).bind(delivery.conversation).bind(&delivery.text).bind(Json(&delivery.meta)).bind(now)
             .execute(&mut *tx).await?.rows_affected();
            if written == 0 {
                return Err(StoreError::Corrupt(format!("no conversation {}", delivery.conversation)));
            }
            let fresh = sqlx::query(
                "INSERT INTO outbox (id, key, conversation_id, message_id, channel, chat_id, thread_id, buttons, locale,
                    status, parts, interrupted, attempts, created_at, sent_at)
                 SELECT $1, $2, id, $3, channel, chat_id, thread_id, $4, $5,
                    CASE WHEN chat_id IS NULL THEN 'sent' ELSE 'pending' END, $6, FALSE, 0, $7,
                    CASE WHEN chat_id IS NULL THEN $7 ELSE NULL END
                 FROM conversations WHERE id = $8 ON CONFLICT (key) DO NOTHING",
            ).bind(OutboxId::new(clock)).bind(&delivery.key).bind(message).bind(Json(&delivery.buttons))
             .bind(&delivery.locale).bind(Json(json!([]))).bind(now).bind(delivery.conversation)
             .execute(&mut *tx).await?.rows_affected() == 1;
            if !fresh {
                tx.rollback().await?;
                return Ok(None);
            }
            sqlx::query("UPDATE conversations SET updated_at = $2 WHERE id = $1")
                .bind(delivery.conversation).bind(now).execute(&mut *tx).await?;
        });
        Ok(Some(message))
    }

    /// The next message of each chat that has none before it.
    pub async fn outgoing(&self, limit: i64) -> Result<Vec<Outgoing>> {
        Ok(on!(self, pool => sqlx::query_as(
            "SELECT o.id, o.key, o.chat_id, COALESCE(o.thread_id, 0) AS thread_id, o.reply_to,
                COALESCE(o.content, m.content, '') AS text, o.buttons, o.locale, o.parts, o.interrupted, o.attempts
             FROM outbox o LEFT JOIN messages m ON m.id = o.message_id
             WHERE o.status = 'pending' AND o.chat_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM outbox e
                WHERE e.chat_id = o.chat_id AND e.status IN ('pending', 'sending', 'waiting') AND e.id < o.id)
             ORDER BY o.id LIMIT $1",
        ).bind(limit).fetch_all(pool).await)?)
    }

    /// Says that a message is about to be sent; a first part counts as in flight from here. Gives the
    /// parts that Telegram has got and whether one may have arrived unseen, or `None` when the message
    /// is not to be sent any more.
    pub async fn begin_send(&self, id: OutboxId, host: HostId) -> Result<Option<(Vec<i64>, bool)>> {
        let row: Option<(Json<Vec<i64>>, bool)> = on!(self, pool => sqlx::query_as(
            "UPDATE outbox SET status = 'sending', locked_by = $2, attempts = attempts + 1,
             in_flight = CASE WHEN CAST(parts AS TEXT) = '[]' THEN 0 ELSE NULL END
             WHERE id = $1 AND status = 'pending' RETURNING parts, interrupted",
        ).bind(id).bind(host).fetch_optional(pool).await)?;
        Ok(row.map(|(parts, interrupted)| (parts.0, interrupted)))
    }

    /// Records the parts that have arrived, and the one that is sent next.
    pub async fn parts_sent(&self, id: OutboxId, parts: &[i64], in_flight: Option<i64>) -> Result<()> {
        on!(self, pool => sqlx::query(
            "UPDATE outbox SET parts = $2, in_flight = $3, interrupted = FALSE WHERE id = $1 AND status = 'sending'",
        ).bind(id).bind(Json(parts)).bind(in_flight).execute(pool).await.map(|_| ()))?;
        Ok(())
    }

    /// Records that everything has arrived.
    pub async fn finish_send(&self, clock: &Clock, id: OutboxId, parts: &[i64]) -> Result<()> {
        on!(self, pool => sqlx::query(
            "UPDATE outbox SET status = 'sent', parts = $2, in_flight = NULL, interrupted = FALSE, sent_at = $3,
             locked_by = NULL, last_error = NULL WHERE id = $1 AND status = 'sending'",
        ).bind(id).bind(Json(parts)).bind(clock.now()).execute(pool).await.map(|_| ()))?;
        Ok(())
    }

    /// Leaves a message to a job that sends it again at `at`. `unsure`: the part in flight may have
    /// arrived.
    pub async fn put_off_send(
        &self,
        clock: &Clock,
        row: &Outgoing,
        (error, unsure): (&str, bool),
        at: DateTime<Utc>,
    ) -> Result<()> {
        let job = super::NewJob {
            payload: json!({ "outbox": row.id }),
            idempotency_key: Some(format!("retry_send:{}:{}", row.id, row.attempts)),
            ..super::NewJob::once("retry_send", at, "outbox")
        };
        write_tx!(self, tx => {
            let mine = sqlx::query(
                "UPDATE outbox SET status = 'waiting', last_error = $2, locked_by = NULL, in_flight = NULL,
                 interrupted = CASE WHEN $3 AND in_flight IS NOT NULL THEN TRUE ELSE interrupted END
                 WHERE id = $1 AND status = 'sending'",
            ).bind(row.id).bind(error).bind(unsure).execute(&mut *tx).await?.rows_affected() == 1;
            if mine {
                insert_job!(tx, JobId::new(clock), job, clock.now());
            }
        });
        Ok(())
    }

    /// Gives a message up.
    pub async fn fail_send(&self, id: OutboxId, error: &str) -> Result<()> {
        on!(self, pool => sqlx::query(
            "UPDATE outbox SET status = 'failed', last_error = $2, locked_by = NULL, in_flight = NULL
             WHERE id = $1 AND status = 'sending'",
        ).bind(id).bind(error).execute(pool).await.map(|_| ()))?;
        Ok(())
    }

    /// Queues a message again that waits for a retry, or was given up. False when it is neither.
    pub async fn resend(&self, id: OutboxId) -> Result<bool> {
        Ok(on!(self, pool => sqlx::query(
            "UPDATE outbox SET status = 'pending' WHERE id = $1 AND status IN ('waiting', 'failed')",
        ).bind(id).execute(pool).await.map(|done| done.rows_affected() == 1))?)
    }

    /// Takes back what an earlier sender left in the middle. Called by the one who holds the lease.
    pub async fn recover_outbox(&self) -> Result<u64> {
        Ok(on!(self, pool => sqlx::query(
            "UPDATE outbox SET status = CASE WHEN status = 'sending' THEN 'pending' ELSE status END, locked_by = NULL,
             interrupted = CASE WHEN in_flight IS NULL THEN interrupted ELSE TRUE END, in_flight = NULL
             WHERE status = 'sending' OR (status = 'draft' AND in_flight IS NOT NULL)",
        ).execute(pool).await.map(|done| done.rows_affected()))?)
    }

    /// The running turns whose replies go to Telegram.
    pub async fn drafts(&self) -> Result<Vec<(TurnId, i64, i64)>> {
        let rows: Vec<(String, i64, i64)> = on!(self, pool => sqlx::query_as(
            "SELECT key, chat_id, COALESCE(thread_id, 0) FROM outbox WHERE status = 'draft' AND chat_id IS NOT NULL ORDER BY id",
        ).fetch_all(pool).await)?;
        Ok(rows
            .into_iter()
            .filter_map(|(key, chat, thread)| Some((key.strip_prefix("turn:")?.parse().ok()?, chat, thread)))
            .collect())
    }

    /// The draft of a running turn, before more of it is shown; `None` when the turn has ended. Its first
    /// message is noted as in flight.
    pub async fn begin_draft(&self, turn: TurnId) -> Result<Option<Outgoing>> {
        Ok(on!(self, pool => sqlx::query_as(
            "UPDATE outbox SET in_flight = CASE WHEN CAST(parts AS TEXT) = '[]' THEN 0 ELSE NULL END
             WHERE key = $1 AND status = 'draft'
             RETURNING id, key, chat_id, COALESCE(thread_id, 0) AS thread_id, reply_to, '' AS text, buttons, locale, parts,
                interrupted, attempts",
        ).bind(format!("turn:{turn}")).fetch_optional(pool).await)?)
    }

    /// Records that nobody knows whether the first message of a draft arrived.
    pub async fn draft_unsure(&self, turn: TurnId) -> Result<()> {
        on!(self, pool => sqlx::query(
            "UPDATE outbox SET interrupted = TRUE, in_flight = NULL WHERE key = $1 AND status IN ('draft', 'pending')",
        ).bind(format!("turn:{turn}")).execute(pool).await.map(|_| ()))?;
        Ok(())
    }

    /// Records how the sending of a draft went: the message that Telegram now shows, or none.
    pub async fn draft_sent(&self, turn: TurnId, message: Option<i64>) -> Result<()> {
        let parts: Vec<i64> = message.into_iter().collect();
        on!(self, pool => sqlx::query(
            "UPDATE outbox SET parts = $2, in_flight = NULL WHERE key = $1 AND status IN ('draft', 'pending')",
        ).bind(format!("turn:{turn}")).bind(Json(parts)).execute(pool).await.map(|_| ()))?;
        Ok(())
    }

    /// A group got another id when it became a supergroup.
    pub async fn move_chat(&self, from: i64, to: i64) -> Result<()> {
        write_tx!(self, tx => {
            for statement in [
                "UPDATE chats SET chat_id = $2 WHERE chat_id = $1",
                "UPDATE conversations SET chat_id = $2 WHERE chat_id = $1",
                "UPDATE users SET telegram_user_id = $2 WHERE telegram_user_id = $1",
                "UPDATE outbox SET chat_id = $2 WHERE chat_id = $1 AND status <> 'sent'",
            ] {
                sqlx::query(statement).bind(from).bind(to).execute(&mut *tx).await?;
            }
        });
        Ok(())
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

    /// How a delivery of this key fares; `None` when there is none.
    pub async fn delivery_status(&self, key: &str) -> Result<Option<OutboxStatus>> {
        let row: Option<(OutboxStatus,)> = on!(self, pool => sqlx::query_as("SELECT status FROM outbox WHERE key = $1")
            .bind(key).fetch_optional(pool).await)?;
        Ok(row.map(|(status,)| status))
    }

    /// Where to reach a person who is not in a conversation right now: their Telegram chat's, else
    /// their newest conversation.
    pub async fn home_of(&self, user: UserId) -> Result<Option<ConversationId>> {
        let row: Option<(ConversationId,)> = on!(self, pool => sqlx::query_as(
            "SELECT c.id FROM conversations c LEFT JOIN chats h ON h.conversation_id = c.id
             WHERE c.user_id = $1
             ORDER BY CASE WHEN h.chat_id IS NULL THEN 1 ELSE 0 END, c.updated_at DESC, c.id DESC LIMIT 1",
        ).bind(user).fetch_optional(pool).await)?;
        Ok(row.map(|(id,)| id))
    }
}
