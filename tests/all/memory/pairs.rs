//! Pairs of statements, labelled by what the second one means for the first.

use chrono::Duration;
use skillet::{
    memory::{Memory, Said},
    store::Fact,
};

use crate::harness::{
    db::{TestDb, on_sqlite},
    root,
};

/// Share of updates that rules may miss.
const MAX_MISSED: f64 = 0.1;

struct Pair {
    kind: String,
    first: String,
    second: String,
}

fn pairs() -> Vec<Pair> {
    let text = std::fs::read_to_string(root().join("tests/all/memory/pairs.tsv")).unwrap();
    let rows = text.lines().filter(|line| !line.starts_with('#')).map(|line| {
        let [kind, first, second] = line.split('\t').collect::<Vec<_>>().try_into().expect("three columns");
        Pair { kind: kind.to_owned(), first: first.to_owned(), second: second.to_owned() }
    });
    rows.collect()
}

async fn hears(db: &TestDb, memory: &Memory, name: &str, message: &str) -> Vec<Fact> {
    let user = db.person(name).await;
    let turn = db.answered_turn(user).await;
    memory.learn(&turn, Said { message, zone: "Asia/Shanghai".parse().unwrap(), from: None }).await.unwrap();
    db.tick();
    db.current_facts(&db.clock, user, 50).await.unwrap()
}

#[test]
fn updates_close_what_they_change_and_nothing_else_does() {
    on_sqlite(|db| async move {
        // Months are told, so the year has some behind it.
        db.clock.advance(Duration::days(250));
        let memory = Memory::new((*db).clone(), db.clock.clone());
        let (mut updates, mut missed, mut wrong) = (0_u32, Vec::new(), Vec::new());
        let pairs = pairs();
        assert_eq!(pairs.len(), 60);
        for (n, pair) in pairs.iter().enumerate() {
            let name = format!("person {n}");
            let before = hears(&db, &memory, &name, &pair.first).await;
            assert!(!before.is_empty(), "nothing is learnt from: {}", pair.first);
            let after = hears(&db, &memory, &name, &pair.second).await;
            let holds = before.iter().all(|fact| after.iter().any(|one| one.id == fact.id));
            let line = format!("{} → {}", pair.first, pair.second);
            match pair.kind.as_str() {
                "update" => {
                    updates += 1;
                    missed.extend(holds.then_some(line));
                }
                "addition" | "other" => wrong.extend((!holds).then_some(line)),
                other => panic!("{other} is no label"),
            }
        }
        assert!(wrong.is_empty(), "closed by mistake: {wrong:#?}");
        let share = f64::from(u32::try_from(missed.len()).unwrap()) / f64::from(updates);
        assert!(share < MAX_MISSED, "{share:.2} of the updates were missed: {missed:#?}");
    });
}
