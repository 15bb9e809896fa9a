//! The web side: pages for people, an HTTP interface for programs. Every route is in this file;
//! what answers it is in `pages/` and `api/`, one file per subject.

mod api;
mod assets;
mod auth;
mod changes;
mod component;
mod error;
mod extract;
mod guards;
mod locale;
mod markdown;
mod pages;
mod setup;
pub mod token;
mod watch;

pub use auth::Attempts;
pub use setup::SetupCode;

use axum::{
    Router,
    extract::DefaultBodyLimit,
    middleware::{from_fn, from_fn_with_state},
    routing::{get, post},
};
use metrics_exporter_prometheus::PrometheusHandle;
use std::{net::SocketAddr, sync::Arc, time::Duration};
use tokio::{net::TcpListener, sync::Notify};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tower_http::{catch_panic::CatchPanicLayer, timeout::RequestBodyTimeoutLayer, trace::TraceLayer};
use utoipa::OpenApi;
use utoipa_axum::{router::OpenApiRouter, routes};

use self::token::Scope;
use crate::{
    agent::Agent, clock::Clock, config::Config, memory::Memory, settings::Settings, skills::Skills, store::Db,
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
    pub agent: Arc<Agent>,
    /// What makes the first owner.
    pub setup: SetupCode,
    /// What is counted, as text for Prometheus.
    pub metrics: PrometheusHandle,
    /// Work that goes on when its request has gone, and that a stop waits for.
    pub tasks: TaskTracker,
    /// Wakes the scheduler when a job was queued again.
    pub jobs_made: Arc<Notify>,
    /// How often passwords were tried.
    pub attempts: Attempts,
}

/// Largest body of any request but an upload, in bytes.
const MAX_BODY_BYTES: usize = 1 << 20;

/// Longest silence of somebody who sends a body.
const BODY_TIMEOUT: Duration = Duration::from_secs(30);

/// What a multipart upload may have besides the component, in bytes.
const MULTIPART_BYTES: usize = 64 << 10;

/// How long answers may go on after the stop: turns get to end, a stream of one that does not is cut.
const LINGER: Duration = Duration::from_secs(8);

/// Answers requests until told to stop.
pub async fn serve(listener: TcpListener, backoffice: Arc<Backoffice>, stop: CancellationToken) {
    let app = router(backoffice).into_make_service_with_connect_info::<SocketAddr>();
    let serving = axum::serve(listener, app).with_graceful_shutdown(stop.clone().cancelled_owned());
    let cut = async {
        stop.cancelled().await;
        tokio::time::sleep(LINGER).await;
    };
    tokio::select! {
        served = serving => if let Err(error) = served {
            tracing::error!(error = &error as &dyn std::error::Error, "the web side ended");
        },
        () = cut => tracing::warn!("connections that did not end were cut"),
    }
}

/// Everything that is answered over HTTP.
pub fn router(backoffice: Arc<Backoffice>) -> Router {
    let (api, document) = api_routes(&backoffice).split_for_parts();
    let document: Arc<str> = document.to_json().unwrap_or_default().into();
    Router::new()
        .merge(api)
        .route("/api/openapi.json", get(move || async move { api::openapi(&document) }))
        .merge(page_routes(&backoffice))
        .merge(open_pages(&backoffice))
        .route("/static/{tag}/{name}", get(assets::serve))
        .route("/healthz", get(api::operation::healthz))
        .route("/readyz", get(api::operation::readyz))
        .route("/metrics", get(api::operation::metrics))
        .fallback(guards::not_found)
        .method_not_allowed_fallback(guards::method_not_allowed)
        .layer(auth::session_layer(&backoffice))
        .layer(DefaultBodyLimit::max(MAX_BODY_BYTES))
        .layer(CatchPanicLayer::custom(guards::panicked))
        .layer(from_fn_with_state(backoffice.clone(), guards::problem_pages))
        .layer(from_fn(guards::headers))
        .layer(RequestBodyTimeoutLayer::new(BODY_TIMEOUT))
        .layer(from_fn_with_state(backoffice.clone(), guards::own_name))
        .layer(TraceLayer::new_for_http().make_span_with(guards::span))
        .with_state(backoffice)
}

type ApiRouter = OpenApiRouter<Arc<Backoffice>>;

