//! Bounds on a JSON Schema before anything is checked against it: a small text can stand for an
//! endless amount of work, and checking cannot be interrupted.

use serde_json::Value;
use std::collections::HashMap;

/// Subschemas that a schema may have once its references are put in place.
const MAX_NODES: u64 = 10_000;

/// Longest `pattern`.
const MAX_PATTERN_BYTES: usize = 1_000;

/// Says what is too much, if anything.
pub fn check(schema: &Value) -> Result<(), String> {
    let mut weigher = Weigher { root: schema, known: HashMap::new() };
    let nodes = weigher.weigh(schema)?;
    if nodes > MAX_NODES {
        return Err(format!("with its references put in place it has more than {MAX_NODES} parts"));
    }
    Ok(())
}

struct Weigher<'a> {
    root: &'a Value,
    /// Weight by reference; `None` while it is being weighed, so that a circle is seen.
    known: HashMap<&'a str, Option<u64>>,
}

impl<'a> Weigher<'a> {
    fn weigh(&mut self, value: &'a Value) -> Result<u64, String> {
        let mut nodes: u64 = 1;
        match value {
            Value::Array(items) => {
                for item in items {
                    nodes = nodes.saturating_add(self.weigh(item)?);
                }
            }
            Value::Object(fields) => {
                for (key, item) in fields {
                    let weight = match (key.as_str(), item) {
                        ("$ref", Value::String(target)) => self.follow(target)?,
                        ("$dynamicRef" | "$recursiveRef", _) => return Err(format!("`{key}` is not supported")),
                        ("pattern", Value::String(pattern)) if pattern.len() > MAX_PATTERN_BYTES => {
                            return Err(format!("a `pattern` has {MAX_PATTERN_BYTES} bytes at most"));
                        }
                        // Definitions count where they are used.
                        ("$defs" | "definitions", _) => 0,
                        (_, item) => self.weigh(item)?,
                    };
                    nodes = nodes.saturating_add(weight);
                }
            }
            _ => {}
        }
        Ok(nodes)
    }

    fn follow(&mut self, target: &'a str) -> Result<u64, String> {
        match self.known.get(target) {
            Some(Some(weight)) => return Ok(*weight),
            Some(None) => return Err(format!("the reference `{target}` leads back to itself")),
            None => {}
        }
        let pointer = target.strip_prefix('#').filter(|pointer| pointer.starts_with('/'));
        let found = pointer.and_then(|pointer| self.root.pointer(pointer));
        let found = found.ok_or_else(|| format!("the reference `{target}` is not a place in this schema (`#/…`)"))?;
        self.known.insert(target, None);
        let weight = self.weigh(found)?;
        self.known.insert(target, Some(weight));
        Ok(weight)
    }
}

#[cfg(test)]
mod tests {
    use super::check;
    use serde_json::{Value, json};

    #[test]
    fn references_are_followed_and_counted() {
        let fine = json!({ "$defs": { "a": { "type": "string" } }, "properties": { "x": { "$ref": "#/$defs/a" } } });
        assert_eq!(check(&fine), Ok(()));
        let refused = |schema: Value, part: &str| {
            let reason = check(&schema).unwrap_err();
            assert!(reason.contains(part), "{reason}");
        };
        refused(json!({ "$ref": "https://example.org/schema" }), "not a place");
        refused(json!({ "$ref": "#" }), "not a place");
        refused(json!({ "$defs": { "a": { "anyOf": [{ "$ref": "#/$defs/a" }] } }, "$ref": "#/$defs/a" }), "leads back");
        let mut defs = serde_json::Map::new();
        for n in 0..26 {
            let next = json!({ "$ref": format!("#/$defs/d{}", n + 1) });
            defs.insert(format!("d{n}"), json!({ "anyOf": [next, next] }));
        }
        defs.insert("d26".into(), json!({ "type": "string" }));
        refused(json!({ "$defs": defs, "$ref": "#/$defs/d0" }), "more than");
    }
}
