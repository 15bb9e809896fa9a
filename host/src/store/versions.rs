//! The versions of skills, each named by the digest of its component, and which of them answers.

use chrono::{DateTime, Utc};
use serde_json::Value;
use sqlx::{FromRow, types::Json};

use super::{
    Db, Result, Yes, on,
    skills::{STRIP, bump},
    write_tx,
};
use crate::clock::Clock;

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
    /// That each call makes; not known of what was stored before they were counted.
    pub core_instances: Option<i64>,
    /// "review", "active" or "retired".
    pub status: String,
    /// "bundle" or "upload".
    pub origin: String,
    pub created_at: DateTime<Utc>,
    pub activated_at: Option<DateTime<Utc>>,
    /// Why it was rolled back, if it was.
    pub retired_reason: Option<String>,
}

impl VersionRow {
    /// Only such a version can be discarded.
    pub fn never_answered(&self) -> bool {
        self.status == "review" && self.activated_at.is_none()
    }
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
    pub core_instances: i64,
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

macro_rules! version_columns {
    () => {
        "digest, skill_name, version, manifest, imports, examples, size, compile_ms, core_instances, status, origin,
         created_at, activated_at, retired_reason"
    };
}

impl Db {
    /// Stores a checked version for review. A version that is stored already is left as it is, unless the
    /// skill was removed: that begins again as if it were new, with no version that answers. A number is one
    /// component, but for what ships with the host: that is built again and again under one.
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
            let again = sqlx::query(
                "UPDATE skills SET status = 'active', origin = $2, active_digest = NULL, previous_digest = NULL,
                 updated_at = $3 WHERE name = $1 AND status = 'removed'",
            ).bind(new.skill_name).bind(new.origin).bind(now).execute(&mut *tx).await?.rows_affected() == 1;
            if again {
                sqlx::query("UPDATE skill_versions SET status = 'retired' WHERE skill_name = $1 AND status = 'active'")
                    .bind(new.skill_name).execute(&mut *tx).await?;
                sqlx::query(
                    "UPDATE skill_versions SET status = 'review', origin = $3, retired_reason = NULL
                     WHERE skill_name = $1 AND digest = $2",
                ).bind(new.skill_name).bind(new.digest).bind(new.origin).execute(&mut *tx).await?;
            }
            sqlx::query(
                "INSERT INTO skill_versions (digest, skill_name, version, manifest, imports, examples, size,
                 compile_ms, status, component, created_at, origin, core_instances)
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 'review', $9, $10, $11, $12) ON CONFLICT (digest) DO NOTHING",
            ).bind(new.digest).bind(new.skill_name).bind(new.version).bind(Json(new.manifest))
             .bind(Json(new.imports)).bind(Json(new.examples)).bind(size).bind(new.compile_ms)
             .bind(new.component).bind(now).bind(new.origin).bind(new.core_instances).execute(&mut *tx).await?;
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
                 origin = (SELECT origin FROM skill_versions WHERE digest = $2),
                 previous_digest = CASE WHEN active_digest = $2 THEN previous_digest ELSE active_digest END
                 WHERE name = $1 AND status <> 'removed'
                 AND EXISTS (SELECT 1 FROM skill_versions WHERE skill_name = $1 AND digest = $2)",
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

    /// Returns from the version that answers to another that answered once, the one before it unless `to`
    /// names it, and gives the digest of that. `None` when `from` is not the version that answers, or there
    /// is no such version to return to. The reason is kept with the version that is left.
    pub async fn roll_back_version(
        &self,
        clock: &Clock,
        name: &str,
        (from, to): (&str, Option<&str>),
        reason: &str,
    ) -> Result<Option<String>> {
        let now = clock.now();
        let back = write_tx!(self, tx => {
            let back: Option<(String,)> = sqlx::query_as(
                "UPDATE skills SET updated_at = $3, active_digest = before.digest, previous_digest = NULL,
                 origin = before.origin FROM skill_versions AS before
                 WHERE name = $1 AND active_digest = $2 AND before.skill_name = $1 AND before.digest <> $2
                 AND before.digest = COALESCE($4, previous_digest) AND before.activated_at IS NOT NULL
                 RETURNING active_digest",
            ).bind(name).bind(from).bind(now).bind(to).fetch_optional(&mut *tx).await?;
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

    /// Deletes a version that never answered. With the last that could answer goes what the owner gave the
    /// skill, and the skill: it is removed again, or forgotten where nothing of it is on record. False when
    /// there is no such version, or it answered once.
    pub async fn discard_version(&self, name: &str, digest: &str) -> Result<bool> {
        write_tx!(self, tx => {
            sqlx::query(self.hold_skill()).bind(name).execute(&mut *tx).await?;
            let discarded = sqlx::query(
                "DELETE FROM skill_versions
                 WHERE skill_name = $1 AND digest = $2 AND status = 'review' AND activated_at IS NULL",
            ).bind(name).bind(digest).execute(&mut *tx).await?.rows_affected() == 1;
            if !discarded {
                return Ok(false);
            }
            let gone = sqlx::query(
                "UPDATE skills SET status = 'removed' WHERE name = $1 AND active_digest IS NULL AND NOT EXISTS
                 (SELECT 1 FROM skill_versions WHERE skill_name = $1 AND status = 'review')",
            ).bind(name).execute(&mut *tx).await?.rows_affected() == 1;
            if gone {
                for statement in STRIP {
                    sqlx::query(statement).bind(name).execute(&mut *tx).await?;
                }
            }
            sqlx::query(
                "DELETE FROM skills WHERE name = $1
                 AND NOT EXISTS (SELECT 1 FROM skill_versions WHERE skill_name = $1)",
            ).bind(name).execute(&mut *tx).await?;
            bump!(tx);
        });
        Ok(true)
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
}
