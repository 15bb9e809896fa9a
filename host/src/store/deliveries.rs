//! What is said in a conversation and is no reply: reminders, alerts, what skills send.

use serde_json::Value;

use super::{Button, Db, OutboxStatus, Result, on, write_tx};
use crate::{
    clock::Clock,
    ids::{ConversationId, MessageId, UserId},
};

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

/// Writes a delivery in a transaction; gives the message, or `None` when its key was delivered before.
/// It goes to Telegram where the conversation takes place there and the chat is still its person's: who
/// was unlinked is a stranger.
macro_rules! insert_delivery {
    ($tx:ident, $clock:expr, $delivery:expr, $now:expr) => {{
        let (message, delivery) = ($crate::ids::MessageId::new($clock), $delivery);
        let written = sqlx::query(
            "INSERT INTO messages (id, conversation_id, user_id, turn_id, role, content, meta, created_at)
             SELECT $1, id, user_id, NULL, 'assistant', $3, $4, $5 FROM conversations WHERE id = $2",
        )
        .bind(message)
        .bind(delivery.conversation)
        .bind(&delivery.text)
        .bind(sqlx::types::Json(&delivery.meta))
        .bind($now)
        .execute(&mut *$tx)
        .await?
        .rows_affected();
        if written == 0 {
            return Err($crate::store::StoreError::Corrupt(format!("no conversation {}", delivery.conversation)));
        }
        let fresh = sqlx::query(
            "INSERT INTO outbox (id, key, conversation_id, message_id, channel, chat_id, thread_id, buttons, locale,
                status, parts, interrupted, attempts, created_at, sent_at)
             SELECT $1, $2, c.id, $3, c.channel, u.telegram_user_id, c.thread_id, $4, $5,
                CASE WHEN u.id IS NULL THEN 'sent' ELSE 'pending' END, $6, FALSE, 0, $7,
                CASE WHEN u.id IS NULL THEN $7 ELSE NULL END
             FROM conversations c LEFT JOIN users u ON u.id = c.user_id AND u.telegram_user_id = c.chat_id
             WHERE c.id = $8 ON CONFLICT (key) DO NOTHING",
        )
        .bind($crate::ids::OutboxId::new($clock))
        .bind(&delivery.key)
        .bind(message)
        .bind(sqlx::types::Json(&delivery.buttons))
        .bind(&delivery.locale)
        .bind(sqlx::types::Json(serde_json::json!([])))
        .bind($now)
        .bind(delivery.conversation)
        .execute(&mut *$tx)
        .await?
        .rows_affected()
            == 1;
        if fresh {
            sqlx::query("UPDATE conversations SET updated_at = $2 WHERE id = $1")
                .bind(delivery.conversation)
                .bind($now)
                .execute(&mut *$tx)
                .await?;
        } else {
            sqlx::query("DELETE FROM messages WHERE id = $1").bind(message).execute(&mut *$tx).await?;
        }
        fresh.then_some(message)
    }};
}
pub(super) use insert_delivery;

impl Db {
    /// Writes a message of the agent into a conversation and, where that is on Telegram, queues it.
    /// `None` when its key was delivered before.
    pub async fn deliver(&self, clock: &Clock, delivery: &Delivery) -> Result<Option<MessageId>> {
        Ok(write_tx!(self, tx => { insert_delivery!(tx, clock, delivery, clock.now()) }))
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
        self.place_of(user, None).await
    }

    /// Where to reach a person about something that belongs to a conversation: there, unless that was in
    /// a chat that is not theirs any more; else as [`Self::home_of`] says.
    pub async fn place_of(&self, user: UserId, wanted: Option<ConversationId>) -> Result<Option<ConversationId>> {
        let row: Option<(ConversationId,)> = on!(self, pool => sqlx::query_as(
            "SELECT c.id FROM conversations c JOIN users u ON u.id = c.user_id
             LEFT JOIN chats h ON h.conversation_id = c.id AND h.chat_id = u.telegram_user_id
             WHERE c.user_id = $1
             ORDER BY CASE WHEN c.id = $2 AND (c.chat_id IS NULL OR c.chat_id = u.telegram_user_id) THEN 0
                WHEN h.chat_id IS NOT NULL THEN 1 WHEN c.chat_id IS NULL THEN 2 ELSE 3 END,
                c.updated_at DESC, c.id DESC LIMIT 1",
        ).bind(user).bind(wanted).fetch_optional(pool).await)?;
        Ok(row.map(|(id,)| id))
    }
}
