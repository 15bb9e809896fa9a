//! Starting with nothing configured.

use chrono::Duration;
use secrecy::SecretString;
use serde_json::{Value, json};
use skillet::{
    clock::Clock,
    ids::{CallId, HostId},
    store::{CallEnd, CallStart, Db, NewJob, Started},
};

use crate::harness::host::{Host, Options};

#[tokio::test]
async fn it_starts_with_nothing_configured_and_stops_when_asked() {
    let mut host = Host::start(Options::default()).await;
    assert_eq!(host.get("/healthz").await.status, 200);
    let code = host.first_run_code().await;
    assert_eq!((code.len(), code.find('-')), (9, Some(4)), "{code}");
    assert!(host.data_dir().join("skillet.db").is_file());
    assert!(host.terminate().await.success(), "{}", host.log());
}

/// A call that ended so many days ago.
async fn ended(db: &Db, days: i64) -> CallId {
    let clock = Clock::manual(Clock::System.now() - Duration::days(days));
    let start = CallStart {
        skill: "echo",
        digest: "d1",
        turn: None,
        user: None,
        parent: None,
        idempotency_key: None,
        one_input: false,
        repeatable: true,
        input: &json!({}),
        held_by: HostId::new(&clock),
        held_for: Duration::seconds(1),
    };
    let Started::Run { id, attempt } = db.start_call(&clock, &start).await.unwrap() else { panic!("it has no key") };
    let end = CallEnd {
        output: Some(&json!(1)),
        failure: None,
        fault: None,
        log: &json!([]),
        queue_us: 0,
        duration_us: 0,
        fuel: 0,
        peak_memory_bytes: 0,
        host_calls: 0,
        usage: &Value::Null,
    };
    db.end_call(&clock, id, attempt, &end).await.unwrap();
    id
}

#[tokio::test]
async fn what_is_old_is_removed_every_day() {
    let days = ("SKILLET__DATABASE__RETENTION_DAYS", "40");
    let options = Options::default().env(days.0, days.1).env("SKILLET__SCHEDULER__SWEEP_S", "1");
    let mut host = Host::start(options).await;
    host.token("admin").await;
    let done = async |count: usize| {
        for _ in 0..200 {
            let jobs = host.get("/api/v1/jobs?status=done").await.ok();
            if jobs["jobs"].as_array().unwrap().iter().filter(|job| job["type"] == "retention").count() == count {
                return;
            }
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
        panic!("it was not done:\n{}", host.log());
    };
    done(1).await;
    let db = Db::open(&SecretString::from(""), &host.data_dir(), 1).await.unwrap();
    let (old, young) = (ended(&db, 41).await, ended(&db, 39).await);
    // The next day comes early.
    db.queue_job(&Clock::System, &NewJob::once("retention", Clock::System.now(), "a test")).await.unwrap();
    done(2).await;
    assert!(db.call(old).await.unwrap().is_none());
    assert!(db.call(young).await.unwrap().is_some());
}
