//! Settings, language, tokens, password, and who changed what.

use askama::Template;
use axum::{
    extract::State,
    response::{IntoResponse, Redirect, Response},
};
use serde::Deserialize;
use std::{collections::BTreeMap, sync::Arc};
use tower_sessions::Session;
use uuid::Uuid;

use super::{
    super::{
        Backoffice,
        auth::{Actor, CsrfForm, MIN_PASSWORD_CHARS},
        error::{Kind, Problem, Result},
        extract::Path,
        token::SCOPES,
    },
    Flash, Page, html,
};
use crate::{
    ids::TokenId,
    settings::{COUNT, SettingView},
    store::{ApiToken, AuditEntry},
};

const AUDIT_ROWS: i64 = 50;

#[derive(Template)]
#[template(path = "settings.html")]
struct SettingsPage {
    page: Page,
    settings: [SettingView; COUNT],
    tokens: Vec<ApiToken>,
    scopes: [&'static str; 6],
    /// A secret that was just made, shown this once.
    secret: Option<String>,
    audit: Vec<AuditEntry>,
    min_chars: usize,
}

impl SettingsPage {
    async fn of(backoffice: &Backoffice, page: Page, secret: Option<String>) -> Result<Self> {
        Ok(Self {
            settings: backoffice.settings.list().await?,
            tokens: backoffice.db.tokens().await?,
            scopes: SCOPES,
            audit: backoffice.db.audit_entries(AUDIT_ROWS).await?,
            min_chars: MIN_PASSWORD_CHARS,
            page,
            secret,
        })
    }
}

#[derive(Deserialize)]
pub struct SettingForm {
    key: String,
    value: String,
    open: Option<String>,
}

#[derive(Deserialize)]
pub struct PasswordForm {
    old: String,
    new: String,
    repeated: String,
}

/// `GET /settings`
pub async fn show(State(backoffice): State<Arc<Backoffice>>, page: Page) -> Result<Response> {
    html(&SettingsPage::of(&backoffice, page, None).await?)
}

/// `POST /settings`: one setting, its value and whether it is open to skills.
pub async fn set(
    State(backoffice): State<Arc<Backoffice>>,
    actor: Actor,
    session: Session,
    CsrfForm(form): CsrfForm<SettingForm>,
) -> Result<Response> {
    let outcome = change(&backoffice, &actor, &form).await;
    Flash::after(&session, outcome, "done.settings_saved", "/settings").await
}

/// Writes only what differs from what holds.
async fn change(backoffice: &Backoffice, actor: &Actor, form: &SettingForm) -> Result<()> {
    let now = backoffice.settings.value(&form.key).await?;
    // A browser sends line breaks as CR LF.
    let value = form.value.replace("\r\n", "\n");
    if value != now.value {
        backoffice.set_setting(actor, &form.key, &value).await?;
    }
    if form.open.is_some() != now.open {
        backoffice.open_setting(actor, &form.key, form.open.is_some()).await?;
    }
    Ok(())
}

/// `POST /settings/tokens`: the page that answers is the only one that shows the secret.
pub async fn create_token(
    State(backoffice): State<Arc<Backoffice>>,
    actor: Actor,
    session: Session,
    page: Page,
    CsrfForm(form): CsrfForm<BTreeMap<String, String>>,
) -> Result<Response> {
    let ticked = SCOPES.iter().filter(|scope| form.contains_key(&format!("scope:{scope}")));
    let scopes: Vec<String> = ticked.map(|scope| (*scope).to_owned()).collect();
    let name = form.get("name").map(String::as_str).unwrap_or_default();
    match backoffice.create_token(&actor, name, &scopes).await {
        Ok(token) => html(&SettingsPage::of(&backoffice, page, Some(token.secret)).await?),
        Err(problem) => Flash::after(&session, Err(problem), "done.token_made", "/settings#tokens").await,
    }
}

/// `POST /settings/tokens/{token}`
pub async fn revoke_token(
    State(backoffice): State<Arc<Backoffice>>,
    actor: Actor,
    session: Session,
    Path(id): Path<Uuid>,
    CsrfForm(()): CsrfForm<()>,
) -> Result<Response> {
    let outcome = backoffice.revoke_token(&actor, TokenId(id)).await;
    Flash::after(&session, outcome, "done.token_revoked", "/settings#tokens").await
}

/// `POST /settings/password`: every session ends, this one too.
pub async fn change_password(
    State(backoffice): State<Arc<Backoffice>>,
    actor: Actor,
    session: Session,
    super::super::auth::Peer(peer): super::super::auth::Peer,
    CsrfForm(form): CsrfForm<PasswordForm>,
) -> Result<Response> {
    let changed = if form.new == form.repeated {
        match backoffice.attempts.count(peer) {
            Ok(()) => backoffice.change_password(&actor, form.old, form.new).await,
            Err(problem) => Err(problem),
        }
    } else {
        Err(Problem::new(Kind::PasswordsDiffer, "The two passwords differ."))
    };
    match changed {
        Ok(()) => {
            session.flush().await?;
            Ok(Redirect::to("/login").into_response())
        }
        Err(problem) => Flash::after(&session, Err(problem), "done.settings_saved", "/settings#password").await,
    }
}
