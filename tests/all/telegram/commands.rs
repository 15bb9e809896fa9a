//! Commands: offered in a menu, answered by rules, and one of them stops what runs.

use serde_json::json;
use std::time::{Duration, Instant};

use super::{Setup, chinese};
use crate::harness::{
    guests,
    manifest::Manifest,
    model::{Answer, Model},
    telegram::{Telegram, group, person},
};

const COMMANDS: [&str; 8] = ["start", "help", "skills", "new", "stop", "memory", "jobs", "usage"];

/// From the command to the word that it has stopped; the machine may be busy.
const STOPPED_IN: Duration = Duration::from_secs(2);

#[tokio::test]
async fn the_menu_is_there_in_both_languages() {
    let telegram = Telegram::start().await;
    let _host = super::host(&telegram, None, &[]).await;
    let (everybody, zh) = (telegram.wait_menu("").await, telegram.wait_menu("zh").await);
    for menu in [&everybody, &zh] {
        for command in COMMANDS {
            assert!(menu.iter().any(|(name, _)| name == command), "/{command} is not in {menu:#?}");
        }
    }
    assert!(everybody.iter().all(|(_, described)| !chinese(described)), "{everybody:#?}");
    assert!(zh.iter().all(|(_, described)| chinese(described)), "{zh:#?}");
}

#[tokio::test]
async fn a_command_costs_no_model_call() {
    // A model without a script complains when it is asked.
    let model = Model::start().await;
    let setup = Setup::with_model(&model).await;
    setup.ask(&setup.ada, "Remember that my bike lock code is 7291", "7291").await;
    for (command, part) in [
        ("/start", ""),
        ("/help", "/new"),
        ("/skills", "calculator"),
        ("/stop", ""),
        ("/memory", "7291"),
        ("/jobs", ""),
        ("/usage", ""),
        ("/new", ""),
    ] {
        let before = setup.telegram.messages(setup.ada.id).len();
        setup.telegram.write(&setup.ada, command);
        let said = setup.telegram.wait_count(setup.ada.id, before + 1).await;
        assert!(said.text.contains(part), "{command}: {said:#?}");
        // What skills say of themselves is in whatever language their authors chose.
        assert!(command == "/skills" || !chinese(&said.text), "{command}: {said:#?}");
        setup.settle(&setup.ada).await;
        assert_eq!(setup.telegram.messages(setup.ada.id).len(), before + 2, "one answer to {command}");
    }
    assert!(model.requests().is_empty());
}

#[tokio::test]
async fn commands_answer_in_the_language_of_who_asks() {
    let setup = Setup::of(person(1002, "小安").speaking("zh-hans"), None, &[]).await;
    for command in ["/start", "/help", "/stop", "/jobs", "/new"] {
        let before = setup.telegram.messages(setup.ada.id).len();
        setup.telegram.write(&setup.ada, command);
        let said = setup.telegram.wait_count(setup.ada.id, before + 1).await;
        assert!(chinese(&said.text), "{command}: {said:#?}");
    }
}

#[tokio::test]
async fn a_new_conversation_knows_nothing_of_the_old_one() {
    let model = Model::start().await;
    model.then(Answer::text("The first one.")).then(Answer::text("The second one."));
    let setup = Setup::with_model(&model).await;
    setup.ask(&setup.ada, "Let us talk about pelicans for a moment", "The first one.").await;
    let before = setup.telegram.messages(setup.ada.id).len();
    setup.telegram.write(&setup.ada, "/new");
    setup.telegram.wait_count(setup.ada.id, before + 1).await;
    setup.ask(&setup.ada, "Now for something completely different", "The second one.").await;
    assert_eq!(setup.conversations(None).await.len(), 2);
    let told = model.requests()[1]["messages"].as_array().unwrap().clone();
    let history: Vec<_> = told.iter().filter(|message| message["role"] == "assistant").collect();
    assert!(history.is_empty(), "{told:#?}");
}

#[tokio::test]
async fn stop_ends_an_answer_by_a_model() {
    let model = Model::start().await;
    model.then(Answer::stall_after("This will take me "));
    let setup = Setup::with_model(&model).await;
    let before = setup.telegram.messages(setup.ada.id).len();
    setup.telegram.write(&setup.ada, "Tell me everything about everything");
    model.requested(1).await;
    // The draft is there.
    setup.telegram.wait_count(setup.ada.id, before + 1).await;
    let began = Instant::now();
    setup.telegram.write(&setup.ada, "/stop");
    setup
        .telegram
        .wait_for(setup.ada.id, |said| said[before..].iter().all(|said| !said.text.ends_with('…')).then_some(()))
        .await;
    assert!(began.elapsed() < STOPPED_IN, "{:?}", began.elapsed());
    // The chat is free again.
    setup.settle(&setup.ada).await;
    let turns = setup.host.get("/api/v1/turns").await.ok();
    let running = turns["turns"].as_array().unwrap().iter().any(|turn| turn["status"] == "running");
    assert!(!running, "{turns:#}");
}

#[tokio::test]
async fn stop_ends_a_skill() {
    let setup = Setup::start().await;
    let spin = Manifest::new("spin").timeout_s(30.0).limit("fuel", 2_000_000_000);
    let spin = spin.pattern("^go round$", &json!({}));
    setup.host.upload(guests::spin(&spin)).await.ok();
    setup.telegram.write(&setup.ada, "go round");
    while setup.host.get("/api/v1/turns").await.ok()["turns"][0]["status"] != "running" {
        tokio::task::yield_now().await;
    }
    let before = setup.telegram.messages(setup.ada.id).len();
    let began = Instant::now();
    setup.telegram.write(&setup.ada, "/stop");
    let stopped = setup.telegram.wait_count(setup.ada.id, before + 1).await.at - began;
    assert!(stopped < STOPPED_IN, "{stopped:?}");
    setup.settle(&setup.ada).await;
}

#[tokio::test]
async fn stop_ends_nothing_in_another_chat() {
    let model = Model::start().await;
    model.then(Answer::paused_after("", "Still here."));
    let setup = Setup::with_model(&model).await;
    let bea = person(401, "Bea");
    setup.admit(&bea, "member").await;
    setup.telegram.write(&setup.ada, "Take your time with this one");
    model.requested(1).await;
    let before = setup.telegram.messages(bea.id).len();
    setup.telegram.write(&bea, "/stop");
    setup.telegram.wait_count(bea.id, before + 1).await;
    let team = group(-1_001_000_000_400, "Team");
    setup.telegram.send(&setup.ada.says("/stop@skillet_test_bot").in_group(&team));
    setup.telegram.wait_count(team.id, 1).await;
    model.go_on();
    setup.telegram.wait_text(setup.ada.id, "Still here.").await;
}
