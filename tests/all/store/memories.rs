//! Episodes.

use serde_json::json;
use skillet::{
    ids::{EpisodeId, FactId, TurnId, UserId},
    store::{NewEpisode, Turn},
};

use super::facts::id;
use crate::harness::db::{TestDb, both, fact};

both!(a_turn_has_one_episode, an_episode_is_the_source_of_what_its_turn_taught, episodes_go_back_in_time,);

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
        forgettings: 0,
    }
}

async fn a_turn_has_one_episode(db: TestDb) {
    let ada = db.person("ada").await;
    let turn = db.answered_turn(ada).await;
    assert!(db.write_episode(&db.clock, &episode(&turn, "moving")).await.unwrap());
    assert!(!db.write_episode(&db.clock, &episode(&turn, "cooking")).await.unwrap());
    assert_eq!((db.found(ada, "moving").await, db.found(ada, "cooking").await), (1, 0));
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
