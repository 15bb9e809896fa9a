//! The settings that the owner changes while the host runs.

use axum::extract::State;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::ToSchema;

use super::super::{
    Backoffice,
    auth::Actor,
    error::{Kind, Problem, Result},
    extract::Json,
};
use crate::settings::SettingView;

#[derive(Serialize, ToSchema)]
pub struct SettingList {
    pub settings: Vec<Setting>,
}

#[derive(Serialize, ToSchema)]
pub struct Setting {
    pub key: &'static str,
    pub value: String,
    /// The value of the settings file, which holds when nothing is set here.
    pub default: String,
    pub set: bool,
    /// Whether skills may change it.
    pub open: bool,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SettingChange {
    pub key: String,
    /// Sets the value.
    pub value: Option<String>,
    /// Opens the key to skills, or closes it.
    pub open: Option<bool>,
}

impl From<SettingView> for Setting {
    fn from(view: SettingView) -> Self {
        Self { key: view.key, value: view.value, default: view.default, set: view.set, open: view.open }
    }
}

/// All settings.
#[utoipa::path(get, path = "/api/v1/settings", tag = "admin", responses((status = 200, body = SettingList)))]
pub async fn list(State(backoffice): State<Arc<Backoffice>>) -> Result<axum::Json<SettingList>> {
    let settings = backoffice.settings.list().await?;
    Ok(axum::Json(SettingList { settings: settings.into_iter().map(Setting::from).collect() }))
}

/// Sets a value, or opens a key to skills, or both. Takes effect at once.
#[utoipa::path(
    put,
    path = "/api/v1/settings",
    tag = "admin",
    request_body = SettingChange,
    responses((status = 200, body = Setting), (status = 404, body = super::ProblemDocument), (status = 422, body = super::ProblemDocument))
)]
pub async fn set(
    State(backoffice): State<Arc<Backoffice>>,
    actor: Actor,
    Json(change): Json<SettingChange>,
) -> Result<axum::Json<Setting>> {
    let mut changed = None;
    if let Some(value) = &change.value {
        changed = Some(backoffice.set_setting(&actor, &change.key, value).await?);
    }
    if let Some(open) = change.open {
        changed = Some(backoffice.open_setting(&actor, &change.key, open).await?);
    }
    let changed = changed.ok_or_else(|| Problem::new(Kind::InvalidBody, "Either `value` or `open` is needed."))?;
    Ok(axum::Json(changed.into()))
}
