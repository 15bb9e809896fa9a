//! Work done later, on the host's schedule. Granted with `jobs = true`. No host lends it yet: an
//! upload that imports it is refused.
//!
//! ```no_run
//! use skillet_sdk::{Failure, clock, jobs::Job, serde_json::json};
//!
//! fn remind_in_an_hour(text: &str) -> Result<String, Failure> {
//!     let job = Job::new("reminder", clock::now_ms() + 3_600_000).payload(json!({ "text": text }));
//!     Ok(job.schedule()?)
//! }
//! ```

use crate::Failure;
use crate::bindings::skillet::skill::jobs as raw;
use serde_json::Value;

/// A job to schedule.
///
/// ```
/// # use skillet_sdk::jobs::Job;
/// let daily = Job::new("digest", 1_800_000_000_000)
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
    /// A job of a kind that the host knows, at a time in milliseconds since 1970-01-01 UTC.
    pub fn new(kind: impl Into<String>, run_at_ms: u64) -> Self {
        Self { kind: kind.into(), run_at_ms, recurrence: None, payload: Value::Null, idempotency_key: None }
    }

    /// Runs again and again: a cron expression, read in the user's time zone.
    pub fn every(mut self, cron: impl Into<String>) -> Self {
        self.recurrence = Some(cron.into());
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

/// Why a job was not scheduled or cancelled.
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
