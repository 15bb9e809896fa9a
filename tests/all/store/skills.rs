//! Skills, versions, grants.

use futures_util::future::join_all;
use serde_json::{Map, Value, json};
use skillet::store::{Db, NewVersion};

use crate::harness::db::{TestDb, both};

both!(
    a_staged_version_waits_for_review,
    staging_again_changes_nothing,
    activation_moves_the_pointers,
    activation_needs_a_version_of_this_skill,
    a_roll_back_is_an_activation_of_the_version_before,
    activations_at_once_leave_one_active,
    a_status_is_set,
    settings_are_the_owners_values,
    grants_are_replaced_as_a_whole,
    every_change_counts,
);

async fn stage(db: &Db, test: &TestDb, skill: &str, digest: &str, component: &[u8]) {
    let new = NewVersion {
        digest,
        skill_name: skill,
        version: "1.0.0",
        manifest: &json!({ "name": skill }),
        imports: &["skillet:skill/kv@0.1.0".into()],
        examples: &json!([{ "passed": true }]),
        compile_ms: 12,
        component,
        origin: "upload",
    };
    db.stage_version(&test.clock, &new).await.unwrap();
}

/// Status, active and previous version of a skill.
async fn pointers(db: &TestDb, skill: &str) -> (String, Option<String>, Option<String>) {
    let row = db.skill(skill).await.unwrap().unwrap();
    (row.status, row.active_digest, row.previous_digest)
}

fn points(status: &str, active: Option<&str>, previous: Option<&str>) -> (String, Option<String>, Option<String>) {
    (status.into(), active.map(str::to_owned), previous.map(str::to_owned))
}

async fn status(db: &TestDb, digest: &str) -> String {
    db.version(digest).await.unwrap().unwrap().status
}

async fn a_staged_version_waits_for_review(db: TestDb) {
    assert!(db.skill("echo").await.unwrap().is_none());
    stage(&db, &db, "echo", "d1", b"\0asm 1").await;
    db.tick();
    stage(&db, &db, "echo", "d2", b"\0asm 22").await;
    stage(&db, &db, "add", "d3", b"\0asm").await;

    let version = db.version("d1").await.unwrap().unwrap();
    assert_eq!(
        (version.skill_name.as_str(), version.version.as_str(), version.status.as_str()),
        ("echo", "1.0.0", "review")
    );
    assert_eq!((version.manifest.0, version.examples.0), (json!({ "name": "echo" }), json!([{ "passed": true }])));
    assert_eq!((version.imports.0, version.size, version.compile_ms), (vec!["skillet:skill/kv@0.1.0".into()], 6, 12));
    assert_eq!(version.activated_at, None);
    assert_eq!(db.component("d1").await.unwrap().unwrap(), b"\0asm 1");
    assert!(db.component("d9").await.unwrap().is_none());
    assert!(db.version("d9").await.unwrap().is_none());

    assert_eq!(pointers(&db, "echo").await, points("active", None, None));
    let names: Vec<String> = db.skills().await.unwrap().into_iter().map(|skill| skill.name).collect();
    assert_eq!(names, ["add", "echo"]);
    assert_eq!(db.skill("echo").await.unwrap().unwrap().origin, "upload");
    let digests: Vec<String> = db.versions("echo").await.unwrap().into_iter().map(|version| version.digest).collect();
    assert_eq!(digests, ["d2", "d1"], "the newest comes first");
}

async fn staging_again_changes_nothing(db: TestDb) {
    stage(&db, &db, "echo", "d1", b"one").await;
    assert!(db.activate_version(&db.clock, "echo", "d1").await.unwrap());
    let before = db.version("d1").await.unwrap().unwrap();
    db.tick();
    stage(&db, &db, "echo", "d1", b"one").await;
    let after = db.version("d1").await.unwrap().unwrap();
    assert_eq!((after.status, after.created_at), (before.status, before.created_at));
    assert_eq!(pointers(&db, "echo").await, points("active", Some("d1"), None));
}

async fn activation_moves_the_pointers(db: TestDb) {
    stage(&db, &db, "echo", "d1", b"one").await;
    stage(&db, &db, "echo", "d2", b"two").await;
    assert!(db.activate_version(&db.clock, "echo", "d1").await.unwrap());
    assert_eq!(pointers(&db, "echo").await, points("active", Some("d1"), None));
    assert_eq!(db.version("d1").await.unwrap().unwrap().activated_at, Some(db.clock.now()));
    assert!(db.activate_version(&db.clock, "echo", "d2").await.unwrap());
    assert_eq!(pointers(&db, "echo").await, points("active", Some("d2"), Some("d1")));
    assert!(db.activate_version(&db.clock, "echo", "d2").await.unwrap());
    assert_eq!(pointers(&db, "echo").await, points("active", Some("d2"), Some("d1")), "not its own predecessor");
    assert_eq!((status(&db, "d1").await.as_str(), status(&db, "d2").await.as_str()), ("retired", "active"));
}

async fn activation_needs_a_version_of_this_skill(db: TestDb) {
    stage(&db, &db, "echo", "d1", b"one").await;
    stage(&db, &db, "add", "d2", b"two").await;
    let before = db.skills_revision().await.unwrap();
    assert!(!db.activate_version(&db.clock, "echo", "d2").await.unwrap());
    assert!(!db.activate_version(&db.clock, "echo", "d9").await.unwrap());
    assert!(!db.activate_version(&db.clock, "none", "d1").await.unwrap());
    assert_eq!(pointers(&db, "echo").await, points("active", None, None));
    assert_eq!((status(&db, "d1").await.as_str(), status(&db, "d2").await.as_str()), ("review", "review"));
    assert_eq!(db.skills_revision().await.unwrap(), before);
}

