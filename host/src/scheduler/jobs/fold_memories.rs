//! Folds, once a night, what is old in everybody's memory. By rules: it costs no tokens.

use chrono::NaiveTime;
use chrono_tz::Tz;

use super::Ended;
use crate::{
    clock::Clock,
    scheduler::{Parts, note::Note},
    store::{Db, NewJob, StoreError},
};

pub const KIND: &str = "fold_memories";

/// When most people sleep, in the zone of the settings.
const HOUR: NaiveTime = NaiveTime::from_hms_opt(3, 0, 0).expect("there is such an hour");

/// Queues the job of this night once its hour has come, or when the host is next up; several hosts on one database
/// make it once.
pub async fn queue(db: &Db, clock: &Clock, zone: Tz) -> Result<(), StoreError> {
    let now = clock.now();
    let here = now.with_timezone(&zone);
    if here.time() >= HOUR {
        let key = format!("{KIND}:{}", here.date_naive());
        db.queue_job(clock, &NewJob { idempotency_key: Some(key), ..NewJob::once(KIND, now, "host") }).await?;
    }
    Ok(())
}

pub async fn run(parts: &Parts) -> Ended {
    let common = parts.settings.current().await?.time_zone;
    for user in parts.db.users().await? {
        if let Some(folding) = parts.memory.consolidate(user.id, user.zone(common)).await? {
            tracing::info!(user = %user.id, %folding, "memory was folded");
        }
    }
    Ok(Note::default())
}
