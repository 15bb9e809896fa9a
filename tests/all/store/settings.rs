//! Settings that change while the host runs.

use crate::harness::db::{TestDb, both};

both!(a_setting_is_closed_to_skills, an_open_setting_takes_what_a_skill_sets, opening_does_not_set_a_value);

/// Key, value and openness of every row.
async fn rows(db: &TestDb) -> Vec<(String, Option<String>, bool)> {
    let rows = db.settings().await.unwrap();
    rows.into_iter().map(|row| (row.key, row.value.map(|value| value.0), row.open)).collect()
}

fn row(key: &str, value: Option<&str>, open: bool) -> (String, Option<String>, bool) {
    (key.into(), value.map(str::to_owned), open)
}

async fn a_setting_is_closed_to_skills(db: TestDb) {
    assert!(rows(&db).await.is_empty());
    db.set_setting(&db.clock, "agent.persona", "brief, \"friendly\" 中文").await.unwrap();
    db.set_setting(&db.clock, "agent.name", "").await.unwrap();
    assert!(!db.set_open_setting(&db.clock, "agent.persona", "evil").await.unwrap());
    assert!(!db.set_open_setting(&db.clock, "agent.locale", "zh").await.unwrap(), "an unknown key is closed");
    let expected = [row("agent.name", Some(""), false), row("agent.persona", Some("brief, \"friendly\" 中文"), false)];
    assert_eq!(rows(&db).await, expected);
}

async fn an_open_setting_takes_what_a_skill_sets(db: TestDb) {
    db.set_setting(&db.clock, "agent.locale", "en").await.unwrap();
    db.open_setting(&db.clock, "agent.locale", true).await.unwrap();
    assert!(db.set_open_setting(&db.clock, "agent.locale", "zh").await.unwrap());
    assert_eq!(rows(&db).await, [row("agent.locale", Some("zh"), true)]);
    db.set_setting(&db.clock, "agent.locale", "en").await.unwrap();
    assert_eq!(rows(&db).await, [row("agent.locale", Some("en"), true)], "the owner's own change does not close it");
    db.open_setting(&db.clock, "agent.locale", false).await.unwrap();
    assert!(!db.set_open_setting(&db.clock, "agent.locale", "zh").await.unwrap());
    assert_eq!(rows(&db).await, [row("agent.locale", Some("en"), false)]);
}

async fn opening_does_not_set_a_value(db: TestDb) {
    db.open_setting(&db.clock, "agent.locale", true).await.unwrap();
    assert_eq!(rows(&db).await, [row("agent.locale", None, true)]);
    assert!(db.set_open_setting(&db.clock, "agent.locale", "zh").await.unwrap());
    assert_eq!(rows(&db).await, [row("agent.locale", Some("zh"), true)]);
}
