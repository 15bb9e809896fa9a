//! The playground: a skill's input as a form, its examples, and what came of running it.

use axum::{extract::State, response::Response};
use serde::Deserialize;
use serde_json::Value;
use std::sync::Arc;

use super::{
    super::{
        super::{
            Backoffice,
            api::calls::CallAnswer,
            auth::{Actor, CsrfForm},
            changes::CallRequest,
            error::{Kind, Problem, Result},
            extract::Path,
            token::new_secret,
        },
        Page, html,
    },
    SkillPage,
    fields::{self, Field, Sent},
    input, short,
};
use crate::skills::{Manifest, input_hash};

/// Characters of an example that its link shows.
const EXAMPLE_CHARS: usize = 48;

/// What the page shows of it.
pub struct Trial {
    pub fields: Vec<Field>,
    pub examples: Vec<Example>,
    /// A sent form that is sent again is the same call.
    pub key: String,
    pub tried: Option<Tried>,
}

/// An example of the manifest, which fills the form.
pub struct Example {
    pub label: String,
    /// The whole input.
    pub input: String,
    pub chosen: bool,
}

/// What came of trying a skill.
pub enum Tried {
    Answer(CallAnswer),
    Problem(Problem),
}

/// Which example fills the form.
#[derive(Default, Deserialize)]
pub struct Choice {
    pub example: Option<usize>,
}

impl Trial {
    /// An empty form, or one that an example fills.
    pub fn of(manifest: &Manifest, choice: &Choice) -> Self {
        let chosen = choice.example.and_then(|at| manifest.examples.get(at));
        let sent = chosen.map(|example| fields::filled(manifest, &example.input));
        let examples = manifest.examples.iter().enumerate().map(|(at, example)| Example {
            label: label(&example.input),
            input: example.input.to_string(),
            chosen: choice.example == Some(at),
        });
        Self {
            fields: fields::of(manifest, sent.as_ref()),
            examples: examples.collect(),
            key: new_secret(),
            tried: None,
        }
    }
}

/// An input in a few words.
fn label(input: &Value) -> String {
    let text = match input.as_object() {
        Some(fields) if fields.len() == 1 => fields.values().map(fields::plain).collect(),
        Some(fields) if !fields.is_empty() => {
            let pairs = fields.iter().map(|(name, value)| format!("{name}: {}", fields::plain(value)));
            pairs.collect::<Vec<_>>().join(" · ")
        }
        _ => String::new(),
    };
    let text = if text.trim().is_empty() { input.to_string() } else { text };
    short(&text, EXAMPLE_CHARS)
}

/// `POST /skills/{name}/call`: runs it for whoever is logged in, and shows the form as it was sent.
pub async fn call(
    State(backoffice): State<Arc<Backoffice>>,
    actor: Actor,
    page: Page,
    Path(name): Path<String>,
    CsrfForm(form): CsrfForm<Sent>,
) -> Result<Response> {
    let tried = match run(&backoffice, &actor, &page, &name, &form).await {
        Ok(answer) => Tried::Answer(answer),
        Err(problem) if problem.kind == Kind::Internal => return Err(problem),
        Err(problem) => Tried::Problem(problem),
    };
    let mut page = SkillPage::of(&backoffice, page, &name, &Choice::default()).await?;
    page.trial.fields = fields::of(&page.manifest, Some(&form));
    page.trial.tried = Some(tried);
    html(&page)
}

async fn run(backoffice: &Backoffice, actor: &Actor, page: &Page, name: &str, form: &Sent) -> Result<CallAnswer> {
    let row = backoffice.skill_row(name).await?;
    let (_, manifest) = backoffice.chosen_version(&row).await?;
    let input = input::of(&manifest, form)?;
    // The same form with another input is another call.
    let key = form.get("key").filter(|key| !key.is_empty()).map(|key| format!("try:{key}:{}", input_hash(&input)));
    let user = backoffice.logged_in(actor).await?;
    let call =
        CallRequest { token: None, skill: name.to_owned(), input, user, key, locale: page.locale.word().to_owned() };
    Ok(backoffice.call(call).await?.into())
}
