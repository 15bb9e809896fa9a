//! Who writes to the agent, how each is spoken to, and by which model at least.

use askama::Template;
use axum::{extract::State, response::Response};
use chrono_tz::{TZ_VARIANTS, Tz};
use serde::Deserialize;
use std::sync::Arc;
use tower_sessions::Session;
use uuid::Uuid;

use super::{
    super::{
        Backoffice,
        auth::{Actor, CsrfForm},
        changes::floor,
        error::{Kind, Problem, Result},
        extract::Path,
    },
    Flash, Page, html,
};
use crate::{ids::UserId, store::User};

#[derive(Template)]
#[template(path = "people.html")]
struct PeoplePage {
    page: Page,
    people: Vec<User>,
    /// The language of the setting.
    locale: String,
    zones: &'static [Tz],
}

/// `GET /people`
pub async fn list(State(backoffice): State<Arc<Backoffice>>, page: Page) -> Result<Response> {
    let people = backoffice.db.users().await?;
    let locale = backoffice.settings.current().await?.locale;
    html(&PeoplePage { page, people, locale, zones: &TZ_VARIANTS })
}

#[derive(Deserialize)]
pub struct ChangeForm {
    action: String,
    #[serde(default)]
    locale: String,
    #[serde(default)]
    zone: String,
    #[serde(default)]
    floor: String,
}

/// `POST /people/{person}`
pub async fn change(
    State(backoffice): State<Arc<Backoffice>>,
    actor: Actor,
    session: Session,
    Path(id): Path<Uuid>,
    CsrfForm(form): CsrfForm<ChangeForm>,
) -> Result<Response> {
    let id = UserId(id);
    let (outcome, done) = match form.action.as_str() {
        "save" => (save(&backoffice, &actor, id, &form).await, "done.settings_saved"),
        "unlink" => (backoffice.unlink(&actor, id).await, "done.unlinked"),
        _ => return Err(Problem::new(Kind::InvalidForm, "There is no such change of a person.")),
    };
    Flash::after(&session, outcome, done, "/people").await
}

async fn save(backoffice: &Backoffice, actor: &Actor, id: UserId, form: &ChangeForm) -> Result<()> {
    let floor = floor(&form.floor)?;
    backoffice.set_place(actor, id, Some(&form.locale), Some(&form.zone)).await?;
    backoffice.set_floor(actor, id, floor).await
}
