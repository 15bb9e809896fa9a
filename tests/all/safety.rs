//! What keeps an owner safe from skills: reviews, secrets, approvals, replays, and ways to stop what runs.

mod pages;
mod trust;

use reqwest::Method;
use serde_json::{Value, json};
use skillet::clock::Clock;
use std::{
    fs,
    io::Write,
    path::Path,
    process::{Command, Output, Stdio},
    time::Duration,
};
use tokio::time::{Instant, timeout};

use crate::{
    attacks::{guest::told, server::Server},
    harness::{
        guests,
        host::{Host, Options, program},
        manifest::Manifest,
    },
};

/// A call that is stopped ends well before its own limit, which is half a minute.
const PROMPTLY: Duration = Duration::from_secs(5);

/// A host on which a loop may run until somebody stops it.
async fn host() -> Host {
    let options = Options::default().env("SKILLET__SKILLS__MAX_FUEL", "1000000000000000");
    let mut host = Host::start(options).await;
    host.token("skills").await;
    host
}

fn says(version: &str, text: &str) -> Vec<u8> {
    guests::constant(&json!({ "text": text }).to_string(), &Manifest::new("thing").version(version))
}

/// Runs until it is stopped.
fn spins(version: &str) -> Vec<u8> {
    let endless = Manifest::new("thing").version(version).timeout_s(30.0).limit("fuel", 1_000_000_000_000_000);
    guests::spin(&endless)
}

/// Uploads what is taken, and returns its digest.
async fn upload(host: &Host, component: Vec<u8>) -> String {
    host.upload(component).await.ok()["digest"].as_str().unwrap().to_owned()
}

async fn call(host: &Host, skill: &str) -> Value {
    host.post(&format!("/api/v1/skills/{skill}/call"), &json!({ "input": {} })).await.ok()
}

/// A version of the skill "thing", as the API tells of it.
async fn version(host: &Host, digest: &str) -> Value {
    let versions = host.get("/api/v1/skills/thing/versions").await.ok();
    let found = versions["versions"].as_array().unwrap().iter().find(|one| one["digest"] == digest);
    found.unwrap_or_else(|| panic!("{versions:#}")).clone()
}

/// Resolves when so many calls of a version run.
async fn runs(host: &Host, digest: &str, calls: u64) {
    let so_many = async { while version(host, digest).await["in_flight"] != calls {} };
    timeout(Duration::from_secs(20), so_many).await.expect("the calls do not begin, or do not end");
}

#[tokio::test]
async fn a_version_that_asks_for_more_waits_with_its_remedy() {
    let host = host().await;
    let plain = upload(&host, guests::echo(&Manifest::new("thing"))).await;
    let wider = Manifest::new("thing").version("1.1.0").capability("http", &json!(["api.example.org"]));
    let uploaded = host.upload(guests::echo(&wider)).await.ok();
    assert_eq!(uploaded["status"], "review", "{uploaded:#}");
    assert_eq!(uploaded["missing"], json!([["http", ["api.example.org"]]]));
    assert_eq!(call(&host, "thing").await["version"], plain);

    let digest = uploaded["digest"].as_str().unwrap();
    let activate = format!("/api/v1/skills/thing/versions/{digest}/activate");
    let refused = host.post(&activate, &json!({})).await;
    assert_eq!(refused.problem(409), "/problems/not-granted");
    let detail = refused.body["detail"].as_str().unwrap();
    assert!(detail.contains("api.example.org") && detail.contains("\"grant\": true"), "{detail}");

    host.post(&activate, &json!({ "grant": true })).await.ok();
    assert_eq!(call(&host, "thing").await["version"], digest);
    let before = version(&host, &plain).await;
    assert_eq!((&before["status"], &before["retired_reason"]), (&json!("retired"), &Value::Null));
    assert_eq!(before["origin"], "upload");
}

#[tokio::test]
async fn only_a_version_that_never_answered_is_discarded() {
    let host = host().await;
    let keeper = Manifest::new("thing").capability("kv", &json!(true));
    let waits = upload(&host, guests::echo(&keeper)).await;
    let path = |digest: &str| format!("/api/v1/skills/thing/versions/{digest}");
    host.delete(&path(&waits)).await.ok();
    host.get("/api/v1/skills/thing").await.problem(404);
    assert_eq!(host.delete(&path(&waits)).await.problem(404), "/problems/no-version");

    let answers = upload(&host, says("1.0.0", "a")).await;
    upload(&host, says("1.0.1", "b")).await;
    for digest in [&answers, &version(&host, &answers).await["digest"].as_str().unwrap().to_owned()] {
        assert_eq!(host.delete(&path(digest)).await.problem(409), "/problems/version-answered");
    }
    assert_eq!(call(&host, "thing").await["output"]["text"], "b");
}

