//! Work done later, on the host's schedule. Granted with `jobs = true`.
//!
//! A skill sees and changes the jobs of the person its call is for. What a job says or does goes to
//! the conversation that the call came from.
//!
//! ```no_run
//! use skillet_sdk::{Failure, clock, jobs::Job, serde_json::json};
//!
//! fn remind_in_an_hour(text: &str) -> Result<String, Failure> {
//!     let job = Job::new("reminder", clock::now_ms() + 3_600_000).payload(json!({ "text": text }));
//!     Ok(job.schedule()?)
//! }
//! ```

#[cfg(target_family = "wasm")]
use crate::bindings::skillet::skill::jobs as raw;
#[cfg(not(target_family = "wasm"))]
use crate::testing::jobs as raw;
use crate::{Call, Failure};
use serde_json::Value;

/// As many as the host lists.
const MANY: u32 = 200;

/// A job to schedule.
///
/// ```
/// # use skillet_sdk::jobs::Job;
/// let daily = Job::new("daily_digest", 1_800_000_000_000)
///     .every("0 8 * * *")
///     .once_per("digest of Ada");
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Job {
    kind: String,
    run_at_ms: u64,
    recurrence: Option<String>,
    payload: Value,
    idempotency_key: Option<String>,
}

impl Job {
    /// A job at a time in milliseconds since 1970-01-01 UTC. The host knows the kinds `reminder`
    /// with the payload `{"text"}`, `skill_call` with `{"skill", "input"}`, and `daily_digest`.
    pub fn new(kind: impl Into<String>, run_at_ms: u64) -> Self {
        Self { kind: kind.into(), run_at_ms, recurrence: None, payload: Value::Null, idempotency_key: None }
    }

    /// Runs again and again from its time on: a cron expression of five fields, read in the user's
    /// time zone. With `None` it runs once.
    pub fn every<'a>(mut self, cron: impl Into<Option<&'a str>>) -> Self {
        self.recurrence = cron.into().map(str::to_owned);
        self
    }

    /// What the job is given when it runs.
    pub fn payload(mut self, payload: Value) -> Self {
        self.payload = payload;
        self
    }

    /// A second job with the same key is not made; the first one's id is returned.
    pub fn once_per(mut self, key: impl Into<String>) -> Self {
        self.idempotency_key = Some(key.into());
        self
    }

    /// Schedules it; returns its id.
    pub fn schedule(self) -> Result<String, Error> {
        Ok(raw::schedule(&raw::NewJob {
            kind: self.kind,
            run_at_ms: self.run_at_ms,
            recurrence: self.recurrence,
            payload: self.payload.to_string(),
            idempotency_key: self.idempotency_key,
        })?)
    }

    /// Schedules it once per call. A retry makes no second one and returns the first attempt's, whose time holds: "in
    /// ten minutes" was said then. Several jobs of one call have a key each, by [`once_per`](Self::once_per).
    ///
    /// ```
    /// use skillet_sdk::{Call, clock, jobs::Job, testing};
    ///
    /// testing::start(5_000);
    /// let mut call = Call::new(());
    /// let first = Job::new("daily_digest", clock::now_ms() + 600_000).schedule_once(&call)?;
    /// testing::pass(1_000);
    /// call.attempt = 2;
    /// let again = Job::new("daily_digest", clock::now_ms() + 600_000).schedule_once(&call)?;
    /// assert_eq!((again.id, again.run_at_ms), (first.id, 605_000));
    /// # Ok::<(), skillet_sdk::Failure>(())
    /// ```
    pub fn schedule_once<I>(self, call: &Call<I>) -> Result<Listed, Error> {
        let key = format!("{}:{}", call.id, self.idempotency_key.as_deref().unwrap_or_default());
        let job = self.once_per(key);
        let id = job.clone().schedule()?;
        let known = if call.attempt > 1 { list(MANY)? } else { Vec::new() };
        Ok(known.into_iter().find(|known| known.id == id).unwrap_or(Listed {
            id,
            kind: job.kind,
            state: State::Waiting,
            run_at_ms: job.run_at_ms,
            recurrence: job.recurrence,
            payload: job.payload,
        }))
    }
}

/// Where a job stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Still to run.
    Waiting,
    /// At it now.
    Running,
    /// Ran, and does not run again.
    Done,
    /// Its attempts are used up.
    Failed,
    /// Taken off the schedule.
    Cancelled,
}

/// A job that is there.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Listed {
    /// What [`reschedule`] and [`cancel`] know it by.
    pub id: String,
    /// As in [`Job::new`].
    pub kind: String,
    /// Where it stands.
    pub state: State,
    /// When it runs next, or ran last, in milliseconds since 1970-01-01 UTC.
    pub run_at_ms: u64,
    /// Its cron expression, if it runs again and again.
    pub recurrence: Option<String>,
    /// What it is given when it runs.
    pub payload: Value,
}

