//! What a new fact changes among those that are known under its key.

use chrono::{DateTime, TimeDelta, Utc};

use super::{FACTS_PER_TURN, Fact, NewFact, Written};
use crate::{
    ids::FactId,
    store::{Result, StoreError},
};

/// A beginning that lies further back than this before something else was said to hold tells of the past, not
/// of a change since.
const HISTORY_DAYS: i64 = 365;

/// What is written.
#[derive(Debug)]
pub struct Plan {
    pub written: Written,
    /// Known facts with other times.
    pub changed: Vec<Fact>,
    /// When the new fact ended, where it tells of the past.
    pub ended: Option<DateTime<Utc>>,
}

impl Plan {
    fn nothing(written: Written) -> Self {
        Self { written, changed: Vec::new(), ended: None }
    }
}

/// Decides about a new fact. `known` are all facts of its key, `taught` counts what its turn has brought.
pub fn plan(known: &[Fact], taught: i64, new: &NewFact, id: FactId, now: DateTime<Utc>) -> Result<Plan> {
    // A turn that runs again says what it has said, also where more of it has changed that since.
    let said_before = |fact: &&Fact| new.source_turn.is_some() && fact.source_turn_id == new.source_turn;
    if let Some(again) = known.iter().filter(said_before).find(|fact| is_same(fact, new)) {
        return Ok(Plan::nothing(Written::Unchanged(again.id)));
    }
    let open = known.iter().find(|fact| fact.valid_to.is_none());
    let current = open.filter(|fact| fact.is_current(now));
    if let Some(same) = current.filter(|fact| is_same(fact, new)) {
        return Ok(Plan { changed: refined(same, known, new), ..Plan::nothing(Written::Unchanged(same.id)) });
    }
    if taught >= FACTS_PER_TURN {
        return Err(StoreError::EnoughForATurn);
    }
    if current.is_some_and(|fact| new.said_by == "skill" && fact.said_by != "skill") {
        return Err(StoreError::SaidOtherwise);
    }
    if let Some(ended) = current.and_then(|current| history(current, new)) {
        return Ok(Plan { ended: Some(ended), ..Plan::nothing(Written::New(id)) });
    }
    let changed = open.map(|open| closed(open, new.since.unwrap_or(now), now)).into_iter().collect();
    let written = if current.is_some() { Written::Replaced(id) } else { Written::New(id) };
    Ok(Plan { written, changed, ended: None })
}

/// The owner edits words; what anybody else says is the same when it means the same.
fn is_same(fact: &Fact, new: &NewFact) -> bool {
    fact.value_text == new.value_text || (fact.meaning == new.meaning && new.said_by != "owner")
}

/// What is known already, with a beginning or a longer life that is told now. What held before it ended then.
fn refined(same: &Fact, known: &[Fact], new: &NewFact) -> Vec<Fact> {
    let mut changed = Vec::new();
    let mut fact = same.clone();
    if let Some(since) = new.since.filter(|_| !same.since_told) {
        (fact.valid_from, fact.since_told) = (since, true);
        let before = known.iter().find(|one| one.valid_to == Some(same.valid_from) && one.id != same.id);
        changed.extend(before.map(|before| Fact {
            valid_to: Some(since),
            valid_from: before.valid_from.min(since),
            ..before.clone()
        }));
    }
    fact.expires_at = fact.expires_at.max(new.expires_at);
    changed.push(fact);
    changed
}

/// When a fact ended that began long before what is current, or before that is known to have begun.
fn history(current: &Fact, new: &NewFact) -> Option<DateTime<Utc>> {
    let since = new.since?;
    if current.since_told {
        return (since < current.valid_from).then_some(current.valid_from);
    }
    (since < current.recorded_at - TimeDelta::days(HISTORY_DAYS)).then_some(current.recorded_at)
}

/// The fact as it ended: when the new one began, or by itself before.
fn closed(open: &Fact, since: DateTime<Utc>, now: DateTime<Utc>) -> Fact {
    let end = open.expires_at.filter(|at| *at <= now).unwrap_or(since);
    let end = if open.since_told { end.max(open.valid_from) } else { end };
    Fact { valid_from: open.valid_from.min(end), valid_to: Some(end), closed_at: Some(now), ..open.clone() }
}
