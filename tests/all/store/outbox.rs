//! The outbox: what is said goes out in order, and nobody says it twice unknowingly.

use chrono::Duration;
use futures_util::future::join_all;
use serde_json::json;
use skillet::{
    ids::{ConversationId, HostId, OutboxId},
    store::{Button, ChatAddress, Db, Delivery, JobStatus, Notice, OutboxStatus, Outgoing, Turn},
};

use crate::harness::db::{TestDb, both, ending, incoming, new_chat, notice};

both!(
    a_notice_is_said_once,
    a_delivery_on_the_web_is_there_at_once,
    a_delivery_on_telegram_waits_to_be_sent,
    a_delivery_of_many_hosts_is_made_once,
    a_chat_gets_its_messages_in_order,
    a_message_is_sent_in_parts,
    a_message_that_is_put_off_is_a_job,
    only_a_part_in_flight_may_have_arrived,
    a_message_is_given_up_and_sent_by_hand,
    a_new_sender_takes_over_what_another_left,
    a_reply_is_drafted_while_its_turn_runs,
    a_draft_that_may_have_arrived_is_remembered,
    a_group_moves,
    what_is_not_sent_is_listed,
    a_person_is_reached_on_telegram_first,
);

fn delivery(key: &str, conversation: ConversationId, text: &str) -> Delivery {
    Delivery {
        key: key.into(),
        conversation,
        text: text.into(),
        meta: json!({ "reminder": true }),
        buttons: vec![vec![Button { label: "完成".into(), data: "done:1".into() }]],
        locale: "zh".into(),
    }
}

async fn say(db: &TestDb, key: &str, chat_id: i64) {
    assert!(db.say(&db.clock, &notice(key, chat_id, key)).await.unwrap());
}

/// The keys of what is next to be sent.
async fn next(db: &TestDb) -> Vec<String> {
    db.outgoing(10).await.unwrap().into_iter().map(|row| row.key).collect()
}

async fn row(db: &TestDb, key: &str) -> Outgoing {
    db.outgoing(10).await.unwrap().into_iter().find(|row| row.key == key).unwrap()
}

/// Begins to send a message. Without a part in flight: up to the moment before the next part.
async fn sending(db: &TestDb, key: &str, in_flight: Option<i64>) -> Outgoing {
    let row = row(db, key).await;
    let (parts, interrupted) = db.begin_send(row.id, db.host()).await.unwrap().unwrap();
    assert_eq!((&parts, interrupted), (&row.parts.0, row.interrupted));
    if in_flight.is_none() && !interrupted {
        db.parts_sent(row.id, &parts, None).await.unwrap();
    }
    row
}

async fn put_off(db: &TestDb, row: &Outgoing, unsure: bool) {
    let at = db.clock.now() + Duration::seconds(30);
    db.put_off_send(&db.clock, row, ("Telegram is away", unsure), at).await.unwrap();
}

/// Accepts a message from a topic of a Telegram chat and leases its turn.
async fn running(db: &TestDb, host: HostId, chat_id: i64) -> Turn {
    let ada = db.person("ada").await;
    let chat = db.chat_with(ada, chat_id).await;
    let mut message = incoming(ada, chat.conversation_id, &HostId::new(&db.clock).to_string(), "hello");
    message.reply = Some((ChatAddress { chat_id, thread_id: 3 }, Some(44)));
    let turn = db.accept(&db.clock, &message).await.unwrap().turn();
    db.lease_this_turn(&db.clock, host, turn).await.unwrap().unwrap()
}

async fn a_notice_is_said_once(db: TestDb) {
    let first = Notice {
        address: ChatAddress { chat_id: -7, thread_id: 3 },
        buttons: vec![vec![Button { label: "是".into(), data: "yes".into() }]],
        edits: Some(55),
        ..notice("help", -7, "這樣")
    };
    assert!(db.say(&db.clock, &first).await.unwrap());
    assert!(!db.say(&db.clock, &notice("help", 8, "another")).await.unwrap());
    let out = db.outgoing(10).await.unwrap();
    assert_eq!(out.len(), 1);
    assert_eq!((out[0].chat_id, out[0].thread_id, out[0].reply_to, out[0].text.as_str()), (-7, 3, None, "這樣"));
    assert_eq!((&out[0].buttons.0, out[0].locale.as_str()), (&first.buttons, "en"));
    assert_eq!((out[0].parts.0.as_slice(), out[0].interrupted, out[0].attempts), ([55].as_slice(), false, 0));
    say(&db, "more", 9).await;
    assert!(row(&db, "more").await.parts.0.is_empty());
}