async fn a_roll_back_is_an_activation_of_the_version_before(db: TestDb) {
    stage(&db, &db, "echo", "d1", b"one").await;
    stage(&db, &db, "echo", "d2", b"two").await;
    db.activate_version(&db.clock, "echo", "d1").await.unwrap();
    db.activate_version(&db.clock, "echo", "d2").await.unwrap();
    let before = db.skill("echo").await.unwrap().unwrap().previous_digest.unwrap();
    assert!(db.activate_version(&db.clock, "echo", &before).await.unwrap());
    assert_eq!(pointers(&db, "echo").await, points("active", Some("d1"), Some("d2")));
    assert_eq!((status(&db, "d1").await.as_str(), status(&db, "d2").await.as_str()), ("active", "retired"));
}

async fn activations_at_once_leave_one_active(db: TestDb) {
    let other = db.another().await;
    let hosts: [&Db; 2] = [&db, &other];
    let digests = ["d1", "d2", "d3", "d4", "d5", "d6"];
    for digest in digests {
        stage(&db, &db, "echo", digest, digest.as_bytes()).await;
    }
    for _ in 0..5 {
        let all = digests.iter().enumerate();
        let activated = join_all(all.map(|(n, digest)| hosts[n % 2].activate_version(&db.clock, "echo", digest))).await;
        assert!(activated.into_iter().all(Result::unwrap));
        let versions = db.versions("echo").await.unwrap();
        let active: Vec<&str> = versions
            .iter()
            .filter(|version| version.status == "active")
            .map(|version| version.digest.as_str())
            .collect();
        assert_eq!(active, [pointers(&db, "echo").await.1.unwrap()]);
    }
}

async fn a_status_is_set(db: TestDb) {
    stage(&db, &db, "echo", "d1", b"one").await;
    db.activate_version(&db.clock, "echo", "d1").await.unwrap();
    db.set_grants(&db.clock, "echo", &[("kv".to_owned(), json!(true))], "owner").await.unwrap();
    assert!(db.set_skill_status(&db.clock, "echo", "disabled").await.unwrap());
    assert!(db.activate_version(&db.clock, "echo", "d1").await.unwrap());
    assert_eq!(pointers(&db, "echo").await, points("disabled", Some("d1"), None), "activating does not enable");
    assert_eq!(db.grants("echo").await.unwrap().len(), 1);
    assert!(db.set_skill_status(&db.clock, "echo", "removed").await.unwrap());
    assert_eq!(pointers(&db, "echo").await, points("removed", Some("d1"), None));
    assert!(db.grants("echo").await.unwrap().is_empty(), "nothing stays granted to what was removed");
    assert!(!db.set_skill_status(&db.clock, "none", "disabled").await.unwrap());
    db.set_skill_status(&db.clock, "echo", "asleep").await.unwrap_err();
    assert!(db.activate_version(&db.clock, "echo", "d1").await.unwrap());
    assert_eq!(pointers(&db, "echo").await, points("active", Some("d1"), None), "installed again");
}

async fn settings_are_the_owners_values(db: TestDb) {
    stage(&db, &db, "echo", "d1", b"one").await;
    assert_eq!(db.skill("echo").await.unwrap().unwrap().settings.0, Map::new());
    let values: Map<String, Value> = [("城市".to_owned(), json!("上海"))].into_iter().collect();
    let now = db.tick();
    assert!(db.set_skill_settings(&db.clock, "echo", &values).await.unwrap());
    assert!(!db.set_skill_settings(&db.clock, "none", &values).await.unwrap());
    let row = db.skill("echo").await.unwrap().unwrap();
    assert_eq!((row.settings.0, row.updated_at), (values, now));
}

async fn grants_are_replaced_as_a_whole(db: TestDb) {
    stage(&db, &db, "echo", "d1", b"one").await;
    let first = [("memory".to_owned(), json!(["read", "write"])), ("kv".to_owned(), json!(true))];
    db.set_grants(&db.clock, "echo", &first, "owner").await.unwrap();
    let grants = db.grants("echo").await.unwrap();
    let named: Vec<(&str, &Value)> = grants.iter().map(|grant| (grant.capability.as_str(), &grant.scope.0)).collect();
    assert_eq!(named, [("kv", &json!(true)), ("memory", &json!(["read", "write"]))]);
    assert_eq!((grants[0].granted_by.as_str(), grants[0].granted_at), ("owner", db.clock.now()));
    db.set_grants(&db.clock, "echo", &[("memory".to_owned(), json!(["read"]))], "host").await.unwrap();
    let grants = db.grants("echo").await.unwrap();
    assert_eq!(grants.len(), 1);
    assert_eq!((&grants[0].scope.0, grants[0].granted_by.as_str()), (&json!(["read"]), "host"));
    db.set_grants(&db.clock, "echo", &[], "owner").await.unwrap();
    assert!(db.grants("echo").await.unwrap().is_empty());
}

/// Hosts look at this number to learn of each other's changes: none may be lost in a race.
async fn every_change_counts(db: TestDb) {
    let other = db.another().await;
    let hosts: [&Db; 2] = [&db, &other];
    stage(&db, &db, "echo", "d1", b"one").await;
    let before = db.skills_revision().await.unwrap();
    db.activate_version(&db.clock, "echo", "d1").await.unwrap();
    db.set_skill_status(&db.clock, "echo", "disabled").await.unwrap();
    db.set_grants(&db.clock, "echo", &[], "owner").await.unwrap();
    assert_eq!(db.skills_revision().await.unwrap(), before + 3);
    let empty = Map::new();
    join_all((0..10).map(|n| hosts[n % 2].set_skill_settings(&db.clock, "echo", &empty))).await;
    assert_eq!(other.skills_revision().await.unwrap(), before + 13);
}
