//! Reserving and settling: exact under concurrency, each call booked once, and the sums agree.

use futures_util::future::join_all;
use proptest::test_runner::{Config, TestRunner};
use skillet::{
    ids::{ModelCallId, TurnId, UserId},
    store::{
        Account, Budget, BudgetScope, BudgetWindow, Counter, Db, ModelCallRecord, ModelCallStatus, NewBudget,
        NewReservation, Settlement, UsageBy, UsageRange,
    },
};

use crate::harness::db::{TestDb, both};

both!(
    a_budget_of_ten_admits_ten_of_many_at_once,
    what_is_admitted_together_is_held_together_or_not_at_all,
    ends_and_admissions_come_together,
    a_call_is_settled_once,
    every_scope_and_window_is_held_against,
    what_was_spent_before_a_budget_counts,
    lost_calls_are_booked_at_their_estimate,
    a_removed_budget_holds_nobody_up,
    the_owner_is_told_once_and_may_extend_once,
    what_is_free_is_not_bounded_by_money,
    budgets_are_replaced_as_a_set,
    counters_of_old_windows_are_forgotten,
    rows_counters_and_sums_agree_whatever_happens,
    a_full_budget_is_told_of_without_a_call,
    a_counter_is_opened_with_what_was_spent,
    a_models_attempts_say_how_it_counts,
);

const DAY: &str = "2026-03-01";

/// An attempt that went well: so many tokens in, a tenth out, half of the input cached.
pub fn call(db: &TestDb, of: (Option<TurnId>, Option<UserId>), model: &str, tokens: i64) -> ModelCallRecord {
    ModelCallRecord {
        id: ModelCallId::new(&db.clock),
        turn_id: of.0,
        user_id: of.1,
        conversation_id: None,
        workflow_id: None,
        skill_name: None,
        token_id: None,
        purpose: "answer".into(),
        tier: "small".into(),
        rung: "small".into(),
        provider: "localhost:1".into(),
        model: model.into(),
        attempt: 1,
        status: ModelCallStatus::Done,
        prompt_tokens: tokens + 5,
        input_tokens: tokens,
        cached_tokens: tokens / 2,
        cache_write_tokens: 0,
        output_tokens: tokens / 10,
        saved_tokens: 0,
        cost_micros: tokens,
        estimated: false,
        first_token_ms: Some(120),
        latency_ms: 900,
        skill_calls: 1,
        error: None,
        created_at: db.clock.now(),
    }
}

/// Books an attempt for the day that it was made on, with the conversation of its turn.
pub async fn book(db: &TestDb, mut call: ModelCallRecord) {
    if let Some(turn) = call.turn_id {
        call.conversation_id = Some(db.turn(turn).await.unwrap().unwrap().conversation_id);
    }
    let day = call.created_at.format("%Y-%m-%d").to_string();
    db.settle(&db.clock, &[Settlement { call, day, reserved: false }]).await.unwrap();
}

fn owner_day(micros: i64) -> NewBudget {
    budget(BudgetScope::Owner, "", BudgetWindow::Day, Some(micros), None)
}

fn budget(
    scope: BudgetScope,
    subject: &str,
    window: BudgetWindow,
    micros: Option<i64>,
    tokens: Option<i64>,
) -> NewBudget {
    NewBudget { scope, subject: subject.to_owned(), window, limit_micros: micros, limit_tokens: tokens }
}

fn reservation(db: &TestDb, call: ModelCallRecord) -> NewReservation {
    NewReservation { call, day: DAY.to_owned(), held_until: db.clock.now() + chrono::Duration::seconds(60) }
}

fn end(call: ModelCallRecord) -> Settlement {
    Settlement { call, day: DAY.to_owned(), reserved: true }
}

async fn admit(db: &TestDb, call: &ModelCallRecord) -> bool {
    db.admit(&db.clock, db.host(), &[reservation(db, call.clone())]).await.unwrap().is_none()
}