impl Listed {
    /// What it says when it runs: the `text` of its payload, empty where there is none.
    pub fn text(&self) -> &str {
        self.payload["text"].as_str().unwrap_or_default()
    }
}

/// The jobs still to run, the next one first; then those that ended in the last day, newest first.
/// At most `limit` of them.
///
/// ```no_run
/// use skillet_sdk::{Failure, jobs::{self, State}};
///
/// fn is_busy() -> Result<bool, Failure> {
///     Ok(jobs::list(100)?.iter().any(|job| job.state == State::Running))
/// }
/// ```
pub fn list(limit: u32) -> Result<Vec<Listed>, Error> {
    Ok(raw::list(limit)?.into_iter().map(Listed::from).collect())
}

/// Those of one kind that stand so, in the order of [`list`].
///
/// ```
/// use skillet_sdk::jobs::{self, Job, State};
///
/// Job::new("daily_digest", u64::MAX).schedule()?;
/// assert_eq!(jobs::of_kind("daily_digest", State::Waiting)?.len(), 1);
/// assert_eq!(jobs::of_kind("reminder", State::Waiting)?, []);
/// # Ok::<(), skillet_sdk::Failure>(())
/// ```
pub fn of_kind(kind: &str, state: State) -> Result<Vec<Listed>, Error> {
    Ok(list(MANY)?.into_iter().filter(|job| job.kind == kind && job.state == state).collect())
}

/// Moves a job that is still to run; false when it is not waiting any more.
///
/// ```no_run
/// # fn run(id: &str) -> Result<(), skillet_sdk::Failure> {
/// let in_an_hour = skillet_sdk::clock::now_ms() + 3_600_000;
/// let moved = skillet_sdk::jobs::reschedule(id, in_an_hour)?;
/// # Ok(())
/// # }
/// ```
pub fn reschedule(id: &str, run_at_ms: u64) -> Result<bool, Error> {
    Ok(raw::reschedule(id, run_at_ms)?)
}

/// Takes a job off the schedule; whether it was still to run.
///
/// ```no_run
/// # fn run(id: &str) -> Result<(), skillet_sdk::Failure> {
/// let stopped = skillet_sdk::jobs::cancel(id)?;
/// # Ok(())
/// # }
/// ```
pub fn cancel(id: &str) -> Result<bool, Error> {
    Ok(raw::cancel(id)?)
}

/// Why a job was not scheduled, listed or changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The kind, the time or the recurrence makes no sense.
    #[error("{0}")]
    Invalid(String),
    /// The owner has not granted it, or it is somebody else's job.
    #[error("{0}")]
    Denied(String),
    /// The scheduler cannot be reached for now.
    #[error("the scheduler is unavailable: {0}")]
    Unavailable(String),
}

impl From<raw::Job> for Listed {
    fn from(job: raw::Job) -> Self {
        Self {
            id: job.id,
            kind: job.kind,
            state: job.state.into(),
            run_at_ms: job.run_at_ms,
            recurrence: job.recurrence,
            // The host gives nothing but JSON.
            payload: serde_json::from_str(&job.payload).unwrap_or_default(),
        }
    }
}

impl From<raw::State> for State {
    fn from(state: raw::State) -> Self {
        match state {
            raw::State::Waiting => Self::Waiting,
            raw::State::Running => Self::Running,
            raw::State::Done => Self::Done,
            raw::State::Failed => Self::Failed,
            raw::State::Cancelled => Self::Cancelled,
        }
    }
}

impl From<raw::Error> for Error {
    fn from(error: raw::Error) -> Self {
        match error {
            raw::Error::Invalid(why) => Self::Invalid(why),
            raw::Error::Denied(why) => Self::Denied(why),
            raw::Error::Unavailable(why) => Self::Unavailable(why),
        }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let text = error.to_string();
        match error {
            Error::Invalid(_) => Self::InvalidInput(text),
            Error::Denied(_) => Self::Denied(text),
            Error::Unavailable(_) => Self::Unavailable(text),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_listed_job_has_its_payload_as_json() {
        let job = raw::Job {
            id: "7".into(),
            kind: "reminder".into(),
            state: raw::State::Waiting,
            run_at_ms: 1,
            recurrence: None,
            payload: r#"{"text":"tea"}"#.into(),
        };
        let listed = Listed::from(job);
        assert_eq!((listed.state, listed.text()), (State::Waiting, "tea"));
    }
}
