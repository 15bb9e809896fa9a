//! Facts: what a new one changes among those that are known, and what held when.

use chrono::{DateTime, Duration, Utc};
use futures_util::future::join_all;
use serde_json::json;
use skillet::{
    ids::{FactId, TurnId, UserId},
    store::{Db, FACTS_PER_TURN, FactClass, NewFact, StoreError, Written},
};

use crate::harness::db::{TestDb, both, fact};

both!(
    a_fact_is_kept_once,
    a_new_value_closes_the_old_one,
    a_told_beginning_is_when_the_old_one_ended,
    what_began_before_what_is_known_is_history,
    a_beginning_told_later_is_taken_up,
    what_held_when_is_found,
    a_state_expires,
    an_ended_fact_is_closed_not_lost,
    a_skill_does_not_change_what_a_person_said,
    a_turn_brings_a_few_facts,
    a_turn_that_runs_again_changes_nothing,
    the_owner_edits_words,
    many_writers_of_one_key_leave_one_value,
    facts_are_each_persons_own,
    a_forgotten_fact_is_gone,
);

pub fn id(written: Written) -> FactId {
    match written {
        Written::New(id) | Written::Replaced(id) | Written::Unchanged(id) => id,
    }
}

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

/// A fact with the beginning that was told.
fn since(user: UserId, key: &str, value: &str, since: &str) -> NewFact {
    NewFact { since: Some(at(since)), ..fact(user, key, value) }
}

/// The values under a key that held at some moment of a day.
async fn on_day(db: &TestDb, user: UserId, day: &str) -> Vec<String> {
    let from = at(&format!("{day}T00:00:00Z"));
    let facts = db.facts_between(user, (from, from + Duration::days(1)), 10).await.unwrap();
    facts.into_iter().map(|fact| fact.value_text).collect()
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
    assert_eq!(db.found(ada, "上海").await, 1);
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
    assert_eq!(db.current_facts(&db.clock, ada, 10).await.unwrap().len(), 1);
}

async fn facts_are_each_persons_own(db: TestDb) {
    let (ada, bo) = (db.person("ada").await, db.person("bo").await);
    db.write_fact(&db.clock, &fact(ada, "city", "Shanghai")).await.unwrap();
    let bos = db.write_fact(&db.clock, &fact(bo, "city", "Shanghai")).await.unwrap();
    assert!(matches!(bos, Written::New(_)));
    assert_eq!(db.facts(ada, true, 10).await.unwrap().len(), 1);
}

async fn a_forgotten_fact_is_gone(db: TestDb) {
    let ada = db.person("ada").await;
    let kept = id(db.write_fact(&db.clock, &fact(ada, "lock", "7291")).await.unwrap());
    let gone = id(db.write_fact(&db.clock, &fact(ada, "city", "Shanghai")).await.unwrap());
    assert!(db.forget(gone).await);
    assert!(!db.forget(gone).await);
    assert!(db.fact(gone).await.unwrap().is_none());
    assert_eq!((db.found(ada, "city").await, db.found(ada, "lock").await), (0, 1));
    assert!(db.fact(kept).await.unwrap().is_some());
    let again = db.write_fact(&db.clock, &fact(ada, "city", "Shanghai")).await.unwrap();
    assert!(matches!(again, Written::New(_)));
}

async fn a_told_beginning_is_when_the_old_one_ended(db: TestDb) {
    let ada = db.person("ada").await;
    let old = id(db.write_fact(&db.clock, &fact(ada, "home", "Berlin")).await.unwrap());
    let heard = db.tick();
    db.write_fact(&db.clock, &since(ada, "home", "Shanghai", "2026-02-01T00:00:00Z")).await.unwrap();
    let old = db.fact(old).await.unwrap().unwrap();
    assert_eq!((old.valid_to, old.closed_at), (Some(at("2026-02-01T00:00:00Z")), Some(heard)));
    assert!(old.valid_from <= at("2026-02-01T00:00:00Z") && !old.since_told);
    assert_eq!(db.found(ada, "Berlin").await, 0);

    // A beginning that was told is not moved by one before it.
    let told = id(db.write_fact(&db.clock, &since(ada, "job", "cook", "2026-02-10T00:00:00Z")).await.unwrap());
    db.tick();
    db.write_fact(&db.clock, &since(ada, "job", "baker", "2026-02-20T00:00:00Z")).await.unwrap();
    let told = db.fact(told).await.unwrap().unwrap();
    assert_eq!((told.valid_from, told.valid_to), (at("2026-02-10T00:00:00Z"), Some(at("2026-02-20T00:00:00Z"))));
}

