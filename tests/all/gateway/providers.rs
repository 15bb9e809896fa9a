//! Attempts, fallbacks, breakers and valves.

use serde_json::json;

use super::{database, options, question, set_budget, settled, start, usage};
use crate::harness::{
    host::Options,
    model::{API_KEY, Answer, MODEL, Model},
};

#[tokio::test]
async fn a_refused_question_is_asked_once_and_a_failure_as_often_as_set() {
    let model = Model::start().await;
    model.then(Answer::status(400, &[]));
    let host = start(options(&model, "small")).await;
    let refused = host.post("/v1/chat/completions", &question(false)).await;
    assert_eq!((refused.status.as_u16(), refused.body["error"]["type"].as_str()), (400, Some("invalid_request_error")));
    assert_eq!(model.requests().len(), 1);
    model.then(Answer::status(500, &[])).then(Answer::status(503, &[("retry-after", "0")]));
    let failed = host.post("/v1/chat/completions", &question(false)).await;
    assert_eq!(failed.status.as_u16(), 503, "{:#}", failed.body);
    assert_eq!(model.requests().len(), 3, "two attempts, as gateway.max_attempts says");
    model.then(Answer::status(429, &[("retry-after", "0")])).then(Answer::text("there").usage(30, 10, 0));
    assert_eq!(host.post("/v1/chat/completions", &question(false)).await.status, 200);
    let usage = usage(&host).await;
    assert_eq!((&usage["calls"], &usage["failed"], &usage["cost_micros"]), (&5.into(), &4.into(), &10.into()));
}

#[tokio::test]
async fn a_model_that_bounds_its_answers_by_another_name_is_learnt() {
    let model = Model::start().await;
    let named = "Unsupported parameter: 'max_tokens' is not supported with this model. \
                 Use 'max_completion_tokens' instead.";
    model.then(Answer::refusal(named)).then(Answer::text("there").usage(30, 10, 0));
    let host = start(options(&model, "small")).await;
    assert_eq!(host.post("/v1/chat/completions", &question(false)).await.status, 200);
    model.then(Answer::text("there").usage(30, 10, 0));
    assert_eq!(host.post("/v1/chat/completions", &question(true)).await.status, 200);
    let asked: Vec<_> = model.requests().iter().map(|body| body.get("max_completion_tokens").is_some()).collect();
    assert_eq!(asked, [false, true, true]);
    assert!(model.requests()[2].get("max_tokens").is_none());
    let usage = usage(&host).await;
    assert_eq!((&usage["calls"], &usage["failed"]), (&2.into(), &0.into()), "a refusal of words costs nothing");
}

#[tokio::test]
async fn another_provider_answers_when_one_is_away() {
    let (away, there) = (Model::start().await, Model::start().await);
    let mut options = options(&away, "small").env("SKILLET__GATEWAY__MAX_ATTEMPTS", "1");
    let fallback = format!(
        "[[gateway.small.fallbacks]]\nbase_url = \"{}\"\nmodel = \"{MODEL}\"\napi_key = \"{API_KEY}\"\n",
        there.base_url()
    );
    options.config.push_str(&fallback);
    let host = start(options).await;
    for n in 1..=7 {
        away.on("say something", Answer::status(500, &[]));
        there.on("say something", Answer::text("here").usage(30, 10, 0));
        let answer = host.post("/v1/chat/completions", &question(false)).await.ok();
        assert_eq!(answer["choices"][0]["message"]["content"], "here", "question {n}");
    }
    assert_eq!(there.requests().len(), 7);
    assert_eq!(away.requests().len(), 5, "after five failures in a row it is left alone");
}

#[tokio::test]
async fn a_model_without_a_price_is_not_asked_where_it_costs_money() {
    let model = Model::start().await;
    let options = Options::default().envs(model.as_tier("small")).env("SKILLET__GATEWAY__SMALL__PAID", "yes");
    let host = start(options).await;
    let refused = host.post("/v1/chat/completions", &question(false)).await;
    assert_eq!((refused.status.as_u16(), refused.body["error"]["type"].as_str()), (402, Some("unpriced_model")));
    let reply = host.chat("ada", "tell me something nice", None).await;
    assert!(reply["reply"].as_str().unwrap().contains("no price"), "{reply:#}");
    assert!(model.requests().is_empty());
}

