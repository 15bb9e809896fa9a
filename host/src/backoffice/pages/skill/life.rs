//! `POST /skills/{name}`: a change in the life of a skill.

use axum::{extract::State, response::Response};
use serde::Deserialize;
use std::sync::Arc;
use tower_sessions::Session;

use super::super::{
    super::{
        Backoffice,
        auth::{Actor, CsrfForm},
        error::{Kind, Problem, Result},
        extract::Path,
    },
    Flash,
};

#[derive(Deserialize)]
pub struct Change {
    action: String,
    #[serde(default)]
    digest: String,
    #[serde(default)]
    grant: Option<String>,
}

/// Activates, rolls back, stops, enables, discards or removes.
pub async fn change(
    State(backoffice): State<Arc<Backoffice>>,
    actor: Actor,
    session: Session,
    Path(name): Path<String>,
    CsrfForm(form): CsrfForm<Change>,
) -> Result<Response> {
    let Change { action, digest, grant } = form;
    let (outcome, done) = match action.as_str() {
        "activate" => {
            (backoffice.activate(&actor, &name, &digest, grant.is_some()).await.map(drop), "done.skill_activated")
        }
        "rollback" => (backoffice.roll_back(&actor, &name, None).await.map(drop), "done.skill_rolled_back"),
        "enable" => (backoffice.set_skill_status(&actor, &name, "active").await, "done.skill_enabled"),
        "disable" => (backoffice.set_skill_status(&actor, &name, "disabled").await, "done.skill_disabled"),
        "discard" => (backoffice.discard(&actor, &name, &digest).await, "done.version_discarded"),
        "remove" => (backoffice.set_skill_status(&actor, &name, "removed").await, "done.skill_removed"),
        _ => return Err(Problem::new(Kind::InvalidForm, "There is no such change of a skill.")),
    };
    // With its only version a skill is gone too.
    let there = backoffice.db.skill(&name).await?.is_some_and(|row| row.status != "removed");
    let to = if there { format!("/skills/{name}") } else { "/skills".to_owned() };
    Flash::after(&session, outcome, done, &to).await
}
