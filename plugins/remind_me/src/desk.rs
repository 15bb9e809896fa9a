//! What a call works with: its time, its reminders, and its language.

use crate::{Input, Output};
use skillet_sdk::{
    Call, Failure, clock,
    jobs::{self, Listed, State},
};
use skillet_when::{Moment, Voice, millis, moment};

/// The kind of the jobs that this skill makes, and the only one that it touches.
pub const KIND: &str = "reminder";

/// As many jobs as are looked at.
pub const MAX_JOBS: u32 = 200;

/// Blocks of three lines: a name, English, Chinese.
pub const SENTENCES: &str = include_str!("sentences.txt");

pub struct Desk<'a> {
    pub call: &'a Call<Input>,
    pub now: Moment,
    pub voice: Voice<'static>,
}

impl<'a> Desk<'a> {
    pub fn new(call: &'a Call<Input>) -> Result<Self, Failure> {
        let now = moment(clock::now_ms(), &call.time_zone)
            .ok_or_else(|| Failure::Failed(format!("`{}` is not an IANA time zone", call.time_zone)))?;
        let chinese = call.is_chinese();
        Ok(Self { call, now, voice: Voice { chinese, act: if chinese { "提醒你" } else { "remind you" } } })
    }

    /// A sentence, `{}` in it standing for the given texts. It ends once, however a text in it ends.
    pub fn say(&self, name: &str, given: &[&str]) -> Output {
        let mut lines = SENTENCES.split("\n\n").map(str::lines).find(|lines| lines.clone().next() == Some(name));
        let sentence = lines.as_mut().and_then(|lines| lines.nth(1 + usize::from(self.voice.chinese)));
        let mut pieces = sentence.unwrap_or(name).split("{}");
        let mut text = pieces.next().unwrap_or_default().to_owned();
        for (given, piece) in given.iter().zip(pieces) {
            let ended = given.ends_with(['.', '!', '?', '。', '！', '？', '…']);
            text = text + given + if ended { piece.trim_start_matches(['.', '。']) } else { piece };
        }
        Output { text, ..Output::default() }
    }

    pub fn at(&self, ms: u64) -> Moment {
        moment(ms, &self.call.time_zone).unwrap_or(self.now)
    }

    /// Whether something is no older than this.
    pub fn is_fresh(&self, at_ms: u64, life_ms: u64) -> bool {
        millis(&self.now) < at_ms.saturating_add(life_ms)
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
