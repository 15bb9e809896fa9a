//! Calls among each other: skills that call skills and models, queues, retries, swaps, crashes, callers that leave.

use futures_util::future::join_all;
use serde_json::{Value, json};
use skillet::skills::FailureKind;
use std::{
    fs,
    time::{Duration, Instant},
};

use super::{
    case::{Case, How, deed},
    crowds,
    fetch::{Fetch, Then},
    ground::{Ground, fetcher},
    guest,
    lab::Lab,
};
use crate::harness::{
    guests,
    host::{Host, Options},
    manifest::Manifest,
    model::Answer,
};

/// Until when a guest begins that later does not: its upload comes before.
pub const BEGINS: Duration = Duration::from_secs(2);

/// More than a run of a second has.
pub const MUCH: u64 = 2_000_000_000;

pub fn cases() -> Vec<Case> {
    let mut cases = calls();
    cases.extend(lives());
    cases.extend(crowds::cases());
    cases
}

fn calls() -> Vec<Case> {
    vec![
        Case::new(
            "S54",
            "a skill that calls itself; one that calls another 500 times, and 10,000 times",
            "three levels deep and 16 calls in all, refused by word after that; \
             `too-many-host-calls` at 1,000; each within 8 s",
            deed!(recursion),
        )
        .also(&["host::skills::root::a_share_is_used_up_by_all_together"]),
        Case::new(
            "S55",
            "`can_parallel = false` called five times at once; more calls than the queue holds",
            "one at a time; `busy` at once for those that find no place",
            deed!(serial),
        )
        .lacks("the wait of each call is on its record; a trace shows it for calls of a turn only."),
        Case::new(
            "S56",
            "an attempt that fails after its request was sent",
            "a skill that must not run twice sends once; one that may is tried three times; one key is one call",
            deed!(retries),
        )
        .also(&[
            "versions::what_was_away_is_tried_again_where_that_is_safe",
            "skills::a_key_makes_two_calls_one",
            "skills::calls_of_one_key_at_once_are_one_call",
            "crash::a_call_that_must_not_be_repeated_is_not",
        ]),
        Case::new(
            "S57",
            "a client that leaves in the middle of its call",
            "its place is free again within the call's own limit, and the next call runs",
            deed!(client_leaves),
        )
        .also(&["telegram::commands::stop_ends_a_skill"])
        .lacks(
            "over the HTTP interface a call that has begun is ended and put on record although its \
             client left; a turn that is stopped, and a caller inside the process, end it as \
             `cancelled` (X1 to X3).",
        ),
        Case::new("S58", "a swap under load", "each call runs wholly on one version, and none fails", How::Elsewhere)
            .also(&[
                "versions::a_swap_under_load_loses_no_call",
                "safety::a_version_that_was_replaced_drains",
                "skills::a_newer_version_replaces_it_under_load_without_a_failed_call",
            ]),
        Case::new(
            "S64",
            "a model that would grant itself something, upload a skill or read a secret",
            "it is offered the skills and nothing else; what it invents is no function",
            deed!(model_has_skills_alone),
        )
        .also(&["models::bad_arguments_and_unknown_skills_go_back_to_the_model"]),
        Case::new(
            "S65",
            "a panic in a function of the host",
            "that call fails as `host`, and the process lives",
            deed!(panic_in_the_host),
        )
        .also(&["skills::a_bad_run_fails_by_name_and_the_next_call_works"]),
        Case::new(
            "S66",
            "a skill that asks a model in a loop",
            "refused at 16,000 tokens of one call, in words that name the budget; over many calls by the budgets of \
             skill, person and day",
            deed!(model_in_a_loop),
        )
        .also(&["gateway::providers::a_token_pays_for_what_its_skills_and_turns_ask"]),
    ]
}