#[tokio::test]
async fn the_kill_switch_stops_a_call_that_runs() {
    let host = host().await;
    let digest = upload(&host, spins("1.0.0")).await;
    let stopping = async {
        runs(&host, &digest, 1).await;
        let began = Instant::now();
        host.post("/api/v1/skills/thing/disable", &json!({})).await.ok();
        began
    };
    let (answer, began) = tokio::join!(call(&host, "thing"), stopping);
    assert_eq!(answer["failure"]["kind"], "stopped", "{answer:#}");
    assert_eq!(answer["failure"]["fault"], "owner");
    assert!(began.elapsed() < PROMPTLY, "{:?}", began.elapsed());
    runs(&host, &digest, 0).await;
    host.post("/api/v1/skills/thing/enable", &json!({})).await.ok();
}

#[tokio::test]
async fn a_roll_back_by_hand_stops_the_calls_of_the_bad_version() {
    let host = host().await;
    let good = upload(&host, says("1.0.0", "good")).await;
    let bad = upload(&host, spins("1.1.0")).await;
    let stopping = async {
        runs(&host, &bad, 1).await;
        let began = Instant::now();
        host.post("/api/v1/skills/thing/rollback", &json!({})).await.ok();
        began
    };
    let (answer, began) = tokio::join!(call(&host, "thing"), stopping);
    assert_eq!(answer["failure"]["kind"], "stopped", "{answer:#}");
    assert!(began.elapsed() < PROMPTLY, "{:?}", began.elapsed());
    assert_eq!(version(&host, &bad).await["retired_reason"], "by hand");
    let after = call(&host, "thing").await;
    assert_eq!((&after["output"]["text"], &after["version"]), (&json!("good"), &json!(good)));
}

#[tokio::test]
async fn a_version_that_was_replaced_drains() {
    let host = host().await;
    let slow = Manifest::new("thing").timeout_s(2.0).limit("fuel", 1_000_000_000_000_000);
    let old = upload(&host, guests::spin(&slow)).await;
    let swapping = async {
        runs(&host, &old, 1).await;
        let new = upload(&host, says("1.1.0", "new")).await;
        assert_eq!(call(&host, "thing").await["output"]["text"], "new");
        let (before, after) = (version(&host, &old).await, version(&host, &new).await);
        assert_eq!((&before["status"], &before["in_flight"]), (&json!("retired"), &json!(1)));
        assert_eq!((&after["status"], &after["in_flight"]), (&json!("active"), &json!(0)));
    };
    let (answer, ()) = tokio::join!(call(&host, "thing"), swapping);
    assert_eq!((&answer["version"], &answer["failure"]["kind"]), (&json!(old), &json!("timeout")));
    runs(&host, &old, 0).await;
}

const SECRET: &str = "s3cret-value-of-a-test";

/// Everything in the files of a folder.
fn bytes_of(folder: &Path) -> Vec<u8> {
    let mut all = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        all.extend(if path.is_dir() { bytes_of(&path) } else { fs::read(&path).unwrap_or_default() });
    }
    all
}

/// Runs a command of the binary on the data of a host, and gives it a text on stdin.
fn type_in(host: &Host, args: &[&str], text: &str) -> Output {
    let mut command = Command::new(program());
    command.args(args).arg("--data-dir").arg(host.data_dir()).env_clear().current_dir(host.data_dir());
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    child.wait_with_output().unwrap()
}

