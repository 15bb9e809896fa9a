//! Skills: their status, settings and grants.

use futures_util::future::join_all;
use serde_json::{Map, Value, json};
use skillet::store::{ApprovalStatus, Db, JobStatus, NewJob, NewSecret, RunEnd};

use super::{
    approvals,
    versions::{pointers, points, replaced, stage, status},
};
use crate::harness::db::{TestDb, both};

both!(
    a_status_is_set,
    a_removed_skill_keeps_nothing,
    a_removed_skill_begins_again_with_its_next_version,
    what_began_again_is_removed_with_its_last_version,
    settings_are_the_owners_values,
    grants_are_replaced_as_a_whole,
    every_change_counts,
);

async fn a_status_is_set(db: TestDb) {
    stage(&db, &db, "echo", "d1", b"one").await;
    db.activate_version(&db.clock, "echo", "d1").await.unwrap();
    db.set_grants(&db.clock, "echo", &[("kv".to_owned(), json!(true))], "owner").await.unwrap();
    assert!(db.set_skill_status(&db.clock, "echo", "disabled").await.unwrap());
    assert!(db.activate_version(&db.clock, "echo", "d1").await.unwrap());
    assert_eq!(pointers(&db, "echo").await, points("disabled", Some("d1"), None), "activating does not enable");
    assert_eq!(db.grants("echo").await.unwrap().len(), 1);
    db.set_skill_status(&db.clock, "echo", "asleep").await.unwrap_err();
    assert!(db.set_skill_status(&db.clock, "echo", "removed").await.unwrap());
    assert_eq!(pointers(&db, "echo").await, points("removed", Some("d1"), None));
    assert!(db.grants("echo").await.unwrap().is_empty(), "nothing stays granted to what was removed");
    assert!(!db.set_skill_status(&db.clock, "none", "disabled").await.unwrap());
    assert!(!db.activate_version(&db.clock, "echo", "d1").await.unwrap(), "removed");
    assert!(!db.set_skill_status(&db.clock, "echo", "active").await.unwrap(), "removed");
    stage(&db, &db, "echo", "d1", b"one").await;
    assert!(db.activate_version(&db.clock, "echo", "d1").await.unwrap());
    assert_eq!(pointers(&db, "echo").await, points("active", Some("d1"), None), "installed again");
}

async fn a_removed_skill_keeps_nothing(db: TestDb) {
    let ada = db.person("ada").await;
    let values: Map<String, Value> = [("city".to_owned(), json!("上海"))].into_iter().collect();
    let mut asked = Vec::new();
    for skill in ["echo", "add"] {
        stage(&db, &db, skill, skill, skill.as_bytes()).await;
        db.activate_version(&db.clock, skill, skill).await.unwrap();
        db.set_skill_settings(&db.clock, skill, &values).await.unwrap();
        db.set_secret(&db.clock, &NewSecret { skill, name: "token", place: "", sealed: b"sealed", by: "owner" })
            .await
            .unwrap();
        db.set_kv(&db.clock, (skill, ada), "k", b"v").await.unwrap();
        let new = approvals::asking(&db, skill, ada);
        asked.push(db.ask_approval(&db.clock, &new, None).await.unwrap().unwrap());
    }
    let host = db.host();
    db.queue_job(&db.clock, &every_minute(&db, "skill echo")).await.unwrap();
    let running = db.lease_jobs(&db.clock, host, &["reminder"], 9).await.unwrap().pop().unwrap();
    let (planned, _) = db.queue_job(&db.clock, &every_minute(&db, "skill echo")).await.unwrap();
    assert!(db.set_skill_status(&db.clock, "echo", "removed").await.unwrap());
    let row = db.skill("echo").await.unwrap().unwrap();
    assert_eq!((row.status.as_str(), row.settings.0), ("removed", Map::new()));
    assert!(db.secrets("echo").await.unwrap().is_empty());
    assert!(db.kv("echo", ada, "k").await.unwrap().is_none());
    assert!(db.approval(asked[0]).await.unwrap().is_none(), "it may ask again when it comes back");
    // Nor what a call that still runs adds, or a job of it that ran.
    db.set_kv(&db.clock, ("echo", ada), "k", b"v").await.unwrap();
    db.swap_kv(&db.clock, ("echo", ada), "l", (None, b"v")).await.unwrap();
    assert!(db.kv_keys("echo", ada, "", 9).await.unwrap().is_empty());
    for (id, status) in [(planned, JobStatus::Cancelled), (running.id, JobStatus::Running)] {
        assert_eq!(db.job(id).await.unwrap().unwrap().status, status);
    }
    let (late, _) = db.queue_job(&db.clock, &every_minute(&db, "skill echo")).await.unwrap();
    let next = db.clock.now() + chrono::Duration::minutes(1);
    let done = RunEnd::Done { note: None, next: Some(next) };
    assert!(db.end_run(&db.clock, &running, host, &done).await.unwrap());
    for id in [late, running.id] {
        assert_eq!(db.job(id).await.unwrap().unwrap().status, JobStatus::Cancelled);
    }

    assert!(db.set_skill_status(&db.clock, "add", "disabled").await.unwrap());
    assert_eq!(db.skill("add").await.unwrap().unwrap().settings.0, values, "another keeps what it has");
    assert_eq!(db.secrets("add").await.unwrap().len(), 1);
    assert!(db.kv("add", ada, "k").await.unwrap().is_some());
    assert_eq!(db.approval(asked[1]).await.unwrap().unwrap().status, ApprovalStatus::Pending);
}

