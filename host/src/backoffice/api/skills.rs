//! Skills: upload and registry.

use axum::{
    Json,
    extract::{Request, State},
    http::StatusCode,
};
use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::Value;
use std::{collections::BTreeMap, sync::Arc};
use utoipa::ToSchema;

use super::{
    super::{Backoffice, auth::Actor, component, error::Result, extract::Path},
    Done,
    limits::{self, LimitView},
};
use crate::{
    skills::{ExampleResult, Manifest, SharedTrigger, Uploaded},
    store::{CallRecord, SkillRow},
};

/// A version that was accepted.
#[derive(Serialize, ToSchema)]
pub struct UploadedView {
    pub name: String,
    pub version: String,
    /// SHA-256 of the component, in hex.
    pub digest: String,
    /// "active", or "review" when it waits for the owner.
    pub status: &'static str,
    /// The capabilities, with their scopes, that wait for the owner.
    #[schema(value_type = Vec<Vec<Value>>)]
    pub missing: Vec<(String, Value)>,
    /// Whether it waits since it would take the place of a skill that ships with the host.
    pub replaces_bundled: bool,
    /// Whether it came as a core module, which the host made into the component of this digest.
    pub from_core_module: bool,
    /// Triggers that other skills have too: of those, the first by name answers.
    pub shared_triggers: Vec<SharedTriggerView>,
    /// The interfaces that the component calls.
    pub imports: Vec<String>,
    pub size: usize,
    pub compile_ms: i64,
    pub examples: Vec<ExampleView>,
}

/// A trigger that another skill has too.
#[derive(Serialize, ToSchema)]
pub struct SharedTriggerView {
    /// Its pattern, or one of its words.
    pub trigger: String,
    pub skill: String,
}

/// How one example of the manifest came out.
#[derive(Serialize, ToSchema)]
pub struct ExampleView {
    pub input: Value,
    pub passed: bool,
    pub expected: Value,
    pub actual: Value,
}

#[derive(Serialize, ToSchema)]
pub struct SkillList {
    pub skills: Vec<SkillView>,
}

#[derive(Serialize, ToSchema)]
pub struct SkillView {
    pub name: String,
    /// "active" or "disabled"; "review" while no version was ever activated.
    pub status: String,
    /// "bundle" or "upload".
    pub origin: String,
    pub description: String,
    pub version: String,
    /// The version that answers.
    pub active_digest: Option<String>,
    /// The version that a roll-back returns to.
    pub previous_digest: Option<String>,
    pub input_schema: Value,
    pub output_schema: Value,
    /// The capabilities that the version asks for, each with its scope.
    pub capabilities: BTreeMap<String, Value>,
    /// Whether every call waits for the owner's yes.
    pub needs_approval: bool,
    /// What one call may use. In a list of skills, what was used is left out.
    pub limits: Vec<LimitView>,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

impl From<Uploaded> for UploadedView {
    fn from(uploaded: Uploaded) -> Self {
        Self {
            name: uploaded.name,
            version: uploaded.version,
            digest: uploaded.digest,
            status: uploaded.status,
            missing: uploaded.missing,
            replaces_bundled: uploaded.replaces_bundled,
            from_core_module: uploaded.from_core_module,
            shared_triggers: uploaded.shared_triggers.into_iter().map(SharedTriggerView::from).collect(),
            imports: uploaded.imports,
            size: uploaded.size,
            compile_ms: uploaded.compile_ms,
            examples: uploaded.examples.into_iter().map(ExampleView::from).collect(),
        }
    }
}

impl From<SharedTrigger> for SharedTriggerView {
    fn from(shared: SharedTrigger) -> Self {
        Self { trigger: shared.trigger, skill: shared.skill }
    }
}

impl From<ExampleResult> for ExampleView {
    fn from(result: ExampleResult) -> Self {
        Self { input: result.input, passed: result.passed, expected: result.expected, actual: result.actual }
    }
}

impl SkillView {
    async fn of(backoffice: &Backoffice, row: SkillRow, calls: &[CallRecord]) -> Result<Self> {
        let (version, manifest) = backoffice.chosen_version(&row).await?;
        let limits = limits::of(backoffice, &manifest, &version, calls);
        let capabilities = manifest.asked().into_iter().collect();
        let Manifest { description, version, input_schema, output_schema, needs_approval, .. } = manifest;
        Ok(Self {
            status: if row.active_digest.is_none() { "review".to_owned() } else { row.status },
            name: row.name,
            origin: row.origin,
            description,
            version,
            active_digest: row.active_digest,
            previous_digest: row.previous_digest,
            input_schema,
            output_schema,
            capabilities,
            needs_approval,
            limits,
            created_at: row.created_at,
            updated_at: row.updated_at,
        })
    }
}

/// Uploads a component: checked, compiled, its examples run, then active or waiting for review.
#[utoipa::path(
    post,
    path = "/api/v1/skills",
    tag = "skills",
    request_body(content = Vec<u8>, content_type = "application/wasm", description = "The component, or a multipart form with it"),
    responses(
        (status = 201, body = UploadedView),
        (status = 413, body = super::ProblemDocument, content_type = "application/problem+json"),
        (status = 422, body = super::ProblemDocument, content_type = "application/problem+json"),
        (status = 429, body = super::ProblemDocument, content_type = "application/problem+json", description = "Other uploads wait already"),
    )
)]
pub async fn upload(
    State(backoffice): State<Arc<Backoffice>>,
    actor: Actor,
    request: Request,
) -> Result<(StatusCode, Json<UploadedView>)> {
    let component = component::read(request, backoffice.max_component_bytes());
    let uploaded = backoffice.upload(&actor, component).await?;
    Ok((StatusCode::CREATED, Json(uploaded.into())))
}

