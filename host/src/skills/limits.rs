//! What one call may use. Every limit is on by default, comes from the manifest or the settings,
//! never exceeds the settings' ceiling, and is enforced in this folder.

use wasmtime::ResourceLimiter;

use super::manifest::Manifest;
use crate::config;

/// Log lines kept per call: a skill that logs in a loop does not fill the trace.
pub const MAX_LOG_LINES: usize = 200;

/// Bytes kept of one log line.
pub const MAX_LOG_LINE_BYTES: usize = 2_000;

/// Calls of the host per run: each may touch the database.
pub const MAX_HOST_CALLS: u64 = 1_000;

/// Bytes of random data per host call, as the contract says.
pub const MAX_RANDOM_BYTES: u32 = 1_024;

/// Bytes of one key, and of one value, of `kv`.
pub const MAX_KV_KEY_BYTES: usize = 512;
pub const MAX_KV_VALUE_BYTES: usize = 64 << 10;

/// Elements over all tables of an instance: tables are host memory that no memory limit counts.
pub const MAX_TABLE_ELEMENTS: usize = 20_000;

/// Core instances and memories in one component; guests made from JavaScript or Python have many.
pub const MAX_CORE_INSTANCES: u32 = 64;
pub const MAX_MEMORIES: u32 = 8;

/// Resource handles alive in one call.
pub const MAX_HANDLES: usize = 1_000;

/// Stack of WebAssembly code, in bytes.
pub const WASM_STACK_BYTES: usize = 512 << 10;

/// Fuel between two points where a running guest lets others run: some tens of microseconds.
pub const YIELD_FUEL: u64 = 100_000;

/// Bytes that may cross into the host in arguments and results beside the output itself.
pub const HOST_CALL_BYTES: usize = 1 << 20;

/// The limits of one version's calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    pub memory_bytes: usize,
    pub fuel: u64,
    pub timeout: std::time::Duration,
    pub output_bytes: usize,
}

impl Limits {
    /// What the manifest asks for, or the default, under the ceiling.
    pub fn of(manifest: &Manifest, settings: &config::Skills) -> Self {
        let memory_mib = manifest.limits.memory_mb.unwrap_or(settings.default_memory_mib).min(settings.max_memory_mib);
        let timeout_s =
            manifest.timeout_s.unwrap_or(f64::from(settings.default_timeout_s)).min(f64::from(settings.max_timeout_s));
        Self {
            memory_bytes: memory_mib as usize * (1 << 20),
            fuel: manifest.limits.fuel.unwrap_or(settings.default_fuel).min(settings.max_fuel),
            timeout: std::time::Duration::from_secs_f64(timeout_s),
            output_bytes: settings.max_output_bytes,
        }
    }
}

/// Counts the memory of all linear memories together, and the elements of all tables.
#[derive(Debug)]
pub struct Meter {
    max_bytes: usize,
    bytes: usize,
    elements: usize,
    /// The most that was in use at once.
    pub peak_bytes: usize,
    /// Set when growth was refused: a trap that follows is a matter of memory.
    pub refused: bool,
}

impl Meter {
    pub fn new(max_bytes: usize) -> Self {
        Self { max_bytes, bytes: 0, elements: 0, peak_bytes: 0, refused: false }
    }
}

impl ResourceLimiter for Meter {
    fn memory_growing(&mut self, current: usize, desired: usize, _: Option<usize>) -> wasmtime::Result<bool> {
        let bytes = self.bytes.saturating_sub(current).saturating_add(desired);
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
        let elements = self.elements.saturating_sub(current).saturating_add(desired);
        if elements > MAX_TABLE_ELEMENTS {
            self.refused = true;
            return Ok(false);
        }
        self.elements = elements;
        Ok(true)
    }
}
