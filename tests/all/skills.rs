//! The life of a skill on a running host: uploads good and bad, swaps under load, limits that bite.

use futures_util::future::join_all;
use serde_json::{Value, json};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use crate::harness::{
    browser::Browser,
    guests,
    host::{Answer, Host, Options},
    manifest::Manifest,
};

async fn host(bundle: bool) -> Host {
    let mut host = Host::start(Options { bundle, ..Options::default() }).await;
    host.token("admin").await;
    host
}

/// A skill `greet` that says `text`, whatever follows the word "greet".
fn greet(version: &str, text: &str) -> Vec<u8> {
    let manifest = Manifest::new("greet")
        .version(version)
        .input(&json!({ "type": "object", "properties": { "who": { "type": "string" } } }))
        .words(&["greet"], "who");
    guests::constant(&json!({ "text": text }).to_string(), &manifest)
}

#[tokio::test]
async fn the_next_message_can_use_an_upload_while_others_chat() {
    let host = host(true).await;
    let (stop, turns) = (AtomicBool::new(false), AtomicUsize::new(0));
    let chatting = |name: &'static str| {
        let (host, stop, turns) = (&host, &stop, &turns);
        async move {
            while !stop.load(Ordering::SeqCst) {
                let reply = host.chat(name, "what is 2*21", None).await;
                assert!(reply["reply"].as_str().unwrap().contains("42"), "{reply:#}");
                turns.fetch_add(1, Ordering::SeqCst);
            }
        }
    };
    let uploading = async {
        let before = host.chat("eve", "greet world", None).await;
        assert_ne!(before["route"], "skill");
        assert_eq!(host.upload(greet("1.0.0", "hello")).await.ok()["status"], "active");
        let after = host.chat("eve", "greet world", None).await;
        assert_eq!(after["reply"], "hello");
        stop.store(true, Ordering::SeqCst);
    };
    tokio::join!(chatting("a"), chatting("b"), chatting("c"), chatting("d"), uploading);
    assert!(turns.load(Ordering::SeqCst) >= 4);
}

#[tokio::test]
async fn a_newer_version_replaces_it_under_load_without_a_failed_call() {
    let host = host(false).await;
    host.upload(greet("1.0.0", "v1")).await.ok();
    let stop = AtomicBool::new(false);
    let seen = std::sync::Mutex::new(Vec::new());
    let caller = || async {
        while !stop.load(Ordering::SeqCst) {
            let answer = host.post("/api/v1/skills/greet/call", &json!({ "input": {} })).await.ok();
            let text = answer["output"]["text"].as_str().unwrap_or_else(|| panic!("{answer:#}")).to_owned();
            seen.lock().unwrap().push((text, answer["version"].as_str().unwrap().to_owned()));
        }
    };
    let swapping = async {
        for n in 2..=6 {
            host.upload(greet(&format!("1.0.{n}"), &format!("v{n}"))).await.ok();
            let answer = host.post("/api/v1/skills/greet/call", &json!({ "input": {} })).await.ok();
            assert_eq!(answer["output"]["text"], format!("v{n}"), "the call after the swap");
        }
        stop.store(true, Ordering::SeqCst);
    };
    tokio::join!(caller(), caller(), caller(), caller(), swapping);
    let seen = seen.into_inner().unwrap();
    let versions = host.get("/api/v1/skills/greet/versions").await.ok();
    for (text, digest) in &seen {
        let of_version = versions["versions"].as_array().unwrap().iter().find(|one| one["digest"] == **digest).unwrap();
        let number = of_version["version"].as_str().unwrap().rsplit('.').next().unwrap().to_owned();
        assert_eq!(text.replace("v1", "v0").trim_start_matches('v'), number, "a call ran on two versions");
    }
    assert!(seen.len() > 20, "{} calls", seen.len());
}

