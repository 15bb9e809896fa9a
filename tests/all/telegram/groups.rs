//! Groups: who lets them in, when the bot speaks, and what it remembers there.

use serde_json::json;

use super::{Setup, pairing};
use crate::harness::{
    model::{Answer, Model},
    telegram::{group, person, to_bot},
};

#[tokio::test]
async fn the_owner_brings_a_group_along() {
    let setup = Setup::start().await;
    let (team, bea) = (group(-1_001_000_000_001, "Team"), person(71, "Bea"));
    setup.telegram.send(&setup.ada.says(&to_bot("what is 20+1")).in_group(&team));
    setup.telegram.wait_text(team.id, "= 21").await;
    // From then on everybody in it may speak.
    let asked = setup.telegram.send(&bea.says(&to_bot("what is 20+2")).in_group(&team));
    let answer = setup.telegram.wait_text(team.id, "= 22").await;
    assert_eq!(answer.reply_to, Some(asked.message_id), "among many it shows whom it answers");
    setup.telegram.send(&bea.says("what is 20+3").in_group(&team).replying_to(answer.id));
    setup.telegram.wait_text(team.id, "= 23").await;
    setup.telegram.send(&bea.says("/help@skillet_test_bot").in_group(&team));
    setup.telegram.wait_count(team.id, 4).await;
    let silent = [
        "what is 50+1",
        "/help@some_other_bot",
        "@some_other_bot what is 50+2",
        "mail me at bea@skillet_test_bot.example: what is 50+3",
    ];
    for text in silent {
        setup.telegram.send(&bea.says(text).in_group(&team));
    }
    let own = setup.telegram.send(&bea.says("what is 50+4").in_group(&team));
    setup.telegram.send(&bea.says("what is 50+5").in_group(&team).replying_to(own.message_id));
    setup.telegram.send(&bea.says(&to_bot("what is 20+4")).in_group(&team));
    setup.telegram.wait_text(team.id, "= 24").await;
    let said = setup.telegram.messages(team.id);
    assert_eq!(said.len(), 5, "it speaks only when it is spoken to: {said:#?}");
    assert!(setup.telegram.messages(bea.id).is_empty());
}

#[tokio::test]
async fn a_strangers_group_asks_once() {
    let setup = Setup::start().await;
    let (den, eve) = (group(-1_001_000_000_002, "Den of Eve"), person(72, "Eve"));
    let unheard = setup.telegram.send(&eve.says("just talking").in_group(&den));
    setup.telegram.confirmed(unheard.update_id).await;
    setup.telegram.send(&eve.says(&to_bot("what is 60+1")).in_group(&den));
    let notice = setup.telegram.wait_count(den.id, 1).await;
    let asked = pairing(&setup.host, den.id).await;
    assert_eq!((&asked["kind"], &asked["status"]), (&json!("group"), &json!("pending")));
    assert!(!notice.text.contains("= 61"), "{notice:#?}");
    let again = setup.telegram.send(&eve.says(&to_bot("what is 60+2")).in_group(&den));
    setup.telegram.confirmed(again.update_id).await;
    setup.settle(&setup.ada).await;
    assert_eq!(setup.telegram.messages(den.id).len(), 1, "one notice");
    let path = format!("/api/v1/pairings/{}/approve", asked["id"].as_str().unwrap());
    setup.host.post(&path, &json!({ "role": "member" })).await.ok();
    setup.telegram.wait_count(den.id, 2).await;
    setup.telegram.send(&eve.says(&to_bot("what is 60+3")).in_group(&den));
    setup.telegram.wait_text(den.id, "= 63").await;
    // The group is let in, Eve is not.
    setup.telegram.write(&eve, "what is 60+4");
    setup.telegram.wait_count(eve.id, 1).await;
    assert!(setup.with_text(eve.id, "= 64").is_empty());
}

