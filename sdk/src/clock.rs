//! The time. Needs no grant.
//!
//! `SystemTime::now` and `Instant::now` of the standard library panic in a component; this is
//! the clock.

/// Milliseconds since 1970-01-01 UTC.
///
/// ```
/// let started = skillet_sdk::clock::now_ms();
/// # let work = || ();
/// work();
/// let duration_ms = skillet_sdk::clock::now_ms().saturating_sub(started);
/// assert!(duration_ms < 1_000);
/// ```
pub fn now_ms() -> u64 {
    source::now_ms()
}

#[cfg(target_family = "wasm")]
use crate::bindings::skillet::skill::clock as source;

#[cfg(not(target_family = "wasm"))]
mod source {
    pub fn now_ms() -> u64 {
        crate::testing::now_ms().unwrap_or_else(|| {
            let since = std::time::SystemTime::UNIX_EPOCH.elapsed().ok();
            since.and_then(|since| u64::try_from(since.as_millis()).ok()).unwrap_or_default()
        })
    }
}