#[tokio::test]
async fn roll_back_disable_enable_and_remove() {
    let host = host(false).await;
    host.upload(greet("1.0.0", "old")).await.ok();
    host.upload(greet("2.0.0", "new")).await.ok();
    let says = async |expected: &str| {
        let answer = host.post("/api/v1/skills/greet/call", &json!({ "input": {} })).await;
        assert_eq!(answer.body["output"]["text"], expected, "{answer:?}");
    };
    says("new").await;
    host.post("/api/v1/skills/greet/rollback", &json!({})).await.ok();
    says("old").await;
    host.post("/api/v1/skills/greet/disable", &json!({})).await.ok();
    host.post("/api/v1/skills/greet/call", &json!({ "input": {} })).await.problem(404);
    host.post("/api/v1/skills/greet/enable", &json!({})).await.ok();
    says("old").await;
    host.delete("/api/v1/skills/greet").await.ok();
    host.post("/api/v1/skills/greet/call", &json!({ "input": {} })).await.problem(404);
    assert_ne!(host.chat("ada", "greet world", None).await["route"], "skill");
    let audit = host.get("/api/v1/audit").await;
    if audit.status.is_success() {
        assert!(audit.body.to_string().contains("skill."), "{}", audit.body);
    }
}

#[tokio::test]
async fn a_bad_run_fails_by_name_and_the_next_call_works() {
    let host = host(true).await;
    let manifest = |name: &str| Manifest::new(name).timeout_s(1.0).limit("fuel", 100_000_000);
    for (component, name, kind) in [
        (guests::spin(&manifest("spin")), "spin", "out-of-fuel"),
        (guests::spin(&manifest("slow").timeout_s(0.2).limit("fuel", 2_000_000_000)), "slow", "timeout"),
        (guests::grow(&manifest("grow")), "grow", "out-of-memory"),
        (guests::flood(&manifest("flood").limit("memory_mb", 64)), "flood", "output-too-large"),
        (guests::badshape(&manifest("badshape")), "badshape", "bad-output"),
        (guests::notjson(&manifest("notjson")), "notjson", "bad-output"),
        (guests::trap(&manifest("trap")), "trap", "trap"),
    ] {
        host.upload(component).await.ok();
        let answer = host.post(&format!("/api/v1/skills/{name}/call"), &json!({ "input": {} })).await.ok();
        assert_eq!(answer["failure"]["kind"], kind, "{answer:#}");
        assert!(answer["duration_ms"].as_f64().unwrap() < 2_000.0, "{answer:#}");
        let next = host.post("/api/v1/skills/calculator/call", &json!({ "input": { "expression": "6*7" } })).await.ok();
        assert_eq!(next["output"]["value"], "42", "{next:#}");
    }
}

#[tokio::test]
async fn loops_do_not_hold_up_others() {
    let host = host(true).await;
    let spin = Manifest::new("spin").timeout_s(2.0).limit("fuel", 2_000_000_000);
    host.upload(guests::spin(&spin)).await.ok();
    let empty = json!({ "input": {} });
    let spinning = join_all((0..4).map(|_| host.post("/api/v1/skills/spin/call", &empty)));
    let chatting = async {
        for _ in 0..20 {
            let reply = host.chat("ada", "what is 6*7", None).await;
            assert!(reply["reply"].as_str().unwrap().contains("42"), "{reply:#}");
        }
    };
    let (answers, ()) = tokio::join!(spinning, chatting);
    for answer in answers {
        let kind = answer.ok()["failure"]["kind"].clone();
        assert!(kind == "timeout" || kind == "out-of-fuel", "{kind}");
    }
}

#[tokio::test]
async fn input_that_does_not_fit_is_not_run() {
    let host = host(true).await;
    let answer = host.post("/api/v1/skills/calculator/call", &json!({ "input": { "expr": "1+1" } })).await;
    answer.problem(422);
    host.post("/api/v1/skills/no_such_skill/call", &json!({ "input": {} })).await.problem(404);
}

/// Uploads what must be refused, and returns the problem's type and detail.
async fn refused(host: &Host, component: Vec<u8>) -> (String, String) {
    let answer: Answer = host.upload(component).await;
    assert!(answer.status.is_client_error(), "{answer:?}");
    let detail = answer.body["detail"].as_str().unwrap_or_default().to_owned();
    (answer.problem(answer.status.as_u16()).to_owned(), detail)
}

