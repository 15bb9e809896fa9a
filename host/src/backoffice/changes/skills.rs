//! Changes in the life of a skill, and calls of it.

use secrecy::SecretString;
use serde_json::{Map, Value, json};

use super::super::{
    Backoffice,
    auth::Actor,
    error::{Kind, Problem, Result},
};
use crate::{
    ids::{CallId, TokenId},
    skills::{Caller, FailureKind, Manifest, Origin, Outcome, Replay, Request, Uploaded, manifest_of},
    store::{SkillRow, User, VersionRow},
};

/// A call from outside.
pub struct CallRequest {
    /// The bearer token that it came in with.
    pub token: Option<TokenId>,
    pub skill: String,
    pub input: Value,
    pub user: User,
    pub key: Option<String>,
    /// "en" or "zh".
    pub locale: String,
}

impl Backoffice {
    /// The row of a skill that was not removed.
    pub async fn skill_row(&self, name: &str) -> Result<SkillRow> {
        let row = self.db.skill(name).await?.filter(|row| row.status != "removed");
        row.ok_or_else(|| no_skill(name))
    }

    /// The version that is in force, else the newest, with its manifest.
    pub async fn chosen_version(&self, row: &SkillRow) -> Result<(VersionRow, Manifest)> {
        let versions = self.db.versions(&row.name).await?;
        let active = versions.iter().find(|version| Some(&version.digest) == row.active_digest.as_ref());
        let version = active.or(versions.first()).cloned().ok_or_else(|| no_skill(&row.name))?;
        let manifest = manifest_of(&version)?;
        Ok((version, manifest))
    }

    /// Takes an upload, which is read once there is a place for it: whoever waits holds nothing in memory.
    pub async fn upload(&self, actor: &Actor, component: impl Future<Output = Result<Vec<u8>>>) -> Result<Uploaded> {
        let place = self.skills.admit()?;
        let component = component.await?;
        let uploaded = Box::pin(self.skills.upload_admitted(place, &component, Origin::Upload)).await?;
        let detail = json!({ "version": uploaded.version, "digest": uploaded.digest, "status": uploaded.status });
        self.record(actor, "skill.upload", &uploaded.name, detail).await?;
        Ok(uploaded)
    }

    /// Installs a skill that ships with the host.
    pub async fn install(&self, actor: &Actor, name: &str) -> Result<Uploaded> {
        let installed = self.skills.install(name, &actor.name()).await?;
        let detail = json!({ "version": installed.version, "digest": installed.digest });
        self.record(actor, "skill.install", name, detail).await?;
        Ok(installed)
    }

    /// Deletes a version that never answered.
    pub async fn discard(&self, actor: &Actor, name: &str, given: &str) -> Result<()> {
        let version = self.skills.version(name, given).await?;
        if !self.db.discard_version(name, &version.digest).await? {
            let detail =
                format!("Version {} of {name} answers, or did before, and is kept on record.", version.version);
            return Err(Problem::new(Kind::VersionAnswered, detail));
        }
        self.record(actor, "skill.discard", name, json!({ "version": version.version, "digest": version.digest })).await
    }

    /// Makes a version the one that answers; `grant` says yes to what it asks for.
    pub async fn activate(&self, actor: &Actor, name: &str, given: &str, grant: bool) -> Result<VersionRow> {
        let by = actor.name();
        let version = self.skills.activate(name, given, grant.then_some(by.as_str())).await?;
        self.record(actor, "skill.activate", name, json!({ "digest": version.digest, "granted": grant })).await?;
        Ok(version)
    }

    /// Returns to the version before, or to an earlier one.
    pub async fn roll_back(&self, actor: &Actor, name: &str, given: Option<&str>) -> Result<VersionRow> {
        self.skill_row(name).await?;
        let version = self.skills.roll_back(name, given).await?;
        self.record(actor, "skill.rollback", name, json!({ "digest": version.digest })).await?;
        Ok(version)
    }

    /// Enables ("active"), disables ("disabled") or removes ("removed").
    pub async fn set_skill_status(&self, actor: &Actor, name: &str, status: &str) -> Result<()> {
        self.skill_row(name).await?;
        self.skills.set_status(name, status).await?;
        if status == "removed" {
            // Another skill of this name is not told what this one's models were.
            self.settings.set_skill_prompt(name, "").await?;
        }
        let action = match status {
            "active" => "skill.enable",
            "disabled" => "skill.disable",
            _ => "skill.remove",
        };
        self.record(actor, action, name, Value::Null).await
    }

