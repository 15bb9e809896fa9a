//! Calls of skills.

use chrono::Duration;
use futures_util::future::join_all;
use serde_json::{Value, json};
use skillet::{
    ids::{CallId, HostId, TurnId, UserId},
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
    an_attempt_is_counted_once,
    a_call_that_another_host_runs_is_not_taken_over_before_its_time,
    calls_that_no_process_will_end_are_ended,
    the_health_of_a_version_is_how_its_calls_ended,
);

const INPUT: &str = "{\"text\":\"上海\"}";

pub fn start<'a>(key: Option<&'a str>, input: &'a Value, of: (Option<TurnId>, Option<UserId>)) -> CallStart<'a> {
    CallStart {
        skill: "echo",
        digest: "d1",
        turn: of.0,
        user: of.1,
        parent: None,
        idempotency_key: key,
        one_input: false,
        repeatable: true,
        input,
        held_by: host(1),
        held_for: Duration::zero(),
    }
}

/// One of some hosts.
fn host(number: u128) -> HostId {
    uuid::Uuid::from_u128(number).to_string().parse().unwrap()
}

async fn begin(db: &TestDb, key: Option<&str>) -> Started {
    let input: Value = serde_json::from_str(INPUT).unwrap();
    db.start_call(&db.clock, &start(key, &input, (None, None))).await.unwrap()
}

/// Begins a call that is expected to run.
pub async fn run(db: &TestDb, key: Option<&str>) -> (CallId, i64) {
    match begin(db, key).await {
        Started::Run { id, attempt } => (id, attempt),
        other => panic!("{other:?}"),
    }
}

pub async fn end(db: &TestDb, (id, attempt): (CallId, i64), result: Result<Value, Value>) {
    let log = json!([{ "level": "info", "message": "hello" }]);
    let (output, failure) = (result.as_ref().ok(), result.as_ref().err());
    let end = CallEnd {
        output,
        failure,
        fault: failure.and_then(|failure| failure["fault"].as_str()),
        log: &log,
        queue_us: 1,
        duration_us: 2,
        fuel: 3,
        peak_memory_bytes: 4,
        host_calls: 5,
        usage: &json!({ "instantiate_us": 6 }),
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
    assert_eq!((record.fault, record.usage.unwrap().0), (None, json!({ "instantiate_us": 6 })));
    assert_ne!(run(&db, Some("l")).await.0, call.0, "another key is another call");
}

async fn a_call_without_a_key_runs_every_time(db: TestDb) {
    let (one, two) = (run(&db, None).await, run(&db, None).await);
    assert_ne!(one.0, two.0);
    assert_eq!((one.1, two.1), (1, 1));
}

async fn a_failed_call_is_run_again(db: TestDb) {
    let first = run(&db, Some("k")).await;
    end(&db, first, Err(json!({ "kind": "unavailable", "fault": "outside" }))).await;
    assert_eq!(db.call(first.0).await.unwrap().unwrap().fault.as_deref(), Some("outside"));
    let second = run(&db, Some("k")).await;
    assert_eq!(second, (first.0, 2), "a retry keeps its id");
    let record = db.call(first.0).await.unwrap().unwrap();
    assert_eq!((record.status.as_str(), record.failure.is_none(), record.finished_at), ("running", true, None));
    assert!(record.fault.is_none() && record.usage.is_none());
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
                other => panic!("{other:?}"),
            })
            .collect();
        assert_eq!(attempts.len(), 6, "{key}: {attempts:?}");
    }
}

async fn a_call_that_another_host_runs_is_not_taken_over_before_its_time(db: TestDb) {
    let input = json!({});
    let of = |number, for_minutes| CallStart {
        held_by: host(number),
        held_for: Duration::minutes(for_minutes),
        ..start(Some("k"), &input, (None, None))
    };
    assert_eq!(db.running_calls("d1").await.unwrap(), 0);
    let Started::Run { id, .. } = db.start_call(&db.clock, &of(1, 2)).await.unwrap() else { panic!("it is new") };
    assert_eq!((db.running_calls("d1").await.unwrap(), db.running_calls("d2").await.unwrap()), (1, 0));
    assert!(matches!(db.start_call(&db.clock, &of(2, 2)).await.unwrap(), Started::Held));
    // Its own host knows that nothing of it runs any more.
    let again = db.start_call(&db.clock, &of(1, 2)).await.unwrap();
    assert!(matches!(again, Started::Interrupted { attempt: 2, .. }), "{again:?}");
    db.clock.advance(Duration::minutes(3));
    let taken_over = db.start_call(&db.clock, &of(2, 2)).await.unwrap();
    assert!(matches!(taken_over, Started::Interrupted { attempt: 3, .. }), "{taken_over:?}");
    assert!(matches!(db.start_call(&db.clock, &of(1, 2)).await.unwrap(), Started::Held), "it is the other one's now");
    end(&db, (id, 3), Ok(json!(1))).await;
    assert!(matches!(db.start_call(&db.clock, &of(1, 2)).await.unwrap(), Started::Finished(_)));
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

    let nested = CallStart { parent: Some(ids[2]), ..start(None, &input, (Some(turn), Some(ada))) };
    let Started::Run { id, .. } = db.start_call(&db.clock, &nested).await.unwrap() else { panic!("it has no key") };
    let record = db.call(id).await.unwrap().unwrap();
    assert_eq!((record.id, record.parent_id, record.status.as_str()), (id, Some(ids[2]), "running"));
    assert_eq!(db.call(ids[2]).await.unwrap().unwrap().parent_id, None);
    assert!(db.call(CallId::new(&db.clock)).await.unwrap().is_none());
}

