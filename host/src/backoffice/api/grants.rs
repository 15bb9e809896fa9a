//! What a skill may do, and its own settings.

use axum::extract::State;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::{collections::BTreeMap, sync::Arc};
use utoipa::ToSchema;

use super::super::{
    Backoffice,
    auth::Actor,
    error::Result,
    extract::{Json, Path},
};

#[derive(Serialize, ToSchema)]
pub struct Grants {
    pub grants: Vec<GrantView>,
    /// What the version in force asks for, by capability.
    pub asked: BTreeMap<String, Value>,
}

#[derive(Serialize, ToSchema)]
pub struct GrantView {
    pub capability: String,
    /// `true`, or the words that the grant is limited to.
    pub scope: Value,
    pub granted_by: String,
    pub granted_at: DateTime<Utc>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct GrantsBody {
    /// All grants from now on, by capability, such as `{"memory": ["read"], "kv": true}`.
    pub grants: BTreeMap<String, Value>,
}

#[derive(Serialize, ToSchema)]
pub struct SkillSettings {
    pub settings: BTreeMap<String, SkillSetting>,
}

#[derive(Serialize, ToSchema)]
pub struct SkillSetting {
    pub description: String,
    pub default: String,
    /// The value in force.
    pub value: Value,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SkillSettingsBody {
    /// All values from now on; a key that is missing has its default.
    #[schema(value_type = BTreeMap<String, String>)]
    pub settings: Map<String, Value>,
}

/// What was granted to a skill, and what it asks for.
#[utoipa::path(
    get,
    path = "/api/v1/skills/{name}/grants",
    tag = "skills",
    params(("name" = String, Path)),
    responses((status = 200, body = Grants), (status = 404, body = super::ProblemDocument))
)]
pub async fn show(State(backoffice): State<Arc<Backoffice>>, Path(name): Path<String>) -> Result<axum::Json<Grants>> {
    grants(&backoffice, &name).await
}

/// Replaces all grants of a skill. None may go beyond what a version asks for.
#[utoipa::path(
    put,
    path = "/api/v1/skills/{name}/grants",
    tag = "skills",
    params(("name" = String, Path)),
    request_body = GrantsBody,
    responses((status = 200, body = Grants), (status = 404, body = super::ProblemDocument), (status = 422, body = super::ProblemDocument))
)]
pub async fn replace(
    State(backoffice): State<Arc<Backoffice>>,
    actor: Actor,
    Path(name): Path<String>,
    Json(body): Json<GrantsBody>,
) -> Result<axum::Json<Grants>> {
    let wanted: Vec<(String, Value)> = body.grants.into_iter().collect();
    backoffice.set_grants(&actor, &name, &wanted).await?;
    grants(&backoffice, &name).await
}

/// The settings of a skill, with the values in force.
#[utoipa::path(
    get,
    path = "/api/v1/skills/{name}/settings",
    tag = "skills",
    params(("name" = String, Path)),
    responses((status = 200, body = SkillSettings), (status = 404, body = super::ProblemDocument))
)]
pub async fn settings(
    State(backoffice): State<Arc<Backoffice>>,
    Path(name): Path<String>,
) -> Result<axum::Json<SkillSettings>> {
    skill_settings(&backoffice, &name).await
}

/// Replaces the owner's values for the settings of a skill.
#[utoipa::path(
    put,
    path = "/api/v1/skills/{name}/settings",
    tag = "skills",
    params(("name" = String, Path)),
    request_body = SkillSettingsBody,
    responses((status = 200, body = SkillSettings), (status = 404, body = super::ProblemDocument), (status = 422, body = super::ProblemDocument))
)]
pub async fn set_settings(
    State(backoffice): State<Arc<Backoffice>>,
    actor: Actor,
    Path(name): Path<String>,
    Json(body): Json<SkillSettingsBody>,
) -> Result<axum::Json<SkillSettings>> {
    backoffice.set_skill_settings(&actor, &name, body.settings).await?;
    skill_settings(&backoffice, &name).await
}

async fn grants(backoffice: &Backoffice, name: &str) -> Result<axum::Json<Grants>> {
    let row = backoffice.skill_row(name).await?;
    let (_, manifest) = backoffice.chosen_version(&row).await?;
    let grants = backoffice.db.grants(name).await?.into_iter().map(|grant| GrantView {
        capability: grant.capability,
        scope: grant.scope.0,
        granted_by: grant.granted_by,
        granted_at: grant.granted_at,
    });
    Ok(axum::Json(Grants { grants: grants.collect(), asked: manifest.asked().into_iter().collect() }))
}

async fn skill_settings(backoffice: &Backoffice, name: &str) -> Result<axum::Json<SkillSettings>> {
    let row = backoffice.skill_row(name).await?;
    let (_, manifest) = backoffice.chosen_version(&row).await?;
    let settings = manifest.settings.into_iter().map(|(key, setting)| {
        let value = row.settings.0.get(&key).cloned().unwrap_or_else(|| setting.default.clone().into());
        (key, SkillSetting { description: setting.description, default: setting.default, value })
    });
    Ok(axum::Json(SkillSettings { settings: settings.collect() }))
}
