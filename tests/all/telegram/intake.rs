//! What comes in: stored, then confirmed, then answered once and in order.

use serde_json::json;

use super::{Setup, bot, bot_is, host};
use crate::harness::{
    host::{Host, Options},
    model::{Answer, Model},
    telegram::{CONFLICT, Fault, Media, Telegram, group, person, to_bot},
};

#[tokio::test]
async fn a_message_is_a_turn_and_has_one_reply() {
    let setup = Setup::start().await;
    setup.ask(&setup.ada, "what is 6*7", "= 42").await;
    setup.settle(&setup.ada).await;
    setup.said_once(setup.ada.id, "= 42");
    let conversations = setup.conversations(None).await;
    assert_eq!(conversations.len(), 1);
    let messages = setup.messages(&conversations[0]).await;
    let said: Vec<_> = messages.iter().map(|message| message["content"].as_str().unwrap()).collect();
    assert_eq!(said.len(), 4, "{messages:#?}");
    assert_eq!(said[0], "what is 6*7");
    let turn = setup.host.get(&format!("/api/v1/turns/{}", messages[0]["turn_id"].as_str().unwrap())).await.ok();
    assert!(turn.to_string().contains("a trigger of calculator fits"), "{turn:#}");
}

#[tokio::test]
async fn a_message_is_confirmed_before_it_is_answered() {
    let model = Model::start().await;
    model.then(Answer::paused_after("", "At last."));
    let setup = Setup::with_model(&model).await;
    let sent = setup.telegram.write(&setup.ada, "Could you think about this for a while?");
    setup.telegram.confirmed(sent.update_id).await;
    model.requested(1).await;
    model.go_on();
    setup.telegram.wait_text(setup.ada.id, "At last.").await;
}

#[tokio::test]
async fn an_update_that_comes_again_is_not_answered_again() {
    let setup = Setup::start().await;
    let sent = setup.telegram.write(&setup.ada, "what is 17+4");
    setup.telegram.wait_text(setup.ada.id, "= 21").await;
    setup.telegram.confirmed(sent.update_id).await;
    setup.telegram.redeliver(sent.update_id);
    setup.telegram.redeliver(sent.update_id);
    setup.settle(&setup.ada).await;
    assert!(setup.telegram.handed_out(sent.update_id).await.len() >= 2, "it was handed out again");
    setup.said_once(setup.ada.id, "= 21");
}

#[tokio::test]
async fn numbers_may_begin_anew_and_come_in_any_order() {
    let setup = Setup::start().await;
    setup.telegram.next_update_id(40);
    setup.ask(&setup.ada, "what is 100+1", "= 101").await;
    setup.telegram.next_update_id(7);
    setup.ask(&setup.ada, "what is 100+2", "= 102").await;
    // One batch, the newest first.
    let held = setup.telegram.hold("getUpdates");
    let wake = setup.telegram.write(&setup.ada, "what is 100+3");
    setup.telegram.wait_text(setup.ada.id, "= 103").await;
    held.arrived(1).await;
    let drafts: Vec<_> =
        (4..=6).map(|n| setup.telegram.prepare(&setup.ada.says(&format!("what is 100+{n}")))).collect();
    for (_, update) in drafts.into_iter().rev() {
        setup.telegram.push_update(update);
    }
    held.release();
    setup.telegram.wait_text(setup.ada.id, "= 106").await;
    setup.settle(&setup.ada).await;
    setup.telegram.confirmed(wake.update_id).await;
    let said: Vec<_> = setup.with_text(setup.ada.id, "100+").into_iter().map(|said| said.text).collect();
    let results: Vec<_> = said.iter().map(|text| text.trim().rsplit(' ').next().unwrap()).collect();
    assert_eq!(results, ["101", "102", "103", "104", "105", "106"], "{said:#?}");
}

