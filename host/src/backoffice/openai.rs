//! The OpenAI-compatible face. The model `skillet` is the whole agent, with memory and skills; the name of
//! a tier is the governed gateway. Errors have OpenAI's shape; a refusal for money is 402, never 429,
//! which clients would repeat.

mod agent;
mod embeddings;
mod error;
mod gateway;
mod request;
mod wire;

pub use agent::Conversations;
pub use error::shape;

use axum::{
    Json, Router,
    extract::{DefaultBodyLimit, State},
    response::Response,
    routing::{get, post},
};
use serde_json::{Value, json};
use std::sync::Arc;

use super::{Backoffice, auth::Actor, extract};
use crate::{gateway::Tier, ids::UserId, store::Account};
use error::Refusal;
use request::ChatRequest;

/// The name of the whole agent.
const AGENT: &str = "skillet";

/// The name of the model for vectors.
const EMBEDDING: &str = "embedding";

/// Largest body, in bytes: conversations come whole.
const MAX_BODY_BYTES: usize = 4 << 20;

/// Every address under `/v1`.
pub fn routes() -> Router<Arc<Backoffice>> {
    Router::new()
        .route("/v1/chat/completions", post(complete))
        .route("/v1/embeddings", post(embeddings::embed))
        .route("/v1/models", get(models))
        .layer(DefaultBodyLimit::max(MAX_BODY_BYTES))
}

async fn complete(
    State(backoffice): State<Arc<Backoffice>>,
    actor: Actor,
    extract::Json(request): extract::Json<ChatRequest>,
) -> Result<Response, Refusal> {
    request.check()?;
    match (request.model.as_str(), Tier::from_word(&request.model)) {
        (AGENT, _) => agent::answer(&backoffice, &actor, request).await,
        (_, Some(tier)) => gateway::answer(&backoffice, &actor, tier, request).await,
        (model, None) => Err(Refusal::no_model(model)),
    }
}

/// The agent, and the tiers that are configured.
async fn models(State(backoffice): State<Arc<Backoffice>>) -> Json<Value> {
    let gateway = &backoffice.gateway;
    let tiers = [Tier::Small, Tier::Large].into_iter().filter(|tier| !gateway.models(*tier).is_empty());
    let names = std::iter::once(AGENT).chain(tiers.map(Tier::word));
    let names = names.chain(gateway.embedding_model().map(|_| EMBEDDING));
    let list: Vec<Value> =
        names.map(|name| json!({ "id": name, "object": "model", "created": 0, "owned_by": "skillet" })).collect();
    Json(json!({ "object": "list", "data": list }))
}

/// Who pays: the owner's person, and the token that was used. What a body calls its user is a label.
async fn account(backoffice: &Backoffice, actor: &Actor) -> Result<Account, Refusal> {
    let user: UserId = backoffice.sender(actor, None).await?;
    Ok(Account { user: Some(user), token: actor.token(), ..Account::default() })
}
