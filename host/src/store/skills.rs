//! Skills, their versions and grants. A version is named by the digest of its component.

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

/// A version without its bytes.
#[derive(Clone, Debug, FromRow)]
pub struct VersionRow {
    /// SHA-256 of the component, in hex.
    pub digest: String,
    pub skill_name: String,
    pub version: String,
    pub manifest: Json<Value>,
    pub imports: Json<Vec<String>>,
    /// One entry per example of the manifest: what was expected and what came.
    pub examples: Json<Value>,
    pub size: i64,
    pub compile_ms: i64,
    /// "review", "active" or "retired".
    pub status: String,
    pub created_at: DateTime<Utc>,
    pub activated_at: Option<DateTime<Utc>>,
}

#[derive(Clone, Debug)]
pub struct NewVersion<'a> {
    pub digest: &'a str,
    pub skill_name: &'a str,
    pub version: &'a str,
    pub manifest: &'a Value,
    pub imports: &'a [String],
    pub examples: &'a Value,
    pub compile_ms: i64,
    pub component: &'a [u8],
    /// "bundle" or "upload".
    pub origin: &'a str,
}

/// The owner's yes to one capability of a skill.
#[derive(Clone, Debug, FromRow)]
pub struct Grant {
    pub capability: String,
    pub scope: Json<Value>,
    pub granted_by: String,
    pub granted_at: DateTime<Utc>,
}

/// Counts a change of the skills, in the transaction that makes it.
macro_rules! bump {
    ($tx:ident) => {
        sqlx::query("UPDATE revisions SET number = number + 1 WHERE name = 'skills'").execute(&mut *$tx).await?
    };
}

macro_rules! version_columns {
    () => {
        "digest, skill_name, version, manifest, imports, examples, size, compile_ms, status, created_at, activated_at"
    };
}

macro_rules! skill_columns {
    () => {
        "name, status, origin, active_digest, previous_digest, settings, created_at, updated_at"
    };
}

