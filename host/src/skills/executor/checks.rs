//! What a value must be to go in or to come out.

use serde_json::Value;

use super::super::{
    failure::{CallFailure, FailureKind},
    registry::Installed,
};
use crate::store::storable_json;

/// Levels of nesting in an input or an output. A parser of JSON gives up at 128, and both are
/// wrapped by records, traces and prompts.
const MAX_DEPTH: usize = 64;

/// Checks an input against the schema.
pub fn input(installed: &Installed, input: &Value) -> Result<(), CallFailure> {
    let bad = |text: String| CallFailure::new(FailureKind::InvalidInput, text);
    if too_deep(input) {
        return Err(bad(format!("the input is nested deeper than {MAX_DEPTH} levels")));
    }
    installed.input.validate(input).map_err(|error| bad(format!("{} at `{}`", error.masked(), error.instance_path())))
}

/// Reads an output and checks it against the schema.
pub fn output(installed: &Installed, text: &str) -> Result<Value, CallFailure> {
    let bad = |text: String| CallFailure::new(FailureKind::BadOutput, text);
    let value: Value = serde_json::from_str(text).map_err(|error| bad(format!("the output is not JSON: {error}")))?;
    if too_deep(&value) {
        return Err(bad(format!("the output is nested deeper than {MAX_DEPTH} levels")));
    }
    let value = storable_json(value);
    match installed.output.validate(&value) {
        Ok(()) => Ok(value),
        Err(error) => Err(bad(format!("{} at `{}`", error.masked(), error.instance_path()))),
    }
}

/// Whether a value is nested deeper than what wraps it later can be read back with.
fn too_deep(value: &Value) -> bool {
    fn deeper(value: &Value, left: usize) -> bool {
        match value {
            Value::Array(items) => left == 0 || items.iter().any(|item| deeper(item, left - 1)),
            Value::Object(fields) => left == 0 || fields.values().any(|item| deeper(item, left - 1)),
            _ => false,
        }
    }
    deeper(value, MAX_DEPTH)
}
