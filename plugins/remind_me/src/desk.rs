//! What a call works with: its time, its language, and the reminders that there are.

use crate::{Input, Output};
use skillet_sdk::jobs::{self, Listed, State};
use skillet_sdk::{Call, Failure, clock};
use skillet_when::{Moment, Voice, moment, rfc3339};

/// The kind of the jobs that this skill makes, and the only one that it touches.
pub const KIND: &str = "reminder";

/// As many jobs as are looked at.
pub const MAX_JOBS: u32 = 200;

/// What reminders are called.
pub const NOUNS: &[&str] = &["reminder", "alarm", "提醒", "闹钟"];

pub const SENTENCES: &str = include_str!("sentences.txt");

pub struct Desk<'a> {
    pub call: &'a Call<Input>,
    pub now: Moment,
    pub voice: Voice<'static>,
}

impl<'a> Desk<'a> {
    pub fn new(call: &'a Call<Input>) -> Result<Self, Failure> {
        let no_zone = || Failure::Failed(format!("`{}` is not an IANA time zone", call.time_zone));
        let now = moment(clock::now_ms(), &call.time_zone).ok_or_else(no_zone)?;
        let chinese = call.is_chinese();
        Ok(Self { call, now, voice: Voice { chinese, act: if chinese { "提醒你" } else { "remind you" } } })
    }

    pub fn say(&self, name: &str, given: &[&str]) -> Output {
        Output { text: self.voice.say(SENTENCES, name, given), ..Output::default() }
    }

    pub fn at(&self, ms: u64) -> Moment {
        moment(ms, &self.call.time_zone).unwrap_or(self.now)
    }

    /// A text, and the time of the reminder that it is about.
    pub fn timed(text: String, at: &Moment, recurrence: Option<&str>) -> Output {
        Output { text, at: Some(rfc3339(at)), recurrence: recurrence.map(str::to_owned), ..Output::default() }
    }
}

/// Those that wait, the next one first, or those that ended so in the last day, newest first.
pub fn reminders(state: State) -> Result<Vec<Listed>, Failure> {
    let jobs = jobs::list(MAX_JOBS)?.into_iter();
    Ok(jobs.filter(|job| job.kind == KIND && job.state == state).collect())
}

/// What it reminds of.
pub fn about(reminder: &Listed) -> &str {
    reminder.payload["text"].as_str().unwrap_or_default()
}