#[tokio::test]
async fn a_hundred_messages_in_twenty_chats_are_answered_in_their_order() {
    let setup = Setup::start().await;
    let members: Vec<_> = (0..4).map(|n| person(200 + n, &format!("Member {n}"))).collect();
    for member in &members {
        setup.admit(member, "member").await;
    }
    let groups: Vec<_> = (0..16).map(|n| group(-1_001_000_000_100 - n, &format!("Group {n}"))).collect();
    let before: Vec<usize> = members.iter().map(|member| setup.telegram.messages(member.id).len()).collect();
    for n in 0..5 {
        for member in &members {
            setup.telegram.write(member, &format!("what is 1000+{n}"));
        }
        for group in &groups {
            setup.telegram.send(&setup.ada.says(&to_bot(&format!("what is 1000+{n}"))).in_group(group));
        }
    }
    let private = members.iter().map(|member| member.id).zip(before);
    for (chat, before) in private.chain(groups.iter().map(|group| (group.id, 0))) {
        setup.telegram.wait_count(chat, before + 5).await;
        let said = setup.telegram.messages(chat).split_off(before);
        for (n, said) in said.iter().enumerate() {
            assert!(said.text.contains(&format!("= 100{n}")), "chat {chat}: {said:#?}");
        }
    }
    setup.settle(&setup.ada).await;
    let total: usize = groups.iter().map(|group| setup.telegram.messages(group.id).len()).sum();
    assert_eq!(total, 80, "each once");
}

#[tokio::test]
async fn a_slow_chat_does_not_hold_up_another() {
    let model = Model::start().await;
    model.then(Answer::paused_after("", "That was hard."));
    let setup = Setup::with_model(&model).await;
    let bea = person(201, "Bea");
    setup.admit(&bea, "member").await;
    setup.telegram.write(&setup.ada, "Please think about the meaning of everything");
    model.requested(1).await;
    setup.telegram.write(&setup.ada, "what is 300+1");
    setup.ask(&bea, "what is 300+2", "= 302").await;
    assert!(setup.with_text(setup.ada.id, "= 301").is_empty(), "a chat is answered in order");
    model.go_on();
    setup.telegram.wait_text(setup.ada.id, "= 301").await;
    let said = setup.telegram.messages(setup.ada.id);
    let at = |part: &str| said.iter().position(|said| said.text.contains(part)).unwrap();
    assert!(at("That was hard.") < at("= 301"), "{said:#?}");
}

#[tokio::test]
async fn a_message_that_is_changed_later_is_not_answered_again() {
    let setup = Setup::start().await;
    let sent = setup.telegram.write(&setup.ada, "what is 150+1");
    setup.telegram.wait_text(setup.ada.id, "= 151").await;
    setup.telegram.rewrite(&sent, "what is 150+2");
    setup.settle(&setup.ada).await;
    setup.said_once(setup.ada.id, "= 151");
    assert!(setup.with_text(setup.ada.id, "= 152").is_empty());
}

#[tokio::test]
async fn a_poll_that_never_ends_is_given_up() {
    let setup = Setup::with(None, &[("SKILLET__TELEGRAM__POLL_TIMEOUT_S", "1")]).await;
    setup.settle(&setup.ada).await;
    let polls = setup.telegram.calls("getUpdates");
    assert_eq!(polls.last().unwrap().field("timeout"), 1);
    setup.telegram.failing("getUpdates").with(Fault::Hang);
    setup.telegram.wait_calls("getUpdates", polls.len() + 2).await;
    setup.ask(&setup.ada, "what is 160+1", "= 161").await;
}

#[tokio::test]
async fn what_is_no_message_is_passed_over() {
    let setup = Setup::start().await;
    let (sent, update) = setup.telegram.prepare(&setup.ada.says("x"));
    let message = |more: serde_json::Value| {
        let mut message = update["message"].clone();
        let fields = message.as_object_mut().unwrap();
        fields.remove("text");
        fields.extend(more.as_object().unwrap().clone());
        json!({ "message": message })
    };
    let odd = [
        message(json!({ "new_chat_title": "Another" })),
        message(json!({ "dice": { "emoji": "🎲", "value": 3 } })),
        message(json!({ "from": null, "sender_chat": { "id": -5, "type": "channel", "title": "News" }, "text": "hi" })),
        message(json!({ "of_the_year_3000": { "anything": [1, 2] } })),
        json!({ "message": { "message_id": "not a number" } }),
    ];
    let odd: Vec<_> = odd.into_iter().map(|update| setup.telegram.push_update(update)).collect();
    setup.settle(&setup.ada).await;
    for id in odd {
        setup.telegram.confirmed(id).await;
    }
    assert!(sent.message_id > 0);
    assert!(!setup.host.log().contains("panicked"), "{}", setup.host.log());
}

