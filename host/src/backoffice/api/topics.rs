//! Topics that are neither learnt nor recalled.

use axum::extract::State;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::ToSchema;

use super::{
    super::{
        Backoffice,
        auth::Actor,
        error::Result,
        extract::{Json, Query},
    },
    OfUser,
};

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TopicOrder {
    /// A text that holds all its words is about it; 100 characters at most.
    pub topic: String,
    /// Name of the person; the owner without it.
    pub user: Option<String>,
}

#[derive(Serialize, ToSchema)]
pub struct Topics {
    /// Oldest first.
    pub topics: Vec<String>,
}

async fn topics(backoffice: &Backoffice, user: crate::ids::UserId) -> Result<axum::Json<Topics>> {
    Ok(axum::Json(Topics { topics: backoffice.memory.topics(user).await? }))
}

/// The topics that are excluded from a person's memory.
#[utoipa::path(get, path = "/api/v1/memories/topics", tag = "memory", params(OfUser), responses((status = 200, body = Topics)))]
pub async fn list(State(backoffice): State<Arc<Backoffice>>, Query(of): Query<OfUser>) -> Result<axum::Json<Topics>> {
    let user = backoffice.known_person(of.user.as_deref()).await?;
    topics(&backoffice, user.id).await
}

/// Excludes a topic: what is about it is neither learnt nor recalled. What is known of it stays and is forgotten
/// by itself.
#[utoipa::path(
    post,
    path = "/api/v1/memories/topics",
    tag = "memory",
    request_body = TopicOrder,
    responses((status = 200, body = Topics), (status = 422, body = super::ProblemDocument))
)]
pub async fn add(
    State(backoffice): State<Arc<Backoffice>>,
    actor: Actor,
    Json(order): Json<TopicOrder>,
) -> Result<axum::Json<Topics>> {
    let user = backoffice.person(order.user.as_deref()).await?;
    backoffice.exclude_topic(&actor, user.id, &order.topic, true).await?;
    topics(&backoffice, user.id).await
}

/// Takes the exclusion of a topic back.
#[utoipa::path(
    delete,
    path = "/api/v1/memories/topics",
    tag = "memory",
    request_body = TopicOrder,
    responses((status = 200, body = Topics))
)]
pub async fn remove(
    State(backoffice): State<Arc<Backoffice>>,
    actor: Actor,
    Json(order): Json<TopicOrder>,
) -> Result<axum::Json<Topics>> {
    let user = backoffice.known_person(order.user.as_deref()).await?;
    backoffice.exclude_topic(&actor, user.id, &order.topic, false).await?;
    topics(&backoffice, user.id).await
}
