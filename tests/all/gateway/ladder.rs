//! Each rung is reached, its answer is useful, and people are told once.

use serde_json::{Value, json};

use super::{PRICE, counter, database, set_budget, start};
use crate::harness::{
    guests,
    host::{Host, Options},
    manifest::Manifest,
    model::{Answer, Model},
};

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

/// A host with both tiers at one model that costs a micro-dollar for each token of output.
async fn host(model: &Model) -> Host {
    let options = Options { config: PRICE.to_owned(), bundle: true, ..Options::default() }
        .envs(model.as_tier("small"))
        .envs(model.as_tier("large"))
        .env("SKILLET__MEMORY__SUMMARIES", "rules")
        .env("SKILLET__GATEWAY__MAX_OUTPUT_TOKENS", "100");
    start(options).await
}

#[tokio::test]
async fn answers_go_down_the_ladder_as_the_budget_is_used_and_up_again_when_it_is_extended() {
    let model = Model::start().await;
    let host = host(&model).await;
    let db = database(&host, "").await;
    set_budget(&db, 1_000).await;
    host.chat("ada", "Remember that my bike lock code is 8842", None).await;
    let ask = async |words: &str, spends: Option<u64>| -> Value {
        if let Some(tokens) = spends {
            model.then(Answer::text("An answer.").usage(50, tokens, 0));
        }
        host.chat("ada", words, None).await
    };

    let dear = Manifest::new("dear").set("cost_tier", &json!("high"));
    host.upload(guests::echo(&dear)).await.ok();
    let offered = |model: &Model| model.requests().last().unwrap()["tools"].to_string().contains("\"dear\"");

    // A small model is enough for this; the best rung is open.
    let reply = ask("tell me about fog", Some(1)).await;
    assert_eq!(text(&reply["tier"]), "small");
    assert_eq!(rung_of_attempt(&host, &reply).await, "large");
    // 100 of 1,000 with this call.
    let reply = ask("/deep tell me about clouds", Some(650)).await;
    assert_eq!((text(&reply["tier"]), text(&reply["reply"])), ("large", "An answer."));
    assert!(offered(&model), "every skill is offered while the best rung is open");
    // 750 of 1,000: from three quarters on the small model answers, and the person is told.
    let reply = ask("/deep tell me about rain", Some(10)).await;
    assert_eq!(text(&reply["tier"]), "small", "{reply:#}");
    assert_eq!(rung_of_attempt(&host, &reply).await, "small");
    assert!(text(&reply["reply"]).contains("small model answers from now on"), "{reply:#}");
    assert!(!offered(&model), "a dear skill is not offered while budgets are spared");
    let reply = ask("/deep tell me about snow", Some(300)).await;
    assert_eq!((text(&reply["tier"]), text(&reply["reply"])), ("small", "An answer."), "they are told once");

    // 960 are spent: a call more would be over. What memory holds is cited.
    let reply = ask("what's the code of my bike lock?", None).await;
    assert_eq!((text(&reply["tier"]), text(&reply["rung"])), ("none", "retrieval"), "{reply:#}");
    assert!(text(&reply["reply"]).contains("8842") && text(&reply["reply"]).contains("no model answers"), "{reply:#}");

    // What memory does not hold is asked back, once; then there is a plan, and nothing of it is done.
    let conversation = Some(text(&reply["conversation"]).to_owned());
    let reply = host.chat("ada", "please calculate the taxes of my company", conversation.as_deref()).await;
    assert_eq!(text(&reply["rung"]), "clarify", "{reply:#}");
    assert_eq!(text(&reply["reply"]).matches('?').count(), 1, "one question: {reply:#}");
    let reply = host.chat("ada", "the ones for the last quarter", conversation.as_deref()).await;
    assert_eq!(text(&reply["rung"]), "plan", "{reply:#}");
    assert!(text(&reply["reply"]).contains("nothing of it is done yet"), "{reply:#}");
    assert!(reply["skills"].as_array().unwrap().is_empty());
    assert_eq!(model.requests().len(), 4);

    // The owner extends it for today: what was told as closed is told as open.
    let full = counter(&db).await;
    let clock = skillet::clock::Clock::System;
    let day = clock.now().format("%Y-%m-%d").to_string();
    assert!(db.extend_budget(&clock, &day, full.id).await.unwrap(), "{full:?}");
    let reply = ask("/deep tell me about hail", Some(10)).await;
    assert_eq!(text(&reply["tier"]), "large", "{reply:#}");
    assert!(text(&reply["reply"]).contains("answers again"), "{reply:#}");
    let changes = db.rung_changes(9).await.unwrap();
    let changes: Vec<(&str, &str)> =
        changes.iter().rev().map(|change| (change.old_rung.as_str(), change.new_rung.as_str())).collect();
    assert_eq!(changes, [("large", "small"), ("small", "retrieval"), ("retrieval", "large")]);
}

/// The rung that the only attempt of a turn was made on, as the audit has it.
async fn rung_of_attempt(host: &Host, reply: &Value) -> String {
    let turn = host.get(&format!("/api/v1/turns/{}", text(&reply["turn_id"]))).await.ok();
    assert_eq!(turn["model_calls"].as_array().unwrap().len(), 1, "{turn:#}");
    text(&turn["model_calls"][0]["rung"]).to_owned()
}

#[tokio::test]
async fn a_budget_that_is_set_in_the_middle_of_a_day_counts_what_was_spent_before() {
    let model = Model::start().await;
    let host = host(&model).await;
    let db = database(&host, "").await;
    model.then(Answer::text("An answer.").usage(50, 90, 0));
    host.chat("ada", "/deep tell me about clouds", None).await;
    set_budget(&db, 150).await;
    let reply = host.chat("ada", "/deep tell me about rain", None).await;
    assert_eq!(text(&reply["tier"]), "none", "90 of 150 are spent, and a call may take 100: {reply:#}");
    assert_eq!(model.requests().len(), 1);
    let steps = host.get(&format!("/api/v1/turns/{}", text(&reply["turn_id"]))).await.ok().to_string();
    assert!(steps.contains("127 % of the owner budget"), "the ladder knows before anybody is refused: {steps}");
}

#[tokio::test]
async fn the_small_model_answers_for_a_large_one_that_is_away() {
    let (small, large) = (Model::start().await, Model::start().await);
    let options = Options { config: PRICE.to_owned(), ..Options::default() }
        .envs(small.as_tier("small"))
        .envs(large.as_tier("large"))
        .env("SKILLET__MEMORY__SUMMARIES", "rules")
        .env("SKILLET__GATEWAY__MAX_ATTEMPTS", "1");
    let host = start(options).await;
    large.then(Answer::status(500, &[]));
    small.then(Answer::text("From the small one."));
    let reply = host.chat("ada", "/deep tell me about clouds", None).await;
    assert_eq!((text(&reply["tier"]), text(&reply["rung"])), ("small", "small"));
    assert!(text(&reply["reply"]).contains("From the small one."), "{reply:#}");
    assert!(text(&reply["reply"]).contains("large model cannot be reached"), "{reply:#}");
}

#[tokio::test]
async fn nobody_is_spoken_to_without_an_owner_who_allows_it() {
    let model = Model::start().await;
    let host = host(&model).await;
    let db = database(&host, "").await;
    set_budget(&db, 0).await;
    let reply = host.chat("ada", "写一首关于春天的诗", None).await;
    assert_eq!(text(&reply["tier"]), "none");
    assert!(
        text(&reply["reply"]).contains("不能调用模型") || text(&reply["reply"]).contains("不再调用模型"),
        "{reply:#}"
    );
    assert!(model.requests().is_empty());
}