#[tokio::test]
async fn the_host_says_how_the_bot_is() {
    let mut without = Host::start(Options::default()).await;
    without.token("admin").await;
    assert_eq!(bot(&without).await["state"], "off");

    let mut telegram = Telegram::start().await;
    telegram.down().await;
    let host = host(&telegram, None, &[]).await;
    bot_is(&host, "unreachable").await;
    // What was written while nobody could listen is heard afterwards.
    telegram.write(&person(210, "Eve"), "hello");
    telegram.up().await;
    telegram.wait_count(210, 1).await;
    let state = bot_is(&host, "polling").await;
    assert_eq!(state["bot"], "skillet_test_bot");
    telegram.failing("getUpdates").always().with(Fault::conflict());
    telegram.write(&person(211, "Eva"), "hello");
    let state = bot_is(&host, "conflict").await;
    assert!(!state["detail"].as_str().unwrap().is_empty(), "{state:#} for {CONFLICT}");
    telegram.lift_faults();
    telegram.wait_count(211, 1).await;
    bot_is(&host, "polling").await;
    telegram.failing("getUpdates").with(Fault::retry_after(30));
    telegram.write(&person(212, "Evi"), "hello");
    bot_is(&host, "limited").await;
}

#[tokio::test]
async fn a_wrong_token_stops_nothing_else() {
    let telegram = Telegram::start().await;
    telegram.revoke();
    let host = host(&telegram, None, &[]).await;
    let state = bot_is(&host, "unauthorized").await;
    assert!(state["bot"].is_null(), "{state:#}");
    assert!(host.chat("ada", "what is 6*7", None).await["reply"].as_str().unwrap().contains("42"));
    assert!(!host.log().contains(crate::harness::telegram::TOKEN), "the token is in the log");
}

#[tokio::test]
async fn a_poll_does_not_hold_up_the_stop() {
    let mut setup = Setup::start().await;
    setup.settle(&setup.ada).await;
    let began = std::time::Instant::now();
    assert!(setup.host.terminate().await.success());
    assert!(began.elapsed().as_secs_f64() < 3.0, "{:?}", began.elapsed());
    // Nobody polls now, and what is written waits.
    setup.telegram.write(&setup.ada, "what is 400+1");
    setup.host.restart().await;
    setup.telegram.wait_text(setup.ada.id, "= 401").await;
}

#[tokio::test]
async fn a_crowd_in_one_chat_does_not_hold_up_another() {
    let setup = Setup::start().await;
    let bea = person(220, "Bea");
    setup.admit(&bea, "member").await;
    let held = setup.telegram.hold("getFile");
    setup.telegram.send(&bea.sends(Media::document("a.txt", "text/plain", b"text")));
    held.arrived(1).await;
    // More than one look at what waits can hold.
    for _ in 0..250 {
        setup.telegram.write(&bea, "/help");
    }
    setup.ask(&setup.ada, "what is 600+61", "= 661").await;
    assert!(setup.with_text(bea.id, "/new").is_empty(), "hers waits in its order");
    held.release();
    setup.telegram.wait_text(bea.id, "/new").await;
}

#[tokio::test]
async fn an_update_that_breaks_its_worker_is_passed_over() {
    let setup = Setup::start().await;
    let team = group(-1_001_000_000_220, "Team");
    setup.telegram.send(&setup.ada.says(&to_bot("what is 600+70")).in_group(&team));
    setup.telegram.wait_text(team.id, "= 670").await;
    let (_, mut update) = setup.telegram.prepare(&setup.ada.says("😀 hello").in_group(&team));
    for (offset, length) in [(1, 3), (500, 9)] {
        update["message"]["entities"] = json!([{ "type": "mention", "offset": offset, "length": length }]);
        update.as_object_mut().unwrap().remove("update_id");
        let id = setup.telegram.push_update(update.clone());
        setup.telegram.confirmed(id).await;
    }
    setup.telegram.send(&setup.ada.says(&to_bot("what is 600+71")).in_group(&team));
    setup.telegram.wait_text(team.id, "= 671").await;
    assert!(setup.host.log().contains("is passed over"), "{}", setup.host.log());
}

#[tokio::test]
async fn a_bot_that_nobody_writes_to_is_known_to_work() {
    let telegram = Telegram::start().await;
    let host = host(&telegram, None, &[]).await;
    let began = std::time::Instant::now();
    bot_is(&host, "polling").await;
    // Well before the end of a poll that waits.
    assert!(began.elapsed().as_secs() < 30, "{:?}", began.elapsed());
    telegram.failing("getUpdates").with(Fault::conflict());
    telegram.write(&person(230, "Eve"), "hello");
    telegram.wait_count(230, 1).await;
    bot_is(&host, "polling").await;
}
