//! The first page of all: whoever has the code from the terminal becomes the owner.

use askama::Template;
use axum::{
    extract::State,
    response::{IntoResponse, Redirect, Response},
};
use serde::Deserialize;
use serde_json::json;
use std::sync::Arc;
use tower_sessions::Session;

use super::{
    super::{
        Backoffice,
        auth::{self, CsrfForm, MIN_PASSWORD_CHARS, Peer},
        error::{Kind, Problem, Result},
        extract::Query,
    },
    Page, html,
};

#[derive(Template)]
#[template(path = "setup.html")]
struct SetupPage {
    page: Page,
    code: String,
    name: String,
    min_chars: usize,
    problem: Option<Problem>,
}

#[derive(Deserialize)]
pub struct Given {
    #[serde(default)]
    code: String,
}

#[derive(Deserialize)]
pub struct SetupForm {
    code: String,
    name: String,
    password: String,
    repeated: String,
}

/// `GET /setup`, with the code already filled in when the link from the terminal was followed.
pub async fn show(
    State(backoffice): State<Arc<Backoffice>>,
    page: Page,
    Query(given): Query<Given>,
) -> Result<Response> {
    if backoffice.db.owner().await?.is_some() {
        return Ok(Redirect::to("/login").into_response());
    }
    let page = SetupPage { page, code: given.code, name: String::new(), min_chars: MIN_PASSWORD_CHARS, problem: None };
    html(&page)
}

/// `POST /setup`
pub async fn create(
    State(backoffice): State<Arc<Backoffice>>,
    page: Page,
    session: Session,
    Peer(peer): Peer,
    CsrfForm(form): CsrfForm<SetupForm>,
) -> Result<Response> {
    match make_owner(&backoffice, &session, peer, &form).await {
        Ok(()) => Ok(Redirect::to("/").into_response()),
        Err(problem) if problem.kind == Kind::Internal => Err(problem),
        Err(problem) => {
            let status = problem.kind.status();
            let (code, name) = (form.code, form.name);
            let page = SetupPage { page, code, name, min_chars: MIN_PASSWORD_CHARS, problem: Some(problem) };
            Ok((status, html(&page)?).into_response())
        }
    }
}

async fn make_owner(
    backoffice: &Backoffice,
    session: &Session,
    peer: Option<std::net::SocketAddr>,
    form: &SetupForm,
) -> Result<()> {
    backoffice.attempts.count(peer)?;
    backoffice.setup.check(&form.code)?;
    if form.password != form.repeated {
        return Err(Problem::new(Kind::PasswordsDiffer, "The two passwords differ."));
    }
    let name = form.name.trim();
    if name.is_empty() || name.chars().count() > 64 || name.chars().any(char::is_control) {
        return Err(Problem::new(Kind::InvalidUser, "A name of 1 to 64 characters is needed."));
    }
    let hash = auth::hash_password(form.password.clone()).await?;
    let owner = backoffice.db.create_owner(&backoffice.clock, name, &hash).await?;
    backoffice.setup.void();
    auth::log_in(backoffice, session, owner).await?;
    tracing::info!("the owner was set up");
    backoffice.record_owner("setup", json!({ "name": name })).await
}
