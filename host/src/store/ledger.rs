//! The books of the gateway: money is reserved before a model is asked and settled after. Many calls are
//! booked in one transaction; each reservation is settled once, by whoever removes its row.

mod postgres;
mod sqlite;

use chrono::{DateTime, Utc};
use rusqlite::Transaction;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sqlx::types::Json;
use std::{
    borrow::Cow,
    collections::{BTreeMap, HashSet},
};

use super::{
    Budget, BudgetWindow, Counter, CounterKey, Db, ModelCallRecord, NewJob, Result, StoreError,
    budgets::{budget_columns, counter_columns},
    jobs::insert_job,
    logged, on,
    scribe::Written,
    usage::{UsageKey, UsageRow},
    write_tx,
};
use crate::{
    clock::Clock,
    ids::{CounterId, HostId, JobId, ModelCallId},
};

/// Money and tokens that are to be held for a call.
#[derive(Clone, Debug)]
pub struct NewReservation {
    /// The call as it is booked should nobody ever settle it: at its full estimate.
    pub call: ModelCallRecord,
    /// The owner's day that it counts for.
    pub day: String,
    pub held_until: DateTime<Utc>,
}

/// What became of a call.
#[derive(Clone, Debug)]
pub struct Settlement {
    pub call: ModelCallRecord,
    pub day: String,
    /// False for what needed no reservation, such as a hit of a cache.
    pub reserved: bool,
}

/// A budget that has no room for a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exhausted {
    pub budget: Budget,
    pub counter: Counter,
}

impl Exhausted {
    pub fn key(&self) -> CounterKey {
        let Counter { budget_id, subject, slot, .. } = &self.counter;
        CounterKey { budget: *budget_id, subject: subject.clone(), slot: slot.clone() }
    }
}

/// Shares of a budget, in percent, that the owner is told of.
const NOTICES: [i64; 2] = [75, 100];

/// A counter, and the share in percent that the owner is to be told of.
type Due = (CounterId, i64);

/// What a call under way holds of a counter, and what it has added for good.
#[derive(Clone, Copy, Debug, Default)]
struct Amount {
    reserved_micros: i64,
    spent_micros: i64,
    reserved_tokens: i64,
    spent_tokens: i64,
}

/// Makes a counter, with what was spent in its window before there was a budget.
const OPEN_COUNTER: &str = "INSERT INTO budget_counters (id, budget_id, subject, slot, reserved_micros, spent_micros,
        extra_micros, reserved_tokens, spent_tokens, extra_tokens, noticed, updated_at)
     SELECT $1, b.id, $3, $4, 0, CAST(COALESCE(SUM(r.cost_micros), 0) AS BIGINT), 0, 0,
        CAST(COALESCE(SUM(r.input_tokens + r.output_tokens), 0) AS BIGINT), 0, 0, $5
     FROM budgets b LEFT JOIN usage_rollups r
        ON ((b.time_window = 'day' AND r.day = $4) OR (b.time_window = 'month' AND SUBSTR(r.day, 1, 7) = $4))
        AND (b.scope = 'owner' OR (b.scope = 'user' AND r.user_id = $3)
            OR (b.scope = 'conversation' AND r.conversation_id = $3) OR (b.scope = 'workflow' AND r.workflow_id = $3)
            OR (b.scope = 'skill' AND r.skill_name = $3) OR (b.scope = 'token' AND r.token_id = $3))
     WHERE b.id = $2 GROUP BY b.id ON CONFLICT (budget_id, subject, slot) DO NOTHING";

/// Holds money and tokens, if the budget has room for them. What is free is not bounded by money.
const RESERVE: &str = "UPDATE budget_counters SET reserved_micros = reserved_micros + $4,
        reserved_tokens = reserved_tokens + $5, updated_at = $6
     WHERE budget_id = $1 AND subject = $2 AND slot = $3 AND EXISTS (SELECT 1 FROM budgets b
        WHERE b.id = budget_id
        AND ($4 = 0 OR b.limit_micros IS NULL OR spent_micros + reserved_micros + $4 <= b.limit_micros + extra_micros)
        AND (b.limit_tokens IS NULL OR spent_tokens + reserved_tokens + $5 <= b.limit_tokens + extra_tokens))";

