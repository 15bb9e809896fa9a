//! Memories of one person as a file: everything as JSON Lines, facts also as Markdown. What is read back is
//! checked whole before any of it is written, and what is there already is left as it is.

mod markdown;

use chrono::{DateTime, SubsecRound, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::{collections::HashSet, fmt::Write};

use super::{
    MAX_FACT_CHARS, MAX_FACTS, MAX_PINNED, Memory, MemoryError, fact_words, facts::fact_key, rules, segment, semantic,
};
use crate::{
    ids::{TurnId, UserId},
    store::{
        Brought, BroughtEpisode, BroughtFact, Episode, Fact, FactClass, RuleKind, StoreError, storable, storable_json,
    },
};

/// Episodes read from the database at a time.
const BATCH: i64 = 500;

/// Lines named when a file cannot be read.
const MAX_NAMED: usize = 20;

/// A line of a file of memories.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
enum Line {
    Fact(FactLine),
    Episode(EpisodeLine),
    Rule(RuleLine),
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct FactLine {
    key: String,
    text: String,
    #[serde(default)]
    value: Value,
    #[serde(default)]
    source_turn: Option<TurnId>,
    #[serde(default = "by_the_person")]
    said_by: String,
    #[serde(default = "surely")]
    confidence: f64,
    valid_from: DateTime<Utc>,
    #[serde(default)]
    valid_to: Option<DateTime<Utc>>,
    recorded_at: DateTime<Utc>,
    #[serde(default = "lasting")]
    class: FactClass,
    /// The value as it is compared; made of the text where it is left out.
    #[serde(default)]
    meaning: String,
    /// Whether `valid_from` was told; if not, it may have held before.
    #[serde(default)]
    since_told: bool,
    #[serde(default)]
    expires_at: Option<DateTime<Utc>>,
    #[serde(default)]
    closed_at: Option<DateTime<Utc>>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct EpisodeLine {
    text: String,
    #[serde(default)]
    json: Value,
    #[serde(default)]
    tags: Vec<String>,
    #[serde(default = "by_rules")]
    source: String,
    #[serde(default)]
    turn: Option<TurnId>,
    created_at: DateTime<Utc>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct RuleLine {
    rule: RuleKind,
    subject: String,
}

fn by_the_person() -> String {
    "user".to_owned()
}

fn by_rules() -> String {
    "rules".to_owned()
}

fn surely() -> f64 {
    1.0
}

fn lasting() -> FactClass {
    FactClass::Fact
}

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

impl Line {
    /// The line, if memory could have written it.
    fn checked(self) -> Result<Self, String> {
        let (text, words, allowed): (&str, &str, &[&str]) = match &self {
            Self::Fact(line) => (&line.text, &line.said_by, &["user", "owner", "skill"]),
            Self::Episode(line) => (&line.text, &line.source, &["rules", "model"]),
            Self::Rule(line) => (&line.subject, "", &[""]),
        };
        if text.trim().is_empty() {
            return Err("it has no text".to_owned());
        }
        if text.chars().count() > MAX_FACT_CHARS {
            return Err(format!("a memory is {MAX_FACT_CHARS} characters at most"));
        }
        if !allowed.contains(&words) {
            return Err(format!("`{words}` is none of {}", allowed.join(", ")));
        }
        if let Self::Fact(FactLine { key, confidence, valid_from, valid_to, .. }) = &self {
            if key.trim().is_empty() {
                return Err("it has no key".to_owned());
            }
            if !(0.0..=1.0).contains(confidence) {
                return Err("`confidence` is from 0 to 1".to_owned());
            }
            if valid_to.is_some_and(|to| to < *valid_from) {
                return Err("`valid_to` is before `valid_from`".to_owned());
            }
        }
        Ok(self)
    }
}

impl From<Fact> for FactLine {
    fn from(fact: Fact) -> Self {
        Self {
            key: fact.key,
            text: fact.value_text,
            value: fact.value_json.0,
            source_turn: fact.source_turn_id,
            said_by: fact.said_by,
            confidence: fact.confidence,
            valid_from: fact.valid_from,
            valid_to: fact.valid_to,
            recorded_at: fact.recorded_at,
            class: fact.class,
            meaning: fact.meaning,
            since_told: fact.since_told,
            expires_at: fact.expires_at,
            closed_at: fact.closed_at,
        }
    }
}

impl From<Episode> for EpisodeLine {
    fn from(episode: Episode) -> Self {
        Self {
            text: episode.summary_text,
            json: episode.summary_json.0,
            tags: episode.tags.0,
            source: episode.source,
            turn: episode.turn_id,
            created_at: episode.created_at,
        }
    }
}

impl FactLine {
    fn brought(self) -> BroughtFact {
        let (key, text) = (fact_key(&self.key), storable(self.text.trim()));
        let value = self.value["value"].as_str().unwrap_or(&text);
        let meaning = if self.meaning.is_empty() { semantic::meaning(value) } else { storable(&self.meaning) };
        BroughtFact {
            words: fact_words(&key, &text),
            class: self.class,
            meaning,
            since_told: self.since_told,
            expires_at: self.expires_at.map(whole),
            closed_at: self.closed_at.map(whole),
            key,
            value_text: text,
            value_json: storable_json(self.value),
            source_turn: self.source_turn,
            said_by: self.said_by,
            confidence: self.confidence,
            valid_from: whole(self.valid_from),
            valid_to: self.valid_to.map(whole),
            recorded_at: whole(self.recorded_at),
        }
    }
}

impl EpisodeLine {
    fn brought(self) -> BroughtEpisode {
        let text = storable(self.text.trim());
        BroughtEpisode {
            turn: self.turn,
            words: segment::index_words(&text),
            summary_text: text,
            summary_json: storable_json(self.json),
            tags: self.tags.iter().map(|tag| storable(tag)).collect(),
            source: self.source,
            created_at: whole(self.created_at),
        }
    }
}

/// A moment as both engines keep it.
fn whole(at: DateTime<Utc>) -> DateTime<Utc> {
    at.trunc_subsecs(6)
}
