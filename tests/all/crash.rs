//! The process ends in the middle of things: nothing is lost, nothing is said or done twice.

use serde_json::{Value, json};

use crate::{
    attacks::guest,
    harness::{
        guests,
        host::{Host, Options},
        manifest::Manifest,
        model::{Answer, Model},
    },
};

async fn messages(host: &Host, conversation: &str) -> Vec<Value> {
    let answer = host.get(&format!("/api/v1/conversations/{conversation}/messages")).await.ok();
    answer["messages"].as_array().unwrap().clone()
}

/// Waits until every message of a conversation has its reply.
async fn answered(host: &Host, conversation: &str, count: usize) -> Vec<Value> {
    for _ in 0..400 {
        let all = messages(host, conversation).await;
        if all.iter().filter(|message| message["role"] == "assistant").count() == count {
            return all;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    panic!("not answered: {:#?}\n{}", messages(host, conversation).await, host.log());
}

#[tokio::test]
async fn a_killed_turn_is_answered_once_after_the_restart() {
    let model = Model::start().await;
    model
        .then(Answer::call("remember", &json!({ "text": "my bike lock code is 7291" })))
        .then(Answer::stall_after("I have rem"))
        // After the restart the turn begins anew.
        .then(Answer::call("remember", &json!({ "text": "my bike lock code is 7291" })))
        .then(Answer::text("Remembered."));
    let options = Options { bundle: true, ..Options::default() }
        .envs(model.as_tier("small"))
        .env("SKILLET__MEMORY__SUMMARIES", "rules");
    let mut host = Host::start(options).await;
    host.token("admin").await;
    let mut events = host.chat_stream("ada", "Could you keep my bike lock code, which is 7291?", None).await;
    let accepted = events.until("accepted").await;
    let conversation = accepted["conversation"].as_str().unwrap();
    events.until("delta").await;
    host.kill9().await;
    host.restart().await;
    let all = answered(&host, conversation, 1).await;
    assert_eq!(all.len(), 2, "{all:#?}");
    assert_eq!(all[1]["content"], "Remembered.");
    let turn = host.get(&format!("/api/v1/turns/{}", accepted["turn_id"].as_str().unwrap())).await.ok();
    assert_eq!(turn["skill_calls"].as_array().unwrap().len(), 1, "the skill ran once: {turn:#}");
    assert!(turn.to_string().contains("\"replayed\":true"), "{turn:#}");
}

#[tokio::test]
async fn kills_at_any_moment_lose_and_double_nothing() {
    let mut host = Host::start(Options { bundle: true, ..Options::default() }).await;
    host.token("admin").await;
    let first = host.chat("ada", "hello", None).await;
    let conversation = first["conversation"].as_str().unwrap().to_owned();
    let mut sent = 1;
    for round in 0..5 {
        // Messages are on their way when the process dies; those that were taken must be answered.
        let on_the_way = (0..8).map(|n| {
            let body = json!({
                "user": "ada", "message": format!("what is {round}*{n}"), "conversation": conversation,
                "key": format!("{round}-{n}"),
            });
            let request = host.request(reqwest::Method::POST, "/api/v1/chat").json(&body);
            async move { request.send().await.is_ok() }
        });
        let all = futures_util::future::join_all(on_the_way);
        let wait = tokio::time::sleep(std::time::Duration::from_millis(3 * round));
        tokio::select! { _ = all => {}, () = wait => {} }
        host.kill9().await;
        host.restart().await;
        // Sent again under the same keys, as a client does that got no answer.
        for n in 0..8 {
            let body = json!({
                "user": "ada", "message": format!("what is {round}*{n}"), "conversation": conversation,
                "key": format!("{round}-{n}"),
            });
            host.post("/api/v1/chat", &body).await.ok();
            sent += 1;
        }
    }
    let all = answered(&host, &conversation, sent).await;
    assert_eq!(all.len(), 2 * sent, "each message once, each answered once");
}

#[tokio::test]
async fn a_call_that_must_not_be_repeated_is_not() {
    let model = Model::start().await;
    model.then(Answer::call("spend", &json!({}))).then(Answer::call("spend", &json!({}))).then(Answer::text("Unsure."));
    let options = Options::default().envs(model.as_tier("small")).env("SKILLET__MEMORY__SUMMARIES", "rules");
    let mut host = Host::start(options).await;
    host.token("admin").await;
    let spend = Manifest::new("spend").timeout_s(20.0).limit("fuel", 2_000_000_000).idempotency(&json!("none"));
    host.upload(guests::spin(&spend)).await.ok();
    let mut events = host.chat_stream("ada", "Spend it all, please, right now", None).await;
    let accepted = events.until("accepted").await;
    model.requested(1).await;
    // The call is on record as begun before the guest runs.
    let turn = format!("/api/v1/turns/{}", accepted["turn_id"].as_str().unwrap());
    while host.get(&turn).await.ok()["skill_calls"].as_array().unwrap().is_empty() {
        tokio::task::yield_now().await;
    }
    host.kill9().await;
    host.restart().await;
    answered(&host, accepted["conversation"].as_str().unwrap(), 1).await;
    let told = model.requests()[2]["messages"].to_string();
    assert!(told.contains("interrupted"), "{told}");
}

/// A call from a call has a key that only the one above knows: when that is not made again, nobody comes back to it.
#[tokio::test]
async fn calls_that_nobody_comes_back_to_are_ended() {
    let model = Model::start().await;
    model.then(Answer::call("outer", &json!({}))).then(Answer::call("outer", &json!({}))).then(Answer::text("Unsure."));
    let options = Options::default().envs(model.as_tier("small")).env("SKILLET__MEMORY__SUMMARIES", "rules");
    let mut host = Host::start(options).await;
    host.token("admin").await;
    let slow = |name| Manifest::new(name).timeout_s(20.0).limit("fuel", 2_000_000_000).idempotency(&json!("none"));
    host.upload(guests::spin(&slow("inner"))).await.ok();
    let outer = slow("outer").capability("skills", &json!(["inner"]));
    let outer = host.upload(guest::calls("inner", 1, true, &outer)).await.ok();
    let activate = format!("/api/v1/skills/outer/versions/{}/activate", outer["digest"].as_str().unwrap());
    host.post(&activate, &json!({ "grant": true })).await.ok();
    let mut events = host.chat_stream("ada", "Spend it all, please, right now", None).await;
    let accepted = events.until("accepted").await;
    let turn = format!("/api/v1/turns/{}", accepted["turn_id"].as_str().unwrap());
    let calls = async |host: &Host| {
        let calls = host.get(&turn).await.ok()["skill_calls"].as_array().unwrap().clone();
        calls
            .into_iter()
            .map(|call| (call["skill"].clone(), call["status"].clone(), call["failure"]["kind"].clone()))
            .collect::<Vec<_>>()
    };
    while calls(&host).await.len() < 2 {
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    host.kill9().await;
    host.restart().await;
    answered(&host, accepted["conversation"].as_str().unwrap(), 1).await;
    let ended = |name| (json!(name), json!("failed"), json!("interrupted"));
    assert_eq!(calls(&host).await, [ended("outer"), ended("inner")]);
}

#[tokio::test]
async fn sigterm_stops_in_time_and_hands_back_what_is_in_flight() {
    let model = Model::start().await;
    model.then(Answer::stall_after("")).then(Answer::text("Back again."));
    let options = Options::default().envs(model.as_tier("small")).env("SKILLET__MEMORY__SUMMARIES", "rules");
    let mut host = Host::start(options).await;
    host.token("admin").await;
    let mut events = host.chat_stream("ada", "Take your time with this one, please", None).await;
    let accepted = events.until("accepted").await;
    model.requested(1).await;
    let began = std::time::Instant::now();
    let status = host.terminate().await;
    assert!(status.success(), "{status}");
    assert!(began.elapsed().as_secs_f64() < 10.5, "{:?}", began.elapsed());
    host.restart().await;
    let all = answered(&host, accepted["conversation"].as_str().unwrap(), 1).await;
    assert_eq!(all[1]["content"], "Back again.");
}

#[tokio::test]
async fn an_idle_host_stops_at_once() {
    let mut host = Host::start(Options::default()).await;
    let began = std::time::Instant::now();
    assert!(host.terminate().await.success());
    assert!(began.elapsed().as_secs_f64() < 3.0, "{:?}", began.elapsed());
}