    /// Replaces the grants; none may go beyond what some version of the skill asks for.
    pub async fn set_grants(&self, actor: &Actor, name: &str, grants: &[(String, Value)]) -> Result<()> {
        self.skill_row(name).await?;
        let mut asked = Vec::new();
        for version in self.db.versions(name).await? {
            asked.extend(manifest_of(&version)?.asked());
        }
        if let Some((capability, scope)) = grants.iter().find(|grant| !asked.iter().any(|asked| within(grant, asked))) {
            let detail = format!("No version of {name} asks for {capability} {scope}.");
            return Err(Problem::new(Kind::InvalidGrant, detail).with("capability", capability.as_str()));
        }
        self.db.set_grants(&self.clock, name, grants, &actor.name()).await?;
        self.skills.changed().await;
        self.record(actor, "skill.grants", name, json!(grants)).await
    }

    /// Sets values for the skill's own settings; the manifest says which there are.
    pub async fn set_skill_settings(&self, actor: &Actor, name: &str, values: Map<String, Value>) -> Result<()> {
        let row = self.skill_row(name).await?;
        let (_, manifest) = self.chosen_version(&row).await?;
        for (key, value) in &values {
            if !manifest.settings.contains_key(key) {
                return Err(
                    Problem::new(Kind::NoSetting, format!("{name} has no setting `{key}`.")).with("key", key.as_str())
                );
            }
            if !value.is_string() {
                let detail = format!("The value of `{key}` must be text.");
                return Err(Problem::new(Kind::InvalidSetting, detail).with("key", key.as_str()));
            }
        }
        self.db.set_skill_settings(&self.clock, name, &values).await?;
        self.skills.changed().await;
        // A value may be confidential: the log keeps the keys.
        let keys: Vec<&String> = values.keys().collect();
        self.record(actor, "skill.settings", name, json!(keys)).await
    }

    /// Sets a secret of a skill, for the place that was shown if one was, or forgets it. The value goes no further than
    /// the skills.
    pub async fn set_secret(
        &self,
        actor: &Actor,
        name: &str,
        secret: &str,
        (value, shown): (Option<&SecretString>, Option<&str>),
    ) -> Result<()> {
        self.skills.set_secret(name, secret, (value, shown), &actor.name()).await?;
        self.record(actor, "skill.secret", name, json!({ "secret": secret, "set": value.is_some() })).await
    }

    /// Runs a failed call again by itself, on the version that it ran on or another one.
    pub async fn replay(&self, actor: &Actor, call: CallId, version: Option<&str>) -> Result<Replay> {
        let replay = self.skills.replay(call, version).await?;
        let detail = json!({ "call": call, "version": replay.version });
        self.record(actor, "call.replay", &replay.skill, detail).await?;
        Ok(replay)
    }

    /// Calls a skill. That it fails is an outcome; that it cannot be called is a problem. Calls have
    /// their own record and are not in the audit log.
    pub async fn call(&self, call: CallRequest) -> Result<Outcome> {
        let time_zone = match call.user.time_zone {
            Some(zone) => zone,
            None => self.settings.current().await?.time_zone.to_string(),
        };
        let caller = Caller {
            user: call.user.id,
            turn: None,
            conversation: None,
            token: call.token,
            locale: call.locale,
            time_zone,
        };
        let request = Request { key: call.key, ..Request::new(call.skill, call.input, caller) };
        // Whoever asked may leave; what has begun is ended and put on record all the same.
        let skills = self.skills.clone();
        let outcome = match self.tasks.spawn(async move { skills.call(request).await }).await {
            Ok(outcome) => outcome?,
            Err(error) => return Err(Problem::internal(&error)),
        };
        if let Err(failure) = &outcome.result {
            // Only what never began has no fuel and no time; a guest may say `invalid-input` too.
            let never_began = outcome.duration_ms == 0.0 && outcome.fuel == 0;
            match failure.kind {
                FailureKind::NoSkill => return Err(Problem::new(Kind::NoSkill, failure.text.clone())),
                FailureKind::InvalidInput if never_began => {
                    return Err(Problem::new(Kind::InvalidInput, failure.text.clone()));
                }
                _ => {}
            }
        }
        Ok(outcome)
    }
}

fn within((capability, scope): &(String, Value), (asked_capability, asked): &(String, Value)) -> bool {
    let part = match (scope, asked) {
        (Value::Array(words), Value::Array(asked)) => words.iter().all(|word| asked.contains(word)),
        (scope, asked) => scope == asked,
    };
    capability == asked_capability && part
}

fn no_skill(name: &str) -> Problem {
    Problem::new(Kind::NoSkill, format!("There is no skill `{name}`."))
}
