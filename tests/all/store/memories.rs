//! Facts and episodes.

use futures_util::future::join_all;
use serde_json::json;
use skillet::{
    ids::{EpisodeId, FactId, TurnId, UserId},
    store::{Db, NewEpisode, NewFact, Turn, Written},
};

use crate::harness::db::{TestDb, both};

both!(
    a_fact_is_kept_once,
    a_new_value_closes_the_old_one,
    many_writers_of_one_key_leave_one_value,
    facts_are_each_persons_own,
    a_key_has_one_current_fact,
    a_turn_has_one_episode,
    an_episode_is_the_source_of_what_its_turn_taught,
    episodes_go_back_in_time,
);

fn fact(user: UserId, key: &str, value: &str) -> NewFact {
    NewFact {
        user,
        key: key.into(),
        value_text: value.into(),
        value_json: json!({ "value": value }),
        source_turn: None,
        said_by: "user",
        confidence: 0.9,
        words: format!("{key} {value}"),
    }
}

fn episode(turn: &Turn, summary: &str) -> NewEpisode {
    NewEpisode {
        user: turn.user_id,
        conversation: turn.conversation_id,
        turn: turn.id,
        summary_text: summary.into(),
        summary_json: json!({ "subject": summary }),
        tags: vec!["生活".into(), "life".into()],
        source: "rules",
        words: summary.into(),
    }
}

fn id(written: Written) -> FactId {
    match written {
        Written::New(id) | Written::Replaced(id) | Written::Unchanged(id) => id,
    }
}

async fn found(db: &Db, user: UserId, word: &str) -> usize {
    db.search(user, &[word.to_owned()], 10).await.unwrap().len()
}

async fn a_fact_is_kept_once(db: TestDb) {
    let ada = db.person("ada").await;
    let new = db.write_fact(&db.clock, &fact(ada, "city", "上海")).await.unwrap();
    let Written::New(written) = new else { panic!("{new:?}") };
    let stored = db.fact(written).await.unwrap().unwrap();
    assert_eq!((stored.user_id, stored.key.as_str(), stored.value_text.as_str()), (ada, "city", "上海"));
    assert_eq!(stored.value_json.0, json!({ "value": "上海" }));
    assert_eq!((stored.said_by.as_str(), stored.confidence.to_bits()), ("user", 0.9_f64.to_bits()));
    assert_eq!((stored.valid_from, stored.recorded_at, stored.valid_to), (db.clock.now(), db.clock.now(), None));
    db.tick();
    let again = db.write_fact(&db.clock, &fact(ada, "city", "上海")).await.unwrap();
    assert_eq!(again, Written::Unchanged(written));
    assert_eq!(db.facts(ada, true, 10).await.unwrap().len(), 1);
    assert_eq!(found(&db, ada, "上海").await, 1);
    assert!(db.fact(FactId::new(&db.clock)).await.unwrap().is_none());
}

async fn a_new_value_closes_the_old_one(db: TestDb) {
    let ada = db.person("ada").await;
    let old = id(db.write_fact(&db.clock, &fact(ada, "city", "Beijing")).await.unwrap());
    db.write_fact(&db.clock, &fact(ada, "lock", "7291")).await.unwrap();
    let moved = db.tick();
    let written = db.write_fact(&db.clock, &fact(ada, "city", "Shanghai")).await.unwrap();
    let Written::Replaced(new) = written else { panic!("{written:?}") };
    assert_eq!(db.fact(old).await.unwrap().unwrap().valid_to, Some(moved));
    let texts = async |closed, limit| {
        let facts = db.facts(ada, closed, limit).await.unwrap();
        facts.into_iter().map(|fact| fact.value_text).collect::<Vec<_>>()
    };
    assert_eq!(texts(false, 10).await, ["Shanghai", "7291"]);
    assert_eq!(texts(true, 10).await.len(), 3);
    assert_eq!(texts(true, 1).await, ["Shanghai"]);

    db.tick();
    let back = db.write_fact(&db.clock, &fact(ada, "city", "Beijing")).await.unwrap();
    assert!(
        matches!(back, Written::Replaced(again) if again != old && again != new),
        "a closed value is not taken up again"
    );
    assert_eq!(db.count_facts(ada).await.unwrap(), 4);
}

async fn many_writers_of_one_key_leave_one_value(db: TestDb) {
    let (ada, other) = (db.person("ada").await, db.another().await);
    let hosts: [&Db; 2] = [&db, &other];
    let facts: Vec<NewFact> = (0..8).map(|n| fact(ada, "city", &format!("city {}", n % 4))).collect();
    let written = join_all(facts.iter().enumerate().map(|(n, fact)| hosts[n % 2].write_fact(&db.clock, fact))).await;
    let written: Vec<Written> = written.into_iter().map(Result::unwrap).collect();
    assert_eq!(written.iter().filter(|one| matches!(one, Written::New(_))).count(), 1);
    assert_eq!(db.facts(ada, false, 10).await.unwrap().len(), 1);
}