/// The HTTP interface. Paths and methods stand beside their handlers, for the API document; which
/// scope opens them stands here.
fn api_routes(backoffice: &Arc<Backoffice>) -> ApiRouter {
    let chat = OpenApiRouter::new()
        .routes(routes!(api::chat::send))
        .routes(routes!(api::conversations::list))
        .routes(routes!(api::conversations::messages))
        .routes(routes!(api::turns::list))
        .routes(routes!(api::turns::show));
    let uploads = OpenApiRouter::new()
        .routes(routes!(api::skills::upload))
        .layer(DefaultBodyLimit::max(backoffice.max_component_bytes() + MULTIPART_BYTES));
    let skills = OpenApiRouter::new()
        .merge(uploads)
        .routes(routes!(api::skills::list))
        .routes(routes!(api::skills::show, api::skills::remove))
        .routes(routes!(api::skills::versions))
        .routes(routes!(api::skills::activate))
        .routes(routes!(api::skills::roll_back))
        .routes(routes!(api::skills::disable))
        .routes(routes!(api::skills::enable))
        .routes(routes!(api::calls::call))
        .routes(routes!(api::grants::show, api::grants::replace))
        .routes(routes!(api::grants::settings, api::grants::set_settings));
    let memory = OpenApiRouter::new()
        .routes(routes!(api::memories::list, api::memories::write))
        .routes(routes!(api::memories::search))
        .routes(routes!(api::memories::rewrite, api::memories::forget));
    let jobs = OpenApiRouter::new()
        .routes(routes!(api::jobs::list))
        .routes(routes!(api::jobs::runs))
        .routes(routes!(api::jobs::redrive));
    let usage = OpenApiRouter::new().routes(routes!(api::usage::usage));
    let admin = OpenApiRouter::new()
        .routes(routes!(api::settings::list, api::settings::set))
        .routes(routes!(api::tokens::list, api::tokens::create))
        .routes(routes!(api::tokens::revoke))
        .routes(routes!(api::operation::audit));
    OpenApiRouter::with_openapi(api::Document::openapi())
        .merge(for_scope(backoffice, Scope::Chat, chat))
        .merge(for_scope(backoffice, Scope::Skills, skills))
        .merge(for_scope(backoffice, Scope::Memory, memory))
        .merge(for_scope(backoffice, Scope::Jobs, jobs))
        .merge(for_scope(backoffice, Scope::Usage, usage))
        .merge(for_scope(backoffice, Scope::Admin, admin))
}

fn for_scope(backoffice: &Arc<Backoffice>, scope: Scope, routes: ApiRouter) -> ApiRouter {
    routes.route_layer(from_fn_with_state((backoffice.clone(), scope), auth::api))
}

/// The pages of the owner.
fn page_routes(backoffice: &Arc<Backoffice>) -> Router<Arc<Backoffice>> {
    let upload = Router::new()
        .route("/skills", get(pages::skills::list).post(pages::skills::upload))
        .layer(DefaultBodyLimit::max(backoffice.max_component_bytes() + MULTIPART_BYTES));
    Router::new()
        .route("/", get(pages::chat::home))
        .route("/logout", post(pages::login::log_out))
        .route("/chat", get(pages::chat::fresh).post(pages::chat::send))
        .route("/chat/{conversation}", get(pages::chat::show).post(pages::chat::send_to))
        .route("/chat/turns/{turn}/events", get(pages::chat::events))
        .route("/chat/turns/{turn}/reply", get(pages::chat::reply))
        .merge(upload)
        .route("/skills/{name}", get(pages::skill::show).post(pages::skill::change))
        .route("/skills/{name}/grants", post(pages::skill::set_grants))
        .route("/skills/{name}/settings", post(pages::skill::set_settings))
        .route("/skills/{name}/call", post(pages::skill::call))
        .route("/turns", get(pages::turns::list))
        .route("/turns/{turn}", get(pages::turn::show))
        .route("/memory", get(pages::memory::show).post(pages::memory::write))
        .route("/memory/{id}", post(pages::memory::change))
        .route("/jobs", get(pages::jobs::list))
        .route("/jobs/{job}", get(pages::jobs::show).post(pages::jobs::redrive))
        .route("/usage", get(pages::usage::show))
        .route("/settings", get(pages::settings::show).post(pages::settings::set))
        .route("/settings/tokens", post(pages::settings::create_token))
        .route("/settings/tokens/{token}", post(pages::settings::revoke_token))
        .route("/settings/password", post(pages::settings::change_password))
        .route_layer(from_fn_with_state(backoffice.clone(), auth::page))
}

/// The pages of somebody who is not logged in.
fn open_pages(backoffice: &Arc<Backoffice>) -> Router<Arc<Backoffice>> {
    Router::new()
        .route("/setup", get(pages::setup::show).post(pages::setup::create))
        .route("/login", get(pages::login::show).post(pages::login::log_in))
        .route_layer(from_fn_with_state(backoffice.clone(), auth::form_token))
        .route("/language/{locale}", get(pages::language::choose))
        .route("/problems/{slug}", get(pages::error::explain))
}

impl Backoffice {
    /// Largest component that is taken, in bytes.
    fn max_component_bytes(&self) -> usize {
        self.config.skills.max_component_mib as usize * (1 << 20)
    }
}
