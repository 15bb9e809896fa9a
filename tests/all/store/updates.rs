//! Updates of Telegram: kept once, worked on once.

use chrono::Duration;
use futures_util::future::join_all;
use skillet::store::{Db, NewUpdate};

use crate::harness::db::{TestDb, both, incoming, notice, update};

both!(
    an_update_is_kept_once,
    updates_wait_in_the_order_they_came,
    a_chat_at_work_does_not_stand_before_others,
    only_who_holds_the_lease_keeps_updates,
    the_work_on_an_update_ends_once,
    work_that_ends_twice_at_once_ends_once,
    a_message_ends_its_updates,
    old_keys_are_forgotten,
);

async fn waiting(db: &TestDb) -> Vec<String> {
    db.waiting_updates(&[], 10).await.unwrap().into_iter().map(|update| update.key).collect()
}

async fn an_update_is_kept_once(db: TestDb) {
    assert_eq!(db.updates_come(&[1, 2]).await, 2);
    assert_eq!(db.updates_come(&[2, 3, 3]).await, 1);
    assert_eq!(waiting(&db).await, ["update 1", "update 2", "update 3"]);
    assert!(db.finish_update(&db.clock, "update 2", &[]).await.unwrap());
    assert_eq!(db.updates_come(&[1, 2, 3]).await, 0, "also after the work on it has ended");
    assert_eq!(waiting(&db).await, ["update 1", "update 3"]);
}

async fn updates_wait_in_the_order_they_came(db: TestDb) {
    let (host, end) = (db.host(), db.clock.now() + Duration::seconds(10));
    let number = db.take_lease(&db.clock, "poll", host, end).await.unwrap().unwrap();
    let first = NewUpdate { album: Some("5".into()), ..update(9) };
    let batch = [first, NewUpdate { chat_id: None, ..update(8) }];
    assert_eq!(db.keep_updates(&db.clock, ("poll", host, number), &batch).await.unwrap(), Some(2));
    let came = db.clock.now();
    db.tick();
    assert_eq!(db.keep_updates(&db.clock, ("poll", host, number), &[update(1)]).await.unwrap(), Some(1));
    assert_eq!(waiting(&db).await, ["update 8", "update 9", "update 1"], "Telegram counts anew after a quiet week");
    assert_eq!(db.waiting_updates(&[], 1).await.unwrap().len(), 1);

    let found = db.waiting_updates(&[], 2).await.unwrap();
    assert_eq!((found[0].chat_id, found[0].album.as_deref()), (None, None));
    assert_eq!((found[1].chat_id, found[1].album.as_deref(), found[1].received_at), (Some(7), Some("5"), came));
    assert_eq!(found[1].payload.0, update(9).payload);
}

async fn a_chat_at_work_does_not_stand_before_others(db: TestDb) {
    let (host, end) = (db.host(), db.clock.now() + Duration::seconds(10));
    let number = db.take_lease(&db.clock, "poll", host, end).await.unwrap().unwrap();
    let crowd = (1..=5).map(|n| NewUpdate { chat_id: Some(-7), ..update(n) });
    let more = [NewUpdate { chat_id: None, ..update(6) }, NewUpdate { chat_id: Some(8), ..update(7) }];
    let batch: Vec<NewUpdate> = crowd.chain(more).collect();
    assert_eq!(db.keep_updates(&db.clock, ("poll", host, number), &batch).await.unwrap(), Some(7));
    let waiting = async |busy: &[Option<i64>]| -> Vec<Option<i64>> {
        db.waiting_updates(busy, 3).await.unwrap().into_iter().map(|update| update.chat_id).collect()
    };
    assert_eq!(waiting(&[]).await, [Some(-7), Some(-7), Some(-7)]);
    assert_eq!(waiting(&[Some(-7)]).await, [None, Some(8)]);
    assert_eq!(waiting(&[None, Some(-7)]).await, [Some(8)]);
    assert_eq!(waiting(&[Some(8), Some(99)]).await, [Some(-7), Some(-7), Some(-7)]);
}

