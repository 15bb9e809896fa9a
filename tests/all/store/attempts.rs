//! Attempts one by one, by what is asked for.

use skillet::{
    ids::ConversationId,
    store::{Attempts, ModelCallStatus},
};

use super::ledger::{book, call};
use crate::harness::db::{TestDb, both};

both!(attempts_are_found_by_what_they_are, turns_are_listed_with_their_cost, titles_are_found);

async fn attempts_are_found_by_what_they_are(db: TestDb) {
    let (ada, bo) = (db.person("ada").await, db.person("bo").await);
    let turn = db.answered_turn(ada).await.id;
    let mut ids = Vec::new();
    for (of, purpose) in [((Some(turn), Some(ada)), "answer"), ((None, Some(ada)), "test"), ((None, Some(bo)), "test")]
    {
        let mut one = call(&db, of, "m", 100);
        one.purpose = purpose.into();
        one.created_at = db.tick();
        ids.push((one.id, one.created_at));
        book(&db, one).await;
    }
    let found =
        async |of: Attempts| -> Vec<_> { db.attempts(&of, 10).await.unwrap().into_iter().map(|one| one.id).collect() };
    let all = Attempts::default();
    assert_eq!(found(all.clone()).await, [ids[2].0, ids[1].0, ids[0].0]);
    assert_eq!(found(Attempts { user: Some(ada), ..all.clone() }).await, [ids[1].0, ids[0].0]);
    assert_eq!(found(Attempts { turn: Some(turn), ..all.clone() }).await, [ids[0].0]);
    assert_eq!(found(Attempts { purpose: Some("test"), ..all.clone() }).await, [ids[2].0, ids[1].0]);
    assert_eq!(found(Attempts { since: Some(ids[1].1), ..all.clone() }).await, [ids[2].0, ids[1].0]);
    assert_eq!(found(Attempts { before: Some(ids[1].1), ..all.clone() }).await, [ids[0].0]);
    assert_eq!(found(Attempts { outside_turns: true, user: Some(ada), ..all.clone() }).await, [ids[1].0]);
    assert_eq!(db.attempts(&all, 1).await.unwrap().len(), 1);
}

async fn turns_are_listed_with_their_cost(db: TestDb) {
    let (ada, bo) = (db.person("ada").await, db.person("bo").await);
    let one = db.answered_turn(ada).await;
    db.tick();
    let two = db.answered_turn(ada).await;
    db.tick();
    // Without a model, and somebody else's.
    db.answered_turn(ada).await;
    let other = db.answered_turn(bo).await;
    book(&db, call(&db, (Some(one.id), Some(ada)), "m", 100)).await;
    let mut failed = call(&db, (Some(one.id), Some(ada)), "m", 10);
    (failed.status, failed.estimated) = (ModelCallStatus::Failed, true);
    book(&db, failed).await;
    book(&db, call(&db, (Some(two.id), Some(ada)), "m", 1_000)).await;
    book(&db, call(&db, (Some(other.id), Some(bo)), "m", 5)).await;

    let costs = db.turn_costs(ada, None, 10).await.unwrap();
    let told: Vec<_> =
        costs.iter().map(|of| (of.id, of.calls, of.failed, of.tokens, of.cost_micros, of.estimated)).collect();
    assert_eq!(told, [(two.id, 1, 0, 1_100, 1_000, false), (one.id, 2, 1, 121, 110, true)]);
    assert_eq!((costs[0].message.as_str(), costs[0].rung.as_deref()), ("hello", Some("template")));
    let older = db.turn_costs(ada, Some(two.created_at), 10).await.unwrap();
    assert_eq!(older.len(), 1);
    assert_eq!(db.turn_costs(ada, None, 1).await.unwrap()[0].id, two.id);
}

async fn titles_are_found(db: TestDb) {
    let ada = db.person("ada").await;
    let talk = db.talk(ada).await;
    let titles = db.conversation_titles(&[talk, ConversationId::new(&db.clock)]).await.unwrap();
    assert_eq!(titles.into_iter().collect::<Vec<_>>(), [(talk, "a talk".to_owned())]);
    assert!(db.conversation_titles(&[]).await.unwrap().is_empty());
}
