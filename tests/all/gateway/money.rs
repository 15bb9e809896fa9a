//! Bursts against a budget that has room for ten.

use futures_util::{StreamExt, future::join_all};
use reqwest::Method;

use super::{counter, database, options, question, set_budget, settled, start, usage};
use crate::harness::{
    host::Host,
    model::{Answer, Model},
    postgres,
};

const BURST: usize = 64;

/// A model that answers so many questions with ten tokens each.
fn ten_tokens(model: &Model, times: usize) {
    for _ in 0..times {
        model.then(Answer::text("one two three").usage(30, 10, 0));
    }
}

/// Asks all at once; how many were answered. The others were refused for money.
async fn burst(hosts: &[&Host], count: usize, stream: bool) -> usize {
    let body = question(stream);
    let asking = (0..count).map(|n| hosts[n % hosts.len()].post("/v1/chat/completions", &body));
    let answers = join_all(asking).await;
    for answer in answers.iter().filter(|answer| answer.status != 200) {
        assert_eq!(answer.status, 402, "{:#}", answer.body);
        assert_eq!(answer.body["error"]["type"], "budget_exceeded", "{:#}", answer.body);
    }
    answers.iter().filter(|answer| answer.status == 200).count()
}

#[tokio::test]
async fn a_burst_reaches_the_model_as_often_as_the_budget_allows() {
    let model = Model::start().await;
    ten_tokens(&model, BURST);
    let host = start(options(&model, "small")).await;
    let db = database(&host, "").await;
    set_budget(&db, 100).await;
    assert_eq!(burst(&[&host], BURST, false).await, 10);
    assert_eq!(model.requests().len(), 10);
    assert_eq!(model.requests()[0]["max_tokens"], 10, "the bound of the estimate is sent");
    assert_eq!(settled(&db).await, 100);
    let usage = usage(&host).await;
    assert_eq!((&usage["calls"], &usage["cost_micros"]), (&10.into(), &100.into()), "{usage:#}");
    let refused = host.post("/v1/chat/completions", &question(false)).await;
    let told = refused.body["error"]["message"].as_str().unwrap();
    assert!(told.contains("owner budget for one day") && told.contains("0.0001 are spent"), "{told}");
}

#[tokio::test]
async fn two_hosts_on_one_database_share_the_budget() {
    let Some(server) = postgres::server() else {
        postgres::say_skipped("two_hosts_on_one_database_share_the_budget");
        return;
    };
    let url = postgres::database(server).await;
    let model = Model::start().await;
    ten_tokens(&model, BURST);
    let mut options = options(&model, "small");
    options.database_url = Some(url.clone());
    let one = start(options).await;
    let two = one.another().await;
    let db = database(&one, &url).await;
    set_budget(&db, 100).await;
    assert_eq!(burst(&[&one, &two], BURST, false).await, 10);
    assert_eq!(model.requests().len(), 10);
    assert_eq!(settled(&db).await, 100);
    drop((one, two));
    db.close().await;
    postgres::drop_database(&url).await;
}

#[tokio::test]
async fn what_a_crash_leaves_is_paid_for_and_let_go() {
    let model = Model::start().await;
    for _ in 0..10 {
        model.then(Answer::stall_after("one").usage(30, 10, 0));
    }
    let mut host = start(options(&model, "small")).await;
    let db = database(&host, "").await;
    set_budget(&db, 100).await;
    let mut asking = tokio::task::JoinSet::new();
    for _ in 0..BURST {
        let request = host.request(Method::POST, "/v1/chat/completions").json(&question(true));
        asking.spawn(async move {
            // Who left at the first word would pay for it, and make room for another.
            if let Ok(answer) = request.send().await {
                drop(answer.bytes().await);
            }
        });
    }
    model.requested(10).await;
    host.kill9().await;
    asking.join_all().await;
    let held = counter(&db).await;
    assert_eq!((held.reserved_micros, held.spent_micros), (100, 0), "{held:?}");
    host.restart().await;
    assert_eq!(settled(&db).await, 100);
    assert_eq!(burst(&[&host], 3, false).await, 0);
    assert_eq!(model.requests().len(), 10);
    let usage = usage(&host).await;
    assert_eq!((&usage["calls"], &usage["failed"]), (&10.into(), &10.into()), "{usage:#}");
}

#[tokio::test]
async fn a_client_that_leaves_pays_for_what_was_said() {
    let model = Model::start().await;
    model.then(Answer::paused_after("one two three", " four five six seven eight"));
    let host = start(options(&model, "small")).await;
    let db = database(&host, "").await;
    set_budget(&db, 100).await;
    let request = host.request(Method::POST, "/v1/chat/completions").json(&question(true));
    let mut words = request.send().await.unwrap().bytes_stream();
    let mut seen = String::new();
    while !seen.contains("hre") {
        seen.push_str(&String::from_utf8_lossy(&words.next().await.unwrap().unwrap()));
    }
    drop(words);
    let spent = settled(&db).await;
    assert!((1..=4).contains(&spent), "three words were seen, {spent} tokens are paid");
    let usage = usage(&host).await;
    assert_eq!((&usage["calls"], &usage["failed"]), (&1.into(), &1.into()), "{usage:#}");
    let statuses = db.model_call_statuses().await;
    assert_eq!(statuses, ["cancelled"]);
}

#[tokio::test]
async fn a_stream_that_is_cut_is_no_success() {
    let model = Model::start().await;
    model.then(Answer::reset_after("Half an ans"));
    let host = start(options(&model, "small")).await;
    let db = database(&host, "").await;
    set_budget(&db, 100).await;
    let request = host.request(Method::POST, "/v1/chat/completions").json(&question(true));
    let body = request.send().await.unwrap().text().await.unwrap();
    assert!(body.contains("Hal") && body.contains("upstream_truncated"), "{body}");
    assert!(!body.contains("[DONE]") && !body.contains("\"finish_reason\":\"stop\""), "{body}");
    assert!((1..=5).contains(&settled(&db).await));
    assert_eq!(db.model_call_statuses().await, ["truncated"]);
    assert_eq!(model.requests().len(), 1, "words had come: it is not asked again");
}

/// Statuses of attempts, oldest first, read as the page reads them.
trait Statuses {
    async fn model_call_statuses(&self) -> Vec<String>;
}

impl Statuses for skillet::store::Db {
    async fn model_call_statuses(&self) -> Vec<String> {
        let Self::Sqlite(pool, _) = self else { panic!("on SQLite only") };
        sqlx::query_scalar("SELECT status FROM model_calls ORDER BY created_at, id").fetch_all(pool).await.unwrap()
    }
}