/// Moves what was held to what was spent.
const SETTLE: &str = concat!(
    "UPDATE budget_counters SET reserved_micros = reserved_micros - $4, spent_micros = spent_micros + $5,
        reserved_tokens = reserved_tokens - $6, spent_tokens = spent_tokens + $7, updated_at = $8
     WHERE budget_id = $1 AND subject = $2 AND slot = $3 RETURNING ",
    counter_columns!()
);

/// A budget whose counter cannot be held against.
fn gone() -> StoreError {
    StoreError::Corrupt("the budget was removed while money was reserved".to_owned())
}

macro_rules! open_counter {
    ($tx:ident, $clock:expr, $key:expr) => {
        sqlx::query(OPEN_COUNTER)
            .bind(CounterId::new($clock))
            .bind($key.budget)
            .bind(&$key.subject)
            .bind(&$key.slot)
            .bind($clock.now())
            .execute(&mut *$tx)
            .await?
    };
}

/// A budget and its counter; `None` when either is missing.
macro_rules! found {
    ($tx:ident, $key:expr) => {{
        let budget: Option<Budget> =
            sqlx::query_as(concat!("SELECT ", budget_columns!(), " FROM budgets WHERE id = $1"))
                .bind($key.budget)
                .fetch_optional(&mut *$tx)
                .await?;
        let counter: Option<Counter> = sqlx::query_as(concat!(
            "SELECT ",
            counter_columns!(),
            " FROM budget_counters WHERE budget_id = $1 AND subject = $2 AND slot = $3"
        ))
        .bind($key.budget)
        .bind(&$key.subject)
        .bind(&$key.slot)
        .fetch_optional(&mut *$tx)
        .await?;
        budget.zip(counter).map(|(budget, counter)| Exhausted { budget, counter })
    }};
}

use {found, open_counter};

/// Tells the owner of a share of a budget, once, by a job that is made with it.
macro_rules! notice {
    ($tx:ident, $clock:expr, $counter:expr, $percent:expr) => {{
        let now = $clock.now();
        let told = sqlx::query("UPDATE budget_counters SET noticed = $2 WHERE id = $1 AND noticed < $2")
            .bind($counter)
            .bind($percent)
            .execute(&mut *$tx)
            .await?
            .rows_affected()
            == 1;
        if told {
            let job = NewJob {
                payload: json!({ "counter": $counter, "percent": $percent }),
                ..NewJob::once("budget_notice", now, "gateway")
            };
            insert_job!($tx, JobId::new($clock), job, now);
        }
        told
    }};
}

impl Db {
    /// Holds what calls may cost at most, all of them or none; the budget that has no room, else `None`.
    pub async fn admit(&self, clock: &Clock, host: HostId, calls: &[NewReservation]) -> Result<Option<Exhausted>> {
        match self {
            Self::Sqlite(_, scribe) => {
                let (clock, calls) = (clock.clone(), calls.to_vec());
                let admit = move |tx: &mut Transaction| {
                    let full = sqlite::admit(tx, &clock, host, (&sqlite::budgets(tx)?, &calls))?;
                    Ok(if full.is_some() { Written::Undo(full) } else { Written::Keep(full) })
                };
                scribe.write(admit).await
            }
            Self::Postgres(pool) => postgres::admit(pool, clock, host, calls).await,
        }
    }

    /// The counter of a window that nothing was counted in yet, made with what was spent before there was a
    /// budget; `None` when the budget was removed meanwhile.
    pub async fn open_counter(&self, clock: &Clock, key: &CounterKey) -> Result<Option<Counter>> {
        let full = write_tx!(self, tx => {
            open_counter!(tx, clock, key);
            found!(tx, key)
        });
        Ok(full.map(|found| found.counter))
    }

