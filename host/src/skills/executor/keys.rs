//! Calls of one key are one call.

use serde_json::{Value, json};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};
use tokio::sync::OwnedMutexGuard;

use super::super::{
    Request,
    failure::{CallFailure, FailureKind},
    manifest::Idempotency,
    registry::Installed,
};
use crate::store::storable;

/// The keys of the calls that run in this process.
#[derive(Default)]
pub struct Keys(Mutex<HashMap<String, Arc<tokio::sync::Mutex<()>>>>);

impl Keys {
    /// Takes a key for as long as the guard lives; waits while another call of the same key runs.
    pub async fn take(&self, key: Option<&str>) -> Option<OwnedMutexGuard<()>> {
        let turn = {
            // Held to look a key up.
            let mut running = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            // Keys that nobody holds any more.
            running.retain(|_, turn| Arc::strong_count(turn) > 1);
            running.entry(key?.to_owned()).or_default().clone()
        };
        Some(turn.lock_owned().await)
    }
}

/// The key under which a call happens once. A keyed skill names the fields that matter; within a
/// turn two calls that agree in them are one.
pub fn key_of(installed: &Installed, request: &Request) -> Option<String> {
    match (&installed.manifest.idempotency, request.caller.turn) {
        (Idempotency::Keyed(fields), Some(turn)) => {
            let values: Vec<&Value> = fields.iter().map(|field| &request.input[field]).collect();
            let hash = blake3::hash(json!(values).to_string().as_bytes());
            Some(format!("{turn}:{}:{}", installed.name, hash.to_hex()))
        }
        // A key from outside is the caller's own, so two callers never share one.
        _ => request.key.as_ref().map(|key| format!("{}:{}:{}", request.caller.user, installed.name, short(key))),
    }
}

/// A key from outside is for one input.
pub fn other_input() -> CallFailure {
    CallFailure::new(FailureKind::InvalidInput, "this idempotency key belongs to a call with another input")
}

/// Whether a call that failed may be run again: what is keyed happens once for its key; without one, nothing tells a
/// second run from a new call.
pub fn repeatable(installed: &Installed, key: Option<&str>) -> bool {
    match &installed.manifest.idempotency {
        Idempotency::None => false,
        Idempotency::Natural => true,
        Idempotency::Keyed(_) => key.is_some(),
    }
}

/// What tells inputs apart in a key.
pub fn input_hash(input: &Value) -> String {
    blake3::hash(input.to_string().as_bytes()).to_hex()[..16].to_owned()
}

/// A key as it may stand in an index: long ones by their hash.
pub fn short(key: &str) -> String {
    const MAX_KEY_BYTES: usize = 200;
    if key.len() <= MAX_KEY_BYTES { storable(key) } else { blake3::hash(key.as_bytes()).to_hex().to_string() }
}
