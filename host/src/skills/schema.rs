//! JSON Schemas of strangers. A small text can stand for an endless amount of work or memory, and checking
//! cannot be interrupted: so a schema is weighed before it is made, a value before it is checked, patterns
//! are matched in linear time and within a deadline, and what is wrong is told in detail of small values.

mod pattern;
mod weight;

use serde_json::Value;

use weight::Weight;

/// Parts of the schema that all values in one together may meet, and some nanoseconds each.
const MAX_WORK: u64 = 100_000_000;

/// As much of that as no other work waits for.
const QUICK_WORK: u64 = 1_000_000;

/// As much of that as is told in detail: each alternative that does not fit leaves some hundred bytes for
/// each value.
const DETAILED_WORK: u64 = 100_000;

/// Bytes of text that are as much work as one value: their characters are counted, or compared.
const BYTES_OF_ONE: u64 = 16;

/// Bytes of keys that all `patternProperties` together may meet: up to two microseconds each.
const MAX_KEY_BYTES: u64 = 1 << 20;

/// What values are checked against.
#[derive(Debug)]
pub struct Schema {
    validator: jsonschema::Validator,
    weight: Weight,
}

/// How much there is of a value.
#[derive(Debug, Default)]
struct Size {
    values: u64,
    bytes: u64,
    key_bytes: u64,
}

impl Schema {
    /// Checks a schema and makes what checks values against it. Remote references are never followed.
    pub fn new(schema: &Value) -> Result<Self, String> {
        let weight = weight::weigh(schema)?;
        let validator = pattern::options()
            .with_keyword("pattern", pattern::keyword)
            .build(schema)
            .map_err(|error| format!("{error}{}", at(&error)))?;
        Ok(Self { validator, weight })
    }

    /// Says what does not fit, if anything.
    pub fn check(&self, value: &Value) -> Result<(), String> {
        let size = Size::of(value);
        let work = self.work(&size);
        if work > MAX_WORK || self.weight.key_patterns.saturating_mul(size.key_bytes) > MAX_KEY_BYTES {
            return Err("it is too much to be checked against so large a schema".to_owned());
        }
        let long = || "matching its patterns takes too long".to_owned();
        if pattern::timed(|| self.validator.is_valid(value)).ok_or_else(long)? {
            return Ok(());
        }
        if work > DETAILED_WORK {
            return Err("it does not fit the schema".to_owned());
        }
        let told = pattern::timed(|| match self.validator.validate(value) {
            Ok(()) => Ok(()),
            Err(error) => Err(format!("{}{}", error.masked(), at(&error))),
        });
        told.ok_or_else(long)?
    }

    pub fn fits(&self, value: &Value) -> bool {
        self.check(value).is_ok()
    }

    /// Whether checking a value takes so little time that it may be done anywhere.
    pub fn is_quick_for(&self, value: &Value) -> bool {
        !self.weight.has_patterns && self.work(&Size::of(value)) <= QUICK_WORK
    }

    fn work(&self, size: &Size) -> u64 {
        self.weight.nodes.saturating_mul(size.values.saturating_add(size.bytes / BYTES_OF_ONE))
    }
}

/// Where in a value something does not fit; nothing for the whole of it.
fn at(error: &jsonschema::ValidationError<'_>) -> String {
    let path = error.instance_path().to_string();
    if path.is_empty() { path } else { format!(" at `{path}`") }
}

impl Size {
    fn of(value: &Value) -> Self {
        let mut size = Self::default();
        size.add(value);
        size
    }

    fn add(&mut self, value: &Value) {
        self.values += 1;
        match value {
            Value::String(text) => self.bytes += text.len() as u64,
            Value::Array(items) => items.iter().for_each(|item| self.add(item)),
            Value::Object(fields) => fields.iter().for_each(|(key, item)| {
                self.bytes += key.len() as u64;
                self.key_bytes += key.len() as u64;
                self.add(item);
            }),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests;