fn every_minute(db: &TestDb, by: &str) -> NewJob {
    NewJob {
        payload: json!({ "text": "hi" }),
        recurrence: Some("* * * * *".into()),
        time_zone: Some("UTC".into()),
        ..NewJob::once("reminder", db.clock.now(), by)
    }
}

/// Two versions answered and a third was waiting when the skill was removed.
async fn removed(db: &TestDb) {
    replaced(db).await;
    assert!(db.roll_back_version(&db.clock, "echo", ("d2", None), "it failed").await.unwrap().is_some());
    stage(db, db, "echo", "d3", b"three").await;
    assert!(db.set_skill_status(&db.clock, "echo", "removed").await.unwrap());
}

async fn a_removed_skill_begins_again_with_its_next_version(db: TestDb) {
    removed(&db).await;
    let now = db.tick();
    stage(&db, &db, "echo", "d4", b"four").await;
    assert_eq!(pointers(&db, "echo").await, points("active", None, None), "it is there, and nothing answers");
    assert_eq!(db.skill("echo").await.unwrap().unwrap().updated_at, now);
    assert_eq!((status(&db, "d1").await.as_str(), status(&db, "d4").await.as_str()), ("retired", "review"));
    assert!(db.activate_version(&db.clock, "echo", "d4").await.unwrap());
    assert_eq!(pointers(&db, "echo").await, points("active", Some("d4"), None), "there is no way back before the end");

    assert!(db.set_skill_status(&db.clock, "echo", "removed").await.unwrap());
    stage(&db, &db, "echo", "d2", b"two").await;
    let again = db.version("d2").await.unwrap().unwrap();
    assert_eq!((again.status.as_str(), again.retired_reason), ("review", None), "the very version that was there");
    assert_eq!(status(&db, "d4").await, "retired");
    stage(&db, &db, "echo", "d1", b"one").await;
    assert_eq!(status(&db, "d1").await, "retired", "once it is there a stored version is left as it is");
}

async fn what_began_again_is_removed_with_its_last_version(db: TestDb) {
    removed(&db).await;
    stage(&db, &db, "echo", "d4", b"four").await;
    db.set_grants(&db.clock, "echo", &[("kv".to_owned(), json!(true))], "owner").await.unwrap();
    assert!(db.discard_version("echo", "d4").await.unwrap());
    assert_eq!(pointers(&db, "echo").await, points("active", None, None), "d3 waits still");
    assert_eq!(db.grants("echo").await.unwrap().len(), 1);
    assert!(db.discard_version("echo", "d3").await.unwrap());
    assert_eq!(pointers(&db, "echo").await, points("removed", None, None), "with what is on record of it");
    assert!(db.grants("echo").await.unwrap().is_empty());

    stage(&db, &db, "echo", "d1", b"one").await;
    assert!(!db.version("d1").await.unwrap().unwrap().never_answered());
    assert!(!db.discard_version("echo", "d1").await.unwrap(), "it answered once, and its calls are on record");
}

async fn settings_are_the_owners_values(db: TestDb) {
    stage(&db, &db, "echo", "d1", b"one").await;
    assert_eq!(db.skill("echo").await.unwrap().unwrap().settings.0, Map::new());
    let values: Map<String, Value> = [("城市".to_owned(), json!("上海"))].into_iter().collect();
    let now = db.tick();
    assert!(db.set_skill_settings(&db.clock, "echo", &values).await.unwrap());
    assert!(!db.set_skill_settings(&db.clock, "none", &values).await.unwrap());
    let row = db.skill("echo").await.unwrap().unwrap();
    assert_eq!((row.settings.0, row.updated_at), (values, now));
}

async fn grants_are_replaced_as_a_whole(db: TestDb) {
    stage(&db, &db, "echo", "d1", b"one").await;
    let first = [("memory".to_owned(), json!(["read", "write"])), ("kv".to_owned(), json!(true))];
    db.set_grants(&db.clock, "echo", &first, "owner").await.unwrap();
    let grants = db.grants("echo").await.unwrap();
    let named: Vec<(&str, &Value)> = grants.iter().map(|grant| (grant.capability.as_str(), &grant.scope.0)).collect();
    assert_eq!(named, [("kv", &json!(true)), ("memory", &json!(["read", "write"]))]);
    assert_eq!((grants[0].granted_by.as_str(), grants[0].granted_at), ("owner", db.clock.now()));
    db.set_grants(&db.clock, "echo", &[("memory".to_owned(), json!(["read"]))], "host").await.unwrap();
    let grants = db.grants("echo").await.unwrap();
    assert_eq!(grants.len(), 1);
    assert_eq!((&grants[0].scope.0, grants[0].granted_by.as_str()), (&json!(["read"]), "host"));
    db.set_grants(&db.clock, "echo", &[], "owner").await.unwrap();
    assert!(db.grants("echo").await.unwrap().is_empty());
}

/// Hosts look at this number to learn of each other's changes: none may be lost in a race.
async fn every_change_counts(db: TestDb) {
    let other = db.another().await;
    let hosts: [&Db; 2] = [&db, &other];
    stage(&db, &db, "echo", "d1", b"one").await;
    let before = db.skills_revision().await.unwrap();
    db.activate_version(&db.clock, "echo", "d1").await.unwrap();
    db.set_skill_status(&db.clock, "echo", "disabled").await.unwrap();
    db.set_grants(&db.clock, "echo", &[], "owner").await.unwrap();
    assert_eq!(db.skills_revision().await.unwrap(), before + 3);
    let empty = Map::new();
    join_all((0..10).map(|n| hosts[n % 2].set_skill_settings(&db.clock, "echo", &empty))).await;
    assert_eq!(other.skills_revision().await.unwrap(), before + 13);
}
