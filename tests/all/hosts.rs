//! The host on Postgres, alone and beside another one on the same database.

use serde_json::json;

use crate::harness::{
    guests,
    host::{Host, Options},
    manifest::Manifest,
    postgres,
};

/// A host on a database of its own, or `None` where there is no Postgres.
async fn host(test: &str) -> Option<(Host, String)> {
    let Some(server) = postgres::server() else {
        postgres::say_skipped(test);
        return None;
    };
    let url = postgres::database(server).await;
    let options = Options { bundle: true, database_url: Some(url.clone()), ..Options::default() };
    let mut host = Host::start(options).await;
    host.token("admin").await;
    Some((host, url))
}

#[tokio::test]
async fn everything_works_on_postgres() {
    let Some((mut host, url)) = host("everything_works_on_postgres").await else { return };
    for (message, part) in [
        ("what is 17.5% of 2340", "409.5"),
        ("记住我住在上海", "上海"),
        ("我住在哪里", "上海"),
        ("Remember that my locker code is 8842", "8842"),
        ("what's the code of my locker?", "8842"),
        ("a NUL \u{0} in the middle", "know"),
    ] {
        let reply = host.chat("ada", message, None).await;
        assert!(reply["reply"].as_str().unwrap().contains(part), "{message}: {reply:#}");
    }
    let nul = guests::constant("{\"text\": \"a\\u0000b\"}", &Manifest::new("nul"));
    host.upload(nul).await.ok();
    let answer = host.post("/api/v1/skills/nul/call", &json!({ "input": { "x": "\u{0}" } })).await.ok();
    assert_eq!(answer["output"]["text"], "ab", "{answer:#}");
    host.restart().await;
    let reply = host.chat("ada", "我住在哪里", None).await;
    assert!(reply["reply"].as_str().unwrap().contains("上海"), "{reply:#}");
    host.terminate().await;
    postgres::drop_database(&url).await;
}

#[tokio::test]
async fn two_hosts_answer_each_message_once_and_share_their_skills() {
    let Some((mut one, url)) = host("two_hosts_answer_each_message_once").await else { return };
    let mut two = one.another().await;
    let greet = Manifest::new("greet")
        .input(&json!({ "type": "object", "properties": { "who": { "type": "string" } } }))
        .words(&["greet"], "who");
    one.upload(guests::constant("{\"text\": \"hello\"}", &greet)).await.ok();
    assert_eq!(two.chat("ada", "greet world", None).await["reply"], "hello");

    let first = one.chat("ada", "what is 1+0", None).await;
    let conversation = first["conversation"].as_str().unwrap();
    let all = (0..20).map(|n| {
        let host = if n % 2 == 0 { &one } else { &two };
        let body = json!({
            "user": "ada", "message": format!("what is {n}+0"), "conversation": conversation, "key": format!("k{}", n / 2),
        });
        async move { host.post("/api/v1/chat", &body).await.ok() }
    });
    let replies = futures_util::future::join_all(all).await;
    let turns: std::collections::BTreeSet<&str> =
        replies.iter().map(|reply| reply["turn_id"].as_str().unwrap()).collect();
    assert_eq!(turns.len(), 10, "the same key at two hosts is one message");
    let messages = two.get(&format!("/api/v1/conversations/{conversation}/messages")).await.ok();
    assert_eq!(messages["messages"].as_array().unwrap().len(), 22);
    one.terminate().await;
    two.terminate().await;
    postgres::drop_database(&url).await;
}