#[tokio::test]
async fn bad_uploads_say_what_is_wrong_and_store_nothing() {
    let host = host(false).await;
    let manifest = Manifest::new("thing");
    let good = guests::echo(&manifest);
    let bare = guests::component(include_str!("../guests/echo.wat"), None);
    let module = wat::parse_str("(module (func (export \"run\")))").unwrap();
    let with = |manifest: &Manifest| guests::echo(manifest);
    let random: Vec<u8> = (0..4096_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    let mut types = Vec::new();
    for (what, component, part) in [
        ("random bytes", random, "not WebAssembly"),
        ("nothing", Vec::new(), "empty"),
        ("a core module", module, "core module"),
        ("a truncated component", good[..good.len() / 2].to_vec(), "byte"),
        ("no manifest", bare.clone(), "no manifest"),
        ("an unknown import", guests::unknown_import(&manifest), "stranger:things/door"),
        ("broken TOML", skillet::skills::package::embed_manifest(&bare, "name = \"x\nversion"), "line 2"),
        ("an unknown key", with(&manifest.clone().set("colour", &json!("red"))), "colour"),
        ("a bad name", with(&manifest.clone().set("name", &json!("Not A Name"))), "name"),
        ("a bad version", with(&manifest.clone().version("one")), "version"),
        ("a bad schema", with(&manifest.clone().input(&json!({ "type": "objekt" }))), "input_schema"),
        ("a bad trigger", with(&manifest.clone().pattern("(unclosed", &json!({}))), "triggers[0]"),
        ("a failing example", with(&manifest.clone().example(&json!({ "a": 1 }), &json!({ "a": 2 }))), "1 of 1"),
        ("a host that is too wide", with(&manifest.clone().capability("http", &json!(["*.co"]))), "*.co"),
    ] {
        let (kind, detail) = refused(&host, component).await;
        assert!(detail.contains(part), "{what}: `{part}` is not in `{detail}`");
        types.push((what, kind));
    }
    let distinct: std::collections::BTreeSet<&str> = types.iter().map(|(_, kind)| kind.as_str()).collect();
    assert!(distinct.len() >= 8, "{types:#?}");
    let skills = host.get("/api/v1/skills").await.ok();
    assert_eq!(skills["skills"].as_array().unwrap().len(), 0, "{skills:#}");
    host.upload(good).await.ok();
}

#[tokio::test]
async fn an_upload_over_the_cap_is_refused_early() {
    let mut host = Host::start(Options::default().env("SKILLET__SKILLS__MAX_COMPONENT_MIB", "1")).await;
    host.token("skills").await;
    assert_eq!(host.upload(vec![0; 3 << 20]).await.status.as_u16(), 413);
}

#[tokio::test]
async fn a_capability_waits_for_the_owner() {
    let host = host(false).await;
    let manifest = Manifest::new("keeper").capability("kv", &json!(true));
    let uploaded = host.upload(guests::echo(&manifest)).await.ok();
    assert_eq!(uploaded["status"], "review", "{uploaded:#}");
    host.post("/api/v1/skills/keeper/call", &json!({ "input": {} })).await.problem(404);
    let path = format!("/api/v1/skills/keeper/versions/{}/activate", uploaded["digest"].as_str().unwrap());
    assert!(host.post(&path, &json!({})).await.status.is_client_error(), "not without the grant");
    host.post(&path, &json!({ "grant": true })).await.ok();
    let answer = host.post("/api/v1/skills/keeper/call", &json!({ "input": { "a": 1 } })).await.ok();
    assert_eq!(answer["output"], json!({ "a": 1 }));
    // A version that asks for more waits, while the one before it serves.
    let wider = manifest.version("1.1.0").capability("memory", &json!(["read"]));
    assert_eq!(host.upload(guests::echo(&wider)).await.ok()["status"], "review");
    let answer = host.post("/api/v1/skills/keeper/call", &json!({ "input": {} })).await.ok();
    assert_eq!(answer["version"], uploaded["digest"]);
}

#[tokio::test]
async fn a_key_makes_two_calls_one() {
    let host = host(true).await;
    let body = json!({ "input": { "expression": "2+2" }, "idempotency_key": "k1" });
    let first: Value = host.post("/api/v1/skills/calculator/call", &body).await.ok();
    let second = host.post("/api/v1/skills/calculator/call", &body).await.ok();
    assert_eq!((&first["call_id"], &second["replayed"]), (&second["call_id"], &json!(true)));
}

#[tokio::test]
async fn scopes_open_only_what_they_name() {
    let mut host = Host::start(Options::default()).await;
    assert_eq!(host.get("/api/v1/skills").await.status.as_u16(), 401);
    host.token("chat").await;
    assert_eq!(host.get("/api/v1/skills").await.status.as_u16(), 403);
    host.chat("ada", "hello", None).await;
    host.token("skills").await;
    host.get("/api/v1/skills").await.ok();
    assert_eq!(host.post("/api/v1/chat", &json!({ "message": "hi" })).await.status.as_u16(), 403);
}

#[tokio::test]
async fn output_nested_without_end_harms_nobody_else() {
    let host = host(true).await;
    let deep = format!("{}{}", "[".repeat(120), "]".repeat(120));
    host.upload(guests::constant(&deep, &Manifest::new("deep"))).await.ok();
    let answer = host.post("/api/v1/skills/deep/call", &json!({ "input": {} })).await.ok();
    assert_eq!(answer["failure"]["kind"], "bad-output", "{answer:#}");
    let with_example = Manifest::new("deeper").set("examples", &json!([{ "input": {} }]));
    host.upload(guests::constant(&deep, &with_example)).await.problem(422);
    let reply = host.chat("ada", "what is 6*7", None).await;
    assert!(reply["reply"].as_str().unwrap().contains("42"), "{reply:#}");
}

#[tokio::test]
async fn manifests_that_stand_for_endless_work_are_refused() {
    let host = host(false).await;
    let mut defs = serde_json::Map::new();
    for n in 0..26 {
        let next = json!({ "$ref": format!("#/$defs/d{}", n + 1) });
        defs.insert(format!("d{n}"), json!({ "anyOf": [next, next] }));
    }
    defs.insert("d26".into(), json!({ "type": "string" }));
    let bomb = json!({ "type": "object", "$defs": defs, "properties": { "m": { "$ref": "#/$defs/d0" } } });
    let manifest = Manifest::new("bomb");
    let fields = json!({ "type": "object", "properties": { "s": { "type": "string" } } });
    for (manifest, part) in [
        (manifest.clone().input(&bomb), "input_schema"),
        (manifest.clone().output(&bomb), "output_schema"),
        (manifest.clone().set("description", &json!("x".repeat(200_000))), "bytes at most"),
        (
            manifest.clone().input(&fields).pattern("^t (?P<a>.+)$", &json!({ "s": "{a}".repeat(10_000) })),
            "triggers[0]",
        ),
        (manifest.clone().pattern("^(?:[a-z]?){4000}[0-9]", &json!({})), "triggers[0]"),
    ] {
        let (_, detail) = refused(&host, guests::echo(&manifest)).await;
        assert!(detail.contains(part), "`{part}` is not in `{detail}`");
    }
}

#[tokio::test]
async fn calls_of_one_key_at_once_are_one_call() {
    let host = host(false).await;
    let slow = Manifest::new("slow").timeout_s(0.3).limit("fuel", 2_000_000_000).idempotency(&json!("none"));
    host.upload(guests::spin(&slow)).await.ok();
    let body = json!({ "input": {}, "idempotency_key": "once" });
    let answers = join_all((0..4).map(|_| host.post("/api/v1/skills/slow/call", &body))).await;
    let answers: Vec<Value> = answers.into_iter().map(Answer::ok).collect();
    let first_hand = answers.iter().filter(|answer| answer["replayed"] == false).count();
    assert_eq!(first_hand, 1, "{answers:#?}");
    assert!(answers.iter().all(|answer| answer["failure"]["kind"] == "timeout"), "{answers:#?}");
}

#[tokio::test]
async fn the_same_upload_at_once_is_one_version() {
    let host = host(false).await;
    let component = greet("1.0.0", "hello");
    let answers = join_all((0..8).map(|_| host.upload(component.clone()))).await;
    for answer in answers {
        assert_eq!(answer.ok()["status"], "active");
    }
    let versions = host.get("/api/v1/skills/greet/versions").await.ok();
    assert_eq!(versions["versions"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_disabled_or_removed_skill_does_not_come_back_by_itself() {
    let host = host(false).await;
    let keeper = |version: &str| guests::echo(&Manifest::new("keeper").version(version).capability("kv", &json!(true)));
    let uploaded = host.upload(keeper("1.0.0")).await.ok();
    let path = format!("/api/v1/skills/keeper/versions/{}/activate", uploaded["digest"].as_str().unwrap());
    host.post(&path, &json!({ "grant": true })).await.ok();
    host.post("/api/v1/skills/keeper/disable", &json!({})).await.ok();
    host.upload(keeper("1.1.0")).await.ok();
    host.post("/api/v1/skills/keeper/call", &json!({ "input": {} })).await.problem(404);
    host.delete("/api/v1/skills/keeper").await.ok();
    let again = host.upload(keeper("1.2.0")).await.ok();
    assert_eq!(again["status"], "review", "what was granted to the removed skill is not inherited");
}

#[tokio::test]
async fn a_removed_skill_that_is_uploaded_again_begins_as_a_new_one() {
    let host = host(false).await;
    let names = async || {
        let list = host.get("/api/v1/skills").await.ok();
        let rows = list["skills"].as_array().unwrap().iter();
        rows.map(|row| format!("{} {}", row["name"].as_str().unwrap(), row["status"].as_str().unwrap()))
            .collect::<Vec<_>>()
    };
    let keeper = guests::echo(&Manifest::new("keeper").capability("kv", &json!(true)));
    let digest = host.upload(keeper.clone()).await.ok()["digest"].clone();
    let path = format!("/api/v1/skills/keeper/versions/{}/activate", digest.as_str().unwrap());
    host.post(&path, &json!({ "grant": true })).await.ok();
    for version in ["1.0.0", "1.1.0"] {
        host.upload(greet(version, version)).await.ok();
    }
    for name in ["keeper", "greet"] {
        host.delete(&format!("/api/v1/skills/{name}")).await.ok();
    }
    assert!(names().await.is_empty());

    // The very same component, which asks for something: it waits where its owner finds it.
    let again = host.upload(keeper).await.ok();
    assert_eq!((&again["status"], &again["digest"]), (&json!("review"), &digest), "{again:#}");
    assert_eq!(names().await, ["keeper review"]);
    let row = host.get("/api/v1/skills/keeper").await.ok();
    assert_eq!(row["active_digest"], Value::Null, "{row:#}");
    let mut owner = Browser::owner(&host).await;
    for page in ["/skills/keeper".to_owned(), format!("/skills/keeper/versions/{}", digest.as_str().unwrap())] {
        assert!(owner.page(&page).await.contains("keeper"), "{page}");
    }
    host.post("/api/v1/skills/keeper/call", &json!({ "input": {} })).await.problem(404);
    host.post(&path, &json!({ "grant": true })).await.ok();
    assert_eq!(names().await, ["keeper active"]);

    // A lower number than the one that answered: nothing answers that could be undone.
    assert_eq!(host.upload(greet("1.0.0", "1.0.0")).await.ok()["status"], "active", "it asks for nothing");
    assert_eq!(host.chat("ada", "greet world", None).await["reply"], "1.0.0");
    host.post("/api/v1/skills/greet/rollback", &json!({})).await.problem(409);
}

#[tokio::test]
async fn the_host_answers_to_its_own_names_only() {
    let host = Host::start(Options::default().env("SKILLET__HTTP__NAMES", "[\"agent.example\"]")).await;
    for (name, status) in [("evil.example", 421), ("agent.example", 200), ("localhost:1", 200), ("127.0.0.1", 200)] {
        let answer = host.request(reqwest::Method::GET, "/healthz").header("host", name).send().await.unwrap();
        assert_eq!(answer.status().as_u16(), status, "{name}");
    }
}