/// The counter of the only budget.
async fn counter(db: &Db) -> Counter {
    let counters = db.counters(DAY).await.unwrap();
    assert_eq!(counters.len(), 1, "{counters:?}");
    counters.into_iter().next().unwrap()
}

async fn a_budget_of_ten_admits_ten_of_many_at_once(db: TestDb) {
    db.set_budgets(&db.clock, &[owner_day(1_000)]).await.unwrap();
    // As another host of the same database would.
    let other = db.another().await;
    let calls: Vec<ModelCallRecord> = (0..64).map(|_| call(&db, (None, None), "m", 100)).collect();
    let admitting = calls.iter().enumerate().map(|(n, call)| {
        let to: &Db = if n % 2 == 0 { &db } else { &other };
        let wanted = reservation(&db, call.clone());
        let (host, clock) = (db.host(), db.clock.clone());
        async move { to.admit(&clock, host, &[wanted]).await.unwrap().is_none() }
    });
    let admitted = join_all(admitting).await;
    assert_eq!(admitted.iter().filter(|yes| **yes).count(), 10);
    let full = counter(&db).await;
    assert_eq!((full.reserved_micros, full.spent_micros), (1_000, 0));
    assert_eq!(db.reserved().await.unwrap(), (10, 1_000, 1_100));

    let ends: Vec<Settlement> =
        calls.into_iter().zip(admitted).filter(|(_, yes)| *yes).map(|(call, _)| end(call)).collect();
    join_all(ends.chunks(3).map(|some| db.settle(&db.clock, some))).await;
    let full = counter(&db).await;
    assert_eq!((full.reserved_micros, full.spent_micros, full.reserved_tokens), (0, 1_000, 0));
    assert!(!admit(&db, &call(&db, (None, None), "m", 1)).await, "it is used up");
}

async fn what_is_admitted_together_is_held_together_or_not_at_all(db: TestDb) {
    db.set_budgets(&db.clock, &[owner_day(250)]).await.unwrap();
    let calls: Vec<NewReservation> = (0..3).map(|_| reservation(&db, call(&db, (None, None), "m", 100))).collect();
    let full = db.admit(&db.clock, db.host(), &calls).await.unwrap().unwrap();
    assert_eq!((full.budget.limit_micros, full.counter.reserved_micros), (Some(250), 0));
    assert_eq!(db.reserved().await.unwrap().0, 0);
    assert!(db.admit(&db.clock, db.host(), &calls[..2]).await.unwrap().is_none());
    assert_eq!(counter(&db).await.reserved_micros, 200);
}

async fn ends_and_admissions_come_together(db: TestDb) {
    db.set_budgets(&db.clock, &[owner_day(250)]).await.unwrap();
    let made = || call(&db, (None, None), "m", 100);
    let (first, second, third) = (made(), made(), made());
    assert!(admit(&db, &first).await && admit(&db, &second).await);
    let ended = |held: &ModelCallRecord, cost_micros| end(ModelCallRecord { cost_micros, ..held.clone() });

    // The room that an end leaves is there for whoever comes with it.
    let wanted = [reservation(&db, third.clone())];
    let (_, admitted) = db.book(&db.clock, db.host(), &[ended(&first, 10)], &wanted).await.unwrap();
    let counted = counter(&db).await;
    assert_eq!((admitted, counted.reserved_micros, counted.spent_micros), (true, 200, 10));

    // Where there is none, nobody is admitted, and the end is booked all the same.
    let wanted = [reservation(&db, made()), reservation(&db, made())];
    let (_, admitted) = db.book(&db.clock, db.host(), &[ended(&second, 20)], &wanted).await.unwrap();
    let counted = counter(&db).await;
    assert_eq!((admitted, counted.reserved_micros, counted.spent_micros), (false, 100, 30));
    assert_eq!(db.reserved().await.unwrap().0, 1);

    // It is told whether somebody has to hear of a budget.
    let (told, _) = db.book(&db.clock, db.host(), &[ended(&third, 200)], &[]).await.unwrap();
    assert!(told, "230 of 250 are spent");
}

