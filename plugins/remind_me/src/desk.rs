//! What a call works with: the host's part of the world, the time, and the language.

use crate::{Input, resolve::Moment};
use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use serde::{Serialize, de::DeserializeOwned};
use skillet_sdk::{
    Call, Failure, clock,
    jobs::{self, State},
    kv,
    serde_json::{self, json},
};

/// The kind of the jobs that this skill makes, and the only one that it touches.
const KIND: &str = "reminder";

/// As many jobs as are looked at.
const MAX_JOBS: u32 = 200;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reminder {
    pub id: String,
    pub text: String,
    pub state: State,
    pub at_ms: u64,
    pub recurrence: Option<String>,
}

/// A reminder to be set.
#[derive(Debug, Clone, Copy)]
pub struct NewReminder<'a> {
    pub text: &'a str,
    pub at_ms: u64,
    pub recurrence: Option<&'a str>,
    pub key: &'a str,
}

/// What the host lends; tests have their own.
pub trait World {
    fn now_ms(&self) -> u64;
    fn get(&self, key: &str) -> Result<Option<Vec<u8>>, Failure>;
    fn set(&mut self, key: &str, value: &[u8]) -> Result<(), Failure>;
    /// Those that wait, the next one first; then those that ended in the last day, newest first.
    fn reminders(&self) -> Result<Vec<Reminder>, Failure>;
    fn schedule(&mut self, new: NewReminder) -> Result<String, Failure>;
    fn reschedule(&mut self, id: &str, at_ms: u64) -> Result<bool, Failure>;
    fn cancel(&mut self, id: &str) -> Result<bool, Failure>;
}

pub struct Host;

impl World for Host {
    fn now_ms(&self) -> u64 {
        clock::now_ms()
    }

    fn get(&self, key: &str) -> Result<Option<Vec<u8>>, Failure> {
        Ok(kv::get(key)?)
    }

    fn set(&mut self, key: &str, value: &[u8]) -> Result<(), Failure> {
        Ok(kv::set(key, value)?)
    }

    fn reminders(&self) -> Result<Vec<Reminder>, Failure> {
        let jobs = jobs::list(MAX_JOBS)?.into_iter().filter(|job| job.kind == KIND);
        let reminders = jobs.map(|job| Reminder {
            text: job.payload["text"].as_str().unwrap_or_default().to_owned(),
            id: job.id,
            state: job.state,
            at_ms: job.run_at_ms,
            recurrence: job.recurrence,
        });
        Ok(reminders.collect())
    }

    fn schedule(&mut self, new: NewReminder) -> Result<String, Failure> {
        let job = jobs::Job::new(KIND, new.at_ms).payload(json!({ "text": new.text })).once_per(new.key);
        let job = match new.recurrence {
            Some(cron) => job.every(cron),
            None => job,
        };
        Ok(job.schedule()?)
    }

    fn reschedule(&mut self, id: &str, at_ms: u64) -> Result<bool, Failure> {
        Ok(jobs::reschedule(id, at_ms)?)
    }

    fn cancel(&mut self, id: &str) -> Result<bool, Failure> {
        Ok(jobs::cancel(id)?)
    }
}

pub struct Desk<'a, W> {
    pub world: &'a mut W,
    pub now: Moment,
    pub chinese: bool,
    pub call: &'a str,
    /// An earlier attempt of this call may have done everything already.
    pub retried: bool,
}

impl<'a, W: World> Desk<'a, W> {
    pub fn new(world: &'a mut W, call: &'a Call<Input>) -> Result<Self, Failure> {
        let zone: Tz = call
            .time_zone
            .parse()
            .map_err(|_| Failure::Failed(format!("`{}` is not an IANA time zone", call.time_zone)))?;
        let now = utc(world.now_ms()).with_timezone(&zone);
        Ok(Self { world, now, chinese: call.is_chinese(), call: &call.id, retried: call.attempt > 1 })
    }

    pub fn say(&self, english: String, chinese: String) -> String {
        if self.chinese { chinese } else { english }
    }

    pub fn at(&self, at_ms: u64) -> Moment {
        utc(at_ms).with_timezone(&self.now.timezone())
    }

    pub fn recall<T: DeserializeOwned>(&self, key: &str) -> Result<Option<T>, Failure> {
        // What an older version kept in another form is as good as nothing.
        Ok(self.world.get(key)?.and_then(|bytes| serde_json::from_slice(&bytes).ok()))
    }

    pub fn keep(&mut self, key: &str, value: &impl Serialize) -> Result<(), Failure> {
        self.world.set(key, &serde_json::to_vec(value)?)
    }
}

fn utc(ms: u64) -> DateTime<Utc> {
    i64::try_from(ms).ok().and_then(DateTime::from_timestamp_millis).unwrap_or_default()
}

pub fn ms(at: &Moment) -> u64 {
    u64::try_from(at.timestamp_millis()).unwrap_or_default()
}