async fn only_who_holds_the_lease_keeps_updates(db: TestDb) {
    let (one, two) = (db.host(), db.host());
    let keep =
        async |lease, holder, number| db.keep_updates(&db.clock, (lease, holder, number), &[update(1)]).await.unwrap();
    assert_eq!(keep("poll", one, 1).await, None, "nobody holds it");
    let end = db.clock.now() + Duration::seconds(10);
    assert_eq!(db.take_lease(&db.clock, "poll", one, end).await.unwrap(), Some(1));
    assert_eq!(db.take_lease(&db.clock, "poll", one, end).await.unwrap(), Some(2));
    for (lease, holder, number) in [("poll", one, 1), ("poll", one, 3), ("poll", two, 2), ("other", one, 2)] {
        assert_eq!(keep(lease, holder, number).await, None);
    }
    db.release_lease(&db.clock, "poll", one, 2).await.unwrap();
    assert_eq!(db.take_lease(&db.clock, "poll", two, end).await.unwrap(), Some(3));
    assert_eq!(keep("poll", one, 2).await, None, "it has passed on");
    assert!(waiting(&db).await.is_empty(), "what is refused leaves nothing");
    assert_eq!(keep("poll", two, 3).await, Some(1));
}

async fn the_work_on_an_update_ends_once(db: TestDb) {
    db.updates_come(&[1]).await;
    let notices = [notice("help:1", 7, "This is how."), notice("more:1", 8, "And more.")];
    assert!(!db.finish_update(&db.clock, "update 2", &notices).await.unwrap(), "it never came");
    assert!(db.outgoing(10).await.unwrap().is_empty());
    assert!(db.finish_update(&db.clock, "update 1", &notices).await.unwrap());
    assert!(!db.finish_update(&db.clock, "update 1", &[notice("again:1", 9, "Again.")]).await.unwrap());
    let said = db.rows("SELECT content FROM outbox ORDER BY id").await;
    assert_eq!(said, ["This is how.", "And more."]);
    assert_eq!(db.rows("SELECT key FROM updates WHERE payload IS NULL").await, ["update 1"], "its words are forgotten");
}

async fn work_that_ends_twice_at_once_ends_once(db: TestDb) {
    let other = db.another().await;
    let hosts: [&Db; 2] = [&db, &other];
    db.updates_come(&[1]).await;
    let said = [notice("help:1", 7, "This is how.")];
    let ended = join_all((0..6).map(|n| hosts[n % 2].finish_update(&db.clock, "update 1", &said))).await;
    assert_eq!(ended.into_iter().filter(|ended| *ended.as_ref().unwrap()).count(), 1);
    assert_eq!(db.outgoing(10).await.unwrap().len(), 1);
}

async fn a_message_ends_its_updates(db: TestDb) {
    let ada = db.person("ada").await;
    let talk = db.talk(ada).await;
    db.updates_come(&[1, 2, 3]).await;
    let mut message = incoming(ada, talk, "7:album 5", "look");
    message.updates = vec!["update 1".into(), "update 3".into()];
    db.accept(&db.clock, &message).await.unwrap();
    assert_eq!(waiting(&db).await, ["update 2"]);
    assert!(!db.finish_update(&db.clock, "update 1", &[]).await.unwrap());
    assert_eq!(db.updates_come(&[1, 3]).await, 0);
}

async fn old_keys_are_forgotten(db: TestDb) {
    let ada = db.person("ada").await;
    let talk = db.talk(ada).await;
    db.updates_come(&[1, 2]).await;
    db.accept(&db.clock, &incoming(ada, talk, "web:1", "hello")).await.unwrap();
    assert!(db.finish_update(&db.clock, "update 1", &[]).await.unwrap());
    let later = db.tick();
    db.updates_come(&[3]).await;
    assert!(db.finish_update(&db.clock, "update 3", &[]).await.unwrap());
    assert_eq!(db.sweep_updates(later).await.unwrap(), 1);
    assert_eq!(db.sweep_updates(later).await.unwrap(), 0);
    assert_eq!(waiting(&db).await, ["update 2"], "what waits is not forgotten");
    assert!(db.known_turn("web:1").await.unwrap().is_some(), "nor is what a page sent");
    assert_eq!(db.updates_come(&[1, 3]).await, 1);
}
