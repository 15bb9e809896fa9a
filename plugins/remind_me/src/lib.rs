//! Reminders from plain words, in English and Chinese.

mod desk;
mod manage;
mod set;

#[cfg(test)]
mod tests;

use desk::Desk;
use serde::{Deserialize, Serialize};
use skillet_sdk::{Call, Failure, Skill};

struct RemindMe;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Input {
    action: Action,
    /// The person's words.
    text: String,
    /// What to remind of, where it is known apart from the time.
    what: String,
    /// When, in words or as a local date and time.
    when: String,
}

#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Action {
    #[default]
    Set,
    List,
    Snooze,
    Done,
    Cancel,
    Answer,
}

/// What is said, and what it is about where that is one reminder; or a reminder of a list.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
struct Output {
    /// In a list, its place there.
    #[serde(skip_serializing_if = "Option::is_none")]
    number: Option<usize>,
    text: String,
    /// When it goes off next, with the offset of the person's zone.
    #[serde(skip_serializing_if = "Option::is_none")]
    at: Option<String>,
    /// A cron expression, if it repeats.
    #[serde(skip_serializing_if = "Option::is_none")]
    recurrence: Option<String>,
    /// What `text` asks for; nothing was set.
    #[serde(skip_serializing_if = "Option::is_none")]
    needs: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    jobs: Option<Vec<Output>>,
}

type Said = Result<Output, Failure>;

impl Skill for RemindMe {
    type Input = Input;
    type Output = Output;

    fn run(call: Call<Input>) -> Said {
        let desk = Desk::new(&call)?;
        let text = call.input.text.trim();
        match call.input.action {
            Action::Set => desk.set(),
            Action::Answer => desk.answer(text),
            Action::List => desk.list(),
            Action::Cancel => desk.cancel(text),
            Action::Snooze => desk.snooze(text),
            Action::Done => desk.done(text),
        }
    }
}

skillet_sdk::export!(RemindMe);
