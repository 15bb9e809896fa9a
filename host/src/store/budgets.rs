//! Budgets: what may be spent, how far it is used, and what the owner adds for a while.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sqlx::FromRow;

use super::{Account, Db, Result, columns::word_column, on, write_tx};
use crate::{
    clock::Clock,
    ids::{BudgetId, CounterId},
};

word_column! {
    /// Whose spending a budget bounds.
    BudgetScope {
        Owner = "owner", User = "user", Conversation = "conversation", Workflow = "workflow", Skill = "skill",
        Token = "token",
    }
}

word_column! {
    /// How long a budget lasts before it starts anew: one turn, or a calendar day or month of the owner.
    BudgetWindow { Turn = "turn", Day = "day", Month = "month" }
}

/// What may be spent in a window.
#[derive(Clone, Debug, PartialEq, Eq, FromRow)]
pub struct Budget {
    pub id: BudgetId,
    pub scope: BudgetScope,
    /// Id of the person, conversation, workflow or token, or name of the skill; empty for each one of the
    /// scope by itself.
    pub subject: String,
    #[sqlx(rename = "time_window")]
    pub window: BudgetWindow,
    pub limit_micros: Option<i64>,
    pub limit_tokens: Option<i64>,
}

/// A budget as it is set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewBudget {
    pub scope: BudgetScope,
    pub subject: String,
    pub window: BudgetWindow,
    pub limit_micros: Option<i64>,
    pub limit_tokens: Option<i64>,
}

/// How far a budget is used in one window, by one subject.
#[derive(Clone, Debug, PartialEq, Eq, FromRow)]
pub struct Counter {
    pub id: CounterId,
    pub budget_id: BudgetId,
    pub subject: String,
    /// The day as `2026-11-26`, the month as `2026-11`, or the id of the turn.
    pub slot: String,
    /// Held for calls under way.
    pub reserved_micros: i64,
    pub spent_micros: i64,
    /// What the owner added to the limit in this window.
    pub extra_micros: i64,
    pub reserved_tokens: i64,
    pub spent_tokens: i64,
    pub extra_tokens: i64,
    /// The share in percent that the owner was told of last.
    pub noticed: i64,
}

/// A counter by what it counts; in this order rows are locked.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct CounterKey {
    pub budget: BudgetId,
    pub subject: String,
    pub slot: String,
}

impl Budget {
    /// The counter that a call adds to, or `None` where this budget is not about it. `day` is the owner's.
    pub fn counter(&self, account: &Account, day: &str) -> Option<CounterKey> {
        let subject = match self.scope {
            BudgetScope::Owner => Some(String::new()),
            BudgetScope::User => account.user.map(|id| id.to_string()),
            BudgetScope::Conversation => account.conversation.map(|id| id.to_string()),
            BudgetScope::Workflow => account.workflow.map(|id| id.to_string()),
            BudgetScope::Skill => account.skill.clone(),
            BudgetScope::Token => account.token.map(|id| id.to_string()),
        };
        let subject = subject.filter(|subject| self.subject.is_empty() || self.subject == *subject)?;
        let slot = match self.window {
            BudgetWindow::Turn => account.turn?.to_string(),
            BudgetWindow::Day => day.to_owned(),
            BudgetWindow::Month => day.get(..7)?.to_owned(),
        };
        Some(CounterKey { budget: self.id, subject, slot })
    }
}

impl Counter {
    /// Nothing counted yet.
    pub fn fresh(key: &CounterKey) -> Self {
        Self {
            id: CounterId(uuid::Uuid::nil()),
            budget_id: key.budget,
            subject: key.subject.clone(),
            slot: key.slot.clone(),
            reserved_micros: 0,
            spent_micros: 0,
            extra_micros: 0,
            reserved_tokens: 0,
            spent_tokens: 0,
            extra_tokens: 0,
            noticed: 0,
        }
    }

    /// The part of the budget that is spent, held, or wanted besides; 1 is all of it.
    pub fn share(&self, budget: &Budget, micros: i64, tokens: i64) -> f64 {
        let share = |limit: Option<i64>, extra: i64, used: i64| {
            let limit = limit.map(|limit| limit + extra)?;
            #[expect(clippy::cast_precision_loss, reason = "a share needs no more digits")]
            let share = if limit > 0 { used as f64 / limit as f64 } else { f64::INFINITY };
            Some(share)
        };
        let money = self.spent_micros + self.reserved_micros + micros;
        // Money bounds nothing of what is free.
        let money = share(budget.limit_micros, self.extra_micros, money).filter(|_| micros > 0);
        let tokens = share(budget.limit_tokens, self.extra_tokens, self.spent_tokens + self.reserved_tokens + tokens);
        money.unwrap_or(0.0).max(tokens.unwrap_or(0.0))
    }
}

macro_rules! budget_columns {
    () => {
        "id, scope, subject, time_window, limit_micros, limit_tokens"
    };
}
macro_rules! counter_columns {
    () => {
        "id, budget_id, subject, slot, reserved_micros, spent_micros, extra_micros, reserved_tokens, spent_tokens,
         extra_tokens, noticed"
    };
}
pub(super) use {budget_columns, counter_columns};

