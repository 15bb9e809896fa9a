//! The rows of the two forms, and what they say when they come back. Fields of a row end in its number.

use std::collections::{BTreeMap, BTreeSet};

use super::super::{
    super::{
        Backoffice,
        api::models::PriceList,
        budgets::subject_name,
        changes::{BudgetOrder, PriceOrder, micros},
        error::{Kind, Problem, Result},
    },
    Page,
};
use crate::{
    gateway::dollars,
    store::{Budget, BudgetScope},
};

/// A budget to be edited; one without a limit is yet to be made.
#[derive(Default)]
pub struct BudgetRow {
    /// The value of a choice.
    pub about: String,
    pub window: String,
    pub money: String,
    pub tokens: String,
    pub known: bool,
}

/// Whom a budget may be about: its scope, and after a slash its subject.
pub struct Choice {
    pub value: String,
    pub text: String,
}

/// A price to be edited.
#[derive(Default)]
pub struct PriceRow {
    pub model: String,
    pub input: String,
    pub cache_read: String,
    pub cache_write: String,
    pub output: String,
    pub known: bool,
}

/// The budgets that there are, and room for another.
pub fn budget_rows(budgets: &[Budget]) -> Vec<BudgetRow> {
    let known = budgets.iter().map(|budget| BudgetRow {
        about: about(budget.scope, &budget.subject),
        window: budget.window.word().to_owned(),
        money: budget.limit_micros.map(dollars).unwrap_or_default(),
        tokens: budget.limit_tokens.map(|limit| limit.to_string()).unwrap_or_default(),
        known: true,
    });
    let new = BudgetRow { about: "owner".to_owned(), window: "day".to_owned(), ..BudgetRow::default() };
    known.chain([new]).collect()
}

fn about(scope: BudgetScope, subject: &str) -> String {
    if subject.is_empty() { scope.word().to_owned() } else { format!("{}/{subject}", scope.word()) }
}

/// Everybody and everything that a budget may be about, and whatever the present ones are about.
pub async fn subjects(backoffice: &Backoffice, page: &Page, budgets: &[Budget]) -> Result<Vec<Choice>> {
    let each = ["owner", "user", "conversation", "skill", "token"];
    let mut choices: Vec<Choice> =
        each.iter().map(|scope| Choice { value: (*scope).to_owned(), text: page.word("budget_each", scope) }).collect();
    let mut seen: BTreeSet<String> = choices.iter().map(|choice| choice.value.clone()).collect();
    let mut add = |scope: BudgetScope, subject: &str, name: &str| {
        let value = about(scope, subject);
        if seen.insert(value.clone()) {
            choices.push(Choice { value, text: format!("{} {name}", page.word("budget_scope", scope.word())) });
        }
    };
    for user in backoffice.db.users().await? {
        add(BudgetScope::User, &user.id.to_string(), &user.name);
    }
    for skill in backoffice.db.skills().await?.iter().filter(|skill| skill.status != "removed") {
        add(BudgetScope::Skill, &skill.name, &skill.name);
    }
    for token in backoffice.db.tokens().await? {
        add(BudgetScope::Token, &token.id.to_string(), &token.name);
    }
    let names = backoffice.titles(budgets.iter().map(|budget| budget.subject.as_str())).await?;
    for budget in budgets {
        add(budget.scope, &budget.subject, &subject_name(&names, &budget.subject));
    }
    Ok(choices)
}

/// The numbers of rows that a form has, by one of their fields.
fn rows<'a>(fields: &'a BTreeMap<String, String>, field: &str) -> Vec<&'a str> {
    let of_row = |key: &'a String| key.split_once(':').filter(|(name, _)| *name == field).map(|(_, row)| row);
    let mut rows: Vec<&str> = fields.keys().filter_map(of_row).collect();
    rows.sort_by_key(|row| row.parse::<usize>().unwrap_or(usize::MAX));
    rows
}

/// A field of a row, without the space around it.
fn field<'a>(fields: &'a BTreeMap<String, String>, name: &str, row: &str) -> &'a str {
    fields.get(&format!("{name}:{row}")).map_or("", |value| value.trim())
}