async fn a_call_is_settled_once(db: TestDb) {
    db.set_budgets(&db.clock, &[owner_day(1_000)]).await.unwrap();
    let held = call(&db, (None, None), "m", 500);
    assert!(admit(&db, &held).await);
    let done = ModelCallRecord { cost_micros: 120, input_tokens: 100, output_tokens: 20, ..held.clone() };
    db.settle(&db.clock, &[end(done.clone())]).await.unwrap();
    // The sweep, or a guard that comes late, finds nothing to settle.
    db.settle(&db.clock, &[end(held)]).await.unwrap();
    let counted = counter(&db).await;
    assert_eq!((counted.reserved_micros, counted.spent_micros), (0, 120));
    assert_eq!((counted.reserved_tokens, counted.spent_tokens), (0, 120));
    let rows = db.usage(UsageBy::Model, &UsageRange::default(), 9).await.unwrap();
    assert_eq!((rows.len(), rows[0].calls, rows[0].cost_micros), (1, 1, 120));
}

async fn every_scope_and_window_is_held_against(db: TestDb) {
    use BudgetScope::{Conversation, Owner, Skill, User};
    use BudgetWindow::{Day, Month, Turn};
    let ada = db.person("ada").await;
    let turn = db.answered_turn(ada).await;
    let of = ModelCallRecord {
        conversation_id: Some(turn.conversation_id),
        skill_name: Some("notes".into()),
        ..call(&db, (Some(turn.id), Some(ada)), "m", 100)
    };
    let cases = [
        budget(Owner, "", Month, Some(99), None),
        budget(User, "", Day, Some(99), None),
        budget(User, &ada.to_string(), Day, None, Some(109)),
        budget(Conversation, "", Day, Some(99), None),
        budget(Conversation, "", Turn, None, Some(109)),
        budget(Skill, "notes", Month, Some(99), None),
        budget(Owner, "", Turn, Some(99), None),
    ];
    for case in cases {
        db.set_budgets(&db.clock, std::slice::from_ref(&case)).await.unwrap();
        let wanted = ModelCallRecord { id: ModelCallId::new(&db.clock), ..of.clone() };
        let full = db.admit(&db.clock, db.host(), &[reservation(&db, wanted)]).await.unwrap();
        let full = full.unwrap_or_else(|| panic!("{case:?} did not bite"));
        assert_eq!((full.budget.scope, full.budget.window), (case.scope, case.window));
        // One more of whatever is counted is enough.
        let roomy = NewBudget {
            limit_micros: case.limit_micros.map(|limit| limit + 1),
            limit_tokens: case.limit_tokens.map(|limit| limit + 1),
            ..case
        };
        db.set_budgets(&db.clock, &[roomy]).await.unwrap();
        let wanted = ModelCallRecord { id: ModelCallId::new(&db.clock), ..of.clone() };
        assert!(admit(&db, &wanted).await);
        let free = ModelCallRecord { cost_micros: 0, input_tokens: 0, output_tokens: 0, ..wanted };
        db.settle(&db.clock, &[end(free)]).await.unwrap();
    }
    // A budget of somebody else is not touched.
    db.set_budgets(&db.clock, &[budget(User, &db.person("bo").await.to_string(), Day, Some(0), None)]).await.unwrap();
    assert!(admit(&db, &ModelCallRecord { id: ModelCallId::new(&db.clock), ..of }).await);
}

