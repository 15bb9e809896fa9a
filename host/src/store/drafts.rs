//! Replies as they are seen while their turns run: one message of Telegram each, which grows.

use sqlx::types::Json;

use super::{Db, Outgoing, Result, on};
use crate::ids::TurnId;

impl Db {
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

    /// Records how the sending of a draft went: the message that Telegram shows of it, or none. The
    /// first that is known stays.
    pub async fn draft_sent(&self, turn: TurnId, message: Option<i64>) -> Result<()> {
        let parts: Vec<i64> = message.into_iter().collect();
        on!(self, pool => sqlx::query(
            "UPDATE outbox SET parts = $2, in_flight = NULL
             WHERE key = $1 AND status IN ('draft', 'pending') AND CAST(parts AS TEXT) = '[]'",
        ).bind(format!("turn:{turn}")).bind(Json(parts)).execute(pool).await.map(|_| ()))?;
        Ok(())
    }
}
