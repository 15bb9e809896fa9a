//! The versions of skills: staged, activated, rolled back, discarded.

use futures_util::future::join_all;
use serde_json::{Value, json};
use skillet::store::{Db, NewSecret, NewVersion, Staged, Yes};

use crate::harness::db::{TestDb, both};

both!(
    a_staged_version_waits_for_review,
    staging_again_changes_nothing,
    a_number_is_one_component,
    of_two_components_of_one_number_at_once_one_wins,
    activation_moves_the_pointers,
    activation_needs_a_version_of_this_skill,
    an_activation_of_the_version_before_swaps_the_two,
    activations_at_once_leave_one_active,
    a_yes_and_an_activation_are_one,
    a_yes_adds_to_what_was_granted,
    a_roll_back_returns_once_and_says_why,
    a_roll_back_leads_to_what_answered_once,
    of_two_roll_backs_at_once_one_wins,
    a_version_is_found_by_its_number,
    only_what_never_answered_is_discarded,
    a_discard_and_an_activation_at_once_agree,
    a_version_staged_while_another_is_discarded_stays,
);

/// Stages a version under a number of its own.
pub async fn stage(db: &Db, test: &TestDb, skill: &str, digest: &str, component: &[u8]) {
    let number = format!("1.0.0+{digest}");
    assert_eq!(stage_as(db, test, (skill, &number, "upload"), digest, component).await, Staged::Stored);
}

async fn stage_as(
    db: &Db,
    test: &TestDb,
    (skill, version, origin): (&str, &str, &str),
    digest: &str,
    component: &[u8],
) -> Staged {
    let new = NewVersion {
        digest,
        skill_name: skill,
        version,
        manifest: &json!({ "name": skill }),
        imports: &["skillet:skill/kv@0.1.0".into()],
        examples: &json!([{ "passed": true }]),
        compile_ms: 12,
        core_instances: 1,
        component,
        origin,
    };
    db.stage_version(&test.clock, &new).await.unwrap()
}

/// Status, active and previous version of a skill.
pub async fn pointers(db: &TestDb, skill: &str) -> (String, Option<String>, Option<String>) {
    let row = db.skill(skill).await.unwrap().unwrap();
    (row.status, row.active_digest, row.previous_digest)
}

pub fn points(status: &str, active: Option<&str>, previous: Option<&str>) -> (String, Option<String>, Option<String>) {
    (status.into(), active.map(str::to_owned), previous.map(str::to_owned))
}

