//! Secrets of skills: set and forgotten here, read nowhere.

use axum::extract::State;
use chrono::{DateTime, Utc};
use secrecy::SecretString;
use serde::Serialize;
use serde_json::Value;
use std::{collections::BTreeMap, sync::Arc};
use utoipa::ToSchema;

use super::{
    super::{
        Backoffice,
        auth::Actor,
        error::{Kind, Problem, Result},
        extract::{Json, Path},
    },
    Done,
};
use crate::{
    skills::{AskedSecret, manifest_of},
    store::SecretRow,
};

#[derive(Serialize, ToSchema)]
pub struct Secrets {
    /// By name.
    pub secrets: Vec<SecretView>,
}

/// A secret without its value.
#[derive(Serialize, ToSchema)]
pub struct SecretView {
    pub name: String,
    /// Where it is sent, and in which header, behind the prefix; `null` when no version asks for it any more.
    pub host: Option<String>,
    pub header: Option<String>,
    pub prefix: String,
    /// Host, header and prefix in one, as a form sends it back.
    #[serde(skip)]
    pub place: String,
    pub description: String,
    pub set: bool,
    pub set_by: Option<String>,
    pub set_at: Option<DateTime<Utc>>,
}

/// Describes the bodies below, which are read by hand: what is wrong with one must not repeat it.
#[derive(ToSchema)]
#[expect(dead_code, reason = "for the API document")]
pub struct SecretBody {
    value: String,
}

#[derive(ToSchema)]
#[expect(dead_code, reason = "for the API document")]
pub struct SecretsBody {
    /// Values by name; `null` forgets one, and those that are not named stay.
    secrets: BTreeMap<String, Option<String>>,
}

impl SecretView {
    fn of(name: String, asked: Option<&AskedSecret>, row: Option<&SecretRow>) -> Self {
        // What was set for another place is not set for this one.
        let set = row.filter(|row| asked.is_none_or(|asked| asked.place() == row.place));
        Self {
            name,
            host: asked.map(|asked| asked.host.to_string()),
            header: asked.map(|asked| asked.header.clone()),
            prefix: asked.map(|asked| asked.prefix.clone()).unwrap_or_default(),
            place: asked.map(AskedSecret::place).unwrap_or_default(),
            description: asked.map(|asked| asked.description.clone()).unwrap_or_default(),
            set: set.is_some(),
            set_by: set.map(|row| row.set_by.clone()),
            set_at: set.map(|row| row.set_at),
        }
    }
}

/// The secrets that the version in force or one under review asks for, and those that are set; the
/// page shows the same.
pub async fn of(backoffice: &Backoffice, skill: &str) -> Result<Vec<SecretView>> {
    let row = backoffice.skill_row(skill).await?;
    let (_, chosen) = backoffice.chosen_version(&row).await?;
    let mut asked: BTreeMap<String, Option<AskedSecret>> = BTreeMap::new();
    let mut ask = |secrets: Vec<AskedSecret>| {
        for secret in secrets {
            asked.entry(secret.name.clone()).or_insert(Some(secret));
        }
    };
    ask(chosen.secrets);
    for version in backoffice.db.versions(skill).await?.iter().filter(|version| version.status == "review") {
        ask(manifest_of(version)?.secrets);
    }
    let rows = backoffice.db.secrets(skill).await?;
    for row in &rows {
        asked.entry(row.name.clone()).or_insert(None);
    }
    let views = asked.into_iter().map(|(name, asked)| {
        let row = rows.iter().find(|row| row.name == name);
        SecretView::of(name, asked.as_ref(), row)
    });
    Ok(views.collect())
}

/// The secrets of a skill: which there are, and whether each is set.
#[utoipa::path(
    get,
    path = "/api/v1/skills/{name}/secrets",
    tag = "skills",
    params(("name" = String, Path)),
    responses((status = 200, body = Secrets), (status = 404, body = super::ProblemDocument))
)]
pub async fn list(State(backoffice): State<Arc<Backoffice>>, Path(name): Path<String>) -> Result<axum::Json<Secrets>> {
    Ok(axum::Json(Secrets { secrets: of(&backoffice, &name).await? }))
}

/// Sets or forgets several secrets.
#[utoipa::path(
    put,
    path = "/api/v1/skills/{name}/secrets",
    tag = "skills",
    params(("name" = String, Path)),
    request_body = SecretsBody,
    responses((status = 200, body = Secrets), (status = 404, body = super::ProblemDocument), (status = 422, body = super::ProblemDocument))
)]
pub async fn set_many(
    State(backoffice): State<Arc<Backoffice>>,
    actor: Actor,
    Path(name): Path<String>,
    Json(body): Json<Value>,
) -> Result<axum::Json<Secrets>> {
    let Some(Value::Object(secrets)) = only(&body, "secrets") else {
        return Err(Problem::new(Kind::InvalidBody, "Send `{\"secrets\": {\"NAME\": \"VALUE\"}}`."));
    };
    for (secret, value) in secrets {
        match value {
            Value::Null => forget_one(&backoffice, &actor, &name, secret).await?,
            value => backoffice.set_secret(&actor, &name, secret, (Some(&text(value)?), None)).await?,
        }
    }
    list(State(backoffice), Path(name)).await
}

/// Sets a secret that the skill asks for. It is never read back.
#[utoipa::path(
    put,
    path = "/api/v1/skills/{name}/secrets/{secret}",
    tag = "skills",
    params(("name" = String, Path), ("secret" = String, Path)),
    request_body = SecretBody,
    responses((status = 200, body = Done), (status = 404, body = super::ProblemDocument), (status = 422, body = super::ProblemDocument))
)]
pub async fn set(
    State(backoffice): State<Arc<Backoffice>>,
    actor: Actor,
    Path((name, secret)): Path<(String, String)>,
    Json(body): Json<Value>,
) -> Result<axum::Json<Done>> {
    let Some(value) = only(&body, "value") else {
        return Err(Problem::new(Kind::InvalidBody, "Send `{\"value\": \"…\"}`."));
    };
    backoffice.set_secret(&actor, &name, &secret, (Some(&text(value)?), None)).await?;
    Ok(Done::ok())
}

/// Forgets a secret.
#[utoipa::path(
    delete,
    path = "/api/v1/skills/{name}/secrets/{secret}",
    tag = "skills",
    params(("name" = String, Path), ("secret" = String, Path)),
    responses((status = 200, body = Done), (status = 404, body = super::ProblemDocument))
)]
pub async fn forget(
    State(backoffice): State<Arc<Backoffice>>,
    actor: Actor,
    Path((name, secret)): Path<(String, String)>,
) -> Result<axum::Json<Done>> {
    forget_one(&backoffice, &actor, &name, &secret).await?;
    Ok(Done::ok())
}

async fn forget_one(backoffice: &Backoffice, actor: &Actor, name: &str, secret: &str) -> Result<()> {
    if !of(backoffice, name).await?.iter().any(|known| known.name == secret) {
        return Err(Problem::new(Kind::NoSecret, format!("`{name}` has no secret `{secret}`.")));
    }
    backoffice.set_secret(actor, name, secret, (None, None)).await
}

/// The one field that a body has.
fn only<'a>(body: &'a Value, field: &str) -> Option<&'a Value> {
    body.as_object().filter(|fields| fields.len() == 1)?.get(field)
}

fn text(value: &Value) -> Result<SecretString> {
    let text = value.as_str().ok_or_else(|| Problem::new(Kind::InvalidBody, "The value of a secret is text."))?;
    Ok(SecretString::from(text))
}