#[tokio::test]
async fn valves_hold_without_any_budget() {
    let model = Model::start().await;
    model.on("say something", Answer::text("yes").usage(30, 10, 0));
    let options = options(&model, "small").env("SKILLET__GATEWAY__VALVES__CALLS_PER_MINUTE", "3");
    let host = start(options).await;
    let mut statuses = Vec::new();
    for _ in 0..8 {
        let answer = host.post("/v1/chat/completions", &question(false)).await;
        if answer.status == 429 {
            assert_eq!(answer.body["error"]["type"], "rate_limit_exceeded", "{:#}", answer.body);
        }
        statuses.push(answer.status.as_u16());
    }
    // A minute may begin in between, and opens the valve anew.
    assert!((2..=5).contains(&statuses.iter().filter(|status| **status == 429).count()), "{statuses:?}");
    assert!(model.requests().len() <= 6);
}

#[tokio::test]
async fn the_same_question_without_chance_is_answered_from_the_cache() {
    let model = Model::start().await;
    model.then(Answer::text("cached").usage(30, 10, 0)).then(Answer::text("fresh").usage(30, 10, 0));
    let host = start(options(&model, "small")).await;
    let db = database(&host, "").await;
    set_budget(&db, 1_000).await;
    let mut asked = question(false);
    asked["temperature"] = json!(0);
    for _ in 0..3 {
        let answer = host.post("/v1/chat/completions", &asked).await.ok();
        assert_eq!(answer["choices"][0]["message"]["content"], "cached");
    }
    asked["max_tokens"] = json!(11);
    let answer = host.post("/v1/chat/completions", &asked).await.ok();
    assert_eq!(answer["choices"][0]["message"]["content"], "fresh", "everything that shapes an answer is in the key");
    assert_eq!(model.requests().len(), 2);
    assert_eq!(settled(&db).await, 20);
    let usage = usage(&host).await;
    assert_eq!((&usage["calls"], &usage["cache_hits"], &usage["saved_tokens"]), (&4.into(), &2.into(), &80.into()));
}

#[tokio::test]
async fn no_answer_is_kept_where_none_is_to_be() {
    let model = Model::start().await;
    model.then(Answer::text("one").usage(30, 10, 0)).then(Answer::text("two").usage(30, 10, 0));
    let host = start(options(&model, "small").env("SKILLET__GATEWAY__CACHE__ANSWERS_S", "0")).await;
    let mut asked = question(false);
    asked["temperature"] = json!(0);
    for words in ["one", "two"] {
        let answer = host.post("/v1/chat/completions", &asked).await.ok();
        assert_eq!(answer["choices"][0]["message"]["content"], words);
    }
}

#[tokio::test]
async fn figures_that_cannot_be_true_are_not_booked() {
    let model = Model::start().await;
    let most = u64::try_from(i64::MAX).unwrap();
    model.then(Answer::text("one two").usage(most, most, 0)).then(Answer::text("three").usage(30, 10, 0));
    let host = start(options(&model, "small")).await;
    let db = database(&host, "").await;
    set_budget(&db, 1_000).await;
    host.post("/v1/chat/completions", &question(false)).await.ok();
    host.post("/v1/chat/completions", &question(false)).await.ok();
    let spent = settled(&db).await;
    assert!((11..=20).contains(&spent), "two words were counted, and ten tokens reported: {spent}");
}

#[tokio::test]
async fn a_token_pays_for_what_its_skills_and_turns_ask() {
    let model = Model::start().await;
    model.on("Tell me", Answer::text("A tale.").usage(30, 10, 0));
    let host = start(options(&model, "small")).await;
    let db = database(&host, "").await;
    let token = db.tokens().await.unwrap()[0].id.to_string();
    let budget = json!({ "scope": "token", "subject": token, "window": "day", "limit_tokens": 1 });
    host.put("/api/v1/budgets", &json!({ "budgets": [budget] })).await.ok();
    let refused = host.post("/v1/chat/completions", &question(false)).await;
    assert_eq!(refused.status, 402, "{:#}", refused.body);
    let reply = host.chat("ada", "Tell me something about clouds please", None).await;
    assert_eq!(reply["tier"], "none", "{reply:#}");
    assert!(model.requests().is_empty());
}

#[tokio::test]
async fn cached_input_has_its_own_price() {
    let model = Model::start().await;
    model.then(Answer::text("yes").usage(1_000, 10, 600));
    let mut options = options(&model, "small");
    options.config = "[gateway.prices.scripted]\ninput = \"3\"\ncache_read = \"0.3\"\noutput = \"15\"\n".into();
    let host = start(options).await;
    host.post("/v1/chat/completions", &question(false)).await.ok();
    // 400 fresh at 3, 600 cached at 0.3, and 10 at 15 micro-dollars.
    assert_eq!(usage(&host).await["cost_micros"], 400 * 3 + 180 + 150);
}
