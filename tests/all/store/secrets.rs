//! Secrets of skills.

use futures_util::future::join_all;
use skillet::store::{Db, NewSecret};

use crate::harness::db::{TestDb, both};

use super::versions::stage;

both!(a_secret_is_set_and_replaced, a_secret_is_deleted, secrets_set_at_once_are_one, a_secret_needs_its_skill);

/// What a skill has: name, sealed bytes, who set it.
async fn kept(db: &TestDb, skill: &str) -> Vec<(String, Vec<u8>, String)> {
    let rows = db.secrets(skill).await.unwrap();
    rows.into_iter().map(|row| (row.name, row.sealed, row.set_by)).collect()
}

fn row(name: &str, sealed: &[u8], by: &str) -> (String, Vec<u8>, String) {
    (name.into(), sealed.into(), by.into())
}

async fn a_secret_is_set_and_replaced(db: TestDb) {
    stage(&db, &db, "weather", "d1", b"one").await;
    stage(&db, &db, "echo", "d2", b"two").await;
    let before = db.skills_revision().await.unwrap();
    db.set_secret(
        &db.clock,
        &NewSecret { skill: "weather", name: "token", place: "", sealed: b"\0\xff one", by: "ada" },
    )
    .await
    .unwrap();
    db.set_secret(&db.clock, &NewSecret { skill: "weather", name: "key", place: "", sealed: b"two", by: "ada" })
        .await
        .unwrap();
    db.set_secret(&db.clock, &NewSecret { skill: "echo", name: "token", place: "", sealed: b"three", by: "ada" })
        .await
        .unwrap();
    assert_eq!(db.skills_revision().await.unwrap(), before + 3);
    assert_eq!(kept(&db, "weather").await, [row("key", b"two", "ada"), row("token", b"\0\xff one", "ada")]);

    let now = db.tick();
    db.set_secret(&db.clock, &NewSecret { skill: "weather", name: "token", place: "", sealed: b"four", by: "bo" })
        .await
        .unwrap();
    assert_eq!(kept(&db, "weather").await, [row("key", b"two", "ada"), row("token", b"four", "bo")]);
    assert_eq!(db.secrets("weather").await.unwrap()[1].set_at, now);
    assert_eq!(kept(&db, "echo").await, [row("token", b"three", "ada")]);
    assert!(kept(&db, "none").await.is_empty());
}

async fn a_secret_is_deleted(db: TestDb) {
    stage(&db, &db, "weather", "d1", b"one").await;
    stage(&db, &db, "echo", "d2", b"two").await;
    for skill in ["weather", "echo"] {
        db.set_secret(&db.clock, &NewSecret { skill, name: "token", place: "", sealed: b"one", by: "ada" })
            .await
            .unwrap();
    }
    let before = db.skills_revision().await.unwrap();
    assert!(db.delete_secret("weather", "token").await.unwrap());
    assert!(!db.delete_secret("weather", "token").await.unwrap());
    assert!(!db.delete_secret("echo", "other").await.unwrap());
    assert_eq!(db.skills_revision().await.unwrap(), before + 1, "only a change counts");
    assert!(kept(&db, "weather").await.is_empty());
    assert_eq!(kept(&db, "echo").await.len(), 1);
}

async fn secrets_set_at_once_are_one(db: TestDb) {
    let other = db.another().await;
    let hosts: [&Db; 2] = [&db, &other];
    stage(&db, &db, "weather", "d1", b"one").await;
    let before = db.skills_revision().await.unwrap();
    let set = join_all((0..6).map(|n| {
        hosts[n % 2]
            .set_secret(&db.clock, &NewSecret { skill: "weather", name: "token", place: "", sealed: b"one", by: "ada" })
    }))
    .await;
    assert!(set.iter().all(Result::is_ok));
    assert_eq!(kept(&db, "weather").await.len(), 1);
    assert_eq!(db.skills_revision().await.unwrap(), before + 6);
}

async fn a_secret_needs_its_skill(db: TestDb) {
    let before = db.skills_revision().await.unwrap();
    db.set_secret(&db.clock, &NewSecret { skill: "none", name: "token", place: "", sealed: b"one", by: "ada" })
        .await
        .unwrap_err();
    assert!(kept(&db, "none").await.is_empty());
    assert_eq!(db.skills_revision().await.unwrap(), before);
}
