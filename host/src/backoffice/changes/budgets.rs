//! Changes of budgets and prices.

use rust_decimal::{Decimal, prelude::ToPrimitive};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use uuid::Uuid;

use super::super::{
    Backoffice,
    auth::Actor,
    error::{Kind, Problem, Result},
};
use crate::{
    config::ListedPrice,
    ids::{ConversationId, CounterId, TokenId, UserId},
    store::{BudgetScope, BudgetWindow, Counter, NewBudget, PriceRow},
};

/// Budgets, and prices, that are kept at most.
const MAX_BUDGETS: usize = 200;
const MAX_PRICES: usize = 500;

/// Highest limit: a million dollars in micro-dollars, or so many tokens.
const MAX_LIMIT: i64 = 1_000_000_000_000;

/// Longest name of a model, in characters.
const MAX_MODEL_CHARS: usize = 200;

/// A budget as somebody asks for it.
#[derive(Clone, Debug, Default)]
pub struct BudgetOrder {
    pub scope: String,
    pub subject: String,
    pub window: String,
    pub limit_micros: Option<i64>,
    pub limit_tokens: Option<i64>,
}

/// A price as somebody asks for it: dollars for a million tokens, as decimal texts.
#[derive(Clone, Debug, Default)]
pub struct PriceOrder {
    pub model: String,
    pub input: String,
    /// As dear as other input where it is missing.
    pub cache_read: Option<String>,
    pub cache_write: Option<String>,
    pub output: String,
}

impl Backoffice {
    /// Makes the budgets be these.
    pub async fn set_budgets(&self, actor: &Actor, orders: &[BudgetOrder]) -> Result<()> {
        if orders.len() > MAX_BUDGETS {
            return Err(Problem::new(Kind::InvalidBudget, format!("There can be {MAX_BUDGETS} budgets.")));
        }
        let mut budgets: Vec<NewBudget> = Vec::with_capacity(orders.len());
        for (at, order) in orders.iter().enumerate() {
            let budget = self.budget(order).await.map_err(|problem| nth(problem, at))?;
            let same = |other: &NewBudget| {
                (other.scope, &other.subject, other.window) == (budget.scope, &budget.subject, budget.window)
            };
            if budgets.iter().any(same) {
                let detail = "There is another budget of the same scope, subject and window.";
                return Err(nth(Problem::new(Kind::InvalidBudget, detail), at));
            }
            budgets.push(budget);
        }
        self.db.set_budgets(&self.clock, &budgets).await?;
        let detail: Vec<Value> = budgets.iter().map(told).collect();
        self.record(actor, "budgets.set", "", json!({ "budgets": detail })).await
    }

    /// A budget that can be held, of an order.
    async fn budget(&self, order: &BudgetOrder) -> Result<NewBudget> {
        let invalid = |detail: String| Problem::new(Kind::InvalidBudget, detail);
        // Nothing runs for a workflow yet, so that a budget of one would bound nothing.
        let scope = BudgetScope::from_word(&order.scope).filter(|scope| *scope != BudgetScope::Workflow);
        let scope = scope.ok_or_else(|| {
            let known = "owner, user, conversation, skill, token";
            invalid(format!("There is no scope `{}`; there are: {known}.", order.scope))
        })?;
        let window = BudgetWindow::from_word(&order.window)
            .ok_or_else(|| invalid(format!("There is no window `{}`; there are: turn, day, month.", order.window)))?;
        if order.limit_micros.is_none() && order.limit_tokens.is_none() {
            return Err(invalid("A budget needs a limit of money or of tokens.".to_owned()));
        }
        let limits = [order.limit_micros, order.limit_tokens];
        if limits.into_iter().flatten().any(|limit| !(0..=MAX_LIMIT).contains(&limit)) {
            return Err(invalid(format!("A limit is a number from 0 to {MAX_LIMIT}.")));
        }
        let subject = self.subject(scope, order.subject.trim()).await?;
        Ok(NewBudget { scope, subject, window, limit_micros: order.limit_micros, limit_tokens: order.limit_tokens })
    }

    /// The subject of a budget as it is kept, if it is there.
    async fn subject(&self, scope: BudgetScope, subject: &str) -> Result<String> {
        let invalid = |detail: String| Problem::new(Kind::InvalidBudget, detail);
        if subject.is_empty() {
            return Ok(String::new());
        }
        if scope == BudgetScope::Owner {
            return Err(invalid("A budget of the owner is about everything; it has no subject.".to_owned()));
        }
        if scope == BudgetScope::Skill {
            self.skill_row(subject).await.map_err(|_| invalid(format!("There is no skill `{subject}`.")))?;
            return Ok(subject.to_owned());
        }
        let word = scope.word();
        let id: Uuid = subject.parse().map_err(|_| invalid(format!("`{subject}` is not the id of a {word}.")))?;
        let there = match scope {
            BudgetScope::User => self.db.user(UserId(id)).await?.is_some(),
            BudgetScope::Conversation => self.db.conversation(ConversationId(id)).await?.is_some(),
            BudgetScope::Token => self.db.tokens().await?.iter().any(|token| token.id == TokenId(id)),
            BudgetScope::Workflow | BudgetScope::Owner | BudgetScope::Skill => true,
        };
        if there { Ok(id.to_string()) } else { Err(invalid(format!("There is no {word} {id}."))) }
    }

