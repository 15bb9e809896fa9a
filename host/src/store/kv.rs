//! Bytes that a skill keeps for one user.

use super::{Db, Result, on, write_tx};
use crate::{clock::Clock, ids::UserId};

/// Bytes of keys and values that one skill may keep for one user: a skill cannot fill the disk.
pub const KV_BYTES_PER_USER: i64 = 1 << 20;

macro_rules! keys_in_order {
    ($collation:literal) => {
        concat!(
            "SELECT key FROM kv WHERE skill_name = $1 AND user_id = $2 AND SUBSTR(key, 1, LENGTH($3)) = $3
             ORDER BY key ",
            $collation,
            " LIMIT $4"
        )
    };
}

/// Whether the skill was removed meanwhile, of which a call still runs: then nothing is kept for it.
macro_rules! keeps_nothing {
    ($db:ident, $tx:ident, $skill:expr) => {{
        let removed: Option<(bool,)> = sqlx::query_as($db.is_removed()).bind($skill).fetch_optional(&mut *$tx).await?;
        removed.is_some_and(|(removed,)| removed)
    }};
}

impl Db {
    pub async fn kv(&self, skill: &str, user: UserId, key: &str) -> Result<Option<Vec<u8>>> {
        let row: Option<(Vec<u8>,)> = on!(self, pool => sqlx::query_as(
            "SELECT value FROM kv WHERE skill_name = $1 AND user_id = $2 AND key = $3",
        ).bind(skill).bind(user).bind(key).fetch_optional(pool).await)?;
        Ok(row.map(|(value,)| value))
    }

    /// Sets a value; false when the user's share of this skill would be exceeded.
    pub async fn set_kv(&self, clock: &Clock, (skill, user): (&str, UserId), key: &str, value: &[u8]) -> Result<bool> {
        let fits = write_tx!(self, tx => {
            sqlx::query(self.hold_person()).bind(user).execute(&mut *tx).await?;
            if keeps_nothing!(self, tx, skill) {
                return Ok(true);
            }
            sqlx::query(
                "INSERT INTO kv (skill_name, user_id, key, value, updated_at) VALUES ($1, $2, $3, $4, $5)
                 ON CONFLICT (skill_name, user_id, key) DO UPDATE SET value = $4, updated_at = $5",
            ).bind(skill).bind(user).bind(key).bind(value).bind(clock.now()).execute(&mut *tx).await?;
            let (bytes,): (i64,) = sqlx::query_as(
                "SELECT CAST(COALESCE(SUM(LENGTH(value) + LENGTH(key)), 0) AS BIGINT) FROM kv
                 WHERE skill_name = $1 AND user_id = $2",
            ).bind(skill).bind(user).fetch_one(&mut *tx).await?;
            if bytes > KV_BYTES_PER_USER {
                return Ok(false);
            }
            true
        });
        Ok(fits)
    }

    /// Sets a value only if the present one is `expected`; `None` when the share would be exceeded.
    pub async fn swap_kv(
        &self,
        clock: &Clock,
        (skill, user): (&str, UserId),
        key: &str,
        (expected, value): (Option<&[u8]>, &[u8]),
    ) -> Result<Option<bool>> {
        let swapped = write_tx!(self, tx => {
            sqlx::query(self.hold_person()).bind(user).execute(&mut *tx).await?;
            if keeps_nothing!(self, tx, skill) {
                return Ok(Some(false));
            }
            let done = match expected {
                None => sqlx::query(
                    "INSERT INTO kv (skill_name, user_id, key, value, updated_at) VALUES ($1, $2, $3, $4, $5)
                     ON CONFLICT (skill_name, user_id, key) DO NOTHING",
                ).bind(skill).bind(user).bind(key).bind(value).bind(clock.now()).execute(&mut *tx).await?.rows_affected(),
                Some(expected) => sqlx::query(
                    "UPDATE kv SET value = $4, updated_at = $5
                     WHERE skill_name = $1 AND user_id = $2 AND key = $3 AND value = $6",
                ).bind(skill).bind(user).bind(key).bind(value).bind(clock.now()).bind(expected)
                 .execute(&mut *tx).await?.rows_affected(),
            };
            let (bytes,): (i64,) = sqlx::query_as(
                "SELECT CAST(COALESCE(SUM(LENGTH(value) + LENGTH(key)), 0) AS BIGINT) FROM kv
                 WHERE skill_name = $1 AND user_id = $2",
            ).bind(skill).bind(user).fetch_one(&mut *tx).await?;
            if bytes > KV_BYTES_PER_USER {
                return Ok(None);
            }
            done == 1
        });
        Ok(Some(swapped))
    }

    pub async fn delete_kv(&self, skill: &str, user: UserId, key: &str) -> Result<()> {
        on!(self, pool => sqlx::query("DELETE FROM kv WHERE skill_name = $1 AND user_id = $2 AND key = $3")
            .bind(skill).bind(user).bind(key).execute(pool).await.map(|_| ()))?;
        Ok(())
    }

    /// Keys that begin with `prefix`, in the order of their bytes.
    pub async fn kv_keys(&self, skill: &str, user: UserId, prefix: &str, limit: i64) -> Result<Vec<String>> {
        // SQLite compares bytes; Postgres sorts by its server's language unless told otherwise.
        let statement = match self {
            Self::Sqlite(..) => keys_in_order!(""),
            Self::Postgres(_) => keys_in_order!("COLLATE \"C\""),
        };
        let rows: Vec<(String,)> = on!(self, pool => sqlx::query_as(statement).bind(skill).bind(user).bind(prefix).bind(limit).fetch_all(pool).await)?;
        Ok(rows.into_iter().map(|(key,)| key).collect())
    }
}
