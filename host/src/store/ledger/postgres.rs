//! The books in Postgres, which several hosts may write.

use sqlx::{PgPool, types::Json};

use super::{
    Booked, Due, Exhausted, HeldRow, NewReservation, OPEN_COUNTER, RESERVE, SETTLE, Settlement, due_notice, found,
    gone, open_counter, wanted,
};
use crate::{
    clock::Clock,
    ids::{CounterId, HostId, ModelCallId},
    store::{
        Budget, Counter, ModelCallRecord, Result,
        budgets::{budget_columns, counter_columns},
        model_calls::model_call_columns,
        push_list,
        usage::ADD_USAGE,
    },
};

const BUDGETS: &str = concat!("SELECT ", budget_columns!(), " FROM budgets ORDER BY id");

pub async fn admit(pool: &PgPool, clock: &Clock, host: HostId, calls: &[NewReservation]) -> Result<Option<Exhausted>> {
    if calls.is_empty() {
        return Ok(None);
    }
    let now = clock.now();
    let mut tx = pool.begin().await?;
    let budgets: Vec<Budget> = sqlx::query_as(BUDGETS).fetch_all(&mut *tx).await?;
    for (key, amount) in wanted(&budgets, calls) {
        let mut held = 0;
        // A counter that is not there yet is made, here or at this moment by another host, and asked again.
        for nth in 0..2 {
            held = sqlx::query(RESERVE)
                .bind(key.budget)
                .bind(&key.subject)
                .bind(&key.slot)
                .bind(amount.reserved_micros)
                .bind(amount.reserved_tokens)
                .bind(now)
                .execute(&mut *tx)
                .await?
                .rows_affected();
            if held == 1 || nth == 1 {
                break;
            }
            open_counter!(tx, clock, key);
        }
        if held == 0 {
            let full = found!(tx, key);
            tx.rollback().await?;
            return full.ok_or_else(gone).map(Some);
        }
    }
    let mut insert = sqlx::QueryBuilder::new(
        "INSERT INTO reservations (id, held_by, held_until, micros, tokens, counters, model_call, created_at) ",
    );
    insert.push_values(calls, |mut row, new| {
        row.push_bind(new.call.id)
            .push_bind(host)
            .push_bind(new.held_until)
            .push_bind(new.call.cost_micros)
            .push_bind(new.call.tokens())
            .push_bind(Json(new.counters(&budgets)))
            .push_bind(Json(new.kept()))
            .push_bind(now);
    });
    insert.build().execute(&mut *tx).await?;
    tx.commit().await?;
    Ok(None)
}

/// The notices that are due now.
pub async fn settle(pool: &PgPool, clock: &Clock, ends: &[Settlement]) -> Result<Vec<Due>> {
    let now = clock.now();
    let mut tx = pool.begin().await?;
    let budgets: Vec<Budget> = sqlx::query_as(BUDGETS).fetch_all(&mut *tx).await?;
    let reserved: Vec<ModelCallId> = ends.iter().filter(|end| end.reserved).map(|end| end.call.id).collect();
    let mut held: Vec<HeldRow> = Vec::new();
    if !reserved.is_empty() {
        let mut delete = sqlx::QueryBuilder::new("DELETE FROM reservations WHERE id IN (");
        push_list!(delete, reserved);
        delete.push(") RETURNING id, micros, tokens, counters");
        held = delete.build_query_as().fetch_all(&mut *tx).await?;
    }
    let booked = Booked::new(&budgets, ends, &held);
    let mut due = Vec::new();
    for (key, amount) in &booked.counters {
        let mut row: Option<Counter> = None;
        for nth in 0..2 {
            row = sqlx::query_as(SETTLE)
                .bind(key.budget)
                .bind(&key.subject)
                .bind(&key.slot)
                .bind(amount.reserved_micros)
                .bind(amount.spent_micros)
                .bind(amount.reserved_tokens)
                .bind(amount.spent_tokens)
                .bind(now)
                .fetch_optional(&mut *tx)
                .await?;
            if row.is_some() || nth == 1 {
                break;
            }
            open_counter!(tx, clock, key);
        }
        due.extend(row.and_then(|row| due_notice(&budgets, &row)));
    }
    if !booked.calls.is_empty() {
        insert_calls(&booked.calls).build().execute(&mut *tx).await?;
    }
    for (key, sum) in &booked.usage {
        let mut add = sqlx::query(ADD_USAGE);
        for word in key.words() {
            add = add.bind(word);
        }
        for number in sum.numbers() {
            add = add.bind(number);
        }
        add.execute(&mut *tx).await?;
    }
    tx.commit().await?;
    Ok(due)
}

fn insert_calls(calls: &[&ModelCallRecord]) -> sqlx::QueryBuilder<sqlx::Postgres> {
    let mut insert: sqlx::QueryBuilder<sqlx::Postgres> =
        sqlx::QueryBuilder::new(concat!("INSERT INTO model_calls (", model_call_columns!(), ") "));
    insert.push_values(calls, |mut row, call| {
        row.push_bind(call.id)
            .push_bind(call.turn_id)
            .push_bind(call.user_id)
            .push_bind(call.conversation_id)
            .push_bind(call.workflow_id)
            .push_bind(call.skill_name.clone())
            .push_bind(call.token_id)
            .push_bind(call.purpose.clone())
            .push_bind(call.tier.clone())
            .push_bind(call.rung.clone())
            .push_bind(call.provider.clone())
            .push_bind(call.model.clone())
            .push_bind(call.attempt)
            .push_bind(call.status)
            .push_bind(call.prompt_tokens)
            .push_bind(call.input_tokens)
            .push_bind(call.cached_tokens)
            .push_bind(call.cache_write_tokens)
            .push_bind(call.output_tokens)
            .push_bind(call.saved_tokens)
            .push_bind(call.cost_micros)
            .push_bind(call.estimated)
            .push_bind(call.first_token_ms)
            .push_bind(call.latency_ms)
            .push_bind(call.skill_calls)
            .push_bind(call.error.clone())
            .push_bind(call.created_at);
    });
    insert
}
