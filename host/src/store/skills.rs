//! Skills and their versions. A version is named by the digest of its component.

use chrono::{DateTime, Utc};
use serde_json::Value;
use sqlx::{FromRow, types::Json};

use super::{Db, Result, Yes, on, write_tx};
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
    /// "bundle" or "upload".
    pub origin: String,
    pub created_at: DateTime<Utc>,
    pub activated_at: Option<DateTime<Utc>>,
    /// Why it was rolled back, if it was.
    pub retired_reason: Option<String>,
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

/// What became of a version that was to be stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Staged {
    /// It is there, since now or before.
    Stored,
    /// Its number is another component's, of this digest.
    NumberTaken(String),
}

/// Counts a change of the skills, in the transaction that makes it.
macro_rules! bump {
    ($tx:ident) => {
        sqlx::query("UPDATE revisions SET number = number + 1 WHERE name = 'skills'").execute(&mut *$tx).await?
    };
}
pub(super) use bump;

macro_rules! version_columns {
    () => {
        "digest, skill_name, version, manifest, imports, examples, size, compile_ms, status, origin, created_at,
         activated_at, retired_reason"
    };
}

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
            Self::Sqlite(_) => "SELECT 1 FROM skills WHERE name = $1",
            Self::Postgres(_) => "SELECT 1 FROM skills WHERE name = $1 FOR UPDATE",
        }
    }

    /// Stores a checked version for review. A version that is stored already is left as it is, and a
    /// number is one component, but for what ships with the host: that is built again and again under
    /// one.
    pub async fn stage_version(&self, clock: &Clock, new: &NewVersion<'_>) -> Result<Staged> {
        let now = clock.now();
        let size = i64::try_from(new.component.len()).unwrap_or(i64::MAX);
        let staged = write_tx!(self, tx => {
            // A skill that is there already is held, so that it is not discarded meanwhile, and of two
            // versions of one number at the same moment the second sees the first.
            sqlx::query(
                "INSERT INTO skills (name, status, origin, settings, created_at, updated_at)
                 VALUES ($1, 'active', $2, $3, $4, $4)
                 ON CONFLICT (name) DO UPDATE SET updated_at = skills.updated_at",
            ).bind(new.skill_name).bind(new.origin).bind(Json(serde_json::Map::<String, Value>::new())).bind(now)
             .execute(&mut *tx).await?;
            let other: Option<(String,)> = sqlx::query_as(
                "SELECT digest FROM skill_versions WHERE skill_name = $1 AND version = $2 AND $4 <> 'bundle'
                 AND NOT EXISTS (SELECT 1 FROM skill_versions WHERE digest = $3) ORDER BY created_at DESC, digest LIMIT 1",
            ).bind(new.skill_name).bind(new.version).bind(new.digest).bind(new.origin).fetch_optional(&mut *tx).await?;
            if let Some((digest,)) = other {
                return Ok(Staged::NumberTaken(digest));
            }
            sqlx::query(
                "INSERT INTO skill_versions (digest, skill_name, version, manifest, imports, examples, size,
                 compile_ms, status, component, created_at, origin)
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 'review', $9, $10, $11) ON CONFLICT (digest) DO NOTHING",
            ).bind(new.digest).bind(new.skill_name).bind(new.version).bind(Json(new.manifest))
             .bind(Json(new.imports)).bind(Json(new.examples)).bind(size).bind(new.compile_ms)
             .bind(new.component).bind(now).bind(new.origin).execute(&mut *tx).await?;
            Staged::Stored
        });
        Ok(staged)
    }

    /// Makes a stored version the one that answers; a disabled skill stays disabled. False when the
    /// skill has no such version.
    pub async fn activate_version(&self, clock: &Clock, name: &str, digest: &str) -> Result<bool> {
        self.grant_and_activate(clock, name, digest, None).await
    }

    /// [`Db::activate_version`], and a yes to what it asks for with it: both happen, or neither.
    pub async fn grant_and_activate(
        &self,
        clock: &Clock,
        name: &str,
        digest: &str,
        yes: Option<&Yes<'_>>,
    ) -> Result<bool> {
        let (now, widen) = (clock.now(), self.widen_grant());
        write_tx!(self, tx => {
            // Activations of one skill wait for each other here, so that each sees which version the one
            // before made active, and whether its own is still there.
            sqlx::query(self.hold_skill()).bind(name).execute(&mut *tx).await?;
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
            for (capability, scope) in yes.into_iter().flat_map(Yes::words) {
                sqlx::query(widen).bind(name).bind(capability).bind(Json(scope)).bind(yes.map(|yes| yes.by)).bind(now)
                    .execute(&mut *tx).await?;
            }
            sqlx::query(
                "UPDATE skill_versions SET status = 'retired' WHERE skill_name = $1 AND digest <> $2 AND status = 'active'",
            ).bind(name).bind(digest).execute(&mut *tx).await?;
            sqlx::query(
                "UPDATE skill_versions SET status = 'active', activated_at = $2, retired_reason = NULL WHERE digest = $1",
            ).bind(digest).bind(now).execute(&mut *tx).await?;
            bump!(tx);
        });
        Ok(true)
    }

    /// Returns from the version that answers to the one before it, and gives the digest of that one.
    /// `None` when `from` is not the version that answers, or there is none to return to. The reason is
    /// kept with the version that is left.
    pub async fn roll_back_version(
        &self,
        clock: &Clock,
        name: &str,
        from: &str,
        reason: &str,
    ) -> Result<Option<String>> {
        let now = clock.now();
        let back = write_tx!(self, tx => {
            let back: Option<(String,)> = sqlx::query_as(
                "UPDATE skills SET updated_at = $3, active_digest = previous_digest, previous_digest = NULL,
                 origin = (SELECT origin FROM skill_versions WHERE digest = skills.previous_digest)
                 WHERE name = $1 AND active_digest = $2 AND previous_digest IS NOT NULL RETURNING active_digest",
            ).bind(name).bind(from).bind(now).fetch_optional(&mut *tx).await?;
            let Some((back,)) = back else { return Ok(None) };
            sqlx::query("UPDATE skill_versions SET status = 'retired', retired_reason = $2 WHERE digest = $1")
                .bind(from).bind(reason).execute(&mut *tx).await?;
            sqlx::query(
                "UPDATE skill_versions SET status = 'active', activated_at = $2, retired_reason = NULL WHERE digest = $1",
            ).bind(&back).bind(now).execute(&mut *tx).await?;
            bump!(tx);
            back
        });
        Ok(Some(back))
    }

    /// Deletes a version that never answered and, when it was the skill's only one, the skill with what
    /// the owner gave it. False when there is no such version, or it answered once.
    pub async fn discard_version(&self, name: &str, digest: &str) -> Result<bool> {
        write_tx!(self, tx => {
            sqlx::query(self.hold_skill()).bind(name).execute(&mut *tx).await?;
            let discarded = sqlx::query(
                "DELETE FROM skill_versions WHERE skill_name = $1 AND digest = $2 AND status = 'review'",
            ).bind(name).bind(digest).execute(&mut *tx).await?.rows_affected() == 1;
            if !discarded {
                return Ok(false);
            }
            for statement in [
                "DELETE FROM grants WHERE skill_name = $1
                 AND NOT EXISTS (SELECT 1 FROM skill_versions WHERE skill_name = $1)",
                "DELETE FROM skill_secrets WHERE skill_name = $1
                 AND NOT EXISTS (SELECT 1 FROM skill_versions WHERE skill_name = $1)",
                "DELETE FROM skills WHERE name = $1
                 AND NOT EXISTS (SELECT 1 FROM skill_versions WHERE skill_name = $1)",
            ] {
                sqlx::query(statement).bind(name).execute(&mut *tx).await?;
            }
            bump!(tx);
        });
        Ok(true)
    }

    /// Enables, disables or removes a skill. A removed one keeps its versions and its calls on record,
    /// but nothing that was given to it, that it kept, or that it asked of the owner.
    pub async fn set_skill_status(&self, clock: &Clock, name: &str, status: &str) -> Result<bool> {
        let now = clock.now();
        let known = write_tx!(self, tx => {
            let known = sqlx::query("UPDATE skills SET status = $2, updated_at = $3 WHERE name = $1")
                .bind(name).bind(status).bind(now).execute(&mut *tx).await?.rows_affected() == 1;
            if status == "removed" {
                for statement in [
                    "DELETE FROM grants WHERE skill_name = $1",
                    "DELETE FROM skill_secrets WHERE skill_name = $1",
                    "DELETE FROM kv WHERE skill_name = $1",
                    "DELETE FROM approvals WHERE skill_name = $1",
                    "UPDATE skills SET settings = '{}' WHERE name = $1",
                ] {
                    sqlx::query(statement).bind(name).execute(&mut *tx).await?;
                }
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

    /// A version of a skill by its number, whatever became of it; the newest, should there be several.
    pub async fn version_of(&self, name: &str, version: &str) -> Result<Option<VersionRow>> {
        Ok(on!(self, pool => sqlx::query_as(concat!(
            "SELECT ", version_columns!(), " FROM skill_versions WHERE skill_name = $1 AND version = $2
             ORDER BY created_at DESC, digest LIMIT 1",
        )).bind(name).bind(version).fetch_optional(pool).await)?)
    }

    /// The digests of all stored versions, of every skill.
    pub async fn digests(&self) -> Result<Vec<String>> {
        let rows: Vec<(String,)> = on!(self, pool => sqlx::query_as("SELECT digest FROM skill_versions ORDER BY digest")
            .fetch_all(pool).await)?;
        Ok(rows.into_iter().map(|(digest,)| digest).collect())
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
