//! What the owner said yes to stays what they said yes to, whatever a version, a caller or a failure does.

use serde_json::{Value, json};
use std::fs;

use super::{call, upload, version, waiting};
use crate::{
    attacks::{
        fetch::{Fetch, Fetched},
        guest,
        server::Server,
    },
    harness::{
        guests,
        host::{Host, Options},
        manifest::Manifest,
    },
};

async fn host(options: Options) -> Host {
    let options = options.env("SKILLET__SKILLS__ROLLBACK_CALLS", "4");
    let mut host = Host::start(options).await;
    host.token("admin").await;
    host
}

async fn activate(host: &Host, digest: &str) {
    host.post(&format!("/api/v1/skills/thing/versions/{digest}/activate"), &json!({ "grant": true })).await.ok();
}

/// A version of "thing" that has a secret for one of two hosts.
fn keeper(hosts: [&str; 2], secret_for: &str, version: &str) -> Manifest {
    Manifest::new("thing")
        .version(version)
        .limit("memory_mb", 64)
        .capability("http", &json!(hosts))
        .set("secrets", &json!([{ "name": "token", "host": secret_for, "header": "x-key" }]))
}

/// What two servers hear of a request to each.
async fn heard(host: &Host, servers: [&Server; 2]) -> String {
    for server in servers {
        server.forget();
        let input = Fetch::get(server.url("/echo")).input();
        let answer = host.post("/api/v1/skills/thing/call", &json!({ "input": input })).await.ok();
        Fetched::read(&answer);
    }
    servers.map(|server| server.requests().join("\n")).join("\n")
}

#[tokio::test]
async fn a_secret_goes_only_where_it_was_set_for() {
    let (one, other) = (Server::start().await, Server::start().await);
    let private = json!([one.host(), other.host()]).to_string();
    let host = host(Options::default().env("SKILLET__SKILLS__PRIVATE_HOSTS", &private)).await;
    let (a, b) = (one.host(), other.host());
    let first = upload(&host, guest::fetch(&keeper([&a, &b], &a, "1.0.0"))).await;
    activate(&host, &first).await;
    host.put("/api/v1/skills/thing/secrets", &json!({ "secrets": { "token": "a-value-for-one" } })).await.ok();
    assert!(heard(&host, [&one, &other]).await.contains("x-key: a-value-for-one"));
    // A version that sends it elsewhere waits, and does not have it when it answers.
    let second = upload(&host, guest::fetch(&keeper([&a, &b], &b, "1.1.0"))).await;
    assert_eq!(version(&host, &second).await["status"], "review");
    activate(&host, &second).await;
    assert!(!heard(&host, [&one, &other]).await.contains("a-value-for-one"));
    let secrets = host.get("/api/v1/skills/thing/secrets").await.ok();
    assert_eq!((&secrets["secrets"][0]["host"], &secrets["secrets"][0]["set"]), (&json!(b), &json!(false)));
    host.put("/api/v1/skills/thing/secrets", &json!({ "secrets": { "token": "a-value-for-other" } })).await.ok();
    assert!(heard(&host, [&one, &other]).await.contains("x-key: a-value-for-other"));
    // The version before answers again, and has no value of another's.
    host.post("/api/v1/skills/thing/rollback", &json!({})).await.ok();
    let after = heard(&host, [&one, &other]).await;
    assert!(!after.contains("a-value-for"), "{after}");
}

#[tokio::test]
async fn a_version_behind_one_that_waits_waits_too() {
    let host = host(Options::default()).await;
    let asks =
        Manifest::new("thing").capability("http", &json!(["api.example.org"])).set("needs_approval", &json!(true));
    upload(&host, guests::echo(&asks)).await;
    host.put("/api/v1/skills/thing/grants", &json!({ "grants": { "http": ["api.example.org"] } })).await;
    let next = Manifest::new("thing").version("1.0.1").capability("http", &json!(["api.example.org"]));
    assert_eq!(host.upload(guests::echo(&next)).await.ok()["status"], "review");
}

#[tokio::test]
async fn a_refused_request_asks_for_its_own_host_alone() {
    let host = host(Options::default()).await;
    let hosts = json!(["b.example.net", "*.example.org", "a.example.org"]);
    let digest =
        upload(&host, guest::fetch(&Manifest::new("thing").limit("memory_mb", 64).capability("http", &hosts))).await;
    activate(&host, &digest).await;
    host.put("/api/v1/skills/thing/grants", &json!({ "grants": {} })).await.ok();
    for url in ["https://a.example.org/x", "https://elsewhere.example/", "https://a.example.org/y"] {
        let answer = host.post("/api/v1/skills/thing/call", &json!({ "input": Fetch::get(url).input() })).await.ok();
        let Fetched::Error { case: "denied", text } = Fetched::read(&answer) else { panic!("{answer:#}") };
        assert!(text.contains("is not granted to thing"), "{text}");
    }
    let asked = waiting(&host).await;
    let words: Vec<&Value> = asked.iter().map(|one| &one["word"]).collect();
    assert_eq!(words, [&json!("a.example.org")], "{asked:#?}");
}

