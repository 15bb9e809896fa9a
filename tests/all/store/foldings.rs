//! What a night folds, and the way back.

use chrono::{DateTime, Duration, Utc};
use serde_json::json;
use skillet::{
    ids::{FactId, FoldingId, UserId},
    store::{Erasure, FoldedSpan, Merged, NewFact, NewFolding, Span, Words, Written},
};

use crate::harness::db::{TestDb, both};

both!(
    a_folding_is_made_once_and_undone_once,
    a_fact_whose_key_has_a_new_value_stays_closed,
    a_summary_goes_with_a_turn_that_it_covers,
);

fn day(text: &str, from: DateTime<Utc>) -> FoldedSpan {
    FoldedSpan {
        span: Span::Day,
        covers: (from, from + Duration::days(1)),
        text: text.into(),
        json: json!({ "subject": text }),
        words: text.into(),
    }
}

async fn fact(db: &TestDb, user: UserId, key: &str) -> FactId {
    let new = NewFact { words: format!("{key} tea"), ..crate::harness::db::fact(user, key, "green tea") };
    match db.write_fact(&db.clock, &new).await.unwrap() {
        Written::New(id) | Written::Replaced(id) | Written::Unchanged(id) => id,
    }
}

fn words(key: &str, text: &str) -> String {
    format!("{key} {text}")
}

async fn a_folding_is_made_once_and_undone_once(db: TestDb) {
    let (ada, bo, from) = (db.person("ada").await, db.person("bo").await, db.clock.now() - Duration::days(9));
    let (kept, twice) = (fact(&db, ada, "drink").await, fact(&db, ada, "note").await);
    let new = NewFolding {
        forgettings: 0,
        spans: vec![day("moving house", from)],
        merged: vec![Merged { fact: twice, kept }],
    };
    assert!(db.fold_memories(&db.clock, ada, &NewFolding::default()).await.unwrap().is_none());
    let foreign = NewFolding { forgettings: 0, spans: Vec::new(), merged: new.merged.clone() };
    assert!(db.fold_memories(&db.clock, bo, &foreign).await.unwrap().is_none(), "the facts are not his");
    let id = db.fold_memories(&db.clock, ada, &new).await.unwrap().unwrap();
    assert!(db.fold_memories(&db.clock, ada, &new).await.unwrap().is_none(), "all of it is done");
    let folding = db.foldings(ada, 9).await.unwrap().remove(0);
    assert_eq!((folding.id, folding.undone_at, folding.changes.0.closed), (id, None, vec![(twice, kept)]));
    let summary = db.episode(folding.changes.0.made[0].0).await.unwrap().unwrap();
    assert_eq!((summary.span, summary.turn_id, summary.created_at), (Span::Day, None, from));
    assert_eq!((db.found(ada, "moving").await, db.found(ada, "tea").await), (1, 1));
    assert!(db.foldings(bo, 9).await.unwrap().is_empty());
    assert!(db.episodes_from(ada, from, 9).await.unwrap().is_empty(), "a summary is no turn's");

    db.tick();
    assert!(db.undo_folding(&db.clock, id, &words).await.unwrap());
    assert!(!db.undo_folding(&db.clock, id, &words).await.unwrap());
    assert!(!db.undo_folding(&db.clock, FoldingId::new(&db.clock), &words).await.unwrap());
    assert_eq!((db.found(ada, "moving").await, db.found(ada, "tea").await), (0, 2));
    assert_eq!(db.facts(ada, false, 9).await.unwrap().len(), 2);
    assert!(db.episodes(ada, 9).await.unwrap().is_empty());
    assert_eq!(db.foldings(ada, 9).await.unwrap()[0].undone_at, Some(db.clock.now()));
}

async fn a_fact_whose_key_has_a_new_value_stays_closed(db: TestDb) {
    let ada = db.person("ada").await;
    let (kept, twice) = (fact(&db, ada, "drink").await, fact(&db, ada, "note").await);
    let new = NewFolding { forgettings: 0, spans: Vec::new(), merged: vec![Merged { fact: twice, kept }] };
    let id = db.fold_memories(&db.clock, ada, &new).await.unwrap().unwrap();
    db.tick();
    let newer = fact(&db, ada, "note").await;
    assert!(db.undo_folding(&db.clock, id, &words).await.unwrap());
    assert_eq!(db.current_fact(&db.clock, ada, "note").await.unwrap().map(|fact| fact.id), Some(newer));
}

async fn a_summary_goes_with_a_turn_that_it_covers(db: TestDb) {
    let (ada, now) = (db.person("ada").await, db.clock.now());
    let turn = db.answered_turn(ada).await;
    let spans = vec![day("that day", now - Duration::hours(1)), day("another day", now - Duration::days(5))];
    db.fold_memories(&db.clock, ada, &NewFolding { forgettings: 0, spans, merged: Vec::new() }).await.unwrap();
    let erasure = Erasure {
        user: ada,
        words: Words::new([]),
        keys: Vec::new(),
        turns: vec![turn.id],
        episodes: Vec::new(),
        hashes: Vec::new(),
        index: &str::to_owned,
    };
    assert_eq!(db.erase(&db.clock, &erasure).await.unwrap().episodes, 1);
    assert_eq!((db.found(ada, "that").await, db.found(ada, "another").await), (0, 1));
}