async fn a_delivery_on_the_web_is_there_at_once(db: TestDb) {
    let ada = db.person("ada").await;
    let talk = db.talk(ada).await;
    let now = db.tick();
    assert_eq!(db.delivery_status("remind:1").await.unwrap(), None);
    let message = db.deliver(&db.clock, &delivery("remind:1", talk, "喝水")).await.unwrap().unwrap();
    assert_eq!(db.delivery_status("remind:1").await.unwrap(), Some(OutboxStatus::Sent));
    assert!(db.outgoing(10).await.unwrap().is_empty());
    assert!(db.unsent(10).await.unwrap().is_empty());

    db.tick();
    assert_eq!(db.deliver(&db.clock, &delivery("remind:1", talk, "again")).await.unwrap(), None);
    let messages = db.messages(talk, 10).await.unwrap();
    assert_eq!(messages.len(), 1);
    assert_eq!((messages[0].id, messages[0].turn_id, messages[0].created_at), (message, None, now));
    assert_eq!((messages[0].role.as_str(), messages[0].content.as_str()), ("assistant", "喝水"));
    assert_eq!(messages[0].meta.0, json!({ "reminder": true }));
    assert_eq!(db.conversation(talk).await.unwrap().unwrap().updated_at, now);

    let nowhere = delivery("remind:2", ConversationId::new(&db.clock), "x");
    db.deliver(&db.clock, &nowhere).await.unwrap_err();
    assert_eq!(db.delivery_status("remind:2").await.unwrap(), None);
}

async fn a_delivery_on_telegram_waits_to_be_sent(db: TestDb) {
    let group = db.person("a group").await;
    let topic = db.chat_at(&db.clock, &new_chat(group, -7, 3)).await.unwrap();
    let remind = delivery("remind:1", topic.conversation_id, "喝水");
    assert!(db.deliver(&db.clock, &remind).await.unwrap().is_some());
    assert_eq!(db.deliver(&db.clock, &remind).await.unwrap(), None);
    assert_eq!(db.delivery_status("remind:1").await.unwrap(), Some(OutboxStatus::Pending));
    let out = db.outgoing(10).await.unwrap();
    assert_eq!(out.len(), 1);
    assert_eq!((out[0].chat_id, out[0].thread_id, out[0].reply_to), (-7, 3, None));
    assert_eq!((out[0].text.as_str(), &out[0].buttons.0, out[0].locale.as_str()), ("喝水", &remind.buttons, "zh"));
    assert_eq!(db.messages(topic.conversation_id, 10).await.unwrap().len(), 1);
}

async fn a_delivery_of_many_hosts_is_made_once(db: TestDb) {
    let (ada, other) = (db.person("ada").await, db.another().await);
    let hosts: [&Db; 2] = [&db, &other];
    let remind = delivery("remind:1", db.chat_with(ada, 7).await.conversation_id, "喝水");
    let made = join_all((0..6).map(|n| hosts[n % 2].deliver(&db.clock, &remind))).await;
    assert_eq!(made.into_iter().filter_map(Result::unwrap).count(), 1);
    assert_eq!(db.messages(remind.conversation, 10).await.unwrap().len(), 1);
    assert_eq!(next(&db).await, ["remind:1"]);
}

