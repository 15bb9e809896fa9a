//! How much work a schema makes, with its references put in place.

use serde_json::{Map, Value};
use std::collections::HashMap;

use super::pattern;

/// Subschemas that a schema may have once its references are put in place.
const MAX_NODES: u64 = 10_000;

/// Longest `pattern`, and how many of them.
const MAX_PATTERN_BYTES: usize = 1_000;
const MAX_PATTERNS: usize = 64;

/// How often what is below `unevaluatedProperties` or `unevaluatedItems` is gone through: once to check it,
/// and again to see what it has evaluated. Within one another they multiply.
const UNEVALUATED: u64 = 3;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Weight {
    /// Parts that a value may meet.
    pub nodes: u64,
    /// Patterns that a key may meet.
    pub key_patterns: u64,
    /// Whether a text may meet one.
    pub has_patterns: bool,
}

impl Weight {
    const ONE: Self = Self { nodes: 1, key_patterns: 0, has_patterns: false };

    fn and(self, other: Self) -> Self {
        Self {
            nodes: self.nodes.saturating_add(other.nodes),
            key_patterns: self.key_patterns.saturating_add(other.key_patterns),
            ..self
        }
    }

    fn times(self, n: u64) -> Self {
        Self { nodes: self.nodes.saturating_mul(n), key_patterns: self.key_patterns.saturating_mul(n), ..self }
    }
}

/// Weighs a schema; says what is too much, if anything.
pub fn weigh(schema: &Value) -> Result<Weight, String> {
    one_resource(schema, true)?;
    let patterns = patterns_in(schema)?;
    if patterns > MAX_PATTERNS {
        return Err(format!("it has more than {MAX_PATTERNS} patterns"));
    }
    let weight = Weigher { root: schema, known: HashMap::new() }.weigh(schema)?;
    if weight.nodes > MAX_NODES {
        return Err(format!("with its references put in place it has more than {MAX_NODES} parts"));
    }
    Ok(Weight { has_patterns: patterns > 0, ..weight })
}

/// Refuses parts that are schemas of their own: there a reference would lead elsewhere than it is followed
/// here.
fn one_resource(value: &Value, top: bool) -> Result<(), String> {
    match value {
        Value::Array(items) => items.iter().try_for_each(|item| one_resource(item, false)),
        Value::Object(fields) => fields.iter().try_for_each(|(key, item)| match key.as_str() {
            "$id" | "$schema" if item.is_string() && !top => Err(format!("`{key}` stands at the top or nowhere")),
            _ => one_resource(item, false),
        }),
        _ => Ok(()),
    }
}

/// How many patterns stand in a schema, wherever that is; each is compiled once.
fn patterns_in(value: &Value) -> Result<usize, String> {
    let mut count = 0;
    match value {
        Value::Array(items) => {
            for item in items {
                count += patterns_in(item)?;
            }
        }
        Value::Object(fields) => {
            for (key, item) in fields {
                count += patterns_in(item)?;
                count += match (key.as_str(), item) {
                    ("pattern", Value::String(pattern)) if pattern.len() > MAX_PATTERN_BYTES => {
                        return Err(format!("a `pattern` has {MAX_PATTERN_BYTES} bytes at most"));
                    }
                    ("pattern", Value::String(_)) => 1,
                    ("patternProperties", Value::Object(patterns)) => patterns.len(),
                    _ => 0,
                };
            }
        }
        _ => {}
    }
    Ok(count)
}

struct Weigher<'a> {
    root: &'a Value,
    /// Weight by reference; `None` while it is being weighed, so that a circle is seen.
    known: HashMap<&'a str, Option<Weight>>,
}

impl<'a> Weigher<'a> {
    fn weigh(&mut self, value: &'a Value) -> Result<Weight, String> {
        let mut weight = Weight::ONE;
        match value {
            Value::Array(items) => {
                for item in items {
                    weight = weight.and(self.weigh(item)?);
                }
            }
            Value::Object(fields) => {
                for (key, item) in fields {
                    weight = weight.and(self.keyword(key, item)?);
                }
                if fields.contains_key("unevaluatedProperties") || fields.contains_key("unevaluatedItems") {
                    weight = weight.times(UNEVALUATED);
                }
            }
            _ => {}
        }
        Ok(weight)
    }

    fn keyword(&mut self, key: &str, item: &'a Value) -> Result<Weight, String> {
        match (key, item) {
            ("$ref", Value::String(target)) => self.follow(target),
            ("$dynamicRef" | "$recursiveRef", _) => Err(format!("`{key}` is not supported")),
            ("patternProperties", Value::Object(patterns)) => {
                patterns.keys().try_for_each(|pattern| pattern::check_key_pattern(pattern))?;
                let more = Weight { key_patterns: patterns.len() as u64, ..Weight::default() };
                Ok(self.named(patterns)?.and(more))
            }
            // A property may be called like a keyword.
            ("properties" | "dependentSchemas", Value::Object(schemas)) => self.named(schemas),
            // Definitions count where they are used.
            ("$defs" | "definitions", _) => Ok(Weight::default()),
            (_, item) => self.weigh(item),
        }
    }

    /// Schemas by names that are no keywords.
    fn named(&mut self, schemas: &'a Map<String, Value>) -> Result<Weight, String> {
        let mut weight = Weight::ONE;
        for schema in schemas.values() {
            weight = weight.and(self.weigh(schema)?);
        }
        Ok(weight)
    }

    fn follow(&mut self, target: &'a str) -> Result<Weight, String> {
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
