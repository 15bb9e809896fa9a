//! The process ends in the middle of a message: it is answered once, or it is said that it may be twice.

use serde_json::json;

use super::{INTERRUPTED, Setup};
use crate::harness::{
    guests,
    host::Host,
    manifest::Manifest,
    model::{Answer, Model},
    telegram::{Fault, Held, person},
};

async fn crash(host: &mut Host) {
    host.kill9().await;
    host.restart().await;
}

#[tokio::test]
async fn while_the_model_thinks() {
    let model = Model::start().await;
    model.then(Answer::stall_after("")).then(Answer::text("Back again."));
    let mut setup = Setup::with_model(&model).await;
    let before = setup.telegram.messages(setup.ada.id).len();
    setup.telegram.write(&setup.ada, "Take your time with this one, please");
    model.requested(1).await;
    crash(&mut setup.host).await;
    setup.telegram.wait_text(setup.ada.id, "Back again.").await;
    setup.settle(&setup.ada).await;
    assert_eq!(setup.telegram.messages(setup.ada.id).len(), before + 2);
}

#[tokio::test]
async fn before_the_update_is_confirmed() {
    let mut setup = Setup::start().await;
    // Whatever would confirm it has no effect.
    setup.telegram.failing("getUpdates").when(|call| !call.field("offset").is_null()).always().with(Fault::Reset);
    let sent = setup.telegram.write(&setup.ada, "what is 40+2");
    setup.telegram.wait_text(setup.ada.id, "= 42").await;
    setup.host.kill9().await;
    setup.telegram.lift_faults();
    setup.host.restart().await;
    setup.telegram.confirmed(sent.update_id).await;
    assert!(setup.telegram.handed_out(sent.update_id).await.len() > 1, "it came again");
    setup.settle(&setup.ada).await;
    setup.said_once_or_noted(setup.ada.id, "= 42");
}

#[tokio::test]
async fn while_a_skill_runs() {
    let model = Model::start().await;
    model.then(Answer::call("spend", &json!({}))).then(Answer::call("spend", &json!({}))).then(Answer::text("Unsure."));
    let mut setup = Setup::with_model(&model).await;
    let spend = Manifest::new("spend").timeout_s(20.0).limit("fuel", 2_000_000_000).idempotency(&json!("none"));
    setup.host.upload(guests::spin(&spend)).await.ok();
    let before = setup.telegram.messages(setup.ada.id).len();
    setup.telegram.write(&setup.ada, "Spend it all, please, right now");
    model.requested(1).await;
    let turn = loop {
        let turns = setup.host.get("/api/v1/turns").await.ok();
        if let Some(turn) = turns["turns"][0]["id"].as_str() {
            break format!("/api/v1/turns/{turn}");
        }
    };
    // The call is on record as begun before the guest runs.
    while setup.host.get(&turn).await.ok()["skill_calls"].as_array().unwrap().is_empty() {
        tokio::task::yield_now().await;
    }
    crash(&mut setup.host).await;
    setup.telegram.wait_text(setup.ada.id, "Unsure.").await;
    setup.settle(&setup.ada).await;
    assert_eq!(setup.telegram.messages(setup.ada.id).len(), before + 2);
    let told = model.requests()[2]["messages"].to_string();
    assert!(told.contains("interrupted"), "{told}");
}

#[tokio::test]
async fn while_the_reply_grows() {
    let model = Model::start().await;
    model.then(Answer::stall_after("I have begun to wri")).then(Answer::text("The whole of it."));
    let mut setup = Setup::with_model(&model).await;
    let before = setup.telegram.messages(setup.ada.id).len();
    setup.telegram.write(&setup.ada, "Write me something rather long, please");
    let draft = setup.telegram.wait_count(setup.ada.id, before + 1).await;
    assert!(draft.text.ends_with('…'), "{draft:#?}");
    crash(&mut setup.host).await;
    let whole = setup.telegram.wait_text(setup.ada.id, "The whole of it.").await;
    // In the window before the draft is on record nobody knows of it, and the reply says so.
    let noted = INTERRUPTED.iter().any(|note| whole.text.contains(note));
    assert!(whole.id == draft.id || noted, "the draft becomes the reply: {whole:#?}");
    setup.settle(&setup.ada).await;
    setup.said_once(setup.ada.id, "The whole of it.");
    assert_eq!(setup.telegram.messages(setup.ada.id).len(), before + 2 + usize::from(noted));
}

