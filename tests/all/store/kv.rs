//! What skills keep.

use futures_util::future::join_all;
use skillet::store::{Db, KV_BYTES_PER_USER};

use crate::harness::db::{TestDb, both};

both!(
    a_value_is_kept_for_one_skill_and_one_user,
    keys_come_in_the_order_of_their_bytes,
    the_share_is_enforced,
    the_share_is_enforced_on_many_writers,
    a_swap_needs_the_present_value,
    a_swap_over_the_share_changes_nothing,
    swaps_of_many_callers_lose_nothing,
);

fn share() -> usize {
    usize::try_from(KV_BYTES_PER_USER).unwrap()
}

async fn a_value_is_kept_for_one_skill_and_one_user(db: TestDb) {
    let (ada, bo) = (db.person("ada").await, db.person("bo").await);
    assert!(db.kv("notes", ada, "k").await.unwrap().is_none());
    assert!(db.set_kv(&db.clock, ("notes", ada), "k", b"\0\xff one").await.unwrap());
    assert!(db.set_kv(&db.clock, ("notes", bo), "k", b"two").await.unwrap());
    assert!(db.set_kv(&db.clock, ("lists", ada), "k", b"three").await.unwrap());
    assert_eq!(db.kv("notes", ada, "k").await.unwrap().as_deref(), Some(&b"\0\xff one"[..]));
    assert_eq!(db.kv("notes", bo, "k").await.unwrap().as_deref(), Some(&b"two"[..]));
    assert!(db.set_kv(&db.clock, ("notes", ada), "k", b"").await.unwrap());
    assert_eq!(db.kv("notes", ada, "k").await.unwrap().as_deref(), Some(&b""[..]));
    db.delete_kv("notes", ada, "k").await.unwrap();
    db.delete_kv("notes", ada, "k").await.unwrap();
    assert!(db.kv("notes", ada, "k").await.unwrap().is_none());
    assert_eq!(db.kv("lists", ada, "k").await.unwrap().as_deref(), Some(&b"three"[..]));
}

async fn keys_come_in_the_order_of_their_bytes(db: TestDb) {
    let (ada, bo) = (db.person("ada").await, db.person("bo").await);
    for key in ["b", "B", "_", "a_b", "ab", "a%c", "a-", "中", "é"] {
        assert!(db.set_kv(&db.clock, ("notes", ada), key, b"x").await.unwrap());
    }
    assert!(db.set_kv(&db.clock, ("notes", bo), "ax", b"x").await.unwrap());
    let keys = async |prefix, limit| db.kv_keys("notes", ada, prefix, limit).await.unwrap();
    assert_eq!(keys("", 20).await, ["B", "_", "a%c", "a-", "a_b", "ab", "b", "é", "中"]);
    assert_eq!(keys("a", 2).await, ["a%c", "a-"]);
    assert_eq!(keys("a_", 20).await, ["a_b"], "a prefix is not a pattern");
    assert_eq!(keys("a%", 20).await, ["a%c"]);
    assert_eq!(keys("中", 20).await, ["中"]);
}

async fn the_share_is_enforced(db: TestDb) {
    let (ada, bo) = (db.person("ada").await, db.person("bo").await);
    let whole = vec![7; share() - 1];
    assert!(db.set_kv(&db.clock, ("notes", ada), "k", &whole).await.unwrap(), "one byte is the key's");
    assert!(db.set_kv(&db.clock, ("notes", ada), "k", &whole).await.unwrap(), "what is replaced does not count");
    assert!(!db.set_kv(&db.clock, ("notes", ada), "l", b"").await.unwrap());
    assert!(db.kv("notes", ada, "l").await.unwrap().is_none());
    assert!(!db.set_kv(&db.clock, ("notes", ada), "k", &vec![8; share()]).await.unwrap());
    assert_eq!(db.kv("notes", ada, "k").await.unwrap().unwrap(), whole, "the old value stays");
    assert!(db.set_kv(&db.clock, ("notes", bo), "k", b"x").await.unwrap());
    assert!(db.set_kv(&db.clock, ("lists", ada), "k", b"x").await.unwrap());
    db.delete_kv("notes", ada, "k").await.unwrap();
    assert!(db.set_kv(&db.clock, ("notes", ada), "l", b"x").await.unwrap());
}

async fn the_share_is_enforced_on_many_writers(db: TestDb) {
    let (ada, other) = (db.person("ada").await, db.another().await);
    let hosts: [&Db; 2] = [&db, &other];
    let third = vec![7; share() / 3 - 10];
    let keys: Vec<String> = (0..8).map(|n| format!("key {n}")).collect();
    let set =
        join_all(keys.iter().enumerate().map(|(n, key)| hosts[n % 2].set_kv(&db.clock, ("notes", ada), key, &third)))
            .await;
    assert_eq!(set.into_iter().filter(|set| *set.as_ref().unwrap()).count(), 3);
    assert_eq!(db.kv_keys("notes", ada, "", 10).await.unwrap().len(), 3);
}

async fn a_swap_needs_the_present_value(db: TestDb) {
    let ada = db.person("ada").await;
    let swap = async |expected: Option<&[u8]>, value: &[u8]| {
        db.swap_kv(&db.clock, ("notes", ada), "k", (expected, value)).await.unwrap()
    };
    assert_eq!(swap(Some(b"one"), b"two").await, Some(false), "nothing is there");
    assert_eq!(swap(None, b"one").await, Some(true));
    assert_eq!(swap(None, b"two").await, Some(false));
    assert_eq!(swap(Some(b"other"), b"two").await, Some(false));
    assert_eq!(db.kv("notes", ada, "k").await.unwrap().as_deref(), Some(&b"one"[..]));
    assert_eq!(swap(Some(b"one"), b"two").await, Some(true));
    assert_eq!(db.kv("notes", ada, "k").await.unwrap().as_deref(), Some(&b"two"[..]));
}

async fn a_swap_over_the_share_changes_nothing(db: TestDb) {
    let ada = db.person("ada").await;
    let too_long = vec![7; share()];
    assert_eq!(db.swap_kv(&db.clock, ("notes", ada), "k", (None, &too_long)).await.unwrap(), None);
    assert!(db.kv("notes", ada, "k").await.unwrap().is_none());
    assert!(db.set_kv(&db.clock, ("notes", ada), "k", b"one").await.unwrap());
    assert_eq!(db.swap_kv(&db.clock, ("notes", ada), "k", (Some(b"one"), &too_long)).await.unwrap(), None);
    assert_eq!(db.kv("notes", ada, "k").await.unwrap().as_deref(), Some(&b"one"[..]));
}

/// Adds one to a number in `kv`, as a careful skill does.
async fn add_one(db: &Db, test: &TestDb, user: skillet::ids::UserId) {
    loop {
        let seen = db.kv("counter", user, "n").await.unwrap();
        let number: u32 = seen.as_ref().map_or(0, |bytes| String::from_utf8_lossy(bytes).parse().unwrap());
        let next = (number + 1).to_string();
        let swap = (seen.as_deref(), next.as_bytes());
        if db.swap_kv(&test.clock, ("counter", user), "n", swap).await.unwrap() == Some(true) {
            return;
        }
    }
}

async fn swaps_of_many_callers_lose_nothing(db: TestDb) {
    let (ada, other) = (db.person("ada").await, db.another().await);
    let hosts: [&Db; 2] = [&db, &other];
    join_all((0..12).map(|n| add_one(hosts[n % 2], &db, ada))).await;
    assert_eq!(db.kv("counter", ada, "n").await.unwrap().unwrap(), b"12");
}