fn lives() -> Vec<Case> {
    vec![
        Case::new(
            "S59",
            "a newer version that crashes in every call",
            "after ten calls the one before it answers, and the owner's record says why",
            deed!(broken_version),
        )
        .also(&[
            "versions::a_version_that_fails_too_often_is_rolled_back",
            "versions::few_failures_among_many_calls_roll_nothing_back",
        ]),
        Case::new(
            "S60",
            "kills in the middle of an upload; the same upload twice at once",
            "before or after, never between: the skill is there whole or not at all, and can be uploaded again",
            deed!(killed_uploads),
        )
        .also(&[
            "uploads::a_crash_during_an_upload_leaves_the_version_before",
            "skills::the_same_upload_at_once_is_one_version",
        ])
        .lacks("a full disk is not tried."),
        Case::new(
            "S61",
            "the same version number with other bytes; a lower number",
            "refused with both digests, or with the number that answers",
            deed!(same_number),
        )
        .also(&["uploads::one_number_is_one_component_and_numbers_go_up"]),
        Case::new(
            "S62",
            "new bytes under an old name",
            "the new ones answer: everything is kept by digest",
            How::Elsewhere,
        )
        .also(&[
            "skills::a_newer_version_replaces_it_under_load_without_a_failed_call",
            "skills::roll_back_disable_enable_and_remove",
        ]),
        Case::new(
            "S63",
            "compiled code on disk that was changed, cut or exchanged for another skill's",
            "never loaded: compiled again, and the answers are right",
            deed!(tampered_artefacts),
        )
        .also(&["uploads::an_artefact_that_was_touched_is_compiled_again_and_what_belongs_to_nothing_is_swept"]),
    ]
}

#[tokio::test]
async fn calls_and_versions_stay_in_order() {
    let ground = Ground::start(&[("SKILLET__SKILLS__MAX_QUEUE", "6"), ("SKILLET__SKILLS__QUEUE_TIMEOUT_S", "4")]).await;
    ground.suffer(cases()).await;
}

async fn recursion(ground: &Ground) {
    let manifest = |name: &str, callee: &str| {
        Manifest::new(name).timeout_s(8.0).capability("skills", &json!([callee])).idempotency(&json!("none"))
    };
    ground.install(guest::calls("mirror_hall", 1, true, &manifest("mirror_hall", "mirror_hall"))).await;
    let answer = ground.call("mirror_hall", &json!({})).await;
    let text = answer["output"].to_string();
    // Three below the first: each made one call, and the deepest was told why not.
    assert!(text.starts_with("[1,[1,[1,[0,") && text.contains("levels deep"), "{answer:#}");

    ground.install(guest::calls("echo", 500, false, &manifest("fan", "echo"))).await;
    let answer = ground.call("fan", &json!({})).await;
    assert_eq!(answer["output"][0], 16, "{answer:#}");
    assert!(answer["output"][1].as_str().unwrap().contains("at most"), "{answer:#}");

    ground.install(guest::calls("echo", 10_000, false, &manifest("wide_fan", "echo"))).await;
    let answer = ground.call("wide_fan", &json!({})).await;
    assert_eq!(answer["failure"]["kind"], "too-many-host-calls", "{answer:#}");

    // A name that was not granted, and one that is nobody's.
    ground.install(guest::calls("mirror_hall", 1, true, &manifest("stranger", "echo"))).await;
    let answer = ground.call("stranger", &json!({})).await;
    assert!(answer["output"][1].as_str().unwrap().contains("not granted"), "{answer:#}");
}

async fn serial(ground: &Ground) {
    let manifest = fetcher("serial", &[ground.server.host()]).set("can_parallel", &json!(false));
    ground.install(guest::fetch(&manifest)).await;
    ground.server.forget();
    let wait = Fetch::get(ground.server.url("/wait/200")).input();
    for answer in join_all((0..5).map(|_| ground.call("serial", &wait))).await {
        assert!(answer["output"].is_string(), "{answer:#}");
    }
    assert_eq!((ground.server.requests().len(), ground.server.most_at_once()), (5, 1));
    // One runs and six wait; the rest find no place.
    let began = Instant::now();
    let slow = Fetch::get(ground.server.url("/wait/1000")).input();
    let answers = join_all((0..12).map(|_| async {
        let answer = ground.call("serial", &slow).await;
        (answer["failure"]["kind"].as_str().unwrap_or_default().to_owned(), began.elapsed())
    }))
    .await;
    let at_once = answers.iter().filter(|(kind, took)| kind == "busy" && *took < Duration::from_secs(1)).count();
    assert!(at_once >= 4, "{answers:?}");
    assert!(answers.iter().all(|(kind, _)| kind.is_empty() || kind == "busy"), "{answers:?}");
}

async fn retries(ground: &Ground) {
    for (name, idempotency, sent) in [("once", "none", 1), ("again", "natural", 3)] {
        let manifest = fetcher(name, &[ground.server.host()]).idempotency(&json!(idempotency));
        ground.install(guest::fetch(&manifest)).await;
        ground.server.forget();
        let fetch = Fetch::get(ground.server.url("/")).post("order").then(Then::FailAsUnavailable);
        let answer = ground.call(name, &fetch.input()).await;
        assert_eq!(answer["failure"]["kind"], "unavailable", "{answer:#}");
        assert_eq!(ground.server.requests().len(), sent, "{name}");
    }
}

