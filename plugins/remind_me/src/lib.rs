//! Reminders from plain words, in English and Chinese.

mod manage;
mod set;

#[cfg(test)]
mod tests;

use serde::Deserialize;
use skillet_sdk::{Call, Failure, Skill};
use skillet_when::{Agenda, Told};

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

/// What reminders are called.
const NOUNS: &[&str] = &["reminder", "alarm", "提醒", "闹钟"];

const SENTENCES: &str = include_str!("sentences.txt");

/// Where the person's reminders are.
type Desk<'a> = Agenda<'a, Input>;

fn say(desk: &Desk, name: &str, given: &[&str]) -> String {
    desk.voice.say(SENTENCES, name, given)
}

impl Skill for RemindMe {
    type Input = Input;
    type Output = Told;

    fn run(call: Call<Input>) -> Result<Told, Failure> {
        let desk = Desk::new(&call, "reminder", ["remind you", "提醒你"])?;
        match call.input.action {
            Action::Set => set::set(&desk),
            Action::Answer => set::answer(&desk),
            Action::Snooze => set::snooze(&desk),
            Action::List => manage::list(&desk),
            Action::Done => manage::done(&desk),
            Action::Cancel => manage::cancel(&desk),
        }
    }
}

skillet_sdk::export!(RemindMe);