#[tokio::test]
async fn a_grant_that_an_earlier_version_left_is_no_yes_to_a_later_one() {
    let host = host(Options::default()).await;
    let asks = |version: &str| Manifest::new("thing").version(version).capability("kv", &json!(true));
    let first = upload(&host, guests::echo(&asks("1.0.0"))).await;
    activate(&host, &first).await;
    assert_eq!(host.upload(guests::echo(&Manifest::new("thing").version("1.1.0"))).await.ok()["status"], "active");
    let third = host.upload(guests::echo(&asks("1.2.0"))).await.ok();
    assert_eq!((&third["status"], &third["missing"]), (&json!("review"), &json!([["kv", true]])), "{third:#}");
}

#[tokio::test]
async fn a_roll_back_that_would_loosen_closes_the_skill_down() {
    let host = host(Options::default()).await;
    upload(&host, guests::echo(&Manifest::new("thing"))).await;
    let careful = Manifest::new("thing").version("1.1.0").set("needs_approval", &json!(true));
    upload(&host, guests::trap(&careful)).await;
    for _ in 0..4 {
        call(&host, "thing").await;
        let asked = waiting(&host).await;
        let path = format!("/api/v1/approvals/{}/approve", asked[0]["id"].as_str().unwrap());
        host.post(&path, &json!({})).await.ok();
    }
    let closed = async { while host.get("/api/v1/skills/thing").await.ok()["status"] != "disabled" {} };
    tokio::time::timeout(super::PROMPTLY * 4, closed).await.expect("it is not disabled");
    is_away(&host).await;
}

/// Nobody is answered by "thing".
async fn is_away(host: &Host) {
    host.post("/api/v1/skills/thing/call", &json!({ "input": {} })).await.problem(404);
}

#[tokio::test]
async fn a_share_that_is_too_small_is_the_callers_fault() {
    let host = host(Options::default()).await;
    let endless = |version: &str| Manifest::new("child").version(version).timeout_s(20.0);
    upload(&host, guests::echo(&endless("1.0.0"))).await;
    let second = upload(&host, guests::spin(&endless("1.1.0"))).await;
    let evil = Manifest::new("evil").limit("fuel", 3_000_000).capability("skills", &json!(["child"]));
    let evil = host.upload(guest::calls("child", 1, true, &evil)).await.ok();
    let path = format!("/api/v1/skills/evil/versions/{}/activate", evil["digest"].as_str().unwrap());
    host.post(&path, &json!({ "grant": true })).await.ok();
    for _ in 0..6 {
        let answer = call(&host, "evil").await;
        assert!(answer["output"].to_string().contains("share of the first call"), "{answer:#}");
    }
    let child = host.get("/api/v1/skills/child").await.ok();
    assert_eq!(child["active_digest"], second, "it was rolled back for what its caller did: {child:#}");
}

#[tokio::test]
async fn what_another_skill_has_done_is_not_done_again() {
    let host = host(Options::default()).await;
    upload(&host, guests::echo(&Manifest::new("deed"))).await;
    let text = include_str!("../../guests/regrets.wat").replace("NAME", "deed").replace("LENGTH", "4");
    for (name, idempotency, times) in [("none", json!("none"), 1), ("natural", json!("natural"), 3)] {
        let manifest = Manifest::new(name).idempotency(&idempotency).capability("skills", &json!(["deed"]));
        let made = host.upload(guests::guest(&text, &manifest)).await.ok();
        let path = format!("/api/v1/skills/{name}/versions/{}/activate", made["digest"].as_str().unwrap());
        host.post(&path, &json!({ "grant": true })).await.ok();
        let before = deeds(&host).await;
        let answer = call(&host, name).await;
        assert_eq!(answer["failure"]["kind"], "unavailable", "{answer:#}");
        assert_eq!(deeds(&host).await - before, times, "{name}");
    }
}

async fn deeds(host: &Host) -> i64 {
    let file = host.data_dir().join("skillet.db");
    let db = sqlx::SqlitePool::connect(&format!("sqlite:{}", file.display())).await.unwrap();
    let (count,): (i64,) =
        sqlx::query_as("SELECT COUNT(*) FROM calls WHERE skill_name = 'deed'").fetch_one(&db).await.unwrap();
    db.close().await;
    count
}

#[tokio::test]
async fn what_is_removed_comes_back_by_an_upload_alone() {
    let host = host(Options::default()).await;
    let digest = upload(&host, guests::echo(&Manifest::new("thing"))).await;
    host.delete("/api/v1/skills/thing").await.ok();
    for path in [format!("versions/{digest}/activate"), "enable".to_owned()] {
        host.post(&format!("/api/v1/skills/thing/{path}"), &json!({})).await.problem(404);
    }
    is_away(&host).await;
    assert_eq!(host.upload(guests::echo(&Manifest::new("thing"))).await.ok()["status"], "active");
}

