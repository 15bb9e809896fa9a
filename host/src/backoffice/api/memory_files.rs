//! A person's memories as a file, out and in.
#![expect(unused_qualifications, reason = "utoipa qualifies the types of queries")]

use axum::{
    extract::State,
    http::header,
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::{IntoParams, ToSchema};

use super::super::{
    Backoffice,
    auth::Actor,
    error::{Kind, Problem, Result},
    extract::Query,
};
use crate::{memory::Format, store::Brought};

/// Bytes of a file that is read: far more than the facts and summaries of years.
pub const MAX_BYTES: usize = 32 << 20;

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct File {
    /// Name of the person; the owner without it.
    pub user: Option<String>,
    /// "jsonl" (everything; without it) or "md" (for people; only its facts are read back).
    pub format: Option<String>,
}

impl File {
    pub fn format(&self) -> Result<Format> {
        let word = self.format.as_deref().unwrap_or("jsonl");
        Format::from_word(word).ok_or_else(|| Problem::new(Kind::InvalidQuery, "`format` is jsonl or md."))
    }
}

/// What came new by a file.
#[derive(Serialize, ToSchema)]
pub struct BroughtView {
    pub facts: u64,
    pub episodes: u64,
    pub rules: u64,
    /// What was there already.
    pub known: u64,
    /// What was forgotten here after it was written there.
    pub forgotten: u64,
}

impl From<Brought> for BroughtView {
    fn from(brought: Brought) -> Self {
        let Brought { facts, episodes, rules, known, forgotten } = brought;
        Self { facts, episodes, rules, known, forgotten }
    }
}

/// A file as a download.
pub async fn file(backoffice: &Backoffice, of: &File) -> Result<Response> {
    let format = of.format()?;
    let person = backoffice.known_person(of.user.as_deref()).await?;
    let text = backoffice.memory.export(person.id, &person.name, format).await?;
    let kind = if format == Format::Markdown { "text/markdown; charset=utf-8" } else { "application/jsonl" };
    let name = format!("attachment; filename=\"memory.{}\"", format.word());
    Ok(([(header::CONTENT_TYPE, kind.to_owned()), (header::CONTENT_DISPOSITION, name)], text).into_response())
}

/// Everything that is remembered of a person: a JSON object on each line, or Markdown.
#[utoipa::path(
    get,
    path = "/api/v1/memories/export",
    tag = "memory",
    params(File),
    responses((status = 200, body = String, content_type = "application/jsonl"), (status = 400, body = super::ProblemDocument))
)]
pub async fn export(State(backoffice): State<Arc<Backoffice>>, Query(of): Query<File>) -> Result<Response> {
    file(&backoffice, &of).await
}

/// Reads a file for a person. What is there already stays as it is. With a line that cannot be read nothing is
/// written, and every such line is named in `lines`.
#[utoipa::path(
    post,
    path = "/api/v1/memories/import",
    tag = "memory",
    params(File),
    request_body(content = String, content_type = "application/jsonl"),
    responses((status = 200, body = BroughtView), (status = 422, body = super::ProblemDocument))
)]
pub async fn import(
    State(backoffice): State<Arc<Backoffice>>,
    actor: Actor,
    Query(of): Query<File>,
    text: String,
) -> Result<axum::Json<BroughtView>> {
    let user = backoffice.person(of.user.as_deref()).await?;
    Ok(axum::Json(backoffice.import_memories(&actor, user.id, &text, of.format()?).await?.into()))
}
