//! What memory brings back, and why: through the product's own store, on both engines.

use chrono::Duration;
use futures_util::{FutureExt, future::BoxFuture};
use serde_json::json;
use skillet::{
    ids::{ConversationId, TurnId, UserId},
    memory::{Ask, EmbedError, Embedder, Memory, Purpose, Recalled, Rules},
    store::SearchKind,
};
use std::sync::Arc;

use crate::harness::db::{TestDb, both, incoming};

both!(
    a_message_is_found_word_for_word,
    what_was_said_around_it_comes_along,
    a_day_that_is_named_is_found,
    a_time_that_is_asked_for_is_told,
    a_fact_leads_to_what_was_said,
    a_room_is_filled_with_whole_lines,
    what_is_known_is_not_said_again,
    nobody_recalls_what_another_said,
    who_is_named_is_preferred,
    echoes_and_commands_are_not_memories,
    an_answer_is_found_again_until_something_changes,
    what_means_the_same_is_found_by_vectors,
    nothing_is_brought_for_nothing,
    what_the_best_have_in_common_orders_the_rest,
);

struct Person {
    memory: Memory,
    user: UserId,
    talk: ConversationId,
}

async fn person(db: &TestDb, name: &str) -> Person {
    let user = db.person(name).await;
    Person { memory: Memory::new((**db).clone(), db.clock.clone()), user, talk: db.talk(user).await }
}

impl Person {
    async fn says(&self, db: &TestDb, text: &str) -> TurnId {
        self.says_as(db, text, json!({})).await
    }

    async fn says_as(&self, db: &TestDb, text: &str, meta: serde_json::Value) -> TurnId {
        db.tick();
        let mut message = incoming(self.user, self.talk, &uuid::Uuid::now_v7().to_string(), text);
        message.meta = meta;
        let turn = db.accept(&db.clock, &message).await.unwrap().turn();
        self.memory.index_messages().await.unwrap();
        turn
    }

    async fn recalls(&self, text: &str) -> Vec<Recalled> {
        self.memory.fill(&self.ask(text), &Rules::default()).await.unwrap()
    }

    fn ask<'a>(&self, text: &'a str) -> Ask<'a> {
        Ask { user: self.user, text, zone: chrono_tz::UTC, limit: 50, room: None, except: &[] }
    }
}

fn texts(found: &[Recalled]) -> Vec<&str> {
    found.iter().map(|one| one.text.as_str()).collect()
}

async fn a_message_is_found_word_for_word(db: TestDb) {
    let ada = person(&db, "ada").await;
    ada.says(&db, "The weather is nice.").await;
    let turn = ada.says(&db, "My bike is in the cellar of house 12.").await;
    ada.talk_elsewhere(&db, "我的自行车停在地下室。").await;
    let found = ada.recalls("where is my bike?").await;
    assert_eq!(found[0].text, "My bike is in the cellar of house 12.");
    assert_eq!(
        (found[0].kind, found[0].turn, found[0].said_by.as_deref()),
        (SearchKind::Message, Some(turn), Some("user"))
    );
    assert_eq!(found[0].matched, ["bike"]);
    assert!((found[0].share - 1.0).abs() < 1e-9 && found[0].parts.words > 0.99);
    assert_eq!(found[0].line(chrono_tz::UTC), "[2026-03-01] user: My bike is in the cellar of house 12.");
    assert_eq!(ada.recalls("自行车在哪").await[0].text, "我的自行车停在地下室。");
    assert_eq!(ada.recalls("车").await[0].text, "我的自行车停在地下室。");
}

impl Person {
    async fn talk_elsewhere(&self, db: &TestDb, text: &str) -> TurnId {
        let other = Self { memory: self.memory.clone(), user: self.user, talk: db.talk(self.user).await };
        other.says(db, text).await
    }
}

