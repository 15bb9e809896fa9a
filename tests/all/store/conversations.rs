//! Conversations and messages.

use skillet::{ids::ConversationId, store::Channel};

use crate::harness::db::{TestDb, both, ending, incoming};

both!(the_one_used_last_comes_first, messages_are_the_newest_oldest_first, a_turn_has_its_two_messages);

async fn the_one_used_last_comes_first(db: TestDb) {
    let (ada, bo) = (db.person("ada").await, db.person("bo").await);
    let first = db.create_conversation(&db.clock, ada, Channel::Cli, "a list for 明天").await.unwrap();
    db.tick();
    let second = db.talk(ada).await;
    db.talk(bo).await;
    let of = async |limit| {
        let found = db.conversations(ada, limit).await.unwrap();
        found.into_iter().map(|one| one.id).collect::<Vec<_>>()
    };
    assert_eq!(of(10).await, [second, first]);
    let now = db.tick();
    db.accept(&db.clock, &incoming(ada, first, "1", "again")).await.unwrap();
    assert_eq!(of(10).await, [first, second]);
    assert_eq!(of(1).await, [first]);

    let found = db.conversation(first).await.unwrap().unwrap();
    assert_eq!((found.user_id, found.channel, found.title.as_str()), (ada, Channel::Cli, "a list for 明天"));
    assert_eq!(found.updated_at, now);
    assert!(found.created_at < now);
    assert!(db.conversation(ConversationId::new(&db.clock)).await.unwrap().is_none());
}

async fn messages_are_the_newest_oldest_first(db: TestDb) {
    let ada = db.person("ada").await;
    let (here, elsewhere) = (db.talk(ada).await, db.talk(ada).await);
    for text in ["one", "two", "three"] {
        db.tick();
        db.accept(&db.clock, &incoming(ada, here, text, text)).await.unwrap();
    }
    db.accept(&db.clock, &incoming(ada, elsewhere, "four", "four")).await.unwrap();
    let texts = async |limit| {
        let found = db.messages(here, limit).await.unwrap();
        found.into_iter().map(|one| one.content).collect::<Vec<_>>()
    };
    assert_eq!(texts(10).await, ["one", "two", "three"]);
    assert_eq!(texts(2).await, ["two", "three"]);
}

async fn a_turn_has_its_two_messages(db: TestDb) {
    let ada = db.person("ada").await;
    let turn = db.waiting_turn(ada).await;
    assert_eq!(db.turn_messages(turn).await.unwrap().len(), 1);
    let host = db.host();
    let leased = db.lease_turn(&db.clock, host).await.unwrap().unwrap();
    db.tick();
    assert!(db.end_turn(&db.clock, &leased, host, &ending("你好")).await.unwrap());
    let messages = db.turn_messages(turn).await.unwrap();
    let said: Vec<(&str, &str)> = messages.iter().map(|one| (one.role.as_str(), one.content.as_str())).collect();
    assert_eq!(said, [("user", "hello"), ("assistant", "你好")]);
    assert_eq!(messages[0].meta.0, serde_json::json!({}));
    assert_eq!(messages[1].meta.0, serde_json::json!({ "route": "direct" }));
    assert_eq!(messages[1].turn_id, Some(turn));
}
