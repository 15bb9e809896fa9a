//! Rules about remembering, and memories that nobody needs.

use chrono::Duration;
use skillet::{
    ids::UserId,
    store::{RuleKind, Written},
};

use crate::harness::db::{TestDb, both};

both!(a_rule_is_set_once_and_taken_back, rules_of_a_kind_have_a_bound, facts_that_nobody_needs_are_counted);

async fn a_rule_is_set_once_and_taken_back(db: TestDb) {
    let (ada, bo) = (db.person("ada").await, db.person("bo").await);
    let at = db.clock.now();
    assert!(db.set_memory_rule(&db.clock, ada, RuleKind::Pin, "home", 3).await.unwrap());
    db.tick();
    assert!(db.set_memory_rule(&db.clock, ada, RuleKind::Pin, "home", 3).await.unwrap());
    assert!(db.set_memory_rule(&db.clock, ada, RuleKind::Mute, "home", 3).await.unwrap());
    let rules = db.memory_rules(ada).await.unwrap();
    let told: Vec<_> = rules.iter().map(|rule| (rule.kind, rule.subject.as_str(), rule.created_at)).collect();
    assert_eq!(told, [(RuleKind::Pin, "home", at), (RuleKind::Mute, "home", db.clock.now())]);
    assert!(db.memory_rules(bo).await.unwrap().is_empty());
    assert!(!db.drop_memory_rule(bo, RuleKind::Pin, "home").await.unwrap());
    assert!(db.drop_memory_rule(ada, RuleKind::Pin, "home").await.unwrap());
    assert!(!db.drop_memory_rule(ada, RuleKind::Pin, "home").await.unwrap());
    assert_eq!(db.memory_rules(ada).await.unwrap().len(), 1);
}

async fn rules_of_a_kind_have_a_bound(db: TestDb) {
    let (ada, bo) = (db.person("ada").await, db.person("bo").await);
    let set = async |user, kind, subject: &str| db.set_memory_rule(&db.clock, user, kind, subject, 2).await.unwrap();
    assert!(set(ada, RuleKind::Pin, "a").await && set(ada, RuleKind::Pin, "b").await);
    assert!(!set(ada, RuleKind::Pin, "c").await);
    assert!(set(ada, RuleKind::Pin, "a").await, "it is there already");
    assert!(set(ada, RuleKind::Topic, "c").await && set(bo, RuleKind::Pin, "c").await);
    assert_eq!(db.memory_rules(ada).await.unwrap().len(), 3);
}

async fn facts_that_nobody_needs_are_counted(db: TestDb) {
    let (ada, bo) = (db.person("ada").await, db.person("bo").await);
    let write = async |user: UserId, key: &str, text: &str| match db
        .write_fact(&db.clock, &crate::harness::db::fact(user, key, text))
        .await
        .unwrap()
    {
        Written::New(id) | Written::Replaced(id) | Written::Unchanged(id) => id.0,
    };
    write(ada, "old", "never recalled").await;
    let used = write(ada, "used", "recalled").await;
    write(ada, "changed", "one").await;
    write(bo, "old", "of bo").await;
    db.note_recalls(ada, &[used], db.clock.now()).await.unwrap();
    db.clock.advance(Duration::days(70));
    let since = db.clock.now() - Duration::days(60);
    write(ada, "changed", "two").await;
    assert_eq!(db.idle_facts(ada, since).await.unwrap(), (3, 2), "a new fact has had no time yet");
    db.note_recalls(ada, &[used], db.clock.now()).await.unwrap();
    db.note_recalls(ada, &[used], since - Duration::days(1)).await.unwrap();
    assert_eq!(db.idle_facts(ada, since).await.unwrap(), (3, 1), "a recall is not undone by an earlier one");
    assert_eq!(db.idle_facts(bo, since).await.unwrap(), (1, 1));
}
