//! Calls of skills.

use futures_util::future::join_all;
use serde_json::{Value, json};
use skillet::{
    ids::{CallId, TurnId, UserId},
    store::{CallEnd, CallStart, Db, Started},
};
use std::collections::HashSet;

use crate::harness::db::{TestDb, both};

both!(
    a_finished_call_answers_for_its_key,
    a_call_without_a_key_runs_every_time,
    a_failed_call_is_run_again,
    a_failed_call_that_must_not_be_repeated_answers_for_its_key,
    a_call_that_never_ended_was_interrupted,
    an_overtaken_attempt_writes_nothing,
    many_starts_of_one_key_begin_one_attempt_each,
    calls_are_on_record,
);

const INPUT: &str = "{\"text\":\"上海\"}";

fn start<'a>(key: Option<&'a str>, input: &'a Value, of: (Option<TurnId>, Option<UserId>)) -> CallStart<'a> {
    CallStart { skill: "echo", digest: "d1", turn: of.0, user: of.1, idempotency_key: key, repeatable: true, input }
}

async fn begin(db: &TestDb, key: Option<&str>) -> Started {
    let input: Value = serde_json::from_str(INPUT).unwrap();
    db.start_call(&db.clock, &start(key, &input, (None, None))).await.unwrap()
}

/// Begins a call that is expected to run.
async fn run(db: &TestDb, key: Option<&str>) -> (CallId, i64) {
    match begin(db, key).await {
        Started::Run { id, attempt } => (id, attempt),
        other => panic!("{other:?}"),
    }
}

async fn end(db: &TestDb, (id, attempt): (CallId, i64), result: Result<Value, Value>) {
    let log = json!([{ "level": "info", "message": "hello" }]);
    let (output, failure) = (result.as_ref().ok(), result.as_ref().err());
    let end = CallEnd {
        output,
        failure,
        log: &log,
        queue_us: 1,
        duration_us: 2,
        fuel: 3,
        peak_memory_bytes: 4,
        host_calls: 5,
    };
    db.end_call(&db.clock, id, attempt, &end).await.unwrap();
}

async fn a_finished_call_answers_for_its_key(db: TestDb) {
    let call = run(&db, Some("k")).await;
    assert_eq!(call.1, 1);
    let now = db.tick();
    end(&db, call, Ok(json!({ "text": "你好" }))).await;
    let Started::Finished(record) = begin(&db, Some("k")).await else { panic!("it runs again") };
    assert_eq!((record.id, record.status.as_str(), record.attempt), (call.0, "done", 1));
    assert_eq!(record.output.unwrap().0, json!({ "text": "你好" }));
    assert!(record.failure.is_none());
    assert_eq!(record.input.0, serde_json::from_str::<Value>(INPUT).unwrap());
    assert_eq!(record.log.0, json!([{ "level": "info", "message": "hello" }]));
    assert_eq!((record.queue_us, record.duration_us, record.fuel), (1, 2, 3));
    assert_eq!((record.peak_memory_bytes, record.host_calls, record.finished_at), (4, 5, Some(now)));
    assert_ne!(run(&db, Some("l")).await.0, call.0, "another key is another call");
}

async fn a_call_without_a_key_runs_every_time(db: TestDb) {
    let (one, two) = (run(&db, None).await, run(&db, None).await);
    assert_ne!(one.0, two.0);
    assert_eq!((one.1, two.1), (1, 1));
}

async fn a_failed_call_is_run_again(db: TestDb) {
    let first = run(&db, Some("k")).await;
    end(&db, first, Err(json!({ "kind": "unavailable" }))).await;
    let second = run(&db, Some("k")).await;
    assert_eq!(second, (first.0, 2), "a retry keeps its id");
    let record = &db.skill_calls("echo", 10).await.unwrap()[0];
    assert_eq!((record.status.as_str(), record.failure.is_none(), record.finished_at), ("running", true, None));
    end(&db, second, Ok(json!(1))).await;
    assert!(matches!(begin(&db, Some("k")).await, Started::Finished(_)));
}

