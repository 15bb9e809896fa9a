//! What the forms of the page do.

use axum::{
    extract::{Request, State},
    response::Response,
};
use serde::Deserialize;
use std::{fmt::Write, sync::Arc};
use tower_sessions::Session;
use uuid::Uuid;

use super::super::{
    super::{
        Backoffice,
        api::{
            memories::MemoryChange,
            memory_files::{self, File, MAX_BYTES},
        },
        auth::{Actor, CsrfForm},
        component,
        error::{Kind, Problem, Result},
        extract::{Path, Query},
    },
    Flash,
};
use crate::{ids::FoldingId, memory::Format};

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

#[derive(Deserialize)]
pub struct TopicForm {
    user: String,
    action: String,
    topic: String,
}

#[derive(Deserialize)]
pub struct ForgetForm {
    user: String,
    text: String,
}

#[derive(Deserialize)]
pub struct Whose {
    user: String,
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

/// `POST /memory/{id}`: another text, another place in prompts, or nothing any more.
pub async fn change(
    State(backoffice): State<Arc<Backoffice>>,
    actor: Actor,
    session: Session,
    Path(id): Path<Uuid>,
    CsrfForm(form): CsrfForm<ChangeForm>,
) -> Result<Response> {
    let change = match form.action.as_str() {
        "edit" => MemoryChange { text: Some(form.text), ..MemoryChange::default() },
        "pin" => MemoryChange { pinned: Some(true), ..MemoryChange::default() },
        "unpin" => MemoryChange { pinned: Some(false), ..MemoryChange::default() },
        "mute" => MemoryChange { muted: Some(true), ..MemoryChange::default() },
        "unmute" => MemoryChange { muted: Some(false), ..MemoryChange::default() },
        "forget" => {
            let outcome = backoffice.forget(&actor, id).await.map(drop);
            return Flash::after(&session, outcome, "done.forgotten", &address(&form.user)).await;
        }
        _ => return Err(Problem::new(Kind::InvalidForm, "A memory is edited, pinned, muted or forgotten.")),
    };
    let outcome = backoffice.change_memory(&actor, id, &change).await.map(drop);
    Flash::after(&session, outcome, "done.edited", &address(&form.user)).await
}

/// `POST /memory/foldings/{folding}`: what a night has folded is taken back.
pub async fn undo(
    State(backoffice): State<Arc<Backoffice>>,
    actor: Actor,
    session: Session,
    Path(id): Path<Uuid>,
    CsrfForm(form): CsrfForm<Whose>,
) -> Result<Response> {
    let outcome = backoffice.undo_folding(&actor, FoldingId(id)).await;
    Flash::after(&session, outcome, "done.undone", &address(&form.user)).await
}

/// `POST /memory/topics`: a topic is excluded, or is not any more.
pub async fn topics(
    State(backoffice): State<Arc<Backoffice>>,
    actor: Actor,
    session: Session,
    CsrfForm(form): CsrfForm<TopicForm>,
) -> Result<Response> {
    let person = backoffice.known_person(Some(&form.user)).await?;
    let outcome = backoffice.exclude_topic(&actor, person.id, &form.topic, form.action == "add").await;
    Flash::after(&session, outcome, "done.edited", &address(&person.name)).await
}

/// `POST /memory/forget`: words, wherever they stand.
pub async fn forget_words(
    State(backoffice): State<Arc<Backoffice>>,
    actor: Actor,
    session: Session,
    CsrfForm(form): CsrfForm<ForgetForm>,
) -> Result<Response> {
    let person = backoffice.known_person(Some(&form.user)).await?;
    let (outcome, done) = match backoffice.forget_words(&actor, person.id, &form.text).await {
        Ok(erased) if erased.is_nothing() => (Ok(()), "done.nothing_forgotten"),
        other => (other.map(drop), "done.forgotten"),
    };
    Flash::after(&session, outcome, done, &address(&person.name)).await
}

/// `GET /memory/export`
pub async fn export(State(backoffice): State<Arc<Backoffice>>, Query(of): Query<File>) -> Result<Response> {
    memory_files::file(&backoffice, &of).await
}

/// `POST /memory/import?user=`: a file, whose name says what it is written in.
pub async fn import(
    State(backoffice): State<Arc<Backoffice>>,
    actor: Actor,
    session: Session,
    Query(of): Query<Whose>,
    request: Request,
) -> Result<Response> {
    let person = backoffice.known_person(Some(&of.user)).await?;
    let outcome = async {
        let bytes = component::read_form(request, MAX_BYTES).await?;
        let text = String::from_utf8(bytes)
            .map_err(|_| Problem::new(Kind::InvalidMemory, "The file is not text in UTF-8."))?;
        // A line of JSON begins with a brace, and no line of Markdown that holds a fact does.
        let format = if text.trim_start().starts_with('{') { Format::JsonLines } else { Format::Markdown };
        backoffice.import_memories(&actor, person.id, &text, format).await
    };
    let outcome = match outcome.await {
        Err(problem) if problem.kind == Kind::Csrf => return Err(problem),
        other => other.map(drop),
    };
    Flash::after(&session, outcome, "done.imported", &address(&person.name)).await
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
