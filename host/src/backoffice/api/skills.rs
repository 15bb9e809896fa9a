//! Skills: upload, registry, life of a version.

use axum::{
    Json,
    extract::{Request, State},
    http::StatusCode,
};
use bytes::Bytes;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::{collections::BTreeMap, sync::Arc};
use utoipa::ToSchema;

use super::{
    super::{
        Backoffice,
        auth::Actor,
        component,
        error::{Kind, Problem, Result},
        extract::Path,
    },
    Done,
};
use crate::{
    skills::{ExampleResult, Manifest, Uploaded},
    store::{SkillRow, VersionRow},
};

/// A version that was accepted.
#[derive(Serialize, ToSchema)]
pub struct UploadedView {
    pub name: String,
    pub version: String,
    /// SHA-256 of the component, in hex.
    pub digest: String,
    /// "active", or "review" when it asks for what was not granted.
    pub status: &'static str,
    /// The capabilities, with their scopes, that wait for the owner.
    #[schema(value_type = Vec<Vec<Value>>)]
    pub missing: Vec<(String, Value)>,
    pub size: usize,
    pub compile_ms: i64,
    pub examples: Vec<ExampleView>,
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
    pub limits: Option<LimitsView>,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

/// What one call may use.
#[derive(Serialize, ToSchema)]
pub struct LimitsView {
    pub memory_bytes: usize,
    pub fuel: u64,
    pub timeout_ms: u64,
    pub output_bytes: usize,
}

#[derive(Serialize, ToSchema)]
pub struct Versions {
    /// Newest first.
    pub versions: Vec<VersionView>,
}

#[derive(Serialize, ToSchema)]
pub struct VersionView {
    pub digest: String,
    pub version: String,
    /// "review", "active" or "retired".
    pub status: String,
    pub size: i64,
    pub compile_ms: i64,
    pub imports: Vec<String>,
    pub manifest: Value,
    pub examples: Value,
    pub created_at: DateTime<Utc>,
    pub activated_at: Option<DateTime<Utc>>,
}

/// How a version is activated.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Activation {
    /// Grants what the version asks for.
    #[serde(default)]
    pub grant: bool,
}

#[derive(Serialize, ToSchema)]
pub struct Activated {
    pub name: String,
    pub digest: String,
}

impl From<Uploaded> for UploadedView {
    fn from(uploaded: Uploaded) -> Self {
        Self {
            name: uploaded.name,
            version: uploaded.version,
            digest: uploaded.digest,
            status: uploaded.status,
            missing: uploaded.missing,
            size: uploaded.size,
            compile_ms: uploaded.compile_ms,
            examples: uploaded.examples.into_iter().map(ExampleView::from).collect(),
        }
    }
}

impl From<ExampleResult> for ExampleView {
    fn from(result: ExampleResult) -> Self {
        Self { input: result.input, passed: result.passed, expected: result.expected, actual: result.actual }
    }
}

impl From<VersionRow> for VersionView {
    fn from(row: VersionRow) -> Self {
        Self {
            digest: row.digest,
            version: row.version,
            status: row.status,
            size: row.size,
            compile_ms: row.compile_ms,
            imports: row.imports.0,
            manifest: row.manifest.0,
            examples: row.examples.0,
            created_at: row.created_at,
            activated_at: row.activated_at,
        }
    }
}

impl SkillView {
    async fn of(backoffice: &Backoffice, row: SkillRow) -> Result<Self> {
        let (_, manifest) = backoffice.chosen_version(&row).await?;
        let installed = backoffice.skills.find(&row.name).await?;
        let limits = installed.map(|skill| LimitsView {
            memory_bytes: skill.limits.memory_bytes,
            fuel: skill.limits.fuel,
            timeout_ms: u64::try_from(skill.limits.timeout.as_millis()).unwrap_or(u64::MAX),
            output_bytes: skill.limits.output_bytes,
        });
        let capabilities = manifest.asked().into_iter().collect();
        let Manifest { description, version, input_schema, output_schema, .. } = manifest;
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
    )
)]
pub async fn upload(
    State(backoffice): State<Arc<Backoffice>>,
    actor: Actor,
    request: Request,
) -> Result<(StatusCode, Json<UploadedView>)> {
    let component = component::read(request, backoffice.max_component_bytes()).await?;
    let uploaded = backoffice.upload(&actor, &component).await?;
    Ok((StatusCode::CREATED, Json(uploaded.into())))
}

/// All skills by name, disabled ones and those under review too.
#[utoipa::path(get, path = "/api/v1/skills", tag = "skills", responses((status = 200, body = SkillList)))]
pub async fn list(State(backoffice): State<Arc<Backoffice>>) -> Result<Json<SkillList>> {
    let mut skills = Vec::new();
    for row in backoffice.db.skills().await?.into_iter().filter(|row| row.status != "removed") {
        skills.push(SkillView::of(&backoffice, row).await?);
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
    Ok(Json(SkillView::of(&backoffice, row).await?))
}

/// The versions of a skill.
#[utoipa::path(
    get,
    path = "/api/v1/skills/{name}/versions",
    tag = "skills",
    params(("name" = String, Path)),
    responses((status = 200, body = Versions), (status = 404, body = super::ProblemDocument))
)]
pub async fn versions(State(backoffice): State<Arc<Backoffice>>, Path(name): Path<String>) -> Result<Json<Versions>> {
    backoffice.skill_row(&name).await?;
    let versions = backoffice.db.versions(&name).await?;
    Ok(Json(Versions { versions: versions.into_iter().map(VersionView::from).collect() }))
}

/// Makes a version the one that answers. Calls in flight end on the version they began with.
#[utoipa::path(
    post,
    path = "/api/v1/skills/{name}/versions/{digest}/activate",
    tag = "skills",
    params(("name" = String, Path), ("digest" = String, Path)),
    request_body = Option<Activation>,
    responses(
        (status = 200, body = Activated),
        (status = 404, body = super::ProblemDocument),
        (status = 409, body = super::ProblemDocument, description = "It asks for what was not granted"),
    )
)]
pub async fn activate(
    State(backoffice): State<Arc<Backoffice>>,
    actor: Actor,
    Path((name, digest)): Path<(String, String)>,
    body: Bytes,
) -> Result<Json<Activated>> {
    let activation: Activation = if body.is_empty() {
        Activation::default()
    } else {
        serde_json::from_slice(&body).map_err(|error| {
            let kind = if error.is_data() { Kind::InvalidBody } else { Kind::InvalidJson };
            Problem::new(kind, error.to_string())
        })?
    };
    backoffice.activate(&actor, &name, &digest, activation.grant).await?;
    Ok(Json(Activated { name, digest }))
}

/// Returns to the version before.
#[utoipa::path(
    post,
    path = "/api/v1/skills/{name}/rollback",
    tag = "skills",
    params(("name" = String, Path)),
    responses((status = 200, body = Activated), (status = 404, body = super::ProblemDocument), (status = 409, body = super::ProblemDocument))
)]
pub async fn roll_back(
    State(backoffice): State<Arc<Backoffice>>,
    actor: Actor,
    Path(name): Path<String>,
) -> Result<Json<Activated>> {
    let digest = backoffice.roll_back(&actor, &name).await?;
    Ok(Json(Activated { name, digest }))
}

/// Keeps a skill from being called.
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
