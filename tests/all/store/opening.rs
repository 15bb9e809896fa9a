//! Opening, migrating, closing.

use secrecy::SecretString;
use skillet::store::Db;
use std::path::Path;

use crate::harness::{
    db::{TestDb, both},
    postgres as throwaway,
};

both!(it_answers_until_it_is_closed, migrating_again_changes_nothing, a_second_host_sees_the_same, a_copy_is_whole,);

async fn it_answers_until_it_is_closed(db: TestDb) {
    db.ping().await.unwrap();
    assert!(["sqlite", "postgres"].contains(&db.engine()));
    db.close().await;
    db.ping().await.unwrap_err();
}

async fn migrating_again_changes_nothing(db: TestDb) {
    let user = db.person("ada").await;
    db.migrate().await.unwrap();
    assert_eq!(db.user(user).await.unwrap().unwrap().name, "ada");
}

async fn a_second_host_sees_the_same(db: TestDb) {
    let user = db.person("ada").await;
    let other = db.another().await;
    assert_eq!(other.user(user).await.unwrap().unwrap().created_at, db.clock.now());
    assert_eq!(other.engine(), db.engine());
}

async fn a_copy_is_whole(db: TestDb) {
    let user = db.person("ada").await;
    let folder = tempfile::tempdir().unwrap();
    let copied = db.copy_to(&folder.path().join("skillet.db")).await;
    if db.engine() == "postgres" {
        copied.unwrap_err();
        return;
    }
    copied.unwrap();
    let copy = Db::open(&SecretString::from(""), folder.path(), 1).await.unwrap();
    assert_eq!(copy.user(user).await.unwrap().unwrap().name, "ada");
    db.copy_to(&folder.path().join("skillet.db")).await.unwrap_err();
}

#[tokio::test]
async fn connections_that_nobody_uses_are_closed_but_for_one() {
    let folder = tempfile::tempdir().unwrap();
    let db = Db::open(&SecretString::from(""), folder.path(), 5).await.unwrap();
    let Db::Sqlite(pool, _) = &db else { panic!("it is SQLite") };
    let open = async || futures_util::future::join_all((0..5).map(|_| pool.acquire())).await;
    let mut used = open().await;
    db.close_idle().await;
    assert_eq!(pool.size(), 5, "those in use stay");
    let one = used.pop();
    drop(used);
    // A connection comes back to the pool by a task of its own.
    while pool.num_idle() < 4 {
        tokio::task::yield_now().await;
    }
    db.close_idle().await;
    assert_eq!(pool.size(), 2, "the one in use, and one");
    drop(one);
    assert!(open().await.iter().all(Result::is_ok), "more are opened when they are needed");
}

/// As when `skillet token create` runs while `skillet serve` starts for the first time.
#[tokio::test]
async fn two_processes_may_make_the_sqlite_file_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let url = SecretString::from("");
    let (one, two) = tokio::join!(Db::open(&url, folder.path(), 2), Db::open(&url, folder.path(), 2));
    one.unwrap().ping().await.unwrap();
    two.unwrap().ping().await.unwrap();
}

#[tokio::test]
async fn two_hosts_may_migrate_one_postgres_at_once() {
    let Some(server) = throwaway::server() else {
        return throwaway::say_skipped("two_hosts_may_migrate_one_postgres_at_once");
    };
    let name = throwaway::empty_database(server).await;
    let url = SecretString::from(name.as_str());
    let (one, two) = tokio::join!(Db::open(&url, Path::new(""), 2), Db::open(&url, Path::new(""), 2));
    one.unwrap().ping().await.unwrap();
    two.unwrap().ping().await.unwrap();
    throwaway::drop_database(&name).await;
}

#[tokio::test]
async fn a_scratch_database_is_empty_and_its_own() {
    let (one, two) = (Db::scratch().await.unwrap(), Db::scratch().await.unwrap());
    let clock = skillet::clock::Clock::System;
    one.user_named(&clock, "ada").await.unwrap();
    assert_eq!(one.users().await.unwrap().len(), 1);
    assert!(two.users().await.unwrap().is_empty());
}
