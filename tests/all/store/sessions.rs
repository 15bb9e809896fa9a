//! Sessions of the web side.

use serde_json::json;
use skillet::store::StoredSession;

use crate::harness::db::{TestDb, both};

both!(a_session_is_made_once_and_saved_while_it_lasts, a_session_expires, a_session_ends, all_sessions_end);

fn session(db: &TestDb, id: &str, seconds: i64) -> StoredSession {
    let expires_at = db.clock.now() + chrono::Duration::seconds(seconds);
    StoredSession { id: id.into(), data: json!({ "user": "ada" }).into(), expires_at }
}

async fn a_session_is_made_once_and_saved_while_it_lasts(db: TestDb) {
    let mut one = session(&db, "s1", 60);
    assert!(db.create_session(&one).await.unwrap());
    assert!(!db.create_session(&session(&db, "s1", 99)).await.unwrap(), "the id is taken");
    let stored = db.session("s1", db.clock.now()).await.unwrap().unwrap();
    assert_eq!((stored.id.as_str(), &stored.data.0, stored.expires_at), ("s1", &one.data.0, one.expires_at));
    one.data = json!({ "user": "bo" }).into();
    db.save_session(&one).await.unwrap();
    db.save_session(&session(&db, "s2", 60)).await.unwrap();
    assert_eq!(db.session("s1", db.clock.now()).await.unwrap().unwrap().data.0, json!({ "user": "bo" }));
    assert!(db.session("s2", db.clock.now()).await.unwrap().is_none(), "one that was ended is not made again");
}

async fn a_session_expires(db: TestDb) {
    db.create_session(&session(&db, "short", 1)).await.unwrap();
    db.create_session(&session(&db, "long", 2)).await.unwrap();
    let now = db.tick();
    assert!(db.session("short", now).await.unwrap().is_none(), "over at the very moment");
    assert!(db.session("long", now).await.unwrap().is_some());
    assert_eq!(db.sweep_sessions(now).await.unwrap(), 1);
    assert_eq!(db.sweep_sessions(now).await.unwrap(), 0);
    assert!(db.create_session(&session(&db, "short", 1)).await.unwrap(), "the id is free again");
}

async fn a_session_ends(db: TestDb) {
    db.create_session(&session(&db, "s1", 60)).await.unwrap();
    db.delete_session("s1").await.unwrap();
    db.delete_session("s1").await.unwrap();
    assert!(db.session("s1", db.clock.now()).await.unwrap().is_none());
}

async fn all_sessions_end(db: TestDb) {
    db.create_session(&session(&db, "s1", 60)).await.unwrap();
    db.create_session(&session(&db, "s2", 60)).await.unwrap();
    db.delete_sessions().await.unwrap();
    for id in ["s1", "s2"] {
        assert!(db.session(id, db.clock.now()).await.unwrap().is_none());
    }
}
