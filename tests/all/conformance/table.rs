//! What the skill of every SDK does, and how the host sees it.

use serde_json::{Value, json};
use skillet::clock::Clock;
use std::time::{Duration, Instant};

use super::{
    case::{Case, deed},
    ground::{Ground, SLACK, TIMEOUT_S},
};
use crate::harness::model::Answer;

const UNICODE: &str = "Größe, 你好, مرحبا, e\u{301}, \u{2028}, \"\\/\u{8}\t\r\n\u{1f}";
const EMOJI: &str = "🦀 👩‍👩‍👧‍👦 🇺🇳 \u{10ffff}";

pub fn cases() -> Vec<Case> {
    let echo = |name, text: &str| Case::gives(name, json!({ "do": "echo", "text": text }), json!({ "text": text }));
    let fail = |kind: &'static str| {
        Case::fails(kind, json!({ "do": "fail", "kind": kind, "text": "because 因为" }), &[kind], "because 因为")
    };
    vec![
        echo("echo of nothing", ""),
        echo("echo of ASCII", "hello"),
        echo("echo of Unicode", UNICODE),
        echo("echo of emoji", EMOJI),
        echo("echo of many emoji", &EMOJI.repeat(2_000)),
        echo("echo of a megabyte", &"0123456789".repeat(100_000)),
        deed!(the_call_tells_who_calls),
        fail("invalid-input"),
        fail("unavailable"),
        fail("denied"),
        fail("failed"),
        deed!(a_crash_says_why),
        // In each language's way that comes nearest to a bare end: a panic beside the run, an exit, a failed check.
        Case::fails("what ends the program", json!({ "do": "quit", "text": "the tea is gone" }), &["failed"], ""),
        Case::fails("an unknown deed", json!({ "do": "dance" }), &["invalid-input"], ""),
        deed!(kv_keeps_what_it_is_given),
        deed!(kv_swaps_only_what_is_expected),
        deed!(kv_is_each_persons_own),
        deed!(http_passes_the_gate),
        Case::fails(
            "http elsewhere",
            json!({ "do": "http", "url": "https://example.org/" }),
            &["denied"],
            "`example.org` is not among the granted hosts",
        ),
        Case::fails("http to no URL", json!({ "do": "http", "url": "nowhere" }), &["failed"], ""),
        deed!(http_to_nobody_is_unavailable),
        deed!(lines_are_in_the_log_of_the_call),
        deed!(progress_is_shown_to_who_waits),
        deed!(the_clock_is_the_hosts),
        deed!(random_bytes_differ),
        deed!(settings_are_the_owners),
        deed!(a_fact_is_found_again),
        deed!(a_model_answers),
        deed!(a_message_comes_to_the_conversation),
        deed!(a_job_is_scheduled),
        Case::gives(
            "another skill",
            json!({ "do": "skill", "skill": "calculator", "input": { "expression": "6*7" } }),
            json!({ "output": { "value": "42", "text": "6*7 = 42" } }),
        ),
        Case::fails(
            "another skill, of input that makes no sense",
            json!({ "do": "skill", "skill": "calculator", "input": { "expression": "1/0" } }),
            &["invalid-input"],
            "",
        ),
        Case::fails("a skill not asked for", json!({ "do": "skill", "skill": "echo", "input": {} }), &["denied"], ""),
        deed!(config_is_read_where_the_owner_opened_it),
        deed!(what_is_not_granted_is_denied),
        deed!(a_loop_ends),
        deed!(memory_ends),
    ]
}

async fn the_call_tells_who_calls(ground: &Ground) {
    let answer = ground.call(json!({ "do": "call" })).await;
    let output = &answer["output"];
    assert_eq!(output["id"], answer["call_id"], "{answer:#}");
    let told = ["attempt", "locale", "time_zone"].map(|key| output[key].clone());
    assert_eq!(told, [json!(1), json!("en"), json!("UTC")], "{answer:#}");
    let left = output["deadline_ms"].as_f64().unwrap();
    assert!(left > 0.0 && left <= TIMEOUT_S * 1_000.0, "{answer:#}");
}

async fn a_crash_says_why(ground: &Ground) {
    ground.fails(json!({ "do": "panic", "text": "the tea is cold" }), &["failed"], "the tea is cold").await;
    assert_well(ground).await;
}