#[tokio::test]
async fn when_the_draft_was_taken_but_not_answered() {
    let model = Model::start().await;
    model.then(Answer::stall_after("I have begun to wri")).then(Answer::text("The whole of it."));
    let mut setup = Setup::with_model(&model).await;
    let before = setup.telegram.messages(setup.ada.id).len();
    let held = setup.telegram.hold_answer("sendMessage", |call| call.text().contains("begun"));
    setup.telegram.write(&setup.ada, "Write me something rather long, please");
    held.arrived(1).await;
    setup.host.kill9().await;
    held.release();
    setup.host.restart().await;
    setup.telegram.wait_text(setup.ada.id, "The whole of it.").await;
    setup.settle(&setup.ada).await;
    setup.said_once(setup.ada.id, "The whole of it.");
    // Nobody knows the number of the lost draft; the new message says so.
    let said = setup.telegram.messages(setup.ada.id).split_off(before);
    assert!(said.len() <= 3, "{said:#?}");
    let whole = said.iter().find(|said| said.text.contains("The whole of it.")).unwrap();
    assert!(said.len() == 2 || whole.text.contains(INTERRUPTED[0]), "{said:#?}");
}

#[tokio::test]
async fn when_the_reply_was_not_taken_yet() {
    let mut setup = Setup::start().await;
    let held = setup.telegram.hold_when("sendMessage", |call| call.text().contains("= 52"));
    setup.telegram.write(&setup.ada, "what is 50+2");
    held.arrived(1).await;
    setup.host.kill9().await;
    held.release();
    setup.host.restart().await;
    setup.telegram.wait_text(setup.ada.id, "= 52").await;
    setup.settle(&setup.ada).await;
    setup.said_once_or_noted(setup.ada.id, "= 52");
}

#[tokio::test]
async fn when_the_reply_was_taken_but_not_answered() {
    let people = [person(1001, "Ada"), person(1002, "小安").speaking("zh-hans")];
    for (owner, sum, note) in
        people.into_iter().zip(["what is 60+2", "60+2等于多少"]).zip(INTERRUPTED).map(|((a, b), c)| (a, b, c))
    {
        let mut setup = Setup::of(owner, None, &[]).await;
        let held = setup.telegram.hold_answer("sendMessage", |call| call.text().contains("= 62"));
        setup.telegram.write(&setup.ada, sum);
        held.arrived(1).await;
        setup.host.kill9().await;
        held.release();
        setup.host.restart().await;
        setup.settle(&setup.ada).await;
        setup.said_once_or_noted(setup.ada.id, "= 62");
        let again = setup.with_text(setup.ada.id, "= 62").into_iter().nth(1);
        assert!(again.is_none_or(|said| said.text.contains(note)), "the note is in the language of the chat");
    }
}

#[tokio::test]
async fn after_the_answer() {
    let mut setup = Setup::start().await;
    setup.ask(&setup.ada, "what is 70+2", "= 72").await;
    // Until that is on record the answer is in the window.
    while super::bot(&setup.host).await["pending"] != 0 {}
    crash(&mut setup.host).await;
    setup.settle(&setup.ada).await;
    setup.said_once(setup.ada.id, "= 72");
}

