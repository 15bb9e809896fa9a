//! The books in SQLite, where a statement costs some microseconds and a way to another thread many: a whole
//! transaction is one piece of work of [`Scribe`](crate::store::scribe::Scribe).

use chrono::{DateTime, SecondsFormat, Utc};
use rusqlite::{Connection, OptionalExtension, Row, Transaction, named_params, params};
use std::collections::BTreeMap;
use uuid::Uuid;

use super::{
    Amount, Booked, Due, Exhausted, HeldRow, NewReservation, OPEN_COUNTER, RESERVE, SETTLE, Settlement, due_notice,
    gone, wanted,
};
use crate::{
    clock::Clock,
    ids::{BudgetId, CounterId, HostId, ModelCallId},
    store::{
        Budget, BudgetScope, BudgetWindow, Counter, CounterKey, ModelCallRecord, Result, StoreError,
        budgets::{budget_columns, counter_columns},
        model_calls::model_call_columns,
        scribe::Written,
        usage::ADD_USAGE,
    },
};

const INSERT_RESERVATION: &str = "INSERT INTO reservations
    (id, held_by, held_until, micros, tokens, counters, model_call, created_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)";

const INSERT_CALL: &str = concat!(
    "INSERT INTO model_calls (",
    model_call_columns!(),
    ") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
);

/// Books ends and then admits calls; the notices that are due now, and whether all were admitted. Else none is.
pub fn book(
    tx: &mut Transaction,
    clock: &Clock,
    host: HostId,
    (ends, calls): (&[Settlement], &[NewReservation]),
) -> Result<Written<(Vec<Due>, bool)>> {
    let budgets = budgets(tx)?;
    let due = settle(tx, clock, &budgets, ends)?;
    let admission = tx.savepoint()?;
    let admitted = admit(&admission, clock, host, (&budgets, calls))?.is_none();
    if admitted {
        admission.commit()?;
    }
    // One that is not kept is undone by its end.
    Ok(Written::Keep((due, admitted)))
}

/// The budget that has no room, if there is one; what was held until then is to be undone.
pub fn admit(
    tx: &Connection,
    clock: &Clock,
    host: HostId,
    (budgets, calls): (&[Budget], &[NewReservation]),
) -> Result<Option<Exhausted>> {
    for (key, amount) in wanted(budgets, calls) {
        if reserve(tx, clock, &key, amount)? {
            continue;
        }
        let budget = budgets.iter().find(|budget| budget.id == key.budget).cloned();
        let full = budget.zip(counter(tx, &key)?).map(|(budget, counter)| Exhausted { budget, counter });
        return full.ok_or_else(gone).map(Some);
    }
    let mut insert = tx.prepare_cached(INSERT_RESERVATION)?;
    for new in calls {
        insert.execute(params![
            bytes(&new.call.id.0),
            bytes(&host.0),
            text(new.held_until),
            new.call.cost_micros,
            new.call.tokens(),
            json(&new.counters(budgets))?,
            json(&new.kept())?,
            text(clock.now()),
        ])?;
    }
    Ok(None)
}

/// The notices that are due now.
pub fn settle(tx: &Connection, clock: &Clock, budgets: &[Budget], ends: &[Settlement]) -> Result<Vec<Due>> {
    let mut held = Vec::new();
    for end in ends.iter().filter(|end| end.reserved) {
        held.extend(release(tx, end.call.id)?);
    }
    let booked = Booked::new(budgets, ends, &held);
    let due = count(tx, clock, budgets, &booked.counters)?;
    for call in &booked.calls {
        insert_call(tx, call)?;
    }
    let mut add = tx.prepare_cached(ADD_USAGE)?;
    for (key, sum) in &booked.usage {
        let (words, numbers) = (key.words(), sum.numbers());
        let words = words.iter().map(|word| word as &dyn rusqlite::ToSql);
        let all: Vec<_> = words.chain(numbers.iter().map(|number| number as &dyn rusqlite::ToSql)).collect();
        add.execute(&*all)?;
    }
    Ok(due)
}

/// Whether there was room. A counter that is not there yet is made, and asked again.
fn reserve(tx: &Connection, clock: &Clock, key: &CounterKey, amount: Amount) -> Result<bool> {
    let mut reserve = tx.prepare_cached(RESERVE)?;
    let (budget, now) = (bytes(&key.budget.0), text(clock.now()));
    for nth in 0..2 {
        let held = reserve.execute(named_params! {
            "$1": budget, "$2": key.subject, "$3": key.slot,
            "$4": amount.reserved_micros, "$5": amount.reserved_tokens, "$6": now,
        })?;
        if held == 1 {
            return Ok(true);
        }
        if nth == 0 {
            open_counter(tx, clock, key)?;
        }
    }
    Ok(false)
}

