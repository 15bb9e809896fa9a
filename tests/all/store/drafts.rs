//! Replies that grow while their turns run.

use skillet::{
    ids::HostId,
    store::{ChatAddress, Turn},
};

use super::outbox::{next, parts, say, take};
use crate::harness::db::{TestDb, both, ending, incoming};

both!(
    a_reply_is_drafted_while_its_turn_runs,
    a_draft_that_may_have_arrived_is_remembered,
    a_draft_in_flight_is_in_doubt_when_its_turn_has_ended_too,
);

/// Accepts a message from a topic of a Telegram chat and leases its turn.
pub async fn running(db: &TestDb, host: HostId, chat_id: i64) -> Turn {
    let ada = db.person("ada").await;
    let chat = db.chat_with(ada, chat_id).await;
    let mut message = incoming(ada, chat.conversation_id, &HostId::new(&db.clock).to_string(), "hello");
    message.reply = Some((ChatAddress { chat_id, thread_id: 3 }, Some(44)));
    let turn = db.accept(&db.clock, &message).await.unwrap().turn();
    db.lease_this_turn(&db.clock, host, turn).await.unwrap().unwrap()
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
    db.draft_sent(turn.id, Some(56)).await.unwrap();
    assert_eq!(db.begin_draft(turn.id).await.unwrap().unwrap().parts.0, [55], "the first that is known stays");
    assert_eq!(parts(&db).await[0], "draft [55] none", "an edit is done twice without harm");

    assert!(db.end_turn(&db.clock, &turn, host, &ending("你好")).await.unwrap());
    assert!(db.drafts().await.unwrap().is_empty());
    assert!(db.begin_draft(turn.id).await.unwrap().is_none());
    assert_eq!(next(&db).await.len(), 1, "the reminder waits for the reply now");
    let reply = take(&db, host, &format!("turn:{}", turn.id)).await;
    assert_eq!((reply.text.as_str(), reply.parts.0.as_slice(), reply.reply_to), ("你好", [55].as_slice(), Some(44)));
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
    let unsure = take(&db, host, &format!("turn:{}", unsure.id)).await;
    assert!(unsure.interrupted && unsure.parts.0.is_empty());
    let late = take(&db, host, &format!("turn:{}", late.id)).await;
    assert!(!late.interrupted, "it arrived while the turn ended");
    assert_eq!(late.parts.0, [55]);
}

/// The process ends while a draft is sent, and the turn ends elsewhere before anybody polls again.
async fn a_draft_in_flight_is_in_doubt_when_its_turn_has_ended_too(db: TestDb) {
    let host = db.host();
    let turn = running(&db, host, 7).await;
    assert!(db.begin_draft(turn.id).await.unwrap().is_some());
    assert!(db.end_turn(&db.clock, &turn, host, &ending("hi")).await.unwrap());
    assert_eq!(parts(&db).await, ["pending [] 0"]);
    assert_eq!(db.recover_outbox().await.unwrap(), 1);
    assert!(take(&db, host, &format!("turn:{}", turn.id)).await.interrupted);
}
