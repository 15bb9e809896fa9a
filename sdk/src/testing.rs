//! A host in memory, for native tests of what a skill keeps and schedules.
//!
//! On the machine that builds a skill [`clock`](crate::clock), [`kv`](crate::kv) and [`jobs`](crate::jobs) use one that
//! belongs to the thread, as each test has. It has no limits and refuses nothing, and a recurrence stays where it was
//! put: `skillet skill test` runs the component against the host itself.
//!
//! ```
//! use skillet_sdk::{jobs::{self, Job, State}, serde_json::json, testing};
//!
//! testing::start(1_800_000_000_000);
//! Job::new("reminder", 1_800_000_600_000).payload(json!({ "text": "tea" })).schedule()?;
//! assert_eq!(jobs::list(10)?[0].state, State::Waiting);
//! testing::pass(600_000);
//! assert_eq!(jobs::list(10)?[0].state, State::Done);
//! # Ok::<(), skillet_sdk::Failure>(())
//! ```

pub(crate) mod jobs;
pub(crate) mod kv;

use std::{cell::RefCell, collections::BTreeMap};

#[derive(Default)]
struct Host {
    /// The machine's time until one is set.
    now_ms: Option<u64>,
    kept: BTreeMap<String, Vec<u8>>,
    jobs: Vec<jobs::Queued>,
}

thread_local! {
    static HOST: RefCell<Host> = RefCell::default();
}

fn with<T>(visit: impl FnOnce(&mut Host) -> T) -> T {
    HOST.with_borrow_mut(visit)
}

/// Begins with an empty host at a time in milliseconds since 1970-01-01 UTC; from then on its clock stands still.
///
/// ```
/// skillet_sdk::testing::start(5_000);
/// assert_eq!(skillet_sdk::clock::now_ms(), 5_000);
/// ```
pub fn start(now_ms: u64) {
    with(|host| *host = Host { now_ms: Some(now_ms), ..Host::default() });
}

/// Lets time pass. Jobs that come due are done, but for those that come again.
///
/// ```
/// use skillet_sdk::{clock, testing};
///
/// testing::start(5_000);
/// testing::pass(1_000);
/// assert_eq!(clock::now_ms(), 6_000);
/// ```
pub fn pass(ms: u64) {
    let now_ms = crate::clock::now_ms() + ms;
    with(|host| {
        host.now_ms = Some(now_ms);
        jobs::run_due(&mut host.jobs, now_ms);
    });
}

/// The time that was set.
pub(crate) fn now_ms() -> Option<u64> {
    with(|host| host.now_ms)
}