pub async fn status(db: &TestDb, digest: &str) -> String {
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
        ("echo", "1.0.0+d1", "review")
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

async fn a_number_is_one_component(db: TestDb) {
    let echo = async |version, origin, digest: &str| {
        db.tick();
        stage_as(&db, &db, ("echo", version, origin), digest, digest.as_bytes()).await
    };
    assert_eq!(echo("1.0.0", "upload", "d1").await, Staged::Stored);
    assert_eq!(echo("1.0.0", "upload", "d1").await, Staged::Stored, "it is there");
    assert_eq!(echo("1.0.0", "upload", "d2").await, Staged::NumberTaken("d1".into()));
    assert!(db.version("d2").await.unwrap().is_none());
    assert_eq!(echo("1.0.1", "upload", "d2").await, Staged::Stored);
    assert_eq!(stage_as(&db, &db, ("add", "1.0.0", "upload"), "d3", b"three").await, Staged::Stored);
    assert_eq!(echo("1.0.0", "bundle", "d4").await, Staged::Stored, "what ships is built again and again");
    assert_eq!(echo("1.0.0", "upload", "d5").await, Staged::NumberTaken("d4".into()), "the newest is named");
}

/// Two hosts check other bytes of one number at the same moment, and each finds the number free.
async fn of_two_components_of_one_number_at_once_one_wins(db: TestDb) {
    let other = db.another().await;
    let hosts: [&Db; 2] = [&db, &other];
    for round in 0..10 {
        // In every second round the skill is there already.
        let (skill, number) = (format!("echo{}", round / 2), format!("1.0.{round}"));
        let digests: Vec<String> = (0..4).map(|n| format!("{round}-{n}")).collect();
        let all = digests.iter().enumerate();
        let staged =
            join_all(all.map(|(n, digest)| {
                stage_as(hosts[n % 2], &db, (&skill, &number, "upload"), digest, digest.as_bytes())
            }))
            .await;
        let stored = db.version_of(&skill, &number).await.unwrap().unwrap().digest;
        for (digest, staged) in digests.iter().zip(staged) {
            let due = if *digest == stored { Staged::Stored } else { Staged::NumberTaken(stored.clone()) };
            assert_eq!(staged, due, "{digest}");
            assert_eq!(db.version(digest).await.unwrap().is_some(), *digest == stored);
        }
    }
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

async fn an_activation_of_the_version_before_swaps_the_two(db: TestDb) {
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

/// A yes to these, said by the owner.
async fn agreed(db: &TestDb, digest: &str, asked: &[(&str, Value)]) -> bool {
    let asked: Vec<(String, Value)> = asked.iter().map(|(name, scope)| ((*name).to_owned(), scope.clone())).collect();
    let yes = Yes { asked: &asked, by: "owner" };
    db.grant_and_activate(&db.clock, "echo", digest, Some(&yes)).await.unwrap()
}

/// Capability and scope of what "echo" was granted.
async fn granted(db: &TestDb) -> Vec<(String, Value)> {
    let grants = db.grants("echo").await.unwrap();
    grants.into_iter().map(|grant| (grant.capability, grant.scope.0)).collect()
}

/// Whatever keeps one of the two from being written keeps the other too.
async fn a_yes_and_an_activation_are_one(db: TestDb) {
    stage(&db, &db, "echo", "d1", b"one").await;
    let before = db.skills_revision().await.unwrap();
    assert!(!agreed(&db, "d9", &[("kv", json!(true))]).await);
    assert!(granted(&db).await.is_empty(), "there is no such version: nothing was agreed to");
    db.rows(match db.engine() {
        "sqlite" => {
            "CREATE TRIGGER refuse BEFORE INSERT ON grants WHEN NEW.capability = 'memory'
            BEGIN SELECT RAISE(ABORT, 'a failing disk'); END"
        }
        _ => "ALTER TABLE grants ADD CONSTRAINT refuse CHECK (capability <> 'memory')",
    })
    .await;
    let (asked, now) = ([("kv".to_owned(), json!(true)), ("memory".to_owned(), json!(["read"]))], db.clock.now());
    let yes = Yes { asked: &asked, by: "owner" };
    db.grant_and_activate(&db.clock, "echo", "d1", Some(&yes)).await.unwrap_err();
    assert!(granted(&db).await.is_empty());
    assert_eq!(pointers(&db, "echo").await, points("active", None, None));
    assert_eq!((status(&db, "d1").await.as_str(), db.skills_revision().await.unwrap()), ("review", before));
    db.rows(match db.engine() {
        "sqlite" => "DROP TRIGGER refuse",
        _ => "ALTER TABLE grants DROP CONSTRAINT refuse",
    })
    .await;
    assert!(agreed(&db, "d1", &[("kv", json!(true)), ("memory", json!(["read"]))]).await);
    assert_eq!(granted(&db).await, [("kv".to_owned(), json!(true)), ("memory".to_owned(), json!(["read"]))]);
    assert_eq!(pointers(&db, "echo").await, points("active", Some("d1"), None));
    let grant = db.grants("echo").await.unwrap().remove(0);
    assert_eq!((grant.granted_by.as_str(), grant.granted_at), ("owner", now));
    assert!(db.skills_revision().await.unwrap() > before);
}

async fn a_yes_adds_to_what_was_granted(db: TestDb) {
    stage(&db, &db, "echo", "d1", b"one").await;
    stage(&db, &db, "echo", "d2", b"two").await;
    assert!(agreed(&db, "d1", &[("http", json!(["a.example", "b.example"])), ("kv", json!(true))]).await);
    assert!(agreed(&db, "d2", &[("http", json!(["c.example", "b.example"]))]).await);
    let http = json!(["a.example", "b.example", "c.example"]);
    let expected = [("http".to_owned(), http), ("kv".to_owned(), json!(true))];
    assert_eq!(granted(&db).await, expected, "the version before may be needed again");
    assert!(agreed(&db, "d1", &[("http", json!(true))]).await);
    assert!(agreed(&db, "d2", &[("http", json!(["d.example"]))]).await);
    assert_eq!(granted(&db).await[0].1, json!(true), "what was granted as a whole stays whole");
}

/// Two versions of "echo", the second of which answers.
pub async fn replaced(db: &TestDb) {
    for digest in ["d1", "d2"] {
        stage(db, db, "echo", digest, digest.as_bytes()).await;
        assert!(db.activate_version(&db.clock, "echo", digest).await.unwrap());
    }
}

async fn a_roll_back_returns_once_and_says_why(db: TestDb) {
    replaced(&db).await;
    stage(&db, &db, "add", "d9", b"nine").await;
    assert!(db.activate_version(&db.clock, "add", "d9").await.unwrap());
    let (before, now) = (db.skills_revision().await.unwrap(), db.tick());
    let back = async |name, from| db.roll_back_version(&db.clock, name, (from, None), "60 % failed").await.unwrap();
    assert_eq!(back("echo", "d1").await, None, "it does not answer");
    assert_eq!(back("add", "d9").await, None, "there is none before it");
    assert_eq!(back("none", "d2").await, None);
    assert_eq!(back("add", "d2").await, None);
    assert_eq!(db.skills_revision().await.unwrap(), before);

    assert_eq!(back("echo", "d2").await.as_deref(), Some("d1"));
    assert_eq!(pointers(&db, "echo").await, points("active", Some("d1"), None));
    assert_eq!(db.skill("echo").await.unwrap().unwrap().updated_at, now);
    let (left, answers) = (db.version("d2").await.unwrap().unwrap(), db.version("d1").await.unwrap().unwrap());
    assert_eq!((left.status.as_str(), left.retired_reason.as_deref()), ("retired", Some("60 % failed")));
    assert_eq!((answers.status.as_str(), answers.activated_at), ("active", Some(now)));
    assert_eq!(db.skills_revision().await.unwrap(), before + 1);
    assert_eq!(back("echo", "d1").await, None);

    assert!(db.activate_version(&db.clock, "echo", "d2").await.unwrap());
    assert_eq!(db.version("d2").await.unwrap().unwrap().retired_reason, None, "the owner tries it again");
    assert_eq!(db.version("d1").await.unwrap().unwrap().retired_reason, None);
}

async fn a_roll_back_leads_to_what_answered_once(db: TestDb) {
    stage(&db, &db, "echo", "d0", b"zero").await;
    assert!(db.activate_version(&db.clock, "echo", "d0").await.unwrap());
    replaced(&db).await;
    stage(&db, &db, "echo", "d3", b"three").await;
    stage(&db, &db, "add", "d9", b"nine").await;
    assert!(db.activate_version(&db.clock, "add", "d9").await.unwrap());
    for to in ["d3", "d9", "d2", "none"] {
        assert_eq!(db.roll_back_version(&db.clock, "echo", ("d2", Some(to)), "by hand").await.unwrap(), None, "{to}");
    }
    assert_eq!(pointers(&db, "echo").await, points("active", Some("d2"), Some("d1")));
    let back = db.roll_back_version(&db.clock, "echo", ("d2", Some("d0")), "by hand").await.unwrap();
    assert_eq!(back.as_deref(), Some("d0"));
    assert_eq!(pointers(&db, "echo").await, points("active", Some("d0"), None));
    assert_eq!((status(&db, "d2").await.as_str(), status(&db, "d1").await.as_str()), ("retired", "retired"));
    let again = db.roll_back_version(&db.clock, "echo", ("d0", Some("d1")), "by hand").await.unwrap();
    assert_eq!(again.as_deref(), Some("d1"), "it is named, though there is none before");
}

/// Two hosts see the failures of a version at the same moment.
async fn of_two_roll_backs_at_once_one_wins(db: TestDb) {
    let other = db.another().await;
    let hosts: [&Db; 2] = [&db, &other];
    stage(&db, &db, "echo", "d0", b"zero").await;
    assert!(db.activate_version(&db.clock, "echo", "d0").await.unwrap());
    replaced(&db).await;
    let back =
        join_all((0..6).map(|n| hosts[n % 2].roll_back_version(&db.clock, "echo", ("d2", None), "it failed"))).await;
    let back: Vec<String> = back.into_iter().filter_map(Result::unwrap).collect();
    assert_eq!(back, ["d1"]);
    assert_eq!(pointers(&db, "echo").await, points("active", Some("d1"), None));
}

async fn a_version_is_found_by_its_number(db: TestDb) {
    assert!(db.digests().await.unwrap().is_empty());
    stage(&db, &db, "add", "d3", b"three").await;
    replaced(&db).await;
    let found = db.version_of("add", "1.0.0+d3").await.unwrap().unwrap();
    assert_eq!((found.digest.as_str(), found.status.as_str(), found.origin.as_str()), ("d3", "review", "upload"));
    db.tick();
    assert_eq!(stage_as(&db, &db, ("echo", "1.0.0+d2", "bundle"), "d0", b"zero").await, Staged::Stored);
    assert_eq!(db.version_of("echo", "1.0.0+d2").await.unwrap().unwrap().digest, "d0", "the newest");
    assert!(db.version_of("echo", "1.0.1").await.unwrap().is_none());
    assert!(db.version_of("none", "1.0.0+d1").await.unwrap().is_none());
    assert_eq!(db.digests().await.unwrap(), ["d0", "d1", "d2", "d3"]);
}

async fn only_what_never_answered_is_discarded(db: TestDb) {
    replaced(&db).await;
    stage(&db, &db, "echo", "d3", b"three").await;
    let before = db.skills_revision().await.unwrap();
    assert!(!db.discard_version("echo", "d1").await.unwrap(), "it answered once");
    assert!(!db.discard_version("echo", "d2").await.unwrap(), "it answers");
    assert!(!db.discard_version("echo", "d9").await.unwrap());
    assert!(!db.discard_version("add", "d3").await.unwrap(), "it is another skill's");
    assert_eq!(db.skills_revision().await.unwrap(), before);
    assert!(db.discard_version("echo", "d3").await.unwrap());
    assert!(db.version("d3").await.unwrap().is_none());
    assert_eq!(db.skills_revision().await.unwrap(), before + 1);
    assert_eq!(pointers(&db, "echo").await, points("active", Some("d2"), Some("d1")));

    stage(&db, &db, "add", "d4", b"four").await;
    stage(&db, &db, "add", "d5", b"five").await;
    db.set_grants(&db.clock, "add", &[("kv".to_owned(), json!(true))], "owner").await.unwrap();
    db.set_secret(&db.clock, &NewSecret { skill: "add", name: "token", place: "", sealed: b"sealed", by: "owner" })
        .await
        .unwrap();
    assert!(db.discard_version("add", "d4").await.unwrap());
    assert_eq!((db.grants("add").await.unwrap().len(), db.secrets("add").await.unwrap().len()), (1, 1));
    assert!(db.discard_version("add", "d5").await.unwrap());
    assert!(db.skill("add").await.unwrap().is_none(), "nothing is left of it");
    assert!(db.grants("add").await.unwrap().is_empty() && db.secrets("add").await.unwrap().is_empty());
}

/// A skill must never point at a version that is gone.
async fn a_discard_and_an_activation_at_once_agree(db: TestDb) {
    let other = db.another().await;
    replaced(&db).await;
    for n in 0..10 {
        let digest = format!("e{n}");
        stage(&db, &db, "echo", &digest, digest.as_bytes()).await;
        let (discarded, activated) =
            tokio::join!(db.discard_version("echo", &digest), other.activate_version(&db.clock, "echo", &digest));
        assert_ne!(discarded.unwrap(), activated.unwrap());
        let active = pointers(&db, "echo").await.1.unwrap();
        assert_eq!(status(&db, &active).await, "active");
    }
}

async fn a_version_staged_while_another_is_discarded_stays(db: TestDb) {
    let other = db.another().await;
    for n in 0..10 {
        let (skill, old, new) = (format!("echo{n}"), format!("old{n}"), format!("new{n}"));
        stage(&db, &db, &skill, &old, b"old").await;
        let (discarded, ()) = tokio::join!(db.discard_version(&skill, &old), stage(&other, &db, &skill, &new, b"new"));
        assert!(discarded.unwrap());
        assert!(db.skill(&skill).await.unwrap().is_some());
        let left: Vec<String> = db.versions(&skill).await.unwrap().into_iter().map(|version| version.digest).collect();
        assert_eq!(left, [new]);
    }
}