async fn assert_well(ground: &Ground) {
    assert_eq!(ground.gives(json!({ "do": "echo", "text": "well" })).await, json!({ "text": "well" }));
}

async fn kept(ground: &Ground, key: &str) -> Value {
    ground.gives(json!({ "do": "kv_get", "key": key })).await["value"].clone()
}

async fn keep(ground: &Ground, key: &str, value: &str) {
    assert_eq!(ground.gives(json!({ "do": "kv_set", "key": key, "value": value })).await, json!({}));
}

async fn kv_keeps_what_it_is_given(ground: &Ground) {
    assert_eq!(kept(ground, "tea/green").await, Value::Null);
    for value in ["warm", "", EMOJI] {
        keep(ground, "tea/green", value).await;
        assert_eq!(kept(ground, "tea/green").await, value);
    }
    keep(ground, "tea/black", "hot").await;
    keep(ground, "coffee", "none").await;
    let keys = ground.gives(json!({ "do": "kv_list", "prefix": "tea/" })).await;
    assert_eq!(keys, json!({ "keys": ["tea/black", "tea/green"] }));
    assert_eq!(ground.gives(json!({ "do": "kv_delete", "key": "tea/green" })).await, json!({}));
    assert_eq!(ground.gives(json!({ "do": "kv_delete", "key": "tea/green" })).await, json!({}));
    assert_eq!(kept(ground, "tea/green").await, Value::Null);
    assert_eq!(ground.gives(json!({ "do": "kv_list", "prefix": "tea/g" })).await, json!({ "keys": [] }));
    ground.fails(json!({ "do": "kv_set", "key": "k".repeat(10_000), "value": "" }), &["failed"], "too large").await;
}

async fn kv_swaps_only_what_is_expected(ground: &Ground) {
    let swap = async |expected: Value, value: &str| {
        let input = json!({ "do": "kv_swap", "key": "swap", "expected": expected, "value": value });
        ground.gives(input).await["set"].clone()
    };
    assert_eq!(swap(json!("something"), "a").await, false);
    assert_eq!(swap(Value::Null, "a").await, true);
    assert_eq!(swap(Value::Null, "b").await, false);
    assert_eq!(swap(json!("b"), "c").await, false);
    assert_eq!(swap(json!("a"), "").await, true);
    // What is empty is there.
    assert_eq!(swap(Value::Null, "d").await, false);
    assert_eq!(swap(json!(""), "e").await, true);
    assert_eq!(kept(ground, "swap").await, "e");
}

async fn kv_is_each_persons_own(ground: &Ground) {
    keep(ground, "own", "of ada").await;
    let of_bob = ground.call_for("bob", json!({ "do": "kv_get", "key": "own" })).await;
    assert_eq!(of_bob["output"], json!({ "value": null }), "{of_bob:#}");
    ground.call_for("bob", json!({ "do": "kv_set", "key": "own", "value": "of bob" })).await;
    assert_eq!(kept(ground, "own").await, "of ada");
}

async fn http_passes_the_gate(ground: &Ground) {
    ground.server.forget();
    let found = ground.gives(json!({ "do": "http", "url": ground.server.url("/page") })).await;
    assert_eq!(found, json!({ "status": 200, "body": "hello" }));
    let heard = ground.server.requests().remove(0).to_lowercase();
    assert!(heard.starts_with("get /page ") && heard.contains("\nx-conformance: yes"), "{heard}");
    let missing = ground.gives(json!({ "do": "http", "url": ground.server.url("/missing") })).await;
    assert_eq!(missing, json!({ "status": 404, "body": "no such page" }));
}

async fn http_to_nobody_is_unavailable(ground: &Ground) {
    ground.fails(json!({ "do": "http", "url": ground.unreachable_url() }), &["unavailable"], "").await;
}

async fn lines_are_in_the_log_of_the_call(ground: &Ground) {
    for level in ["debug", "info", "warn", "error"] {
        let answer = ground.call(json!({ "do": "log", "level": level, "text": "by the way 顺便" })).await;
        assert_eq!(answer["output"], json!({}), "{answer:#}");
        let lines = answer["log"].as_array().unwrap();
        let line = lines.iter().find(|line| line["level"] == level).unwrap_or_else(|| panic!("{answer:#}"));
        assert_eq!((&line["message"], lines.len()), (&json!("by the way 顺便"), 1), "{answer:#}");
    }
}

