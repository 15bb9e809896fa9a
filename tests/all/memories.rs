//! Memory in the hands of its owner: rules about it, files of it, and whose it is.

use reqwest::Method;
use serde_json::{Value, json};
use skillet::{
    clock::Clock,
    memory::Memory,
    store::{BroughtEpisode, Db, Span},
};

use crate::harness::host::{Host, Options};

async fn host() -> Host {
    // To compile the others would be most of the time.
    let options = Options { bundle: true, ..Options::default() }
        .env("SKILLET__SKILLS__INSTALL", "[\"remember\", \"search_memory\"]");
    let mut host = Host::start(options).await;
    host.token("admin").await;
    host
}

#[track_caller]
fn said(reply: &Value) -> &str {
    reply["reply"].as_str().unwrap()
}

async fn remember(host: &Host, user: &str, text: &str) -> String {
    let fact = host.post("/api/v1/memories", &json!({ "user": user, "text": text })).await.ok();
    format!("/api/v1/memories/{}", fact["fact"]["id"].as_str().unwrap())
}

/// The memories that a turn brought.
async fn recalled(host: &Host, reply: &Value) -> Vec<Value> {
    let turn = host.get(&format!("/api/v1/turns/{}", reply["turn_id"].as_str().unwrap())).await.ok();
    turn["memories"].as_array().unwrap().clone()
}

async fn export(host: &Host, user: &str, format: &str) -> String {
    let path = format!("/api/v1/memories/export?user={user}&format={format}");
    host.request(Method::GET, &path).send().await.unwrap().text().await.unwrap()
}

async fn import(host: &Host, user: &str, format: &str, text: &str) -> (u16, Value) {
    let path = format!("/api/v1/memories/import?user={user}&format={format}");
    let response = host.request(Method::POST, &path).body(text.to_owned()).send().await.unwrap();
    (response.status().as_u16(), serde_json::from_str(&response.text().await.unwrap()).unwrap())
}

#[tokio::test]
async fn what_is_pinned_is_always_there_and_what_is_muted_never() {
    let host = host().await;
    let home = remember(&host, "ada", "I live in Shanghai").await;
    let tea = remember(&host, "ada", "I prefer green tea").await;
    let changed = host.patch(&home, &json!({ "pinned": true })).await.ok();
    assert_eq!((&changed["pinned"], &changed["muted"]), (&json!(true), &json!(false)));
    let other = host.chat("ada", "zebra quagga okapi", None).await;
    let brought = recalled(&host, &other).await;
    assert_eq!(brought.len(), 1);
    assert_eq!((&brought[0]["text"], &brought[0]["pinned"]), (&json!("I live in Shanghai"), &json!(true)));
    assert!(!said(&other).contains("Shanghai"), "it is there, and answers only what it bears on: {other}");

    host.patch(&tea, &json!({ "muted": true })).await.ok();
    let asked = host.chat("ada", "which tea do I prefer?", None).await;
    assert!(!said(&asked).contains("green tea"), "{asked}");
    assert_eq!(recalled(&host, &asked).await.len(), 1);
    let found = host.get("/api/v1/memories/search?user=ada&q=tea").await.ok().to_string();
    assert!(found.contains("green tea"), "whoever looks after it finds it: {found}");
    let skill = host.chat("ada", "search memory for tea", None).await;
    assert!(!said(&skill).contains("green tea"), "a skill does not bring it either: {skill}");

    // Both hold for the next value of the key.
    host.chat("ada", "I live in Berlin", None).await;
    let other = host.chat("ada", "zebra quagga okapi", None).await;
    assert_eq!(recalled(&host, &other).await[0]["text"], "I live in Berlin");
    for n in 0..8 {
        let fact = remember(&host, "ada", &format!("my number {n} is {n}{n}{n}")).await;
        let answer = host.patch(&fact, &json!({ "pinned": true })).await;
        assert_eq!(answer.status.as_u16(), if n < 7 { 200 } else { 422 }, "{n}: {}", answer.body);
    }
}

