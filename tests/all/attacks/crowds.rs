//! Many at once, and callers that leave: what is left of them is nothing.

use futures_util::future::{join, join_all};
use serde_json::json;
use skillet::skills::FailureKind;
use std::time::Duration;

use super::{
    case::{Case, deed},
    fetch::Fetch,
    ground::{Ground, fetcher},
    guest,
    lab::Lab,
    orchestration::{BEGINS, MUCH},
};
use crate::harness::{guests, manifest::Manifest};

pub fn cases() -> Vec<Case> {
    vec![
        Case::new(
            "X1",
            "a caller that leaves while the guest runs",
            "on record as `cancelled`; its place is free",
            deed!(left_while_it_runs),
        ),
        Case::new(
            "X2",
            "a caller that leaves while the call waits for a place",
            "on record as `cancelled`; nothing is left of it in the queue",
            deed!(left_while_it_waits),
        ),
        Case::new(
            "X3",
            "a caller that leaves while the guest is instantiated",
            "on record as `cancelled`; its place is free",
            deed!(left_while_it_starts),
        ),
        Case::new(
            "X4",
            "1,000 calls of an endless loop at once",
            "each ends by its limit or as `busy`; somebody else's call in the middle of it is \
             answered within 3 s",
            deed!(thousand_loops),
        ),
        Case::new(
            "X5",
            "a swap while a guest runs, waits, or is instantiated",
            "the old one ends by its own limits; the new one answers at once",
            deed!(swap_during_each),
        ),
    ]
}

/// Begins a call, drops it half-way, and looks at what is left.
async fn leave(lab: &Lab, skill: &str) {
    let call = lab.skills.call(lab.request(skill, json!({})));
    assert!(tokio::time::timeout(Duration::from_millis(300), call).await.is_err(), "it should still run");
    lab.skills.settle().await;
    let record = lab.newest(skill).await;
    assert_eq!(record.failure.unwrap()["kind"], "cancelled");
    lab.assert_well().await;
}

async fn left_while_it_runs(_: &Ground) {
    let lab = Lab::new(|skills| skills.max_calls = 1).await;
    lab.install(&guests::spin(&Manifest::new("runs").timeout_s(20.0).limit("fuel", MUCH))).await;
    leave(&lab, "runs").await;
}

async fn left_while_it_starts(_: &Ground) {
    let lab = Lab::new(|skills| skills.max_calls = 1).await;
    lab.install(&guest::time_bomb(BEGINS, &Manifest::new("starts").timeout_s(20.0).limit("fuel", MUCH))).await;
    tokio::time::sleep(BEGINS).await;
    leave(&lab, "starts").await;
}

async fn left_while_it_waits(_: &Ground) {
    let lab = Lab::new(|skills| skills.max_calls = 1).await;
    lab.install(&guests::spin(&Manifest::new("holds").timeout_s(1.0).limit("fuel", MUCH))).await;
    let holding = lab.call("holds");
    let waiting = async {
        while lab.skills.load() != (1, 0) {
            tokio::task::yield_now().await;
        }
        let call = lab.skills.call(lab.request("echo", json!({})));
        assert!(tokio::time::timeout(Duration::from_millis(300), call).await.is_err(), "there was a place");
        lab.skills.settle().await;
        let record = lab.newest("echo").await;
        assert_eq!(record.failure.unwrap()["kind"], "cancelled");
        assert_eq!(lab.skills.load(), (1, 0));
    };
    let (held, ()) = join(holding, waiting).await;
    assert_eq!(held.result.unwrap_err().kind, FailureKind::Timeout);
    lab.assert_well().await;
}

async fn thousand_loops(_: &Ground) {
    let ground = Ground::start(&[]).await;
    ground.install(guests::spin(&Manifest::new("loops").timeout_s(0.2).limit("fuel", MUCH))).await;
    let input = json!({});
    let crowd = join_all((0..1_000).map(|_| ground.call("loops", &input)));
    let somebody = async {
        for _ in 0..5 {
            ground.assert_well().await;
        }
    };
    // The crowd is polled first, so that it is there before somebody comes.
    let (ends, ()) = join(crowd, somebody).await;
    for end in ends {
        let kind = end["failure"]["kind"].as_str().unwrap_or_default();
        assert!(["timeout", "out-of-fuel", "busy"].contains(&kind), "{end:#}");
    }
    ground.assert_well().await;
}

async fn swap_during_each(ground: &Ground) {
    let hold = Fetch::get(ground.server.url("/hold")).input();
    for (name, component, input) in [
        ("swap_runs", guests::spin(&Manifest::new("swap_runs").timeout_s(1.5).limit("fuel", MUCH)), json!({})),
        (
            "swap_starts",
            guest::time_bomb(BEGINS, &Manifest::new("swap_starts").timeout_s(1.5).limit("fuel", MUCH)),
            json!({}),
        ),
        ("swap_waits", guest::fetch(&fetcher("swap_waits", &[ground.server.host()])), hold),
    ] {
        let old = ground.install(component).await;
        if name == "swap_starts" {
            tokio::time::sleep(BEGINS).await;
        }
        let running = ground.call(name, &input);
        let swapping = async {
            tokio::time::sleep(Duration::from_millis(200)).await;
            let new = ground.install(guests::constant("\"new\"", &Manifest::new(name).version("2.0.0"))).await;
            let answer = ground.call(name, &json!({})).await;
            assert_eq!((&answer["output"], &answer["version"]), (&json!("new"), &new["digest"]), "{answer:#}");
        };
        let (ended, ()) = join(running, swapping).await;
        assert_eq!(ended["version"], old["digest"], "{ended:#}");
        let kind = ended["failure"]["kind"].as_str().unwrap_or_default();
        assert!(matches!(kind, "timeout" | "out-of-fuel") || ended["output"].is_string(), "{ended:#}");
    }
}
