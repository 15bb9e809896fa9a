//! A skill's output as a person reads it.

use serde_json::Value;

/// Longest text made of an output, in characters; all of it stays on record with the call.
const MAX_CHARS: usize = 16_000;

/// The output's `text`, or else its fields line by line.
pub fn readable(output: &Value) -> String {
    let text = whole(output);
    match text.char_indices().nth(MAX_CHARS) {
        Some((at, _)) => format!("{} […]", &text[..at]),
        None => text,
    }
}

fn whole(output: &Value) -> String {
    match output {
        Value::Object(fields) => match fields.get("text").and_then(Value::as_str) {
            Some(text) => text.to_owned(),
            None => fields.iter().map(|(key, value)| format!("{key}: {}", plain(value))).collect::<Vec<_>>().join("\n"),
        },
        other => plain(other),
    }
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}
