//! The gateway of the real binary: budgets under bursts and crashes, streams that are cut or left, the ladder,
//! fallbacks, valves, and the OpenAI-compatible face.

mod face;
mod ladder;
mod money;
mod providers;

use secrecy::SecretString;
use serde_json::{Value, json};
use skillet::store::{Counter, Db};
use std::time::Duration;

use crate::harness::{
    host::{Host, Options},
    model::{MODEL, Model},
};

/// A price of one micro-dollar for each token of output, and nothing for input: what is reserved is what is
/// paid, when an answer is as long as it may be.
const PRICE: &str = "[gateway.prices.scripted]\ninput = \"0\"\noutput = \"1\"\n";

/// Options of a host whose tier is a model that costs money.
fn options(model: &Model, tier: &str) -> Options {
    assert_eq!(MODEL, "scripted");
    Options { config: PRICE.to_owned(), ..Options::default() }
        .envs(model.as_tier(tier))
        .env("SKILLET__MEMORY__SUMMARIES", "rules")
        .env("SKILLET__GATEWAY__VALVES__CALLS_PER_MINUTE_PER_USER", "1000")
}

async fn start(options: Options) -> Host {
    let mut host = Host::start(options).await;
    host.token("admin").await;
    host
}

/// The database of a host, as another process opens it.
async fn database(host: &Host, url: &str) -> Db {
    Db::open(&SecretString::from(url), &host.data_dir(), 2).await.unwrap()
}

/// Makes the only budget one of micro-dollars for the owner's day.
async fn set_budget(db: &Db, micros: i64) {
    use skillet::store::{BudgetScope, BudgetWindow, NewBudget};
    let budget = NewBudget {
        scope: BudgetScope::Owner,
        subject: String::new(),
        window: BudgetWindow::Day,
        limit_micros: Some(micros),
        limit_tokens: None,
    };
    db.set_budgets(&skillet::clock::Clock::System, &[budget]).await.unwrap();
}

/// A question to a tier whose answer has ten tokens at most.
fn question(stream: bool) -> Value {
    json!({
        "model": "small", "max_tokens": 10, "stream": stream,
        "messages": [{ "role": "user", "content": "say something" }],
    })
}

/// The only counter of today.
async fn counter(db: &Db) -> Counter {
    let day = skillet::clock::Clock::System.now().format("%Y-%m-%d").to_string();
    let counters = db.counters(&day).await.unwrap();
    assert_eq!(counters.len(), 1, "{counters:?}");
    counters.into_iter().next().unwrap()
}

/// Waits until nothing is held any more; what was spent then.
async fn settled(db: &Db) -> i64 {
    for _ in 0..600 {
        if db.reserved().await.unwrap().0 == 0 {
            let counter = counter(db).await;
            assert_eq!((counter.reserved_micros, counter.reserved_tokens), (0, 0));
            return counter.spent_micros;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("money is still held: {:?}", db.reserved().await);
}

/// Usage of all attempts.
async fn usage(host: &Host) -> Value {
    let usage = host.get("/api/v1/usage?by=tier").await.ok();
    usage["usage"][0].clone()
}