impl Db {
    /// Stores a checked version for review. A version that is stored already is left as it is.
    pub async fn stage_version(&self, clock: &Clock, new: &NewVersion<'_>) -> Result<()> {
        let now = clock.now();
        let size = i64::try_from(new.component.len()).unwrap_or(i64::MAX);
        write_tx!(self, tx => {
            sqlx::query(
                "INSERT INTO skills (name, status, origin, settings, created_at, updated_at)
                 VALUES ($1, 'active', $2, $3, $4, $4) ON CONFLICT (name) DO NOTHING",
            ).bind(new.skill_name).bind(new.origin).bind(Json(serde_json::Map::<String, Value>::new())).bind(now)
             .execute(&mut *tx).await?;
            sqlx::query(
                "INSERT INTO skill_versions (digest, skill_name, version, manifest, imports, examples, size,
                 compile_ms, status, component, created_at, origin)
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 'review', $9, $10, $11) ON CONFLICT (digest) DO NOTHING",
            ).bind(new.digest).bind(new.skill_name).bind(new.version).bind(Json(new.manifest))
             .bind(Json(new.imports)).bind(Json(new.examples)).bind(size).bind(new.compile_ms)
             .bind(new.component).bind(now).bind(new.origin).execute(&mut *tx).await?;
        });
        Ok(())
    }

    /// Makes a stored version the one that answers; a disabled skill stays disabled. False when the
    /// skill has no such version.
    pub async fn activate_version(&self, clock: &Clock, name: &str, digest: &str) -> Result<bool> {
        let now = clock.now();
        write_tx!(self, tx => {
            // The skill's row first: activations of one skill wait for each other there, so that each
            // sees which version the one before made active.
            let known = sqlx::query(
                "UPDATE skills SET updated_at = $3, active_digest = $2,
                 status = CASE WHEN status = 'removed' THEN 'active' ELSE status END,
                 origin = (SELECT origin FROM skill_versions WHERE digest = $2),
                 previous_digest = CASE WHEN active_digest = $2 THEN previous_digest ELSE active_digest END
                 WHERE name = $1 AND EXISTS (SELECT 1 FROM skill_versions WHERE skill_name = $1 AND digest = $2)",
            ).bind(name).bind(digest).bind(now).execute(&mut *tx).await?.rows_affected() == 1;
            if !known {
                return Ok(false);
            }
            sqlx::query(
                "UPDATE skill_versions SET status = 'retired' WHERE skill_name = $1 AND digest <> $2 AND status = 'active'",
            ).bind(name).bind(digest).execute(&mut *tx).await?;
            sqlx::query("UPDATE skill_versions SET status = 'active', activated_at = $2 WHERE digest = $1")
                .bind(digest).bind(now).execute(&mut *tx).await?;
            bump!(tx);
        });
        Ok(true)
    }

    /// Enables, disables or removes a skill. A removed one keeps its versions and its calls on record,
    /// but nothing that was granted to it.
    pub async fn set_skill_status(&self, clock: &Clock, name: &str, status: &str) -> Result<bool> {
        let known = write_tx!(self, tx => {
            let known = sqlx::query("UPDATE skills SET status = $2, updated_at = $3 WHERE name = $1")
                .bind(name).bind(status).bind(clock.now()).execute(&mut *tx).await?.rows_affected() == 1;
            if status == "removed" {
                sqlx::query("DELETE FROM grants WHERE skill_name = $1").bind(name).execute(&mut *tx).await?;
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

    /// Replaces all grants of a skill.
    pub async fn set_grants(&self, clock: &Clock, name: &str, grants: &[(String, Value)], by: &str) -> Result<()> {
        write_tx!(self, tx => {
            sqlx::query("DELETE FROM grants WHERE skill_name = $1").bind(name).execute(&mut *tx).await?;
            for (capability, scope) in grants {
                sqlx::query(
                    "INSERT INTO grants (skill_name, capability, scope, granted_by, granted_at)
                     VALUES ($1, $2, $3, $4, $5)",
                ).bind(name).bind(capability).bind(Json(scope)).bind(by).bind(clock.now())
                 .execute(&mut *tx).await?;
            }
            bump!(tx);
        });
        Ok(())
    }

    pub async fn grants(&self, name: &str) -> Result<Vec<Grant>> {
        Ok(on!(self, pool => sqlx::query_as(
            "SELECT capability, scope, granted_by, granted_at FROM grants WHERE skill_name = $1 ORDER BY capability",
        ).bind(name).fetch_all(pool).await)?)
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

    /// The versions of one skill, newest first.
    pub async fn versions(&self, name: &str) -> Result<Vec<VersionRow>> {
        Ok(on!(self, pool => sqlx::query_as(concat!(
            "SELECT ", version_columns!(), " FROM skill_versions WHERE skill_name = $1 ORDER BY created_at DESC, digest",
        )).bind(name).fetch_all(pool).await)?)
    }

    pub async fn version(&self, digest: &str) -> Result<Option<VersionRow>> {
        Ok(on!(self, pool => sqlx::query_as(concat!(
            "SELECT ", version_columns!(), " FROM skill_versions WHERE digest = $1",
        )).bind(digest).fetch_optional(pool).await)?)
    }

    /// The bytes of a version.
    pub async fn component(&self, digest: &str) -> Result<Option<Vec<u8>>> {
        let row: Option<(Vec<u8>,)> = on!(self, pool => sqlx::query_as(
            "SELECT component FROM skill_versions WHERE digest = $1",
        ).bind(digest).fetch_optional(pool).await)?;
        Ok(row.map(|(bytes,)| bytes))
    }

    /// A number that changes whenever any skill does, on whichever host.
    pub async fn skills_revision(&self) -> Result<i64> {
        let (number,): (i64,) = on!(self, pool => sqlx::query_as(
            "SELECT number FROM revisions WHERE name = 'skills'",
        ).fetch_one(pool).await)?;
        Ok(number)
    }
}