#[tokio::test]
async fn an_excluded_topic_is_neither_learnt_nor_recalled() {
    let host = host().await;
    remember(&host, "ada", "I am allergic to penicillin").await;
    let topic = json!({ "user": "ada", "topic": "allergic" });
    assert_eq!(host.post("/api/v1/memories/topics", &topic).await.ok()["topics"], json!(["allergic"]));
    host.post("/api/v1/memories/topics", &json!({ "user": "ada", "topic": "?!" })).await.problem(422);
    let asked = host.chat("ada", "what am I allergic to?", None).await;
    assert!(!said(&asked).contains("penicillin"), "{asked}");
    host.chat("ada", "I'm allergic to peanuts", None).await;
    let bob = host.chat("bob", "I'm allergic to peanuts", None).await;
    assert!(said(&bob).contains("peanuts"), "another person's rules are not his: {bob}");
    let facts = host.get("/api/v1/memories?user=ada&closed=true").await.ok();
    assert_eq!(facts["facts"].as_array().unwrap().len(), 1, "{facts:#}");
    let refused = host.post("/api/v1/memories", &json!({ "user": "ada", "text": "I am allergic to dust" })).await;
    refused.problem(422);
    let path = "/api/v1/memories/topics";
    let back = host.request(Method::DELETE, path).json(&topic).send().await.unwrap().text().await.unwrap();
    assert_eq!(back, r#"{"topics":[]}"#);
    assert!(said(&host.chat("ada", "what am I allergic to?", None).await).contains("penicillin"));
}

#[tokio::test]
async fn memories_go_out_as_a_file_and_come_back_once() {
    let host = host().await;
    host.chat("ada", "I live in Berlin", None).await;
    host.chat("ada", "I live in Shanghai", None).await;
    let lock = remember(&host, "ada", "我的车牌号是沪A12345").await;
    host.patch(&lock, &json!({ "pinned": true })).await.ok();
    host.post("/api/v1/memories/topics", &json!({ "user": "ada", "topic": "health" })).await.ok();
    let lines = export(&host, "ada", "jsonl").await;
    assert!(lines.lines().filter(|line| line.contains(r#""kind":"fact""#)).count() == 3, "{lines}");
    let (status, again) = import(&host, "ada", "jsonl", &lines).await;
    assert_eq!((status, &again["facts"], &again["episodes"], &again["rules"]), (200, &json!(0), &json!(0), &json!(0)));

    let (status, brought) = import(&host, "bob", "jsonl", &lines).await;
    assert_eq!((status, &brought["facts"], &brought["rules"]), (200, &json!(3), &json!(2)), "{brought}");
    assert!(said(&host.chat("bob", "where do I live?", None).await).contains("Shanghai"));
    let bobs = export(&host, "bob", "jsonl").await;
    let told = |text: &str| -> Vec<Value> {
        let lines = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        lines
            .filter(|line| line["kind"] == "fact")
            .map(|line| json!([line["key"], line["text"], line["valid_to"]]))
            .collect()
    };
    assert_eq!(told(&bobs), told(&lines));

    let text = export(&host, "ada", "md").await;
    assert!(text.contains("- **home**: I live in Shanghai (") && text.contains("沪A12345"), "{text}");
    assert_eq!(import(&host, "ada", "md", &text).await.1["facts"], 0);
    assert_eq!(import(&host, "cy", "md", &text).await.1["facts"], 3);
    assert!(said(&host.chat("cy", "where do I live?", None).await).contains("Shanghai"));
}

#[tokio::test]
async fn a_file_with_a_bad_line_brings_nothing() {
    let host = host().await;
    let good = r#"{"kind":"fact","key":"tea","text":"green tea","valid_from":"2026-01-01T00:00:00Z","recorded_at":"2026-01-01T00:00:00Z"}"#;
    let bad =
        format!("{good}\nnot json\n\n{}\n{}", good.replace("green tea", " "), good.replace("\"key\"", "\"what\""));
    let (status, problem) = import(&host, "ada", "jsonl", &bad).await;
    let lines: Vec<u64> =
        problem["lines"].as_array().unwrap().iter().map(|line| line["line"].as_u64().unwrap()).collect();
    assert_eq!((status, lines), (422, vec![2, 4, 5]), "{problem:#}");
    let (status, problem) = import(&host, "ada", "md", "# ada\n\n- **tea**: green\n- no key\n").await;
    assert_eq!((status, &problem["lines"][0]["line"]), (422, &json!(4)), "{problem:#}");
    let facts = host.get("/api/v1/memories?user=ada&closed=true").await.ok();
    assert!(facts["facts"].as_array().unwrap().is_empty(), "{facts:#}");
    assert_eq!(import(&host, "ada", "jsonl", good).await.1["facts"], 1);
}

/// What was forgotten does not come back with a file that was written before.
#[tokio::test]
async fn a_file_brings_back_nothing_that_was_forgotten_since() {
    let host = host().await;
    let path = remember(&host, "ada", "I live in Reykjavik").await;
    let file = export(&host, "ada", "jsonl").await;
    host.delete(&path).await.ok();
    let (_, brought) = import(&host, "ada", "jsonl", &file).await;
    assert_eq!((&brought["facts"], &brought["forgotten"]), (&json!(0), &json!(1)));
    assert_eq!(import(&host, "bob", "jsonl", &file).await.1["facts"], 1, "another person has not forgotten it");
    remember(&host, "ada", "I live in Reykjavik").await;
    assert!(said(&host.chat("ada", "where do I live?", None).await).contains("Reykjavik"));
}

/// Two persons with the same words: nothing of one gets to the other by any way.
#[tokio::test]
async fn nothing_crosses_between_two_persons() {
    let host = host().await;
    for (user, code) in [("ada", "AAA111"), ("bob", "BBB222")] {
        host.chat(user, &format!("Remember that my bike lock code is {code}"), None).await;
    }
    for (user, own, other) in [("ada", "AAA111", "BBB222"), ("bob", "BBB222", "AAA111")] {
        let reply = host.chat(user, "what's the code of my bike lock?", None).await;
        assert!(said(&reply).contains(own) && !said(&reply).contains(other), "{reply}");
        let found =
            host.get(&format!("/api/v1/memories/search?user={user}&q=bike%20lock%20code")).await.ok().to_string();
        assert!(found.contains(own) && !found.contains(other), "{found}");
        let file = export(&host, user, "jsonl").await;
        assert!(file.contains(own) && !file.contains(other), "{file}");
    }
    host.post("/api/v1/memories/forget", &json!({ "user": "ada", "text": "BBB222" })).await.ok();
    host.chat("ada", "forget my bike lock code", None).await;
    let reply = host.chat("bob", "what's the code of my bike lock?", None).await;
    assert!(said(&reply).contains("BBB222"), "{reply}");
    assert!(!said(&host.chat("ada", "what's the code of my bike lock?", None).await).contains("AAA111"));
}

/// Two turns of one day make a summary of it, facts said twice are one, and what is taken back stays so.
#[tokio::test]
async fn nights_fold_what_is_old_and_do_not_repeat_what_was_undone() {
    let folder = tempfile::tempdir().unwrap();
    let clock = Clock::manual("2026-03-10T08:00:00Z".parse().unwrap());
    let db = Db::open(&"".into(), folder.path(), 4).await.unwrap();
    let memory = Memory::new(db.clone(), clock.clone());
    let (ada, utc) = (db.user_named(&clock, "ada").await.unwrap().id, "UTC".parse().unwrap());
    let episode = |at: &str, text: &str| BroughtEpisode {
        turn: None,
        summary_text: format!("{text} → noted"),
        summary_json: json!({ "subject": text }),
        tags: Vec::new(),
        source: "rules".into(),
        created_at: at.parse().unwrap(),
        words: text.to_lowercase(),
    };
    let episodes = [
        episode("2026-03-01T10:00:00Z", "We met Anna at 15:30"),
        episode("2026-03-01T11:00:00Z", "the flat costs 1200 a month"),
        episode("2026-03-03T11:00:00Z", "alone on its day"),
        episode("2026-03-09T10:00:00Z", "yesterday, one"),
        episode("2026-03-09T11:00:00Z", "yesterday, two"),
    ];
    db.bring_memories(&clock, ada, (&[], &episodes), &[]).await.unwrap();
    memory.remember(ada, "", "I prefer green tea", None).await.unwrap();
    memory.remember(ada, "drink", "i prefer green tea!", None).await.unwrap();

    let folding = memory.consolidate(ada, utc).await.unwrap().unwrap();
    let made = async |span| -> Vec<String> {
        let all = db.episodes(ada, 99).await.unwrap();
        all.into_iter().filter(|one| one.span == span).map(|one| one.summary_text).collect()
    };
    assert_eq!(made(Span::Day).await, ["2026-03-01: We met Anna at 15:30; the flat costs 1200 a month"]);
    assert_eq!(db.facts(ada, false, 9).await.unwrap().len(), 1);
    assert!(memory.consolidate(ada, utc).await.unwrap().is_none(), "nothing is left to fold");
    assert_eq!(memory.search(ada, "Anna", 9).await.unwrap().len(), 2, "what it is made of is found as before");

    assert!(memory.undo_folding(folding).await.unwrap());
    assert_eq!((made(Span::Day).await.len(), db.facts(ada, false, 9).await.unwrap().len()), (0, 2));
    assert!(memory.consolidate(ada, utc).await.unwrap().is_none(), "what was undone is not made again");
    clock.advance(chrono::Duration::days(31));
    memory.consolidate(ada, utc).await.unwrap().unwrap();
    let months = made(Span::Month).await;
    assert!(months.len() == 1 && months[0].starts_with("2026-03: ") && months[0].contains("1200"), "{months:?}");
    assert!(made(Span::Day).await.iter().all(|day| day.starts_with("2026-03-09: ")), "only the day that was young");
}
