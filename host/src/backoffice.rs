//! The web side: pages for people, an HTTP interface for programs. Every route is in `routes.rs`; what
//! answers it is in `pages/` and `api/`, one file per subject.

mod api;
mod assets;
mod auth;
mod body;
mod budgets;
mod changes;
mod component;
mod error;
mod extract;
mod guards;
mod locale;
mod markdown;
mod names;
mod openai;
mod pages;
mod routes;
mod serve;
mod setup;
pub mod token;
mod usage;
mod watch;

pub use auth::{Attempts, KnownTokens, known_tokens};
pub use openai::Conversations;
pub use serve::serve;
pub use setup::SetupCode;

use axum::{
    Router,
    extract::DefaultBodyLimit,
    middleware::{from_fn, from_fn_with_state},
    routing::get,
};
use metrics_exporter_prometheus::PrometheusHandle;
use std::{
    sync::{Arc, OnceLock},
    time::Duration,
};
use tokio_util::task::TaskTracker;
use tower_http::{catch_panic::CatchPanicLayer, timeout::RequestBodyTimeoutLayer, trace::TraceLayer};

use crate::{
    agent::Agent,
    clock::Clock,
    config::Config,
    gateway::Gateway,
    ids::UserId,
    memory::Memory,
    settings::Settings,
    skills::{Probed, Skills},
    store::Db,
    wake::Wake,
};

/// What the web side works with.
pub struct Backoffice {
    /// The settings that hold since the start.
    pub config: Arc<Config>,
    pub clock: Clock,
    pub db: Db,
    /// The settings that the owner changes on a page.
    pub settings: Settings,
    pub memory: Memory,
    pub skills: Arc<Skills>,
    /// The limits of the sandbox as they were tried at start.
    pub probed: Arc<[Probed]>,
    pub agent: Arc<Agent>,
    pub gateway: Arc<Gateway>,
    /// What makes the first owner.
    pub setup: SetupCode,
    /// What is counted, as text for Prometheus.
    pub metrics: PrometheusHandle,
    /// Work that goes on when its request has gone, and that a stop waits for.
    pub tasks: TaskTracker,
    /// Rings when a job was made here, or a message queued.
    pub wake: Arc<Wake>,
    /// How often passwords were tried.
    pub attempts: Attempts,
    /// Tokens that were used a moment ago.
    pub known_tokens: KnownTokens,
    /// The owner, once a token has spoken for one.
    pub owner: OnceLock<UserId>,
    /// Conversations of OpenAI's clients.
    pub conversations: Conversations,
}

/// Largest body of any request but an upload, in bytes.
const MAX_BODY_BYTES: usize = 1 << 20;

/// Longest silence of somebody who sends a body.
const BODY_TIMEOUT: Duration = Duration::from_secs(30);

/// What a multipart upload may have besides the component, in bytes.
const MULTIPART_BYTES: usize = 64 << 10;

/// Everything that is answered over HTTP.
pub fn router(backoffice: Arc<Backoffice>) -> Router {
    people(&backoffice)
        .merge(programs(&backoffice))
        .layer(from_fn(guards::headers))
        .layer(RequestBodyTimeoutLayer::new(BODY_TIMEOUT))
        .layer(from_fn(body::in_time))
        .layer(from_fn_with_state(backoffice.clone(), guards::own_name))
        .layer(TraceLayer::new_for_http().make_span_with(guards::span))
        .with_state(backoffice)
}

/// What a browser may ask for, with the owner's session, and every address that is not known.
fn people(backoffice: &Arc<Backoffice>) -> Router<Arc<Backoffice>> {
    let (api, document) = routes::api(backoffice).split_for_parts();
    let document: Arc<str> = document.to_json().unwrap_or_default().into();
    Router::new()
        .merge(api)
        .route("/api/openapi.json", get(move || async move { api::openapi(&document) }))
        .merge(routes::pages(backoffice))
        .merge(routes::open(backoffice))
        .route("/static/{tag}/{name}", get(assets::serve))
        .fallback(guards::not_found)
        .method_not_allowed_fallback(guards::method_not_allowed)
        .layer(auth::session_layer(backoffice))
        .layer(DefaultBodyLimit::max(MAX_BODY_BYTES))
        .layer(CatchPanicLayer::custom(guards::panicked))
        .layer(from_fn_with_state(backoffice.clone(), guards::problem_pages))
}

/// What only programs ask for, many times a second: no session is looked for, and no problem becomes a page.
fn programs(backoffice: &Arc<Backoffice>) -> Router<Arc<Backoffice>> {
    Router::new()
        .merge(routes::openai(backoffice))
        .route("/healthz", get(api::operation::healthz))
        .route("/readyz", get(api::operation::readyz))
        .route("/metrics", get(api::operation::metrics))
        .method_not_allowed_fallback(guards::method_not_allowed)
        .layer(CatchPanicLayer::custom(guards::panicked))
}

impl Backoffice {
    /// Largest component that is taken, in bytes.
    fn max_component_bytes(&self) -> usize {
        self.config.skills.max_component_mib as usize * (1 << 20)
    }
}