#[tokio::test]
async fn a_secret_goes_in_and_never_comes_out() {
    let mut host = host().await;
    let token = host.token("admin").await;
    let secret =
        json!([{ "name": "api_key", "host": "api.example.org", "header": "authorization", "prefix": "Bearer " }]);
    let manifest = Manifest::new("thing").capability("http", &json!(["api.example.org"])).set("secrets", &secret);
    let digest = upload(&host, guests::echo(&manifest)).await;
    host.post(&format!("/api/v1/skills/thing/versions/{digest}/activate"), &json!({ "grant": true })).await.ok();
    let listed = async || host.get("/api/v1/skills/thing/secrets").await.ok()["secrets"][0].clone();
    let before = listed().await;
    assert_eq!((&before["name"], &before["set"]), (&json!("api_key"), &json!(false)));
    assert_eq!((&before["host"], &before["header"]), (&json!("api.example.org"), &json!("authorization")));

    let path = "/api/v1/skills/thing/secrets/api_key";
    let mut answers = vec![host.put(path, &json!({ "value": SECRET })).await.ok()];
    let after = listed().await;
    assert_eq!(after["set"], true);
    assert!(after["set_by"].as_str().unwrap().starts_with("token "), "{after:#}");
    // What is wrong with a body is told without the body.
    for (body, status) in [
        (json!(SECRET), 422),
        (json!([SECRET]), 422),
        (json!({ "value": [SECRET] }), 422),
        (json!({ "valeu": SECRET }), 422),
        (json!({ "value": SECRET, "more": SECRET }), 422),
        (json!({ "value": format!("{SECRET}\r\nx: y") }), 422),
        (json!({ "value": SECRET.repeat(1_000) }), 422),
    ] {
        let refused = host.put(path, &body).await;
        refused.problem(status);
        answers.push(refused.body);
    }
    let unasked = host.put("/api/v1/skills/thing/secrets/other", &json!({ "value": SECRET })).await;
    assert_eq!(unasked.problem(404), "/problems/no-secret");
    call(&host, "thing").await;
    for path in ["", "/versions", "/secrets", "/grants", "/settings"] {
        answers.push(host.get(&format!("/api/v1/skills/thing{path}")).await.ok());
    }
    let audit = host.get("/api/v1/audit").await.ok();
    assert!(audit.to_string().contains("skill.secret"), "{audit:#}");
    answers.push(audit);
    for answer in &answers {
        assert!(!answer.to_string().contains(SECRET), "{answer:#}");
    }
    assert!(!host.log().contains(SECRET));
    let kept = bytes_of(&host.data_dir());
    assert!(!kept.windows(SECRET.len()).any(|window| window == SECRET.as_bytes()), "the secret is in a file");

    let forgotten = host.command(&["skill", "secret", "thing", "api_key", "--forget"]).await;
    assert!(forgotten.status.success() && listed().await["set"] == false);
    for more in [&[][..], &["--to", host.url(), "--token", &token]] {
        let said =
            type_in(&host, &[&["skill", "secret", "thing", "api_key"][..], more].concat(), &format!("{SECRET}\n"));
        assert!(said.status.success(), "{}", String::from_utf8_lossy(&said.stderr));
        assert!(!String::from_utf8_lossy(&said.stdout).contains(SECRET) && listed().await["set"] == true);
        host.delete(path).await.ok();
    }
    let many = json!({ "secrets": { "api_key": null } });
    assert_eq!(host.put("/api/v1/skills/thing/secrets", &many).await.ok()["secrets"][0]["set"], false);
    host.put("/api/v1/skills/thing/secrets", &json!({ "secrets": { "api_key": SECRET } })).await.ok();
    host.delete(path).await.ok();
    assert_eq!(listed().await["set"], false);
    assert_eq!(host.delete("/api/v1/skills/thing/secrets/other").await.problem(404), "/problems/no-secret");
}

/// The requests that wait for the owner.
async fn waiting(host: &Host) -> Vec<Value> {
    let all = host.get("/api/v1/approvals").await.ok();
    all["approvals"].as_array().unwrap().iter().filter(|one| one["status"] == "pending").cloned().collect()
}

