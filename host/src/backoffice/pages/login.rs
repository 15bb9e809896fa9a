//! Log-in and log-out.

use askama::Template;
use axum::{
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};
use serde::Deserialize;
use serde_json::json;
use std::sync::Arc;
use tower_sessions::Session;

use super::{
    super::{
        Backoffice,
        auth::{self, CsrfForm, Peer},
        error::{Kind, Problem, Result},
        extract::Query,
    },
    Page, html,
    language::own_path,
};

#[derive(Template)]
#[template(path = "login.html")]
struct LoginPage {
    page: Page,
    next: String,
    problem: Option<Problem>,
}

#[derive(Deserialize)]
pub struct Next {
    #[serde(default)]
    next: String,
}

#[derive(Deserialize)]
pub struct LoginForm {
    password: String,
    #[serde(default)]
    next: String,
}

/// `GET /login`
pub async fn show(State(backoffice): State<Arc<Backoffice>>, page: Page, Query(next): Query<Next>) -> Result<Response> {
    if backoffice.db.owner().await?.is_none() {
        return Ok(Redirect::to("/setup").into_response());
    }
    html(&LoginPage { page, next: next.next, problem: None })
}

/// `POST /login`
pub async fn log_in(
    State(backoffice): State<Arc<Backoffice>>,
    page: Page,
    session: Session,
    Peer(peer): Peer,
    CsrfForm(form): CsrfForm<LoginForm>,
) -> Result<Response> {
    let checked = match backoffice.attempts.count(peer) {
        Ok(()) => backoffice.check_password(form.password).await,
        Err(problem) => Err(problem),
    };
    if let Err(problem) = checked {
        if !matches!(problem.kind, Kind::WrongPassword | Kind::TooManyAttempts) {
            return Err(problem);
        }
        tracing::warn!(peer = peer.map(tracing::field::display), kind = problem.kind.slug(), "a log-in failed");
        let status = problem.kind.status();
        let page = html(&LoginPage { page, next: form.next, problem: Some(problem) })?;
        // A browser shows 401 without a challenge as the page it is.
        let status = if status == StatusCode::UNAUTHORIZED { StatusCode::FORBIDDEN } else { status };
        return Ok((status, page).into_response());
    }
    let owner = backoffice.db.owner().await?;
    let owner = owner.ok_or_else(|| Problem::new(Kind::Unauthorized, "There is no owner yet."))?;
    auth::log_in(&backoffice, &session, owner.id).await?;
    backoffice.record_owner("login", json!({ "peer": peer.map(|peer| peer.ip().to_string()) })).await?;
    Ok(Redirect::to(own_path(&form.next)).into_response())
}

/// `POST /logout`
pub async fn log_out(session: Session, CsrfForm(()): CsrfForm<()>) -> Result<Response> {
    auth::log_out(&session).await?;
    Ok(Redirect::to("/login").into_response())
}
