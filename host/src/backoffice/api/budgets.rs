//! What may be spent, how far it is used, and what the owner adds for a while.

use axum::{Json, extract::State};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::ToSchema;
use uuid::Uuid;

use super::super::{
    Backoffice,
    auth::Actor,
    budgets::{BudgetUse, can_extend, counter_id, subject_name},
    changes::BudgetOrder,
    error::Result,
    extract::{self, Path},
    names::Names,
};
use crate::{
    ids::CounterId,
    store::{BudgetScope, BudgetWindow, Counter},
};

#[derive(Serialize, ToSchema)]
pub struct BudgetList {
    pub budgets: Vec<BudgetView>,
}

/// What may be spent in a window. Money is in micro-dollars.
#[derive(Serialize, ToSchema)]
pub struct BudgetView {
    pub id: Uuid,
    /// "owner" for everything together, "user", "conversation", "skill" or "token".
    #[schema(value_type = String)]
    pub scope: BudgetScope,
    /// Id of the person, conversation or token, or name of the skill; empty for each one of the scope by
    /// itself.
    pub subject: String,
    /// The name of a person or token; else as `subject`.
    pub subject_name: String,
    /// "turn", or "day" or "month" in the owner's time zone.
    #[schema(value_type = String)]
    pub window: BudgetWindow,
    pub limit_micros: Option<i64>,
    pub limit_tokens: Option<i64>,
    /// Its use in the present day or month, by whoever has spent something; the fullest first.
    pub counters: Vec<CounterView>,
    /// When the present window ends; nothing for one turn.
    pub resets_at: Option<DateTime<Utc>>,
}

/// How far a budget is used in one window, by one subject.
#[derive(Serialize, ToSchema)]
pub struct CounterView {
    /// Nothing until the first call that the budget is about.
    pub id: Option<Uuid>,
    pub subject: String,
    pub subject_name: String,
    /// The day as `2026-11-26`, or the month as `2026-11`.
    pub slot: String,
    pub spent_micros: i64,
    /// Held for calls under way.
    pub reserved_micros: i64,
    /// What the owner added to the limit in this window.
    pub extra_micros: i64,
    pub spent_tokens: i64,
    pub reserved_tokens: i64,
    pub extra_tokens: i64,
    /// Whether it was found used up, so that it can be extended.
    pub can_extend: bool,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BudgetSet {
    pub budgets: Vec<NewBudget>,
}

/// A budget needs a limit of money (micro-dollars), of tokens, or both.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewBudget {
    /// "owner", "user", "conversation", "skill" or "token".
    pub scope: String,
    /// Id, or name of a skill; without it each one of the scope by itself.
    #[serde(default)]
    pub subject: String,
    /// "turn", "day" or "month".
    pub window: String,
    pub limit_micros: Option<i64>,
    pub limit_tokens: Option<i64>,
}

impl CounterView {
    fn of(counter: &Counter, names: &Names) -> Self {
        Self {
            id: counter_id(counter),
            subject: counter.subject.clone(),
            subject_name: subject_name(names, &counter.subject),
            slot: counter.slot.clone(),
            spent_micros: counter.spent_micros,
            reserved_micros: counter.reserved_micros,
            extra_micros: counter.extra_micros,
            spent_tokens: counter.spent_tokens,
            reserved_tokens: counter.reserved_tokens,
            extra_tokens: counter.extra_tokens,
            can_extend: can_extend(counter),
        }
    }
}

impl BudgetView {
    fn of(BudgetUse { budget, counters, resets_at }: &BudgetUse, names: &Names) -> Self {
        Self {
            id: budget.id.0,
            scope: budget.scope,
            subject: budget.subject.clone(),
            subject_name: subject_name(names, &budget.subject),
            window: budget.window,
            limit_micros: budget.limit_micros,
            limit_tokens: budget.limit_tokens,
            counters: counters.iter().map(|counter| CounterView::of(counter, names)).collect(),
            resets_at: *resets_at,
        }
    }
}

/// All budgets, with their use in the present day and month.
#[utoipa::path(get, path = "/api/v1/budgets", tag = "usage", responses((status = 200, body = BudgetList)))]
pub async fn list(State(backoffice): State<Arc<Backoffice>>) -> Result<Json<BudgetList>> {
    let names = backoffice.names().await?;
    let uses = backoffice.budget_uses().await?;
    Ok(Json(BudgetList { budgets: uses.iter().map(|one| BudgetView::of(one, &names)).collect() }))
}

/// Makes the budgets be these, all or none. One that stays by scope, subject and window keeps what it has counted.
#[utoipa::path(
    put,
    path = "/api/v1/budgets",
    tag = "admin",
    request_body = BudgetSet,
    responses((status = 200, body = BudgetList), (status = 422, body = super::ProblemDocument))
)]
pub async fn replace(
    State(backoffice): State<Arc<Backoffice>>,
    actor: Actor,
    extract::Json(set): extract::Json<BudgetSet>,
) -> Result<Json<BudgetList>> {
    let orders = set.budgets.into_iter().map(|new| BudgetOrder {
        scope: new.scope,
        subject: new.subject,
        window: new.window,
        limit_micros: new.limit_micros,
        limit_tokens: new.limit_tokens,
    });
    backoffice.set_budgets(&actor, &orders.collect::<Vec<_>>()).await?;
    list(State(backoffice)).await
}

/// Adds to a budget that is used up, for as long as its window lasts: the limit once more, of a month its tenth.
#[utoipa::path(
    post,
    path = "/api/v1/budgets/counters/{id}/extend",
    tag = "admin",
    params(("id" = Uuid, Path)),
    responses(
        (status = 200, body = CounterView), (status = 404, body = super::ProblemDocument),
        (status = 409, body = super::ProblemDocument)
    )
)]
pub async fn extend(
    State(backoffice): State<Arc<Backoffice>>,
    actor: Actor,
    Path(id): Path<Uuid>,
) -> Result<Json<CounterView>> {
    let counter = backoffice.extend_budget(&actor, CounterId(id)).await?;
    Ok(Json(CounterView::of(&counter, &backoffice.names().await?)))
}