async fn a_chat_gets_its_messages_in_order(db: TestDb) {
    for (key, chat) in [("one", 7), ("two", 7), ("three", 8)] {
        say(&db, key, chat).await;
    }
    assert_eq!(next(&db).await, ["one", "three"]);
    assert_eq!(db.outgoing(1).await.unwrap().len(), 1);
    let one = sending(&db, "one", None).await;
    assert_eq!(next(&db).await, ["three"], "the second does not pass the first while it is sent,");
    put_off(&db, &one, false).await;
    assert_eq!(next(&db).await, ["three"], "nor while it waits");
    assert!(db.resend(one.id).await.unwrap());
    assert_eq!(next(&db).await, ["one", "three"]);
    sending(&db, "one", None).await;
    db.finish_send(&db.clock, one.id, &[11]).await.unwrap();
    assert_eq!(next(&db).await, ["two", "three"]);
    let two = sending(&db, "two", None).await;
    say(&db, "four", 7).await;
    db.fail_send(two.id, "blocked").await.unwrap();
    assert_eq!(next(&db).await, ["three", "four"], "what was given up holds nothing up");
}

async fn a_message_is_sent_in_parts(db: TestDb) {
    say(&db, "one", 7).await;
    let one = row(&db, "one").await;
    let (host, other) = (db.host(), db.host());
    assert_eq!(db.begin_send(one.id, host).await.unwrap(), Some((vec![], false)));
    assert_eq!(parts(&db).await, ["sending [] 0"], "the first part is in flight");
    assert_eq!(db.begin_send(one.id, other).await.unwrap(), None, "one sends it");
    assert_eq!(db.begin_send(OutboxId::new(&db.clock), host).await.unwrap(), None);
    db.parts_sent(one.id, &[11], Some(1)).await.unwrap();
    assert_eq!(parts(&db).await, ["sending [11] 1"]);
    db.parts_sent(one.id, &[11, 12], None).await.unwrap();
    assert_eq!(parts(&db).await, ["sending [11,12] none"]);
    db.finish_send(&db.clock, one.id, &[11, 12]).await.unwrap();
    assert_eq!(db.delivery_status("one").await.unwrap(), Some(OutboxStatus::Sent));
    assert_eq!(db.begin_send(one.id, host).await.unwrap(), None, "it has arrived");
    assert!(!db.resend(one.id).await.unwrap());

    db.parts_sent(one.id, &[99], Some(1)).await.unwrap();
    db.fail_send(one.id, "late").await.unwrap();
    put_off(&db, &one, true).await;
    assert_eq!(parts(&db).await, ["sent [11,12] none"], "who comes late changes nothing");
    assert!(db.jobs(None, 10).await.unwrap().is_empty());
    assert_eq!(db.rows("SELECT key FROM outbox WHERE sent_at IS NOT NULL AND locked_by IS NULL").await, ["one"]);
}

/// Status, ids and part in flight of what is in the outbox.
async fn parts(db: &TestDb) -> Vec<String> {
    let statement = "SELECT status || ' ' || REPLACE(CAST(parts AS TEXT), ' ', '') || ' ' ||
        COALESCE(CAST(in_flight AS TEXT), 'none') FROM outbox ORDER BY id";
    db.rows(statement).await
}

async fn a_message_that_is_put_off_is_a_job(db: TestDb) {
    say(&db, "one", 7).await;
    put_off(&db, &row(&db, "one").await, false).await;
    assert!(db.jobs(None, 10).await.unwrap().is_empty(), "it was not being sent");
    for attempt in 1..=2 {
        let one = sending(&db, "one", Some(0)).await;
        assert_eq!(one.attempts, attempt - 1);
        put_off(&db, &one, false).await;
        put_off(&db, &one, false).await;
        assert_eq!(db.delivery_status("one").await.unwrap(), Some(OutboxStatus::Waiting));
        let jobs = db.jobs(Some(JobStatus::Queued), 10).await.unwrap();
        assert_eq!(i64::try_from(jobs.len()).unwrap(), attempt, "one for each attempt");
        assert_eq!((jobs[0].kind.as_str(), jobs[0].created_by.as_str()), ("retry_send", "outbox"));
        assert_eq!(jobs[0].run_at, db.clock.now() + Duration::seconds(30));
        assert_eq!(jobs[0].payload.0, json!({ "outbox": one.id }));
        assert!(db.resend(one.id).await.unwrap());
        assert!(!db.resend(one.id).await.unwrap(), "it is queued");
        db.tick();
    }
}

