//! What skills ask of the owner.

use futures_util::future::join_all;
use serde_json::{Value, json};
use skillet::{
    ids::{ApprovalId, CallId, ConversationId, UserId},
    store::{ApprovalKind, ApprovalStatus, Db, Delivery, JobStatus, NewApproval, OutboxStatus},
};

use super::versions::stage;
use crate::harness::db::{TestDb, both};

both!(
    a_request_is_on_record,
    the_owner_is_asked_once_and_told_at_once,
    a_request_that_cannot_be_told_is_not_made,
    many_hosts_ask_once,
    a_removed_skill_asks_for_nothing,
    the_first_decision_holds,
    of_two_decisions_at_once_one_wins,
    a_yes_adds_a_word_to_what_was_granted,
    a_yes_to_a_whole_capability_grants_it,
    a_yes_never_takes_away,
    words_approved_at_once_are_all_granted,
    a_yes_to_a_call_makes_it_a_job,
    a_no_changes_nothing,
);

/// A request for a word of `http`, under a key of its own.
pub fn asking(db: &TestDb, skill: &str, user: UserId) -> NewApproval {
    let id = ApprovalId::new(&db.clock);
    NewApproval {
        id,
        key: format!("grant:{id}"),
        kind: ApprovalKind::Grant,
        skill_name: skill.into(),
        digest: "d1".into(),
        capability: Some("http".into()),
        word: Some("example.org".into()),
        input: None,
        call_id: None,
        turn_id: None,
        user_id: user,
        conversation_id: None,
    }
}

/// A call that waits, in a conversation.
async fn waiting_call(db: &TestDb, user: UserId) -> NewApproval {
    NewApproval {
        kind: ApprovalKind::Call,
        capability: None,
        word: None,
        input: Some(json!({ "text": "你好" })),
        call_id: Some(CallId::new(&db.clock)),
        turn_id: Some(db.waiting_turn(user).await),
        conversation_id: Some(db.talk(user).await),
        ..asking(db, "echo", user)
    }
}

async fn installed(db: &TestDb) -> UserId {
    stage(db, db, "echo", "d1", b"one").await;
    assert!(db.activate_version(&db.clock, "echo", "d1").await.unwrap());
    db.person("ada").await
}

async fn ask(db: &TestDb, new: &NewApproval) -> ApprovalId {
    db.ask_approval(&db.clock, new, None).await.unwrap().unwrap()
}

/// Asks for a word and gets it.
async fn granted(db: &TestDb, user: UserId, capability: &str, word: Option<&str>) {
    let new =
        NewApproval { capability: Some(capability.into()), word: word.map(str::to_owned), ..asking(db, "echo", user) };
    let id = ask(db, &new).await;
    assert!(db.decide_approval(&db.clock, id, true, "ada").await.unwrap().is_some());
}

/// Capability and scope of what "echo" was granted.
async fn grants(db: &TestDb) -> Vec<(String, Value)> {
    let grants = db.grants("echo").await.unwrap();
    grants.into_iter().map(|grant| (grant.capability, grant.scope.0)).collect()
}

/// What the owner is told, in their chat on Telegram.
async fn notice(db: &TestDb, user: UserId, key: &str) -> Delivery {
    db.link_telegram(user, Some(7)).await.unwrap();
    Delivery {
        key: key.into(),
        conversation: db.chat_with(user, 7).await.conversation_id,
        text: "echo asks for http (example.org).".into(),
        meta: json!({ "approval": true }),
        buttons: Vec::new(),
        locale: "en".into(),
    }
}