async fn what_was_spent_before_a_budget_counts(db: TestDb) {
    let ada = db.person("ada").await;
    book(&db, call(&db, (None, Some(ada)), "m", 700)).await;
    book(&db, call(&db, (None, None), "m", 200)).await;
    let of_user = budget(BudgetScope::User, "", BudgetWindow::Day, Some(1_000), None);
    db.set_budgets(&db.clock, &[owner_day(1_000), of_user]).await.unwrap();
    assert!(!admit(&db, &call(&db, (None, Some(ada)), "m", 101)).await);
    assert!(admit(&db, &call(&db, (None, Some(ada)), "m", 100)).await);
    let mut spent: Vec<i64> = db.counters(DAY).await.unwrap().iter().map(|counter| counter.spent_micros).collect();
    spent.sort_unstable();
    assert_eq!(spent, [700, 900]);
}

async fn lost_calls_are_booked_at_their_estimate(db: TestDb) {
    db.set_budgets(&db.clock, &[owner_day(1_000)]).await.unwrap();
    let (dead, alive) = (db.host(), db.host());
    let calls: Vec<ModelCallRecord> = (0..3).map(|_| call(&db, (None, None), "m", 100)).collect();
    for (call, host) in calls.iter().zip([dead, dead, alive]) {
        let wanted = ModelCallRecord { status: ModelCallStatus::Interrupted, estimated: true, ..call.clone() };
        assert!(db.admit(&db.clock, host, &[reservation(&db, wanted)]).await.unwrap().is_none());
    }
    assert_eq!(db.settle_lost(&db.clock, None).await.unwrap(), 0, "nobody's time is over");
    assert_eq!(db.settle_lost(&db.clock, Some(dead)).await.unwrap(), 2);
    let counted = counter(&db).await;
    assert_eq!((counted.reserved_micros, counted.spent_micros), (100, 200));
    db.clock.advance(chrono::Duration::seconds(61));
    assert_eq!(db.settle_lost(&db.clock, None).await.unwrap(), 1);
    assert_eq!(counter(&db).await.reserved_micros, 0);
    let rows = db.usage(UsageBy::Model, &UsageRange::default(), 9).await.unwrap();
    assert_eq!((rows[0].calls, rows[0].failed, rows[0].cost_micros), (3, 3, 300));
}

async fn a_removed_budget_holds_nobody_up(db: TestDb) {
    db.set_budgets(&db.clock, &[owner_day(100)]).await.unwrap();
    let held = call(&db, (None, None), "m", 100);
    assert!(admit(&db, &held).await);
    db.set_budgets(&db.clock, &[]).await.unwrap();
    db.settle(&db.clock, &[end(held)]).await.unwrap();
    assert!(admit(&db, &call(&db, (None, None), "m", 5_000)).await);
    assert_eq!(db.usage(UsageBy::Model, &UsageRange::default(), 9).await.unwrap()[0].cost_micros, 100);
}

async fn the_owner_is_told_once_and_may_extend_once(db: TestDb) {
    db.set_budgets(&db.clock, &[owner_day(100)]).await.unwrap();
    let told = async || db.rows("SELECT CAST(payload AS TEXT) FROM jobs WHERE type = 'budget_notice'").await;
    book(&db, call(&db, (None, None), "m", 74)).await;
    assert!(told().await.is_empty());
    book(&db, call(&db, (None, None), "m", 1)).await;
    book(&db, call(&db, (None, None), "m", 1)).await;
    assert_eq!(told().await.len(), 1);
    let id = counter(&db).await.id;
    assert!(!db.extend_budget(&db.clock, DAY, id).await.unwrap(), "there is room yet");
    for _ in 0..2 {
        let wanted = reservation(&db, call(&db, (None, None), "m", 25));
        let full = db.admit(&db.clock, db.host(), &[wanted]).await.unwrap().unwrap();
        db.note_full(&db.clock, &full.key()).await.unwrap();
    }
    assert_eq!(told().await.len(), 2, "once for 75 and once for 100 percent");
    assert!(!db.extend_budget(&db.clock, "2026-03-02", id).await.unwrap(), "its window is over");
    assert!(db.extend_budget(&db.clock, DAY, id).await.unwrap());
    assert!(!db.extend_budget(&db.clock, DAY, id).await.unwrap(), "a second press does nothing");
    assert_eq!(counter(&db).await.extra_micros, 100);
    assert!(admit(&db, &call(&db, (None, None), "m", 25)).await);
}

