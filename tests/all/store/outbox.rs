//! The outbox: what is said goes out in order, and nobody says it twice unknowingly.

use chrono::Duration;
use serde_json::json;
use skillet::{
    ids::{HostId, OutboxId},
    store::{Button, ChatAddress, JobStatus, NextOut, Notice, OutboxStatus, Outgoing},
};

use super::{deliveries::delivery, drafts::running};
use crate::harness::db::{TestDb, both, notice};

both!(
    a_notice_is_said_once,
    a_chat_gets_its_messages_in_order,
    a_message_is_sent_in_parts,
    only_who_took_a_message_up_says_what_became_of_it,
    a_message_that_is_put_off_is_a_job,
    only_a_part_in_flight_may_have_arrived,
    a_message_is_given_up_and_sent_by_hand,
    a_new_sender_takes_over_what_another_left,
    what_is_not_sent_is_listed,
);

pub async fn say(db: &TestDb, key: &str, chat_id: i64) {
    assert!(db.say(&db.clock, &notice(key, chat_id, key)).await.unwrap());
}

/// The keys of what is next to be sent.
pub async fn next(db: &TestDb) -> Vec<String> {
    db.outgoing(10).await.unwrap().into_iter().map(|row| row.key).collect()
}

async fn row(db: &TestDb, key: &str) -> NextOut {
    db.outgoing(10).await.unwrap().into_iter().find(|row| row.key == key).unwrap()
}

/// Takes a message up to send it.
pub async fn take(db: &TestDb, host: HostId, key: &str) -> Outgoing {
    let next = row(db, key).await;
    let row = db.begin_send(next.id, host).await.unwrap().unwrap();
    assert_eq!((&row.key, row.chat_id), (&next.key, next.chat_id));
    row
}

/// Begins to send a message. Without a part in flight: up to the moment before the next part.
async fn sending(db: &TestDb, host: HostId, key: &str, in_flight: Option<i64>) -> Outgoing {
    let row = take(db, host, key).await;
    if in_flight.is_none() && !row.interrupted {
        assert!(db.parts_sent(host, &row, &row.parts.0, None).await.unwrap());
    }
    row
}

/// Sends a message in one part.
pub async fn send(db: &TestDb, key: &str) {
    let host = db.host();
    let row = take(db, host, key).await;
    assert!(db.finish_send(&db.clock, host, &row, &[11]).await.unwrap());
}

async fn put_off(db: &TestDb, host: HostId, row: &Outgoing, unsure: bool) -> bool {
    let at = db.clock.now() + Duration::seconds(30);
    db.put_off_send(&db.clock, host, row, ("Telegram is away", unsure), at).await.unwrap()
}

/// Status, ids and part in flight of what is in the outbox.
pub async fn parts(db: &TestDb) -> Vec<String> {
    let statement = "SELECT status || ' ' || REPLACE(CAST(parts AS TEXT), ' ', '') || ' ' ||
        COALESCE(CAST(in_flight AS TEXT), 'none') FROM outbox ORDER BY id";
    db.rows(statement).await
}

/// Keys of what may have arrived unseen.
async fn in_doubt(db: &TestDb) -> Vec<String> {
    db.rows("SELECT key FROM outbox WHERE interrupted ORDER BY id").await
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
    assert_eq!(next(&db).await, ["help"]);
    let host = db.host();
    let out = take(&db, host, "help").await;
    assert_eq!((out.chat_id, out.thread_id, out.reply_to, out.text.as_str()), (-7, 3, None, "這樣"));
    assert_eq!((&out.buttons.0, out.locale.as_str()), (&first.buttons, "en"));
    assert_eq!((out.parts.0.as_slice(), out.interrupted, out.attempts), ([55].as_slice(), false, 1));
    assert!(db.finish_send(&db.clock, host, &out, &[55]).await.unwrap());
    assert!(
        db.rows("SELECT content FROM outbox WHERE content IS NOT NULL").await.is_empty(),
        "its words are forgotten"
    );
    assert!(!db.say(&db.clock, &notice("help", 8, "another")).await.unwrap(), "its key is not");
    say(&db, "more", 9).await;
    assert!(take(&db, host, "more").await.parts.0.is_empty());
}

