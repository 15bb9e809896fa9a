//! What came in from Telegram: kept before it is acknowledged, worked on once.

use chrono::{DateTime, Utc};
use serde_json::Value;
use sqlx::{FromRow, types::Json};

use super::{Channel, Db, Notice, Result, on, outbox::insert_notice, write_tx};
use crate::{
    clock::Clock,
    ids::{HostId, OutboxId},
};

/// An update as it came.
#[derive(Clone, Debug)]
pub struct NewUpdate {
    /// Bot and number: the same key again is the same update.
    pub key: String,
    pub chat_id: Option<i64>,
    /// Telegram's number, which orders the updates of one batch.
    pub number: i64,
    /// The album that it is a part of.
    pub album: Option<String>,
    pub payload: Value,
}

/// An update that waits to be worked on.
#[derive(Clone, Debug, FromRow)]
pub struct Update {
    pub key: String,
    pub chat_id: Option<i64>,
    pub album: Option<String>,
    pub payload: Json<Value>,
    pub received_at: DateTime<Utc>,
}

/// Ends the work on an update in a transaction; gives the rows changed, none when it was done before.
macro_rules! end_update {
    ($tx:ident, $key:expr) => {
        sqlx::query("UPDATE updates SET status = 'done', payload = NULL WHERE key = $1 AND status = 'received'")
            .bind($key)
            .execute(&mut *$tx)
            .await?
            .rows_affected()
    };
}
pub(super) use end_update;

macro_rules! waiting {
    ($not_busy:literal) => {
        concat!(
            "SELECT key, chat_id, album, payload, received_at FROM updates
             WHERE status = 'received' AND COALESCE(chat_id, 0) ",
            $not_busy,
            " ORDER BY received_at, number LIMIT $2"
        )
    };
}

impl Db {
    /// Keeps a batch under the poller's lease; the number of those that were new, or `None` when the
    /// lease has passed to another host.
    pub async fn keep_updates(
        &self,
        clock: &Clock,
        (lease, holder, number): (&str, HostId, i64),
        batch: &[NewUpdate],
    ) -> Result<Option<usize>> {
        let now = clock.now();
        let mut fresh = 0;
        write_tx!(self, tx => {
            let held: Option<(i64,)> = sqlx::query_as(
                "SELECT number FROM leases WHERE name = $1 AND holder = $2 AND number = $3",
            ).bind(lease).bind(holder).bind(number).fetch_optional(&mut *tx).await?;
            if held.is_none() {
                return Ok(None);
            }
            for update in batch {
                fresh += sqlx::query(
                    "INSERT INTO updates (key, channel, status, chat_id, number, album, payload, received_at)
                     VALUES ($1, $2, 'received', $3, $4, $5, $6, $7) ON CONFLICT (key) DO NOTHING",
                ).bind(&update.key).bind(Channel::Telegram).bind(update.chat_id).bind(update.number)
                 .bind(&update.album).bind(Json(&update.payload)).bind(now)
                 .execute(&mut *tx).await?.rows_affected();
            }
        });
        Ok(Some(usize::try_from(fresh).unwrap_or(usize::MAX)))
    }

    /// Updates that nobody has worked on, oldest first, but for those of chats that are at work: one with
    /// many updates does not stand before the others. `None` is what comes from no chat.
    pub async fn waiting_updates(&self, busy: &[Option<i64>], limit: i64) -> Result<Vec<Update>> {
        // No chat has the id 0.
        let busy = Json(busy.iter().map(|chat| chat.unwrap_or_default()).collect::<Vec<i64>>());
        Ok(match self {
            Self::Sqlite(pool, _) => {
                let statement = waiting!("NOT IN (SELECT value FROM json_each($1))");
                sqlx::query_as(statement).bind(busy).bind(limit).fetch_all(pool).await?
            }
            Self::Postgres(pool) => {
                let statement = waiting!("<> ALL (ARRAY (SELECT CAST(jsonb_array_elements_text($1) AS BIGINT)))");
                sqlx::query_as(statement).bind(busy).bind(limit).fetch_all(pool).await?
            }
        })
    }

    /// Ends the work on an update together with what is said about it. False when it was done before;
    /// then nothing is said again.
    pub async fn finish_update(&self, clock: &Clock, key: &str, notices: &[Notice]) -> Result<bool> {
        write_tx!(self, tx => {
            let mine = end_update!(tx, key) == 1;
            if !mine {
                return Ok(false);
            }
            for notice in notices {
                insert_notice!(tx, OutboxId::new(clock), notice, clock.now());
            }
        });
        Ok(true)
    }

    /// Forgets the keys of Telegram's updates received before a moment; Telegram itself keeps
    /// updates for a day.
    pub async fn sweep_updates(&self, before: DateTime<Utc>) -> Result<u64> {
        Ok(on!(self, pool => sqlx::query(
            "DELETE FROM updates WHERE channel = 'telegram' AND status = 'done' AND received_at < $1",
        ).bind(before).execute(pool).await.map(|done| done.rows_affected()))?)
    }
}
