//! Versions that come and go under load, that fail too often, that are tried again; several hosts.

use futures_util::future::join_all;
use serde_json::{Value, json};
use std::time::{Duration, Instant};

use crate::harness::{
    guests,
    host::{Host, Options},
    manifest::Manifest,
    postgres,
};

async fn host(options: Options) -> Host {
    let mut host = Host::start(options).await;
    host.token("admin").await;
    host
}

async fn upload(host: &Host, component: Vec<u8>) -> String {
    host.upload(component).await.ok()["digest"].as_str().unwrap().to_owned()
}

async fn call(host: &Host, skill: &str) -> Value {
    host.post(&format!("/api/v1/skills/{skill}/call"), &json!({ "input": {} })).await.ok()
}

#[tokio::test]
async fn a_version_that_fails_too_often_is_rolled_back() {
    let options = Options::default().env("SKILLET__SKILLS__ROLLBACK_CALLS", "4");
    let host = host(options).await;
    let manifest = Manifest::new("weather");
    let good = upload(&host, guests::constant("{\"sky\": \"blue\"}", &manifest)).await;
    let bad = upload(&host, guests::trap(&manifest.clone().version("1.1.0"))).await;
    for _ in 0..4 {
        assert_eq!(call(&host, "weather").await["failure"]["kind"], "trap");
    }
    let answer = call(&host, "weather").await;
    assert_eq!((&answer["version"], &answer["output"]["sky"]), (&json!(good), &json!("blue")), "{answer:#}");
    let versions = host.get("/api/v1/skills/weather/versions").await.ok();
    let version = versions["versions"].as_array().unwrap().iter().find(|version| version["digest"] == bad).unwrap();
    assert_eq!(version["status"], "retired");
    assert_eq!(version["retired_reason"], "4 of its last 4 calls failed");
    // It does not come back by being uploaded again, nor as the next number; a yes brings it back.
    assert_eq!(host.upload(guests::trap(&manifest.clone().version("1.1.0"))).await.ok()["status"], "review");
    assert_eq!(host.upload(guests::trap(&manifest.clone().version("1.2.0"))).await.ok()["status"], "review");
    assert_eq!(call(&host, "weather").await["version"], good);
    // There is nothing before the first version: it goes on failing, and nobody is rolled anywhere.
    let only = Manifest::new("only");
    upload(&host, guests::trap(&only)).await;
    for _ in 0..6 {
        assert_eq!(call(&host, "only").await["failure"]["kind"], "trap");
    }
}

#[tokio::test]
async fn few_failures_among_many_calls_roll_nothing_back() {
    let options = Options::default().env("SKILLET__SKILLS__ROLLBACK_CALLS", "4");
    let host = host(options).await;
    let schema = json!({ "type": "object", "properties": { "n": { "type": "integer" } } });
    let manifest = Manifest::new("mostly").output(&schema);
    upload(&host, guests::constant("{\"n\": 1}", &manifest)).await;
    let second = upload(&host, guests::echo(&manifest.version("1.1.0"))).await;
    for n in 0..12 {
        let input = if n % 3 == 2 { json!({ "n": "no number" }) } else { json!({ "n": n }) };
        host.post("/api/v1/skills/mostly/call", &json!({ "input": input })).await.ok();
    }
    assert_eq!(call(&host, "mostly").await["version"], second);
}

#[tokio::test]
async fn what_was_away_is_tried_again_where_that_is_safe() {
    let host = host(Options::default()).await;
    for (name, idempotency) in [("natural", json!("natural")), ("nothing_sent", json!("none"))] {
        upload(&host, guests::unsteady(&Manifest::new(name).idempotency(&idempotency))).await;
        let body = json!({ "input": { "a": 1 } });
        let answer = host.post(&format!("/api/v1/skills/{name}/call"), &body).await.ok();
        assert_eq!(answer["output"], json!({ "a": 1 }), "{name}: {answer:#}");
    }
}

#[tokio::test]
async fn a_swap_under_load_loses_no_call() {
    let host = host(Options::default()).await;
    let component = |n: u32| {
        let manifest = Manifest::new("swapped").version(&format!("1.0.{n}"));
        guests::constant(&json!({ "version": n }).to_string(), &manifest)
    };
    upload(&host, component(0)).await;
    let mut digests = vec![upload(&host, component(1)).await];
    let calling = async {
        let mut answers = Vec::new();
        for _ in 0..25 {
            answers.extend(join_all((0..8).map(|_| call(&host, "swapped"))).await);
        }
        answers
    };
    let swapping = async {
        for n in 2..12 {
            digests.push(upload(&host, component(n)).await);
        }
    };
    let (answers, ()) = tokio::join!(calling, swapping);
    let known = host.get("/api/v1/skills/swapped/versions").await.ok();
    let by_digest = |digest: &Value| {
        let versions = known["versions"].as_array().unwrap();
        versions.iter().find(|version| &version["digest"] == digest).unwrap()["version"].clone()
    };
    for answer in answers {
        // What ran is what the record says, wholly.
        let said = format!("1.0.{}", answer["output"]["version"]);
        assert_eq!(by_digest(&answer["version"]), said, "{answer:#}");
    }
    assert!(known["versions"].as_array().unwrap().iter().all(|version| version["in_flight"] == 0), "{known:#}");
}

