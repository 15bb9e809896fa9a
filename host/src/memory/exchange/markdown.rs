//! Memories as a text that people read. Its facts can be read back.

use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use regex::Regex;
use serde_json::json;
use std::{fmt::Write, sync::LazyLock};

use super::{
    super::{MAX_FACT_CHARS, When, semantic},
    line::{FactLine, Line, by_the_person, surely},
};
use crate::store::{Episode, Fact};

/// Stands for the end of a line inside of a fact.
const BREAK: &str = "<br>";

static FACT: LazyLock<Regex> = LazyLock::new(|| {
    let day = r"\d{4}-\d\d-\d\d";
    let pattern =
        format!(r"^[-*] \*\*(?P<key>.+?)\*\*[:：] ?(?P<text>.+?)(?: \((?P<from>{day})(?: – (?P<to>{day}))?\))?$");
    Regex::new(&pattern).expect("a constant pattern")
});

/// The memories of a person: facts with their days, then what was talked about, then topics to leave out.
pub fn written(name: &str, facts: &[Fact], episodes: &[Episode], topics: &[String]) -> String {
    let mut text = format!("# {name}\n\n## Facts\n\n");
    // Writing to a string does not fail.
    for fact in facts {
        let until = fact.valid_to.map(|to| format!(" – {}", to.date_naive())).unwrap_or_default();
        let value = fact.value_text.replace('\n', BREAK);
        let _ = writeln!(text, "- **{}**: {value} ({}{until})", fact.key, fact.valid_from.date_naive());
    }
    text += "\n## Episodes\n\n";
    for episode in episodes {
        let line = episode.summary_text.split_whitespace().collect::<Vec<_>>().join(" ");
        let _ = writeln!(text, "- {}: {line}", episode.created_at.format("%Y-%m-%d %H:%M"));
    }
    if !topics.is_empty() {
        text += "\n## Excluded topics\n\n";
        for topic in topics {
            let _ = writeln!(text, "- {topic}");
        }
    }
    text
}

/// The facts of such a text. Those that are known with the same day come as they are known. Errors name lines.
pub fn read(text: &str, known: &[Fact], now: DateTime<Utc>) -> Result<Vec<Line>, Vec<(usize, String)>> {
    let (mut lines, mut bad, mut in_facts) = (Vec::new(), Vec::new(), true);
    for (at, line) in text.lines().enumerate() {
        let line = line.trim();
        if let Some(title) = line.strip_prefix("## ") {
            in_facts = title.trim() == "Facts";
        }
        if !in_facts || line.is_empty() || line.starts_with('#') {
            continue;
        }
        match fact(line, known, now) {
            Ok(fact) => lines.push(Line::Fact(fact)),
            Err(reason) => bad.push((at + 1, reason)),
        }
    }
    if bad.is_empty() { Ok(lines) } else { Err(bad) }
}

fn fact(line: &str, known: &[Fact], now: DateTime<Utc>) -> Result<FactLine, String> {
    let found = FACT.captures(line).ok_or("a fact is written `- **key**: text (YYYY-MM-DD)`")?;
    let (key, text) = (found["key"].trim().to_owned(), found["text"].trim().replace(BREAK, "\n"));
    if text.chars().count() > MAX_FACT_CHARS {
        return Err(format!("a memory is {MAX_FACT_CHARS} characters at most"));
    }
    let day = |name: &str| {
        let day = found
            .name(name)
            .map(|day| day.as_str().parse::<NaiveDate>().map_err(|_| format!("no such day: {}", day.as_str())));
        day.transpose()
    };
    let (from, to) = (day("from")?, day("to")?);
    let same = |fact: &&Fact| {
        fact.key == key.to_lowercase()
            && fact.value_text == text
            && from.is_none_or(|day| fact.valid_from.date_naive() == day)
    };
    if let Some(same) = known.iter().find(same) {
        return Ok(same.clone().into());
    }
    let start = |day: NaiveDate| day.and_time(NaiveTime::MIN).and_utc();
    let valid_from = from.map_or(now, start);
    let valid_to = to.map(start);
    if valid_to.is_some_and(|to| to < valid_from) {
        return Err("it ends before it begins".to_owned());
    }
    let told = semantic::fact_under(&key, &text, &When { now, zone: chrono_tz::Tz::UTC });
    Ok(FactLine {
        key,
        text,
        value: json!({ "value": told.value }),
        source_turn: None,
        said_by: by_the_person(),
        confidence: surely(),
        valid_from,
        valid_to,
        recorded_at: valid_from,
        class: told.class,
        meaning: told.meaning,
        since_told: from.is_some(),
        expires_at: told.expires,
        closed_at: valid_to,
    })
}