async fn what_was_said_around_it_comes_along(db: TestDb) {
    let ada = person(&db, "ada").await;
    for text in ["What did the doctor say?", "Take the blue pills twice a day.", "And no coffee at all."] {
        ada.says(&db, text).await;
    }
    ada.talk_elsewhere(&db, "The garden needs water.").await;
    let found = ada.recalls("what about the blue pills?").await;
    assert_eq!(
        texts(&found),
        ["Take the blue pills twice a day.", "And no coffee at all.", "What did the doctor say?"]
    );
    assert!(found[1].parts.around > found[2].parts.around && found[2].parts.around > 0.0);
    assert!(found[1].matched.is_empty() && found[1].parts.session > 0.0);
    // A plain search is for what matches by itself.
    assert_eq!(
        texts(&ada.memory.recall(ada.user, "blue pills", 10).await.unwrap()),
        ["Take the blue pills twice a day."]
    );
}

async fn a_day_that_is_named_is_found(db: TestDb) {
    let ada = person(&db, "ada").await;
    ada.says(&db, "We saw an exhibition of clocks.").await;
    db.clock.advance(Duration::days(3));
    ada.talk_elsewhere(&db, "Cooked noodles today.").await;
    db.clock.advance(Duration::days(1));
    for question in ["what happened yesterday?", "昨天呢？", "3月4号做了什么？", "on March 4, 2026?"] {
        let found = ada.recalls(question).await;
        assert_eq!(texts(&found)[0], "Cooked noodles today.", "{question}");
        assert!(found[0].parts.date > 0.5);
    }
}

async fn a_time_that_is_asked_for_is_told(db: TestDb) {
    let ada = person(&db, "ada").await;
    ada.says(&db, "I went to the museum yesterday.").await;
    for _ in 0..3 {
        ada.says(&db, "A nice building is the museum.").await;
    }
    let found = ada.recalls("when did I go to the museum?").await;
    assert_eq!(found[0].text, "I went to the museum yesterday.");
    assert!(found[0].parts.when > 0.0 && found[0].matched.contains(&"go".to_owned()), "{found:?}");
    assert!(found[1..].iter().all(|one| one.parts.when.abs() < f64::EPSILON));
    assert!(ada.recalls("the museum?").await.iter().all(|one| one.parts.when.abs() < f64::EPSILON));
}

async fn a_fact_leads_to_what_was_said(db: TestDb) {
    let ada = person(&db, "ada").await;
    ada.says(&db, "Nice weather.").await;
    let turn = ada.talk_elsewhere(&db, "It is the third one on the left, past the mill.").await;
    ada.memory.remember(ada.user, "house of grandma", "Grandma's house is past the mill", Some(turn)).await.unwrap();
    let found = ada.recalls("where is grandma's house?").await;
    assert_eq!(texts(&found), ["Grandma's house is past the mill", "It is the third one on the left, past the mill."]);
    assert_eq!((found[0].kind, found[0].turn), (SearchKind::Fact, Some(turn)));
    assert!(found[1].parts.facts > 0.0);
}

async fn a_room_is_filled_with_whole_lines(db: TestDb) {
    let ada = person(&db, "ada").await;
    let long = format!("The boat is {} far away", "very ".repeat(200));
    for text in ["The boat is green.", "The boat is old.", long.as_str(), "The boat has two masts."] {
        ada.says(&db, text).await;
    }
    // A line of four words takes nine.
    let count: fn(&str) -> u32 = |line| u32::try_from(line.split(' ').count()).unwrap() + 3;
    let found =
        ada.memory.fill(&Ask { room: Some((30, count)), ..ada.ask("the boat?") }, &Rules::default()).await.unwrap();
    let tokens: u32 = found.iter().map(|one| count(&one.line(chrono_tz::UTC))).sum();
    assert!((18..=30).contains(&tokens), "{tokens}");
    assert!(found.iter().all(|one| one.text != long), "a line is whole or not there");
    assert!(found.len() >= 2, "one that does not fit does not keep the shorter ones out");
    assert_eq!(ada.memory.fill(&Ask { limit: 2, ..ada.ask("the boat?") }, &Rules::default()).await.unwrap().len(), 2);
}

