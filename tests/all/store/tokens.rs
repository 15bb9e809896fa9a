//! Bearer tokens.

use chrono::Duration;
use skillet::store::StoreError;

use crate::harness::db::{TestDb, both};

both!(a_token_is_known_by_its_hash, a_name_is_used_once, its_use_is_noted_once_a_minute, a_revoked_token_is_gone);

fn scopes() -> Vec<String> {
    vec!["chat".into(), "skills".into()]
}

async fn a_token_is_known_by_its_hash(db: TestDb) {
    let id = db.create_token(&db.clock, "laptop", "hash 1", &scopes()).await.unwrap();
    let token = db.use_token(&db.clock, "hash 1").await.unwrap().unwrap();
    assert_eq!((token.id, token.name.as_str(), token.scopes.0), (id, "laptop", scopes()));
    assert_eq!((token.created_at, token.last_used_at), (db.clock.now(), None));
    assert!(db.use_token(&db.clock, "hash 2").await.unwrap().is_none());
}

async fn a_name_is_used_once(db: TestDb) {
    db.create_token(&db.clock, "laptop", "hash 1", &scopes()).await.unwrap();
    let again = db.create_token(&db.clock, "laptop", "hash 2", &scopes()).await;
    assert!(matches!(again, Err(StoreError::Taken(_))), "{again:?}");
    db.tick();
    db.create_token(&db.clock, "phone", "hash 2", &[]).await.unwrap();
    let names: Vec<String> = db.tokens().await.unwrap().into_iter().map(|token| token.name).collect();
    assert_eq!(names, ["laptop", "phone"]);
}

async fn its_use_is_noted_once_a_minute(db: TestDb) {
    db.create_token(&db.clock, "laptop", "hash 1", &scopes()).await.unwrap();
    let noted = async || db.tokens().await.unwrap()[0].last_used_at;
    let first = db.clock.now();
    db.use_token(&db.clock, "hash 1").await.unwrap();
    assert_eq!(noted().await, Some(first));
    db.clock.advance(Duration::seconds(60));
    db.use_token(&db.clock, "hash 1").await.unwrap();
    assert_eq!(noted().await, Some(first));
    let later = db.tick();
    db.use_token(&db.clock, "hash 1").await.unwrap();
    assert_eq!(noted().await, Some(later));
}

async fn a_revoked_token_is_gone(db: TestDb) {
    let id = db.create_token(&db.clock, "laptop", "hash 1", &scopes()).await.unwrap();
    assert!(db.revoke_token(id).await.unwrap());
    assert!(!db.revoke_token(id).await.unwrap());
    assert!(db.use_token(&db.clock, "hash 1").await.unwrap().is_none());
    assert!(db.tokens().await.unwrap().is_empty());
}
