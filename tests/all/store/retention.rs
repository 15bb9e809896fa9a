//! What is removed when it is old, and what stays.

use chrono::{DateTime, Duration, Utc};
use serde_json::json;
use skillet::{
    ids::{ApprovalId, CallId},
    store::{ApprovalKind, CallStart, JobStatus, NewApproval, NewJob, Old, RunEnd, Started},
};

use super::{
    approvals::asking,
    calls::{self, end, start},
    outbox::{say, send, take},
    versions::stage,
};
use crate::harness::db::{TestDb, both, incoming};

both!(
    calls_outside_of_turns_go_when_they_are_old,
    what_may_be_replayed_or_is_asked_for_stays,
    a_key_is_forgotten_with_its_call,
    decided_requests_go_unless_they_still_hold,
    what_was_sent_goes_and_what_was_not_stays,
    a_message_is_known_until_its_turn_has_ended,
    jobs_that_ran_go_with_their_runs,
    a_review_goes_once_a_later_version_answers,
    no_more_goes_at_once_than_is_asked,
);

/// Until everything of a kind is gone that is as old as the test's beginning.
async fn drop_old(db: &TestDb, old: Old, before: DateTime<Utc>) -> u64 {
    let gone = db.drop_old(old, before, 100).await.unwrap();
    assert_eq!(db.drop_old(old, before, 100).await.unwrap(), 0, "all at once");
    gone
}

async fn there(db: &TestDb, calls: &[CallId]) -> Vec<bool> {
    let mut there = Vec::new();
    for id in calls {
        there.push(db.call(*id).await.unwrap().is_some());
    }
    there
}

async fn calls_outside_of_turns_go_when_they_are_old(db: TestDb) {
    let (ada, input) = (db.person("ada").await, json!({}));
    let turn = db.waiting_turn(ada).await;
    let of_turn = CallStart { user: Some(ada), ..start(None, &input, (Some(turn), None)) };
    let Started::Run { id: of_turn, attempt } = db.start_call(&db.clock, &of_turn).await.unwrap() else { panic!() };
    let (old, running) = (calls::run(&db, None).await, calls::run(&db, None).await);
    end(&db, old, Err(json!({ "kind": "failed", "fault": "skill" }))).await;
    end(&db, (of_turn, attempt), Ok(json!(1))).await;
    let before = db.tick();
    let young = calls::run(&db, None).await;
    end(&db, young, Ok(json!(1))).await;
    assert_eq!(drop_old(&db, Old::Calls, before).await, 1);
    assert_eq!(there(&db, &[old.0, running.0, of_turn, young.0]).await, [false, true, true, true]);
    assert_eq!(db.turn_calls(turn).await.unwrap().len(), 1, "its trace is whole");
}

async fn what_may_be_replayed_or_is_asked_for_stays(db: TestDb) {
    stage(&db, &db, "echo", "d1", b"one").await;
    let ada = db.person("ada").await;
    let (taped, asks) = (calls::run(&db, None).await, calls::run(&db, None).await);
    for call in [taped, asks] {
        end(&db, call, Err(json!({ "kind": "denied", "fault": "owner" }))).await;
    }
    let before = db.tick();
    db.keep_recording(&db.clock, taped.0, &json!([]), before + Duration::seconds(1)).await.unwrap();
    let question = NewApproval { call_id: Some(asks.0), ..asking(&db, "echo", ada) };
    let question = db.ask_approval(&db.clock, &question, None).await.unwrap().unwrap();
    assert_eq!(drop_old(&db, Old::Calls, before).await, 0);
    assert!(db.decide_approval(&db.clock, question, false, "ada").await.unwrap().is_some());
    db.tick();
    assert_eq!(db.drop_expired_recordings(&db.clock).await.unwrap(), 1);
    assert_eq!(drop_old(&db, Old::Calls, before).await, 2);
}

