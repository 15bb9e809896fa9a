//! The gallery: what ships with the host and is not installed.

use axum::{Json, extract::State, http::StatusCode};
use serde::Serialize;
use serde_json::Value;
use std::{collections::BTreeMap, sync::Arc};
use utoipa::ToSchema;

use super::{
    super::{Backoffice, auth::Actor, error::Result, extract::Path},
    skills::UploadedView,
};
use crate::skills::Shipped;

#[derive(Serialize, ToSchema)]
pub struct Gallery {
    /// By name.
    pub skills: Vec<GalleryView>,
}

/// A skill that can be installed.
#[derive(Serialize, ToSchema)]
pub struct GalleryView {
    pub name: String,
    pub version: String,
    pub description: String,
    /// SHA-256 of the component, in hex.
    pub digest: String,
    /// Bytes of the component.
    pub size: u64,
    /// The capabilities that it asks for, each with its scope; they are granted when it is installed.
    pub capabilities: BTreeMap<String, Value>,
    /// Whether every call waits for the owner's yes.
    pub needs_approval: bool,
    /// The secrets that it needs, by name.
    pub secrets: Vec<String>,
}

impl GalleryView {
    /// `None` for a file that is no skill.
    fn of(shipped: &Shipped) -> Option<Self> {
        let manifest = shipped.manifest.as_ref()?;
        Some(Self {
            name: manifest.name.clone(),
            version: manifest.version.clone(),
            description: manifest.description.clone(),
            digest: shipped.digest.clone(),
            size: shipped.size,
            capabilities: manifest.asked().into_iter().collect(),
            needs_approval: manifest.needs_approval,
            secrets: manifest.secrets.iter().map(|secret| secret.name.clone()).collect(),
        })
    }
}

/// Skills that ship with the host and are not installed, or were removed.
#[utoipa::path(get, path = "/api/v1/skills/gallery", tag = "skills", responses((status = 200, body = Gallery)))]
pub async fn list(State(backoffice): State<Arc<Backoffice>>) -> Result<Json<Gallery>> {
    let shipped = backoffice.skills.gallery().await?;
    Ok(Json(Gallery { skills: shipped.iter().filter_map(|one| GalleryView::of(one)).collect() }))
}

/// Installs a skill of the gallery and grants what it asks for.
#[utoipa::path(
    post,
    path = "/api/v1/skills/gallery/{name}",
    tag = "skills",
    params(("name" = String, Path)),
    responses(
        (status = 201, body = UploadedView),
        (status = 404, body = super::ProblemDocument, description = "The gallery has no such skill"),
        (status = 409, body = super::ProblemDocument, description = "It is installed"),
        (status = 422, body = super::ProblemDocument, description = "Its component is refused"),
        (status = 429, body = super::ProblemDocument, description = "Other uploads wait already"),
    )
)]
pub async fn install(
    State(backoffice): State<Arc<Backoffice>>,
    actor: Actor,
    Path(name): Path<String>,
) -> Result<(StatusCode, Json<UploadedView>)> {
    let installed = backoffice.install(&actor, &name).await?;
    Ok((StatusCode::CREATED, Json(installed.into())))
}
