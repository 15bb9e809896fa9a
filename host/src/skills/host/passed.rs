//! How much a run has asked of the host, through our interfaces and through WASI.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::skills::{egress::Incoming, limits::Limits};

/// Calls of the host by one run, and the bytes passed with them.
#[derive(Debug, Default)]
pub struct Passed {
    calls: AtomicU64,
    bytes: AtomicU64,
    sent: AtomicU64,
    received: AtomicU64,
}

/// Ends a run that has called the host too often.
#[derive(Debug, thiserror::Error)]
#[error("the skill called the host more than {0} times (`limits.host_calls`)")]
pub struct TooManyHostCalls(u64);

/// Ends a run that has passed too much to the host.
#[derive(Debug, thiserror::Error)]
#[error("the skill passed more than {0} bytes to the host (`limits.host_call_bytes`)")]
pub struct TooMuchData(u64);

impl Passed {
    pub fn calls(&self) -> u64 {
        self.calls.load(Ordering::Relaxed)
    }

    pub fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }

    /// Bytes that went through the gate: out, and in.
    pub fn network(&self) -> (u64, u64) {
        (self.sent.load(Ordering::Relaxed), self.received.load(Ordering::Relaxed))
    }

    /// Counts what an exchange moved.
    pub fn exchanged(&self, answer: &Incoming) {
        self.sent.fetch_add(answer.bytes_out, Ordering::Relaxed);
        self.received.fetch_add(answer.bytes_in, Ordering::Relaxed);
    }

    /// Counts a call and what is passed with it; fails once there is more of either than a run may have.
    pub fn call(&self, bytes: u64, limits: &Limits) -> wasmtime::Result<()> {
        if self.calls.fetch_add(1, Ordering::Relaxed) >= limits.host_calls {
            return Err(TooManyHostCalls(limits.host_calls).into());
        }
        self.more(bytes, limits)
    }

    /// Counts more bytes of a call.
    pub fn more(&self, bytes: u64, limits: &Limits) -> wasmtime::Result<()> {
        // Nothing adds 2^64: the bytes were in memory.
        let before = self.bytes.fetch_add(bytes, Ordering::Relaxed);
        if before.saturating_add(bytes) > limits.host_call_bytes {
            return Err(TooMuchData(limits.host_call_bytes).into());
        }
        Ok(())
    }
}