async fn a_request_is_on_record(db: TestDb) {
    let ada = installed(&db).await;
    let (grant, call) = (asking(&db, "echo", ada), waiting_call(&db, ada).await);
    let then = db.clock.now();
    assert_eq!(ask(&db, &grant).await, grant.id);
    db.tick();
    ask(&db, &call).await;

    let found = db.approval(grant.id).await.unwrap().unwrap();
    assert_eq!((found.id, found.key, found.kind), (grant.id, grant.key, ApprovalKind::Grant));
    assert_eq!((found.skill_name.as_str(), found.digest.as_str()), ("echo", "d1"));
    assert_eq!((found.capability.as_deref(), found.word.as_deref()), (Some("http"), Some("example.org")));
    assert!(found.input.is_none() && found.call_id.is_none() && found.turn_id.is_none());
    assert_eq!((found.status, found.decided_by, found.decided_at), (ApprovalStatus::Pending, None, None));
    assert_eq!((found.user_id, found.created_at), (ada, then));

    let newest = db.approvals(1).await.unwrap().remove(0);
    assert_eq!((newest.id, newest.kind, newest.capability), (call.id, ApprovalKind::Call, None));
    assert_eq!(newest.input.unwrap().0, json!({ "text": "你好" }));
    assert_eq!(
        (newest.call_id, newest.turn_id, newest.conversation_id),
        (call.call_id, call.turn_id, call.conversation_id)
    );
    assert_eq!(db.approvals(10).await.unwrap().len(), 2);
    assert_eq!(db.pending_approvals().await.unwrap(), 2);
    assert_eq!(db.pending_approvals_of("echo").await.unwrap(), 2);
    assert_eq!(db.pending_approvals_of("add").await.unwrap(), 0);
    assert!(db.approval(ApprovalId::new(&db.clock)).await.unwrap().is_none());
}

async fn the_owner_is_asked_once_and_told_at_once(db: TestDb) {
    let ada = installed(&db).await;
    let new = NewApproval { key: "http example.org".into(), ..asking(&db, "echo", ada) };
    let said = notice(&db, ada, "approval:1").await;
    assert_eq!(db.ask_approval(&db.clock, &new, Some(&said)).await.unwrap(), Some(new.id));
    let out = db.outgoing(10).await.unwrap();
    assert_eq!((out.len(), out[0].chat_id), (1, 7));
    let message = db.messages(said.conversation, 10).await.unwrap().remove(0);
    assert_eq!((message.role.as_str(), message.content, message.meta.0), ("assistant", said.text, said.meta));

    let again = NewApproval { key: new.key, ..asking(&db, "echo", ada) };
    let said = notice(&db, ada, "approval:2").await;
    assert_eq!(db.ask_approval(&db.clock, &again, Some(&said)).await.unwrap(), None);
    assert_eq!(db.delivery_status("approval:2").await.unwrap(), None);
    db.decide_approval(&db.clock, new.id, false, "ada").await.unwrap().unwrap();
    assert_eq!(db.ask_approval(&db.clock, &again, Some(&said)).await.unwrap(), None, "no means no");
    assert_eq!(db.messages(said.conversation, 10).await.unwrap().len(), 1);

    let on_the_web = Delivery { conversation: db.talk(ada).await, ..notice(&db, ada, "approval:3").await };
    let other = asking(&db, "echo", ada);
    assert!(db.ask_approval(&db.clock, &other, Some(&on_the_web)).await.unwrap().is_some());
    assert_eq!(db.delivery_status("approval:3").await.unwrap(), Some(OutboxStatus::Sent));
}

async fn a_request_that_cannot_be_told_is_not_made(db: TestDb) {
    let ada = installed(&db).await;
    let new = asking(&db, "echo", ada);
    let nowhere = Delivery { conversation: ConversationId::new(&db.clock), ..notice(&db, ada, "approval:1").await };
    db.ask_approval(&db.clock, &new, Some(&nowhere)).await.unwrap_err();
    assert!(db.approvals(10).await.unwrap().is_empty());
    assert_eq!(db.ask_approval(&db.clock, &new, None).await.unwrap(), Some(new.id), "it was not asked");
}

