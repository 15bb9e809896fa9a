//! A host in memory.

use crate::{
    Action, Input, Output, act,
    desk::{NewReminder, Reminder, World, ms},
};
use skillet_sdk::{Call, Failure, jobs::State};
use std::collections::BTreeMap;

pub struct Memory {
    pub now_ms: u64,
    kept: BTreeMap<String, Vec<u8>>,
    pub jobs: Vec<(String, Reminder)>,
    pub zone: &'static str,
    pub locale: &'static str,
    calls: u32,
}

impl Memory {
    pub fn new(zone: &'static str, local: &str, locale: &'static str) -> Self {
        let now_ms = ms(&super::at(zone, local));
        Self { now_ms, kept: BTreeMap::new(), jobs: Vec::new(), zone, locale, calls: 0 }
    }

    /// The output of a new call.
    pub fn call(&mut self, action: Action, text: &str) -> Output {
        self.calls += 1;
        self.attempt(1, Input { action, text: text.into(), ..Input::default() }).unwrap()
    }

    pub fn said(&mut self, action: Action, text: &str) -> String {
        self.call(action, text).text
    }

    /// The newest call once more.
    pub fn attempt(&mut self, attempt: u32, input: Input) -> Result<Output, Failure> {
        let mut call = Call::new(input).in_locale(self.locale);
        call.id = format!("call {}", self.calls);
        call.time_zone = self.zone.into();
        call.attempt = attempt;
        act(self, &call)
    }

    pub fn wait_minutes(&mut self, minutes: u64) {
        self.now_ms += minutes * 60_000;
        for (_, job) in &mut self.jobs {
            if job.state == State::Waiting && job.at_ms <= self.now_ms && job.recurrence.is_none() {
                job.state = State::Done;
            }
        }
    }

    pub fn waiting(&self) -> Vec<&str> {
        let waiting = self.jobs.iter().filter(|(_, job)| job.state == State::Waiting);
        waiting.map(|(_, job)| job.text.as_str()).collect()
    }

    fn change(&mut self, id: &str, change: impl FnOnce(&mut Reminder)) -> bool {
        let job = self.jobs.iter_mut().find(|(_, job)| job.id == id && job.state == State::Waiting);
        job.map(|(_, job)| change(job)).is_some()
    }
}

impl World for Memory {
    fn now_ms(&self) -> u64 {
        self.now_ms
    }

    fn get(&self, key: &str) -> Result<Option<Vec<u8>>, Failure> {
        Ok(self.kept.get(key).cloned())
    }

    fn set(&mut self, key: &str, value: &[u8]) -> Result<(), Failure> {
        self.kept.insert(key.to_owned(), value.to_owned());
        Ok(())
    }

    fn reminders(&self) -> Result<Vec<Reminder>, Failure> {
        let mut all: Vec<Reminder> = self.jobs.iter().map(|(_, job)| job.clone()).collect();
        all.sort_by_key(|job| if job.state == State::Waiting { (0, job.at_ms) } else { (1, u64::MAX - job.at_ms) });
        Ok(all)
    }

    fn schedule(&mut self, new: NewReminder) -> Result<String, Failure> {
        if let Some((_, job)) = self.jobs.iter().find(|(key, _)| key == new.key) {
            return Ok(job.id.clone());
        }
        let id = format!("job {}", self.jobs.len());
        let recurrence = new.recurrence.map(str::to_owned);
        let job =
            Reminder { id: id.clone(), text: new.text.into(), state: State::Waiting, at_ms: new.at_ms, recurrence };
        self.jobs.push((new.key.to_owned(), job));
        Ok(id)
    }

    fn reschedule(&mut self, id: &str, at_ms: u64) -> Result<bool, Failure> {
        Ok(self.change(id, |job| job.at_ms = at_ms))
    }

    fn cancel(&mut self, id: &str) -> Result<bool, Failure> {
        Ok(self.change(id, |job| job.state = State::Cancelled))
    }
}
