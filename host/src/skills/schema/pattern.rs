//! `pattern` in schemas of strangers. The engine takes linear time whatever the pattern, but at the worst
//! some ten microseconds for each byte: so texts are bounded, and a deadline stands over all of a check.

use jsonschema::{Draft, Keyword, PatternOptions, Regex, ValidationError, ValidationOptions, paths::Location};
use serde_json::{Map, Value, json};
use std::{
    cell::Cell,
    time::{Duration, Instant},
};

/// Bytes of a compiled pattern; most of it are classes of Unicode.
const MAX_COMPILED_BYTES: usize = 1 << 20;

/// The same for a pattern of `patternProperties`, which no deadline stands over: it takes two microseconds
/// for each byte at the worst.
const MAX_COMPILED_KEY_BYTES: usize = 16 << 10;

/// Bytes of a text that is matched.
const MAX_TEXT_BYTES: usize = 64 << 10;

/// All patterns of a check together; the last one that began in time may go on for a second.
const TIME: Duration = Duration::from_millis(500);

thread_local! {
    /// When the patterns of the check that runs on this thread stop matching.
    static END: Cell<Option<Instant>> = const { Cell::new(None) };
    /// Whether one did not match since it was not tried.
    static UNTRIED: Cell<bool> = const { Cell::new(false) };
}

/// Options of a schema, but for what takes the place of `pattern`.
pub fn options() -> ValidationOptions<'static> {
    with_patterns_of(MAX_COMPILED_BYTES)
}

fn with_patterns_of(bytes: usize) -> ValidationOptions<'static> {
    let patterns: PatternOptions<Regex> = PatternOptions::regex().size_limit(bytes);
    jsonschema::options().with_draft(Draft::Draft202012).with_pattern_options(patterns)
}

/// Whether a pattern may stand in `patternProperties`.
pub fn check_key_pattern(pattern: &str) -> Result<(), String> {
    let built = with_patterns_of(MAX_COMPILED_KEY_BYTES).build(&json!({ "pattern": pattern }));
    built.map(drop).map_err(|error| format!("`{pattern}` in `patternProperties`: {error}"))
}

/// Runs a check within the time for patterns; `None` when they were not all tried.
pub fn timed<T>(check: impl FnOnce() -> T) -> Option<T> {
    UNTRIED.set(false);
    END.set(Some(Instant::now() + TIME));
    let result = check();
    END.set(None);
    (!UNTRIED.replace(false)).then_some(result)
}

/// Makes the keyword `pattern`.
pub fn keyword<'a>(
    _: &'a Map<String, Value>,
    pattern: &'a Value,
    _: Location,
) -> Result<Box<dyn for<'i> Keyword<'i>>, ValidationError<'a>> {
    let built = options().build(&json!({ "pattern": pattern }));
    match built {
        Ok(alone) => Ok(Box::new(Pattern(alone))),
        Err(error) => Err(ValidationError::custom(error.to_string())),
    }
}

/// A schema of this one keyword.
struct Pattern(jsonschema::Validator);

impl Pattern {
    /// Whether a text is not to be tried; the check then has no result.
    fn passes_over(instance: &Value) -> bool {
        let Some(text) = instance.as_str() else { return false };
        let late = END.get().is_some_and(|end| Instant::now() >= end);
        if late || text.len() > MAX_TEXT_BYTES {
            UNTRIED.set(true);
            return true;
        }
        false
    }
}

impl<'i> Keyword<'i> for Pattern {
    fn validate(&self, instance: &'i Value) -> Result<(), ValidationError<'i>> {
        if Self::passes_over(instance) {
            return Err(ValidationError::custom("the pattern was not tried"));
        }
        self.0.validate(instance)
    }

    fn is_valid(&self, instance: &'i Value) -> bool {
        !Self::passes_over(instance) && self.0.is_valid(instance)
    }
}
