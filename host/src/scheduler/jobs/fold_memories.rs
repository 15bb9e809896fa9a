//! Folds, once a night, what is old in everybody's memory. By rules: it costs no tokens.

use chrono::{Days, NaiveTime, TimeZone};
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

/// Queues the job of the night that comes; several hosts on one database make it once.
pub async fn queue(db: &Db, clock: &Clock, zone: Tz) -> Result<(), StoreError> {
    let now = clock.now().with_timezone(&zone);
    let today = now.date_naive();
    let day = if now.time() < HOUR { today } else { today.checked_add_days(Days::new(1)).unwrap_or(today) };
    let at = zone.from_local_datetime(&day.and_time(HOUR)).earliest().unwrap_or(now);
    let job = NewJob { idempotency_key: Some(format!("{KIND}:{day}")), ..NewJob::once(KIND, at.to_utc(), "host") };
    db.queue_job(clock, &job).await?;
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