async fn only_a_part_in_flight_may_have_arrived(db: TestDb) {
    let cases = [("a", true, Some(0)), ("b", true, None), ("c", false, Some(0)), ("d", false, None)];
    for ((key, unsure, in_flight), chat) in cases.into_iter().zip(1..) {
        say(&db, key, chat).await;
        let sent = sending(&db, key, in_flight).await;
        put_off(&db, &sent, unsure).await;
        assert!(db.resend(sent.id).await.unwrap());
        assert_eq!(row(&db, key).await.interrupted, unsure && in_flight.is_some());
    }
    let again = sending(&db, "a", None).await;
    put_off(&db, &again, false).await;
    assert!(db.resend(again.id).await.unwrap());
    assert!(row(&db, "a").await.interrupted, "a try that did not get that far takes no doubt away");
    sending(&db, "a", Some(0)).await;
    db.parts_sent(again.id, &[11], Some(1)).await.unwrap();
    put_off(&db, &again, false).await;
    assert!(db.resend(again.id).await.unwrap());
    let a = row(&db, "a").await;
    assert_eq!((a.interrupted, a.parts.0.as_slice(), a.attempts), (false, [11].as_slice(), 3));
}

async fn a_message_is_given_up_and_sent_by_hand(db: TestDb) {
    say(&db, "one", 7).await;
    let one = row(&db, "one").await;
    db.fail_send(one.id, "too early").await.unwrap();
    assert_eq!(db.delivery_status("one").await.unwrap(), Some(OutboxStatus::Pending), "it is not being sent");
    assert!(!db.resend(one.id).await.unwrap());
    sending(&db, "one", Some(0)).await;
    assert!(!db.resend(one.id).await.unwrap());
    db.fail_send(one.id, "the bot was blocked").await.unwrap();
    assert_eq!(db.delivery_status("one").await.unwrap(), Some(OutboxStatus::Failed));
    assert!(db.outgoing(10).await.unwrap().is_empty());
    assert!(db.resend(one.id).await.unwrap());
    sending(&db, "one", None).await;
    db.finish_send(&db.clock, one.id, &[11]).await.unwrap();
    assert!(!db.resend(OutboxId::new(&db.clock)).await.unwrap());
}

async fn a_new_sender_takes_over_what_another_left(db: TestDb) {
    let host = db.host();
    for (key, chat) in [("waits", 1), ("between parts", 2), ("in flight", 3), ("put off", 4), ("arrived", 5)] {
        say(&db, key, chat).await;
    }
    sending(&db, "between parts", None).await;
    sending(&db, "in flight", Some(0)).await;
    let put = sending(&db, "put off", Some(0)).await;
    put_off(&db, &put, false).await;
    let arrived = sending(&db, "arrived", Some(0)).await;
    db.finish_send(&db.clock, arrived.id, &[11]).await.unwrap();
    let (shown, hidden) = (running(&db, host, 6).await, running(&db, host, 8).await);
    assert!(db.begin_draft(shown.id).await.unwrap().is_some());

    assert_eq!(db.recover_outbox().await.unwrap(), 3);
    assert_eq!(db.recover_outbox().await.unwrap(), 0);
    assert_eq!(next(&db).await, ["waits", "between parts", "in flight"]);
    assert!(!row(&db, "waits").await.interrupted);
    assert!(!row(&db, "between parts").await.interrupted);
    assert!(row(&db, "in flight").await.interrupted);
    assert_eq!(db.delivery_status("put off").await.unwrap(), Some(OutboxStatus::Waiting));
    assert_eq!(db.delivery_status("arrived").await.unwrap(), Some(OutboxStatus::Sent));
    assert_eq!(db.drafts().await.unwrap(), [(shown.id, 6, 3), (hidden.id, 8, 3)], "a draft goes on being one");
    for (turn, interrupted) in [(shown, true), (hidden, false)] {
        assert_eq!(db.begin_draft(turn.id).await.unwrap().unwrap().interrupted, interrupted);
    }
}

