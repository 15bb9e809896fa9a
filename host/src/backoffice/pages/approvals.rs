//! What skills ask of the owner: a capability that they lack, or a yes to a call.

use askama::Template;
use axum::{extract::State, response::Response};
use serde::Deserialize;
use std::sync::Arc;
use tower_sessions::Session;
use uuid::Uuid;

use super::{
    super::{
        Backoffice,
        api::approvals::{ApprovalView, approvals},
        auth::{Actor, CsrfForm},
        error::{Kind, Problem, Result},
        extract::Path,
    },
    Flash, Page, html, plain,
};
use crate::{ids::ApprovalId, store::ApprovalStatus};

/// Requests shown that were decided.
const PAST: usize = 50;

#[derive(Template)]
#[template(path = "approvals.html")]
struct ApprovalsPage {
    page: Page,
    open: Vec<ApprovalView>,
    past: Vec<ApprovalView>,
}

/// What is asked for, in plain words.
fn wish(page: &Page, one: &ApprovalView) -> String {
    match &one.capability {
        Some(capability) => plain::text(page, capability, one.word.as_deref()),
        None => page.t("approvals.call").into_owned(),
    }
}

/// `GET /approvals`
pub async fn list(State(backoffice): State<Arc<Backoffice>>, page: Page) -> Result<Response> {
    let all = approvals(&backoffice).await?.into_iter();
    let (open, mut past): (Vec<_>, Vec<_>) = all.partition(|one| one.status == ApprovalStatus::Pending);
    past.truncate(PAST);
    html(&ApprovalsPage { page, open, past })
}

#[derive(Deserialize)]
pub struct Decision {
    /// "approve" or "deny".
    action: String,
}

/// `POST /approvals/{approval}`
pub async fn decide(
    State(backoffice): State<Arc<Backoffice>>,
    actor: Actor,
    session: Session,
    Path(id): Path<Uuid>,
    CsrfForm(form): CsrfForm<Decision>,
) -> Result<Response> {
    let (approve, done) = match form.action.as_str() {
        "approve" => (true, "done.approval_approved"),
        "deny" => (false, "done.approval_denied"),
        _ => return Err(Problem::new(Kind::InvalidForm, "A request is approved or denied.")),
    };
    let outcome = backoffice.decide(&actor, ApprovalId(id), approve).await.map(drop);
    Flash::after(&session, outcome, done, "/approvals").await
}