    /// A budget that had no room for a call, after its owner was told; `None` when it was removed meanwhile.
    pub async fn note_full(&self, clock: &Clock, key: &CounterKey) -> Result<Option<Exhausted>> {
        let full = write_tx!(self, tx => {
            open_counter!(tx, clock, key);
            let full = found!(tx, key);
            // A turn is over before anybody could do something about its budget.
            if let Some(Exhausted { budget, counter }) = &full
                && budget.window != BudgetWindow::Turn
            {
                notice!(tx, clock, counter.id, 100_i64);
            }
            full
        });
        Ok(full)
    }

    /// Books what became of calls. Each is booked once: a reservation that was settled by somebody else,
    /// who found its holder gone, stays as it was settled. True when a job was made.
    pub async fn settle(&self, clock: &Clock, ends: &[Settlement]) -> Result<bool> {
        let due = match self {
            Self::Sqlite(_, scribe) => {
                let (clock, ends) = (clock.clone(), ends.to_vec());
                let settle = move |tx: &mut Transaction| sqlite::settle(tx, &clock, &sqlite::budgets(tx)?, &ends);
                scribe.write(move |tx| settle(tx).map(Written::Keep)).await?
            }
            Self::Postgres(pool) => postgres::settle(pool, clock, ends).await?,
        };
        Ok(self.notices(clock, due).await)
    }

    /// Books what became of calls and holds what others may cost, in one transaction where that is of use. True when
    /// a job was made, and true when all were admitted; else none of them was.
    pub async fn book(
        &self,
        clock: &Clock,
        host: HostId,
        ends: &[Settlement],
        calls: &[NewReservation],
    ) -> Result<(bool, bool)> {
        let Self::Sqlite(_, scribe) = self else {
            let jobs = self.settle(clock, ends).await?;
            return Ok((jobs, matches!(self.admit(clock, host, calls).await, Ok(None))));
        };
        let (its_clock, ends, calls) = (clock.clone(), ends.to_vec(), calls.to_vec());
        let booked = scribe.write(move |tx| sqlite::book(tx, &its_clock, host, (&ends, &calls))).await;
        let (due, admitted) = booked?;
        Ok((self.notices(clock, due).await, admitted))
    }

    /// Tells the owner of what is due; true when a job was made.
    async fn notices(&self, clock: &Clock, due: Vec<Due>) -> bool {
        let mut jobs = false;
        for (counter, percent) in due {
            // The call is booked, whatever becomes of this; the next one tells of it otherwise.
            let told = self.notice(clock, counter, percent).await;
            jobs |= logged("the owner could not be told of a budget", told).unwrap_or_default();
        }
        jobs
    }

    async fn notice(&self, clock: &Clock, counter: CounterId, percent: i64) -> Result<bool> {
        Ok(write_tx!(self, tx => { notice!(tx, clock, counter, percent) }))
    }

    /// Settles what nobody will: the reservations of a holder that is gone, or those whose time is over. Their
    /// calls may have been answered and paid for, so they are booked at their estimate. How many.
    pub async fn settle_lost(&self, clock: &Clock, holder: Option<HostId>) -> Result<usize> {
        let rows: Vec<(Json<Value>,)> = on!(self, pool => sqlx::query_as(
            "SELECT model_call FROM reservations WHERE held_by = $1 OR held_until < $2 ORDER BY id LIMIT 500",
        ).bind(holder).bind(clock.now()).fetch_all(pool).await)?;
        // One that this version cannot read is left to one that can, and holds up no other.
        let read = rows.into_iter().filter_map(|(Json(kept),)| Kept::deserialize(kept).ok());
        let end = |Kept { call, day }| Settlement { call: call.into_owned(), day: day.into_owned(), reserved: true };
        let lost: Vec<Settlement> = read.map(end).collect();
        if !lost.is_empty() {
            self.settle(clock, &lost).await?;
        }
        Ok(lost.len())
    }

