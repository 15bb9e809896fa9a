//! The limits of a skill's calls, and how near its calls came to them.

use serde::Serialize;
use utoipa::ToSchema;

use super::super::Backoffice;
use crate::{
    skills::{BOUNDS, HOST_BOUNDS, Limits, Manifest},
    store::{CallRecord, VersionRow},
};

/// Calls looked at for what was used.
pub const RECENT_CALLS: i64 = 100;

/// One limit of a call.
#[derive(Serialize, ToSchema)]
pub struct LimitView {
    /// Its key in the manifest.
    pub name: &'static str,
    /// Such as "bytes" or "ms".
    pub unit: &'static str,
    pub limit: u64,
    /// The most that one of the last 100 calls of the version used; of `concurrency`, the calls that run
    /// now, of `max_calls` and `max_queue` those of all skills that run and wait; of `queue_timeout_s` the longest
    /// wait; of `instances`, those that every call makes; of `handles`, those of the host that a call left
    /// open. `null` where nothing tells.
    pub used: Option<u64>,
    /// What it stops.
    pub attack: &'static str,
}

/// The limits of a version, used as its calls on record say.
pub fn of(backoffice: &Backoffice, manifest: &Manifest, version: &VersionRow, calls: &[CallRecord]) -> Vec<LimitView> {
    let limits = Limits::of(manifest, &backoffice.config.skills);
    let digest = &version.digest;
    let running = u64::try_from(backoffice.skills.in_flight(digest)).ok();
    let bounds = BOUNDS.iter().map(|bound| {
        let limit = (bound.of)(&limits);
        let used = match bound.name {
            "concurrency" => running,
            "instances" => version.core_instances.and_then(|count| u64::try_from(count).ok()),
            name => calls.iter().filter(|call| call.digest == *digest).filter_map(|call| spent(name, call)).max(),
        };
        // The host's own last line, which tells of those that were dropped, is not the skill's.
        let used = if bound.name == "log_lines" { used.map(|lines| lines.min(limit)) } else { used };
        LimitView { name: bound.name, unit: bound.unit, limit, used, attack: bound.attack }
    });
    bounds.chain(of_all(backoffice, digest, calls)).collect()
}

/// The limits that the calls of all skills have in common.
fn of_all(backoffice: &Backoffice, digest: &str, calls: &[CallRecord]) -> impl Iterator<Item = LimitView> {
    let (running, waiting) = backoffice.skills.load();
    let of_version = calls.iter().filter(|call| call.digest == digest);
    let waited = of_version.filter_map(|call| u64::try_from(call.queue_us / 1_000).ok()).max();
    HOST_BOUNDS.iter().map(move |bound| {
        let used = match bound.name {
            "max_calls" => u64::try_from(running).ok(),
            "max_queue" => u64::try_from(waiting).ok(),
            _ => waited,
        };
        let limit = (bound.of)(&backoffice.config.skills);
        LimitView { name: bound.name, unit: bound.unit, limit, used, attack: bound.attack }
    })
}

/// What a call used of a limit; nothing is known of one that did not run.
fn spent(limit: &str, call: &CallRecord) -> Option<u64> {
    let usage = &call.usage.as_ref()?.0;
    let most = &usage["most"];
    match limit {
        "memory_mb" => u64::try_from(call.peak_memory_bytes).ok(),
        "timeout_s" => most["duration_us"].as_u64().map(|micros| micros / 1_000),
        "host_call_bytes" => most["host_bytes"].as_u64(),
        other => most[other].as_u64().or_else(|| usage[other].as_u64()),
    }
}
