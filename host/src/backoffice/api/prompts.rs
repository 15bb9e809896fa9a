//! What models are told that skills ask.

use axum::extract::State;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::ToSchema;

use super::super::{
    Backoffice,
    auth::Actor,
    error::Result,
    extract::{Json, Path},
};
use crate::prompts::OF_SKILLS;

#[derive(Serialize, Deserialize, ToSchema)]
pub struct SkillPrompt {
    /// The text that the skill's instructions are put into, with the slots `{{ instructions }}`, `{{ name }}` and
    /// `{{ persona }}`. Set to an empty text, it is nothing but the instructions.
    pub value: String,
}

/// What the skill's instructions to models are put into.
#[utoipa::path(
    get,
    path = "/api/v1/skills/{name}/prompt",
    tag = "skills",
    params(("name" = String, Path)),
    responses((status = 200, body = SkillPrompt), (status = 404, body = super::ProblemDocument))
)]
pub async fn show(
    State(backoffice): State<Arc<Backoffice>>,
    Path(name): Path<String>,
) -> Result<axum::Json<SkillPrompt>> {
    backoffice.skill_row(&name).await?;
    let value = backoffice.settings.skill_prompt(&name).await?;
    Ok(axum::Json(SkillPrompt { value: value.unwrap_or_else(|| OF_SKILLS.to_owned()) }))
}

/// Sets it.
#[utoipa::path(
    put,
    path = "/api/v1/skills/{name}/prompt",
    tag = "skills",
    params(("name" = String, Path)),
    request_body = SkillPrompt,
    responses((status = 200, body = SkillPrompt), (status = 404, body = super::ProblemDocument), (status = 422, body = super::ProblemDocument))
)]
pub async fn set(
    State(backoffice): State<Arc<Backoffice>>,
    actor: Actor,
    Path(name): Path<String>,
    Json(body): Json<SkillPrompt>,
) -> Result<axum::Json<SkillPrompt>> {
    backoffice.set_skill_prompt(&actor, &name, &body.value).await?;
    show(State(backoffice), Path(name)).await
}