    /// Money and tokens that are held for calls under way, and for how many.
    pub async fn reserved(&self) -> Result<(i64, i64, i64)> {
        Ok(on!(self, pool => sqlx::query_as(
            "SELECT COUNT(*), CAST(COALESCE(SUM(micros), 0) AS BIGINT), CAST(COALESCE(SUM(tokens), 0) AS BIGINT)
             FROM reservations",
        ).fetch_one(pool).await)?)
    }
}

/// A reservation as it is removed.
#[derive(sqlx::FromRow)]
struct HeldRow {
    id: ModelCallId,
    micros: i64,
    tokens: i64,
    counters: Json<Vec<CounterKey>>,
}

/// A call as its reservation keeps it.
#[derive(Serialize, Deserialize)]
struct Kept<'a> {
    call: Cow<'a, ModelCallRecord>,
    day: Cow<'a, str>,
}

/// What one transaction books.
struct Booked<'a> {
    calls: Vec<&'a ModelCallRecord>,
    counters: BTreeMap<CounterKey, Amount>,
    usage: BTreeMap<UsageKey, UsageRow>,
}

impl<'a> Booked<'a> {
    fn new(budgets: &[Budget], ends: &'a [Settlement], held: &[HeldRow]) -> Self {
        let mut booked = Self { calls: Vec::new(), counters: BTreeMap::new(), usage: BTreeMap::new() };
        let settled: HashSet<ModelCallId> = held.iter().map(|row| row.id).collect();
        for row in held {
            for key in &row.counters.0 {
                // A budget that was removed meanwhile has no counters any more.
                if budgets.iter().any(|budget| budget.id == key.budget) {
                    let amount = booked.counters.entry(key.clone()).or_default();
                    amount.reserved_micros += row.micros;
                    amount.reserved_tokens += row.tokens;
                }
            }
        }
        for end in ends.iter().filter(|end| !end.reserved || settled.contains(&end.call.id)) {
            let account = end.call.account();
            for key in budgets.iter().filter_map(|budget| budget.counter(&account, &end.day)) {
                let amount = booked.counters.entry(key).or_default();
                amount.spent_micros += end.call.cost_micros;
                amount.spent_tokens += end.call.tokens();
            }
            booked.usage.entry(UsageKey::of(&end.call, &end.day)).or_default().add(&end.call);
            booked.calls.push(&end.call);
        }
        booked
    }
}

impl NewReservation {
    /// What settles it should nobody else.
    fn kept(&self) -> Kept<'_> {
        Kept { call: Cow::Borrowed(&self.call), day: Cow::Borrowed(&self.day) }
    }

    fn counters(&self, budgets: &[Budget]) -> Vec<CounterKey> {
        let account = self.call.account();
        budgets.iter().filter_map(|budget| budget.counter(&account, &self.day)).collect()
    }
}

/// What some calls want of each counter, in the order in which rows are locked.
fn wanted(budgets: &[Budget], calls: &[NewReservation]) -> BTreeMap<CounterKey, Amount> {
    let mut wanted: BTreeMap<CounterKey, Amount> = BTreeMap::new();
    for new in calls {
        for key in new.counters(budgets) {
            let amount = wanted.entry(key).or_default();
            amount.reserved_micros += new.call.cost_micros;
            amount.reserved_tokens += new.call.tokens();
        }
    }
    wanted
}

/// The share of a day's or month's budget that its owner is to be told of now.
fn due_notice(budgets: &[Budget], counter: &Counter) -> Option<Due> {
    let budget = budgets.iter().find(|budget| budget.id == counter.budget_id)?;
    if budget.window == BudgetWindow::Turn {
        return None;
    }
    let reached = |percent: i64| {
        let over = |limit: Option<i64>, extra: i64, spent: i64| {
            limit.is_some_and(|limit| spent > 0 && spent.saturating_mul(100) >= (limit + extra).saturating_mul(percent))
        };
        over(budget.limit_micros, counter.extra_micros, counter.spent_micros)
            || over(budget.limit_tokens, counter.extra_tokens, counter.spent_tokens)
    };
    let percent = NOTICES.into_iter().rev().find(|percent| reached(*percent))?;
    (percent > counter.noticed).then_some((counter.id, percent))
}