    /// Adds to a limit that is used up, for as long as its window lasts.
    pub async fn extend_budget(&self, actor: &Actor, id: CounterId) -> Result<Counter> {
        let counter = async || {
            let counter = self.db.counter_by_id(id).await?;
            counter.ok_or_else(|| Problem::new(Kind::NoBudget, format!("There is no counter {id}.")))
        };
        let before = counter().await?;
        let day = self.gateway.day().await?;
        if !self.db.extend_budget(&self.clock, &day, id).await? {
            let detail = "The budget has room, or was extended before.";
            return Err(Problem::new(Kind::NothingToExtend, detail));
        }
        let after = counter().await?;
        let detail = json!({
            "budget": before.budget_id, "subject": before.subject, "slot": before.slot,
            "micros": after.extra_micros - before.extra_micros, "tokens": after.extra_tokens - before.extra_tokens,
        });
        self.record(actor, "budget.extend", &id.to_string(), detail).await?;
        Ok(after)
    }

    /// Makes the owner's prices be these.
    pub async fn set_prices(&self, actor: &Actor, orders: &[PriceOrder]) -> Result<()> {
        if orders.len() > MAX_PRICES {
            return Err(Problem::new(Kind::InvalidPrice, format!("There can be {MAX_PRICES} prices.")));
        }
        let mut seen = BTreeSet::new();
        let mut rows = Vec::with_capacity(orders.len());
        for (at, order) in orders.iter().enumerate() {
            let row = price(order).map_err(|problem| nth(problem, at))?;
            if !seen.insert(row.model.clone()) {
                let detail = format!("`{}` has two prices.", row.model);
                return Err(nth(Problem::new(Kind::InvalidPrice, detail), at));
            }
            rows.push(row);
        }
        self.db.set_prices(&self.clock, &rows).await?;
        self.gateway.forget_settings();
        let told = rows.iter().map(|row| {
            json!({ "model": row.model, "input": row.input, "cache_read": row.cache_read,
                    "cache_write": row.cache_write, "output": row.output })
        });
        self.record(actor, "prices.set", "", json!({ "prices": told.collect::<Vec<_>>() })).await
    }
}

/// Tells which of a list is wrong, from 0.
fn nth(problem: Problem, at: usize) -> Problem {
    problem.with("index", at)
}

fn told(budget: &NewBudget) -> Value {
    json!({
        "scope": budget.scope, "subject": budget.subject, "window": budget.window,
        "limit_micros": budget.limit_micros, "limit_tokens": budget.limit_tokens,
    })
}

fn price(order: &PriceOrder) -> Result<PriceRow> {
    let invalid = |detail: String| Problem::new(Kind::InvalidPrice, detail);
    let model = order.model.trim();
    let chars = model.chars().count();
    if chars == 0 || chars > MAX_MODEL_CHARS || model.chars().any(char::is_control) {
        return Err(invalid(format!("A price needs the name of a model, of 1 to {MAX_MODEL_CHARS} characters.")));
    }
    let read = |name: &str, text: &str| {
        dollars(text).ok_or_else(|| {
            invalid(format!("`{text}` is not a price of {name}: a number of dollars from 0 to 1000000, such as 0.15."))
        })
    };
    let cached = |name: &str, text: &Option<String>| match text.as_deref().map(str::trim) {
        None | Some("") => Ok(None),
        Some(text) => read(name, text).map(Some),
    };
    let listed = ListedPrice {
        input: read("input", &order.input)?,
        cache_read: cached("cache_read", &order.cache_read)?,
        cache_write: cached("cache_write", &order.cache_write)?,
        output: read("output", &order.output)?,
    };
    let micros = listed.micros().ok_or_else(|| invalid(format!("The price of `{model}` is out of bounds.")))?;
    let [input, cache_read, cache_write, output] = micros;
    Ok(PriceRow { model: model.to_owned(), input, cache_read, cache_write, output })
}

/// Dollars as people write them: from 0 to a million, to a micro-dollar.
pub fn dollars(text: &str) -> Option<Decimal> {
    let dollars = Decimal::from_str_exact(text.trim()).ok()?.normalize();
    let in_bounds = !dollars.is_sign_negative() && dollars <= Decimal::from(1_000_000) && dollars.scale() <= 6;
    (in_bounds || dollars.is_zero()).then_some(dollars)
}

/// The same in micro-dollars.
pub fn micros(text: &str) -> Option<i64> {
    (dollars(text)? * Decimal::from(1_000_000)).to_i64()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dollars_are_read_to_a_micro_dollar_and_within_bounds() {
        for (text, expected) in [
            ("0.15", 150_000),
            ("2.50", 2_500_000),
            (" 3 ", 3_000_000),
            ("0", 0),
            ("0.000001", 1),
            ("1000000", 1_000_000_000_000),
        ] {
            assert_eq!(micros(text), Some(expected), "{text}");
        }
        for text in ["", "-1", "a lot", "1e3", "0.0000001", "1000000.01", "79228162514264337593543950335", "$3", "1,5"]
        {
            assert_eq!(micros(text), None, "{text}");
        }
    }

    #[test]
    fn a_price_without_cache_classes_is_that_of_other_input() {
        let order = PriceOrder { model: " m ".into(), input: "3".into(), output: "15".into(), ..PriceOrder::default() };
        let row = price(&order).unwrap();
        assert_eq!((row.model.as_str(), row.cache_read, row.cache_write), ("m", 3_000_000, 3_000_000));
        let cheap = PriceOrder { cache_read: Some("0.30".into()), ..order.clone() };
        assert_eq!(price(&cheap).unwrap().cache_read, 300_000);
        assert!(price(&PriceOrder { input: String::new(), ..order }).is_err());
    }
}