#[tokio::test]
async fn a_number_has_one_spelling() {
    let host = host(Options::default()).await;
    for number in ["01.0.0", "+1.0.0", "1.0.00", "1.0"] {
        let refused = host.upload(guests::echo(&Manifest::new("thing").version(number))).await;
        assert!(refused.body["detail"].as_str().unwrap().contains("three numbers"), "{number}: {:#}", refused.body);
    }
}

#[tokio::test]
async fn a_name_of_the_gallery_is_not_taken_unseen() {
    let host = host(Options { bundle: true, ..Options::default() }.env("SKILLET__SKILLS__INSTALL", "[]")).await;
    let name = "calculator";
    assert_eq!(host.upload(guests::echo(&Manifest::new(name).version("9.9.9"))).await.ok()["status"], "review");
    assert_eq!(host.upload(guests::echo(&Manifest::new("mine"))).await.ok()["status"], "active");
    // What waits under the name takes nothing away.
    let shipped = host.get("/api/v1/skills/gallery").await.ok();
    assert!(shipped["skills"].as_array().unwrap().iter().any(|one| one["name"] == name), "{shipped:#}");
    host.post("/api/v1/skills/gallery/calculator", &json!({})).await.ok();
    let body = json!({ "input": { "expression": "1+1" } });
    assert!(host.post("/api/v1/skills/calculator/call", &body).await.ok()["failure"].is_null());
}

#[tokio::test]
async fn a_job_is_no_other_way_to_a_call() {
    let mut host = host(Options::default()).await;
    upload(&host, guests::echo(&Manifest::new("thing"))).await;
    let job =
        json!({ "type": "skill_call", "run_at": "2090-01-01T00:00:00Z", "payload": { "skill": "thing", "input": {} } });
    let made = host.post("/api/v1/jobs", &job).await.ok();
    let path = format!("/api/v1/jobs/{}", made["id"].as_str().unwrap());
    host.token("jobs").await;
    assert_eq!(host.post("/api/v1/jobs", &job).await.problem(403), "/problems/missing-scope");
    assert_eq!(host.post(&format!("{path}/run"), &json!({})).await.problem(403), "/problems/missing-scope");
    let change = json!({ "payload": { "skill": "thing", "input": { "a": 1 } } });
    assert_eq!(host.patch(&path, &change).await.problem(403), "/problems/missing-scope");
}

#[tokio::test]
async fn a_key_is_for_one_input() {
    let host = host(Options::default()).await;
    upload(&host, guests::echo(&Manifest::new("thing"))).await;
    let ask = async |input: Value| {
        let body = json!({ "input": input, "idempotency_key": "k" });
        host.post("/api/v1/skills/thing/call", &body).await
    };
    for _ in 0..2 {
        assert_eq!(ask(json!({ "a": 1 })).await.ok()["output"], json!({ "a": 1 }));
    }
    let refused = ask(json!({ "a": 2 })).await;
    assert_eq!(refused.problem(422), "/problems/invalid-input");
    assert!(refused.body["detail"].as_str().unwrap().contains("another input"));
    // Nor does one take over a call that has failed and could be tried again.
    upload(&host, guests::trap(&Manifest::new("fails").idempotency(&json!("natural")))).await;
    let fails = async |input: Value| {
        let body = json!({ "input": input, "idempotency_key": "k" });
        host.post("/api/v1/skills/fails/call", &body).await
    };
    assert_eq!(fails(json!({ "a": 1 })).await.ok()["failure"]["kind"], "trap");
    assert_eq!(fails(json!({ "a": 2 })).await.problem(422), "/problems/invalid-input");
    assert_eq!(fails(json!({ "a": 1 })).await.ok()["failure"]["kind"], "trap");
}

#[tokio::test]
async fn a_host_of_one_place_tries_its_limits_and_serves() {
    let host = host(Options::default().env("SKILLET__SKILLS__MAX_CALLS", "1")).await;
    upload(&host, guests::echo(&Manifest::new("thing"))).await;
    assert!(call(&host, "thing").await["failure"].is_null());
}

#[tokio::test]
async fn what_answers_no_more_is_not_in_memory() {
    let host = host(Options::default()).await;
    let [first, second] = ["1.0.0", "1.1.0"].map(|version| guests::echo(&Manifest::new("thing").version(version)));
    let (first, mapped) = (upload(&host, first).await, |digest: &str| maps(&host).contains(digest));
    call(&host, "thing").await;
    assert!(mapped(&first));
    let second = upload(&host, second).await;
    assert_eq!(call(&host, "thing").await["version"], second);
    assert!(mapped(&second) && !mapped(&first), "the version before is still mapped");
    host.post("/api/v1/skills/thing/rollback", &json!({})).await.ok();
    assert_eq!(call(&host, "thing").await["version"], first);
    assert!(mapped(&first) && !mapped(&second));
}

/// The files that the host's process has in memory.
fn maps(host: &Host) -> String {
    let folder = host.data_dir().parent().unwrap().canonicalize().unwrap();
    let process = fs::read_dir("/proc")
        .unwrap()
        .flatten()
        .find(|process| fs::read_link(process.path().join("cwd")).is_ok_and(|cwd| cwd == folder));
    fs::read_to_string(process.expect("the host runs").path().join("maps")).unwrap()
}
