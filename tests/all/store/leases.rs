//! Leases: one holder at a time, and a number that shuts every earlier one out.

use chrono::{DateTime, Duration, Utc};
use futures_util::future::join_all;
use serde_json::json;
use skillet::store::Db;

use crate::harness::db::{TestDb, both};

both!(
    a_lease_is_held_until_it_runs_out,
    who_takes_a_lease_again_shuts_out_its_own_past,
    a_lease_that_is_given_up_is_free_at_once,
    of_many_who_take_a_free_lease_one_gets_it,
    only_the_holder_reports,
);

fn later(db: &TestDb, seconds: i64) -> DateTime<Utc> {
    db.clock.now() + Duration::seconds(seconds)
}

async fn a_lease_is_held_until_it_runs_out(db: TestDb) {
    let (one, two) = (db.host(), db.host());
    assert!(db.lease("poll").await.unwrap().is_none());
    assert_eq!(db.take_lease(&db.clock, "poll", one, later(&db, 10)).await.unwrap(), Some(1));
    assert_eq!(db.take_lease(&db.clock, "poll", two, later(&db, 10)).await.unwrap(), None);
    assert_eq!(db.take_lease(&db.clock, "other", two, later(&db, 10)).await.unwrap(), Some(1), "another lease");

    db.clock.advance(Duration::seconds(8));
    let end = later(&db, 10);
    assert!(db.keep_lease("poll", one, 1, end).await.unwrap());
    db.clock.advance(Duration::seconds(10));
    assert_eq!(db.take_lease(&db.clock, "poll", two, later(&db, 10)).await.unwrap(), None, "it was kept");
    let held = db.lease("poll").await.unwrap().unwrap();
    assert_eq!((held.holder, held.number, held.expires_at), (one, 1, end));

    db.tick();
    assert_eq!(db.take_lease(&db.clock, "poll", two, later(&db, 10)).await.unwrap(), Some(2));
    assert!(!db.keep_lease("poll", one, 1, later(&db, 99)).await.unwrap(), "it has passed on");
    assert!(!db.keep_lease("poll", one, 2, later(&db, 99)).await.unwrap());
    assert!(!db.keep_lease("poll", two, 1, later(&db, 99)).await.unwrap());
    let held = db.lease("poll").await.unwrap().unwrap();
    assert_eq!((held.holder, held.number, held.expires_at), (two, 2, later(&db, 10)));
}

async fn who_takes_a_lease_again_shuts_out_its_own_past(db: TestDb) {
    let host = db.host();
    assert_eq!(db.take_lease(&db.clock, "poll", host, later(&db, 10)).await.unwrap(), Some(1));
    assert_eq!(db.take_lease(&db.clock, "poll", host, later(&db, 10)).await.unwrap(), Some(2));
    assert!(!db.keep_lease("poll", host, 1, later(&db, 20)).await.unwrap());
    assert!(db.keep_lease("poll", host, 2, later(&db, 20)).await.unwrap());
}

async fn a_lease_that_is_given_up_is_free_at_once(db: TestDb) {
    let (one, two) = (db.host(), db.host());
    assert_eq!(db.take_lease(&db.clock, "poll", one, later(&db, 10)).await.unwrap(), Some(1));
    db.release_lease(&db.clock, "poll", two, 1).await.unwrap();
    db.release_lease(&db.clock, "poll", one, 7).await.unwrap();
    assert_eq!(
        db.take_lease(&db.clock, "poll", two, later(&db, 10)).await.unwrap(),
        None,
        "only its holder gives it up"
    );
    db.release_lease(&db.clock, "poll", one, 1).await.unwrap();
    assert_eq!(db.take_lease(&db.clock, "poll", two, later(&db, 10)).await.unwrap(), Some(2));
}

async fn of_many_who_take_a_free_lease_one_gets_it(db: TestDb) {
    let other = db.another().await;
    let hosts: [&Db; 2] = [&db, &other];
    for round in 1..=3 {
        let taken =
            join_all((0..8).map(|n| hosts[n % 2].take_lease(&db.clock, "poll", db.host(), later(&db, 10)))).await;
        let numbers: Vec<i64> = taken.into_iter().filter_map(Result::unwrap).collect();
        assert_eq!(numbers, [round]);
        db.clock.advance(Duration::seconds(11));
    }
}

async fn only_the_holder_reports(db: TestDb) {
    let (one, two) = (db.host(), db.host());
    db.take_lease(&db.clock, "poll", one, later(&db, 10)).await.unwrap();
    assert_eq!(db.lease("poll").await.unwrap().unwrap().state.0, json!({}));
    db.report_lease("poll", one, 1, &json!({ "bot": "@skillet", "last": "你好" })).await.unwrap();
    db.report_lease("poll", two, 1, &json!({ "bot": "@other" })).await.unwrap();
    db.report_lease("poll", one, 0, &json!({ "bot": "@earlier" })).await.unwrap();
    assert_eq!(db.lease("poll").await.unwrap().unwrap().state.0, json!({ "bot": "@skillet", "last": "你好" }));
}