/// Says something to which the model has the skill do something; the events of the turn.
async fn turn_that_does(ground: &Ground, say: &str, input: Value) -> Vec<(String, Value)> {
    ground.model.on(say, Answer::call("conformance", &input)).then(Answer::text("It is done."));
    let events = ground.host.chat_stream("ada", say, None).await.all().await;
    events.into_iter().map(|event| (event.name, event.data)).collect()
}

async fn progress_is_shown_to_who_waits(ground: &Ground) {
    let report = json!({ "do": "progress", "done": 1, "total": 3, "note": "boiling 🫖" });
    let events = turn_that_does(ground, "boil the water", report).await;
    let shown: Vec<&Value> = events.iter().filter(|(name, _)| name == "progress").map(|(_, data)| data).collect();
    assert_eq!(shown.len(), 1, "{events:#?}");
    let told = ["done", "total", "note"].map(|key| shown[0][key].clone());
    assert_eq!(told, [json!(1), json!(3), json!("boiling 🫖")], "{events:#?}");
}

async fn the_clock_is_the_hosts(ground: &Ground) {
    let before = Clock::System.now().timestamp_millis();
    let told = ground.gives(json!({ "do": "clock" })).await["now_ms"].as_i64().unwrap();
    assert!((before..=Clock::System.now().timestamp_millis()).contains(&told), "{before} {told}");
}

async fn random_bytes_differ(ground: &Ground) {
    let hex = async |length: usize| {
        let hex = ground.gives(json!({ "do": "random", "length": length })).await["hex"].as_str().unwrap().to_owned();
        assert_eq!(hex.len(), 2 * length);
        assert!(hex.bytes().all(|digit| digit.is_ascii_hexdigit()), "{hex}");
        hex
    };
    assert_ne!(hex(16).await, hex(16).await);
    hex(0).await;
    // More than the host gives at once.
    hex(3_000).await;
}

async fn settings_are_the_owners(ground: &Ground) {
    let value = async |key: &str| ground.gives(json!({ "do": "settings", "key": key })).await["value"].clone();
    assert_eq!(value("greeting").await, "hello");
    assert_eq!(value("farewell").await, Value::Null);
    let path = "/api/v1/skills/conformance/settings";
    ground.host.put(path, &json!({ "settings": { "greeting": "你好" } })).await.ok();
    assert_eq!(value("greeting").await, "你好");
    ground.host.put(path, &json!({ "settings": {} })).await.ok();
    assert_eq!(value("greeting").await, "hello");
}

async fn a_fact_is_found_again(ground: &Ground) {
    let fact = json!({ "do": "remember", "key": "user.bike", "text": "The lock of the bike has the code 7291." });
    assert_eq!(ground.gives(fact).await, json!({}));
    let keys = async |user: &str| {
        let answer = ground.call_for(user, json!({ "do": "search", "query": "code of the bike lock" })).await;
        answer["output"]["keys"].clone()
    };
    assert_eq!(keys("ada").await, json!(["user.bike"]));
    assert_eq!(keys("bob").await, json!([]));
}

async fn a_model_answers(ground: &Ground) {
    ground.model.on("How much is it?", Answer::text("四十二 🦀"));
    let answer = ground.gives(json!({ "do": "llm", "prompt": "How much is it?" })).await;
    assert_eq!(answer, json!({ "text": "四十二 🦀" }));
    let asked = ground.model.requests().pop().unwrap();
    let limit = asked["max_completion_tokens"].as_u64().or(asked["max_tokens"].as_u64());
    assert_eq!((&asked["messages"][0]["content"], limit), (&json!("Answer."), Some(64)), "{asked:#}");
}

