//! Chat without any model: rules, skills, memory and templates answer, in the language of the message.

use serde_json::{Value, json};

use crate::harness::{
    guests,
    host::{Host, Options},
    manifest::Manifest,
};

async fn host() -> Host {
    let mut host = Host::start(Options { bundle: true, ..Options::default() }).await;
    host.token("admin").await;
    host
}

/// Says something and checks that the reply holds `part`.
#[track_caller]
fn holds(reply: &Value, part: &str) {
    let text = reply["reply"].as_str().unwrap();
    assert!(text.contains(part), "`{part}` is not in: {reply:#}");
}

#[tokio::test]
async fn skills_and_memory_answer_in_both_languages() {
    let host = host().await;
    for (message, part, route) in [
        ("what is 17.5% of 2340", "409.5", "skill"),
        ("(17.5% of 2,340) * 3", "1228.5", "skill"),
        ("2340的17.5%是多少", "409.5", "skill"),
        ("记住我住在上海", "上海", "skill"),
        ("我住在哪里", "上海", "recall"),
        ("Remember that my bike lock code is 7291", "7291", "skill"),
        ("what's the code of my bike lock?", "7291", "recall"),
        ("I prefer green tea", "green tea", "recall"),
        ("which tea do I prefer?", "green tea", "recall"),
        ("what do you remember about my bike", "7291", "skill"),
        ("谢谢", "不客气", "recall"),
    ] {
        let reply = host.chat("ada", message, None).await;
        holds(&reply, part);
        assert_eq!((reply["route"].as_str(), reply["tier"].as_str()), (Some(route), Some("none")), "{reply:#}");
        assert_eq!(reply["usage"]["model_calls"], 0);
    }
}

#[tokio::test]
async fn a_long_list_of_skills_ends_with_how_many_more_there_are() {
    let mut host = Host::start(Options::default()).await;
    host.token("admin").await;
    for n in 1..=10 {
        host.upload(guests::echo(&Manifest::new(&format!("skill{n}")))).await.ok();
        if n == 8 {
            let reply = host.chat("ada", "hello", None).await;
            assert!(!reply["reply"].as_str().unwrap().contains("more"), "all are named: {reply:#}");
        }
    }
    for (message, end) in [("hello", "\n- … and 2 more"), ("你好", "\n- ……还有 2 个"), ("qwertz", "… and 2 more")]
    {
        let reply = host.chat("ada", message, None).await;
        let text = reply["reply"].as_str().unwrap();
        assert!(text.ends_with(end) && text.contains("skill7") && !text.contains("skill9"), "{reply:#}");
    }
}

#[tokio::test]
async fn nobody_learns_what_another_told() {
    let host = host().await;
    host.chat("ada", "Remember that my bike lock code is 8842", None).await;
    for question in
        ["what's the code of my bike lock?", "what do you remember about bike", "search memory for lock code"]
    {
        let reply = host.chat("bob", question, None).await;
        assert!(!reply["reply"].as_str().unwrap().contains("8842"), "{reply:#}");
    }
    let found = host.get("/api/v1/memories/search?q=bike&k=5&user=bob").await.ok();
    assert!(!found.to_string().contains("8842"), "{found:#}");
}

#[tokio::test]
async fn a_newer_statement_replaces_the_older_one() {
    let host = host().await;
    host.chat("ada", "记住我住在柏林", None).await;
    host.chat("ada", "我搬到上海了", None).await;
    let reply = host.chat("ada", "我住在哪里", None).await;
    holds(&reply, "上海");
    assert!(!reply["reply"].as_str().unwrap().contains("柏林"), "{reply:#}");
}

#[tokio::test]
async fn a_setting_changes_only_where_the_owner_opened_it() {
    let host = host().await;
    holds(&host.chat("ada", "set time_zone to Asia/Shanghai", None).await, "not open");
    host.put("/api/v1/settings", &json!({ "key": "time_zone", "open": true })).await.ok();
    host.chat("ada", "set time_zone to Asia/Shanghai", None).await;
    let settings = host.get("/api/v1/settings").await.ok().to_string();
    assert!(settings.contains("Asia/Shanghai"), "{settings}");
    holds(&host.chat("ada", "set time_zone to Mars/Base", None).await, "IANA");
}

#[tokio::test]
async fn one_key_is_one_message() {
    let host = host().await;
    let body = json!({ "user": "ada", "message": "what is 2+3", "key": "m-1" });
    let first = host.post("/api/v1/chat", &body).await.ok();
    let second = host.post("/api/v1/chat", &body).await.ok();
    assert_eq!(first["turn_id"], second["turn_id"]);
    let conversation = first["conversation"].as_str().unwrap();
    let messages = host.get(&format!("/api/v1/conversations/{conversation}/messages")).await.ok();
    assert_eq!(messages["messages"].as_array().unwrap().len(), 2, "{messages:#}");
}

