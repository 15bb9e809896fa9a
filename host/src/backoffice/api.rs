//! The HTTP interface: JSON in, JSON or a problem document out. What it looks like is decided in
//! these files and nowhere else, and is told by `/api/openapi.json`, which is made from them.

pub mod approvals;
pub mod budgets;
pub mod calls;
pub mod chat;
pub mod conversations;
pub mod files;
pub mod foldings;
pub mod gallery;
pub mod grants;
pub mod jobs;
pub mod limits;
pub mod memories;
pub mod memory_files;
pub mod models;
pub mod operation;
pub mod pairings;
pub mod prompts;
pub mod replays;
pub mod runs;
pub mod sandbox;
pub mod secrets;
pub mod settings;
pub mod skills;
pub mod telegram;
pub mod tokens;
pub mod topics;
pub mod turns;
pub mod usage;
pub mod users;
pub mod versions;

use axum::{
    http::header,
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};
use utoipa::{
    IntoParams, Modify, OpenApi, ToSchema,
    openapi::security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme},
};

/// The head of the API document; paths and schemas are collected from the routes.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "Skillet",
        description = "A self-hosted AI agent whose skills are WebAssembly components. Errors are problem documents \
                       (RFC 9457) with a stable `type`.",
    ),
    modifiers(&Doors),
    security(("token" = []), ("session" = [])),
    components(schemas(ProblemDocument)),
    tags(
        (name = "chat", description = "Talking to the agent, what became of it, and files that people sent"),
        (name = "skills", description = "Life, rights, secrets and calls of skills, and what they ask of the owner"),
        (name = "memory", description = "What is remembered of a person"),
        (name = "jobs", description = "Work done later, once or again and again"),
        (name = "usage", description = "Tokens and money of models, budgets and prices"),
        (name = "admin", description = "Settings, tokens, people, Telegram and the audit log"),
    )
)]
pub struct Document;

/// The two ways in.
struct Doors;

impl Modify for Doors {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let components = document.components.get_or_insert_default();
        let token = HttpBuilder::new()
            .scheme(HttpAuthScheme::Bearer)
            .description(Some("A token made by `skillet token create` or on the page Settings."))
            .build();
        components.add_security_scheme("token", SecurityScheme::Http(token));
        let session = ApiKeyValue::with_description(
            "skillet_session",
            "The owner's session. Methods that change something also need the page's token in `x-csrf-token`.",
        );
        components.add_security_scheme("session", SecurityScheme::ApiKey(ApiKey::Cookie(session)));
    }
}

/// What every failure looks like; some kinds have further members.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes what `Problem::document` makes")]
pub struct ProblemDocument {
    /// Stable and relative to this host, such as `/problems/no-skill`.
    #[schema(example = "/problems/no-skill")]
    r#type: String,
    title: String,
    status: u16,
    detail: String,
}

/// `GET /api/openapi.json`
pub fn openapi(document: &str) -> Response {
    ([(header::CONTENT_TYPE, "application/json")], document.to_owned()).into_response()
}

/// Whose.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct OfUser {
    /// Name of the person; the owner without it.
    pub user: Option<String>,
}

/// That it was done.
#[derive(Serialize, ToSchema)]
pub struct Done {
    pub ok: bool,
}

impl Done {
    pub fn ok() -> axum::Json<Self> {
        axum::Json(Self { ok: true })
    }
}
