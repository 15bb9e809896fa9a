//! Removes, once a day, what is older than it is to be kept and what nothing needs any more.

use chrono::TimeDelta;
use std::time::Duration;
use tokio::time::Instant;

use super::Ended;
use crate::{
    clock::Clock,
    scheduler::{Parts, note::Note},
    store::{Db, NewJob, Old, StoreError},
};

pub const KIND: &str = "retention";

/// Rows removed in one transaction: SQLite has one writer, and whoever talks to the agent waits for it.
const BATCH: i64 = 500;

/// Versions carry their components, of some MiB each.
const BATCH_OF_VERSIONS: i64 = 10;

/// Between two batches, for the writers that wait.
const PAUSE: Duration = Duration::from_millis(20);

/// After so long the rest is left to the next day.
const TIME: Duration = Duration::from_mins(5);

/// Days that the use of a budget is kept: longer than the longest window.
const COUNTER_DAYS: i64 = 62;

/// Queues the job of this day; several hosts on one database make it once.
pub async fn queue(db: &Db, clock: &Clock) -> Result<(), StoreError> {
    let now = clock.now();
    let key = format!("{KIND}:{}", now.date_naive());
    db.queue_job(clock, &NewJob { idempotency_key: Some(key), ..NewJob::once(KIND, now, "host") }).await?;
    Ok(())
}

pub async fn run(parts: &Parts) -> Ended {
    let before = parts.clock.now() - TimeDelta::days(parts.retention_days.into());
    let began = Instant::now();
    for old in Old::ALL {
        let batch = if old == Old::Reviews { BATCH_OF_VERSIONS } else { BATCH };
        let mut removed = 0;
        while began.elapsed() < TIME {
            let gone = parts.db.drop_old(old, before, batch).await?;
            removed += gone;
            if gone < batch.unsigned_abs() {
                break;
            }
            tokio::time::sleep(PAUSE).await;
        }
        if removed > 0 {
            tracing::info!(?old, removed, "old rows were removed");
        }
    }
    parts.db.forget_counters(parts.clock.now() - TimeDelta::days(COUNTER_DAYS)).await?;
    Ok(Note::default())
}