/// All skills by name, disabled ones and those under review too.
#[utoipa::path(get, path = "/api/v1/skills", tag = "skills", responses((status = 200, body = SkillList)))]
pub async fn list(State(backoffice): State<Arc<Backoffice>>) -> Result<Json<SkillList>> {
    let mut skills = Vec::new();
    for row in backoffice.db.skills().await?.into_iter().filter(|row| row.status != "removed") {
        skills.push(SkillView::of(&backoffice, row, &[]).await?);
    }
    Ok(Json(SkillList { skills }))
}

/// One skill.
#[utoipa::path(
    get,
    path = "/api/v1/skills/{name}",
    tag = "skills",
    params(("name" = String, Path)),
    responses((status = 200, body = SkillView), (status = 404, body = super::ProblemDocument))
)]
pub async fn show(State(backoffice): State<Arc<Backoffice>>, Path(name): Path<String>) -> Result<Json<SkillView>> {
    let row = backoffice.skill_row(&name).await?;
    let calls = backoffice.db.skill_calls(&name, limits::RECENT_CALLS).await?;
    Ok(Json(SkillView::of(&backoffice, row, &calls).await?))
}

/// Keeps a skill from being called, and stops its calls that run.
#[utoipa::path(
    post,
    path = "/api/v1/skills/{name}/disable",
    tag = "skills",
    params(("name" = String, Path)),
    responses((status = 200, body = Done), (status = 404, body = super::ProblemDocument))
)]
pub async fn disable(
    State(backoffice): State<Arc<Backoffice>>,
    actor: Actor,
    Path(name): Path<String>,
) -> Result<Json<Done>> {
    backoffice.set_skill_status(&actor, &name, "disabled").await?;
    Ok(Done::ok())
}

/// Lets a disabled skill be called again.
#[utoipa::path(
    post,
    path = "/api/v1/skills/{name}/enable",
    tag = "skills",
    params(("name" = String, Path)),
    responses((status = 200, body = Done), (status = 404, body = super::ProblemDocument))
)]
pub async fn enable(
    State(backoffice): State<Arc<Backoffice>>,
    actor: Actor,
    Path(name): Path<String>,
) -> Result<Json<Done>> {
    backoffice.set_skill_status(&actor, &name, "active").await?;
    Ok(Done::ok())
}

/// Removes a skill. Its versions and calls stay on record; uploading it again brings it back.
#[utoipa::path(
    delete,
    path = "/api/v1/skills/{name}",
    tag = "skills",
    params(("name" = String, Path)),
    responses((status = 200, body = Done), (status = 404, body = super::ProblemDocument))
)]
pub async fn remove(
    State(backoffice): State<Arc<Backoffice>>,
    actor: Actor,
    Path(name): Path<String>,
) -> Result<Json<Done>> {
    backoffice.set_skill_status(&actor, &name, "removed").await?;
    Ok(Done::ok())
}