async fn many_hosts_ask_once(db: TestDb) {
    let (ada, other) = (installed(&db).await, db.another().await);
    let hosts: [&Db; 2] = [&db, &other];
    let said = notice(&db, ada, "approval:1").await;
    let new: Vec<NewApproval> = (0..6).map(|_| NewApproval { key: "one".into(), ..asking(&db, "echo", ada) }).collect();
    let asked =
        join_all(new.iter().enumerate().map(|(n, new)| hosts[n % 2].ask_approval(&db.clock, new, Some(&said)))).await;
    assert_eq!(asked.into_iter().filter_map(Result::unwrap).count(), 1);
    assert_eq!(db.pending_approvals().await.unwrap(), 1);
    assert_eq!(db.outgoing(10).await.unwrap().len(), 1);
}

async fn a_removed_skill_asks_for_nothing(db: TestDb) {
    let ada = installed(&db).await;
    assert!(db.set_skill_status(&db.clock, "echo", "removed").await.unwrap());
    for skill in ["echo", "none"] {
        assert_eq!(db.ask_approval(&db.clock, &asking(&db, skill, ada), None).await.unwrap(), None);
    }
    assert!(db.approvals(10).await.unwrap().is_empty());
}

async fn the_first_decision_holds(db: TestDb) {
    let ada = installed(&db).await;
    let (yes, no) = (ask(&db, &asking(&db, "echo", ada)).await, ask(&db, &asking(&db, "echo", ada)).await);
    let now = db.tick();
    let decided = db.decide_approval(&db.clock, yes, true, "ada").await.unwrap().unwrap();
    assert_eq!((decided.id, decided.status), (yes, ApprovalStatus::Approved));
    assert_eq!((decided.decided_by.as_deref(), decided.decided_at), (Some("ada"), Some(now)));
    let decided = db.decide_approval(&db.clock, no, false, "bo").await.unwrap().unwrap();
    assert_eq!((decided.status, decided.decided_by.as_deref()), (ApprovalStatus::Denied, Some("bo")));
    assert_eq!(db.pending_approvals().await.unwrap(), 0);

    db.tick();
    assert!(db.decide_approval(&db.clock, yes, false, "bo").await.unwrap().is_none());
    assert!(db.decide_approval(&db.clock, no, true, "ada").await.unwrap().is_none());
    assert!(db.decide_approval(&db.clock, ApprovalId::new(&db.clock), true, "ada").await.unwrap().is_none());
    let kept = db.approval(yes).await.unwrap().unwrap();
    assert_eq!(
        (kept.status, kept.decided_by.as_deref(), kept.decided_at),
        (ApprovalStatus::Approved, Some("ada"), Some(now))
    );
}

/// The owner presses the button on Telegram and on the page.
async fn of_two_decisions_at_once_one_wins(db: TestDb) {
    let (ada, other) = (installed(&db).await, db.another().await);
    let hosts: [&Db; 2] = [&db, &other];
    for round in 0..5 {
        let id = ask(&db, &waiting_call(&db, ada).await).await;
        let decided = join_all((0..6).map(|n| hosts[n % 2].decide_approval(&db.clock, id, n < 3, "ada"))).await;
        let decided: Vec<ApprovalStatus> =
            decided.into_iter().filter_map(Result::unwrap).map(|decided| decided.status).collect();
        assert_eq!(decided, [db.approval(id).await.unwrap().unwrap().status], "round {round}");
        let jobs = db.jobs(Some(JobStatus::Queued), 10).await.unwrap();
        let of_this = format!("approval:{id}");
        let made = jobs.iter().filter(|job| job.idempotency_key.as_deref() == Some(&of_this)).count();
        assert_eq!(made, usize::from(decided[0] == ApprovalStatus::Approved));
    }
}

async fn a_yes_adds_a_word_to_what_was_granted(db: TestDb) {
    let ada = installed(&db).await;
    let before = db.skills_revision().await.unwrap();
    granted(&db, ada, "http", Some("example.org")).await;
    assert_eq!(grants(&db).await, [("http".into(), json!(["example.org"]))]);
    let now = db.tick();
    granted(&db, ada, "http", Some("*.例え.jp")).await;
    granted(&db, ada, "http", Some("example.org")).await;
    assert_eq!(grants(&db).await, [("http".into(), json!(["example.org", "*.例え.jp"]))], "a word is there once");
    assert_eq!(db.skills_revision().await.unwrap(), before + 3);
    let row = db.grants("echo").await.unwrap().remove(0);
    assert_eq!((row.granted_by.as_str(), row.granted_at), ("ada", now));

    granted(&db, ada, "memory", Some("read")).await;
    assert_eq!(grants(&db).await.len(), 2, "another capability is another grant");
}