async fn client_leaves(ground: &Ground) {
    let manifest = Manifest::new("left").timeout_s(1.0).limit("fuel", MUCH).set("can_parallel", &json!(false));
    ground.install(guests::spin(&manifest)).await;
    let body = json!({ "input": {} });
    let call = ground.host.post("/api/v1/skills/left/call", &body);
    assert!(tokio::time::timeout(Duration::from_millis(300), call).await.is_err(), "it should still run");
    let began = Instant::now();
    let answer = ground.call("left", &json!({})).await;
    assert_eq!(answer["failure"]["kind"], "timeout", "{answer:#}");
    assert!(began.elapsed() < Duration::from_secs(4), "{:?}", began.elapsed());
}

async fn model_has_skills_alone(ground: &Ground) {
    let before = ground.model.requests().len();
    ground
        .model
        .then(Answer::call("grant_permission", &json!({ "skill": "echo", "capability": "http" })))
        .then(Answer::text("I cannot do that."));
    let reply = ground.host.chat("ada", "Could you grant yourself the network, please?", None).await;
    assert_eq!(reply["reply"], "I cannot do that.", "{reply:#}");
    let requests = &ground.model.requests()[before..];
    let offered = requests[0]["tools"].as_array().unwrap().iter().map(|tool| tool["function"]["name"].clone());
    let skills = ground.host.get("/api/v1/skills").await.ok();
    let skills: Vec<&Value> = skills["skills"].as_array().unwrap().iter().map(|skill| &skill["name"]).collect();
    for name in offered {
        assert!(skills.contains(&&name), "{name} is offered and no skill");
    }
    let grants = ground.host.get("/api/v1/skills/echo/grants").await.ok();
    assert_eq!(grants["grants"], json!([]));
}

async fn panic_in_the_host(_: &Ground) {
    let lab = Lab::new(|_| {}).await;
    let body = guest::Body {
        imports: "(import \"skillet:skill/progress@0.1.0\" \"report\" (func $report (param i32 i32 i32 i32)))",
        run: "(call $report (i32.const 1) (i32.const 2) (i32.const 0) (i32.const 0))",
        ..guest::Body::default()
    };
    lab.install(&body.make(&Manifest::new("reporter"))).await;
    let mut request = lab.request("reporter", json!({}));
    request.progress = Some(std::sync::Arc::new(|_| panic!("on purpose")));
    let outcome = lab.skills.call(request).await.unwrap();
    assert_eq!(outcome.result.unwrap_err().kind, FailureKind::Host);
    lab.assert_well().await;
    lab.call("reporter").await.result.unwrap();
}

async fn model_in_a_loop(ground: &Ground) {
    ground.model.on("once more", Answer::text("once again").usage(100, 10, 0));
    ground.install(guest::model(&Manifest::new("asker").timeout_s(20.0).capability("llm", &json!("small")))).await;
    let before = ground.model.requests().len();
    let answer = ground.call("asker", &json!({})).await;
    let (answers, refusal) = (answer["output"][0].as_u64().unwrap(), answer["output"][1].as_str().unwrap());
    assert!(refusal.contains("16000 tokens"), "{answer:#}");
    assert!((1..=16_000 / 110).contains(&answers), "{answer:#}");
    assert_eq!(ground.model.requests().len() - before, usize::try_from(answers).unwrap());
}

async fn broken_version(_: &Ground) {
    let mut host = Host::start(Options::default()).await;
    host.token("admin").await;
    let good = host.upload(guests::echo(&Manifest::new("fragile"))).await.ok();
    host.upload(guests::trap(&Manifest::new("fragile").version("2.0.0"))).await.ok();
    let call = async || host.post("/api/v1/skills/fragile/call", &json!({ "input": {} })).await.ok();
    for _ in 0..10 {
        assert_eq!(call().await["failure"]["kind"], "trap");
    }
    let answer = call().await;
    assert_eq!((&answer["version"], &answer["output"]), (&good["digest"], &json!({})), "{answer:#}");
    let audit = host.get("/api/v1/audit").await.ok().to_string();
    assert!(audit.contains("skill.rollback") && audit.contains("10 of its last 10 calls failed"), "{audit}");
}

