//! Manifests made in code.

use serde_json::{Value, json};
use toml::Table;

/// A `skill.toml` in the making. What is not said has the shortest value that is allowed.
#[derive(Clone, Debug)]
pub struct Manifest(Table);

impl Manifest {
    /// Takes any object and gives anything; version 1.0.0.
    pub fn new(name: &str) -> Self {
        let described = format!("The skill {name} of a test.");
        Self(Table::new())
            .set("name", &json!(name))
            .version("1.0.0")
            .set("description", &json!(described))
            .input(&json!({ "type": "object" }))
            .output(&json!({}))
    }

    pub fn version(self, version: &str) -> Self {
        self.set("version", &json!(version))
    }

    pub fn input(self, schema: &Value) -> Self {
        self.set("input_schema", schema)
    }

    pub fn output(self, schema: &Value) -> Self {
        self.set("output_schema", schema)
    }

    pub fn timeout_s(self, seconds: f64) -> Self {
        self.set("timeout_s", &json!(seconds))
    }

    /// `natural`, `none`, or the input fields of `keyed`.
    pub fn idempotency(self, value: &Value) -> Self {
        self.set("idempotency", value)
    }

    /// For example `("kv", true)` or `("memory", ["read"])`.
    pub fn capability(self, name: &str, scope: &Value) -> Self {
        self.entry("capabilities", name, scope)
    }

    /// For example `("memory_mb", 64)` or `("fuel", 1_000_000)`.
    pub fn limit(self, name: &str, value: u64) -> Self {
        self.entry("limits", name, &json!(value))
    }

    /// Messages that begin with one of `words`; the rest fills the input field `fill`.
    pub fn words(self, words: &[&str], fill: &str) -> Self {
        self.push("triggers", &json!({ "words": words, "fill": fill }))
    }

    /// Messages that match; `input` maps fields to templates, or is empty when the groups are the fields.
    pub fn pattern(self, pattern: &str, input: &Value) -> Self {
        self.push("triggers", &json!({ "pattern": pattern, "input": input }))
    }

    pub fn example(self, input: &Value, output: &Value) -> Self {
        self.push("examples", &json!({ "input": input, "output": output }))
    }

    /// Sets any key.
    pub fn set(mut self, key: &str, value: &Value) -> Self {
        self.0.insert(key.to_owned(), toml_value(value));
        self
    }

    pub fn toml(&self) -> String {
        toml::to_string(&self.0).unwrap()
    }

    fn entry(mut self, table: &str, key: &str, value: &Value) -> Self {
        let entries = self.0.entry(table).or_insert_with(|| Table::new().into());
        entries.as_table_mut().unwrap().insert(key.to_owned(), toml_value(value));
        self
    }

    fn push(mut self, list: &str, value: &Value) -> Self {
        let items = self.0.entry(list).or_insert_with(|| toml::Value::Array(Vec::new()));
        items.as_array_mut().unwrap().push(toml_value(value));
        self
    }
}

fn toml_value(value: &Value) -> toml::Value {
    toml::Value::try_from(value).unwrap()
}
