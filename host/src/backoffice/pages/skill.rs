//! One skill: what it is, what it may do, its versions, and a place to try it.

mod fields;

use askama::Template;
use axum::{extract::State, response::Response};
use serde::Deserialize;
use serde_json::{Map, Value};
use std::{collections::BTreeMap, sync::Arc};
use tower_sessions::Session;

use super::{
    super::{
        Backoffice,
        api::calls::{CallAnswer, CallView},
        auth::{Actor, CsrfForm},
        changes::{CallRequest, manifest_of},
        error::{Kind, Problem, Result},
        extract::Path,
        token::new_secret,
    },
    Flash, Page, html,
    plain::{self, Asked},
};
use crate::{
    skills::Manifest,
    store::{SkillRow, VersionRow},
};
use fields::Field;

const RECENT_CALLS: i64 = 20;

#[derive(Template)]
#[template(path = "skill.html")]
struct SkillPage {
    page: Page,
    row: SkillRow,
    manifest: Manifest,
    versions: Vec<Version>,
    asked: Vec<Asked>,
    limits: Option<Limits>,
    settings: Vec<OwnSetting>,
    calls: Vec<CallView>,
    fields: Vec<Field>,
    /// A sent form that is sent again is the same call.
    key: String,
    tried: Option<Tried>,
}

struct Version {
    row: VersionRow,
    /// What it asks for beyond the grants.
    missing: Vec<Asked>,
    examples: usize,
    in_force: bool,
}

struct Limits {
    memory_bytes: i64,
    fuel: u64,
    timeout_s: f64,
    parallel: bool,
}

struct OwnSetting {
    key: String,
    description: String,
    default: String,
    value: String,
}

/// What came of trying a skill.
enum Tried {
    Answer(CallAnswer),
    Problem(Problem),
}

impl SkillPage {
    async fn of(backoffice: &Backoffice, page: Page, name: &str) -> Result<Self> {
        let row = backoffice.skill_row(name).await?;
        let (_, manifest) = backoffice.chosen_version(&row).await?;
        let granted: Vec<_> =
            backoffice.db.grants(name).await?.into_iter().map(|grant| (grant.capability, grant.scope.0)).collect();
        let mut versions = Vec::new();
        for version in backoffice.db.versions(name).await? {
            let asked = plain::asked(&page, &manifest_of(&version)?.asked(), &granted);
            versions.push(Version {
                missing: asked.into_iter().filter(|one| !one.granted).collect(),
                examples: version.examples.0.as_array().map_or(0, Vec::len),
                in_force: row.active_digest.as_ref() == Some(&version.digest),
                row: version,
            });
        }
        let limits = backoffice.skills.find(name).await?.map(|skill| Limits {
            memory_bytes: i64::try_from(skill.limits.memory_bytes).unwrap_or(i64::MAX),
            fuel: skill.limits.fuel,
            timeout_s: skill.limits.timeout.as_secs_f64(),
            parallel: skill.manifest.can_parallel,
        });
        let settings = manifest.settings.iter().map(|(key, setting)| OwnSetting {
            key: key.clone(),
            description: setting.description.clone(),
            default: setting.default.clone(),
            value: row.settings.0.get(key).and_then(Value::as_str).unwrap_or_default().to_owned(),
        });
        let calls = backoffice.db.skill_calls(name, RECENT_CALLS).await?;
        Ok(Self {
            asked: plain::asked(&page, &manifest.asked(), &granted),
            versions,
            limits,
            settings: settings.collect(),
            calls: calls.into_iter().map(CallView::from).collect(),
            fields: fields::of(&manifest, &BTreeMap::new()),
            key: new_secret(),
            tried: None,
            page,
            row,
            manifest,
        })
    }
}

/// `GET /skills/{name}`
pub async fn show(State(backoffice): State<Arc<Backoffice>>, page: Page, Path(name): Path<String>) -> Result<Response> {
    html(&SkillPage::of(&backoffice, page, &name).await?)
}

#[derive(Deserialize)]
pub struct Change {
    action: String,
    #[serde(default)]
    digest: String,
    #[serde(default)]
    grant: Option<String>,
}

