//! The rung of the ladder that each person's answers come from.

use chrono::{DateTime, Utc};
use sqlx::FromRow;

use super::{Db, Result, on, write_tx};
use crate::{
    clock::Clock,
    ids::{RungChangeId, TurnId, UserId},
};

/// Where a person stands.
#[derive(Clone, Debug, PartialEq, Eq, FromRow)]
pub struct RungRow {
    pub rung: String,
    /// The rung that they were told of.
    pub told: String,
}

/// A change of rung, for the page.
#[derive(Clone, Debug, PartialEq, Eq, FromRow)]
pub struct RungChange {
    pub id: RungChangeId,
    pub user_id: UserId,
    pub turn_id: Option<TurnId>,
    pub old_rung: String,
    pub new_rung: String,
    pub reason: String,
    pub created_at: DateTime<Utc>,
}

impl Db {
    pub async fn rung(&self, user: UserId) -> Result<Option<RungRow>> {
        Ok(on!(self, pool => sqlx::query_as("SELECT rung, told FROM rungs WHERE user_id = $1")
            .bind(user).fetch_optional(pool).await)?)
    }

    /// Puts a person on a rung and keeps the change, if it is one. `before` is where they stood.
    pub async fn set_rung(
        &self,
        clock: &Clock,
        (user, turn): (UserId, TurnId),
        (before, rung): (&str, &str),
        reason: &str,
    ) -> Result<()> {
        let now = clock.now();
        write_tx!(self, tx => {
            let changed = sqlx::query(
                "INSERT INTO rungs (user_id, rung, told, updated_at) VALUES ($1, $2, $3, $4)
                 ON CONFLICT (user_id) DO UPDATE SET rung = excluded.rung, updated_at = excluded.updated_at
                 WHERE rungs.rung <> excluded.rung",
            ).bind(user).bind(rung).bind(before).bind(now).execute(&mut *tx).await?.rows_affected();
            if changed == 1 {
                sqlx::query(
                    "INSERT INTO rung_changes (id, user_id, turn_id, old_rung, new_rung, reason, created_at)
                     VALUES ($1, $2, $3, $4, $5, $6, $7)",
                ).bind(RungChangeId::new(clock)).bind(user).bind(turn).bind(before).bind(rung).bind(reason).bind(now)
                 .execute(&mut *tx).await?;
            }
        });
        Ok(())
    }

    /// Whether a person has yet to be told of a rung; they count as told from then on.
    pub async fn tell_rung(&self, user: UserId, rung: &str) -> Result<bool> {
        Ok(on!(self, pool => sqlx::query("UPDATE rungs SET told = $2 WHERE user_id = $1 AND rung = $2 AND told <> $2")
            .bind(user).bind(rung).execute(pool).await.map(|done| done.rows_affected() == 1))?)
    }

    /// The newest changes of everybody's rungs.
    pub async fn rung_changes(&self, limit: i64) -> Result<Vec<RungChange>> {
        Ok(on!(self, pool => sqlx::query_as(
            "SELECT id, user_id, turn_id, old_rung, new_rung, reason, created_at FROM rung_changes
             ORDER BY created_at DESC, id DESC LIMIT $1",
        ).bind(limit).fetch_all(pool).await)?)
    }
}
