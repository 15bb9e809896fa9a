//! A long conversation: the prompt holds its newest messages word for word, and what must not be lost of the rest.

use serde_json::{Value, json};
use skillet::gateway::count_tokens;
use std::time::Duration;
use tokio::time::{sleep, timeout};

use crate::harness::{
    host::{Host, Options},
    model::{Answer, Model},
};

fn options(model: &Model, summaries: &str) -> Options {
    Options::default()
        .envs(model.as_tier("small"))
        .env("SKILLET__MEMORY__SUMMARIES", summaries)
        .env("SKILLET__MEMORY__WORKING_TOKENS", "150")
        .env("SKILLET__GATEWAY__VALVES__CALLS_PER_MINUTE_PER_USER", "1000")
}

async fn host(options: Options) -> Host {
    let mut host = Host::start(options).await;
    host.token("admin").await;
    host
}

/// Summarises what one turn was about, and folds many.
fn sums_up(model: &Model) {
    let written = json!({
        "subject": "x", "conclusion": "y", "actions": [], "open_points": [], "parameters": {}, "tags": [], "text": "z",
    });
    model.on("\n\nAssistant: ", Answer::text(&written.to_string()));
    model.on("Person: ", Answer::text("They talked about weather and a garden."));
}

/// What is kept of the older part, once there is something of this turn in it.
async fn folded(host: &Host, conversation: &str, through: &str) -> Value {
    let path = format!("/api/v1/conversations/{conversation}/messages");
    let look = async {
        loop {
            let earlier = host.get(&path).await.ok()["earlier"].clone();
            if earlier["through_turn"].as_str().is_some_and(|turn| turn >= through) {
                return earlier;
            }
            sleep(Duration::from_millis(50)).await;
        }
    };
    timeout(Duration::from_secs(20), look).await.expect("nothing was folded")
}

fn word<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap()
}

/// Sentences that fill a message, with something in it that must be kept.
fn long(matter: &str) -> String {
    format!("{} {matter} {}", "the weather was nice again and ".repeat(6), "the garden grows and ".repeat(6))
}

#[tokio::test]
async fn a_long_conversation_keeps_its_names_and_numbers_in_a_prompt_that_does_not_grow() {
    let model = Model::start().await;
    let host = host(options(&model, "rules")).await;
    let mut conversation: Option<String> = None;
    let mut turns = Vec::new();
    let matters =
        ["the code is QX-4471", "ask Miriam Okafor", "the flat costs 1,250 euros", "房东叫李建国。", "nothing"];
    for matter in matters.iter().chain(["nothing"; 4].iter()) {
        model.then(Answer::text("I see."));
        let reply = host.chat("ada", &long(matter), conversation.as_deref()).await;
        conversation = Some(word(&reply, "conversation").to_owned());
        turns.push(word(&reply, "turn_id").to_owned());
        if turns.len() > 4 {
            // Folding goes on off the reply path: each of the turns that are looked at later waits for it.
            folded(&host, conversation.as_deref().unwrap(), &turns[turns.len() - 5]).await;
        }
    }
    let requests = model.requests();
    let last = requests.last().unwrap()["messages"].as_array().unwrap();
    assert!(last.len() < 12, "the newest messages, not all of them: {}", last.len());
    let system = last[0]["content"].as_str().unwrap();
    for kept in ["QX-4471", "Miriam Okafor", "1,250 euros", "李建国"] {
        assert!(system.contains(kept), "{kept} was lost: {system}");
    }
    let sizes: Vec<usize> = requests.iter().map(|request| request["messages"].to_string().len()).collect();
    assert!(sizes[8] < sizes[4] * 2, "{sizes:?}");
}

#[tokio::test]
async fn what_a_model_leaves_out_of_a_summary_is_added_to_it() {
    let model = Model::start().await;
    sums_up(&model);
    let host = host(options(&model, "model")).await;
    let mut conversation: Option<String> = None;
    let mut first = String::new();
    for matter in ["the code is QX-4471", "nothing", "nothing", "nothing", "nothing", "nothing"] {
        model.then(Answer::text("I see."));
        let reply = host.chat("ada", &long(matter), conversation.as_deref()).await;
        conversation = Some(word(&reply, "conversation").to_owned());
        if first.is_empty() {
            first = word(&reply, "turn_id").to_owned();
        }
    }
    let earlier = folded(&host, conversation.as_deref().unwrap(), &first).await;
    assert_eq!(word(&earlier, "source"), "model", "{earlier:#}");
    let text = word(&earlier, "text");
    assert!(text.starts_with("They talked about weather and a garden.") && text.contains("QX-4471"), "{text}");
}

#[tokio::test]
async fn prompts_keep_within_the_bound_of_what_they_are_for() {
    let model = Model::start().await;
    sums_up(&model);
    let bounded = ["ANSWER", "SUMMARISE", "FOLD"]
        .iter()
        .zip(["1200", "600", "700"])
        .fold(options(&model, "model").env("SKILLET__MEMORY__WORKING_TOKENS", "1500"), |options, (of, most)| {
            options.env(&format!("SKILLET__GATEWAY__TOKEN_BUDGETS__{of}"), most)
        });
    let host = host(bounded).await;
    let mut conversation: Option<String> = None;
    let mut turns = Vec::new();
    for nth in 0..8 {
        model.then(Answer::text("I see."));
        let message = format!("matter {nth} {}", long("x").repeat(8));
        let reply = host.chat("ada", &message, conversation.as_deref()).await;
        conversation = Some(word(&reply, "conversation").to_owned());
        turns.push(word(&reply, "turn_id").to_owned());
    }
    // More than once: the summary so far takes its room, too.
    let earlier = folded(&host, conversation.as_deref().unwrap(), &turns[3]).await;
    assert_eq!(word(&earlier, "source"), "model", "{earlier:#}");
    let (mut seen, mut latest) = ([0; 3], String::new());
    for request in model.requests() {
        let mut texts = request["messages"].as_array().unwrap().iter().map(|one| word(one, "content"));
        let tokens: u32 = texts.clone().map(count_tokens).sum();
        let last = texts.next_back().unwrap();
        let (kind, most) = match last {
            // Both sides of the exchange are in it.
            _ if last.contains("\n\nAssistant: I see.") => (1, 600),
            _ if last.contains("Person: ") => (2, 700),
            _ => (0, 1200),
        };
        assert!(tokens <= most && (kind == 0 || tokens > most / 2), "{tokens} of {most}: {request:#}");
        seen[kind] += 1;
        if kind == 2 {
            last.clone_into(&mut latest);
        }
    }
    assert!(seen.iter().all(|count| *count > 0), "{seen:?}");
    assert!(latest.contains("So far:\nThey talked") && latest.contains("Person: matter "), "{latest}");
}
