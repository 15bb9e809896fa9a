//! The rungs that people stand on, and what they were told.

use skillet::store::RungRow;

use crate::harness::db::{TestDb, both};

both!(a_change_of_rung_is_kept_and_told_once);

async fn a_change_of_rung_is_kept_and_told_once(db: TestDb) {
    let ada = db.person("ada").await;
    let turn = db.answered_turn(ada).await.id;
    assert_eq!(db.rung(ada).await.unwrap(), None);
    assert!(!db.tell_rung(ada, "large").await.unwrap(), "there is nothing to tell");
    for _ in 0..2 {
        db.set_rung(&db.clock, (ada, turn), ("large", "small"), "80 %").await.unwrap();
    }
    assert_eq!(db.rung(ada).await.unwrap(), Some(RungRow { rung: "small".into(), told: "large".into() }));
    assert!(!db.tell_rung(ada, "large").await.unwrap(), "they do not stand there");
    assert!(db.tell_rung(ada, "small").await.unwrap());
    assert!(!db.tell_rung(ada, "small").await.unwrap());
    db.tick();
    db.set_rung(&db.clock, (ada, turn), ("small", "large"), "50 %").await.unwrap();
    assert!(db.tell_rung(ada, "large").await.unwrap());
    let changes = db.rung_changes(9).await.unwrap();
    let told: Vec<_> = changes.iter().map(|change| (change.new_rung.as_str(), change.reason.as_str())).collect();
    assert_eq!(told, [("large", "50 %"), ("small", "80 %")], "once each, the newest first");
    assert_eq!((changes[0].user_id, changes[0].turn_id), (ada, Some(turn)));
}
