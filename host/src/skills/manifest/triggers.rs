//! How a trigger is written, for editors.

use schemars::{JsonSchema, Schema, SchemaGenerator};
use std::{borrow::Cow, collections::BTreeMap};

use crate::skills::trigger::Trigger;

/// A rule by which a message runs the skill: a `pattern`, or `words` and what the rest of the message fills.
#[derive(JsonSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "only its shape is of use")]
struct Written {
    /// The language of whoever asks; without it the rule holds for every message.
    #[serde(default)]
    #[schemars(extend("enum" = ["en", "zh"]))]
    locale: Option<String>,
    /// A regular expression over the whole message; its named groups fill the input. It takes time in proportion to
    /// the message, so it has neither look-around nor references back.
    #[serde(default)]
    pattern: Option<String>,
    /// With `pattern`: input fields as templates, `{group}` standing for what a group caught.
    #[serde(default)]
    input: BTreeMap<String, String>,
    /// Words that the message begins with; the rest of it fills the field `fill`.
    #[serde(default)]
    words: Vec<String>,
    /// With `words`: the input field that the rest of the message fills.
    #[serde(default)]
    fill: Option<String>,
}

impl JsonSchema for Trigger {
    fn schema_name() -> Cow<'static, str> {
        "Trigger".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        Written::json_schema(generator)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_has_the_keys_that_are_read() {
        let text = || Some(String::from("x"));
        let every = Trigger {
            locale: text(),
            pattern: text(),
            input: BTreeMap::from([("x".into(), "x".into())]),
            words: vec!["x".into()],
            fill: text(),
        };
        let read = serde_json::to_value(every).unwrap();
        let shape = Written::json_schema(&mut SchemaGenerator::default());
        let keys = |value: &serde_json::Value| value.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
        let [mut read, mut shown] = [keys(&read), keys(&shape.as_value()["properties"])];
        read.sort();
        shown.sort();
        assert_eq!(read, shown);
    }
}
