//! Who says a fact: the person, another one of a group, or a skill.

use skillet::{
    ids::UserId,
    memory::{Learnt, Memory, MemoryError, Said},
    store::{Fact, Turn},
};

use crate::harness::db::{TestDb, incoming, on_sqlite};

fn said<'a>(message: &'a str, from: Option<&'a str>) -> Said<'a> {
    Said { message, zone: "Europe/Berlin".parse().unwrap(), from }
}

/// A turn that runs on a message.
async fn turn_of(db: &TestDb, user: UserId, message: &str) -> Turn {
    let talk = db.talk(user).await;
    db.accept(&db.clock, &incoming(user, talk, &talk.to_string(), message)).await.unwrap();
    db.lease_turn(&db.clock, db.host()).await.unwrap().unwrap()
}

async fn current(db: &TestDb, user: UserId) -> Vec<Fact> {
    db.current_facts(&db.clock, user, 10).await.unwrap()
}

#[test]
fn those_who_share_a_memory_keep_facts_of_their_own() {
    on_sqlite(|db| async move {
        let memory = Memory::new((*db).clone(), db.clock.clone());
        let team = db.person("team").await;
        for (from, message) in [("Bea", "I live in Berlin"), ("Ada", "I live in Paris")] {
            let turn = turn_of(&db, team, message).await;
            memory.learn(&turn, said(message, Some(from))).await.unwrap();
        }
        let mut lines: Vec<String> = current(&db, team).await.into_iter().map(|fact| fact.value_text).collect();
        lines.sort();
        assert_eq!(lines, ["Ada: I live in Paris", "Bea: I live in Berlin"]);
        let answers = memory.answers(team, said("where do I live?", Some("Bea")), None).await.unwrap();
        let texts: Vec<&str> = answers[0].facts.iter().map(|fact| fact.value_text.as_str()).collect();
        assert_eq!(texts, ["Bea: I live in Berlin"]);
    });
}

#[test]
fn a_skill_says_what_the_person_did_not_write() {
    on_sqlite(|db| async move {
        let memory = Memory::new((*db).clone(), db.clock.clone());
        let ada = db.person("ada").await;
        let turn = turn_of(&db, ada, "Remember that my bike lock code is 7291").await;
        memory.remember_for_skill(ada, "", "my bike lock code is 7291", Some(turn.id)).await.unwrap();
        memory.remember_for_skill(ada, "", "I live in Rome", Some(turn.id)).await.unwrap();
        let facts = current(&db, ada).await;
        let by =
            |key: &str| facts.iter().find(|fact| fact.key == key).map(|fact| (fact.said_by.as_str(), fact.confidence));
        let (own, other) = (by("bike lock code").unwrap(), by("home").unwrap());
        assert_eq!((own.0, other.0), ("user", "skill"));
        assert!(own.1 > other.1);

        let turn = turn_of(&db, ada, "I live in Oslo").await;
        let learnt = memory.learn(&turn, said("I live in Oslo", None)).await.unwrap();
        assert_eq!(learnt, [Learnt::Kept("I live in Oslo".into())]);
        let refused = memory.remember_for_skill(ada, "home", "I live in Rome", None).await;
        assert!(matches!(refused, Err(MemoryError::SaidOtherwise)), "{refused:?}");
        memory.remember(ada, "home", "I live in Rome", None).await.unwrap();
        let home = current(&db, ada).await.into_iter().find(|fact| fact.key == "home").unwrap();
        assert_eq!((home.value_text.as_str(), home.said_by.as_str()), ("I live in Rome", "owner"));
    });
}

#[test]
fn one_message_brings_three_facts_at_most() {
    on_sqlite(|db| async move {
        let memory = Memory::new((*db).clone(), db.clock.clone());
        let ada = db.person("ada").await;
        let message = "I live in Oslo. I work at Bosch. I like tea. I hate olives. My wife's name is Anna.";
        let turn = turn_of(&db, ada, message).await;
        let learnt = memory.learn(&turn, said(message, None)).await.unwrap();
        assert_eq!(
            (learnt.len(), current(&db, ada).await.len()),
            (3, 3),
            "no more is said to be kept than is: {learnt:?}"
        );
    });
}
