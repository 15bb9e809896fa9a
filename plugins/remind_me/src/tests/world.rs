//! Conversations with the skill, against the SDK's host in memory.

use crate::{Action, Input, RemindMe};
use skillet_sdk::{
    Call, Failure, Skill,
    jobs::{self, State},
    testing,
};
use skillet_when::{
    Told,
    chrono::{NaiveDateTime, TimeZone},
    chrono_tz::Tz,
    millis,
};

pub struct World {
    zone: &'static str,
    locale: &'static str,
    calls: u32,
}

impl World {
    pub fn new(zone: &'static str, local: &str, locale: &'static str) -> Self {
        let local = NaiveDateTime::parse_from_str(local, "%Y-%m-%d %H:%M").unwrap();
        let now = zone.parse::<Tz>().unwrap().from_local_datetime(&local).earliest().unwrap();
        testing::start(millis(&now));
        Self { zone, locale, calls: 0 }
    }

    /// The output of a new call.
    pub fn call(&mut self, action: Action, text: &str) -> Told {
        self.calls += 1;
        self.attempt(1, Input { action, text: text.into(), ..Input::default() }).unwrap()
    }

    pub fn said(&mut self, action: Action, text: &str) -> String {
        self.call(action, text).text
    }

    /// The newest call once more.
    pub fn attempt(&mut self, attempt: u32, input: Input) -> Result<Told, Failure> {
        let mut call = Call::new(input).in_locale(self.locale);
        call.id = format!("call {}", self.calls);
        call.time_zone = self.zone.into();
        call.attempt = attempt;
        RemindMe::run(call)
    }
}

pub fn wait_minutes(minutes: u64) {
    testing::pass(minutes * 60_000);
}

/// What is still to be reminded of, the next one first.
pub fn waiting() -> Vec<String> {
    let jobs = jobs::list(100).unwrap().into_iter().filter(|job| job.state == State::Waiting);
    jobs.map(|job| job.payload["text"].as_str().unwrap().to_owned()).collect()
}
