//! Secrets of skills, sealed before they come here.

use chrono::{DateTime, Utc};
use sqlx::FromRow;

use super::{Db, Result, on, skills::bump, write_tx};
use crate::clock::Clock;

#[derive(Clone, Debug, FromRow)]
pub struct SecretRow {
    pub name: String,
    /// Where it goes, as [`NewSecret::place`] says.
    pub place: String,
    /// What only the host's key opens.
    pub sealed: Vec<u8>,
    pub set_by: String,
    pub set_at: DateTime<Utc>,
}

#[derive(Clone, Copy, Debug)]
pub struct NewSecret<'a> {
    pub skill: &'a str,
    pub name: &'a str,
    /// Host, header and prefix that it was set for.
    pub place: &'a str,
    pub sealed: &'a [u8],
    pub by: &'a str,
}

impl Db {
    /// Sets a secret of a skill, in place of an earlier one of the same name.
    pub async fn set_secret(&self, clock: &Clock, new: &NewSecret<'_>) -> Result<()> {
        write_tx!(self, tx => {
            sqlx::query(
                "INSERT INTO skill_secrets (skill_name, name, sealed, set_by, set_at, place) VALUES ($1, $2, $3, $4, $5, $6)
                 ON CONFLICT (skill_name, name) DO UPDATE SET sealed = $3, set_by = $4, set_at = $5, place = $6",
            ).bind(new.skill).bind(new.name).bind(new.sealed).bind(new.by).bind(clock.now()).bind(new.place).execute(&mut *tx).await?;
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
            "SELECT name, place, sealed, set_by, set_at FROM skill_secrets WHERE skill_name = $1 ORDER BY name",
        ).bind(skill).fetch_all(pool).await)?)
    }
}