async fn a_chat_gets_its_messages_in_order(db: TestDb) {
    let host = db.host();
    for (key, chat) in [("one", 7), ("two", 7), ("three", 8)] {
        say(&db, key, chat).await;
    }
    assert_eq!(next(&db).await, ["one", "three"]);
    assert_eq!(db.outgoing(1).await.unwrap().len(), 1);
    let one = sending(&db, host, "one", None).await;
    assert_eq!(next(&db).await, ["three"], "the second does not pass the first while it is sent,");
    assert!(put_off(&db, host, &one, false).await);
    assert_eq!(next(&db).await, ["three"], "nor while it waits");
    assert!(db.resend(one.id).await.unwrap());
    assert_eq!(next(&db).await, ["one", "three"]);
    send(&db, "one").await;
    assert_eq!(next(&db).await, ["two", "three"]);
    let two = sending(&db, host, "two", None).await;
    say(&db, "four", 7).await;
    assert!(db.fail_send(host, &two, "blocked").await.unwrap());
    assert_eq!(next(&db).await, ["three", "four"], "what was given up holds nothing up");
}

async fn a_message_is_sent_in_parts(db: TestDb) {
    say(&db, "one", 7).await;
    let (host, other) = (db.host(), db.host());
    let one = take(&db, host, "one").await;
    assert_eq!(parts(&db).await, ["sending [] 0"], "the first part is in flight");
    assert!(db.begin_send(one.id, other).await.unwrap().is_none(), "one sends it");
    assert!(db.begin_send(OutboxId::new(&db.clock), host).await.unwrap().is_none());
    assert!(db.parts_sent(host, &one, &[11], Some(1)).await.unwrap());
    assert_eq!(parts(&db).await, ["sending [11] 1"]);
    assert!(db.parts_sent(host, &one, &[11, 12], None).await.unwrap());
    assert_eq!(parts(&db).await, ["sending [11,12] none"]);
    assert!(db.finish_send(&db.clock, host, &one, &[11, 12]).await.unwrap());
    assert_eq!(db.delivery_status("one").await.unwrap(), Some(OutboxStatus::Sent));
    assert!(db.begin_send(one.id, host).await.unwrap().is_none(), "it has arrived");
    assert!(!db.resend(one.id).await.unwrap());
    assert!(!db.finish_send(&db.clock, host, &one, &[99]).await.unwrap());
    assert_eq!(parts(&db).await, ["sent [11,12] none"]);
    assert_eq!(db.rows("SELECT key FROM outbox WHERE sent_at IS NOT NULL AND locked_by IS NULL").await, ["one"]);
}

/// A sender that stood still for a while finds that another one sends its message, or that it took the
/// message up itself again: its own old hand writes nothing.
async fn only_who_took_a_message_up_says_what_became_of_it(db: TestDb) {
    say(&db, "one", 7).await;
    let (slow, quick) = (db.host(), db.host());
    let old = take(&db, slow, "one").await;
    let nothing = async |when: &str| {
        for host in [slow, quick] {
            let old = Outgoing { attempts: 1, ..old.clone() };
            assert!(!db.parts_sent(host, &old, &[99], Some(1)).await.unwrap(), "{when}");
            assert!(!db.finish_send(&db.clock, host, &old, &[99]).await.unwrap(), "{when}");
            assert!(!db.fail_send(host, &old, "late").await.unwrap(), "{when}");
            assert!(!put_off(&db, host, &old, true).await, "{when}");
        }
    };
    db.recover_outbox().await.unwrap();
    nothing("nobody sends it").await;
    let new = take(&db, quick, "one").await;
    assert_eq!((new.attempts, new.interrupted), (2, true));
    nothing("another one sends it").await;
    db.recover_outbox().await.unwrap();
    assert_eq!(take(&db, slow, "one").await.attempts, 3);
    nothing("the same one has begun anew").await;
    assert_eq!(parts(&db).await, ["sending [] 0"]);
    assert!(db.jobs(None, 10).await.unwrap().is_empty());
}

