//! `/skills/{name}/calls/{call}`: one call, and the same call once more.

use askama::Template;
use axum::{extract::State, response::Response};
use serde::Deserialize;
use std::sync::Arc;
use uuid::Uuid;

use super::super::{
    super::{
        Backoffice,
        api::replays::{KeptCall, ReplayView, known_call},
        auth::{Actor, CsrfForm},
        error::{Kind, Problem, Result},
        extract::Path,
    },
    Page, html,
};
use crate::{ids::CallId, store::VersionRow};

#[derive(Template)]
#[template(path = "skill_call.html")]
struct CallPage {
    page: Page,
    name: String,
    one: KeptCall,
    choices: Vec<Choice>,
    replay: Option<std::result::Result<ReplayView, Problem>>,
}

/// A version to run on.
pub struct Choice {
    pub digest: String,
    pub text: String,
}

impl Choice {
    pub fn of(row: &VersionRow) -> Self {
        let short = row.digest.get(..12).unwrap_or(&row.digest);
        Self { digest: row.digest.clone(), text: format!("{} ({short})", row.version) }
    }
}

impl CallPage {
    async fn of(backoffice: &Backoffice, page: Page, name: &str, id: CallId) -> Result<Self> {
        backoffice.skill_row(name).await?;
        let one = known_call(backoffice, id).await?;
        if one.call.skill != name {
            return Err(Problem::new(Kind::NoCall, format!("{name} has no call {id}.")));
        }
        let choices = backoffice.db.versions(name).await?.iter().map(Choice::of).collect();
        Ok(Self { page, name: name.to_owned(), one, choices, replay: None })
    }

    /// The number of a version, with the beginning of its digest.
    fn version(&self, digest: &str) -> String {
        let known = self.choices.iter().find(|choice| choice.digest == digest);
        known.map_or_else(|| digest.chars().take(12).collect(), |choice| choice.text.clone())
    }
}

pub async fn show(
    State(backoffice): State<Arc<Backoffice>>,
    page: Page,
    Path((name, call)): Path<(String, Uuid)>,
) -> Result<Response> {
    html(&CallPage::of(&backoffice, page, &name, CallId(call)).await?)
}

#[derive(Deserialize)]
pub struct OnVersion {
    version: String,
}

/// Runs the call again and shows what came of it beside what came then.
pub async fn run(
    State(backoffice): State<Arc<Backoffice>>,
    actor: Actor,
    page: Page,
    Path((name, call)): Path<(String, Uuid)>,
    CsrfForm(form): CsrfForm<OnVersion>,
) -> Result<Response> {
    let mut page = CallPage::of(&backoffice, page, &name, CallId(call)).await?;
    page.replay = Some(match backoffice.replay(&actor, CallId(call), Some(&form.version)).await {
        Ok(replay) => Ok(replay.into()),
        Err(problem) if problem.kind == Kind::Internal => return Err(problem),
        Err(problem) => Err(problem),
    });
    html(&page)
}