impl Db {
    pub async fn budgets(&self) -> Result<Vec<Budget>> {
        Ok(on!(self, pool => sqlx::query_as(concat!("SELECT ", budget_columns!(), " FROM budgets ORDER BY id"))
            .fetch_all(pool).await)?)
    }

    /// Makes the budgets be these. One that stays keeps its counters; one that is missing is gone with them.
    pub async fn set_budgets(&self, clock: &Clock, budgets: &[NewBudget]) -> Result<()> {
        let now = clock.now();
        let of = |known: &Budget| {
            let key = (known.scope, &known.subject, known.window);
            budgets.iter().find(|new| (new.scope, &new.subject, new.window) == key)
        };
        write_tx!(self, tx => {
            let known: Vec<Budget> = sqlx::query_as(concat!("SELECT ", budget_columns!(), " FROM budgets ORDER BY id"))
                .fetch_all(&mut *tx).await?;
            for known in &known {
                let Some(new) = of(known) else {
                    sqlx::query("DELETE FROM budget_counters WHERE budget_id = $1").bind(known.id).execute(&mut *tx).await?;
                    sqlx::query("DELETE FROM budgets WHERE id = $1").bind(known.id).execute(&mut *tx).await?;
                    continue;
                };
                if (new.limit_micros, new.limit_tokens) != (known.limit_micros, known.limit_tokens) {
                    // What was told of the old limit says nothing of the new one.
                    sqlx::query("UPDATE budget_counters SET noticed = 0 WHERE budget_id = $1")
                        .bind(known.id).execute(&mut *tx).await?;
                }
            }
            for new in budgets {
                sqlx::query(
                    "INSERT INTO budgets (id, scope, subject, time_window, limit_micros, limit_tokens, created_at)
                     VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (scope, subject, time_window)
                     DO UPDATE SET limit_micros = excluded.limit_micros, limit_tokens = excluded.limit_tokens",
                ).bind(BudgetId::new(clock)).bind(new.scope).bind(&new.subject).bind(new.window)
                 .bind(new.limit_micros).bind(new.limit_tokens).bind(now).execute(&mut *tx).await?;
            }
        });
        Ok(())
    }

    /// The counters of a day and its month, of all budgets.
    pub async fn counters(&self, day: &str) -> Result<Vec<Counter>> {
        let month = day.get(..7).unwrap_or_default();
        Ok(on!(self, pool => sqlx::query_as(concat!(
            "SELECT ", counter_columns!(), " FROM budget_counters WHERE slot = $1 OR slot = $2
             ORDER BY budget_id, subject, slot",
        )).bind(day).bind(month).fetch_all(pool).await)?)
    }

    /// One counter; `None` while nothing was counted.
    pub async fn counter(&self, key: &CounterKey) -> Result<Option<Counter>> {
        Ok(on!(self, pool => sqlx::query_as(concat!(
            "SELECT ", counter_columns!(), " FROM budget_counters WHERE budget_id = $1 AND subject = $2 AND slot = $3",
        )).bind(key.budget).bind(&key.subject).bind(&key.slot).fetch_optional(pool).await)?)
    }

    pub async fn counter_by_id(&self, id: CounterId) -> Result<Option<Counter>> {
        Ok(on!(self, pool => sqlx::query_as(concat!(
            "SELECT ", counter_columns!(), " FROM budget_counters WHERE id = $1",
        )).bind(id).fetch_optional(pool).await)?)
    }

    /// Adds to a limit for as long as its window lasts, once per notice that it has no room. False when that was
    /// done, or nobody was told, or the window is over: `day` is the owner's.
    pub async fn extend_budget(&self, clock: &Clock, day: &str, id: CounterId) -> Result<bool> {
        // A month gets the tenth of itself, so that one press does not double it.
        Ok(on!(self, pool => sqlx::query(
            "UPDATE budget_counters SET noticed = 0, updated_at = $2,
                extra_micros = extra_micros + COALESCE((SELECT CASE b.time_window WHEN 'month'
                    THEN (b.limit_micros + 9) / 10 ELSE b.limit_micros END FROM budgets b WHERE b.id = budget_id), 0),
                extra_tokens = extra_tokens + COALESCE((SELECT CASE b.time_window WHEN 'month'
                    THEN (b.limit_tokens + 9) / 10 ELSE b.limit_tokens END FROM budgets b WHERE b.id = budget_id), 0)
             WHERE id = $1 AND noticed >= 100 AND (slot = $3 OR slot = $4)",
        ).bind(id).bind(clock.now()).bind(day).bind(day.get(..7).unwrap_or_default()).execute(pool).await.map(|done| done.rows_affected() == 1))?)
    }

    /// Removes the counters of windows that are long over; how many.
    pub async fn forget_counters(&self, before: DateTime<Utc>) -> Result<u64> {
        Ok(on!(self, pool => sqlx::query(
            "DELETE FROM budget_counters WHERE updated_at < $1 AND reserved_micros = 0 AND reserved_tokens = 0",
        ).bind(before).execute(pool).await.map(|done| done.rows_affected()))?)
    }
}