/// `POST /skills/{name}`: a change in its life.
pub async fn change(
    State(backoffice): State<Arc<Backoffice>>,
    actor: Actor,
    session: Session,
    Path(name): Path<String>,
    CsrfForm(form): CsrfForm<Change>,
) -> Result<Response> {
    let (outcome, done, to) = match form.action.as_str() {
        "activate" => {
            let grant = form.grant.is_some();
            (
                backoffice.activate(&actor, &name, &form.digest, grant).await,
                "done.skill_activated",
                format!("/skills/{name}"),
            )
        }
        "rollback" => {
            (backoffice.roll_back(&actor, &name).await.map(drop), "done.skill_rolled_back", format!("/skills/{name}"))
        }
        "enable" => (
            backoffice.set_skill_status(&actor, &name, "active").await,
            "done.skill_enabled",
            format!("/skills/{name}"),
        ),
        "disable" => (
            backoffice.set_skill_status(&actor, &name, "disabled").await,
            "done.skill_disabled",
            format!("/skills/{name}"),
        ),
        "remove" => {
            (backoffice.set_skill_status(&actor, &name, "removed").await, "done.skill_removed", "/skills".to_owned())
        }
        _ => return Err(Problem::new(Kind::InvalidForm, "There is no such change of a skill.")),
    };
    Flash::after(&session, outcome, done, &to).await
}

/// `POST /skills/{name}/grants`
pub async fn set_grants(
    State(backoffice): State<Arc<Backoffice>>,
    actor: Actor,
    session: Session,
    Path(name): Path<String>,
    CsrfForm(form): CsrfForm<BTreeMap<String, String>>,
) -> Result<Response> {
    let row = backoffice.skill_row(&name).await?;
    let (_, manifest) = backoffice.chosen_version(&row).await?;
    let grants = plain::ticked(&manifest.asked(), |field| form.contains_key(field));
    let outcome = backoffice.set_grants(&actor, &name, &grants).await;
    Flash::after(&session, outcome, "done.grants_saved", &format!("/skills/{name}")).await
}

/// `POST /skills/{name}/settings`: a field left empty has its default.
pub async fn set_settings(
    State(backoffice): State<Arc<Backoffice>>,
    actor: Actor,
    session: Session,
    Path(name): Path<String>,
    CsrfForm(form): CsrfForm<BTreeMap<String, String>>,
) -> Result<Response> {
    let values: Map<String, Value> = form
        .into_iter()
        .filter_map(|(field, value)| Some((field.strip_prefix("s:")?.to_owned(), Value::from(value))))
        .filter(|(_, value)| value != "")
        .collect();
    let outcome = backoffice.set_skill_settings(&actor, &name, values).await;
    Flash::after(&session, outcome, "done.settings_saved", &format!("/skills/{name}")).await
}

/// `POST /skills/{name}/call`: tries the skill and shows what came of it.
pub async fn call(
    State(backoffice): State<Arc<Backoffice>>,
    page: Page,
    Path(name): Path<String>,
    CsrfForm(form): CsrfForm<BTreeMap<String, String>>,
) -> Result<Response> {
    let row = backoffice.skill_row(&name).await?;
    let (_, manifest) = backoffice.chosen_version(&row).await?;
    let locale = page.locale.word().to_owned();
    let tried = match fields::input(&manifest, &form) {
        Ok(input) => {
            let key = form.get("key").filter(|key| !key.is_empty()).map(|key| format!("try:{key}"));
            let user = backoffice.person(None).await?;
            let request = CallRequest { skill: name.clone(), input, user, key, locale };
            match backoffice.call(request).await {
                Ok(outcome) => Tried::Answer(outcome.into()),
                Err(problem) if problem.kind == Kind::Internal => return Err(problem),
                Err(problem) => Tried::Problem(problem),
            }
        }
        Err(problem) => Tried::Problem(problem),
    };
    let mut page = SkillPage::of(&backoffice, page, &name).await?;
    page.fields = fields::of(&page.manifest, &form);
    page.tried = Some(tried);
    html(&page)
}
