//! What models are told, as the owner has it.

use serde_json::{Value, json};

use crate::{
    attacks::guest,
    harness::{
        host::{Host, Options},
        manifest::Manifest,
        model::{Answer, Model},
    },
};

/// Installs a skill that asks a model, with what it asks for granted, and gives its component.
async fn install_asker(host: &Host) -> Vec<u8> {
    let component = guest::model(&Manifest::new("asker").timeout_s(20.0).capability("llm", &json!("small")));
    let made = host.upload(component.clone()).await.ok();
    let path = format!("/api/v1/skills/asker/versions/{}/activate", made["digest"].as_str().unwrap());
    host.post(&path, &json!({ "grant": true })).await.ok();
    component
}

/// Has the skill ask once, and gives what the model was told.
async fn told(host: &Host, model: &Model) -> Value {
    model.then(Answer::text("yes")).then(Answer::status(400, &[]));
    host.post("/api/v1/skills/asker/call", &json!({ "input": {} })).await.ok();
    let asked = model.requests();
    asked[asked.len() - 2]["messages"][0]["content"].clone()
}

#[tokio::test]
async fn what_a_skill_tells_a_model_is_put_into_the_owners_text() {
    let model = Model::start().await;
    let mut host = Host::start(Options::default().envs(model.as_tier("small"))).await;
    host.token("admin").await;
    let asker = install_asker(&host).await;
    assert_eq!(told(&host, &model).await, "once more");

    let prompt = "/api/v1/skills/asker/prompt";
    assert_eq!(host.get(prompt).await.ok()["value"], "{{ instructions }}");
    let mine = json!({ "value": "You help {{ name }}. {{ instructions }}, in one word." });
    assert_eq!(host.put(prompt, &mine).await.ok(), mine);
    assert_eq!(told(&host, &model).await, "You help Skillet. once more, in one word.");

    for wrong in ["{{ nobody }}", "{% if %}", &"x".repeat(4001)] {
        host.put(prompt, &json!({ "value": wrong })).await.problem(422);
    }
    assert_eq!(host.get(prompt).await.ok(), mine, "what is wrong changes nothing");
    host.put("/api/v1/skills/nobody/prompt", &mine).await.problem(404);
    assert_eq!(host.put(prompt, &json!({ "value": " " })).await.ok()["value"], "{{ instructions }}");
    assert_eq!(told(&host, &model).await, "once more");

    host.put(prompt, &mine).await.ok();
    host.delete("/api/v1/skills/asker").await.ok();
    host.upload(asker).await.ok();
    assert_eq!(host.get(prompt).await.ok()["value"], "{{ instructions }}", "it went with the skill that was removed");
}

#[tokio::test]
async fn what_a_skill_asks_keeps_within_its_bound_or_is_refused() {
    let model = Model::start().await;
    let options = Options::default().envs(model.as_tier("small")).env("SKILLET__GATEWAY__TOKEN_BUDGETS__SKILL", "500");
    let mut host = Host::start(options).await;
    host.token("admin").await;
    install_asker(&host).await;
    assert_eq!(told(&host, &model).await, "once more");
    let asked = model.requests().len();
    let long = format!("{}{{{{ instructions }}}}", "word ".repeat(700));
    host.put("/api/v1/skills/asker/prompt", &json!({ "value": long })).await.ok();
    let answer = host.post("/api/v1/skills/asker/call", &json!({ "input": {} })).await.ok();
    assert!(answer.to_string().contains("500"), "{answer:#}");
    assert_eq!(model.requests().len(), asked, "nothing of it was cut off and asked for");
}