async fn a_yes_to_a_whole_capability_grants_it(db: TestDb) {
    let ada = installed(&db).await;
    granted(&db, ada, "kv", None).await;
    granted(&db, ada, "kv", None).await;
    assert_eq!(grants(&db).await, [("kv".into(), json!(true))]);
    granted(&db, ada, "http", Some("example.org")).await;
    granted(&db, ada, "http", None).await;
    assert_eq!(grants(&db).await[0], ("http".into(), json!(true)));
}

async fn a_yes_never_takes_away(db: TestDb) {
    let ada = installed(&db).await;
    let before = [("kv".to_owned(), json!(true)), ("llm".to_owned(), json!("small"))];
    db.set_grants(&db.clock, "echo", &before, "owner").await.unwrap();
    granted(&db, ada, "kv", Some("word")).await;
    granted(&db, ada, "llm", Some("small")).await;
    assert_eq!(grants(&db).await, before);
    granted(&db, ada, "llm", Some("large")).await;
    assert_eq!(grants(&db).await[1], ("llm".into(), json!(["small", "large"])));
}

async fn words_approved_at_once_are_all_granted(db: TestDb) {
    let (ada, other) = (installed(&db).await, db.another().await);
    let hosts: [&Db; 2] = [&db, &other];
    let mut asked = Vec::new();
    for n in 0..8 {
        asked.push(ask(&db, &NewApproval { word: Some(format!("host {n}")), ..asking(&db, "echo", ada) }).await);
    }
    let decided =
        join_all(asked.iter().enumerate().map(|(n, id)| hosts[n % 2].decide_approval(&db.clock, *id, true, "ada")))
            .await;
    assert!(decided.into_iter().all(|decided| decided.unwrap().is_some()));
    let mut words: Vec<String> = serde_json::from_value(grants(&db).await.remove(0).1).unwrap();
    words.sort();
    assert_eq!(words, (0..8).map(|n| format!("host {n}")).collect::<Vec<_>>());
}

async fn a_yes_to_a_call_makes_it_a_job(db: TestDb) {
    let ada = installed(&db).await;
    let new = waiting_call(&db, ada).await;
    let id = ask(&db, &new).await;
    let before = db.skills_revision().await.unwrap();
    let now = db.tick();
    db.decide_approval(&db.clock, id, true, "ada").await.unwrap().unwrap();
    let job = db.jobs(Some(JobStatus::Queued), 10).await.unwrap().remove(0);
    assert_eq!((job.kind.as_str(), job.created_by.as_str(), job.run_at), ("skill_call", "owner", now));
    assert_eq!(job.payload.0, json!({ "skill": "echo", "input": { "text": "你好" }, "approval": id }));
    assert_eq!((job.user_id, job.conversation_id), (Some(ada), new.conversation_id));
    assert_eq!(job.idempotency_key, Some(format!("approval:{id}")));
    assert!(grants(&db).await.is_empty());
    assert_eq!(db.skills_revision().await.unwrap(), before, "nothing changed for the skill");
}

async fn a_no_changes_nothing(db: TestDb) {
    let ada = installed(&db).await;
    let before = db.skills_revision().await.unwrap();
    for new in [asking(&db, "echo", ada), waiting_call(&db, ada).await] {
        let id = ask(&db, &new).await;
        db.decide_approval(&db.clock, id, false, "ada").await.unwrap().unwrap();
    }
    assert!(grants(&db).await.is_empty());
    assert!(db.jobs(Some(JobStatus::Queued), 10).await.unwrap().is_empty());
    assert_eq!(db.skills_revision().await.unwrap(), before);
}
