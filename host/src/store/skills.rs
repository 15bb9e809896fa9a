//! Skills: which there are, whether they answer, and their settings.

use chrono::{DateTime, Utc};
use serde_json::Value;
use sqlx::{FromRow, types::Json};

use super::{Db, Result, on, write_tx};
use crate::clock::Clock;

#[derive(Clone, Debug, FromRow)]
pub struct SkillRow {
    pub name: String,
    /// "active", "disabled" or "removed".
    pub status: String,
    /// "bundle" or "upload": where the version that answers came from.
    pub origin: String,
    /// The version that answers, once one was activated.
    pub active_digest: Option<String>,
    /// The version that a roll-back returns to.
    pub previous_digest: Option<String>,
    /// Values the owner set for the skill's own settings.
    pub settings: Json<serde_json::Map<String, Value>>,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

/// Counts a change of the skills, in the transaction that makes it.
macro_rules! bump {
    ($tx:ident) => {
        sqlx::query("UPDATE revisions SET number = number + 1 WHERE name = 'skills'").execute(&mut *$tx).await?
    };
}
pub(super) use bump;

/// Takes from the skill bound as `$1` what was given to it, what it kept, and what it asked of the owner.
pub(super) const STRIP: [&str; 5] = [
    "DELETE FROM grants WHERE skill_name = $1",
    "DELETE FROM skill_secrets WHERE skill_name = $1",
    "DELETE FROM kv WHERE skill_name = $1",
    "DELETE FROM approvals WHERE skill_name = $1",
    "UPDATE skills SET settings = '{}' WHERE name = $1",
];

macro_rules! skill_columns {
    () => {
        "name, status, origin, active_digest, previous_digest, settings, created_at, updated_at"
    };
}

impl Db {
    /// Holds the row of the skill bound as `$1` until the transaction ends: whoever else changes what
    /// belongs to it waits. SQLite has one writer anyway.
    pub(super) fn hold_skill(&self) -> &'static str {
        match self {
            Self::Sqlite(..) => "SELECT 1 FROM skills WHERE name = $1",
            Self::Postgres(_) => "SELECT 1 FROM skills WHERE name = $1 FOR UPDATE",
        }
    }

    /// Whether a skill was removed, which it is not until the transaction ends if it was not before. Those who ask do
    /// not wait for each other.
    pub(super) fn is_removed(&self) -> &'static str {
        match self {
            Self::Sqlite(..) => "SELECT status = 'removed' FROM skills WHERE name = $1",
            Self::Postgres(_) => "SELECT status = 'removed' FROM skills WHERE name = $1 FOR KEY SHARE",
        }
    }

    /// Enables, disables or removes a skill. A removed one keeps its versions and its calls on record,
    /// but nothing that was given to it, that it kept, or that it asked of the owner.
    pub async fn set_skill_status(&self, clock: &Clock, name: &str, status: &str) -> Result<bool> {
        let now = clock.now();
        let known = write_tx!(self, tx => {
            // What was removed comes back by an upload, and by nothing else.
            let known = sqlx::query("UPDATE skills SET status = $2, updated_at = $3 WHERE name = $1 AND status <> 'removed'")
                .bind(name).bind(status).bind(now).execute(&mut *tx).await?.rows_affected() == 1;
            if known && status == "removed" {
                for statement in STRIP {
                    sqlx::query(statement).bind(name).execute(&mut *tx).await?;
                }
                sqlx::query(
                    "UPDATE jobs SET status = 'cancelled', finished_at = $2
                     WHERE created_by = 'skill ' || $1 AND status = 'queued'",
                ).bind(name).bind(now).execute(&mut *tx).await?;
            }
            bump!(tx);
            known
        });
        Ok(known)
    }

    /// Sets the owner's values for the skill's own settings.
    pub async fn set_skill_settings(
        &self,
        clock: &Clock,
        name: &str,
        settings: &serde_json::Map<String, Value>,
    ) -> Result<bool> {
        let known = write_tx!(self, tx => {
            let known = sqlx::query("UPDATE skills SET settings = $2, updated_at = $3 WHERE name = $1")
                .bind(name).bind(Json(settings)).bind(clock.now()).execute(&mut *tx).await?.rows_affected() == 1;
            bump!(tx);
            known
        });
        Ok(known)
    }

    /// All skills by name, removed ones too.
    pub async fn skills(&self) -> Result<Vec<SkillRow>> {
        Ok(on!(self, pool => sqlx::query_as(concat!("SELECT ", skill_columns!(), " FROM skills ORDER BY name"))
            .fetch_all(pool).await)?)
    }

    pub async fn skill(&self, name: &str) -> Result<Option<SkillRow>> {
        Ok(on!(self, pool => sqlx::query_as(concat!("SELECT ", skill_columns!(), " FROM skills WHERE name = $1"))
            .bind(name).fetch_optional(pool).await)?)
    }

    /// A number that changes whenever any skill does, on whichever host.
    pub async fn skills_revision(&self) -> Result<i64> {
        let (number,): (i64,) = on!(self, pool => sqlx::query_as(
            "SELECT number FROM revisions WHERE name = 'skills'",
        ).fetch_one(pool).await)?;
        Ok(number)
    }
}
