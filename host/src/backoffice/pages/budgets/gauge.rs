//! How far budgets are used, as bars.

use super::super::{
    super::{
        Backoffice,
        budgets::{BudgetUse, can_extend, counter_id, subject_name},
        error::Result,
    },
    Page,
};
use crate::store::{Budget, BudgetScope, Counter};

/// Length of a bar, in units of its drawing.
const LENGTH: f64 = 1_000.0;

/// Narrowest part of a bar: a little is seen too.
const NARROWEST: f64 = 4.0;

/// Subjects of one budget that are shown.
const MAX_LINES: usize = 8;

/// A budget with its use.
pub struct BudgetCard {
    /// Whose, and for how long.
    pub title: String,
    /// When it starts anew.
    pub resets: Option<String>,
    pub lines: Vec<Line>,
    /// Subjects that are not shown.
    pub more: usize,
}

/// The use by one subject.
pub struct Line {
    /// Nothing where the title says it.
    pub name: String,
    pub gauges: Vec<Gauge>,
    /// The counter, where it can be extended.
    pub extend: Option<String>,
}

/// One limit.
pub struct Gauge {
    /// In words: spent, held and the limit.
    pub text: String,
    pub spent: f64,
    pub held_from: f64,
    pub held: f64,
    /// Where the limit stood before it was extended.
    pub was: Option<f64>,
    pub full: bool,
}

/// All budgets as cards.
pub async fn cards(backoffice: &Backoffice, page: &Page) -> Result<Vec<BudgetCard>> {
    let uses = backoffice.budget_uses().await?;
    let names = backoffice.names().await?;
    let counted = uses.iter().flat_map(|one| one.counters.iter().take(MAX_LINES));
    let subjects =
        counted.map(|counter| counter.subject.as_str()).chain(uses.iter().map(|one| one.budget.subject.as_str()));
    let titles = backoffice.titles(subjects).await?;
    let name = |subject: &str| titles.of(subject).map_or_else(|| subject_name(&names, subject), str::to_owned);
    Ok(uses.iter().map(|one| card(page, one, &name)).collect())
}

fn card(page: &Page, one: &BudgetUse, name: &impl Fn(&str) -> String) -> BudgetCard {
    let budget = &one.budget;
    let lines = one.counters.iter().take(MAX_LINES).map(|counter| Line {
        name: if budget.subject.is_empty() { name(&counter.subject) } else { String::new() },
        gauges: gauges(page, budget, counter),
        extend: counter_id(counter).filter(|_| can_extend(counter)).map(|id| id.to_string()),
    });
    BudgetCard {
        title: format!("{} · {}", whose(page, budget, name), page.word("budget_window", budget.window.word())),
        resets: one.resets_at.map(|at| page.with("budgets.resets", page.time(&at))),
        lines: lines.collect(),
        more: one.counters.len().saturating_sub(MAX_LINES),
    }
}

/// Whom a budget is about.
fn whose(page: &Page, budget: &Budget, name: &impl Fn(&str) -> String) -> String {
    let scope = budget.scope.word();
    if budget.scope == BudgetScope::Owner || budget.subject.is_empty() {
        return page.word("budget_each", scope);
    }
    format!("{} {}", page.word("budget_scope", scope), name(&budget.subject))
}

fn gauges(page: &Page, budget: &Budget, counter: &Counter) -> Vec<Gauge> {
    let money = budget.limit_micros.map(|limit| {
        let amounts = [counter.spent_micros, counter.reserved_micros, limit, counter.extra_micros];
        gauge(page, amounts, |micros| page.dollars(micros))
    });
    let tokens = budget.limit_tokens.map(|limit| {
        let amounts = [counter.spent_tokens, counter.reserved_tokens, limit, counter.extra_tokens];
        gauge(page, amounts, |tokens| page.with("budgets.tokens", page.number(tokens)))
    });
    money.into_iter().chain(tokens).collect()
}

#[expect(clippy::cast_precision_loss, reason = "a bar needs no more digits")]
fn gauge(page: &Page, [spent, held, limit, extra]: [i64; 4], amount: impl Fn(i64) -> String) -> Gauge {
    let whole = (limit + extra).max(1) as f64;
    let length = |part: i64| if part > 0 { (part as f64 / whole * LENGTH).clamp(NARROWEST, LENGTH) } else { 0.0 };
    let mut text =
        page.t("budgets.spent_of").replace("%{spent}", &amount(spent)).replace("%{limit}", &amount(limit + extra));
    if held > 0 {
        text = format!("{text} · {}", page.with("budgets.held", amount(held)));
    }
    if extra > 0 {
        text = format!("{text} · {}", page.with("budgets.extended", amount(extra)));
    }
    let spent_length = length(spent);
    Gauge {
        text,
        spent: spent_length,
        held_from: spent_length,
        held: length(held).min(LENGTH - spent_length),
        was: (extra > 0).then(|| limit as f64 / whole * LENGTH),
        full: spent >= limit + extra,
    }
}