async fn what_is_known_is_not_said_again(db: TestDb) {
    let ada = person(&db, "ada").await;
    let known = ada.says(&db, "The boat is green.").await;
    ada.says(&db, "The boat is old.").await;
    ada.says(&db, "The boat is old.").await;
    let found = ada.memory.fill(&Ask { except: &[known], ..ada.ask("the boat?") }, &Rules::default()).await.unwrap();
    assert_eq!(texts(&found), ["The boat is old."]);
}

async fn nobody_recalls_what_another_said(db: TestDb) {
    let (ada, bo) = (person(&db, "ada").await, person(&db, "bo").await);
    ada.says(&db, "My locker has the code 7291.").await;
    bo.says(&db, "My locker is empty.").await;
    assert_eq!(texts(&ada.recalls("locker code yesterday").await), ["My locker has the code 7291."]);
    assert_eq!(texts(&bo.recalls("locker code today 7291").await), ["My locker is empty."]);
    assert!(person(&db, "eve").await.recalls("locker code 7291").await.is_empty());
}

async fn who_is_named_is_preferred(db: TestDb) {
    let ada = person(&db, "ada").await;
    for (who, text) in [("Bea", "I like the sea."), ("Carl", "I like the sea too.")] {
        ada.says_as(&db, text, json!({ "from": who })).await;
    }
    let found = ada.recalls("what does carl like about the sea?").await;
    assert_eq!((found[0].said_by.as_deref(), found[0].text.as_str()), (Some("Carl"), "I like the sea too."));
    assert!(found[0].parts.speaker > 0.0 && found[1].parts.speaker.abs() < f64::EPSILON);
}

async fn echoes_and_commands_are_not_memories(db: TestDb) {
    let ada = person(&db, "ada").await;
    ada.says(&db, "/boat").await;
    let host = db.host();
    let turn = db.lease_turn(&db.clock, host).await.unwrap().unwrap();
    let mut ending = crate::harness::db::ending("You told me: the boat is green.");
    ending.meta = json!({ "rung": "retrieval" });
    db.end_turn(&db.clock, &turn, host, &ending).await.unwrap();
    ada.says(&db, "forget my boat code").await;
    assert!(ada.recalls("the boat?").await.is_empty());
    assert!(db.unsearched(10).await.unwrap().is_empty());
}

async fn an_answer_is_found_again_until_something_changes(db: TestDb) {
    let ada = person(&db, "ada").await;
    ada.says(&db, "The boat is green.").await;
    assert_eq!(ada.recalls("the boat?").await.len(), 1);
    db.run("UPDATE messages SET content = 'The boat is red.'").await;
    assert_eq!(texts(&ada.recalls("the boat?").await), ["The boat is green."], "out of the cache");
    ada.says(&db, "The boat is old.").await;
    assert_eq!(texts(&ada.recalls("the boat?").await), ["The boat is old.", "The boat is red."]);
}

/// Tells apart what is about animals, what is not, and what is about nothing.
#[derive(Debug)]
struct Animals;

impl Embedder for Animals {
    fn embed<'a>(&'a self, texts: &'a [String], _: Purpose) -> BoxFuture<'a, Result<Vec<Vec<f32>>, EmbedError>> {
        let about = |text: &String| ["dog", "狗", "pet"].iter().any(|word| text.contains(word));
        let vector = |text: &String| match about(text) {
            true => vec![1.0, 0.1],
            false if text.starts_with("good") => vec![-1.0, -1.0],
            false => vec![0.1, 1.0],
        };
        let vectors = texts.iter().map(vector).collect();
        async move { Ok(vectors) }.boxed()
    }