/// The budgets that a form asks for: those that have a limit and are not to be removed.
pub fn budgets(fields: &BTreeMap<String, String>) -> Result<Vec<BudgetOrder>> {
    let mut orders = Vec::new();
    for row in rows(fields, "about") {
        let (money, tokens) = (field(fields, "money", row), field(fields, "tokens", row));
        let removed = fields.contains_key(&format!("remove:{row}"));
        if removed || (money.is_empty() && tokens.is_empty()) {
            continue;
        }
        let invalid = |text: &str, example: &str| {
            let detail = format!("`{text}` is not a limit: a number of 0 or more, such as {example}.");
            Problem::new(Kind::InvalidBudget, detail)
        };
        let given = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
        let money = given(money).map(|text| micros(&text).ok_or_else(|| invalid(&text, "2.50"))).transpose()?;
        let tokens = given(tokens).map(|text| text.parse().map_err(|_| invalid(&text, "200000"))).transpose()?;
        let about = field(fields, "about", row);
        let (scope, subject) = about.split_once('/').unwrap_or((about, ""));
        orders.push(BudgetOrder {
            scope: scope.to_owned(),
            subject: subject.to_owned(),
            window: field(fields, "window", row).to_owned(),
            limit_micros: money,
            limit_tokens: tokens,
        });
    }
    Ok(orders)
}

/// The owner's prices, then a row for each model that may not be asked without one, and room for another.
pub fn price_rows(list: &PriceList) -> Vec<PriceRow> {
    let known = list.prices.iter().map(|one| PriceRow {
        model: one.model.clone(),
        input: one.price.input.clone(),
        cache_read: one.price.cache_read.clone(),
        cache_write: one.price.cache_write.clone(),
        output: one.price.output.clone(),
        known: true,
    });
    let wanting: BTreeSet<&str> =
        list.models.iter().filter(|model| model.source == "none").map(|model| model.model.as_str()).collect();
    let wanted = wanting.into_iter().map(|model| PriceRow { model: model.to_owned(), ..PriceRow::default() });
    known.chain(wanted).chain([PriceRow::default()]).collect()
}

/// The prices that a form asks for: those that say more than a model, and are not to be removed.
pub fn prices(fields: &BTreeMap<String, String>) -> Vec<PriceOrder> {
    let orders = rows(fields, "model").into_iter().map(|row| {
        let cached = |name: &str| Some(field(fields, name, row).to_owned()).filter(|text| !text.is_empty());
        let order = PriceOrder {
            model: field(fields, "model", row).to_owned(),
            input: field(fields, "input", row).to_owned(),
            cache_read: cached("cache_read"),
            cache_write: cached("cache_write"),
            output: field(fields, "output", row).to_owned(),
        };
        (row, order)
    });
    let kept = orders.filter(|(row, order)| {
        let empty = order.input.is_empty() && order.output.is_empty();
        !fields.contains_key(&format!("remove:{row}")) && !empty
    });
    kept.map(|(_, order)| order).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn rows_with_a_limit_are_budgets() {
        let fields = fields(&[
            ("about:0", "owner"),
            ("window:0", "day"),
            ("money:0", "2.50"),
            ("about:2", "skill/search"),
            ("window:2", "month"),
            ("tokens:2", " 1000 "),
            ("about:10", "user"),
            ("money:10", ""),
            ("about:11", "user"),
            ("money:11", "1"),
            ("remove:11", "1"),
        ]);
        let orders = budgets(&fields).unwrap();
        assert_eq!(orders.len(), 2);
        assert_eq!(
            (orders[0].scope.as_str(), orders[0].limit_micros, orders[0].limit_tokens),
            ("owner", Some(2_500_000), None)
        );
        assert_eq!((orders[1].subject.as_str(), orders[1].limit_tokens), ("search", Some(1_000)));
        assert!(budgets(&self::fields(&[("about:0", "owner"), ("money:0", "lots")])).is_err());
        assert!(budgets(&self::fields(&[("about:0", "owner"), ("tokens:0", "1.5")])).is_err());
    }

    #[test]
    fn rows_that_say_more_than_a_model_are_prices() {
        let fields = fields(&[
            ("model:0", "a"),
            ("input:0", "1"),
            ("output:0", "2"),
            ("cache_read:0", ""),
            ("model:1", "b"),
            ("model:2", "c"),
            ("input:2", "1"),
            ("output:2", "1"),
            ("remove:2", "1"),
        ]);
        let orders = prices(&fields);
        assert_eq!(orders.len(), 1);
        assert_eq!((orders[0].model.as_str(), &orders[0].cache_read), ("a", &None));
    }
}
