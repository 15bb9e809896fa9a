//! A rule: how something is said, and the fact that it says. The tables for both languages are beside it.

use regex::Regex;

use super::value::Takes;
use crate::store::FactClass;

/// What a match says.
#[derive(Clone, Copy, Debug)]
pub enum Says {
    /// The value holds, instead of an earlier one.
    Value,
    /// The value is true of the person; it is part of the key.
    Yes,
    /// The value is not true of the person, or is avoided.
    No,
    /// This value no longer holds; without one, whichever was known.
    Ended,
    /// The value was so, where the clause tells of the past; else nothing is said.
    Was,
    /// The same as a value that has its own word.
    Is(&'static str),
}

#[derive(Debug)]
pub struct Rule {
    /// `{value}` in it: several may be true at once.
    pub key: &'static str,
    pub pattern: Regex,
    pub says: Says,
    pub takes: Takes,
    pub class: FactClass,
    /// Whether the rule reads the clause with its times: the value is one.
    pub whole: bool,
    /// Whether it is kept of relatives too.
    pub of_others: bool,
}

/// Compiles a table of rules.
pub fn table(rows: &[(&'static str, Says, Takes, &str)]) -> Vec<Rule> {
    rows.iter()
        .map(|(key, says, takes, pattern)| Rule {
            key,
            pattern: Regex::new(pattern).unwrap_or_else(|error| panic!("a constant pattern: {error}")),
            says: *says,
            takes: *takes,
            class: class_of(key),
            whole: matches!(*key, "name" | "called" | "birthday" | "agenda:{value}" | "phone" | "email"),
            of_others: matches!(
                key.split(':').next().unwrap_or(key),
                "name" | "home" | "job" | "employer" | "birthday" | "allergy" | "from" | "diet"
            ),
        })
        .collect()
}

/// How long something of a key lasts.
pub fn class_of(key: &str) -> FactClass {
    match key.split(':').next().unwrap_or(key) {
        "learning" | "away" | "working_on" => FactClass::State,
        "agenda" => FactClass::Agenda,
        _ => FactClass::Fact,
    }
}