#[tokio::test]
async fn a_call_on_another_host_is_stopped_within_a_second_or_two() {
    let Some(server) = postgres::server() else {
        return postgres::say_skipped("a_call_on_another_host_is_stopped");
    };
    let url = postgres::database(server).await;
    let options = Options { database_url: Some(url.clone()), ..Options::default() };
    let one = host(options.env("SKILLET__SKILLS__MAX_FUEL", "2000000000000")).await;
    let two = one.another().await;
    let spin = Manifest::new("spin").timeout_s(30.0).limit("fuel", 2_000_000_000_000).idempotency(&json!("none"));
    let digest = upload(&one, guests::spin(&spin)).await;
    let running = call(&two, "spin");
    let stopping = async {
        while two.get("/api/v1/skills/spin/versions").await.ok()["versions"][0]["in_flight"] != 1 {
            tokio::task::yield_now().await;
        }
        one.post("/api/v1/skills/spin/disable", &json!({})).await.ok();
        Instant::now()
    };
    let (answer, stopped) = tokio::join!(running, stopping);
    assert_eq!(answer["failure"]["kind"], "stopped", "{answer:#}");
    assert!(stopped.elapsed() < Duration::from_secs(5), "{:?}", stopped.elapsed());
    assert_eq!(answer["version"], digest);
    drop((one, two));
    postgres::drop_database(&url).await;
}

#[tokio::test]
async fn a_component_with_wasi_sees_an_empty_world() {
    let host = host(Options::default()).await;
    upload(&host, guests::wide(&Manifest::new("wide"))).await;
    let answer = call(&host, "wide").await;
    assert_eq!(answer["output"], json!([0, 0, 0, 1]), "{answer:#}");
}

#[tokio::test]
async fn the_versions_of_a_skill_share_its_places() {
    let host = host(Options::default().env("SKILLET__SKILLS__MAX_FUEL", "2000000000000")).await;
    let slow = Manifest::new("slow").limit("fuel", 2_000_000_000_000).timeout_s(4.0).idempotency(&json!("none"));
    upload(&host, guests::spin(&slow)).await;
    let running = async || {
        let versions = host.get("/api/v1/skills/slow/versions").await.ok();
        versions["versions"].as_array().unwrap().iter().filter_map(|one| one["in_flight"].as_u64()).sum::<u64>()
    };
    let swapped = async {
        while running().await < 2 {
            tokio::task::yield_now().await;
        }
        let quick = Manifest::new("slow").version("1.1.0").set("can_parallel", &json!(false));
        upload(&host, guests::constant("1", &quick)).await;
        assert_eq!(running().await, 2, "both still run");
        let answer = call(&host, "slow").await;
        (answer, running().await)
    };
    let (one, two, (three, still)) = tokio::join!(call(&host, "slow"), call(&host, "slow"), swapped);
    assert_eq!((&one["failure"]["kind"], &two["failure"]["kind"]), (&json!("timeout"), &json!("timeout")));
    assert_eq!(three["output"], 1, "{three:#}");
    assert_eq!(still, 0, "it runs one at a time, so it waited for both");
}

#[tokio::test]
async fn another_host_learns_of_a_swap_without_being_asked() {
    let Some(server) = postgres::server() else {
        return postgres::say_skipped("another_host_learns_of_a_swap");
    };
    let url = postgres::database(server).await;
    let one = host(Options { database_url: Some(url.clone()), ..Options::default() }).await;
    let two = one.another().await;
    // What a host knows of; asking for it is no look at the skills.
    let knows = async |host: &Host| {
        let metrics = host.request(reqwest::Method::GET, "/metrics").send().await.unwrap().text().await.unwrap();
        let line = metrics.lines().find_map(|line| line.strip_prefix("skillet_skills_revision "));
        line.map_or(0, |number| number.parse::<u64>().unwrap())
    };
    for n in 0..3 {
        let before = knows(&one).await;
        let manifest = Manifest::new("weather").version(&format!("1.0.{n}"));
        upload(&one, guests::constant(&n.to_string(), &manifest)).await;
        let (uploaded, due) = (Instant::now(), knows(&one).await);
        assert!(due > before);
        while knows(&two).await < due {
            assert!(uploaded.elapsed() < Duration::from_secs(5), "it was not told");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
    drop((one, two));
    postgres::drop_database(&url).await;
}