async fn a_reply_is_drafted_while_its_turn_runs(db: TestDb) {
    let host = db.host();
    let turn = running(&db, host, 7).await;
    say(&db, "reminder", 7).await;
    assert_eq!(next(&db).await, ["reminder"], "a draft holds nothing up");
    assert_eq!(db.drafts().await.unwrap(), [(turn.id, 7, 3)]);
    let draft = db.begin_draft(turn.id).await.unwrap().unwrap();
    assert_eq!((draft.chat_id, draft.thread_id, draft.reply_to, draft.text.as_str()), (7, 3, Some(44), ""));
    assert_eq!((draft.key, draft.locale.as_str(), draft.attempts), (format!("turn:{}", turn.id), "en", 0));
    assert!(draft.parts.0.is_empty() && draft.buttons.0.is_empty() && !draft.interrupted);
    assert_eq!(parts(&db).await[0], "draft [] 0", "the first message is in flight");
    db.draft_sent(turn.id, None).await.unwrap();
    assert_eq!(parts(&db).await[0], "draft [] none", "it was refused");
    assert!(db.begin_draft(turn.id).await.unwrap().is_some());
    db.draft_sent(turn.id, Some(55)).await.unwrap();
    assert_eq!(db.begin_draft(turn.id).await.unwrap().unwrap().parts.0, [55]);
    assert_eq!(parts(&db).await[0], "draft [55] none", "an edit is done twice without harm");

    assert!(db.end_turn(&db.clock, &turn, host, &ending("你好")).await.unwrap());
    assert!(db.drafts().await.unwrap().is_empty());
    assert!(db.begin_draft(turn.id).await.unwrap().is_none());
    let reply = row(&db, &format!("turn:{}", turn.id)).await;
    assert_eq!((reply.text.as_str(), reply.parts.0.as_slice(), reply.reply_to), ("你好", [55].as_slice(), Some(44)));
    assert_eq!(next(&db).await.len(), 1, "the reminder waits for the reply now");
    assert!(db.begin_send(reply.id, host).await.unwrap().is_some());
    db.draft_sent(turn.id, Some(99)).await.unwrap();
    assert_eq!(parts(&db).await[0], "sending [55] none", "what is being sent is no draft");
}

async fn a_draft_that_may_have_arrived_is_remembered(db: TestDb) {
    let host = db.host();
    let unsure = running(&db, host, 7).await;
    let late = running(&db, host, 8).await;
    for turn in [&unsure, &late] {
        assert!(db.begin_draft(turn.id).await.unwrap().is_some());
    }
    db.draft_unsure(unsure.id).await.unwrap();
    assert_eq!(parts(&db).await, ["draft [] none", "draft [] 0"]);
    for turn in [&unsure, &late] {
        assert!(db.end_turn(&db.clock, turn, host, &ending("hi")).await.unwrap());
    }
    db.draft_sent(late.id, Some(55)).await.unwrap();
    let unsure = row(&db, &format!("turn:{}", unsure.id)).await;
    assert!(unsure.interrupted && unsure.parts.0.is_empty());
    let late = row(&db, &format!("turn:{}", late.id)).await;
    assert!(!late.interrupted, "it arrived while the turn ended");
    assert_eq!(late.parts.0, [55]);
}

async fn a_group_moves(db: TestDb) {
    let group = db.person("a group").await;
    db.link_telegram(group, Some(-7)).await.unwrap();
    let before = db.chat_with(group, -7).await;
    let topic = db.chat_at(&db.clock, &new_chat(group, -7, 3)).await.unwrap();
    for (key, chat) in [("sent", -7), ("waits", -7), ("elsewhere", 8)] {
        say(&db, key, chat).await;
    }
    let sent = sending(&db, "sent", None).await;
    db.finish_send(&db.clock, sent.id, &[11]).await.unwrap();

    db.move_chat(-7, -1007).await.unwrap();
    assert!(db.user_on_telegram(-7).await.unwrap().is_none());
    assert_eq!(db.user_on_telegram(-1007).await.unwrap().unwrap().id, group);
    assert!(db.chat(ChatAddress { chat_id: -7, thread_id: 0 }).await.unwrap().is_none());
    assert_eq!(db.chat_with(group, -1007).await.conversation_id, before.conversation_id, "the talk goes on");
    assert_eq!(db.chats().await.unwrap().len(), 2);
    assert_eq!((row(&db, "waits").await.chat_id, row(&db, "elsewhere").await.chat_id), (-1007, 8));
    let remind = delivery("remind", topic.conversation_id, "喝水");
    assert!(db.deliver(&db.clock, &remind).await.unwrap().is_some());
    let chats = db.rows("SELECT key || ' ' || CAST(chat_id AS TEXT) FROM outbox ORDER BY id").await;
    assert_eq!(chats, ["sent -7", "waits -1007", "elsewhere 8", "remind -1007"], "what was sent was sent there");
    db.move_chat(-7, -1007).await.unwrap();
    assert_eq!(db.user_on_telegram(-1007).await.unwrap().unwrap().id, group, "Telegram says it more than once");
}

