//! Every address that the web side answers at.

use axum::{
    Router,
    extract::DefaultBodyLimit,
    middleware::{from_fn, from_fn_with_state},
    routing::{get, post},
};
use std::sync::Arc;
use utoipa::OpenApi;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{Backoffice, MULTIPART_BYTES, api, auth, openai, pages, token::Scope};

type ApiRouter = OpenApiRouter<Arc<Backoffice>>;

/// The HTTP interface. Paths and methods stand beside their handlers, for the API document; which
/// scope opens them stands here.
pub fn api(backoffice: &Arc<Backoffice>) -> ApiRouter {
    let chat = OpenApiRouter::new()
        .routes(routes!(api::chat::send))
        .routes(routes!(api::conversations::list))
        .routes(routes!(api::conversations::messages))
        .routes(routes!(api::conversations::stop))
        .routes(routes!(api::files::list))
        .routes(routes!(api::files::show))
        .routes(routes!(api::turns::list))
        .routes(routes!(api::turns::show));
    let uploads = OpenApiRouter::new()
        .routes(routes!(api::skills::upload))
        .layer(DefaultBodyLimit::max(backoffice.max_component_bytes() + MULTIPART_BYTES));
    let skills = OpenApiRouter::new()
        .merge(uploads)
        .routes(routes!(api::skills::list))
        .routes(routes!(api::gallery::list))
        .routes(routes!(api::gallery::install))
        .routes(routes!(api::skills::show, api::skills::remove))
        .routes(routes!(api::versions::list))
        .routes(routes!(api::versions::discard))
        .routes(routes!(api::versions::activate))
        .routes(routes!(api::versions::roll_back))
        .routes(routes!(api::skills::disable))
        .routes(routes!(api::skills::enable))
        .routes(routes!(api::calls::call))
        .routes(routes!(api::replays::show))
        .routes(routes!(api::replays::replay))
        .routes(routes!(api::grants::show, api::grants::replace))
        .routes(routes!(api::grants::settings, api::grants::set_settings))
        .routes(routes!(api::prompts::show, api::prompts::set))
        .routes(routes!(api::secrets::list, api::secrets::set_many))
        .routes(routes!(api::secrets::set, api::secrets::forget))
        .routes(routes!(api::approvals::list))
        .routes(routes!(api::approvals::approve))
        .routes(routes!(api::approvals::deny))
        .routes(routes!(api::sandbox::show));
    let imports = OpenApiRouter::new()
        .routes(routes!(api::memory_files::import))
        .layer(DefaultBodyLimit::max(api::memory_files::MAX_BYTES));
    let memory = OpenApiRouter::new()
        .routes(routes!(api::memories::list, api::memories::write))
        .routes(routes!(api::memories::search))
        .routes(routes!(api::memories::forget_words))
        .routes(routes!(api::foldings::list))
        .routes(routes!(api::foldings::undo))
        .routes(routes!(api::topics::list, api::topics::add, api::topics::remove))
        .merge(imports)
        .routes(routes!(api::memory_files::export))
        .routes(routes!(api::memories::change, api::memories::forget));
    let jobs = OpenApiRouter::new()
        .routes(routes!(api::jobs::list, api::jobs::create))
        .routes(routes!(api::jobs::show, api::jobs::change, api::jobs::cancel))
        .routes(routes!(api::runs::run))
        .routes(routes!(api::runs::list))
        .routes(routes!(api::runs::redrive));
    let usage = OpenApiRouter::new()
        .routes(routes!(api::usage::usage))
        .routes(routes!(api::usage::calls))
        .routes(routes!(api::usage::rungs))
        .routes(routes!(api::budgets::list))
        .routes(routes!(api::models::prices));
    OpenApiRouter::with_openapi(api::Document::openapi())
        .merge(for_scope(backoffice, Scope::Chat, chat))
        .merge(for_scope(backoffice, Scope::Skills, skills))
        .merge(for_scope(backoffice, Scope::Memory, memory))
        .merge(for_scope(backoffice, Scope::Jobs, jobs))
        .merge(for_scope(backoffice, Scope::Usage, usage))
        .merge(for_scope(backoffice, Scope::Admin, admin()))
}

/// What only the owner, or a token for everything, may do.
fn admin() -> ApiRouter {
    OpenApiRouter::new()
        .routes(routes!(api::settings::list, api::settings::set))
        .routes(routes!(api::budgets::replace))
        .routes(routes!(api::budgets::extend))
        .routes(routes!(api::models::set_prices))
        .routes(routes!(api::models::test))
        .routes(routes!(api::tokens::list, api::tokens::create))
        .routes(routes!(api::tokens::revoke))
        .routes(routes!(api::telegram::show))
        .routes(routes!(api::telegram::outbox))
        .routes(routes!(api::telegram::resend))
        .routes(routes!(api::pairings::list))
        .routes(routes!(api::pairings::approve))
        .routes(routes!(api::pairings::deny))
        .routes(routes!(api::users::list))
        .routes(routes!(api::users::change))
        .routes(routes!(api::operation::audit))
}

