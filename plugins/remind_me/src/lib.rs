//! Reminders from plain words, in English and Chinese.

mod actions;
mod desk;
mod parse_en;
mod parse_zh;
mod pending;
mod phrase;
mod questions;
mod readback;
mod resolve;
mod set;
mod snooze;
mod when;
mod which;
mod words;

#[cfg(test)]
mod tests;

use chrono::{DateTime, SecondsFormat};
use chrono_tz::Tz;
use desk::{Desk, Host, World};
use resolve::Moment;
use serde::{Deserialize, Serialize};
use skillet_sdk::{Call, Failure, Skill};
use when::{Clock, When};

struct RemindMe;

#[derive(Debug, Clone, Default, Deserialize)]
pub struct Input {
    #[serde(default)]
    pub action: Action,
    /// The person's words.
    #[serde(default)]
    pub text: String,
    /// What to remind of, where it is known apart from the time.
    #[serde(default)]
    pub what: String,
    /// When, in words or as a local date and time.
    #[serde(default)]
    pub when: String,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Action {
    #[default]
    Set,
    List,
    Snooze,
    Done,
    Cancel,
    Answer,
}

#[derive(Debug, Default, PartialEq, Eq, Serialize)]
pub struct Output {
    pub text: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub jobs: Option<Vec<Job>>,
    /// When it goes off next, with the offset of the person's zone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at: Option<String>,
    /// A cron expression, if it repeats.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recurrence: Option<String>,
    /// What `text` asks for; nothing was set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub needs: Option<&'static str>,
}

/// A reminder of a list.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct Job {
    pub number: usize,
    pub text: String,
    pub at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recurrence: Option<String>,
}

/// What a text says: what to remind of, and when.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Said {
    what: String,
    when: When,
}

impl Skill for RemindMe {
    type Input = Input;
    type Output = Output;

    fn run(call: Call<Input>) -> Result<Output, Failure> {
        act(&mut Host, &call)
    }
}

fn act(world: &mut impl World, call: &Call<Input>) -> Result<Output, Failure> {
    let mut desk = Desk::new(world, call)?;
    let text = call.input.text.trim();
    match call.input.action {
        Action::Set => {
            let said = said(&call.input, desk.now.timezone())?;
            set::set(&mut desk, said)
        }
        Action::Answer => set::answer(&mut desk, text),
        Action::List => actions::list(&mut desk),
        Action::Cancel => actions::cancel(&mut desk, text),
        Action::Snooze => snooze::snooze(&mut desk, text),
        Action::Done => actions::done(&mut desk, text),
    }
}

/// What the input says, wherever it says it.
fn said(input: &Input, zone: Tz) -> Result<Said, Failure> {
    let mut said = parse(&input.text, false);
    if !input.what.trim().is_empty() {
        input.what.trim().clone_into(&mut said.what);
    }
    let when = input.when.trim();
    if when.is_empty() {
        return Ok(said);
    }
    said.when = match DateTime::parse_from_rfc3339(when) {
        Ok(at) => exactly(&at.with_timezone(&zone)),
        Err(_) => parse(when, true).when,
    };
    if said.when.is_empty() {
        let text = format!(
            "`when` is not understood: {when}. Write it like 2026-12-01T15:00, tomorrow at 3pm, in 10 minutes, every weekday at 08:30"
        );
        return Err(Failure::InvalidInput(text));
    }
    Ok(said)
}

fn exactly(at: &Moment) -> When {
    use chrono::Timelike;
    let clock = Clock { hour: at.hour(), minute: at.minute(), sure: true };
    When { clock: Some(clock), ..resolve::on(at.date_naive()).into() }
}

/// A text is in the language of its letters, whatever that of the person is.
fn parse(text: &str, loose: bool) -> Said {
    let chinese = text.chars().any(|c| ('\u{4E00}'..='\u{9FFF}').contains(&c));
    if chinese { parse_zh::parse(text, loose) } else { parse_en::parse(text, loose) }
}

/// RFC 3339 with the offset of the person's zone.
fn rfc3339(at: &Moment) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, false)
}

skillet_sdk::export!(RemindMe);