async fn killed_uploads(_: &Ground) {
    let mut host = Host::start(Options::default()).await;
    host.token("admin").await;
    host.upload(guests::constant("1", &Manifest::new("phoenix"))).await.ok();
    let mut now = 1;
    for round in 0..4_u32 {
        let next = now + 1;
        let component = guests::constant(&next.to_string(), &Manifest::new("phoenix").version(&format!("1.0.{next}")));
        let upload = host.request(reqwest::Method::POST, "/api/v1/skills").header("content-type", "application/wasm");
        let uploading = upload.body(component.clone()).send();
        let wait = tokio::time::sleep(Duration::from_millis(u64::from(40 + 60 * round)));
        tokio::select! { _ = uploading => {}, () = wait => {} }
        host.kill9().await;
        host.restart().await;
        let path = "/api/v1/skills/phoenix/call";
        let says = host.post(path, &json!({ "input": {} })).await.ok()["output"].as_u64().unwrap();
        assert!(says == now || says == next, "{says} in round {round}");
        host.upload(component).await.ok();
        assert_eq!(host.post(path, &json!({ "input": {} })).await.ok()["output"], next);
        now = next;
    }
    let partial = fs::read_dir(host.data_dir().join("cache")).unwrap().flatten();
    let partial: Vec<_> =
        partial.map(|entry| entry.path()).filter(|path| path.extension().is_some_and(|e| e == "part")).collect();
    assert!(partial.is_empty(), "{partial:?}");
}

async fn same_number(ground: &Ground) {
    let version = |number: &str, output: &str| guests::constant(output, &Manifest::new("numbered").version(number));
    let first = ground.host.upload(version("1.1.0", "1")).await.ok();
    let answer = ground.host.upload(version("1.1.0", "2")).await;
    assert_eq!(answer.problem(409), "/problems/taken");
    let detail = answer.body["detail"].as_str().unwrap();
    assert!(detail.contains(first["digest"].as_str().unwrap()), "{detail}");
    let answer = ground.host.upload(version("1.0.9", "3")).await;
    assert_eq!(answer.problem(409), "/problems/taken");
    assert!(answer.body["detail"].as_str().unwrap().contains("1.1.0"), "{answer:?}");
    assert_eq!(ground.call("numbered", &json!({})).await["output"], 1);
    // The same bytes are the same version, and may come again.
    assert_eq!(ground.host.upload(version("1.1.0", "1")).await.ok()["digest"], first["digest"]);
}

async fn tampered_artefacts(_: &Ground) {
    let mut host = Host::start(Options::default()).await;
    host.token("admin").await;
    for n in 0..4 {
        host.upload(guests::constant(&n.to_string(), &Manifest::new(&format!("code{n}")))).await.ok();
    }
    host.terminate().await;
    let digest =
        |n: u32| skillet::skills::digest(&guests::constant(&n.to_string(), &Manifest::new(&format!("code{n}"))));
    let cache = host.data_dir().join("cache");
    let files: Vec<_> = fs::read_dir(&cache).unwrap().flatten().map(|entry| entry.path()).collect();
    let file = |n: u32, extension: &str| {
        let digest = digest(n);
        let found = files.iter().find(|path| {
            path.file_name().unwrap().to_str().unwrap().starts_with(&digest)
                && path.extension().is_some_and(|e| e == extension)
        });
        found.unwrap_or_else(|| panic!("{extension} of {n} is not among {files:?}")).clone()
    };
    let changed = |path: &std::path::Path, change: fn(&mut Vec<u8>)| {
        let mut bytes = fs::read(path).unwrap();
        change(&mut bytes);
        fs::write(path, bytes).unwrap();
    };
    changed(&file(0, "cwasm"), |bytes| *bytes.last_mut().unwrap() ^= 1);
    changed(&file(1, "cwasm"), |bytes| bytes.truncate(bytes.len() / 2));
    // One skill's code in another's place, with its own MAC.
    for extension in ["cwasm", "mac"] {
        fs::copy(file(3, extension), file(2, extension)).unwrap();
    }
    host.restart().await;
    for n in 0..4 {
        let answer = host.post(&format!("/api/v1/skills/code{n}/call"), &json!({ "input": {} })).await.ok();
        assert_eq!(answer["output"], n, "{answer:#}");
    }
    for n in 0..3 {
        let noticed = |line: &str| line.contains("is not the one that was written") && line.contains(&digest(n));
        assert!(host.log().lines().any(noticed), "{n}: {}", host.log());
    }
}