async fn what_is_not_sent_is_listed(db: TestDb) {
    let (host, ada) = (db.host(), db.person("ada").await);
    assert_eq!(db.outbox_counts().await.unwrap(), (0, 0));
    for (key, chat) in [("pending", 1), ("sending", 2), ("waiting", 3), ("failed", 4), ("sent", 5)] {
        say(&db, key, chat).await;
    }
    sending(&db, "sending", None).await;
    let waiting = sending(&db, "waiting", None).await;
    put_off(&db, &waiting, false).await;
    let failed = sending(&db, "failed", None).await;
    db.fail_send(failed.id, "the bot was blocked").await.unwrap();
    let sent = sending(&db, "sent", None).await;
    db.finish_send(&db.clock, sent.id, &[11]).await.unwrap();
    running(&db, host, 6).await;
    db.answered_turn(ada).await;
    db.deliver(&db.clock, &delivery("remind", db.chat_with(ada, 7).await.conversation_id, "喝水")).await.unwrap();

    let unsent = db.unsent(10).await.unwrap();
    let texts: Vec<&str> = unsent.iter().map(|row| row.text.as_str()).collect();
    assert_eq!(texts, ["喝水", "failed", "waiting", "sending", "pending"], "the newest comes first");
    assert_eq!((unsent[1].id, unsent[1].chat_id, unsent[1].attempts), (failed.id, 4, 1));
    assert_eq!(
        (unsent[1].status, unsent[1].last_error.as_deref()),
        (OutboxStatus::Failed, Some("the bot was blocked"))
    );
    assert_eq!((unsent[2].status, unsent[2].last_error.as_deref()), (OutboxStatus::Waiting, Some("Telegram is away")));
    assert_eq!((unsent[4].status, unsent[4].created_at), (OutboxStatus::Pending, db.clock.now()));
    assert_eq!(db.unsent(2).await.unwrap().len(), 2);
    assert_eq!(db.outbox_counts().await.unwrap(), (4, 1));
}

async fn a_person_is_reached_on_telegram_first(db: TestDb) {
    let (ada, bo) = (db.person("ada").await, db.person("bo").await);
    assert_eq!(db.home_of(ada).await.unwrap(), None);
    let first = db.talk(ada).await;
    db.tick();
    let second = db.talk(ada).await;
    assert_eq!(db.home_of(ada).await.unwrap(), Some(second));
    db.tick();
    db.accept(&db.clock, &incoming(ada, first, "1", "again")).await.unwrap();
    assert_eq!(db.home_of(ada).await.unwrap(), Some(first), "the one that was used last");
    let chat = db.chat_with(ada, 7).await;
    db.tick();
    db.accept(&db.clock, &incoming(ada, second, "2", "again")).await.unwrap();
    assert_eq!(db.home_of(ada).await.unwrap(), Some(chat.conversation_id));
    let renewed = db.renew_chat(&db.clock, &new_chat(ada, 7, 0)).await.unwrap();
    db.accept(&db.clock, &incoming(ada, chat.conversation_id, "3", "on a page")).await.unwrap();
    assert_eq!(db.home_of(ada).await.unwrap(), Some(renewed.conversation_id), "what the chat is in now");
    assert_eq!(db.home_of(bo).await.unwrap(), None);
}
