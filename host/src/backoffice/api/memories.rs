//! What is remembered of a person.
#![expect(unused_qualifications, reason = "utoipa qualifies the types of queries")]

mod view;

pub use view::MemoryChange;

use axum::{extract::State, http::StatusCode};
use serde::Deserialize;
use std::sync::Arc;
use utoipa::IntoParams;
use uuid::Uuid;

use self::view::{
    EpisodeView, ErasedView, FactView, Forgetting, Found, FoundView, Memories, MemoryView, NewMemory, WrittenView,
};
use super::super::{
    Backoffice,
    auth::Actor,
    changes::Known,
    error::{Kind, Problem, Result},
    extract::{Json, Path, Query},
};
use crate::store::Written;

const MAX_ROWS: i64 = 500;
const MAX_FOUND: usize = 50;

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Of {
    /// Name of the person; the owner without it.
    pub user: Option<String>,
    /// Also facts that no longer hold.
    #[serde(default)]
    pub closed: bool,
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Question {
    pub q: String,
    /// Most memories to give: 8 without it, 50 at most.
    pub k: Option<usize>,
    /// Name of the person; the owner without it.
    pub user: Option<String>,
}

/// Facts and episodes of a person.
#[utoipa::path(get, path = "/api/v1/memories", tag = "memory", params(Of), responses((status = 200, body = Memories)))]
pub async fn list(State(backoffice): State<Arc<Backoffice>>, Query(of): Query<Of>) -> Result<axum::Json<Memories>> {
    let user = backoffice.known_person(of.user.as_deref()).await?;
    let facts = backoffice.facts(user.id, of.closed, MAX_ROWS).await?;
    let episodes = backoffice.db.episodes(user.id, MAX_ROWS).await?;
    let rules = backoffice.memory.rules(user.id).await?;
    Ok(axum::Json(Memories {
        facts: facts.into_iter().map(|fact| FactView::new(fact, &rules)).collect(),
        episodes: episodes.into_iter().map(|episode| EpisodeView::new(episode, &rules)).collect(),
    }))
}

/// The memories of a person that bear on a question.
#[utoipa::path(get, path = "/api/v1/memories/search", tag = "memory", params(Question), responses((status = 200, body = Found)))]
pub async fn search(
    State(backoffice): State<Arc<Backoffice>>,
    Query(question): Query<Question>,
) -> Result<axum::Json<Found>> {
    let user = backoffice.known_person(question.user.as_deref()).await?;
    let limit = question.k.unwrap_or(8).clamp(1, MAX_FOUND);
    let found = backoffice.memory.search(user.id, &question.q, limit).await?;
    Ok(axum::Json(Found { memories: found.into_iter().map(FoundView::from).collect() }))
}

/// Keeps a fact.
#[utoipa::path(
    post,
    path = "/api/v1/memories",
    tag = "memory",
    request_body = NewMemory,
    responses((status = 201, body = WrittenView), (status = 200, body = WrittenView, description = "It was known"), (status = 422, body = super::ProblemDocument))
)]
pub async fn write(
    State(backoffice): State<Arc<Backoffice>>,
    actor: Actor,
    Json(new): Json<NewMemory>,
) -> Result<(StatusCode, axum::Json<WrittenView>)> {
    let user = backoffice.person(new.user.as_deref()).await?;
    let written = backoffice.remember(&actor, user.id, new.key.as_deref().unwrap_or_default(), &new.text).await?;
    let (id, outcome, status) = match written {
        Written::New(id) => (id, "new", StatusCode::CREATED),
        Written::Replaced(id) => (id, "replaced", StatusCode::CREATED),
        Written::Unchanged(id) => (id, "unchanged", StatusCode::OK),
    };
    let fact = backoffice.db.fact(id).await?;
    let fact = fact.ok_or_else(|| Problem::new(Kind::NoMemory, "It was forgotten at the same moment."))?;
    let rules = backoffice.memory.rules(user.id).await?;
    Ok((status, axum::Json(WrittenView { outcome, fact: FactView::new(fact, &rules) })))
}

/// Changes a memory: a fact gets another text (the old one is kept as closed), is pinned, or a memory is kept
/// out of prompts. What is said of a fact holds for the next values of its key, too. The answer has the memory
/// as it is now.
#[utoipa::path(
    patch,
    path = "/api/v1/memories/{id}",
    tag = "memory",
    params(("id" = Uuid, Path)),
    request_body = MemoryChange,
    responses((status = 200, body = MemoryView), (status = 404, body = super::ProblemDocument), (status = 422, body = super::ProblemDocument))
)]
pub async fn change(
    State(backoffice): State<Arc<Backoffice>>,
    actor: Actor,
    Path(id): Path<Uuid>,
    Json(change): Json<MemoryChange>,
) -> Result<axum::Json<MemoryView>> {
    let now = backoffice.change_memory(&actor, id, &change).await?;
    let rules = backoffice.memory.rules(now.user()).await?;
    Ok(axum::Json(match now {
        Known::Fact(fact) => MemoryView::Fact(FactView::new(fact, &rules)),
        Known::Episode(episode) => MemoryView::Episode(EpisodeView::new(episode, &rules)),
    }))
}

/// Forgets words of a person: they leave facts, episodes, messages, traces, calls, jobs and files. Facts that
/// hold them go, with earlier values of their keys.
#[utoipa::path(
    post,
    path = "/api/v1/memories/forget",
    tag = "memory",
    request_body = Forgetting,
    responses((status = 200, body = ErasedView), (status = 422, body = super::ProblemDocument))
)]
pub async fn forget_words(
    State(backoffice): State<Arc<Backoffice>>,
    actor: Actor,
    Json(order): Json<Forgetting>,
) -> Result<axum::Json<ErasedView>> {
    let user = backoffice.known_person(order.user.as_deref()).await?;
    Ok(axum::Json(backoffice.forget_words(&actor, user.id, &order.text).await?.into()))
}

/// Forgets a fact with earlier values of its key and its words, or an episode with what was said in its turn.
#[utoipa::path(
    delete,
    path = "/api/v1/memories/{id}",
    tag = "memory",
    params(("id" = Uuid, Path)),
    responses((status = 200, body = ErasedView), (status = 404, body = super::ProblemDocument))
)]
pub async fn forget(
    State(backoffice): State<Arc<Backoffice>>,
    actor: Actor,
    Path(id): Path<Uuid>,
) -> Result<axum::Json<ErasedView>> {
    Ok(axum::Json(backoffice.forget(&actor, id).await?.into()))
}