#[tokio::test]
async fn a_call_waits_for_a_yes_and_is_made_once() {
    let mut host = host().await;
    let manifest = Manifest::new("thing").set("needs_approval", &json!(true));
    upload(&host, guests::echo(&manifest)).await;
    let body = json!({ "input": { "text": "hello" }, "user": "ada" });
    let answer = host.post("/api/v1/skills/thing/call", &body).await.ok();
    assert_eq!(answer["failure"]["kind"], "waits", "{answer:#}");

    let asked = waiting(&host).await.remove(0);
    assert_eq!((&asked["kind"], &asked["skill"], &asked["user"]), (&json!("call"), &json!("thing"), &json!("ada")));
    assert_eq!(asked["input"], json!({ "text": "hello" }));
    let path = format!("/api/v1/approvals/{}", asked["id"].as_str().unwrap());
    let (one, other) = tokio::join!(
        host.request(Method::POST, &format!("{path}/approve")).send(),
        host.request(Method::POST, &format!("{path}/approve")).send(),
    );
    let mut statuses = [one.unwrap().status().as_u16(), other.unwrap().status().as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 409]);
    assert_eq!(host.post(&format!("{path}/deny"), &json!({})).await.problem(409), "/problems/approval-closed");
    host.logged("a skill ran").await;
    assert!(waiting(&host).await.is_empty());
    // The yes is spent: a job that brings it along makes no second call.
    host.token("admin").await;
    let payload = json!({ "skill": "thing", "input": { "text": "hello" }, "approval": asked["id"] });
    let job = json!({ "type": "skill_call", "run_at": Clock::System.now(), "payload": payload, "user": "ada" });
    let made = host.post("/api/v1/jobs", &job).await.ok();
    let path = format!("/api/v1/jobs/{}", made["id"].as_str().unwrap());
    while !matches!(host.get(&path).await.ok()["status"].as_str(), Some("done" | "dead")) {
        tokio::task::yield_now().await;
    }
    assert_eq!(host.log().matches("a skill ran").count(), 1, "{}", host.log());
    host.token("skills").await;
    let nobody = uuid::Uuid::now_v7();
    let unknown = host.post(&format!("/api/v1/approvals/{nobody}/approve"), &json!({})).await;
    assert_eq!(unknown.problem(404), "/problems/no-approval");

    host.post("/api/v1/skills/thing/call", &json!({ "input": { "text": "again" } })).await.ok();
    let second = waiting(&host).await.remove(0);
    let denied = host.command(&["skill", "deny", second["id"].as_str().unwrap()]).await;
    assert!(denied.status.success(), "{}", String::from_utf8_lossy(&denied.stderr));
    let late = host.command(&["skill", "approve", second["id"].as_str().unwrap()]).await;
    assert_eq!(late.status.code(), Some(1));
    assert!(waiting(&host).await.is_empty());
    host.token("admin").await;
    let audit = host.get("/api/v1/audit").await.ok().to_string();
    for action in ["approval.approve", "approval.deny"] {
        assert_eq!(audit.matches(action).count(), 1, "{audit}");
    }
}

#[tokio::test]
async fn what_a_run_lacks_is_asked_for_once() {
    let host = host().await;
    let manifest = Manifest::new("thing").capability("kv", &json!(true));
    let digest = upload(&host, guests::guest(include_str!("../guests/kv.wat"), &manifest)).await;
    host.post(&format!("/api/v1/skills/thing/versions/{digest}/activate"), &json!({ "grant": true })).await.ok();
    call(&host, "thing").await;
    assert!(waiting(&host).await.is_empty());

    host.put("/api/v1/skills/thing/grants", &json!({ "grants": {} })).await.ok();
    let first = call(&host, "thing").await;
    call(&host, "thing").await;
    let asked = waiting(&host).await;
    assert_eq!(asked.len(), 1, "{asked:#?}");
    assert_eq!((&asked[0]["kind"], &asked[0]["capability"]), (&json!("grant"), &json!("kv")));
    assert_eq!(asked[0]["call_id"], first["call_id"]);
    let id = asked[0]["id"].as_str().unwrap();
    host.post(&format!("/api/v1/approvals/{id}/approve"), &json!({})).await.ok();
    let grants = host.get("/api/v1/skills/thing/grants").await.ok();
    assert_eq!(grants["grants"][0]["capability"], "kv", "{grants:#}");
    call(&host, "thing").await;
    assert!(waiting(&host).await.is_empty());
}

#[tokio::test]
async fn a_failed_call_fails_again_and_a_newer_version_mends_it() {
    let host = host().await;
    let manifest = Manifest::new("thing").output(&json!({ "type": "object" }));
    let bad = upload(&host, guests::constant("[1]", &manifest)).await;
    let failed = call(&host, "thing").await;
    assert_eq!(failed["failure"]["kind"], "bad-output", "{failed:#}");
    let good = upload(&host, guests::constant("{\"v\": 1}", &manifest.clone().version("1.1.0"))).await;

    let path = format!("/api/v1/calls/{}", failed["call_id"].as_str().unwrap());
    let kept = host.get(&path).await.ok();
    assert_eq!((&kept["replayable"], &kept["fault"]), (&json!(true), &json!("skill")), "{kept:#}");
    let again = host.request(Method::POST, &format!("{path}/replay")).send().await.unwrap();
    let again: Value = serde_json::from_str(&again.text().await.unwrap()).unwrap();
    assert_eq!((&again["same"], &again["version"]), (&json!(true), &json!(bad)), "{again:#}");
    assert_eq!(again["failure"], failed["failure"]);
    for version in ["1.1.0", &good] {
        let mended = host.post(&format!("{path}/replay"), &json!({ "version": version })).await.ok();
        assert_eq!((&mended["same"], &mended["output"]), (&json!(false), &json!({ "v": 1 })), "{mended:#}");
    }
    let printed = host.command(&["skill", "replay", failed["call_id"].as_str().unwrap(), "--json"]).await;
    let printed: Value = serde_json::from_slice(&printed.stdout).unwrap();
    assert_eq!(printed["same"], true, "{printed:#}");

    let well = call(&host, "thing").await;
    let well = format!("/api/v1/calls/{}", well["call_id"].as_str().unwrap());
    assert_eq!(host.get(&well).await.ok()["replayable"], false);
    assert_eq!(host.post(&format!("{well}/replay"), &json!({})).await.problem(404), "/problems/no-recording");
    let other = host.post(&format!("{path}/replay"), &json!({ "version": "9.9.9" })).await;
    assert_eq!(other.problem(404), "/problems/no-version");
    let nowhere = format!("/api/v1/calls/{}", uuid::Uuid::now_v7());
    assert_eq!(host.get(&nowhere).await.problem(404), "/problems/no-call");
}

