//! One file per kind of job. A kind is idempotent: its job may run again after a crash.

mod budget_notice;
mod daily_digest;
pub mod fold_memories;
mod reminder;
pub mod retention;
mod retry_send;
mod skill_call;
mod write_episode;

use anyhow::anyhow;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::{Parts, note::Note};
use crate::store::{Job, StoreError};

/// Every kind that this version knows; others are left to hosts that do.
pub const KINDS: [&str; 8] = [
    write_episode::KIND,
    reminder::KIND,
    retry_send::KIND,
    daily_digest::KIND,
    skill_call::KIND,
    budget_notice::KIND,
    retention::KIND,
    fold_memories::KIND,
];

/// Why a run failed.
pub enum Failed {
    /// The next attempt may go well.
    Again(anyhow::Error),
    /// No attempt will.
    ForGood(anyhow::Error),
}

/// How a run ended, with what is worth noting.
pub type Ended = Result<Note, Failed>;

impl From<anyhow::Error> for Failed {
    fn from(error: anyhow::Error) -> Self {
        Self::Again(error)
    }
}

impl From<StoreError> for Failed {
    fn from(error: StoreError) -> Self {
        Self::Again(error.into())
    }
}

/// A failure that no further attempt mends.
pub fn for_good(reason: &'static str) -> Failed {
    Failed::ForGood(anyhow!(reason))
}

/// Whether a kind is the host's own and no person's.
pub fn is_internal(kind: &str) -> bool {
    [write_episode::KIND, retry_send::KIND, budget_notice::KIND, retention::KIND, fold_memories::KIND].contains(&kind)
}

/// Whether a kind is tried again without end: a message waits for it.
pub fn never_dies(kind: &str) -> bool {
    kind == retry_send::KIND
}

/// Runs a job by its kind.
pub async fn run(parts: &Parts, job: &Job) -> Ended {
    match job.kind.as_str() {
        write_episode::KIND => write_episode::run(parts, job).await,
        reminder::KIND => reminder::run(parts, job).await,
        retry_send::KIND => retry_send::run(parts, job).await,
        daily_digest::KIND => daily_digest::run(parts, job).await,
        skill_call::KIND => skill_call::run(parts, job).await,
        budget_notice::KIND => budget_notice::run(parts, job).await,
        retention::KIND => retention::run(parts).await,
        fold_memories::KIND => fold_memories::run(parts).await,
        _ => Err(for_good("this version of Skillet has no job of this kind")),
    }
}

/// What a job was given. What does not fit its kind never will.
fn payload<T: DeserializeOwned>(job: &Job) -> Result<T, Failed> {
    let payload: &Value = &job.payload.0;
    T::deserialize(payload).map_err(|error| Failed::ForGood(anyhow!("the payload does not fit: {error}")))
}
