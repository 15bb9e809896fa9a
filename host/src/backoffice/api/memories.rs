//! What is remembered of a person.
#![expect(unused_qualifications, reason = "utoipa qualifies the types of queries")]

use axum::{extract::State, http::StatusCode};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::sync::Arc;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::{
    super::{
        Backoffice,
        auth::Actor,
        error::{Kind, Problem, Result},
        extract::{Json, Path, Query},
    },
    Done,
};
use crate::{
    ids::FactId,
    memory::Recalled,
    store::{Episode, Fact, Written},
};

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

#[derive(Serialize, ToSchema)]
pub struct Memories {
    /// Semantic memory, newest first.
    pub facts: Vec<FactView>,
    /// Episodic memory, newest first.
    pub episodes: Vec<EpisodeView>,
}

#[derive(Serialize, ToSchema)]
pub struct FactView {
    pub id: Uuid,
    pub key: String,
    pub text: String,
    pub value: Value,
    /// "user", "owner" or "skill".
    pub said_by: String,
    pub confidence: f64,
    /// How long it lasts: "fact" until it is contradicted, "state" for a while, "agenda" until its day has passed.
    pub class: String,
    pub source_turn: Option<Uuid>,
    pub source_episode: Option<Uuid>,
    /// When it began, if `since_told`; else when it was first heard of.
    pub valid_from: DateTime<Utc>,
    pub valid_to: Option<DateTime<Utc>>,
    pub since_told: bool,
    /// After which it is not held to be so any longer.
    pub expires_at: Option<DateTime<Utc>>,
    pub recorded_at: DateTime<Utc>,
    /// Since when it is known to have ended.
    pub closed_at: Option<DateTime<Utc>>,
}

#[derive(Serialize, ToSchema)]
pub struct EpisodeView {
    pub id: Uuid,
    pub conversation: Uuid,
    pub turn_id: Uuid,
    pub summary: String,
    pub summary_json: Value,
    pub tags: Vec<String>,
    /// "rules" or "model": who summarised.
    pub source: String,
    pub created_at: DateTime<Utc>,
}

#[derive(Serialize, ToSchema)]
pub struct Found {
    /// Best first.
    pub memories: Vec<FoundView>,
}

#[derive(Serialize, ToSchema)]
pub struct FoundView {
    /// "fact" or "episode".
    pub kind: String,
    pub id: Uuid,
    pub key: String,
    pub text: String,
    pub score: f64,
    /// The words that matched.
    pub matched: Vec<String>,
    pub recorded_at: DateTime<Utc>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewMemory {
    pub text: String,
    /// What it is about; derived from the text without it. A fact of the same key is replaced.
    pub key: Option<String>,
    /// Name of the person, made when new; the owner without it.
    pub user: Option<String>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewText {
    pub text: String,
}

#[derive(Serialize, ToSchema)]
pub struct WrittenView {
    /// "new", "replaced" or "unchanged".
    pub outcome: &'static str,
    pub fact: FactView,
}

impl From<Fact> for FactView {
    fn from(row: Fact) -> Self {
        Self {
            id: row.id.0,
            key: row.key,
            text: row.value_text,
            value: row.value_json.0,
            said_by: row.said_by,
            confidence: row.confidence,
            class: row.class.word().to_owned(),
            source_turn: row.source_turn_id.map(|id| id.0),
            source_episode: row.source_episode_id.map(|id| id.0),
            valid_from: row.valid_from,
            valid_to: row.valid_to,
            since_told: row.since_told,
            expires_at: row.expires_at,
            closed_at: row.closed_at,
            recorded_at: row.recorded_at,
        }
    }
}

impl From<Episode> for EpisodeView {
    fn from(row: Episode) -> Self {
        Self {
            id: row.id.0,
            conversation: row.conversation_id.0,
            turn_id: row.turn_id.0,
            summary: row.summary_text,
            summary_json: row.summary_json.0,
            tags: row.tags.0,
            source: row.source,
            created_at: row.created_at,
        }
    }
}

impl From<Recalled> for FoundView {
    fn from(found: Recalled) -> Self {
        Self {
            kind: found.kind.word().to_owned(),
            id: found.id,
            key: found.key,
            text: found.text,
            score: found.score,
            matched: found.matched,
            recorded_at: found.recorded_at,
        }
    }
}

/// Facts and episodes of a person.
#[utoipa::path(get, path = "/api/v1/memories", tag = "memory", params(Of), responses((status = 200, body = Memories)))]
pub async fn list(State(backoffice): State<Arc<Backoffice>>, Query(of): Query<Of>) -> Result<axum::Json<Memories>> {
    let user = backoffice.known_person(of.user.as_deref()).await?;
    let facts = backoffice.facts(user.id, of.closed, MAX_ROWS).await?;
    let episodes = backoffice.db.episodes(user.id, MAX_ROWS).await?;
    Ok(axum::Json(Memories {
        facts: facts.into_iter().map(FactView::from).collect(),
        episodes: episodes.into_iter().map(EpisodeView::from).collect(),
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
    let found = backoffice.memory.recall(user.id, &question.q, limit).await?;
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
    Ok((status, axum::Json(WrittenView { outcome, fact: fact.into() })))
}

/// Gives a fact another text; the old one is kept as closed. The answer has the new fact.
#[utoipa::path(
    patch,
    path = "/api/v1/memories/{id}",
    tag = "memory",
    params(("id" = Uuid, Path)),
    request_body = NewText,
    responses((status = 200, body = FactView), (status = 404, body = super::ProblemDocument), (status = 422, body = super::ProblemDocument))
)]
pub async fn rewrite(
    State(backoffice): State<Arc<Backoffice>>,
    actor: Actor,
    Path(id): Path<Uuid>,
    Json(new): Json<NewText>,
) -> Result<axum::Json<FactView>> {
    Ok(axum::Json(backoffice.rewrite_fact(&actor, FactId(id), &new.text).await?.into()))
}

/// Removes a fact or an episode for good.
#[utoipa::path(
    delete,
    path = "/api/v1/memories/{id}",
    tag = "memory",
    params(("id" = Uuid, Path)),
    responses((status = 200, body = Done), (status = 404, body = super::ProblemDocument))
)]
pub async fn forget(
    State(backoffice): State<Arc<Backoffice>>,
    actor: Actor,
    Path(id): Path<Uuid>,
) -> Result<axum::Json<Done>> {
    backoffice.forget(&actor, id).await?;
    Ok(Done::ok())
}
