//! Memories of one person as a file: everything as JSON Lines, facts also as Markdown. What is read back is
//! checked whole before any of it is written, and what is there already is left as it is.

mod line;
mod markdown;

use chrono::DateTime;
use std::{collections::HashSet, fmt::Write};

use self::line::{Line, RuleLine};
use super::{MAX_FACTS, MAX_PINNED, Memory, MemoryError, rules};
use crate::{
    ids::UserId,
    store::{Brought, BroughtFact, Episode, RuleKind, StoreError, storable},
};

/// Episodes read from the database at a time.
const BATCH: i64 = 500;

/// Lines named when a file cannot be read.
const MAX_NAMED: usize = 20;

/// What a file of memories is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    JsonLines,
    /// For people; only its facts can be read back.
    Markdown,
}

impl Format {
    /// "jsonl" or "md".
    pub fn from_word(word: &str) -> Option<Self> {
        match word {
            "jsonl" => Some(Self::JsonLines),
            "md" => Some(Self::Markdown),
            _ => None,
        }
    }

    pub fn word(self) -> &'static str {
        match self {
            Self::JsonLines => "jsonl",
            Self::Markdown => "md",
        }
    }
}

/// Why a file was not read; nothing of it was written.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// Number of the line, from 1, and what is wrong with it.
    #[error("{}", named(.0))]
    Lines(Vec<(usize, String)>),
    #[error(transparent)]
    Memory(#[from] MemoryError),
}

impl From<StoreError> for ImportError {
    fn from(error: StoreError) -> Self {
        Self::Memory(error.into())
    }
}

fn named(lines: &[(usize, String)]) -> String {
    let mut text = String::new();
    for (number, reason) in lines.iter().take(MAX_NAMED) {
        // Writing to a string does not fail.
        let _ = write!(text, "{}line {number}: {reason}", if text.is_empty() { "" } else { "; " });
    }
    if lines.len() > MAX_NAMED {
        let _ = write!(text, "; and {} more", lines.len() - MAX_NAMED);
    }
    text
}

impl Memory {
    /// Everything that is remembered of a person, as a file.
    pub async fn export(&self, user: UserId, name: &str, format: Format) -> Result<String, StoreError> {
        let mut facts = self.db.facts(user, true, MAX_FACTS).await?;
        facts.reverse();
        let episodes = self.all_episodes(user).await?;
        if format == Format::Markdown {
            return Ok(markdown::written(name, &facts, &episodes, &self.topics(user).await?));
        }
        let rules = self.db.memory_rules(user).await?;
        let rules = rules.into_iter().map(|rule| Line::Rule(RuleLine { rule: rule.kind, subject: rule.subject }));
        let facts = facts.into_iter().map(|fact| Line::Fact(fact.into()));
        let episodes = episodes.into_iter().map(|episode| Line::Episode(episode.into()));
        let lines = facts.chain(episodes).chain(rules);
        Ok(lines.fold(String::new(), |text, line| {
            text + &serde_json::to_string(&line).expect("a line is plain JSON") + "\n"
        }))
    }

    async fn all_episodes(&self, user: UserId) -> Result<Vec<Episode>, StoreError> {
        let (mut episodes, mut seen, mut from) = (Vec::new(), HashSet::new(), DateTime::UNIX_EPOCH);
        loop {
            // Those of one moment may be on both sides of a batch's end.
            let mut batch = self.db.episodes_from(user, from, BATCH).await?;
            batch.retain(|one| seen.insert(one.id));
            let Some(last) = batch.last() else { return Ok(episodes) };
            from = last.created_at;
            episodes.extend(batch);
        }
    }

    /// Reads a file back, for any person. What was forgotten after a line was written stays forgotten.
    pub async fn import(&self, user: UserId, text: &str, format: Format) -> Result<Brought, ImportError> {
        let known = self.db.facts(user, true, MAX_FACTS).await?;
        let lines = match format {
            Format::JsonLines => read(text)?,
            Format::Markdown => markdown::read(text, &known, self.clock.now()).map_err(ImportError::Lines)?,
        };
        let (mut facts, mut episodes, mut rules, mut forgotten) = (Vec::new(), Vec::new(), Vec::new(), 0);
        for line in lines {
            match line {
                Line::Fact(line) => {
                    let fact = line.brought();
                    if self.forgot(user, &fact).await? { forgotten += 1 } else { facts.push(fact) }
                }
                Line::Episode(line) => episodes.push(line.brought()),
                Line::Rule(RuleLine { rule, subject }) => {
                    let most = if rule == RuleKind::Pin { MAX_PINNED } else { rules::MAX_RULES };
                    rules.push((rule, storable(subject.trim()), most));
                }
            }
        }
        if known.len() + facts.len() > usize::try_from(MAX_FACTS).unwrap_or(usize::MAX) {
            return Err(MemoryError::Full.into());
        }
        let brought = self.db.bring_memories(&self.clock, user, (&facts, &episodes), &rules).await?;
        Ok(Brought { forgotten, ..brought })
    }

    async fn forgot(&self, user: UserId, fact: &BroughtFact) -> Result<bool, StoreError> {
        let value = fact.value_json["value"].as_str().unwrap_or_default();
        self.was_forgotten(user, (&fact.key, &fact.value_text, value), fact.recorded_at).await
    }
}

/// The lines of a file, all of them sound.
fn read(text: &str) -> Result<Vec<Line>, ImportError> {
    let (mut lines, mut bad) = (Vec::new(), Vec::new());
    for (at, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        let read = serde_json::from_str::<Line>(line).map_err(|error| error.to_string());
        match read.and_then(|line| line.checked()) {
            Ok(line) => lines.push(line),
            Err(reason) => bad.push((at + 1, reason)),
        }
    }
    if bad.is_empty() { Ok(lines) } else { Err(ImportError::Lines(bad)) }
}
