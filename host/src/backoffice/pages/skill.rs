//! One skill: what it is, what it may do and use, its secrets, its versions, and a place to try it.

mod difference;
mod fields;
mod input;
pub mod life;
mod limits;
pub mod replay;
pub mod review;
pub mod rights;
pub mod trial;

use askama::Template;
use axum::{extract::State, response::Response};
use serde_json::Value;
use std::sync::Arc;

use super::{
    super::{
        Backoffice,
        api::{
            limits::{self as used, RECENT_CALLS},
            replays::KeptCall,
            sandbox::Load,
            secrets::{self, SecretView},
        },
        error::Result,
        extract::{Path, Query},
    },
    Page, html,
    plain::{self, Asked},
};
use crate::{
    prompts::OF_SKILLS,
    skills::{Manifest, SharedTrigger, manifest_of},
    store::{SkillRow, VersionRow},
};
use fields::Control;
use limits::Line;
use replay::Choice;
use trial::{Trial, Tried};

/// Calls shown.
const SHOWN_CALLS: usize = 20;

#[derive(Template)]
#[template(path = "skill.html")]
struct SkillPage {
    page: Page,
    row: SkillRow,
    manifest: Manifest,
    versions: Vec<Version>,
    asked: Vec<Asked>,
    /// Triggers that other skills have too.
    shared_triggers: Vec<SharedTrigger>,
    limits: Vec<Line>,
    load: Load,
    settings: Vec<OwnSetting>,
    /// What its instructions to models are put into, where it asks any.
    prompt: Option<String>,
    secrets: Vec<SecretView>,
    calls: Vec<KeptCall>,
    /// The versions that a call can be run again on.
    choices: Vec<Choice>,
    trial: Trial,
}

struct Version {
    row: VersionRow,
    /// What it asks for beyond the grants.
    missing: Vec<Asked>,
    examples: usize,
    in_force: bool,
    in_flight: i64,
    /// Why it was rolled back.
    reason: Option<String>,
}

struct OwnSetting {
    key: String,
    description: String,
    default: String,
    value: String,
}

impl SkillPage {
    async fn of(backoffice: &Backoffice, page: Page, name: &str, example: &trial::Choice) -> Result<Self> {
        let row = backoffice.skill_row(name).await?;
        let (chosen, manifest) = backoffice.chosen_version(&row).await?;
        let granted: Vec<_> =
            backoffice.db.grants(name).await?.into_iter().map(|grant| (grant.capability, grant.scope.0)).collect();
        let rows = backoffice.db.versions(name).await?;
        let choices = rows.iter().map(Choice::of).collect();
        let mut versions = Vec::new();
        for version in rows {
            let asked = plain::asked(&page, &manifest_of(&version)?.asked(), &granted);
            versions.push(Version {
                missing: asked.into_iter().filter(|one| !one.granted).collect(),
                examples: version.examples.0.as_array().map_or(0, Vec::len),
                in_force: row.active_digest.as_ref() == Some(&version.digest),
                in_flight: backoffice.db.running_calls(&version.digest).await?,
                reason: version.retired_reason.as_ref().map(|reason| plain::reason(&page, reason)),
                row: version,
            });
        }
        let settings = manifest.settings.iter().map(|(key, setting)| OwnSetting {
            key: key.clone(),
            description: setting.description.clone(),
            default: setting.default.clone(),
            value: row.settings.0.get(key).and_then(Value::as_str).unwrap_or_default().to_owned(),
        });
        let prompt = backoffice.settings.skill_prompt(name).await?.unwrap_or_else(|| OF_SKILLS.to_owned());
        let recent = backoffice.db.skill_calls(name, RECENT_CALLS).await?;
        let used = used::of(backoffice, &manifest, &chosen, &recent);
        let mut calls = Vec::new();
        for call in recent.into_iter().take(SHOWN_CALLS) {
            calls.push(KeptCall::of(backoffice, call).await?);
        }
        Ok(Self {
            asked: plain::asked(&page, &manifest.asked(), &granted),
            versions,
            shared_triggers: backoffice.skills.shared_triggers(&manifest).await?,
            limits: limits::lines(&page, &used, &backoffice.probed),
            load: Load::of(backoffice),
            settings: settings.collect(),
            prompt: manifest.asked().iter().any(|one| one.0 == "llm").then_some(prompt),
            secrets: secrets::of(backoffice, name).await?,
            calls,
            choices,
            trial: Trial::of(&manifest, example),
            page,
            row,
            manifest,
        })
    }

    /// Whether it can be called now.
    fn callable(&self) -> bool {
        self.row.status == "active" && self.row.active_digest.is_some()
    }

    /// How busy the whole host is, in words.
    fn busy(&self) -> String {
        limits::busy(&self.page, &self.load)
    }
}

/// `GET /skills/{name}`, with `?example=N` to have an example of the manifest in the form.
pub async fn show(
    State(backoffice): State<Arc<Backoffice>>,
    page: Page,
    Path(name): Path<String>,
    Query(example): Query<trial::Choice>,
) -> Result<Response> {
    html(&SkillPage::of(&backoffice, page, &name, &example).await?)
}

/// As many characters of a text as are shown.
fn short(text: &str, chars: usize) -> String {
    match text.char_indices().nth(chars) {
        Some((at, _)) => format!("{}…", text[..at].trim_end()),
        None => text.to_owned(),
    }
}
