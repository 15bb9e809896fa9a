//! The older part of a conversation: folded by one alone, and its messages left out from then on.

use skillet::store::NewFold;

use crate::harness::db::{TestDb, both, ending, incoming};

both!(an_older_part_is_folded_by_one_alone);

async fn an_older_part_is_folded_by_one_alone(db: TestDb) {
    let ada = db.person("ada").await;
    let (here, host) = (db.talk(ada).await, db.host());
    let mut turns = Vec::new();
    for text in ["one", "two", "three"] {
        db.tick();
        db.accept(&db.clock, &incoming(ada, here, text, text)).await.unwrap();
    }
    for _ in 0..3 {
        db.tick();
        let leased = db.lease_turn(&db.clock, host).await.unwrap().unwrap();
        assert!(db.end_turn(&db.clock, &leased, host, &ending("well")).await.unwrap());
        turns.push(leased.id);
    }
    assert!(db.folded(here).await.unwrap().is_none());
    let since = async || {
        let folded = db.folded(here).await.unwrap();
        let messages = db.messages_since(here, folded.as_ref(), 9).await.unwrap();
        messages.into_iter().map(|message| message.content).collect::<Vec<_>>()
    };
    assert_eq!(since().await, ["one", "two", "three", "well", "well", "well"]);

    let through_at = db.turn_messages(turns[0]).await.unwrap()[1].created_at;
    let mut fold = NewFold {
        user: ada,
        conversation: here,
        through_turn: turns[0],
        through_at,
        summary_text: "一 was said".into(),
        kept: vec!["7291".into()],
        source: "rules",
        forgettings: 0,
    };
    assert!(!db.fold_conversation(&db.clock, &fold, 1).await.unwrap(), "there is none that was folded once");
    assert!(db.fold_conversation(&db.clock, &fold, 0).await.unwrap());
    assert!(!db.fold_conversation(&db.clock, &fold, 0).await.unwrap(), "another one came first");
    // What was written before the reply of the folded turn, and waited for its own, stays.
    assert_eq!(since().await, ["two", "three", "well", "well"]);

    (fold.through_turn, fold.source) = (turns[1], "model");
    assert!(db.fold_conversation(&db.clock, &fold, 1).await.unwrap());
    let folded = db.folded(here).await.unwrap().unwrap();
    assert_eq!((folded.folds, folded.source.as_str(), folded.through_turn), (2, "model", turns[1]));
    assert_eq!((folded.summary_text.as_str(), folded.kept.0.as_slice()), ("一 was said", &["7291".to_owned()][..]));
    assert_eq!(since().await, ["three", "well"]);
}
