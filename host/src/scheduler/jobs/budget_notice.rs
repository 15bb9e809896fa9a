//! Tells the owner that a budget is near its end, or used up; then with a button that extends it.

use rust_i18n::t;
use serde::Deserialize;

use super::{Ended, payload};
use crate::{
    gateway::dollars,
    ids::CounterId,
    scheduler::{Parts, note::Note, recipient},
    store::{Budget, BudgetScope, BudgetWindow, Button, Counter, Job, StoreError},
};

pub const KIND: &str = "budget_notice";

#[derive(Deserialize)]
struct Payload {
    counter: CounterId,
    percent: i64,
}

pub async fn run(parts: &Parts, job: &Job) -> Ended {
    let Payload { counter, percent } = payload(job)?;
    let counter = parts.db.counter_by_id(counter).await?;
    let budgets = parts.db.budgets().await?;
    let known = counter.and_then(|counter| {
        let budget = budgets.into_iter().find(|budget| budget.id == counter.budget_id)?;
        Some((budget, counter))
    });
    // A budget that was removed meanwhile is nobody's concern.
    let Some((budget, counter)) = known else { return Ok(Note::default()) };
    let to = recipient::owner(parts, job).await?;
    let locale = to.locale.clone();
    let buttons = if percent >= 100 { vec![vec![extend(&budget, &counter, &locale)]] } else { Vec::new() };
    let name = subject(parts, &budget, &counter).await?;
    to.tell(parts, job, words(&budget, &counter, (percent, &name), &locale), buttons).await?;
    Ok(Note::default())
}

/// The name of whose budget it is, where it is somebody's.
async fn subject(parts: &Parts, budget: &Budget, counter: &Counter) -> Result<String, StoreError> {
    let id = counter.subject.as_str();
    Ok(match budget.scope {
        BudgetScope::User => match id.parse() {
            Ok(user) => parts.db.user(user).await?.map(|user| user.name).unwrap_or_default(),
            Err(_) => String::new(),
        },
        BudgetScope::Token => {
            let tokens = parts.db.tokens().await?;
            tokens.into_iter().find(|token| token.id.to_string() == id).map(|token| token.name).unwrap_or_default()
        }
        _ => id.to_owned(),
    })
}

fn words(budget: &Budget, counter: &Counter, (percent, name): (i64, &str), locale: &str) -> String {
    let key = if percent >= 100 { "job.budget.full" } else { "job.budget.near" };
    let scope = t!(format!("job.budget.of.{}", budget.scope.word()), locale = locale, name = name);
    let window = t!(format!("agent.budget_for.{}", budget.window.word()), locale = locale);
    let (spent, limit) = match (budget.limit_micros, budget.limit_tokens) {
        (Some(limit), _) => {
            (money(counter.spent_micros + counter.reserved_micros, locale), money(limit + counter.extra_micros, locale))
        }
        (None, limit) => (
            tokens(counter.spent_tokens + counter.reserved_tokens, locale),
            tokens(limit.unwrap_or(0) + counter.extra_tokens, locale),
        ),
    };
    t!(key, locale = locale, percent = percent, scope = scope, window = window, spent = spent, limit = limit)
        .into_owned()
}

/// `b:extend:COUNTER`
fn extend(budget: &Budget, counter: &Counter, locale: &str) -> Button {
    // What the store adds: the limit once more, of a month its tenth.
    let part = |limit: i64| if budget.window == BudgetWindow::Month { (limit + 9) / 10 } else { limit };
    let extra = match (budget.limit_micros, budget.limit_tokens) {
        (Some(limit), _) => money(part(limit), locale),
        (None, limit) => tokens(part(limit.unwrap_or(0)), locale),
    };
    Button {
        label: t!("job.budget.extend", locale = locale, extra = extra).into_owned(),
        data: format!("b:extend:{}", counter.id),
    }
}

fn money(micros: i64, locale: &str) -> String {
    t!("job.budget.money", locale = locale, it = dollars(micros)).into_owned()
}

fn tokens(count: i64, locale: &str) -> String {
    t!("job.budget.tokens", locale = locale, it = count).into_owned()
}