async fn a_message_that_is_put_off_is_a_job(db: TestDb) {
    let host = db.host();
    say(&db, "one", 7).await;
    for attempt in 1..=2 {
        let one = sending(&db, host, "one", Some(0)).await;
        assert_eq!(one.attempts, attempt);
        assert!(put_off(&db, host, &one, false).await);
        assert!(!put_off(&db, host, &one, false).await);
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
    let host = db.host();
    let cases = [("a", true, Some(0)), ("b", true, None), ("c", false, Some(0)), ("d", false, None)];
    for ((key, unsure, in_flight), chat) in cases.into_iter().zip(1..) {
        say(&db, key, chat).await;
        let sent = sending(&db, host, key, in_flight).await;
        assert!(put_off(&db, host, &sent, unsure).await);
        assert!(db.resend(sent.id).await.unwrap());
    }
    assert_eq!(in_doubt(&db).await, ["a"]);
    let again = sending(&db, host, "a", None).await;
    assert!(again.interrupted && put_off(&db, host, &again, false).await);
    assert!(db.resend(again.id).await.unwrap());
    assert_eq!(in_doubt(&db).await, ["a"], "a try that did not get that far takes no doubt away");
    let again = sending(&db, host, "a", Some(0)).await;
    assert!(db.parts_sent(host, &again, &[11], Some(1)).await.unwrap());
    assert!(put_off(&db, host, &again, false).await);
    assert!(db.resend(again.id).await.unwrap());
    let a = take(&db, host, "a").await;
    assert_eq!((a.interrupted, a.parts.0.as_slice(), a.attempts), (false, [11].as_slice(), 4));
}

async fn a_message_is_given_up_and_sent_by_hand(db: TestDb) {
    let host = db.host();
    say(&db, "one", 7).await;
    let one = row(&db, "one").await;
    assert!(!db.resend(one.id).await.unwrap());
    let taken = sending(&db, host, "one", Some(0)).await;
    assert!(!db.resend(one.id).await.unwrap());
    assert!(db.fail_send(host, &taken, "the bot was blocked").await.unwrap());
    assert_eq!(db.delivery_status("one").await.unwrap(), Some(OutboxStatus::Failed));
    assert!(db.outgoing(10).await.unwrap().is_empty());
    assert!(db.resend(one.id).await.unwrap());
    send(&db, "one").await;
    assert!(!db.resend(OutboxId::new(&db.clock)).await.unwrap());
}

async fn a_new_sender_takes_over_what_another_left(db: TestDb) {
    let host = db.host();
    for (key, chat) in [("waits", 1), ("between parts", 2), ("in flight", 3), ("put off", 4), ("arrived", 5)] {
        say(&db, key, chat).await;
    }
    sending(&db, host, "between parts", None).await;
    sending(&db, host, "in flight", Some(0)).await;
    let put = sending(&db, host, "put off", Some(0)).await;
    assert!(put_off(&db, host, &put, false).await);
    send(&db, "arrived").await;
    let (shown, hidden) = (running(&db, host, 6).await, running(&db, host, 8).await);
    assert!(db.begin_draft(shown.id).await.unwrap().is_some());

    assert_eq!(db.recover_outbox().await.unwrap(), 3);
    assert_eq!(db.recover_outbox().await.unwrap(), 0);
    assert_eq!(next(&db).await, ["waits", "between parts", "in flight"]);
    assert_eq!(in_doubt(&db).await, ["in flight".to_owned(), format!("turn:{}", shown.id)]);
    assert_eq!(db.delivery_status("put off").await.unwrap(), Some(OutboxStatus::Waiting));
    assert_eq!(db.delivery_status("arrived").await.unwrap(), Some(OutboxStatus::Sent));
    assert_eq!(db.drafts().await.unwrap(), [(shown.id, 6, 3), (hidden.id, 8, 3)], "a draft goes on being one");
    for (turn, interrupted) in [(shown, true), (hidden, false)] {
        assert_eq!(db.begin_draft(turn.id).await.unwrap().unwrap().interrupted, interrupted);
    }
}

async fn what_is_not_sent_is_listed(db: TestDb) {
    let (host, ada) = (db.host(), db.person("ada").await);
    db.link_telegram(ada, Some(7)).await.unwrap();
    assert_eq!(db.outbox_counts().await.unwrap(), (0, 0));
    for (key, chat) in [("pending", 1), ("sending", 2), ("waiting", 3), ("failed", 4), ("sent", 5)] {
        say(&db, key, chat).await;
    }
    sending(&db, host, "sending", None).await;
    let waiting = sending(&db, host, "waiting", None).await;
    assert!(put_off(&db, host, &waiting, false).await);
    let failed = sending(&db, host, "failed", None).await;
    assert!(db.fail_send(host, &failed, "the bot was blocked").await.unwrap());
    send(&db, "sent").await;
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
