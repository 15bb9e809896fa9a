//! `GET /skills/{name}/versions/{version}`: everything that an owner needs to say yes or no to a version.

use askama::Template;
use axum::{extract::State, response::Response};
use serde::Deserialize;
use serde_json::Value;
use std::sync::Arc;

use super::{
    super::{
        super::{
            Backoffice,
            api::secrets::{self, SecretView},
            error::Result,
            extract::Path,
        },
        Page, html,
        plain::{self, Import},
    },
    difference::{self, Change, LimitChange},
};
use crate::{
    skills::{Manifest, SharedTrigger, manifest_of},
    store::{SkillRow, VersionRow},
};

#[derive(Template)]
#[template(path = "review.html")]
struct ReviewPage {
    page: Page,
    row: SkillRow,
    version: VersionRow,
    manifest: Manifest,
    /// The version that answers, where that is another one.
    running: Option<VersionRow>,
    in_force: bool,
    in_flight: i64,
    reason: Option<String>,
    /// Whether it asks for what is not granted.
    asks_more: bool,
    /// Whether it would take the place of a skill that came with the host.
    replaces_bundled: bool,
    capabilities: Vec<Change>,
    secrets: Vec<Change>,
    /// Triggers that other skills have too.
    shared_triggers: Vec<SharedTrigger>,
    /// Those of the skill, with whether each is set.
    known: Vec<SecretView>,
    limits: Vec<LimitChange>,
    imports: Vec<Import>,
    /// The input schema as a model is sent it.
    arguments: String,
    examples: Vec<Example>,
}

/// How an example came out.
#[derive(Deserialize)]
struct Example {
    input: Value,
    passed: bool,
    expected: Value,
    actual: Value,
}

impl ReviewPage {
    async fn of(backoffice: &Backoffice, page: Page, name: &str, given: &str) -> Result<Self> {
        let row = backoffice.skill_row(name).await?;
        let version = backoffice.skills.version(name, given).await?;
        let manifest = manifest_of(&version)?;
        let in_force = row.active_digest.as_ref() == Some(&version.digest);
        let running = match row.active_digest.as_deref().filter(|_| !in_force) {
            Some(active) => Some(backoffice.skills.version(name, active).await?),
            None => None,
        };
        let before = running.as_ref().map(manifest_of).transpose()?;
        let granted: Vec<_> =
            backoffice.db.grants(name).await?.into_iter().map(|grant| (grant.capability, grant.scope.0)).collect();
        let compared = if in_force { Some(&manifest) } else { before.as_ref() };
        Ok(Self {
            capabilities: difference::capabilities(&page, compared, &manifest),
            shared_triggers: backoffice.skills.shared_triggers(&manifest).await?,
            secrets: difference::secrets(compared, &manifest),
            limits: difference::limits(&page, &backoffice.config.skills, compared, &manifest),
            asks_more: plain::asked(&page, &manifest.asked(), &granted).iter().any(|one| !one.granted),
            replaces_bundled: !in_force && row.origin == "bundle" && version.origin != "bundle",
            known: secrets::of(backoffice, name).await?,
            imports: plain::imports(&page, &version.imports.0),
            arguments: manifest.input_schema.to_string(),
            examples: serde_json::from_value(version.examples.0.clone()).unwrap_or_default(),
            in_flight: backoffice.db.running_calls(&version.digest).await?,
            reason: version.retired_reason.as_ref().map(|reason| plain::reason(&page, reason)),
            in_force,
            page,
            row,
            version,
            manifest,
            running,
        })
    }

    /// Whether a model would read something else than of the version that answers.
    fn reads_otherwise(&self) -> bool {
        let read = |version: &VersionRow| {
            let manifest = &version.manifest.0;
            (manifest["description"].clone(), manifest["input_schema"].clone())
        };
        self.running.as_ref().is_some_and(|running| read(running) != read(&self.version))
    }

    /// Whether a secret is set.
    fn is_set(&self, name: &str) -> bool {
        self.known.iter().any(|secret| secret.name == name && secret.set)
    }
}

pub async fn show(
    State(backoffice): State<Arc<Backoffice>>,
    page: Page,
    Path((name, given)): Path<(String, String)>,
) -> Result<Response> {
    html(&ReviewPage::of(&backoffice, page, &name, &given).await?)
}
