//! Other skills of the host. Granted with `skills = ["calculator"]`.
//!
//! ```no_run
//! use skillet_sdk::{Failure, serde_json::{Value, json}, skills};
//!
//! fn total() -> Result<Value, Failure> {
//!     skills::call("calculator", &json!({ "expression": "2 * 21" }))
//! }
//! ```
//!
//! What the other skill uses counts against this call: three levels deep at most, sixteen calls in all,
//! within the fuel and the time of the first one. It runs for the same person, in a sandbox of its own.

use crate::Failure;
use crate::bindings::skillet::skill::skills as raw;
use crate::bindings::skillet::skill::types::Failure as RawFailure;
use serde_json::Value;

/// Runs another skill and returns its output.
///
/// # Errors
///
/// What the other skill says, `Denied` if this one may not call it, `Unavailable` if the share of the
/// first call is used up or no place is free.
pub fn call(skill: &str, input: &Value) -> Result<Value, Failure> {
    let output = raw::call(skill, &input.to_string()).map_err(|failure| match failure {
        RawFailure::InvalidInput(text) => Failure::InvalidInput(text),
        RawFailure::Unavailable(text) => Failure::Unavailable(text),
        RawFailure::Denied(text) => Failure::Denied(text),
        RawFailure::Failed(text) => Failure::Failed(text),
    })?;
    Ok(serde_json::from_str(&output)?)
}