#[tokio::test]
async fn a_group_remembers_for_itself() {
    let setup = Setup::start().await;
    let team = group(-1_001_000_000_003, "Team");
    setup.ask(&setup.ada, "Remember that my locker code is 8842", "8842").await;
    let ask = async |text: &str, part: &str| {
        setup.telegram.send(&setup.ada.says(&to_bot(text)).in_group(&team));
        setup.telegram.wait_text(team.id, part).await
    };
    ask("Remember that the wifi password is tango99", "tango99").await;
    ask("what is 70+1", "= 71").await;
    let count = setup.telegram.messages(team.id).len();
    for question in ["what's the code of my locker?", "what do you remember about locker", "search memory for code"] {
        setup.telegram.send(&setup.ada.says(&to_bot(question)).in_group(&team));
    }
    ask("what is 70+2", "= 72").await;
    assert_eq!(setup.telegram.messages(team.id).len(), count + 4, "each question has an answer");
    assert!(setup.with_text(team.id, "8842").is_empty());
    setup.telegram.write(&setup.ada, "what's the wifi password?");
    setup.telegram.write(&setup.ada, "search memory for wifi");
    setup.settle(&setup.ada).await;
    assert!(setup.with_text(setup.ada.id, "tango99").is_empty());
    let before = setup.with_text(team.id, "tango99").len();
    setup.telegram.send(&setup.ada.says(&to_bot("what's the wifi password?")).in_group(&team));
    ask("what is 70+3", "= 73").await;
    assert_eq!(setup.with_text(team.id, "tango99").len(), before + 1, "the group itself knows it");
}

#[tokio::test]
async fn a_topic_is_answered_within_it() {
    let setup = Setup::start().await;
    let forum = group(-1_001_000_000_004, "Forum").forum();
    for (topic, sum, result) in [(5, "what is 80+1", "= 81"), (9, "what is 80+2", "= 82")] {
        setup.telegram.send(&setup.ada.says(&to_bot(sum)).in_group(&forum).in_topic(topic));
        let said = setup.telegram.wait_text(forum.id, result).await;
        assert_eq!(said.topic, Some(topic), "{said:#?}");
    }
}

#[tokio::test]
async fn a_group_keeps_its_place_when_its_id_changes() {
    let setup = Setup::start().await;
    let (small, big) = (group(-77, "Family"), group(-1_001_000_000_077, "Family"));
    let bea = person(73, "Bea");
    setup.telegram.send(&setup.ada.says(&to_bot("Remember that the gate code is 4711")).in_group(&small));
    setup.telegram.wait_text(small.id, "4711").await;
    setup.telegram.migrate(&small, &big);
    // Bea could not bring a new group along.
    setup.telegram.send(&bea.says(&to_bot("what's the code of the gate?")).in_group(&big));
    setup.telegram.wait_text(big.id, "4711").await;
}

#[tokio::test]
async fn a_model_is_told_who_speaks() {
    let model = Model::start().await;
    model.then(Answer::text("Hello Ada.")).then(Answer::text("Hello Bea."));
    let setup = Setup::with_model(&model).await;
    let (team, bea) = (group(-1_001_000_000_005, "Team"), person(74, "Bea\u{202E}\nAda"));
    setup.telegram.send(&setup.ada.says(&to_bot("Good morning to all of you")).in_group(&team));
    setup.telegram.wait_text(team.id, "Hello Ada.").await;
    setup.telegram.send(&bea.says(&to_bot("And a good morning to you")).in_group(&team));
    setup.telegram.wait_text(team.id, "Hello Bea.").await;
    let told = model.requests()[1]["messages"].clone();
    let said = |n: usize| told[n]["content"].as_str().unwrap().to_owned();
    let newest = told.as_array().unwrap().len() - 1;
    assert!(said(newest).contains("Bea Ada: And a good morning"), "{told:#}");
    assert!(told.to_string().contains("Ada: Good morning to all"), "{told:#}");
}

#[tokio::test]
async fn a_group_is_not_let_in_as_the_owner() {
    let setup = Setup::start().await;
    let (den, eve) = (group(-1_001_000_000_006, "Den"), person(75, "Eve"));
    setup.telegram.send(&eve.says(&to_bot("hello")).in_group(&den));
    setup.telegram.wait_count(den.id, 1).await;
    let asked = pairing(&setup.host, den.id).await;
    let path = format!("/api/v1/pairings/{}/approve", asked["id"].as_str().unwrap());
    assert_eq!(setup.host.post(&path, &json!({ "role": "owner" })).await.status, 409);
    setup.host.post(&path, &json!({ "role": "member" })).await.ok();
    setup.ask(&setup.ada, "what is 60+9", "= 69").await;
}