fn for_scope(backoffice: &Arc<Backoffice>, scope: Scope, routes: ApiRouter) -> ApiRouter {
    routes.route_layer(from_fn_with_state((backoffice.clone(), scope), auth::api))
}

/// What OpenAI's clients speak to.
pub fn openai(backoffice: &Arc<Backoffice>) -> Router<Arc<Backoffice>> {
    openai::routes()
        .route_layer(from_fn_with_state((backoffice.clone(), Scope::Chat), auth::program))
        .route_layer(from_fn(openai::shape))
}

/// The pages of the owner.
pub fn pages(backoffice: &Arc<Backoffice>) -> Router<Arc<Backoffice>> {
    let upload = Router::new()
        .route("/skills", get(pages::skills::list).post(pages::skills::upload))
        .layer(DefaultBodyLimit::max(backoffice.max_component_bytes() + MULTIPART_BYTES));
    let imports = Router::new()
        .route("/memory/import", post(pages::memory::import))
        .layer(DefaultBodyLimit::max(api::memory_files::MAX_BYTES + MULTIPART_BYTES));
    Router::new()
        .route("/", get(pages::chat::home))
        .route("/logout", post(pages::login::log_out))
        .route("/chat", get(pages::chat::fresh).post(pages::chat::send))
        .route("/chat/{conversation}", get(pages::chat::show).post(pages::chat::send_to))
        .route("/chat/{conversation}/stop", post(pages::chat::stop))
        .route("/chat/turns/{turn}/events", get(pages::chat::events))
        .route("/chat/turns/{turn}/reply", get(pages::chat::reply))
        .merge(upload)
        .route("/gallery/{name}", post(pages::skills::gallery::install))
        .route("/skills/{name}", get(pages::skill::show).post(pages::skill::life::change))
        .route("/skills/{name}/versions/{version}", get(pages::skill::review::show))
        .route("/skills/{name}/grants", post(pages::skill::rights::set_grants))
        .route("/skills/{name}/settings", post(pages::skill::rights::set_settings))
        .route("/skills/{name}/prompt", post(pages::skill::rights::set_prompt))
        .route("/skills/{name}/secrets", post(pages::skill::rights::set_secret))
        .route("/skills/{name}/call", post(pages::skill::trial::call))
        .route("/skills/{name}/calls/{call}", get(pages::skill::replay::show).post(pages::skill::replay::run))
        .route("/approvals", get(pages::approvals::list))
        .route("/approvals/{approval}", post(pages::approvals::decide))
        .route("/turns", get(pages::turns::list))
        .route("/turns/{turn}", get(pages::turn::show))
        .route("/memory", get(pages::memory::show).post(pages::memory::write))
        .route("/memory/topics", post(pages::memory::topics))
        .route("/memory/foldings/{folding}", post(pages::memory::undo))
        .route("/memory/forget", post(pages::memory::forget_words))
        .route("/memory/export", get(pages::memory::export))
        .merge(imports)
        .route("/memory/{id}", post(pages::memory::change))
        .route("/jobs", get(pages::jobs::list).post(pages::jobs::create))
        .route("/jobs/{job}", get(pages::job::show).post(pages::job::change))
        .route("/telegram", get(pages::telegram::show))
        .route("/telegram/pairings/{pairing}", post(pages::telegram::decide))
        .route("/telegram/outbox/{message}", post(pages::telegram::resend))
        .route("/people", get(pages::people::list))
        .route("/people/{person}", post(pages::people::change))
        .route("/usage", get(pages::usage::show))
        .route("/usage/people/{person}", get(pages::usage::person::show))
        .route("/budgets", get(pages::budgets::show).post(pages::budgets::set))
        .route("/budgets/counters/{counter}", post(pages::budgets::extend))
        .route("/budgets/prices", post(pages::budgets::set_prices))
        .route("/budgets/models/{tier}", post(pages::budgets::test))
        .route("/settings", get(pages::settings::show).post(pages::settings::set))
        .route("/settings/tokens", post(pages::settings::create_token))
        .route("/settings/tokens/{token}", post(pages::settings::revoke_token))
        .route("/settings/password", post(pages::settings::change_password))
        .route_layer(from_fn_with_state(backoffice.clone(), auth::page))
}

/// The pages of somebody who is not logged in.
pub fn open(backoffice: &Arc<Backoffice>) -> Router<Arc<Backoffice>> {
    Router::new()
        .route("/setup", get(pages::setup::show).post(pages::setup::create))
        .route("/login", get(pages::login::show).post(pages::login::log_in))
        .route_layer(from_fn_with_state(backoffice.clone(), auth::form_token))
        .route("/language/{locale}", get(pages::language::choose))
        .route("/problems/{slug}", get(pages::error::explain))
}