async fn a_key_is_forgotten_with_its_call(db: TestDb) {
    let first = calls::run(&db, Some("k")).await;
    end(&db, first, Ok(json!(1))).await;
    assert_eq!(drop_old(&db, Old::Calls, db.clock.now()).await, 0, "it ended at this very moment");
    let input = json!({});
    let again = db.start_call(&db.clock, &start(Some("k"), &input, (None, None))).await.unwrap();
    assert!(matches!(again, Started::Finished(record) if record.id == first.0), "a key holds as long as its call");
    assert_eq!(drop_old(&db, Old::Calls, db.tick()).await, 1);
    assert_ne!(calls::run(&db, Some("k")).await.0, first.0);
}

async fn decided_requests_go_unless_they_still_hold(db: TestDb) {
    let ada = db.person("ada").await;
    for digest in ["d0", "d1", "d2"] {
        stage(&db, &db, "echo", digest, digest.as_bytes()).await;
        assert!(db.activate_version(&db.clock, "echo", digest).await.unwrap());
    }
    let mut asked = Vec::new();
    for (digest, kind, said) in [
        ("d0", ApprovalKind::Grant, Some(false)),
        ("d1", ApprovalKind::Grant, Some(false)),
        ("d2", ApprovalKind::Grant, Some(true)),
        ("d2", ApprovalKind::Call, Some(true)),
        ("d2", ApprovalKind::Call, Some(false)),
        ("d0", ApprovalKind::Grant, None),
        ("d2", ApprovalKind::Call, None),
    ] {
        let new = NewApproval { digest: digest.into(), kind, input: Some(json!({})), ..asking(&db, "echo", ada) };
        asked.push(db.ask_approval(&db.clock, &new, None).await.unwrap().unwrap());
        if let Some(yes) = said {
            db.decide_approval(&db.clock, new.id, yes, "ada").await.unwrap();
        }
    }
    assert_eq!(drop_old(&db, Old::Approvals, db.clock.now()).await, 0);
    assert_eq!(drop_old(&db, Old::Approvals, db.tick()).await, 3);
    let there = async |id: ApprovalId| db.approval(id).await.unwrap().is_some();
    let mut left = Vec::new();
    for id in asked {
        left.push(there(id).await);
    }
    // A no to what a version asks holds while that one answers, or is the one to return to.
    assert_eq!(left, [false, true, true, false, false, true, true]);
}

async fn what_was_sent_goes_and_what_was_not_stays(db: TestDb) {
    let host = db.host();
    for (key, chat) in [("sent", 7), ("waits", 8), ("failed", 9)] {
        say(&db, key, chat).await;
    }
    send(&db, "sent").await;
    let failed = take(&db, host, "failed").await;
    assert!(db.fail_send(host, &failed, "blocked").await.unwrap());
    let before = db.tick();
    say(&db, "young", 7).await;
    send(&db, "young").await;
    // A reply on the web is sent by being written.
    db.answered_turn(db.person("ada").await).await;
    assert_eq!(drop_old(&db, Old::Outbox, before).await, 1);
    let keys = db.rows("SELECT key FROM outbox WHERE key NOT LIKE 'turn:%' ORDER BY key").await;
    assert_eq!(keys, ["failed", "waits", "young"]);
    assert_eq!(drop_old(&db, Old::Outbox, db.tick()).await, 2);
    assert_eq!(db.rows("SELECT content FROM messages WHERE role = 'assistant'").await, ["hi"], "what was said stays");
}

async fn a_message_is_known_until_its_turn_has_ended(db: TestDb) {
    let ada = db.person("ada").await;
    let ended = db.answered_turn(ada).await;
    let waits = db.waiting_turn(ada).await;
    assert_eq!(db.updates_come(&[1]).await, 1);
    let keys = async || db.rows("SELECT key FROM updates ORDER BY received_at, key").await.len();
    assert_eq!((drop_old(&db, Old::Updates, db.clock.now()).await, keys().await), (0, 3));
    let before = db.tick();
    assert_eq!((drop_old(&db, Old::Updates, before).await, keys().await), (1, 2));
    let again = incoming(ada, ended.conversation_id, &ended.conversation_id.to_string(), "hello");
    assert_ne!(db.accept(&db.clock, &again).await.unwrap().turn(), ended.id, "its key is free");
    assert!(db.turn(waits).await.unwrap().is_some());
}

