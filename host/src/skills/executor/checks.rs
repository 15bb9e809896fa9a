//! What a value must be to go in or to come out.

use serde_json::Value;
use std::sync::Arc;

use super::{
    super::{
        failure::{CallFailure, FailureKind},
        registry::Installed,
        schema::Schema,
    },
    Executor,
};
use crate::store::storable_json;

/// Levels of nesting in an input or an output. A parser of JSON gives up at 128, and both are
/// wrapped by records, traces and prompts.
const MAX_DEPTH: usize = 64;

impl Executor {
    /// Checks an input against the schema.
    pub(super) async fn check_input(&self, installed: &Installed, input: &Value) -> Result<(), CallFailure> {
        let bad = |text: String| CallFailure::new(FailureKind::InvalidInput, text);
        if too_deep(input) {
            return Err(bad(format!("the input is nested deeper than {MAX_DEPTH} levels")));
        }
        self.check(&installed.input, input).await.map_err(bad)
    }

    /// Reads an output and checks it against the schema.
    pub(super) async fn check_output(&self, installed: &Installed, text: &str) -> Result<Value, CallFailure> {
        let bad = |text: String| CallFailure::new(FailureKind::BadOutput, text);
        let value: Value =
            serde_json::from_str(text).map_err(|error| bad(format!("the output is not JSON: {error}")))?;
        if too_deep(&value) {
            return Err(bad(format!("the output is nested deeper than {MAX_DEPTH} levels")));
        }
        let value = storable_json(value);
        self.check(&installed.output, &value).await.map_err(bad)?;
        Ok(value)
    }

    /// Where it may take some time it is done where guests run: both sides come from strangers.
    async fn check(&self, schema: &Arc<Schema>, value: &Value) -> Result<(), String> {
        if schema.is_quick_for(value) {
            return schema.check(value);
        }
        let (schema, value) = (schema.clone(), value.clone());
        self.sandbox.aside(move || schema.check(&value)).await
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
