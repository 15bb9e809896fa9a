//! People who write to the agent.

use axum::{Json, extract::State};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::ToSchema;
use uuid::Uuid;

use super::super::{
    Backoffice,
    auth::Actor,
    changes::floor,
    error::Result,
    extract::{self, Path},
};
use crate::{
    ids::UserId,
    store::{Role, User},
};

#[derive(Serialize, ToSchema)]
pub struct Users {
    /// Oldest first.
    pub users: Vec<UserView>,
}

#[derive(Serialize, ToSchema)]
pub struct UserView {
    pub id: Uuid,
    pub name: String,
    /// "owner" or "member".
    #[schema(value_type = String)]
    pub role: Role,
    /// Their chat on Telegram; a negative number is a group, which counts as one person.
    pub telegram_user_id: Option<i64>,
    /// "en" or "zh"; nothing where the setting holds.
    pub locale: Option<String>,
    /// IANA zone; nothing where the setting holds.
    pub time_zone: Option<String>,
    /// "small" or "large": the smallest tier that answers them while it can be paid for.
    pub tier_floor: Option<String>,
    pub created_at: DateTime<Utc>,
}

/// What is given changes; an empty text is the setting for everybody.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UserPatch {
    pub locale: Option<String>,
    pub time_zone: Option<String>,
    /// "small" or "large"; empty for none.
    pub tier_floor: Option<String>,
    /// Undoes the link to Telegram.
    #[serde(default)]
    pub unlink: bool,
}

impl From<User> for UserView {
    fn from(row: User) -> Self {
        Self {
            id: row.id.0,
            name: row.name,
            role: row.role,
            telegram_user_id: row.telegram_user_id,
            locale: row.locale,
            time_zone: row.time_zone,
            tier_floor: row.tier_floor,
            created_at: row.created_at,
        }
    }
}

/// Everybody who has written to the agent.
#[utoipa::path(get, path = "/api/v1/users", tag = "admin", responses((status = 200, body = Users)))]
pub async fn list(State(backoffice): State<Arc<Backoffice>>) -> Result<Json<Users>> {
    Ok(Json(Users { users: backoffice.db.users().await?.into_iter().map(UserView::from).collect() }))
}

/// Changes a person's language, time zone or smallest tier, or undoes the link to Telegram.
#[utoipa::path(
    patch,
    path = "/api/v1/users/{id}",
    tag = "admin",
    params(("id" = Uuid, Path)),
    request_body = UserPatch,
    responses((status = 200, body = UserView), (status = 404, body = super::ProblemDocument), (status = 422, body = super::ProblemDocument))
)]
pub async fn change(
    State(backoffice): State<Arc<Backoffice>>,
    actor: Actor,
    Path(id): Path<Uuid>,
    extract::Json(patch): extract::Json<UserPatch>,
) -> Result<Json<UserView>> {
    let id = UserId(id);
    let floor = patch.tier_floor.as_deref().map(floor).transpose()?;
    backoffice.set_place(&actor, id, patch.locale.as_deref(), patch.time_zone.as_deref()).await?;
    if let Some(floor) = floor {
        backoffice.set_floor(&actor, id, floor).await?;
    }
    if patch.unlink {
        backoffice.unlink(&actor, id).await?;
    }
    Ok(Json(backoffice.user(id).await?.into()))
}