async fn jobs_that_ran_go_with_their_runs(db: TestDb) {
    let host = db.host();
    let mut jobs = Vec::new();
    for _ in 0..5 {
        let job = NewJob { max_retries: 0, ..NewJob::once("reminder", db.clock.now(), "a test") };
        jobs.push(db.queue_job(&db.clock, &job).await.unwrap().0);
    }
    let ends = [
        Some(RunEnd::Done { note: None, next: None }),
        Some(RunEnd::Dead { error: "boom".into(), next: None, pause: false }),
        Some(RunEnd::Done { note: None, next: Some(db.clock.now() + Duration::days(1)) }),
        None,
    ];
    for job in db.lease_jobs(&db.clock, host, &["reminder"], 4).await.unwrap() {
        let at = jobs.iter().position(|id| *id == job.id).unwrap();
        if let Some(end) = &ends[at] {
            assert!(db.end_run(&db.clock, &job, host, end).await.unwrap());
        }
    }
    assert!(db.cancel_job(&db.clock, jobs[4]).await.unwrap());
    assert_eq!(drop_old(&db, Old::Jobs, db.clock.now()).await, 0);
    assert_eq!(drop_old(&db, Old::Jobs, db.tick()).await, 2);
    let mut left = Vec::new();
    for id in jobs {
        left.push(db.job(id).await.unwrap().map(|job| job.status));
    }
    // A dead one waits for a person, one that recurs for its time.
    assert_eq!(left, [None, Some(JobStatus::Dead), Some(JobStatus::Queued), Some(JobStatus::Running), None]);
    assert_eq!(db.rows("SELECT status FROM job_runs ORDER BY status").await, ["done", "failed", "running"]);
}

async fn a_review_goes_once_a_later_version_answers(db: TestDb) {
    for (skill, digest) in [("echo", "d1"), ("add", "d2")] {
        stage(&db, &db, skill, digest, digest.as_bytes()).await;
    }
    db.tick();
    stage(&db, &db, "echo", "d3", b"three").await;
    let before = db.tick();
    assert_eq!(drop_old(&db, Old::Reviews, before).await, 0, "the owner has said nothing yet");
    assert!(db.activate_version(&db.clock, "echo", "d3").await.unwrap());
    stage(&db, &db, "echo", "d4", b"four").await;
    assert_eq!(drop_old(&db, Old::Reviews, before).await, 1);
    assert_eq!(db.digests().await.unwrap(), ["d2", "d3", "d4"]);
    stage(&db, &db, "echo", "d5", b"five").await;
    db.tick();
    assert!(db.activate_version(&db.clock, "echo", "d5").await.unwrap());
    assert_eq!(drop_old(&db, Old::Reviews, db.clock.now()).await, 1);
    assert_eq!(db.digests().await.unwrap(), ["d2", "d3", "d5"], "what answered once stays");
}

async fn no_more_goes_at_once_than_is_asked(db: TestDb) {
    for _ in 0..5 {
        let call = calls::run(&db, None).await;
        end(&db, call, Ok(json!(1))).await;
        let job = NewJob::once("reminder", db.clock.now(), "a test");
        let (id, _) = db.queue_job(&db.clock, &job).await.unwrap();
        assert!(db.cancel_job(&db.clock, id).await.unwrap());
    }
    let before = db.tick();
    for old in [Old::Calls, Old::Jobs] {
        let mut gone = Vec::new();
        for _ in 0..4 {
            gone.push(db.drop_old(old, before, 2).await.unwrap());
        }
        assert_eq!(gone, [2, 2, 1, 0], "{old:?}");
    }
}
