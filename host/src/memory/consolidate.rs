//! Folds old episodes into summaries of their day, and days into summaries of their month, by rules: subjects
//! once each, and every name, number and date that was told. The episodes themselves stay as they are. Facts
//! that say the same under several keys are one fact.

use chrono::{DateTime, Datelike, Days, Months, NaiveDate, Utc};
use chrono_tz::Tz;
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use super::{MAX_FACTS, Memory, dates::first_moment, essentials, fact_words, segment};
use crate::{
    ids::{FactId, FoldingId, UserId},
    store::{Episode, Fact, FoldedSpan, Merged, NewFolding, Span, StoreError},
};

/// Days that are left as they are: what was said yesterday is still in conversations.
const YOUNG_DAYS: u64 = 2;

/// Episodes of one day that are worth a summary.
const WORTH_FOLDING: usize = 2;

/// Episodes read for one person in one night, from the oldest on that was not looked at.
const MAX_EPISODES: i64 = 2_000;

/// Days that one night looks back.
const LOOK_BACK: u64 = 62;

/// Subjects and details of one summary, and characters of a subject.
const MAX_SUBJECTS: usize = 24;
const MAX_DETAILS: usize = 40;
const SUBJECT_CHARS: usize = 80;

const MAX_FOLDINGS: i64 = 400;

impl Memory {
    /// Folds what is old enough of a person's memory. `None` when there is nothing to fold.
    pub async fn consolidate(&self, user: UserId, zone: Tz) -> Result<Option<FoldingId>, StoreError> {
        let today = self.clock.now().with_timezone(&zone).date_naive();
        let forgettings = self.db.forgettings(user).await?;
        let undone = self.undone(user).await?;
        let first = today.checked_sub_days(Days::new(LOOK_BACK)).unwrap_or(today);
        let episodes = self.db.episodes_from(user, first_moment(zone, first), MAX_EPISODES).await?;
        let mut days: BTreeMap<NaiveDate, Vec<&Episode>> = BTreeMap::new();
        for episode in &episodes {
            days.entry(episode.created_at.with_timezone(&zone).date_naive()).or_default().push(episode);
        }
        let old = today.checked_sub_days(Days::new(YOUNG_DAYS)).unwrap_or(today);
        days.retain(|day, episodes| *day < old && *day > first && episodes.len() >= WORTH_FOLDING);
        let mut spans: Vec<FoldedSpan> = Vec::new();
        let mut months: BTreeMap<NaiveDate, Vec<&Episode>> = BTreeMap::new();
        for (day, episodes) in &days {
            let end = day.checked_add_days(Days::new(1)).unwrap_or(*day);
            spans.push(folded(
                Span::Day,
                (first_moment(zone, *day), first_moment(zone, end)),
                &day.to_string(),
                episodes,
            ));
            months.entry(day.with_day(1).unwrap_or(*day)).or_default().extend(episodes);
        }
        for (month, episodes) in &months {
            let end = month.checked_add_months(Months::new(1)).unwrap_or(*month);
            // Only a month that is over and was seen whole.
            if end <= old && *month > first {
                let covers = (first_moment(zone, *month), first_moment(zone, end));
                spans.push(folded(Span::Month, covers, &month.format("%Y-%m").to_string(), episodes));
            }
        }
        spans.retain(|one| !undone.spans.contains(&(one.span, one.covers.0)));
        let mut merged = said_twice(&self.db.current_facts(&self.clock, user, MAX_FACTS).await?);
        merged.retain(|one| !undone.facts.contains(&one.fact));
        self.db.fold_memories(&self.clock, user, &NewFolding { forgettings, spans, merged }).await
    }

    /// Takes a folding back; the nights after do not make it again. False when it was taken back before.
    pub async fn undo_folding(&self, id: FoldingId) -> Result<bool, StoreError> {
        self.db.undo_folding(&self.clock, id, &fact_words).await
    }

    async fn undone(&self, user: UserId) -> Result<Undone, StoreError> {
        let mut undone = Undone::default();
        for folding in self.db.foldings(user, MAX_FOLDINGS).await? {
            if folding.undone_at.is_some() {
                undone.spans.extend(folding.changes.0.made.iter().map(|(_, span, from)| (*span, *from)));
                undone.facts.extend(folding.changes.0.closed.iter().map(|(fact, _)| *fact));
            }
        }
        Ok(undone)
    }
}

/// What the owner has taken back.
#[derive(Default)]
struct Undone {
    spans: HashSet<(Span, DateTime<Utc>)>,
    facts: HashSet<FactId>,
}

fn folded(span: Span, covers: (DateTime<Utc>, DateTime<Utc>), title: &str, episodes: &[&Episode]) -> FoldedSpan {
    let (mut subjects, mut details): (Vec<String>, BTreeSet<String>) = Default::default();
    for episode in episodes {
        let subject = episode.summary_json.0["subject"].as_str().unwrap_or(&episode.summary_text);
        let subject: String = subject.chars().take(SUBJECT_CHARS).collect();
        if !subjects.contains(&subject) {
            subjects.push(subject);
        }
        details.extend(essentials(&episode.summary_text));
    }
    let left_out = subjects.len().saturating_sub(MAX_SUBJECTS);
    subjects.truncate(MAX_SUBJECTS);
    let said = subjects.join("; ");
    // What a subject says already is not said twice.
    let details: Vec<String> =
        details.into_iter().filter(|one| !said.contains(one.as_str())).take(MAX_DETAILS).collect();
    let more = if left_out > 0 { format!("; … +{left_out}") } else { String::new() };
    let exactly = if details.is_empty() { String::new() } else { format!(" [{}]", details.join(", ")) };
    let text = format!("{title}: {said}{more}{exactly}");
    FoldedSpan {
        span,
        covers,
        words: segment::index_words(&text),
        json: json!({ "subject": title, "subjects": subjects, "parameters": details, "episodes": episodes.len() }),
        text,
    }
}

/// Current facts that say what another one says: a note under a made-up key goes first, then the younger one.
fn said_twice(facts: &[Fact]) -> Vec<Merged> {
    let mut kept: HashMap<String, &Fact> = HashMap::new();
    let mut merged = Vec::new();
    let mut sorted: Vec<&Fact> = facts.iter().collect();
    sorted.sort_by_key(|fact| (fact.key.starts_with("note:"), fact.recorded_at));
    for fact in sorted {
        let said: String = fact.value_text.to_lowercase().chars().filter(|c| c.is_alphanumeric()).collect();
        match kept.get(&said) {
            Some(same) => merged.push(Merged { fact: fact.id, kept: same.id }),
            None => {
                kept.insert(said, fact);
            }
        }
    }
    merged
}