async fn a_failed_call_that_must_not_be_repeated_answers_for_its_key(db: TestDb) {
    let call = run(&db, Some("k")).await;
    end(&db, call, Err(json!({ "kind": "trap", "text": "boom" }))).await;
    let input: Value = serde_json::from_str(INPUT).unwrap();
    let once = CallStart { repeatable: false, ..start(Some("k"), &input, (None, None)) };
    match db.start_call(&db.clock, &once).await.unwrap() {
        Started::Finished(record) => assert_eq!(record.failure.unwrap().0["kind"], "trap"),
        other => panic!("{other:?}"),
    }
}

async fn a_call_that_never_ended_was_interrupted(db: TestDb) {
    let first = run(&db, Some("k")).await;
    let again = begin(&db, Some("k")).await;
    assert!(matches!(again, Started::Interrupted { id, attempt: 2 } if id == first.0), "{again:?}");
}

async fn an_overtaken_attempt_writes_nothing(db: TestDb) {
    let first = run(&db, Some("k")).await;
    begin(&db, Some("k")).await;
    end(&db, first, Ok(json!("of the first"))).await;
    end(&db, (first.0, 2), Ok(json!("of the second"))).await;
    end(&db, (first.0, 2), Ok(json!("too late"))).await;
    let Started::Finished(record) = begin(&db, Some("k")).await else { panic!("it runs again") };
    assert_eq!(record.output.unwrap().0, json!("of the second"));
}

/// Each attempt belongs to one runner, or one of two would end the other's.
async fn many_starts_of_one_key_begin_one_attempt_each(db: TestDb) {
    let other = db.another().await;
    let hosts: [&Db; 2] = [&db, &other];
    let input = json!({});
    for failed_before in [false, true] {
        let key = format!("failed before: {failed_before}");
        if failed_before {
            let call = run(&db, Some(&key)).await;
            end(&db, call, Err(json!({ "kind": "unavailable" }))).await;
        }
        let one = start(Some(&key), &input, (None, None));
        let begun = join_all((0..6).map(|n| hosts[n % 2].start_call(&db.clock, &one))).await;
        let attempts: HashSet<i64> = begun
            .into_iter()
            .map(|started| match started.unwrap() {
                Started::Run { attempt, .. } | Started::Interrupted { attempt, .. } => attempt,
                Started::Finished(record) => panic!("{record:?}"),
            })
            .collect();
        assert_eq!(attempts.len(), 6, "{key}: {attempts:?}");
    }
}

async fn calls_are_on_record(db: TestDb) {
    let ada = db.person("ada").await;
    let turn = db.answered_turn(ada).await.id;
    let input = json!({ "n": 1 });
    let mut ids = Vec::new();
    for _ in 0..3 {
        db.tick();
        match db.start_call(&db.clock, &start(None, &input, (Some(turn), Some(ada)))).await.unwrap() {
            Started::Run { id, .. } => ids.push(id),
            other => panic!("{other:?}"),
        }
    }
    db.tick();
    run(&db, None).await;
    let of_turn: Vec<CallId> = db.turn_calls(turn).await.unwrap().into_iter().map(|call| call.id).collect();
    assert_eq!(of_turn, ids, "in the order they were made");
    let newest = db.skill_calls("echo", 2).await.unwrap();
    assert_eq!(newest.len(), 2);
    assert_eq!(newest[0].turn_id, None, "the newest comes first");
    assert_eq!((newest[1].id, newest[1].turn_id, newest[1].user_id), (ids[2], Some(turn), Some(ada)));
    assert_eq!((newest[1].skill_name.as_str(), newest[1].digest.as_str()), ("echo", "d1"));
    assert!(db.skill_calls("other", 10).await.unwrap().is_empty());
}
