//! Attempts at models, and their sums.

use chrono::{DateTime, Utc};
use skillet::store::{ModelCallStatus, UsageBy, UsageRange};

use super::ledger::{book, call};
use crate::harness::db::{TestDb, both};

both!(
    attempts_are_on_record,
    usage_is_summed_by_person,
    usage_is_summed_by_conversation,
    usage_is_summed_by_model,
    usage_is_summed_by_day_and_month,
    nothing_sums_to_nothing,
);

/// Name, calls, failed, tokens in, out and cached of each row.
async fn sums(db: &TestDb, by: UsageBy) -> Vec<(String, [i64; 5])> {
    let rows = db.usage(by, &UsageRange::default(), 10).await.unwrap();
    rows.into_iter()
        .map(|row| (row.name, [row.calls, row.failed, row.input_tokens, row.output_tokens, row.cached_tokens]))
        .collect()
}

async fn attempts_are_on_record(db: TestDb) {
    let ada = db.person("ada").await;
    let turn = db.answered_turn(ada).await.id;
    let mut failed = call(&db, (Some(turn), Some(ada)), "m", 100);
    (failed.status, failed.error, failed.first_token_ms) = (ModelCallStatus::Failed, Some("429".into()), None);
    book(&db, failed.clone()).await;
    db.tick();
    let mut done = call(&db, (Some(turn), Some(ada)), "m", 100);
    done.attempt = 2;
    book(&db, done.clone()).await;
    book(&db, call(&db, (None, None), "m", 100)).await;

    let attempts = db.turn_model_calls(turn).await.unwrap();
    assert_eq!(attempts.len(), 2);
    assert_eq!(
        (attempts[0].id, attempts[0].error.as_deref(), attempts[0].first_token_ms),
        (failed.id, Some("429"), None)
    );
    let stored = &attempts[1];
    assert_eq!((stored.id, stored.attempt, stored.created_at), (done.id, 2, done.created_at));
    assert_eq!((stored.purpose.as_str(), stored.tier.as_str(), stored.model.as_str()), ("answer", "small", "m"));
    assert_eq!(
        (stored.prompt_tokens, stored.input_tokens, stored.output_tokens, stored.cached_tokens),
        (105, 100, 10, 50)
    );
    assert_eq!((stored.first_token_ms, stored.latency_ms, stored.skill_calls), (Some(120), 900, 1));
}

async fn usage_is_summed_by_person(db: TestDb) {
    let (ada, bo) = (db.person("ada").await, db.person("bo").await);
    for (user, tokens) in [(Some(ada), 100), (Some(ada), 200), (Some(bo), 1000), (None, 10)] {
        book(&db, call(&db, (None, user), "m", tokens)).await;
    }
    let mut failed = call(&db, (None, Some(ada)), "m", 0);
    failed.status = ModelCallStatus::Failed;
    book(&db, failed.clone()).await;
    // Ids of people sort by time.
    let expected = [
        (bo.to_string(), [1, 0, 1000, 100, 500]),
        (ada.to_string(), [3, 1, 300, 30, 150]),
        (String::new(), [1, 0, 10, 1, 5]),
    ];
    assert_eq!(sums(&db, UsageBy::User).await, expected);
    let of_bo = UsageRange { user: Some(bo.to_string()), ..UsageRange::default() };
    assert_eq!(db.usage(UsageBy::Model, &of_bo, 10).await.unwrap()[0].input_tokens, 1000);
    assert_eq!(db.usage(UsageBy::User, &UsageRange::default(), 1).await.unwrap().len(), 1);
}

async fn usage_is_summed_by_conversation(db: TestDb) {
    let ada = db.person("ada").await;
    let (one, two) = (db.answered_turn(ada).await, db.answered_turn(ada).await);
    for (turn, tokens) in [(Some(one.id), 100), (Some(one.id), 100), (Some(two.id), 50), (None, 10)] {
        book(&db, call(&db, (turn, Some(ada)), "m", tokens)).await;
    }
    let mut expected = [
        (one.conversation_id.to_string(), [2, 0, 200, 20, 100]),
        (two.conversation_id.to_string(), [1, 0, 50, 5, 25]),
        (String::new(), [1, 0, 10, 1, 5]),
    ];
    expected.sort_by(|a, b| b.0.cmp(&a.0));
    assert_eq!(sums(&db, UsageBy::Conversation).await, expected);
}

async fn usage_is_summed_by_model(db: TestDb) {
    for (model, tokens) in [("qwen3:8b", 100), ("claude", 10), ("deepseek-chat", 100), ("qwen3:8b", 100)] {
        book(&db, call(&db, (None, None), model, tokens)).await;
    }
    let expected =
        [("qwen3:8b", [2, 0, 200, 20, 100]), ("deepseek-chat", [1, 0, 100, 10, 50]), ("claude", [1, 0, 10, 1, 5])];
    assert_eq!(sums(&db, UsageBy::Model).await, expected.map(|(name, sum)| (name.to_owned(), sum)));
}

async fn usage_is_summed_by_day_and_month(db: TestDb) {
    for at in ["2026-02-28T23:59:59.999999Z", "2026-03-01T00:00:00Z", "2026-03-01T12:00:00.5Z", "2026-12-31T23:00:00Z"]
    {
        let mut one = call(&db, (None, None), "m", 100);
        one.created_at = at.parse::<DateTime<Utc>>().unwrap();
        book(&db, one).await;
    }
    let march = UsageRange { from: Some("2026-03-01".into()), until: Some("2026-03-31".into()), user: None };
    assert_eq!(db.usage(UsageBy::Model, &march, 10).await.unwrap()[0].calls, 2);
    let named = async |by| -> Vec<(String, i64)> {
        sums(&db, by).await.into_iter().map(|(name, [calls, ..])| (name, calls)).collect()
    };
    let of = |rows: &[(&str, i64)]| rows.iter().map(|(name, calls)| ((*name).to_owned(), *calls)).collect::<Vec<_>>();
    assert_eq!(named(UsageBy::Day).await, of(&[("2026-12-31", 1), ("2026-03-01", 2), ("2026-02-28", 1)]));
    assert_eq!(named(UsageBy::Month).await, of(&[("2026-12", 1), ("2026-03", 2), ("2026-02", 1)]));
}

async fn nothing_sums_to_nothing(db: TestDb) {
    for by in [UsageBy::User, UsageBy::Conversation, UsageBy::Model, UsageBy::Day, UsageBy::Month] {
        assert!(sums(&db, by).await.is_empty());
    }
}
