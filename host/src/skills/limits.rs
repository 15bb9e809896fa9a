//! What one call may use. Every limit is on by default, comes from the manifest, the settings or the
//! constants here, never exceeds the host's ceiling, is enforced in this folder, and is probed at start.

use wasmtime::ResourceLimiter;

use super::manifest::{Manifest, ManifestError, bad};
use crate::config;

/// Lines and bytes of log kept per call: a skill that logs in a loop does not fill the trace.
const LOG_LINES: u64 = 200;
const LOG_BYTES: u64 = 64 << 10;

/// Bytes kept of one log line.
pub const MAX_LOG_LINE_BYTES: usize = 2_000;

/// Calls of the host per run: each may touch the database.
const HOST_CALLS: u64 = 1_000;

/// Bytes passed to the host per run, over all calls of it: the host keeps some of them.
const HOST_CALL_BYTES: u64 = 8 << 20;

/// Bytes passed to the host in one call, beside an output: what the host copies before it can look.
pub const ONE_HOST_CALL_BYTES: usize = 1 << 20;

/// Bytes of random data per host call, as the contract says.
pub const MAX_RANDOM_BYTES: u32 = 1_024;

/// Bytes of one key, and of one value, of `kv`.
pub const MAX_KV_KEY_BYTES: usize = 512;
pub const MAX_KV_VALUE_BYTES: usize = 64 << 10;

/// Bytes of one question to a model.
pub const MAX_PROMPT_BYTES: usize = 64 << 10;

/// Elements over all tables of a call: tables are host memory that no memory limit counts.
pub const TABLE_ELEMENTS: u64 = 20_000;

/// Core instances and memories in one component; guests made from JavaScript or Python have many.
pub const INSTANCES: u64 = 64;
pub const MAX_MEMORIES: u32 = 8;

/// Resource handles alive in one call: each is an entry of a table of the host.
const HANDLES: u64 = 1_000;

/// Stack of WebAssembly code, in bytes: recursion without end is a trap of the guest, not the host's.
pub const WASM_STACK_BYTES: usize = 512 << 10;

/// Fuel between two points where a running guest lets others run: some tens of microseconds.
pub const YIELD_FUEL: u64 = 100_000;

const MIB: u64 = 1 << 20;

/// The limits of one version's calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    pub memory_bytes: u64,
    pub fuel: u64,
    /// Wall time from instantiation to the answer, waiting in host calls included.
    pub timeout: std::time::Duration,
    pub output_bytes: u64,
    pub log_lines: u64,
    pub log_bytes: u64,
    pub host_calls: u64,
    pub host_call_bytes: u64,
    pub table_elements: u64,
    pub instances: u64,
    pub handles: u64,
    /// Calls of the skill that run at once.
    pub concurrency: u64,
}

/// One limit as people meet it: in manifests, on the page of a skill, in the list of probes.
pub struct Bound {
    /// Its key under `[limits]`; `timeout_s` stands at the top of the manifest.
    pub name: &'static str,
    pub unit: &'static str,
    /// What it stops.
    pub attack: &'static str,
    pub of: fn(&Limits) -> u64,
}

/// One limit of all calls of a host together.
pub struct HostBound {
    /// Its key under `[skills]` of the settings.
    pub name: &'static str,
    pub unit: &'static str,
    /// What it stops.
    pub attack: &'static str,
    pub of: fn(&config::Skills) -> u64,
}

/// Every limit of all calls together, in the order of the page.
pub const HOST_BOUNDS: [HostBound; 3] = [
    HostBound {
        name: "max_calls",
        unit: "calls",
        attack: "many skills at once that take all memory and every processor",
        of: |settings| u64::from(settings.max_calls),
    },
    HostBound {
        name: "max_queue",
        unit: "calls",
        attack: "calls that pile up faster than they are run",
        of: |settings| settings.max_queue as u64,
    },
    HostBound {
        name: "queue_timeout_s",
        unit: "ms",
        attack: "waiting for a place that never becomes free",
        of: |settings| settings.queue_timeout_s.saturating_mul(1_000),
    },
];

/// Every limit of a call, in the order of the page.
pub const BOUNDS: [Bound; 12] = [
    Bound {
        name: "fuel",
        unit: "units",
        attack: "a loop without end, wherever it stands: run, start function, allocator",
        of: |limits| limits.fuel,
    },
    Bound {
        name: "timeout_s",
        unit: "ms",
        attack: "waiting without computing: a slow server, a clock, a call of the host that does not return",
        of: |limits| u64::try_from(limits.timeout.as_millis()).unwrap_or(u64::MAX),
    },
    Bound {
        name: "memory_mb",
        unit: "bytes",
        attack: "memory without end, in one linear memory or in many",
        of: |limits| limits.memory_bytes,
    },
    Bound {
        name: "table_elements",
        unit: "elements",
        attack: "memory of the host through tables of references",
        of: |limits| limits.table_elements,
    },
    Bound {
        name: "instances",
        unit: "instances",
        attack: "a component of thousands of core instances",
        of: |limits| limits.instances,
    },
    Bound { name: "handles", unit: "handles", attack: "resources made and never dropped", of: |limits| limits.handles },
    Bound {
        name: "output_bytes",
        unit: "bytes",
        attack: "an answer that fills the database and the prompt",
        of: |limits| limits.output_bytes,
    },
    Bound { name: "log_lines", unit: "lines", attack: "a flood of short log lines", of: |limits| limits.log_lines },
    Bound { name: "log_bytes", unit: "bytes", attack: "a flood of long log lines", of: |limits| limits.log_bytes },
    Bound {
        name: "host_calls",
        unit: "calls",
        attack: "hammering the database, the network or the schedule",
        of: |limits| limits.host_calls,
    },
    Bound {
        name: "host_call_bytes",
        unit: "bytes",
        attack: "arguments that make the host copy and keep without end",
        of: |limits| limits.host_call_bytes,
    },
    Bound {
        name: "concurrency",
        unit: "calls",
        attack: "one skill that takes every place of the others",
        of: |limits| limits.concurrency,
    },
];

