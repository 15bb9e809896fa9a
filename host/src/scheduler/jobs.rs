//! One file per kind of job. A kind is idempotent: its job may run again after a crash.

mod write_episode;

use anyhow::bail;

use super::Parts;
use crate::store::Job;

/// Runs a job by its kind.
pub async fn run(parts: &Parts, job: &Job) -> anyhow::Result<()> {
    match job.kind.as_str() {
        write_episode::KIND => write_episode::run(parts, &job.payload.0).await,
        other => bail!("this version of Skillet has no job of the kind `{other}`"),
    }
}
