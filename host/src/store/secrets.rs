//! Secrets of skills, sealed before they come here.

use chrono::{DateTime, Utc};
use sqlx::FromRow;

use super::{Db, Result, on, skills::bump, write_tx};
use crate::clock::Clock;

#[derive(Clone, Debug, FromRow)]
pub struct SecretRow {
    pub name: String,
    /// What only the host's key opens.
    pub sealed: Vec<u8>,
    pub set_by: String,
    pub set_at: DateTime<Utc>,
}

impl Db {
    /// Sets a secret of a skill, in place of an earlier one of the same name.
    pub async fn set_secret(&self, clock: &Clock, skill: &str, name: &str, sealed: &[u8], by: &str) -> Result<()> {
        write_tx!(self, tx => {
            sqlx::query(
                "INSERT INTO skill_secrets (skill_name, name, sealed, set_by, set_at) VALUES ($1, $2, $3, $4, $5)
                 ON CONFLICT (skill_name, name) DO UPDATE SET sealed = $3, set_by = $4, set_at = $5",
            ).bind(skill).bind(name).bind(sealed).bind(by).bind(clock.now()).execute(&mut *tx).await?;
            bump!(tx);
        });
        Ok(())
    }

    /// Deletes a secret of a skill; false when there is none of this name.
    pub async fn delete_secret(&self, skill: &str, name: &str) -> Result<bool> {
        write_tx!(self, tx => {
            let known = sqlx::query("DELETE FROM skill_secrets WHERE skill_name = $1 AND name = $2")
                .bind(skill).bind(name).execute(&mut *tx).await?.rows_affected() == 1;
            if !known {
                return Ok(false);
            }
            bump!(tx);
        });
        Ok(true)
    }

    /// The secrets of a skill, by name.
    pub async fn secrets(&self, skill: &str) -> Result<Vec<SecretRow>> {
        Ok(on!(self, pool => sqlx::query_as(
            "SELECT name, sealed, set_by, set_at FROM skill_secrets WHERE skill_name = $1 ORDER BY name",
        ).bind(skill).fetch_all(pool).await)?)
    }
}
