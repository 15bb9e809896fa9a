//! What is remembered of a person: looked at, searched, added to, changed, forgotten.

use askama::Template;
use axum::{extract::State, response::Response};
use serde::Deserialize;
use std::{fmt::Write, sync::Arc};
use tower_sessions::Session;
use uuid::Uuid;

use super::{
    super::{
        Backoffice,
        auth::{Actor, CsrfForm},
        error::{Kind, Problem, Result},
        extract::{Path, Query},
    },
    Flash, Page, html,
};
use crate::{
    ids::FactId,
    memory::Recalled,
    store::{Episode, Fact, User},
};

const MAX_ROWS: i64 = 200;
const MAX_FOUND: usize = 20;

#[derive(Template)]
#[template(path = "memory.html")]
struct MemoryPage {
    page: Page,
    people: Vec<User>,
    person: User,
    question: String,
    found: Option<Vec<Recalled>>,
    facts: Vec<Fact>,
    episodes: Vec<Episode>,
    /// Facts that no longer hold are shown too.
    closed: bool,
}

#[derive(Deserialize)]
pub struct Look {
    user: Option<String>,
    #[serde(default)]
    q: String,
    closed: Option<String>,
}

#[derive(Deserialize)]
pub struct NewFactForm {
    user: String,
    text: String,
    #[serde(default)]
    key: String,
}

#[derive(Deserialize)]
pub struct ChangeForm {
    user: String,
    action: String,
    #[serde(default)]
    text: String,
}

/// `GET /memory`
pub async fn show(State(backoffice): State<Arc<Backoffice>>, page: Page, Query(look): Query<Look>) -> Result<Response> {
    let person = backoffice.known_person(look.user.as_deref()).await?;
    let question = look.q.trim().to_owned();
    let found =
        if question.is_empty() { None } else { Some(backoffice.memory.recall(person.id, &question, MAX_FOUND).await?) };
    let closed = look.closed.is_some();
    let page = MemoryPage {
        page,
        people: backoffice.db.users().await?,
        question,
        found,
        facts: backoffice.facts(person.id, closed, MAX_ROWS).await?,
        episodes: backoffice.db.episodes(person.id, MAX_ROWS).await?,
        person,
        closed,
    };
    html(&page)
}

/// `POST /memory`: a new fact.
pub async fn write(
    State(backoffice): State<Arc<Backoffice>>,
    actor: Actor,
    session: Session,
    CsrfForm(form): CsrfForm<NewFactForm>,
) -> Result<Response> {
    let person = backoffice.known_person(Some(&form.user)).await?;
    let outcome = backoffice.remember(&actor, person.id, &form.key, &form.text).await.map(drop);
    Flash::after(&session, outcome, "done.remembered", &address(&person.name)).await
}

/// `POST /memory/{id}`: another text, or nothing any more.
pub async fn change(
    State(backoffice): State<Arc<Backoffice>>,
    actor: Actor,
    session: Session,
    Path(id): Path<Uuid>,
    CsrfForm(form): CsrfForm<ChangeForm>,
) -> Result<Response> {
    let (outcome, done) = match form.action.as_str() {
        "edit" => (backoffice.rewrite_fact(&actor, FactId(id), &form.text).await.map(drop), "done.edited"),
        "forget" => (backoffice.forget(&actor, id).await, "done.forgotten"),
        _ => return Err(Problem::new(Kind::InvalidForm, "A memory is edited or forgotten.")),
    };
    Flash::after(&session, outcome, done, &address(&form.user)).await
}

fn address(user: &str) -> String {
    let mut address = "/memory?user=".to_owned();
    for byte in user.bytes() {
        if byte.is_ascii_alphanumeric() {
            address.push(char::from(byte));
        } else {
            // Writing to a string does not fail.
            let _ = write!(address, "%{byte:02X}");
        }
    }
    address
}
