//! The life of a version: activated, rolled back by hand or by its failures, disabled, removed. Each
//! step is one transaction, so that a crash leaves one of two states; the swap is what others see.

use chrono::TimeDelta;
use serde_json::Value;

use super::{Installed, NameError, Skills, failure::CallFailure, grant::Grants, manifest_of, tell, tell::Taken};
use crate::store::{StoreError, VersionRow, Yes, logged};

/// Why a change of a skill's life was not made.
#[derive(Debug, thiserror::Error)]
pub enum LifeError {
    #[error("there is no skill `{0}`")]
    NoSkill(String),
    #[error(transparent)]
    Name(#[from] NameError),
    #[error("the skill `{0}` has no earlier version to return to")]
    NothingBefore(String),
    #[error("version {1} of the skill `{0}` never answered, or answers now; there is no return to it")]
    NoReturn(String, String),
    #[error("`{skill}` asks for what was not granted: {}", missing.iter().map(|(name, scope)| format!("{name} {scope}")).collect::<Vec<_>>().join(", "))]
    NotGranted { skill: String, missing: Vec<(String, Value)> },
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Skills {
    /// Makes a stored version the one that answers: `given` is its number, its digest or the beginning of
    /// that. What it asks for must be granted; with `grant` the owner grants it by this.
    pub async fn activate(&self, name: &str, given: &str, grant: Option<&str>) -> Result<VersionRow, LifeError> {
        let (db, clock) = (&self.services.db, &self.services.clock);
        let version = self.version(name, given).await?;
        let digest = version.digest.as_str();
        let manifest = manifest_of(&version)?;
        let asked = manifest.asked();
        let yes = grant.map(|by| Yes { asked: &asked, by });
        if yes.is_none() {
            let granted = db.grants(name).await?.into_iter().map(|grant| (grant.capability, grant.scope.0));
            let granted = Grants::new(name, granted);
            let row = db.skill(name).await?;
            let returns = version.activated_at.is_some();
            // A grant that an earlier version left behind is no yes; to return to one that answered needs no new one.
            let granted = match self.active(row.as_ref()).await?.filter(|_| !returns) {
                Some(now) => granted.within(&now.asked()),
                None => granted,
            };
            let missing = granted.missing(&asked);
            if !missing.is_empty() {
                return Err(LifeError::NotGranted { skill: name.to_owned(), missing });
            }
        }
        if !db.grant_and_activate(clock, name, digest, yes.as_ref()).await? {
            // It was discarded meanwhile.
            return Err(self
                .version(name, digest)
                .await
                .err()
                .map_or_else(|| LifeError::NoSkill(name.to_owned()), Into::into));
        }
        tracing::info!(skill = name, digest, "a version was activated");
        self.changed().await;
        Ok(version)
    }

    /// Returns to the version before, or to an earlier one that is named as for an activation; calls of the
    /// present one that still run are stopped.
    pub async fn roll_back(&self, name: &str, given: Option<&str>) -> Result<VersionRow, LifeError> {
        let (db, clock) = (&self.services.db, &self.services.clock);
        let row = db.skill(name).await?.ok_or_else(|| LifeError::NoSkill(name.to_owned()))?;
        let nothing = || LifeError::NothingBefore(name.to_owned());
        let from = row.active_digest.ok_or_else(nothing)?;
        let wanted = match given {
            Some(given) => Some(self.version(name, given).await?),
            None => None,
        };
        let to = wanted.as_ref().map(|version| version.digest.as_str());
        let Some(to) = db.roll_back_version(clock, name, (&from, to), "by hand").await? else {
            return Err(wanted.map_or_else(nothing, |to| LifeError::NoReturn(name.to_owned(), to.version)));
        };
        tracing::info!(skill = name, from, to, "a version was rolled back");
        self.changed().await;
        Ok(self.version(name, &to).await?)
    }

    /// Enables ("active"), disables ("disabled") or removes ("removed") a skill. Calls that run are
    /// stopped by the latter two, here at once and on other hosts within a second.
    pub async fn set_status(&self, name: &str, status: &str) -> Result<(), LifeError> {
        if !self.services.db.set_skill_status(&self.services.clock, name, status).await? {
            return Err(LifeError::NoSkill(name.to_owned()));
        }
        tracing::info!(skill = name, status, "a skill's status was set");
        self.changed().await;
        Ok(())
    }

    /// Rolls a version back that fails too often, and tells the owner. Looked at after each failure
    /// that is the skill's own.
    pub(super) async fn judge(&self, installed: &Installed, failure: &CallFailure) {
        if self.settings.rollback_percent > 0 && matches!(failure.kind.fault(), "skill" | "limit") {
            logged("the failures of a version could not be counted", self.weigh(installed).await);
        }
    }

    /// Whether the version before would run without the yes that this one needs.
    async fn before_is_looser(&self, installed: &Installed) -> Result<bool, StoreError> {
        if !installed.manifest.needs_approval {
            return Ok(false);
        }
        let db = &self.services.db;
        let before = db.skill(&installed.name).await?.and_then(|row| row.previous_digest);
        let Some(before) = before else { return Ok(false) };
        Ok(db.version(&before).await?.is_some_and(|before| before.manifest.0["needs_approval"] != true))
    }

    /// Disables a skill that fails too often where a roll-back would let go of what the owner relies on.
    async fn close_down(&self, installed: &Installed, reason: &str, counted: (i64, i64)) -> Result<(), StoreError> {
        let (db, clock, name) = (&self.services.db, &self.services.clock, &installed.name);
        // Another host may have been first.
        let row = db.skill(name).await?;
        if row.is_none_or(|row| row.status != "active" || row.active_digest.as_ref() != Some(&installed.digest)) {
            return Ok(());
        }
        db.set_skill_status(clock, name, "disabled").await?;
        tracing::warn!(skill = name, digest = installed.digest, reason, "a skill was disabled");
        let detail = serde_json::json!({ "digest": installed.digest, "reason": reason });
        db.audit(clock, "host", "skill.disable", name, &detail).await?;
        self.changed().await;
        tell::taken_back(
            &self.services,
            Taken::ClosedDown,
            (name, &installed.manifest.version, &installed.digest),
            counted,
        )
        .await
    }

    async fn weigh(&self, installed: &Installed) -> Result<(), StoreError> {
        let (db, clock, settings) = (&self.services.db, &self.services.clock, &self.settings);
        let since =
            clock.now() - TimeDelta::seconds(i64::try_from(settings.rollback_window_s).unwrap_or(i64::MAX / 1_000));
        // What it did before it was activated again is forgiven.
        let activated = db.version(&installed.digest).await?.and_then(|version| version.activated_at);
        let since = activated.map_or(since, |activated| activated.max(since));
        let (total, faulty) = db.version_health(&installed.digest, since).await?;
        if total < i64::from(settings.rollback_calls) || faulty * 100 < total * i64::from(settings.rollback_percent) {
            return Ok(());
        }
        let reason = format!("{faulty} of its last {total} calls failed");
        if self.before_is_looser(installed).await? {
            return self.close_down(installed, &reason, (faulty, total)).await;
        }
        let Some(to) = db.roll_back_version(clock, &installed.name, (&installed.digest, None), &reason).await? else {
            // There is no version before, or another host was first.
            return Ok(());
        };
        tracing::warn!(skill = installed.name, from = installed.digest, to, reason, "a version was rolled back");
        let detail = serde_json::json!({ "from": installed.digest, "digest": to, "reason": reason });
        db.audit(clock, "host", "skill.rollback", &installed.name, &detail).await?;
        self.changed().await;
        let version = &installed.manifest.version;
        let which = (installed.name.as_str(), version.as_str(), installed.digest.as_str());
        tell::taken_back(&self.services, Taken::RolledBack, which, (faulty, total)).await
    }
}
