//! The summary of a turn, written off the reply path: by the small tier where a model answered and
//! the settings allow it, else by rules.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::{collections::BTreeMap, sync::LazyLock};

use crate::{
    config::By,
    gateway::{Gateway, GatewayError, Options, Prompt, Purpose, Request, Tier, cut_tokens},
    memory::Summary,
    prompts::Template,
    settings,
    store::{Account, Db, Message, StoreError, Turn, storable, storable_json},
};

/// Characters kept of a message, and of a reply, in a summary by rules.
const MESSAGE_CHARS: usize = 160;
const REPLY_CHARS: usize = 240;

/// Budget of the prompt, and of the answer, of a summary by a model.
const PROMPT_TOKENS: u32 = 2_000;
const ANSWER_TOKENS: u32 = 300;

/// What a model must give.
#[derive(Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(inline)]
struct Written {
    subject: String,
    conclusion: String,
    actions: Vec<String>,
    open_points: Vec<String>,
    parameters: BTreeMap<String, String>,
    tags: Vec<String>,
    #[schemars(regex(pattern = r"\S"))]
    text: String,
}

/// The schema of that, and what checks values against it.
static SCHEMA: LazyLock<(Value, jsonschema::Validator)> = LazyLock::new(|| {
    let mut schema = schemars::schema_for!(Written).to_value();
    // They are told to a model, word by word, and say nothing to it.
    for key in ["$schema", "title", "description"] {
        schema.as_object_mut().map(|schema| schema.remove(key));
    }
    let fits = jsonschema::validator_for(&schema).expect("the schema of a type is one");
    (schema, fits)
});

/// Why a summary could not be made now; the job is tried again.
#[derive(Debug, thiserror::Error)]
pub enum SummaryError {
    #[error("the turn has not ended")]
    NotEnded,
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The summary of an ended turn.
pub async fn summarise(
    (db, gateway): (&Db, &Gateway),
    settings: &settings::Current,
    by: By,
    turn: &Turn,
) -> Result<Summary, SummaryError> {
    let messages = db.turn_messages(turn.id).await?;
    let [message, reply] = messages.as_slice() else { return Err(SummaryError::NotEnded) };
    if let Some(tier) = model_for(gateway, by, turn) {
        let system = settings.prompt(Template::Summarise);
        match ask(gateway, (tier, system), turn, message, reply).await {
            Ok(summary) => return Ok(summary),
            Err(GatewayError::Store(error)) => return Err(error.into()),
            Err(error) => {
                tracing::warn!(turn = %turn.id, error = &error as &dyn std::error::Error, "no model could summarise; rules do");
            }
        }
    }
    Ok(by_rules(turn, message, reply))
}

/// The tier that summarises what belongs to a turn: the small one, where a model answered and the settings allow it.
pub fn model_for(gateway: &Gateway, by: By, turn: &Turn) -> Option<Tier> {
    let answered = turn.route.as_deref() == Some("model") && turn.tier.as_deref() != Some("none");
    gateway.tier(Tier::Small).filter(|_| by == By::Model && answered)
}

/// For whom a model is asked about a turn, whose message this is.
pub fn account(turn: &Turn, message: Option<&Message>) -> Account {
    let token = message.and_then(|message| message.meta.0["token"].as_str()?.parse().ok());
    Account { token, ..turn.account() }
}

async fn ask(
    gateway: &Gateway,
    (tier, system): (Tier, String),
    turn: &Turn,
    message: &Message,
    reply: &Message,
) -> Result<Summary, GatewayError> {
    let budget = gateway.prompt_budget(tier, |of| of.summarise, PROMPT_TOKENS);
    let each = Prompt::room(&system, budget) / 2;
    let exchange = format!(
        "[{}]\n\nPerson: {}\n\nAssistant: {}",
        message.created_at.format("%Y-%m-%d %H:%M UTC"),
        cut_tokens(&message.content, each),
        cut_tokens(&reply.content, each)
    );
    let prompt = Prompt::question(system, exchange, budget);
    // The same exchange gives the same summary.
    let options = Options { temperature: Some(0.0), schema: Some(SCHEMA.0.clone()), ..Options::default() };
    let max_output_tokens = Some(ANSWER_TOKENS);
    let asked = Request::new(Purpose::Summarise, tier, prompt, account(turn, Some(message)));
    let request = Request { options, max_output_tokens, ..asked };
    let answer = gateway.complete_json(&request, &SCHEMA.1).await?;
    let written: Written =
        serde_json::from_str(&answer.text).map_err(|error| GatewayError::Schema { reason: error.to_string() })?;
    Ok(Summary {
        text: storable(written.text.trim()),
        tags: written.tags.iter().map(|tag| storable(tag)).collect(),
        json: storable_json(json!(written)),
        source: "model",
        searchable: true,
    })
}

fn by_rules(turn: &Turn, message: &Message, reply: &Message) -> Summary {
    let said = cut(&message.content, MESSAGE_CHARS);
    let answered = cut(&reply.content, REPLY_CHARS);
    let route = turn.route.clone().unwrap_or_default();
    let skills: Vec<String> = reply.meta.0["skills"]
        .as_array()
        .map(|skills| skills.iter().filter_map(|skill| skill["name"].as_str().map(str::to_owned)).collect())
        .unwrap_or_default();
    let without_model = route == "model" && turn.tier.as_deref() == Some("none");
    let mut tags = vec![route.clone()];
    tags.extend(skills.iter().cloned());
    Summary {
        text: format!("{said} → {answered}"),
        json: json!({
            "subject": said, "conclusion": answered, "actions": skills, "open_points": [], "parameters": {},
            "time": message.created_at,
        }),
        tags,
        source: "rules",
        // An answer out of memory, or a question back, says nothing that memory does not hold already.
        searchable: route != "recall" && !without_model && turn.error.is_none(),
    }
}

/// The beginning of a text, as one line.
pub fn cut(text: &str, chars: usize) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(chars) {
        Some((at, _)) => format!("{}…", &line[..at]),
        None => line,
    }
}
