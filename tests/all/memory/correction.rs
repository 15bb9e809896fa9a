//! Taught, corrected, asked about another time, and taken back.

use chrono::{Datelike, Months, NaiveDate};
use serde_json::{Value, json};
use skillet::clock::Clock;

use super::{current, facts, host, says};
use crate::harness::{
    host::{Host, Options},
    model::{Answer, Model},
};

/// The first of the month that lies some months back.
fn months_ago(months: u32) -> NaiveDate {
    let today = Clock::System.now().date_naive();
    today.with_day(1).unwrap().checked_sub_months(Months::new(months)).unwrap()
}

fn of_key<'a>(facts: &'a [Value], key: &str, value: &str) -> &'a Value {
    let found = facts.iter().find(|fact| fact["key"] == key && fact["value"]["value"] == value);
    found.unwrap_or_else(|| panic!("no {key} {value}: {facts:#?}"))
}

#[track_caller]
fn tells(reply: &str, told: &[&str], not: &[&str]) {
    assert!(told.iter().all(|part| reply.contains(part)), "{told:?} is not all in: {reply}");
    assert!(not.iter().all(|part| !reply.contains(part)), "one of {not:?} is in: {reply}");
}

async fn both_are_kept(host: &Host, user: &str, (old, new): (&str, &str)) {
    let facts = facts(host, user, true).await;
    let (old, new) = (of_key(&facts, "home", old), of_key(&facts, "home", new));
    let moved = months_ago(2).format("%Y-%m-%dT00:00:00Z").to_string();
    assert_eq!((&old["valid_to"], &new["valid_from"], &new["valid_to"]), (&json!(moved), &json!(moved), &Value::Null));
    for fact in [old, new] {
        assert_eq!(fact["said_by"], "user");
        assert!(fact["source_turn"].is_string(), "{fact:#}");
    }
}

#[tokio::test]
async fn a_move_is_understood_in_chinese() {
    let host = host().await;
    let mut talk = None;
    let (moved, before) = (months_ago(2).month(), months_ago(4).month());
    tells(&says(&host, "ada", &mut talk, "我姐姐住柏林，我喜欢柏林").await, &["记住", "柏林"], &[]);
    tells(&says(&host, "ada", &mut talk, "我住柏林").await, &["记住", "我住柏林"], &[]);
    assert_eq!(current(&host, "ada").await["home"], "柏林");
    tells(&says(&host, "ada", &mut talk, &format!("我{moved}月搬到上海了")).await, &["记住", "上海"], &[]);
    tells(&says(&host, "ada", &mut talk, "我现在住哪？").await, &["上海"], &["柏林"]);
    tells(&says(&host, "ada", &mut talk, &format!("{before}月呢？")).await, &["柏林"], &["上海"]);
    tells(&says(&host, "ada", &mut talk, &format!("我{before}月住哪？")).await, &["柏林"], &["上海"]);
    tells(&says(&host, "ada", &mut talk, &format!("我现在住哪？{before}月呢？")).await, &["上海", "柏林"], &[]);
    both_are_kept(&host, "ada", ("柏林", "上海")).await;
    let now = current(&host, "ada").await;
    assert_eq!((&now["sister.home"], &now["taste:柏林"]), (&json!("柏林"), &json!("柏林")), "{now:#}");
    tells(&says(&host, "ada", &mut talk, "你知道我什么").await, &["上海", "我姐姐住柏林"], &["我住柏林"]);
    tells(&says(&host, "ada", &mut talk, "/memory").await, &["上海"], &["我住柏林"]);
}

#[tokio::test]
async fn a_move_is_understood_in_english() {
    let host = host().await;
    let mut talk = None;
    let (moved, before) = (months_ago(2).format("%B").to_string(), months_ago(4).format("%B").to_string());
    says(&host, "ada", &mut talk, "My sister lives in Berlin.").await;
    tells(&says(&host, "ada", &mut talk, "I live in Berlin").await, &["remember", "I live in Berlin"], &[]);
    tells(
        &says(&host, "ada", &mut talk, &format!("By the way, I moved to Shanghai in {moved}")).await,
        &["Shanghai"],
        &[],
    );
    tells(&says(&host, "ada", &mut talk, "where do I live now?").await, &["Shanghai"], &["Berlin"]);
    tells(&says(&host, "ada", &mut talk, &format!("and in {before}?")).await, &["Berlin"], &["Shanghai"]);
    tells(&says(&host, "ada", &mut talk, &format!("Where did I live in {before}?")).await, &["Berlin"], &["Shanghai"]);
    both_are_kept(&host, "ada", ("Berlin", "Shanghai")).await;
    tells(&says(&host, "ada", &mut talk, "where does my sister live?").await, &["Berlin"], &["Shanghai"]);
    tells(&says(&host, "ada", &mut talk, "What do you know about me?").await, &["Shanghai"], &["I live in Berlin"]);
    // Nobody else's memory has changed.
    tells(&says(&host, "bob", &mut None, "what do you know about me?").await, &["nothing"], &["Shanghai"]);
}

#[tokio::test]
async fn what_was_talked_about_last_is_taken_back() {
    let host = host().await;
    for (user, teach, back, done) in [
        ("ada", "我住柏林", "那是以前的事了", "不再成立"),
        ("bob", "I work at Siemens", "That was before.", "No longer so"),
        ("eve", "I'm vegetarian", "not any more", "No longer so"),
    ] {
        let mut talk = None;
        says(&host, user, &mut talk, teach).await;
        assert_eq!(facts(&host, user, false).await.len(), 1);
        tells(&says(&host, user, &mut talk, back).await, &[done, teach], &[]);
        assert!(facts(&host, user, false).await.is_empty());
        assert_eq!(facts(&host, user, true).await.len(), 1, "closed, not lost");
    }
    let mut talk = None;
    says(&host, "fay", &mut talk, "我住柏林，我在西门子上班").await;
    tells(&says(&host, "fay", &mut talk, "那是以前的事了").await, &["我住柏林", "西门子"], &["不再成立"]);
    assert_eq!(facts(&host, "fay", false).await.len(), 2, "it is not clear which one is meant");
}

#[tokio::test]
async fn a_model_is_told_what_was_kept_and_what_held_when() {
    let model = Model::start().await;
    model.then(Answer::text("Noted.")).then(Answer::text("Noted.")).then(Answer::text("In Berlin."));
    let mut host =
        Host::start(Options::default().envs(model.as_tier("SMALL")).env("SKILLET__MEMORY__SUMMARIES", "rules")).await;
    host.token("admin").await;
    let (moved, before) = (months_ago(2), months_ago(4).format("%B").to_string());
    let mut talk: Option<String> = None;
    for message in [
        "I live in Berlin".to_owned(),
        format!("I moved to Shanghai in {}", moved.format("%B")),
        format!("where did I live in {before}?"),
    ] {
        let reply = host.chat("ada", &message, talk.as_deref()).await;
        talk = Some(reply["conversation"].as_str().unwrap().to_owned());
    }
    let prompts: Vec<String> = model.requests().iter().map(|request| request["messages"].to_string()).collect();
    assert!(prompts[0].contains("[just kept from this message] I live in Berlin"), "{}", prompts[0]);
    let line = format!("[fact] I live in Berlin (until {})", moved.format("%Y-%m"));
    assert!(prompts[2].contains(&line), "{}", prompts[2]);
    // The list of what is known costs no model.
    let reply = host.chat("ada", "what do you know about me?", talk.as_deref()).await;
    assert_eq!((&reply["tier"], model.requests().len()), (&json!("none"), 3), "{reply:#}");
}
