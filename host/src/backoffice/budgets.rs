//! Budgets, how far each is used, and when it starts anew.

use chrono::{DateTime, Datelike, Days, Months, NaiveDate, NaiveTime, TimeDelta, TimeZone, Utc};
use chrono_tz::Tz;
use std::collections::BTreeMap;
use uuid::Uuid;

use super::{
    Backoffice,
    error::{Problem, Result},
    names::Names,
};
use crate::store::{Budget, BudgetScope, BudgetWindow, Counter, CounterKey, StoreError, UsageBy, UsageRange};

/// Subjects of one budget that are looked at.
const MAX_SUBJECTS: i64 = 1_000;

/// A budget, and its use in the present window.
#[derive(Clone, Debug)]
pub struct BudgetUse {
    pub budget: Budget,
    /// One for each subject that has spent something; the fullest first.
    pub counters: Vec<Counter>,
    /// `None` for a budget of one turn.
    pub resets_at: Option<DateTime<Utc>>,
}

impl Backoffice {
    /// All budgets with their use today and this month.
    pub async fn budget_uses(&self) -> Result<Vec<BudgetUse>> {
        let day = self.gateway.day().await?;
        let zone = self.settings.current().await?.time_zone;
        let known = self.db.counters(&day).await?;
        let mut uses = Vec::new();
        for budget in self.db.budgets().await? {
            let mut counters: BTreeMap<String, Counter> = self.spent_before(&budget, &day).await?;
            let opened = known.iter().filter(|counter| counter.budget_id == budget.id);
            counters.extend(opened.map(|counter| (counter.subject.clone(), counter.clone())));
            let mut counters: Vec<Counter> = counters.into_values().collect();
            // One micro-dollar more, since money says nothing of what is free.
            counters.sort_by(|one, other| other.share(&budget, 1, 0).total_cmp(&one.share(&budget, 1, 0)));
            uses.push(BudgetUse { resets_at: resets_at(budget.window, &day, zone)?, budget, counters });
        }
        Ok(uses)
    }

    /// What was spent in the window of a budget as the sums have it. Its counters are opened by the next call
    /// that it is about, and begin with this.
    async fn spent_before(&self, budget: &Budget, day: &str) -> Result<BTreeMap<String, Counter>> {
        let month = day.get(..7).unwrap_or_default();
        let (slot, from, until) = match budget.window {
            BudgetWindow::Turn => return Ok(BTreeMap::new()),
            BudgetWindow::Day => (day, day.to_owned(), day.to_owned()),
            BudgetWindow::Month => (month, format!("{month}-01"), format!("{month}-31")),
        };
        let fresh = |subject: &str| {
            Counter::fresh(&CounterKey { budget: budget.id, subject: subject.to_owned(), slot: slot.to_owned() })
        };
        let mut counters = BTreeMap::new();
        if budget.scope == BudgetScope::Owner || !budget.subject.is_empty() {
            counters.insert(budget.subject.clone(), fresh(&budget.subject));
        }
        let range = UsageRange { from: Some(from), until: Some(until), user: None };
        for row in self.db.usage(usage_of(budget.scope), &range, MAX_SUBJECTS).await? {
            let subject = if budget.scope == BudgetScope::Owner { "" } else { row.name.as_str() };
            let belongs = budget.scope == BudgetScope::Owner || !subject.is_empty();
            if belongs && (budget.subject.is_empty() || budget.subject == subject) {
                let counter = counters.entry(subject.to_owned()).or_insert_with(|| fresh(subject));
                counter.spent_micros += row.cost_micros;
                counter.spent_tokens += row.tokens();
            }
        }
        Ok(counters)
    }
}

/// How usage is added up by the subjects of a scope.
fn usage_of(scope: BudgetScope) -> UsageBy {
    match scope {
        BudgetScope::Owner => UsageBy::Tier,
        BudgetScope::User => UsageBy::User,
        BudgetScope::Conversation => UsageBy::Conversation,
        BudgetScope::Workflow => UsageBy::Workflow,
        BudgetScope::Skill => UsageBy::Skill,
        BudgetScope::Token => UsageBy::Token,
    }
}

/// When the window that holds a day of the owner ends.
fn resets_at(window: BudgetWindow, day: &str, zone: Tz) -> Result<Option<DateTime<Utc>>> {
    let day: NaiveDate =
        day.parse().map_err(|_| Problem::from(StoreError::Corrupt(format!("`{day}` is not a day"))))?;
    let next = match window {
        BudgetWindow::Turn => None,
        BudgetWindow::Day => day.checked_add_days(Days::new(1)),
        BudgetWindow::Month => day.with_day(1).and_then(|first| first.checked_add_months(Months::new(1))),
    };
    // Where clocks are put on at midnight, the day begins an hour later.
    let begins = |date: NaiveDate| {
        let midnight = date.and_time(NaiveTime::MIN);
        let local = zone.from_local_datetime(&midnight).earliest();
        local.or_else(|| zone.from_local_datetime(&(midnight + TimeDelta::hours(1))).earliest())
    };
    Ok(next.and_then(begins).map(|at| at.to_utc()))
}

/// What the subject of a budget or a counter is called; its id where nothing is known, nothing for all together.
pub fn subject_name(names: &Names, subject: &str) -> String {
    names.of(subject).unwrap_or(subject).to_owned()
}

/// The id of a counter that was opened.
pub fn counter_id(counter: &Counter) -> Option<Uuid> {
    Some(counter.id.0).filter(|id| !id.is_nil())
}

/// Whether a counter was found full, so that the owner may add to it.
pub fn can_extend(counter: &Counter) -> bool {
    counter_id(counter).is_some() && counter.noticed >= 100
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_end_at_the_owners_midnight() {
        let check = |window, day: &str, zone: Tz, expected: &str| {
            let at = resets_at(window, day, zone).unwrap();
            assert_eq!(at.map(|at| at.to_rfc3339()).unwrap_or_default(), expected);
        };
        check(BudgetWindow::Day, "2026-11-26", Tz::Asia__Shanghai, "2026-11-26T16:00:00+00:00");
        check(BudgetWindow::Month, "2026-12-31", Tz::UTC, "2027-01-01T00:00:00+00:00");
        // Clocks in Beirut were put on at midnight: the day began at one.
        check(BudgetWindow::Day, "2025-03-29", Tz::Asia__Beirut, "2025-03-29T22:00:00+00:00");
        check(BudgetWindow::Turn, "2026-11-26", Tz::UTC, "");
        assert!(resets_at(BudgetWindow::Day, "soon", Tz::UTC).is_err());
    }
}
