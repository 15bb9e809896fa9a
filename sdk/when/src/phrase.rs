//! Which words of a request are its time, and which are what it is about.

use crate::when::When;
use std::ops::Range;

/// A text in one language, cut into units.
pub trait Grammar {
    /// What the words at `at` say of a time, and where they end. `said` is what the words before them said.
    fn element(&self, at: usize, said: &When) -> Option<(When, usize)>;

    /// The next unit that does more than join two parts of a time.
    fn skip(&self, at: usize, end: usize) -> usize;

    /// Whether what is before `at` keeps a time that begins there from being that of the reminder: "before 5pm".
    fn is_blocked(&self, at: usize) -> bool;
}

/// What was found, and the units that say it.
#[derive(Debug, Default)]
pub struct Found {
    pub when: When,
    pub taken: Vec<Range<usize>>,
}

struct Run {
    when: When,
    units: Range<usize>,
}

/// Finds the time. It stands at the edge of a section: "tomorrow at 3pm remind me to …", "remind me tomorrow at 3pm
/// to …", "remind me to … tomorrow at 3pm". What is said of times in between ("the Friday meeting") is left alone,
/// unless there is nothing at an edge.
pub fn find(grammar: &impl Grammar, sections: &[Range<usize>]) -> Found {
    let starts = sections.iter().filter_map(|section| run(grammar, section.clone()));
    let ends = sections.iter().rev().filter_map(|section| end_run(grammar, section.clone()));
    let mut found = Found::default();
    for run in starts.chain(ends) {
        let overlaps = found.taken.iter().any(|taken| taken.start < run.units.end && run.units.start < taken.end);
        if overlaps || !adds(&found.when, &run.when) {
            continue;
        }
        if let Some(joined) = found.when.join(&run.when) {
            found.when = joined;
            found.taken.push(run.units);
        }
    }
    if found.taken.is_empty()
        && let Some(run) = sections.iter().find_map(|section| middle_run(grammar, section.clone()))
    {
        found = Found { when: run.when, taken: vec![run.units] };
    }
    found.taken.sort_by_key(|taken| taken.start);
    found
}

/// A time that is complete takes nothing more than how often: in "remind me at 5pm to buy tickets for Friday" Friday
/// belongs to the tickets.
fn adds(said: &When, more: &When) -> bool {
    !said.is_complete() || (more.every.is_some() && said.every.is_none() && said.day.is_none() && said.after.is_none())
}

/// The longest time from the start of a range on.
fn run(grammar: &impl Grammar, range: Range<usize>) -> Option<Run> {
    let mut when = When::default();
    let mut to = range.start;
    loop {
        let at = grammar.skip(to, range.end);
        let Some((more, end)) = grammar.element(at, &when).filter(|(_, end)| *end <= range.end) else { break };
        let Some(joined) = when.join(&more) else { break };
        when = joined;
        to = end;
    }
    (to > range.start).then_some(Run { when, units: range.start..to })
}

fn end_run(grammar: &impl Grammar, range: Range<usize>) -> Option<Run> {
    range
        .clone()
        .filter(|at| !grammar.is_blocked(*at))
        .filter_map(|at| run(grammar, at..range.end))
        .find(|run| grammar.skip(run.units.end, range.end) == range.end)
}

fn middle_run(grammar: &impl Grammar, range: Range<usize>) -> Option<Run> {
    range
        .clone()
        .filter(|at| !grammar.is_blocked(*at))
        .filter_map(|at| run(grammar, at..range.end))
        .find(|run| When { part: None, ..run.when.clone() } != When::default())
}

/// What of the sections is not taken, without empty ranges.
pub fn rest(sections: &[Range<usize>], taken: &[Range<usize>]) -> Vec<Range<usize>> {
    let mut rest = Vec::new();
    for section in sections {
        let mut from = section.start;
        for cut in taken.iter().filter(|cut| section.start <= cut.start && cut.end <= section.end) {
            rest.push(from..cut.start);
            from = cut.end;
        }
        rest.push(from..section.end);
    }
    rest.retain(|range| range.start < range.end);
    rest
}