impl Limits {
    /// The most that a manifest may ask for.
    pub fn ceiling(settings: &config::Skills) -> Self {
        Self {
            memory_bytes: u64::from(settings.max_memory_mib) * MIB,
            fuel: settings.max_fuel,
            timeout: std::time::Duration::from_secs(settings.max_timeout_s.into()),
            output_bytes: settings.max_output_bytes as u64,
            log_lines: LOG_LINES,
            log_bytes: LOG_BYTES,
            host_calls: HOST_CALLS,
            host_call_bytes: HOST_CALL_BYTES,
            table_elements: TABLE_ELEMENTS,
            instances: INSTANCES,
            handles: HANDLES,
            concurrency: settings.max_calls.into(),
        }
    }

    /// What the manifest asks for, or the default. A stored version may ask for more than a ceiling
    /// that was lowered since; it gets the ceiling.
    pub fn of(manifest: &Manifest, settings: &config::Skills) -> Self {
        let (asked, most) = (&manifest.limits, Self::ceiling(settings));
        let or = |asked: Option<u64>, default: u64, most: u64| asked.unwrap_or(default).min(most);
        let timeout_s = manifest.timeout_s.unwrap_or_else(|| f64::from(settings.default_timeout_s));
        let memory_mib = u64::from(settings.default_memory_mib);
        Self {
            memory_bytes: or(asked.memory_mb, memory_mib, u64::MAX).saturating_mul(MIB).min(most.memory_bytes),
            fuel: or(asked.fuel, settings.default_fuel, most.fuel),
            timeout: std::time::Duration::from_secs_f64(timeout_s).min(most.timeout),
            output_bytes: or(asked.output_bytes, most.output_bytes, most.output_bytes),
            log_lines: or(asked.log_lines, most.log_lines, most.log_lines),
            log_bytes: or(asked.log_bytes, most.log_bytes, most.log_bytes),
            host_calls: or(asked.host_calls, most.host_calls, most.host_calls),
            host_call_bytes: or(asked.host_call_bytes, most.host_call_bytes, most.host_call_bytes),
            table_elements: or(asked.table_elements, most.table_elements, most.table_elements),
            instances: or(asked.instances, most.instances, most.instances),
            handles: or(asked.handles, most.handles, most.handles),
            // Unless it asks for them, a skill leaves some places to the others.
            concurrency: if manifest.can_parallel {
                or(asked.concurrency, most.concurrency - most.concurrency / 4, most.concurrency)
            } else {
                1
            },
        }
    }

    /// Refuses a manifest that asks for more than this host gives.
    pub fn check(manifest: &Manifest, settings: &config::Skills) -> Result<(), ManifestError> {
        let most = Self::ceiling(settings);
        if manifest.timeout_s.is_some_and(|seconds| seconds > most.timeout.as_secs_f64()) {
            return Err(bad("timeout_s", format!("this host gives {} s at most", settings.max_timeout_s)));
        }
        for (name, asked) in manifest.limits.asked() {
            let bound = BOUNDS.iter().find(|bound| bound.name == name);
            let most = bound.map_or(0, |bound| (bound.of)(&most));
            let most = if name == "memory_mb" { most / MIB } else { most };
            if asked > most {
                return Err(bad(format!("limits.{name}"), format!("this host gives {most} at most")));
            }
        }
        Ok(())
    }
}

/// Counts the memory of all linear memories together, and the elements of all tables.
#[derive(Debug)]
pub struct Meter {
    max_bytes: u64,
    max_elements: u64,
    max_instances: u64,
    bytes: u64,
    elements: u64,
    /// The most that was in use at once.
    pub peak_bytes: u64,
    pub peak_elements: u64,
    /// Set when growth was refused: a trap that follows is a matter of memory.
    pub refused: bool,
}

impl Meter {
    pub fn new(limits: &Limits) -> Self {
        Self {
            max_bytes: limits.memory_bytes,
            max_elements: limits.table_elements,
            max_instances: limits.instances,
            bytes: 0,
            elements: 0,
            peak_bytes: 0,
            peak_elements: 0,
            refused: false,
        }
    }
}

impl ResourceLimiter for Meter {
    fn memory_growing(&mut self, current: usize, desired: usize, _: Option<usize>) -> wasmtime::Result<bool> {
        let bytes = self.bytes.saturating_sub(current as u64).saturating_add(desired as u64);
        if bytes > self.max_bytes {
            self.refused = true;
            return Ok(false);
        }
        self.bytes = bytes;
        self.peak_bytes = self.peak_bytes.max(bytes);
        Ok(true)
    }

    fn memory_grow_failed(&mut self, _: wasmtime::Error) -> wasmtime::Result<()> {
        self.refused = true;
        Ok(())
    }

    fn table_growing(&mut self, current: usize, desired: usize, _: Option<usize>) -> wasmtime::Result<bool> {
        let elements = self.elements.saturating_sub(current as u64).saturating_add(desired as u64);
        if elements > self.max_elements {
            self.refused = true;
            return Ok(false);
        }
        self.elements = elements;
        self.peak_elements = self.peak_elements.max(elements);
        Ok(true)
    }

    fn instances(&self) -> usize {
        usize::try_from(self.max_instances).unwrap_or(usize::MAX)
    }
}