async fn a_counter_is_opened_with_what_was_spent(db: TestDb) {
    book(&db, call(&db, (None, None), "m", 700)).await;
    db.set_budgets(&db.clock, &[owner_day(1_000)]).await.unwrap();
    let key = db.budgets().await.unwrap()[0].counter(&Account::default(), DAY).unwrap();
    let opened = db.open_counter(&db.clock, &key).await.unwrap().unwrap();
    assert_eq!((opened.spent_micros, opened.noticed), (700, 0));
    assert_eq!(db.open_counter(&db.clock, &key).await.unwrap(), Some(opened), "once");
    db.set_budgets(&db.clock, &[]).await.unwrap();
    assert_eq!(db.open_counter(&db.clock, &key).await.unwrap(), None);
}

async fn a_full_budget_is_told_of_without_a_call(db: TestDb) {
    db.set_budgets(&db.clock, &[owner_day(100)]).await.unwrap();
    let key = db.budgets().await.unwrap()[0].counter(&Account::default(), DAY).unwrap();
    assert_eq!(db.counter(&key).await.unwrap(), None, "nothing was counted yet");
    let full = db.note_full(&db.clock, &key).await.unwrap().unwrap();
    assert_eq!(db.counter(&key).await.unwrap().map(|counter| counter.id), Some(full.counter.id));
    let told = db.counter_by_id(full.counter.id).await.unwrap().unwrap();
    assert_eq!((told.noticed, told.slot.as_str()), (100, DAY));
    db.set_budgets(&db.clock, &[]).await.unwrap();
    assert_eq!(db.note_full(&db.clock, &key).await.unwrap(), None);
    assert_eq!(db.counter_by_id(full.counter.id).await.unwrap(), None);
}

async fn a_models_attempts_say_how_it_counts(db: TestDb) {
    for (model, tokens, estimated) in [("m", 10, false), ("m", 20, false), ("m", 30, true), ("other", 40, false)] {
        book(&db, ModelCallRecord { estimated, ..call(&db, (None, None), model, tokens) }).await;
        db.tick();
    }
    let calls = db.model_calls_of("m", 9).await.unwrap();
    assert_eq!(calls.iter().map(|call| call.input_tokens).collect::<Vec<_>>(), [20, 10]);
    assert_eq!(db.model_calls_of("m", 1).await.unwrap().len(), 1);
}

async fn what_is_free_is_not_bounded_by_money(db: TestDb) {
    db.set_budgets(&db.clock, &[owner_day(0)]).await.unwrap();
    let free = ModelCallRecord { cost_micros: 0, ..call(&db, (None, None), "local", 1_000) };
    assert!(admit(&db, &free).await);
    assert!(!admit(&db, &call(&db, (None, None), "m", 1)).await);
    let tokens = budget(BudgetScope::Owner, "", BudgetWindow::Day, None, Some(1_100));
    db.set_budgets(&db.clock, &[tokens]).await.unwrap();
    let free = ModelCallRecord { id: ModelCallId::new(&db.clock), ..free };
    assert!(!admit(&db, &free).await, "tokens bound what is free, and 1,100 are held already");
}

async fn budgets_are_replaced_as_a_set(db: TestDb) {
    let of_user = budget(BudgetScope::User, "", BudgetWindow::Month, None, Some(50_000));
    db.set_budgets(&db.clock, &[owner_day(100), of_user.clone()]).await.unwrap();
    let known = db.budgets().await.unwrap();
    assert!(admit(&db, &call(&db, (None, None), "m", 40)).await);
    db.set_budgets(&db.clock, &[owner_day(200)]).await.unwrap();
    let now: Vec<Budget> = db.budgets().await.unwrap();
    assert_eq!(now, [Budget { limit_micros: Some(200), ..known[0].clone() }], "it keeps its id");
    assert_eq!(counter(&db).await.reserved_micros, 40, "and its counter");
}

