//! Bearer tokens.

use axum::{extract::State, http::StatusCode};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{
    super::{
        Backoffice,
        auth::Actor,
        error::Result,
        extract::{Json, Path},
    },
    Done,
};
use crate::ids::TokenId;

#[derive(Serialize, ToSchema)]
pub struct Tokens {
    pub tokens: Vec<TokenView>,
}

/// A token without its secret, which nobody keeps.
#[derive(Serialize, ToSchema)]
pub struct TokenView {
    pub id: Uuid,
    pub name: String,
    pub scopes: Vec<String>,
    pub created_at: DateTime<Utc>,
    /// To the minute.
    pub last_used_at: Option<DateTime<Utc>>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TokenRequest {
    pub name: String,
    /// Some of "chat", "skills", "memory", "jobs", "usage", "admin".
    pub scopes: Vec<String>,
}

#[derive(Serialize, ToSchema)]
pub struct TokenSecret {
    pub id: Uuid,
    pub name: String,
    pub scopes: Vec<String>,
    /// Shown this once.
    pub token: String,
}

/// All tokens.
#[utoipa::path(get, path = "/api/v1/tokens", tag = "admin", responses((status = 200, body = Tokens)))]
pub async fn list(State(backoffice): State<Arc<Backoffice>>) -> Result<axum::Json<Tokens>> {
    let tokens = backoffice.db.tokens().await?.into_iter().map(|row| TokenView {
        id: row.id.0,
        name: row.name,
        scopes: row.scopes.0,
        created_at: row.created_at,
        last_used_at: row.last_used_at,
    });
    Ok(axum::Json(Tokens { tokens: tokens.collect() }))
}

/// Makes a token.
#[utoipa::path(
    post,
    path = "/api/v1/tokens",
    tag = "admin",
    request_body = TokenRequest,
    responses((status = 201, body = TokenSecret), (status = 409, body = super::ProblemDocument), (status = 422, body = super::ProblemDocument))
)]
pub async fn create(
    State(backoffice): State<Arc<Backoffice>>,
    actor: Actor,
    Json(request): Json<TokenRequest>,
) -> Result<(StatusCode, axum::Json<TokenSecret>)> {
    let token = backoffice.create_token(&actor, &request.name, &request.scopes).await?;
    let name = request.name.trim().to_owned();
    let answer = TokenSecret { id: token.id.0, name, scopes: request.scopes, token: token.secret };
    Ok((StatusCode::CREATED, axum::Json(answer)))
}

/// Makes a token worthless.
#[utoipa::path(
    delete,
    path = "/api/v1/tokens/{id}",
    tag = "admin",
    params(("id" = Uuid, Path)),
    responses((status = 200, body = Done), (status = 404, body = super::ProblemDocument))
)]
pub async fn revoke(
    State(backoffice): State<Arc<Backoffice>>,
    actor: Actor,
    Path(id): Path<Uuid>,
) -> Result<axum::Json<Done>> {
    backoffice.revoke_token(&actor, TokenId(id)).await?;
    Ok(Done::ok())
}