/// What WASI told it: random numbers, two clocks and a server's answer, as letters in the failure.
#[tokio::test]
async fn a_replay_tells_a_guest_with_wasi_what_it_was_told_before() {
    let server = Server::start().await;
    let options = Options::default().env("SKILLET__SKILLS__PRIVATE_HOSTS", &json!([server.host()]).to_string());
    let mut host = Host::start(options).await;
    host.token("skills").await;
    let manifest = Manifest::new("thing").capability("http", &json!([server.host()]));
    let digest = upload(&host, told(&server.host(), "/", &manifest)).await;
    host.post(&format!("/api/v1/skills/thing/versions/{digest}/activate"), &json!({ "grant": true })).await.ok();
    let [first, second] = [call(&host, "thing").await, call(&host, "thing").await];
    let letters = |answer: &Value| answer["failure"]["text"].as_str().unwrap().to_owned();
    // 200 in sixteen digits from `a` on, the lowest first.
    assert!(letters(&first).ends_with("imaaaaaaaaaaaaaa"), "{first:#}");
    assert_ne!(letters(&first), letters(&second), "each run has numbers and a time of its own");
    assert_eq!(server.requests().len(), 2);
    drop(server);
    for failed in [first, second] {
        let path = format!("/api/v1/calls/{}/replay", failed["call_id"].as_str().unwrap());
        let again = host.post(&path, &json!({})).await.ok();
        assert_eq!((&again["same"], letters(&again)), (&json!(true), letters(&failed)), "{again:#}");
        assert_eq!(again["recorded_host_calls"], 0, "its own interfaces were not asked");
    }
}

#[tokio::test]
async fn limits_and_probes_are_told() {
    let host = host().await;
    upload(&host, guests::echo(&Manifest::new("thing").limit("host_calls", 7))).await;
    call(&host, "thing").await;
    let skill = host.get("/api/v1/skills/thing").await.ok();
    let limits = skill["limits"].as_array().unwrap();
    assert_eq!(limits.len(), 15, "{skill:#}");
    let limit = |name: &str| limits.iter().find(|one| one["name"] == name).unwrap();
    assert!(limits.iter().all(|one| one["limit"].as_u64() > Some(0) && one["attack"].is_string()), "{skill:#}");
    assert_eq!((&limit("host_calls")["limit"], &limit("host_calls")["used"]), (&json!(7), &json!(0)));
    assert!(limit("fuel")["used"].as_u64() > Some(0) && limit("memory_mb")["used"].as_u64() > Some(0), "{skill:#}");
    assert_eq!((&limit("max_calls")["used"], &limit("max_queue")["used"]), (&json!(0), &json!(0)));
    assert_eq!((&limit("instances")["used"], &limit("handles")["used"]), (&json!(1), &json!(0)));
    assert_eq!((&limit("concurrency")["used"], &limit("concurrency")["unit"]), (&json!(0), &json!("calls")));

    let sandbox = host.get("/api/v1/sandbox").await.ok();
    assert_eq!((&sandbox["load"]["running"], &sandbox["load"]["waiting"]), (&json!(0), &json!(0)));
    let probes = sandbox["probes"].as_array().unwrap();
    for one in limits {
        assert!(probes.iter().any(|probe| probe["limit"] == one["name"] && probe["fault"].is_null()), "{one:#}");
    }
    let document = host.get("/api/openapi.json").await.ok();
    for path in
        ["/api/v1/approvals/{id}/approve", "/api/v1/skills/{name}/secrets/{secret}", "/api/v1/calls/{id}/replay"]
    {
        assert!(document["paths"][path].is_object(), "{path}");
    }
}
