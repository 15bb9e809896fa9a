//! Answers that must be JSON of a given shape: checked by the host, mended once, or failed as such.

use serde_json::{Value, json};
use skillet::{
    gateway::{GatewayError, Options, Parts, ProviderError, Request},
    store::ModelCallStatus,
};

use crate::{
    attacks::guest,
    harness::{
        anthropic::{Claude, Reply},
        gateway::{Ground, claude, openai},
        host::{Host, Options as HostOptions},
        manifest::Manifest,
        model::{Answer, Model},
    },
};

fn schema() -> Value {
    json!({
        "type": "object", "properties": { "city": { "type": "string" }, "days": { "type": "integer" } },
        "required": ["city", "days"], "additionalProperties": false,
    })
}

fn fits() -> jsonschema::Validator {
    jsonschema::validator_for(&schema()).unwrap()
}

fn trip(ground: &Ground) -> Request {
    let parts = Parts { system: "Plan.".into(), message: "A week in Oslo.".into(), ..Parts::default() };
    ground.question(parts, Options { schema: Some(schema()), ..Options::default() })
}

#[tokio::test]
async fn an_answer_that_does_not_fit_is_mended_once() {
    let model = Claude::start().await;
    let ground = Ground::new(claude(&model)).await;
    model
        .then(Reply::json(&json!({ "city": "Oslo", "days": "seven" })).usage(100, 0, 0, 10))
        .then(Reply::json(&json!({ "city": "Oslo", "days": 7 })).usage(150, 0, 0, 20));
    let answer = ground.gateway.complete_json(&trip(&ground), &fits()).await.unwrap();
    assert_eq!(serde_json::from_str::<Value>(&answer.text).unwrap(), json!({ "city": "Oslo", "days": 7 }));
    assert_eq!((answer.input_tokens(), answer.output_tokens()), (250, 30), "both answers were paid for");
    let asked = model.requests().pop().unwrap();
    let messages = asked["messages"].as_array().unwrap();
    assert_eq!(messages.len(), 3);
    assert!(messages[1]["content"][0]["text"].to_string().contains("seven"), "its answer is shown: {asked:#}");
    assert!(messages[2]["content"][0]["text"].to_string().contains("integer"), "and what is wrong: {asked:#}");
    let rows = ground.rows().await;
    assert_eq!(rows.iter().map(|row| row.status).collect::<Vec<_>>(), [ModelCallStatus::Done; 2]);
    // At 1 dollar for a million in, and 5 out.
    assert_eq!(rows.iter().map(|row| row.cost_micros).collect::<Vec<_>>(), [150, 250]);
    assert_eq!(answer.cost_micros, 400);
    assert!(rows[1].prompt_tokens > rows[0].prompt_tokens, "what is shown is counted before it is sent");
}

#[tokio::test]
async fn one_that_does_not_fit_again_fails_as_such() {
    let model = Claude::start().await;
    let ground = Ground::new(claude(&model)).await;
    for _ in 0..2 {
        model.then(Reply::json(&json!({ "city": "a secret place", "days": "seven" })));
    }
    let error = ground.gateway.complete_json(&trip(&ground), &fits()).await.unwrap_err();
    let GatewayError::Schema { reason } = &error else { panic!("{error}") };
    assert!(reason.contains("`/days`") && !reason.contains("seven"), "{reason}");
    assert_eq!(model.requests().len(), 2, "it is mended once");
    model.then(Reply::text("I will not.").stop("refusal"));
    let error = ground.gateway.complete_json(&trip(&ground), &fits()).await.unwrap_err();
    assert!(matches!(error, GatewayError::Schema { .. }), "{error}");
    assert_eq!(model.requests().len(), 3, "what is withheld is not asked for again");
}

#[tokio::test]
async fn a_server_that_does_not_know_schemas_is_told_in_words() {
    let model = Model::start().await;
    let ground = Ground::new(openai(&model)).await;
    // It passes over the format, and fences its JSON.
    model.then(Answer::text("Here:\n```json\n{\"city\": \"Oslo\", \"days\": 7}\n```"));
    let answer = ground.gateway.complete_json(&trip(&ground), &fits()).await.unwrap();
    assert_eq!(answer.text, "{\"city\":\"Oslo\",\"days\":7}");
    let asked = model.requests().pop().unwrap();
    assert_eq!(asked["response_format"]["json_schema"]["schema"], schema());
    assert!(asked["messages"][0]["content"].as_str().unwrap().contains("\"additionalProperties\":false"), "{asked:#}");
    // It refuses the format; that is learnt.
    model.then(Answer::status(400, &[]));
    for _ in 0..2 {
        model.then(Answer::text("{\"city\": \"Oslo\", \"days\": 7}"));
        ground.gateway.complete_json(&trip(&ground), &fits()).await.unwrap();
    }
    let formats: Vec<bool> = model.requests().iter().map(|asked| asked.get("response_format").is_some()).collect();
    assert_eq!(formats, [true, true, false, false]);
    let rows = ground.rows().await;
    assert_eq!(rows[1].status, ModelCallStatus::Failed, "a refusal is on record too");
    model.then(Answer::status(400, &[]));
    let error = ground.gateway.complete_json(&trip(&ground), &fits()).await.unwrap_err();
    assert!(matches!(error, GatewayError::Provider(ProviderError::Status { status: 400, .. })), "{error}");
}

#[tokio::test]
async fn a_skill_gets_json_that_fits_or_a_typed_error() {
    let model = Model::start().await;
    for _ in 0..2 {
        model.then(Answer::text("no JSON").usage(100, 10, 0)).then(Answer::text("{\"n\": 1}").usage(150, 10, 0));
    }
    model.then(Answer::text("{\"n\": \"one\"}")).then(Answer::text("no JSON"));
    let mut host = Host::start(HostOptions::default().envs(model.as_tier("small"))).await;
    host.token("admin").await;
    let schema = json!({ "type": "object", "properties": { "n": { "type": "integer" } }, "required": ["n"] });
    let manifest = Manifest::new("asker").timeout_s(20.0).capability("llm", &json!("small"));
    let made = host.upload(guest::model_with_schema(&schema, &manifest)).await.ok();
    let path = format!("/api/v1/skills/asker/versions/{}/activate", made["digest"].as_str().unwrap());
    host.post(&path, &json!({ "grant": true })).await.ok();
    let answer = host.post("/api/v1/skills/asker/call", &json!({ "input": {} })).await.ok();
    assert_eq!(answer["output"][0], 2, "{answer:#}");
    let refusal = answer["output"][1].as_str().unwrap();
    assert!(refusal.contains("does not satisfy the schema: it is not JSON"), "{answer:#}");
    assert_eq!(model.requests().len(), 6);
}