async fn what_began_before_what_is_known_is_history(db: TestDb) {
    let ada = db.person("ada").await;
    db.write_fact(&db.clock, &since(ada, "home", "Shanghai", "2026-02-01T00:00:00Z")).await.unwrap();
    db.write_fact(&db.clock, &fact(ada, "employer", "Siemens")).await.unwrap();
    for (key, value) in [("home", "Porto"), ("employer", "Bosch")] {
        let written = db.write_fact(&db.clock, &since(ada, key, value, "2019-01-01T00:00:00Z")).await.unwrap();
        let Written::New(past) = written else { panic!("{written:?}") };
        let past = db.fact(past).await.unwrap().unwrap();
        assert!(past.valid_to.is_some_and(|to| to <= db.clock.now()) && past.closed_at == Some(db.clock.now()));
        assert_eq!(db.found(ada, value).await, 0);
    }
    let current: Vec<String> =
        db.current_facts(&db.clock, ada, 10).await.unwrap().into_iter().map(|fact| fact.value_text).collect();
    assert_eq!(current, ["Siemens", "Shanghai"]);
}

async fn a_beginning_told_later_is_taken_up(db: TestDb) {
    let ada = db.person("ada").await;
    let old = id(db.write_fact(&db.clock, &fact(ada, "home", "Berlin")).await.unwrap());
    db.tick();
    let new = id(db.write_fact(&db.clock, &fact(ada, "home", "Shanghai")).await.unwrap());
    db.tick();
    let again = db.write_fact(&db.clock, &since(ada, "home", "Shanghai", "2026-02-01T00:00:00Z")).await.unwrap();
    assert_eq!(again, Written::Unchanged(new));
    let new = db.fact(new).await.unwrap().unwrap();
    assert_eq!((new.valid_from, new.since_told), (at("2026-02-01T00:00:00Z"), true));
    assert_eq!(db.fact(old).await.unwrap().unwrap().valid_to, Some(at("2026-02-01T00:00:00Z")));
}

async fn what_held_when_is_found(db: TestDb) {
    let (ada, bo) = (db.person("ada").await, db.person("bo").await);
    db.write_fact(&db.clock, &fact(ada, "home", "Berlin")).await.unwrap();
    db.write_fact(&db.clock, &fact(bo, "home", "Rome")).await.unwrap();
    db.tick();
    db.write_fact(&db.clock, &since(ada, "home", "Shanghai", "2026-02-01T00:00:00Z")).await.unwrap();
    assert_eq!(on_day(&db, ada, "2026-01-31").await, ["Berlin"]);
    assert_eq!(on_day(&db, ada, "2026-02-01").await, ["Shanghai"]);
    assert_eq!(on_day(&db, ada, "2026-03-05").await, ["Shanghai"]);
    let both = db.facts_between(ada, (at("2026-01-15T00:00:00Z"), at("2026-02-15T00:00:00Z")), 10).await.unwrap();
    assert_eq!(both.len(), 2);
    assert_eq!(
        db.facts_between(ada, (at("2026-01-15T00:00:00Z"), at("2026-02-15T00:00:00Z")), 1).await.unwrap().len(),
        1
    );
}

async fn a_state_expires(db: TestDb) {
    let ada = db.person("ada").await;
    let until = |days| Some(db.clock.now() + Duration::days(days));
    let state = NewFact { class: FactClass::State, expires_at: until(60), ..fact(ada, "away", "on leave") };
    let first = id(db.write_fact(&db.clock, &state).await.unwrap());
    db.clock.advance(Duration::days(30));
    let again = NewFact { expires_at: Some(db.clock.now() + Duration::days(60)), ..state.clone() };
    assert_eq!(
        db.write_fact(&db.clock, &again).await.unwrap(),
        Written::Unchanged(first),
        "said again, it lasts longer"
    );
    db.clock.advance(Duration::days(59));
    assert_eq!(db.count_current_facts(&db.clock, ada).await.unwrap(), 1);
    db.clock.advance(Duration::days(2));
    assert_eq!(db.count_current_facts(&db.clock, ada).await.unwrap(), 0);
    assert!(db.current_facts(&db.clock, ada, 10).await.unwrap().is_empty());
    assert_eq!(db.facts(ada, false, 10).await.unwrap().len(), 1, "it is not closed");
    let stored = db.fact(first).await.unwrap().unwrap();
    assert!(stored.class == FactClass::State && !stored.is_current(db.clock.now()));
    // Said anew it is a new fact; the old one ended by itself.
    assert!(matches!(db.write_fact(&db.clock, &state).await.unwrap(), Written::New(_)));
    assert_eq!(db.fact(first).await.unwrap().unwrap().valid_to, stored.expires_at);
}

