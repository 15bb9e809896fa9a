//! The versions of a skill, and which of them answers.

use axum::{Json, extract::State};
use bytes::Bytes;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::sync::Arc;
use utoipa::ToSchema;

use super::{
    super::{
        Backoffice,
        auth::Actor,
        error::Result,
        extract::{self, Path},
    },
    Done,
};
use crate::store::VersionRow;

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
    /// Why it was rolled back, if it was: "by hand", or how many of its calls failed.
    pub retired_reason: Option<String>,
    /// "bundle" or "upload".
    pub origin: String,
    /// Its calls that wait or run, on all hosts; those of a version that was replaced end by themselves.
    pub in_flight: i64,
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

/// Where a roll-back leads.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RollBack {
    /// A version that answered once: its number, its digest, or eight digits or more that begin it. The one
    /// before by default.
    #[serde(default)]
    pub version: Option<String>,
}

/// The version that answers now.
#[derive(Serialize, ToSchema)]
pub struct Activated {
    pub name: String,
    pub version: String,
    pub digest: String,
}

impl From<VersionRow> for Activated {
    fn from(row: VersionRow) -> Self {
        Self { name: row.skill_name, version: row.version, digest: row.digest }
    }
}

impl VersionView {
    async fn of(backoffice: &Backoffice, row: VersionRow) -> Result<Self> {
        Ok(Self {
            in_flight: backoffice.db.running_calls(&row.digest).await?,
            digest: row.digest,
            version: row.version,
            status: row.status,
            retired_reason: row.retired_reason,
            origin: row.origin,
            size: row.size,
            compile_ms: row.compile_ms,
            imports: row.imports.0,
            manifest: row.manifest.0,
            examples: row.examples.0,
            created_at: row.created_at,
            activated_at: row.activated_at,
        })
    }
}

/// The versions of a skill.
#[utoipa::path(
    get,
    path = "/api/v1/skills/{name}/versions",
    tag = "skills",
    params(("name" = String, Path)),
    responses((status = 200, body = Versions), (status = 404, body = super::ProblemDocument))
)]
pub async fn list(State(backoffice): State<Arc<Backoffice>>, Path(name): Path<String>) -> Result<Json<Versions>> {
    backoffice.skill_row(&name).await?;
    let mut versions = Vec::new();
    for row in backoffice.db.versions(&name).await? {
        versions.push(VersionView::of(&backoffice, row).await?);
    }
    Ok(Json(Versions { versions }))
}

/// Makes a version the one that answers. Calls in flight end on the version they began with.
#[utoipa::path(
    post,
    path = "/api/v1/skills/{name}/versions/{version}/activate",
    tag = "skills",
    params(
        ("name" = String, Path),
        ("version" = String, Path, description = "Its number, its digest, or eight digits or more that begin it")
    ),
    request_body = Option<Activation>,
    responses(
        (status = 200, body = Activated),
        (status = 404, body = super::ProblemDocument),
        (status = 409, body = super::ProblemDocument, description = "It asks for what was not granted, or several versions are meant"),
    )
)]
pub async fn activate(
    State(backoffice): State<Arc<Backoffice>>,
    actor: Actor,
    Path((name, version)): Path<(String, String)>,
    body: Bytes,
) -> Result<Json<Activated>> {
    let activation: Activation = extract::optional(&body)?;
    Ok(Json(backoffice.activate(&actor, &name, &version, activation.grant).await?.into()))
}

/// Deletes a version that never answered; with the only version of a skill goes the skill.
#[utoipa::path(
    delete,
    path = "/api/v1/skills/{name}/versions/{version}",
    tag = "skills",
    params(
        ("name" = String, Path),
        ("version" = String, Path, description = "Its number, its digest, or eight digits or more that begin it")
    ),
    responses(
        (status = 200, body = Done),
        (status = 404, body = super::ProblemDocument),
        (status = 409, body = super::ProblemDocument, description = "It answers, or did before, or several versions are meant"),
    )
)]
pub async fn discard(
    State(backoffice): State<Arc<Backoffice>>,
    actor: Actor,
    Path((name, version)): Path<(String, String)>,
) -> Result<Json<Done>> {
    backoffice.discard(&actor, &name, &version).await?;
    Ok(Done::ok())
}

/// Returns to the version before, or to an earlier one. Calls that still run on the present one are stopped.
#[utoipa::path(
    post,
    path = "/api/v1/skills/{name}/rollback",
    tag = "skills",
    params(("name" = String, Path)),
    request_body = Option<RollBack>,
    responses((status = 200, body = Activated), (status = 404, body = super::ProblemDocument), (status = 409, body = super::ProblemDocument))
)]
pub async fn roll_back(
    State(backoffice): State<Arc<Backoffice>>,
    actor: Actor,
    Path(name): Path<String>,
    body: Bytes,
) -> Result<Json<Activated>> {
    let RollBack { version } = extract::optional(&body)?;
    Ok(Json(backoffice.roll_back(&actor, &name, version.as_deref()).await?.into()))
}
