//! The lines of a file of memories: as they are written, checked, and brought into the store.

use chrono::{DateTime, SubsecRound, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::super::{MAX_FACT_CHARS, fact_words, facts::fact_key, segment, semantic};
use crate::{
    ids::TurnId,
    store::{BroughtEpisode, BroughtFact, Episode, Fact, FactClass, RuleKind, storable, storable_json},
};

/// A line of a file of memories.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum Line {
    Fact(FactLine),
    Episode(EpisodeLine),
    Rule(RuleLine),
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FactLine {
    pub key: String,
    pub text: String,
    #[serde(default)]
    pub value: Value,
    #[serde(default)]
    pub source_turn: Option<TurnId>,
    #[serde(default = "by_the_person")]
    pub said_by: String,
    #[serde(default = "surely")]
    pub confidence: f64,
    pub valid_from: DateTime<Utc>,
    #[serde(default)]
    pub valid_to: Option<DateTime<Utc>>,
    pub recorded_at: DateTime<Utc>,
    #[serde(default = "lasting")]
    pub class: FactClass,
    /// The value as it is compared; made of the text where it is left out.
    #[serde(default)]
    pub meaning: String,
    /// Whether `valid_from` was told; if not, it may have held before.
    #[serde(default)]
    pub since_told: bool,
    #[serde(default)]
    pub expires_at: Option<DateTime<Utc>>,
    #[serde(default)]
    pub closed_at: Option<DateTime<Utc>>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EpisodeLine {
    pub text: String,
    #[serde(default)]
    pub json: Value,
    #[serde(default)]
    pub tags: Vec<String>,
    #[serde(default = "by_rules")]
    pub source: String,
    #[serde(default)]
    pub turn: Option<TurnId>,
    pub created_at: DateTime<Utc>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RuleLine {
    pub rule: RuleKind,
    pub subject: String,
}

pub fn by_the_person() -> String {
    "user".to_owned()
}

fn by_rules() -> String {
    "rules".to_owned()
}

pub fn surely() -> f64 {
    1.0
}

fn lasting() -> FactClass {
    FactClass::Fact
}

impl Line {
    /// The line, if memory could have written it.
    pub fn checked(self) -> Result<Self, String> {
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
    pub fn brought(self) -> BroughtFact {
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
    pub fn brought(self) -> BroughtEpisode {
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