async fn an_ended_fact_is_closed_not_lost(db: TestDb) {
    let ada = db.person("ada").await;
    let home = id(db.write_fact(&db.clock, &fact(ada, "home", "Berlin")).await.unwrap());
    let over = db.tick();
    assert!(db.close_fact(&db.clock, ada, "home", "paris").await.unwrap().is_none(), "another value");
    let closed = db.close_fact(&db.clock, ada, "home", "berlin").await.unwrap().unwrap();
    assert_eq!((closed.id, closed.valid_to, closed.closed_at), (home, Some(over), Some(over)));
    assert!(db.close_fact(&db.clock, ada, "home", "").await.unwrap().is_none(), "it is closed");
    assert_eq!(db.found(ada, "Berlin").await, 0);
    db.write_fact(&db.clock, &fact(ada, "home", "Oslo")).await.unwrap();
    assert!(db.close_fact(&db.clock, ada, "home", "").await.unwrap().is_some(), "whichever it is");
}

async fn a_skill_does_not_change_what_a_person_said(db: TestDb) {
    let ada = db.person("ada").await;
    let skill = |value: &str| NewFact { said_by: "skill", ..fact(ada, "home", value) };
    db.write_fact(&db.clock, &skill("Paris")).await.unwrap();
    assert!(matches!(db.write_fact(&db.clock, &skill("Rome")).await.unwrap(), Written::Replaced(_)));
    assert!(matches!(db.write_fact(&db.clock, &fact(ada, "home", "Berlin")).await.unwrap(), Written::Replaced(_)));
    let refused = db.write_fact(&db.clock, &skill("Rome")).await;
    assert!(matches!(refused, Err(StoreError::SaidOtherwise)), "{refused:?}");
    assert!(matches!(db.write_fact(&db.clock, &skill("Berlin")).await.unwrap(), Written::Unchanged(_)));
    let current = db.current_facts(&db.clock, ada, 10).await.unwrap();
    assert_eq!((current.len(), current[0].value_text.as_str()), (1, "Berlin"));
}

async fn a_turn_brings_a_few_facts(db: TestDb) {
    let ada = db.person("ada").await;
    let turn = db.answered_turn(ada).await.id;
    let mut written = 0;
    for n in 0..=FACTS_PER_TURN {
        let new = NewFact { source_turn: Some(turn), ..fact(ada, &format!("key {n}"), "value") };
        match db.write_fact(&db.clock, &new).await {
            Ok(_) => written += 1,
            Err(error) => assert!(matches!(error, StoreError::EnoughForATurn), "{error}"),
        }
    }
    assert_eq!((written, db.count_facts(ada).await.unwrap()), (FACTS_PER_TURN, FACTS_PER_TURN));
    db.write_fact(&db.clock, &fact(ada, "by hand", "value")).await.unwrap();
}

async fn a_turn_that_runs_again_changes_nothing(db: TestDb) {
    let ada = db.person("ada").await;
    let (first, second): (TurnId, TurnId) = (db.answered_turn(ada).await.id, db.answered_turn(ada).await.id);
    let said = |turn, value: &str| NewFact { source_turn: Some(turn), ..fact(ada, "home", value) };
    let old = id(db.write_fact(&db.clock, &said(first, "Berlin")).await.unwrap());
    db.write_fact(&db.clock, &said(second, "Oslo")).await.unwrap();
    assert_eq!(db.write_fact(&db.clock, &said(first, "Berlin")).await.unwrap(), Written::Unchanged(old));
    assert_eq!(db.current_facts(&db.clock, ada, 10).await.unwrap()[0].value_text, "Oslo");
}

async fn the_owner_edits_words(db: TestDb) {
    let ada = db.person("ada").await;
    db.write_fact(&db.clock, &fact(ada, "home", "I live in Berlin")).await.unwrap();
    let words = NewFact { value_text: "I live in Berlin, third floor".into(), ..fact(ada, "home", "I live in Berlin") };
    assert!(matches!(db.write_fact(&db.clock, &words).await.unwrap(), Written::Unchanged(_)), "it means the same");
    let edited = NewFact { said_by: "owner", ..words };
    assert!(matches!(db.write_fact(&db.clock, &edited).await.unwrap(), Written::Replaced(_)));
}