    fn model(&self) -> &'static str {
        "animals"
    }

    fn nearest_from(&self) -> f64 {
        0.5
    }
}

async fn what_means_the_same_is_found_by_vectors(db: TestDb) {
    let mut ada = person(&db, "ada").await;
    ada.says(&db, "我家的狗叫旺财。").await;
    ada.talk_elsewhere(&db, "The boat is green.").await;
    assert!(ada.recalls("the name of my pet?").await.is_empty());
    assert_eq!(ada.memory.embed_missing().await.unwrap(), 0);

    ada.memory = Memory::new((*db).clone(), db.clock.clone()).with_embedder(Arc::new(Animals));
    assert_eq!(ada.memory.embed_missing().await.unwrap(), 2);
    assert_eq!(ada.memory.embed_missing().await.unwrap(), 0);
    let found = ada.recalls("the name of my pet?").await;
    assert_eq!(found[0].text, "我家的狗叫旺财。");
    assert!(found[0].parts.meaning > 0.4 && found[0].matched.is_empty());
    // Also by a search for what matches by itself, and as a person's only memory.
    for found in [ada.memory.search(ada.user, "my pet", 9).await, ada.memory.recall(ada.user, "my pet", 9).await] {
        assert_eq!(texts(&found.unwrap()), ["我家的狗叫旺财。"]);
    }
    let bo = Person { memory: ada.memory.clone(), ..person(&db, "bo").await };
    bo.says(&db, "The dog is old.").await;
    assert_eq!(bo.memory.embed_missing().await.unwrap(), 1);
    assert_eq!(texts(&bo.memory.search(bo.user, "狗", 9).await.unwrap()), ["The dog is old."]);
    assert!(ada.recalls("good morning!").await.is_empty(), "the nearest of what is far is not near");
    assert!(ada.memory.search(ada.user, "good morning!", 9).await.unwrap().is_empty());
}

async fn nothing_is_brought_for_nothing(db: TestDb) {
    let ada = person(&db, "ada").await;
    assert!(ada.recalls("the boat?").await.is_empty());
    ada.says(&db, "The boat is green.").await;
    for text in ["", "?", "what is it?", "你好吗", "nothing that was said"] {
        assert!(ada.recalls(text).await.is_empty(), "{text}");
    }
}

async fn what_the_best_have_in_common_orders_the_rest(db: TestDb) {
    let ada = person(&db, "ada").await;
    for alike in ["Bread on the trip: pandas tore.", "Shoes on the trip: pandas tore."] {
        ada.talk_elsewhere(&db, alike).await;
    }
    for filler in ["rain", "tea", "maps", "songs", "trains", "cards", "soup", "wind", "boats", "stairs"] {
        ada.talk_elsewhere(&db, &format!("Coats on the trip: {filler} tore.")).await;
    }
    for best in ["The trip to the park: pandas slept.", "The trip to the park: pandas played."] {
        ada.talk_elsewhere(&db, best).await;
    }
    let found = ada.recalls("how was the trip to the park?").await;
    let alike: Vec<bool> = found.iter().map(|one| one.parts.alike > 0.0).collect();
    assert_eq!(alike, [[false; 10].as_slice(), &[true, true, false, false]].concat(), "{:#?}", texts(&found));
    assert!(found[..2].iter().all(|one| one.text.contains("park")));
    assert!(found[10..12].iter().all(|one| one.text.contains("pandas")), "{:#?}", texts(&found));
    // What others are like makes no line worth its tokens.
    let long = "The trip to the park: pandas, tall trees, green benches, swans, an old bridge.";
    ada.talk_elsewhere(&db, long).await;
    let ask = Ask { room: Some((10_000, |_| 1)), ..ada.ask(long) };
    let told = ada.memory.fill(&ask, &Rules::default()).await.unwrap();
    assert_eq!(texts(&told)[0], long);
    assert!(told.iter().all(|one| one.text.contains("park")), "{:#?}", texts(&told));
}