async fn counters_of_old_windows_are_forgotten(db: TestDb) {
    db.set_budgets(&db.clock, &[owner_day(1_000)]).await.unwrap();
    let held = call(&db, (None, None), "m", 100);
    assert!(admit(&db, &held).await);
    let later = db.clock.now() + chrono::Duration::days(1);
    assert_eq!(db.forget_counters(later).await.unwrap(), 0, "something is held");
    db.settle(&db.clock, &[end(held)]).await.unwrap();
    assert_eq!(db.forget_counters(db.clock.now()).await.unwrap(), 0);
    assert_eq!(db.forget_counters(later).await.unwrap(), 1);
}

/// What happens to one call in the property test.
#[derive(Clone, Copy, Debug)]
enum Fate {
    Done(i64),
    Failed,
    Cancelled(i64),
    Lost,
    SettledTwice(i64),
}

async fn rows_counters_and_sums_agree_whatever_happens(db: TestDb) {
    use proptest::prelude::*;
    let fate = prop_oneof![
        (0_i64..400).prop_map(Fate::Done),
        Just(Fate::Failed),
        (0_i64..400).prop_map(Fate::Cancelled),
        Just(Fate::Lost),
        (0_i64..400).prop_map(Fate::SettledTwice),
    ];
    let calls = prop::collection::vec((1_i64..300, fate), 1..24);
    let mut runner = TestRunner::new(Config { cases: 12, failure_persistence: None, ..Config::default() });
    let limit = 2_000;
    let (handle, db) = (tokio::runtime::Handle::current(), &db);
    db.set_budgets(&db.clock, &[owner_day(limit)]).await.unwrap();
    let ran = tokio::task::block_in_place(|| {
        runner.run(&calls, |calls| {
            handle.block_on(async {
                play(db, &calls).await;
                let counter = counter(db).await;
                let rows = db.rows("SELECT CAST(COALESCE(SUM(cost_micros), 0) AS TEXT) FROM model_calls").await;
                let sums = db.usage(UsageBy::Day, &UsageRange::default(), 9).await.unwrap();
                let sum = sums.first().map_or(0, |row| row.cost_micros);
                assert_eq!((counter.reserved_micros, counter.reserved_tokens), (0, 0));
                assert_eq!((counter.spent_micros.to_string(), counter.spent_micros), (rows[0].clone(), sum));
                assert_eq!(db.reserved().await.unwrap(), (0, 0, 0));
            });
            Ok(())
        })
    });
    ran.unwrap();
}

/// Admits all at once and ends each by its fate.
async fn play(db: &TestDb, calls: &[(i64, Fate)]) {
    let host = db.host();
    let running = calls.iter().map(|(tokens, fate)| {
        let held = ModelCallRecord { status: ModelCallStatus::Interrupted, ..call(db, (None, None), "m", *tokens) };
        async move {
            let wanted = reservation(db, held.clone());
            if db.admit(&db.clock, host, &[wanted]).await.unwrap().is_some() {
                return;
            }
            let with = |status, cost: i64| ModelCallRecord { status, cost_micros: cost, ..held.clone() };
            let ends = match *fate {
                Fate::Done(cost) => vec![with(ModelCallStatus::Done, cost)],
                Fate::Failed => vec![with(ModelCallStatus::Failed, 0)],
                Fate::Cancelled(cost) => vec![with(ModelCallStatus::Cancelled, cost.min(*tokens))],
                Fate::SettledTwice(cost) => {
                    vec![with(ModelCallStatus::Done, cost), with(ModelCallStatus::Cancelled, 1)]
                }
                Fate::Lost => return,
            };
            for one in ends {
                db.settle(&db.clock, &[end(one)]).await.unwrap();
            }
        }
    });
    join_all(running).await;
    db.settle_lost(&db.clock, Some(host)).await.unwrap();
}