/// Moves what was held to what was spent.
fn count(
    tx: &Connection,
    clock: &Clock,
    budgets: &[Budget],
    counters: &BTreeMap<CounterKey, Amount>,
) -> Result<Vec<Due>> {
    let mut settle = tx.prepare_cached(SETTLE)?;
    let (mut due, now) = (Vec::new(), text(clock.now()));
    for (key, amount) in counters {
        let budget = bytes(&key.budget.0);
        let values = named_params! {
            "$1": budget, "$2": key.subject, "$3": key.slot, "$4": amount.reserved_micros, "$5": amount.spent_micros,
            "$6": amount.reserved_tokens, "$7": amount.spent_tokens, "$8": now,
        };
        let mut row = settle.query_row(values, counter_of).optional()?;
        if row.is_none() {
            open_counter(tx, clock, key)?;
            row = settle.query_row(values, counter_of).optional()?;
        }
        due.extend(row.and_then(|row| due_notice(budgets, &row)));
    }
    Ok(due)
}

fn open_counter(tx: &Connection, clock: &Clock, key: &CounterKey) -> Result<()> {
    let id = CounterId::new(clock);
    tx.prepare_cached(OPEN_COUNTER)?.execute(named_params! {
        "$1": bytes(&id.0), "$2": bytes(&key.budget.0), "$3": key.subject, "$4": key.slot, "$5": text(clock.now()),
    })?;
    Ok(())
}

/// Removes a reservation; `None` when somebody else has settled it.
fn release(tx: &Connection, id: ModelCallId) -> Result<Option<HeldRow>> {
    let mut delete = tx.prepare_cached("DELETE FROM reservations WHERE id = ? RETURNING micros, tokens, counters")?;
    let row = delete
        .query_row([bytes(&id.0)], |row| Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?, row.get::<_, String>(2)?)));
    let Some((micros, tokens, counters)) = row.optional()? else { return Ok(None) };
    let counters = serde_json::from_str(&counters)
        .map_err(|error| StoreError::Corrupt(format!("the counters of a reservation: {error}")))?;
    Ok(Some(HeldRow { id, micros, tokens, counters: sqlx::types::Json(counters) }))
}

fn insert_call(tx: &Connection, call: &ModelCallRecord) -> Result<()> {
    let some = |id: Option<Uuid>| id.map(Uuid::into_bytes);
    tx.prepare_cached(INSERT_CALL)?.execute(params![
        bytes(&call.id.0),
        some(call.turn_id.map(|id| id.0)),
        some(call.user_id.map(|id| id.0)),
        some(call.conversation_id.map(|id| id.0)),
        some(call.workflow_id.map(|id| id.0)),
        call.skill_name,
        some(call.token_id.map(|id| id.0)),
        call.purpose,
        call.tier,
        call.rung,
        call.provider,
        call.model,
        call.attempt,
        call.status.word(),
        call.prompt_tokens,
        call.input_tokens,
        call.cached_tokens,
        call.cache_write_tokens,
        call.output_tokens,
        call.saved_tokens,
        call.cost_micros,
        call.estimated,
        call.first_token_ms,
        call.latency_ms,
        call.skill_calls,
        call.error,
        text(call.created_at),
    ])?;
    Ok(())
}

/// What a transaction of the books goes by.
pub fn budgets(tx: &Connection) -> Result<Vec<Budget>> {
    let mut select = tx.prepare_cached(concat!("SELECT ", budget_columns!(), " FROM budgets ORDER BY id"))?;
    let rows = select.query_map([], |row| {
        let (scope, window): (String, String) = (row.get(1)?, row.get(3)?);
        Ok(BudgetScope::from_word(&scope).zip(BudgetWindow::from_word(&window)).map_or(
            Err(StoreError::Corrupt(format!("a budget of \"{scope}\" and \"{window}\""))),
            |(scope, window)| {
                Ok(Budget {
                    id: BudgetId(id_at(row, 0)?),
                    scope,
                    subject: row.get(2)?,
                    window,
                    limit_micros: row.get(4)?,
                    limit_tokens: row.get(5)?,
                })
            },
        ))
    })?;
    rows.map(|row| row?).collect()
}

fn counter(tx: &Connection, key: &CounterKey) -> Result<Option<Counter>> {
    let mut select = tx.prepare_cached(concat!(
        "SELECT ",
        counter_columns!(),
        " FROM budget_counters WHERE budget_id = ? AND subject = ? AND slot = ?"
    ))?;
    Ok(select.query_row(params![bytes(&key.budget.0), key.subject, key.slot], counter_of).optional()?)
}

fn counter_of(row: &Row) -> rusqlite::Result<Counter> {
    Ok(Counter {
        id: CounterId(id_at(row, 0)?),
        budget_id: BudgetId(id_at(row, 1)?),
        subject: row.get(2)?,
        slot: row.get(3)?,
        reserved_micros: row.get(4)?,
        spent_micros: row.get(5)?,
        extra_micros: row.get(6)?,
        reserved_tokens: row.get(7)?,
        spent_tokens: row.get(8)?,
        extra_tokens: row.get(9)?,
        noticed: row.get(10)?,
    })
}

fn id_at(row: &Row, column: usize) -> rusqlite::Result<Uuid> {
    row.get(column).map(Uuid::from_bytes)
}

fn bytes(id: &Uuid) -> &[u8] {
    id.as_bytes()
}

/// As the other connections write a moment.
fn text(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::AutoSi, false)
}

fn json(value: &impl serde::Serialize) -> Result<String> {
    serde_json::to_string(value).map_err(|error| StoreError::Corrupt(format!("a reservation: {error}")))
}