#[tokio::test]
async fn messages_of_a_conversation_are_answered_in_order() {
    let host = host().await;
    let first = host.chat("ada", "what is 1+0", None).await;
    let conversation = first["conversation"].as_str().unwrap();
    let mut waiting = Vec::new();
    for n in 2..=12 {
        // The next one is sent as soon as this one is taken, not when it is answered.
        let mut events = host.chat_stream("ada", &format!("what is {n}+0"), Some(conversation)).await;
        events.until("accepted").await;
        waiting.push(events);
    }
    for events in waiting {
        events.all().await;
    }
    let messages = host.get(&format!("/api/v1/conversations/{conversation}/messages")).await.ok();
    let messages = messages["messages"].as_array().unwrap();
    assert_eq!(messages.len(), 24);
    let asked = messages.iter().filter(|message| message["role"] == "user");
    let answered: Vec<_> = messages.iter().filter(|message| message["role"] == "assistant").collect();
    for (question, reply) in asked.zip(&answered) {
        assert_eq!(question["turn_id"], reply["turn_id"], "a reply came out of order");
    }
}

#[tokio::test]
async fn a_turn_has_its_trace_and_its_episode() {
    let host = host().await;
    let reply = host.chat("ada", "what is 6*7", None).await;
    let turn = host.get(&format!("/api/v1/turns/{}", reply["turn_id"].as_str().unwrap())).await.ok();
    let text = turn.to_string();
    for part in ["receive", "route", "a trigger of calculator fits", "\"fuel\""] {
        assert!(text.contains(part), "`{part}` is not in {turn:#}");
    }
    // The episode is written by a job after the reply.
    for _ in 0..200 {
        let memories = host.get("/api/v1/memories?user=ada").await.ok().to_string();
        if memories.contains("6*7") {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(25)).await;
    }
    panic!("no episode was written");
}

#[tokio::test]
async fn bad_messages_are_refused_with_their_reason() {
    let host = host().await;
    assert_eq!(host.post("/api/v1/chat", &json!({ "message": "  " })).await.status.as_u16(), 422);
    assert_eq!(host.post("/api/v1/chat", &json!({ "message": "x".repeat(40_000) })).await.status.as_u16(), 422);
    let foreign = host.chat("ada", "hello", None).await["conversation"].as_str().unwrap().to_owned();
    let answer = host.post("/api/v1/chat", &json!({ "user": "bob", "message": "hi", "conversation": foreign })).await;
    answer.problem(404);
    assert!(host.post("/api/v1/chat", &json!({ "messages": "hi" })).await.status.is_client_error());
}

#[tokio::test]
async fn facts_are_written_changed_and_forgotten_over_the_interface() {
    let host = host().await;
    let fact = host.post("/api/v1/memories", &json!({ "user": "ada", "text": "我的车牌号是沪A12345" })).await.ok();
    let path = format!("/api/v1/memories/{}", fact["fact"]["id"].as_str().unwrap());
    let found = host.get("/api/v1/memories/search?user=ada&q=车牌&k=3").await.ok().to_string();
    assert!(found.contains("沪A12345"), "{found}");
    let changed = host.patch(&path, &json!({ "text": "我的车牌号是沪B67890" })).await.ok();
    holds(&host.chat("ada", "我的车牌号是多少", None).await, "沪B67890");
    host.delete(&format!("/api/v1/memories/{}", changed["id"].as_str().unwrap())).await.ok();
    let found = host.get("/api/v1/memories/search?user=ada&q=车牌&k=3").await.ok().to_string();
    assert!(!found.contains("沪B67890"), "{found}");
}

#[tokio::test]
async fn every_line_of_a_turn_carries_its_trace_id() {
    let mut host =
        Host::start(Options { bundle: true, ..Options::default() }.env("SKILLET__LOG__FORMAT", "json")).await;
    host.token("chat").await;
    let reply = host.chat("ada", "what is 6*7", None).await;
    host.logged("a turn ended").await;
    let lines: Vec<Value> = host.log().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let trace: Vec<&str> = lines
        .iter()
        .filter(|line| line["span"]["trace_id"] == reply["turn_id"])
        .map(|line| line["message"].as_str().unwrap())
        .collect();
    assert_eq!(trace, ["a skill ran", "a turn ended"], "{lines:#?}");
    assert!(host.printed().contains("Skillet is ready: "));
}