async fn facts_are_each_persons_own(db: TestDb) {
    let (ada, bo) = (db.person("ada").await, db.person("bo").await);
    db.write_fact(&db.clock, &fact(ada, "city", "Shanghai")).await.unwrap();
    let bos = db.write_fact(&db.clock, &fact(bo, "city", "Shanghai")).await.unwrap();
    assert!(matches!(bos, Written::New(_)));
    assert_eq!(db.facts(ada, true, 10).await.unwrap().len(), 1);
}

async fn a_key_has_one_current_fact(db: TestDb) {
    let (ada, bo) = (db.person("ada").await, db.person("bo").await);
    db.write_fact(&db.clock, &fact(ada, "city", "Beijing")).await.unwrap();
    let now = id(db.write_fact(&db.clock, &fact(ada, "city", "Shanghai")).await.unwrap());
    assert_eq!(db.current_fact(ada, "city").await.unwrap().map(|fact| fact.id), Some(now));
    assert!(db.current_fact(bo, "city").await.unwrap().is_none());
    assert!(db.current_fact(ada, "lock").await.unwrap().is_none());
}

async fn a_turn_has_one_episode(db: TestDb) {
    let ada = db.person("ada").await;
    let turn = db.answered_turn(ada).await;
    assert!(db.write_episode(&db.clock, &episode(&turn, "moving")).await.unwrap());
    assert!(!db.write_episode(&db.clock, &episode(&turn, "cooking")).await.unwrap());
    assert_eq!((found(&db, ada, "moving").await, found(&db, ada, "cooking").await), (1, 0));
    let episodes = db.episodes(ada, 10).await.unwrap();
    assert_eq!(episodes.len(), 1);
    let stored = db.episode(episodes[0].id).await.unwrap().unwrap();
    assert_eq!(
        (stored.user_id, stored.turn_id, stored.conversation_id),
        (ada, Some(turn.id), Some(turn.conversation_id))
    );
    assert_eq!((stored.summary_text.as_str(), stored.source.as_str()), ("moving", "rules"));
    assert_eq!(
        (stored.summary_json.0, stored.tags.0),
        (json!({ "subject": "moving" }), vec!["生活".into(), "life".into()])
    );
    assert_eq!(stored.created_at, db.clock.now());
    assert!(db.episode(EpisodeId::new(&db.clock)).await.unwrap().is_none());
}

/// A fact that the given turn taught.
async fn taught(db: &TestDb, turn: TurnId, user: UserId) -> FactId {
    let mut new = fact(user, "city", "Shanghai");
    new.source_turn = Some(turn);
    id(db.write_fact(&db.clock, &new).await.unwrap())
}

async fn an_episode_is_the_source_of_what_its_turn_taught(db: TestDb) {
    let ada = db.person("ada").await;
    let turn = db.answered_turn(ada).await;
    let fact = taught(&db, turn.id, ada).await;
    db.write_episode(&db.clock, &episode(&turn, "moving")).await.unwrap();
    let stored = db.fact(fact).await.unwrap().unwrap();
    assert_eq!(stored.source_turn_id, Some(turn.id));
    assert_eq!(stored.source_episode_id, Some(db.episodes(ada, 1).await.unwrap()[0].id));
}

async fn episodes_go_back_in_time(db: TestDb) {
    let (ada, host) = (db.person("ada").await, db.host());
    let talk = db.talk(ada).await;
    let mut times = Vec::new();
    for text in ["one", "two", "three"] {
        db.tick();
        let message = crate::harness::db::incoming(ada, talk, text, text);
        db.accept(&db.clock, &message).await.unwrap();
        let turn = db.lease_turn(&db.clock, host).await.unwrap().unwrap();
        db.end_turn(&db.clock, &turn, host, &crate::harness::db::ending("hi")).await.unwrap();
        db.write_episode(&db.clock, &episode(&turn, text)).await.unwrap();
        times.push(db.clock.now());
    }
    db.tick();
    let elsewhere = db.answered_turn(ada).await;
    db.write_episode(&db.clock, &episode(&elsewhere, "elsewhere")).await.unwrap();
    let texts = |episodes: Vec<skillet::store::Episode>| -> Vec<String> {
        episodes.into_iter().map(|episode| episode.summary_text).collect()
    };
    assert_eq!(texts(db.episodes_before(talk, db.clock.now(), 2).await.unwrap()), ["two", "three"]);
    assert_eq!(texts(db.episodes_before(talk, times[1], 5).await.unwrap()), ["one"]);
    assert_eq!(texts(db.episodes(ada, 2).await.unwrap()), ["elsewhere", "three"]);
}
