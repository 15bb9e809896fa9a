//! What is learnt from what people say, and what never is.

mod correction;
mod pairs;
mod poison;
mod speakers;

use serde_json::{Value, json};

use crate::harness::host::{Host, Options};

async fn host() -> Host {
    let mut host = Host::start(Options::default()).await;
    host.token("admin").await;
    host
}

/// Facts of a person; also those that no longer hold, if wanted.
async fn facts(host: &Host, user: &str, closed: bool) -> Vec<Value> {
    // Nobody who has said nothing yet is known.
    let memories = host.get(&format!("/api/v1/memories?user={user}&closed={closed}")).await.ok();
    memories["facts"].as_array().unwrap().clone()
}

/// The current values of a person by key.
async fn current(host: &Host, user: &str) -> Value {
    let facts = facts(host, user, false).await;
    facts.iter().map(|fact| (fact["key"].as_str().unwrap().to_owned(), fact["value"]["value"].clone())).collect()
}

/// Says something in a conversation and gives the reply's text; no model is asked.
async fn says(host: &Host, user: &str, conversation: &mut Option<String>, message: &str) -> String {
    let reply = host.chat(user, message, conversation.as_deref()).await;
    assert_eq!(reply["usage"]["model_calls"], json!(0), "{reply:#}");
    *conversation = Some(reply["conversation"].as_str().unwrap().to_owned());
    reply["reply"].as_str().unwrap().to_owned()
}
