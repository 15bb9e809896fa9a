//! What a skill may do, its own settings, what its models are told, and its secrets.

use axum::{extract::State, response::Response};
use secrecy::SecretString;
use serde::Deserialize;
use serde_json::{Map, Value};
use std::{collections::BTreeMap, sync::Arc};
use tower_sessions::Session;

use super::super::{
    super::{
        Backoffice,
        auth::{Actor, CsrfForm},
        error::{Kind, Problem, Result},
        extract::Path,
    },
    Flash, plain,
};

/// `POST /skills/{name}/grants`
pub async fn set_grants(
    State(backoffice): State<Arc<Backoffice>>,
    actor: Actor,
    session: Session,
    Path(name): Path<String>,
    CsrfForm(form): CsrfForm<BTreeMap<String, String>>,
) -> Result<Response> {
    let row = backoffice.skill_row(&name).await?;
    let (_, manifest) = backoffice.chosen_version(&row).await?;
    let grants = plain::ticked(&manifest.asked(), |field| form.contains_key(field));
    let outcome = backoffice.set_grants(&actor, &name, &grants).await;
    Flash::after(&session, outcome, "done.grants_saved", &format!("/skills/{name}")).await
}

/// `POST /skills/{name}/settings`: a field left empty has its default.
pub async fn set_settings(
    State(backoffice): State<Arc<Backoffice>>,
    actor: Actor,
    session: Session,
    Path(name): Path<String>,
    CsrfForm(form): CsrfForm<BTreeMap<String, String>>,
) -> Result<Response> {
    let values: Map<String, Value> = form
        .into_iter()
        .filter_map(|(field, value)| Some((field.strip_prefix("s:")?.to_owned(), Value::from(value))))
        .filter(|(_, value)| value != "")
        .collect();
    let outcome = backoffice.set_skill_settings(&actor, &name, values).await;
    Flash::after(&session, outcome, "done.settings_saved", &format!("/skills/{name}")).await
}

#[derive(Deserialize)]
pub struct PromptForm {
    text: String,
}

/// `POST /skills/{name}/prompt`: what its instructions to models are put into.
pub async fn set_prompt(
    State(backoffice): State<Arc<Backoffice>>,
    actor: Actor,
    session: Session,
    Path(name): Path<String>,
    CsrfForm(form): CsrfForm<PromptForm>,
) -> Result<Response> {
    // A form sends line ends of its own.
    let outcome = backoffice.set_skill_prompt(&actor, &name, &form.text.replace("\r\n", "\n")).await;
    Flash::after(&session, outcome, "done.settings_saved", &format!("/skills/{name}")).await
}

#[derive(Deserialize)]
pub struct SecretForm {
    /// "set" or "forget".
    action: String,
    secret: String,
    #[serde(default)]
    value: String,
    /// Where the page said that it goes.
    #[serde(default)]
    place: String,
}

/// `POST /skills/{name}/secrets`: sets one secret, or forgets it.
pub async fn set_secret(
    State(backoffice): State<Arc<Backoffice>>,
    actor: Actor,
    session: Session,
    Path(name): Path<String>,
    CsrfForm(form): CsrfForm<SecretForm>,
) -> Result<Response> {
    let SecretForm { action, secret, value, place } = form;
    let (outcome, done) = match action.as_str() {
        "set" => {
            // What is pasted often brings a line end along.
            let value = SecretString::from(value.trim());
            (backoffice.set_secret(&actor, &name, &secret, (Some(&value), Some(&place))).await, "done.secret_set")
        }
        "forget" => (backoffice.set_secret(&actor, &name, &secret, (None, None)).await, "done.secret_forgotten"),
        _ => return Err(Problem::new(Kind::InvalidForm, "A secret is set or forgotten.")),
    };
    Flash::after(&session, outcome, done, &format!("/skills/{name}#secrets")).await
}
