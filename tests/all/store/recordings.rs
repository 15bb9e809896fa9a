//! What is kept of a call to run it again.

use chrono::{DateTime, Duration, Utc};
use serde_json::{Value, json};
use skillet::{
    ids::{CallId, HostId},
    store::{CallStart, Started},
};

use crate::harness::db::{TestDb, both};

both!(a_tape_is_kept_until_it_expires, a_tape_is_replaced, a_tape_needs_its_call);

async fn call(db: &TestDb) -> CallId {
    let input = json!({});
    let start = CallStart {
        skill: "echo",
        digest: "d1",
        turn: None,
        user: None,
        parent: None,
        idempotency_key: None,
        one_input: false,
        repeatable: true,
        input: &input,
        held_by: HostId::new(&db.clock),
        held_for: Duration::zero(),
    };
    let Started::Run { id, .. } = db.start_call(&db.clock, &start).await.unwrap() else { panic!("it has no key") };
    id
}

async fn keep(db: &TestDb, call: CallId, tape: &Value, expires_at: DateTime<Utc>) {
    db.keep_recording(&db.clock, call, tape, expires_at).await.unwrap();
}

async fn tape(db: &TestDb, call: CallId) -> Option<Value> {
    db.recording(&db.clock, call).await.unwrap()
}

async fn a_tape_is_kept_until_it_expires(db: TestDb) {
    let (one, two, now) = (call(&db).await, call(&db).await, db.clock.now());
    assert_eq!(tape(&db, one).await, None);
    keep(&db, one, &json!([{ "kv.get": "上海" }]), now + Duration::seconds(1)).await;
    keep(&db, two, &json!([]), now + Duration::seconds(2)).await;
    assert_eq!(tape(&db, one).await, Some(json!([{ "kv.get": "上海" }])));
    assert_eq!(db.drop_expired_recordings(&db.clock).await.unwrap(), 0);

    db.tick();
    assert_eq!(tape(&db, one).await, None, "it has expired before it is dropped");
    assert_eq!(db.drop_expired_recordings(&db.clock).await.unwrap(), 1);
    assert_eq!(db.drop_expired_recordings(&db.clock).await.unwrap(), 0);
    assert_eq!(db.rows("SELECT CAST(tape AS TEXT) FROM recordings").await, ["[]"]);
    assert_eq!(tape(&db, two).await, Some(json!([])));
}

async fn a_tape_is_replaced(db: TestDb) {
    let (call, now) = (call(&db).await, db.clock.now());
    keep(&db, call, &json!(["of the first attempt"]), now + Duration::seconds(1)).await;
    keep(&db, call, &json!(["of the second"]), now + Duration::seconds(5)).await;
    db.tick();
    assert_eq!(tape(&db, call).await, Some(json!(["of the second"])));
}

async fn a_tape_needs_its_call(db: TestDb) {
    let nobody = CallId::new(&db.clock);
    db.keep_recording(&db.clock, nobody, &json!([]), db.clock.now()).await.unwrap_err();
}
