//! The sets of conversations and questions, as they are read from their folder. They are no part of this
//! repository, and what they hold is never printed.

use anyhow::{Context, Result};
use chrono::{DateTime, NaiveDate, Utc};
use regex::Regex;
use serde::Deserialize;
use std::{fs, path::Path};

#[derive(Clone, Deserialize)]
pub struct Set {
    #[serde(rename = "set")]
    pub name: String,
    #[serde(rename = "convs")]
    pub histories: Vec<History>,
}

/// All that one person said and was told.
#[derive(Clone, Deserialize)]
pub struct History {
    pub sessions: Vec<Session>,
    #[serde(rename = "qas")]
    pub questions: Vec<Question>,
}

#[derive(Clone, Deserialize)]
pub struct Session {
    pub time: String,
    pub turns: Vec<Turn>,
    #[serde(default)]
    pub facts: Vec<Fact>,
}

#[derive(Clone, Deserialize)]
pub struct Turn {
    pub id: String,
    pub who: String,
    pub text: String,
    pub reply: Option<String>,
}

/// What somebody learnt from some turns.
#[derive(Clone, Deserialize)]
pub struct Fact {
    pub text: String,
    #[serde(rename = "src")]
    pub sources: Vec<String>,
}

#[derive(Clone, Deserialize)]
pub struct Question {
    #[serde(rename = "q")]
    pub text: String,
    /// Slots of evidence; any turn of a slot fills it.
    #[serde(rename = "ev")]
    pub evidence: Vec<Vec<String>>,
}

impl Session {
    /// The moment that the set names, at noon where it names no hour that counts.
    pub fn at(&self) -> Result<DateTime<Utc>> {
        let numbers = Regex::new(r"(\d{4})[-/年](\d{1,2})[-/月](\d{1,2})")?;
        let words = Regex::new(r"(\d{1,2}) (\w+),? (\d{4})")?;
        let day = if let Some(found) = numbers.captures(&self.time) {
            NaiveDate::from_ymd_opt(found[1].parse()?, found[2].parse()?, found[3].parse()?)
        } else {
            let found = words.captures(&self.time).with_context(|| format!("no date in {:?}", self.time))?;
            NaiveDate::parse_from_str(&format!("{} {} {}", &found[1], &found[2], &found[3]), "%d %B %Y").ok()
        };
        let day = day.with_context(|| format!("no date in {:?}", self.time))?;
        Ok(day.and_hms_opt(12, 0, 0).context("noon")?.and_utc())
    }
}

/// Every set in a folder, by name.
pub fn sets(folder: &Path) -> Result<Vec<Set>> {
    let mut files: Vec<_> = fs::read_dir(folder)?.flatten().map(|entry| entry.path()).collect();
    files.retain(|file| file.extension().is_some_and(|ending| ending == "json"));
    files.sort();
    let read = |file: &std::path::PathBuf| {
        serde_json::from_str(&fs::read_to_string(file)?).with_context(|| format!("{} is no set", file.display()))
    };
    files.iter().map(read).collect()
}

/// Histories in one language with the questions of the other, of sets that are the same in both.
pub fn crossed(sets: &[Set]) -> Vec<Set> {
    let other = |set: &Set| {
        let (name, language) = set.name.rsplit_once('-')?;
        let other =
            sets.iter().find(|one| one.name == format!("{name}-{}", if language == "zh" { "en" } else { "zh" }))?;
        let asked = |(told, asked): (&History, &History)| History {
            sessions: told.sessions.clone(),
            questions: asked.questions.clone(),
        };
        let histories = set.histories.iter().zip(&other.histories).map(asked).collect();
        Some(Set { name: format!("{name} {language} asked in {}", &other.name[name.len() + 1..]), histories })
    };
    sets.iter().filter_map(other).collect()
}