async fn a_message_comes_to_the_conversation(ground: &Ground) {
    let sent = json!({ "do": "send", "text": "Your tea is ready 🍵" });
    let events = turn_that_does(ground, "tell me later", sent).await;
    let (_, done) = events.iter().find(|(name, _)| name == "done").unwrap_or_else(|| panic!("{events:#?}"));
    let path = format!("/api/v1/conversations/{}/messages", done["conversation"].as_str().unwrap());
    let messages = ground.host.get(&path).await.ok();
    let said = messages["messages"].as_array().unwrap().iter().filter(|one| one["content"] == "Your tea is ready 🍵");
    assert_eq!(said.count(), 1, "{messages:#}");
    // A person who has a conversation gets what comes from none.
    let id = ground.gives(json!({ "do": "send", "text": "And the cake" })).await["id"].clone();
    assert!(id.as_str().is_some_and(|id| !id.is_empty()), "{id}");
    // One who has none gets nothing.
    let nobody = ground.call_for("carl", json!({ "do": "send", "text": "Hello?" })).await;
    assert_eq!(nobody["failure"]["kind"], "denied", "{nobody:#}");
}

async fn a_job_is_scheduled(ground: &Ground) {
    let at = Clock::System.now().timestamp_millis() + 3_600_000;
    let id = ground.gives(json!({ "do": "schedule", "text": "pour the tea", "at_ms": at })).await["id"].clone();
    let job = ground.host.get(&format!("/api/v1/jobs/{}", id.as_str().unwrap())).await.ok();
    assert_eq!((&job["type"], &job["status"]), (&json!("reminder"), &json!("queued")), "{job:#}");
    assert_eq!(job["payload"], json!({ "text": "pour the tea" }));
    let run_at = chrono::DateTime::parse_from_rfc3339(job["run_at"].as_str().unwrap()).unwrap();
    assert_eq!(run_at.timestamp_millis(), at, "{job:#}");
    let before = json!({ "do": "schedule", "text": "too late", "at_ms": 1 });
    ground.fails(before, &["invalid-input"], "").await;
}

async fn config_is_read_where_the_owner_opened_it(ground: &Ground) {
    let input = json!({ "do": "config", "key": "time_zone" });
    ground.fails(input.clone(), &["denied"], "time_zone").await;
    ground.fails(json!({ "do": "config", "key": "no_such" }), &["invalid-input"], "no_such").await;
    ground.host.put("/api/v1/settings", &json!({ "key": "time_zone", "open": true })).await.ok();
    assert_eq!(ground.gives(input).await, json!({ "value": "UTC" }));
}

async fn what_is_not_granted_is_denied(ground: &Ground) {
    for (capability, input, kind) in [
        // It has no case of its own for that.
        ("kv", json!({ "do": "kv_get", "key": "k" }), "unavailable"),
        ("memory", json!({ "do": "search", "query": "tea" }), "denied"),
        ("memory", json!({ "do": "remember", "key": "k", "text": "tea" }), "denied"),
        ("config", json!({ "do": "config", "key": "time_zone" }), "denied"),
        ("llm", json!({ "do": "llm", "prompt": "How much is it?" }), "denied"),
        ("http", json!({ "do": "http", "url": ground.server.url("/") }), "denied"),
        ("skills", json!({ "do": "skill", "skill": "calculator", "input": { "expression": "1+1" } }), "denied"),
        ("messages", json!({ "do": "send", "text": "tea" }), "denied"),
        ("jobs", json!({ "do": "schedule", "text": "tea", "at_ms": 4_000_000_000_000_u64 }), "denied"),
    ] {
        ground.take_away(capability).await;
        ground.fails(input, &[kind], capability).await;
    }
    ground.take_away("settings").await;
    assert_eq!(ground.gives(json!({ "do": "settings", "key": "greeting" })).await, json!({ "value": null }));
    ground.give_back().await;
    assert_eq!(kept(ground, "nothing").await, Value::Null);
}

async fn a_loop_ends(ground: &Ground) {
    let began = Instant::now();
    ground.fails(json!({ "do": "spin" }), &["out-of-fuel", "timeout"], "").await;
    assert!(began.elapsed() < Duration::from_secs_f64(TIMEOUT_S) + SLACK, "{:?}", began.elapsed());
    assert_well(ground).await;
}

async fn memory_ends(ground: &Ground) {
    ground.fails(json!({ "do": "fill" }), &["out-of-memory", "failed", "trap"], "").await;
    assert_well(ground).await;
}
