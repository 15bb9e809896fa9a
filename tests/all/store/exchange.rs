//! Memories that are brought along: what is new comes, what is known stays.

use chrono::{DateTime, Duration, Utc};
use serde_json::json;
use skillet::{
    ids::TurnId,
    store::{Brought, BroughtEpisode, BroughtFact, FactClass, NewFact, RuleKind},
};

use crate::harness::db::{TestDb, both};

both!(
    what_is_brought_twice_comes_once,
    of_two_current_facts_the_later_one_holds,
    an_episode_keeps_its_turn_where_it_has_none_yet,
    rules_come_along_up_to_their_bound,
);

fn fact(key: &str, text: &str, from: DateTime<Utc>, to: Option<DateTime<Utc>>) -> BroughtFact {
    BroughtFact {
        key: key.into(),
        value_text: text.into(),
        value_json: json!({ "value": text }),
        source_turn: None,
        said_by: "user".into(),
        confidence: 0.5,
        valid_from: from,
        valid_to: to,
        recorded_at: from,
        class: FactClass::Fact,
        meaning: text.to_lowercase(),
        since_told: true,
        expires_at: None,
        closed_at: to,
        words: text.to_lowercase(),
    }
}

fn episode(turn: Option<TurnId>, text: &str, at: DateTime<Utc>) -> BroughtEpisode {
    BroughtEpisode {
        turn,
        summary_text: text.into(),
        summary_json: json!({ "subject": text }),
        tags: vec!["t".into()],
        source: "rules".into(),
        created_at: at,
        words: text.into(),
    }
}

async fn what_is_brought_twice_comes_once(db: TestDb) {
    let (ada, bo, now) = (db.person("ada").await, db.person("bo").await, db.clock.now());
    let facts = [fact("home", "Berlin", now - Duration::days(9), Some(now)), fact("home", "Shanghai", now, None)];
    let episodes = [episode(None, "spoke of moving", now)];
    let bring = async |user| db.bring_memories(&db.clock, user, (&facts, &episodes), &[]).await.unwrap();
    assert_eq!(bring(ada).await, Brought { facts: 2, episodes: 1, ..Brought::default() });
    assert_eq!(bring(ada).await, Brought { known: 3, ..Brought::default() });
    let stored = db.facts(ada, true, 9).await.unwrap();
    assert_eq!(stored.len(), 2);
    let home = db.current_fact(&db.clock, ada, "home").await.unwrap().unwrap();
    assert_eq!((home.value_text.as_str(), home.valid_from, home.recorded_at), ("Shanghai", now, now));
    assert_eq!((home.confidence.to_bits(), home.source_turn_id), (0.5_f64.to_bits(), None));
    let found = async |user, word: &str| db.found(user, word).await;
    assert_eq!((found(ada, "shanghai").await, found(ada, "berlin").await, found(ada, "moving").await), (1, 0, 1));
    assert_eq!(found(bo, "shanghai").await, 0);
    assert_eq!(bring(bo).await.facts, 2, "another person's are others");
    let read = db.episodes_from(ada, now, 9).await.unwrap();
    assert_eq!((read.len(), read[0].turn_id, read[0].conversation_id), (1, None, None));
    assert!(db.episodes_from(ada, db.tick(), 9).await.unwrap().is_empty());
}

async fn of_two_current_facts_the_later_one_holds(db: TestDb) {
    let (ada, now) = (db.person("ada").await, db.clock.now());
    let own = NewFact { words: "berlin".into(), ..crate::harness::db::fact(ada, "home", "Berlin") };
    db.write_fact(&db.clock, &own).await.unwrap();
    let (before, after) = (now - Duration::days(1), now + Duration::days(1));
    let bring = async |brought: BroughtFact| db.bring_memories(&db.clock, ada, (&[brought], &[]), &[]).await.unwrap();
    assert_eq!(bring(fact("home", "Paris", before, None)).await.facts, 1);
    assert_eq!(db.current_fact(&db.clock, ada, "home").await.unwrap().unwrap().value_text, "Berlin");
    assert_eq!(bring(fact("home", "Shanghai", after, None)).await.facts, 1);
    let now_so = db.current_fact(&db.clock, ada, "home").await.unwrap().unwrap();
    assert_eq!(now_so.value_text, "Shanghai");
    let ends: Vec<_> =
        db.facts(ada, true, 9).await.unwrap().into_iter().map(|fact| (fact.value_text, fact.valid_to)).collect();
    assert!(ends.contains(&("Paris".into(), Some(now))) && ends.contains(&("Berlin".into(), Some(after))), "{ends:?}");
    assert_eq!(db.found(ada, "berlin").await, 0);
}

async fn an_episode_keeps_its_turn_where_it_has_none_yet(db: TestDb) {
    let (ada, bo, now) = (db.person("ada").await, db.person("bo").await, db.clock.now());
    let turn = db.answered_turn(ada).await;
    let bring = async |user, text: &str| {
        db.bring_memories(&db.clock, user, (&[], &[episode(Some(turn.id), text, now)]), &[]).await.unwrap().episodes
    };
    assert_eq!((bring(ada, "one").await, bring(ada, "two").await), (1, 0), "a turn has one summary");
    let stored = db.episodes(ada, 9).await.unwrap().remove(0);
    assert_eq!((stored.turn_id, stored.conversation_id), (Some(turn.id), Some(turn.conversation_id)));
    assert_eq!(bring(bo, "one").await, 1);
    assert_eq!(db.episodes(bo, 9).await.unwrap().remove(0).turn_id, None, "it is no turn of his");
}

async fn rules_come_along_up_to_their_bound(db: TestDb) {
    let ada = db.person("ada").await;
    let rules: Vec<_> = ["a", "b", "c"].map(|key| (RuleKind::Pin, key.to_owned(), 2)).into();
    let brought = db.bring_memories(&db.clock, ada, (&[], &[]), &rules).await.unwrap();
    assert_eq!((brought.rules, brought.known), (2, 1));
    assert_eq!(db.memory_rules(ada).await.unwrap().len(), 2);
}