/// An attempt that was overtaken meanwhile does not go on.
async fn an_attempt_is_counted_once(db: TestDb) {
    let other = db.another().await;
    let hosts: [&Db; 2] = [&db, &other];
    let (id, attempt) = run(&db, None).await;
    let counted = join_all((0..4).map(|n| hosts[n % 2].next_attempt(id, attempt))).await;
    assert_eq!(counted.into_iter().filter(|counted| *counted.as_ref().unwrap()).count(), 1);
    assert_eq!(db.call(id).await.unwrap().unwrap().attempt, 2);
    end(&db, (id, 2), Ok(json!(1))).await;
    assert!(!db.next_attempt(id, 2).await.unwrap(), "it has ended");
    assert!(!db.next_attempt(CallId::new(&db.clock), 1).await.unwrap());
}

async fn calls_that_no_process_will_end_are_ended(db: TestDb) {
    let (input, failure) = (json!({}), json!({ "kind": "interrupted", "text": "gone", "fault": "host" }));
    let begin = async |key, number, seconds| {
        let held_for = Duration::seconds(seconds);
        let one = CallStart { held_by: host(number), held_for, ..start(key, &input, (None, None)) };
        let Started::Run { id, attempt } = db.start_call(&db.clock, &one).await.unwrap() else { panic!("it is new") };
        (id, attempt)
    };
    let left = async |host, before| db.end_left_calls(&db.clock, host, before, (&failure, "host")).await.unwrap();
    let (mine, others, short) = (begin(Some("k"), 1, 9).await, begin(None, 2, 9).await, begin(None, 2, 2).await);
    let done = begin(None, 1, 0).await;
    end(&db, done, Ok(json!(1))).await;
    let now = db.tick();
    assert_eq!(left(None, now).await, 0, "all are held");
    assert_eq!(left(Some(host(1)), now - Duration::days(1)).await, 1, "a new process of this host holds nothing");
    let record = db.call(mine.0).await.unwrap().unwrap();
    assert_eq!((record.status.as_str(), record.finished_at, record.attempt), ("failed", Some(now), 1));
    assert_eq!((record.failure.unwrap().0, record.fault.as_deref()), (failure.clone(), Some("host")));
    assert_eq!(db.call(done.0).await.unwrap().unwrap().status, "done");

    assert_eq!(left(None, now + Duration::seconds(5)).await, 1, "the time of one is over");
    assert_eq!(db.call(short.0).await.unwrap().unwrap().status, "failed");
    assert_eq!(db.call(others.0).await.unwrap().unwrap().status, "running");
    end(&db, short, Ok(json!("too late"))).await;
    assert_eq!(db.call(short.0).await.unwrap().unwrap().status, "failed");

    // Where a call may be repeated, its key begins it again; elsewhere it tells what became of it.
    let once = CallStart { repeatable: false, ..start(Some("k"), &input, (None, None)) };
    match db.start_call(&db.clock, &once).await.unwrap() {
        Started::Finished(record) => assert_eq!(record.failure.unwrap().0["kind"], "interrupted"),
        other => panic!("{other:?}"),
    }
    assert_eq!(run(&db, Some("k")).await, (mine.0, 2));
    // Begun by a version that knew of no holders.
    db.rows("UPDATE calls SET held_by = NULL, held_until = NULL WHERE status = 'running' RETURNING status").await;
    assert_eq!(left(None, now).await, 0, "it may run still");
    assert_eq!(left(None, now + Duration::days(2)).await, 2);
    assert!(db.rows("SELECT status FROM calls WHERE status = 'running'").await.is_empty());
}

async fn the_health_of_a_version_is_how_its_calls_ended(db: TestDb) {
    let failed = |fault: &str| Err(json!({ "kind": "any", "fault": fault }));
    let long_ago = run(&db, None).await;
    end(&db, long_ago, failed("skill")).await;
    let since = db.tick();
    for fault in ["skill", "limit", "caller", "owner", "outside", "host"] {
        let call = run(&db, None).await;
        end(&db, call, failed(fault)).await;
    }
    let well = run(&db, None).await;
    end(&db, well, Ok(json!(1))).await;
    run(&db, None).await;
    let input = json!({});
    let of_another = CallStart { digest: "d2", ..start(Some("k"), &input, (None, None)) };
    db.start_call(&db.clock, &of_another).await.unwrap();

    assert_eq!(db.version_health("d1", since).await.unwrap(), (7, 2));
    assert_eq!(db.version_health("d1", since - Duration::seconds(1)).await.unwrap(), (8, 3));
    assert_eq!(db.version_health("d2", since).await.unwrap(), (0, 0), "a call that runs says nothing yet");
    assert_eq!(db.version_health("d1", db.tick()).await.unwrap(), (0, 0));
}