#[tokio::test]
async fn kills_at_any_send_lose_nothing() {
    let mut setup = Setup::start().await;
    let mut sums = Vec::new();
    for round in 0..6_u32 {
        let wanted = format!("= {}", 90_000 + round * 10 + round % 4);
        let last = wanted.clone();
        let held = if round % 2 == 0 {
            setup.telegram.hold_when("sendMessage", move |call| call.text().contains(&last))
        } else {
            setup.telegram.hold_answer("sendMessage", move |call| call.text().contains(&last))
        };
        for n in 0..4 {
            setup.telegram.write(&setup.ada, &format!("what is {}+{n}", 90_000 + round * 10));
            sums.push(format!("= {}", 90_000 + round * 10 + n));
        }
        held.arrived(1).await;
        setup.host.kill9().await;
        held.release();
        setup.host.restart().await;
    }
    setup.settle(&setup.ada).await;
    for sum in &sums {
        setup.said_once_or_noted(setup.ada.id, sum);
    }
    let said = setup.with_text(setup.ada.id, "= 9");
    let first = |sum: &String| said.iter().position(|said| said.text.contains(sum)).unwrap();
    assert!(sums.iter().map(first).is_sorted(), "out of order: {said:#?}");
}

#[tokio::test]
async fn a_stop_in_the_middle_hands_the_message_back() {
    let model = Model::start().await;
    model.then(Answer::stall_after("I have begun to wri")).then(Answer::text("The whole of it."));
    let mut setup = Setup::with_model(&model).await;
    let before = setup.telegram.messages(setup.ada.id).len();
    setup.telegram.write(&setup.ada, "Write me something rather long, please");
    setup.telegram.wait_count(setup.ada.id, before + 1).await;
    assert!(setup.host.terminate().await.success());
    setup.host.restart().await;
    setup.telegram.wait_text(setup.ada.id, "The whole of it.").await;
    setup.settle(&setup.ada).await;
    assert_eq!(setup.telegram.messages(setup.ada.id).len(), before + 2);
}

#[tokio::test]
async fn a_pairing_outlives_a_crash() {
    let mut setup = Setup::start().await;
    let bea = person(501, "Bea");
    let held = setup.telegram.hold_when("sendMessage", |call| call.chat() == 501);
    setup.telegram.write(&bea, "hello");
    held.arrived(1).await;
    setup.host.kill9().await;
    held.release();
    setup.host.restart().await;
    setup.telegram.wait_count(bea.id, 1).await;
    let request =
        setup.telegram.wait_for(setup.ada.id, |said| said.iter().find(|said| said.has_buttons()).cloned()).await;
    // A press that the dead host would have heard.
    setup.host.kill9().await;
    let press = setup.telegram.press(&setup.ada, setup.ada.id, request.id, request.button("approve"));
    setup.host.restart().await;
    setup.telegram.wait_pressed(&press).await;
    setup.ask(&bea, "what is 80+2", "= 82").await;
}

/// Asks the host to stop while a call is held up, lets the call go when it has begun to, and starts anew.
async fn stop_around(setup: &mut Setup, held: Held) {
    held.arrived(1).await;
    setup.host.ask_to_stop();
    setup.host.logged("stopping").await;
    held.release();
    assert!(setup.host.terminate().await.success());
    setup.host.restart().await;
}

#[tokio::test]
async fn a_stop_waits_for_what_is_being_sent() {
    let mut setup = Setup::start().await;
    let held = setup.telegram.hold_answer("sendMessage", |call| call.text().contains("= 92"));
    setup.telegram.write(&setup.ada, "what is 90+2");
    stop_around(&mut setup, held).await;
    setup.settle(&setup.ada).await;
    setup.said_once(setup.ada.id, "= 92");
    assert!(setup.with_text(setup.ada.id, INTERRUPTED[0]).is_empty());
}

#[tokio::test]
async fn a_stop_waits_for_a_draft_that_is_being_sent() {
    let model = Model::start().await;
    model.then(Answer::stall_after("I have begun to wri")).then(Answer::text("The whole of it."));
    let mut setup = Setup::with_model(&model).await;
    let before = setup.telegram.messages(setup.ada.id).len();
    let held = setup.telegram.hold_answer("sendMessage", |call| call.text().contains("begun"));
    setup.telegram.write(&setup.ada, "Write me something rather long, please");
    stop_around(&mut setup, held).await;
    let whole = setup.telegram.wait_text(setup.ada.id, "The whole of it.").await;
    assert_eq!(whole.text, "The whole of it.");
    setup.settle(&setup.ada).await;
    assert_eq!(setup.telegram.messages(setup.ada.id).len(), before + 2, "the draft became the reply");
}
