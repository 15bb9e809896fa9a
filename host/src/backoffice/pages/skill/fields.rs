//! A form made from an input schema.

use serde_json::Value;
use std::borrow::Cow;
use std::collections::BTreeMap;

use crate::skills::Manifest;

/// Text longer than this is written in a field of several lines.
const SHORT_CHARS: u64 = 200;

/// Characters of an example or a default that an empty field shows.
const SHOWN_CHARS: usize = 80;

/// Lines of JSON that are seen at once.
const JSON_LINES: std::ops::RangeInclusive<usize> = 3..=12;

/// The name of the one field for input whose properties the schema does not name.
pub const WHOLE: &str = "i";

/// A form as it was sent, or as an example fills it.
pub type Sent = BTreeMap<String, String>;

/// One property of the input.
pub struct Field {
    pub property: String,
    /// Its name in the form.
    pub name: String,
    pub control: Control,
    pub description: String,
    pub required: bool,
    /// Whether an empty field is no value, so that the browser does not send it.
    pub must: bool,
    pub value: String,
    /// What an empty field shows: the default, or what the first example has.
    pub shown: String,
    pub default: Option<String>,
}

/// How a value is given.
#[derive(Clone, Debug, PartialEq)]
pub enum Control {
    /// Text of one line, and its most characters.
    Line {
        max: Option<u64>,
    },
    /// Text of several lines.
    Lines {
        max: Option<u64>,
    },
    Number {
        whole: bool,
        min: Option<String>,
        max: Option<String>,
    },
    /// A boolean that is always there.
    Check,
    /// One of these values, as text.
    Choice(Vec<String>),
    /// Anything, as JSON.
    Json {
        rows: usize,
    },
}

/// The fields of a skill's input, empty or with what was sent.
pub fn of(manifest: &Manifest, sent: Option<&Sent>) -> Vec<Field> {
    let schema = &manifest.input_schema;
    let properties = schema["properties"].as_object();
    if properties.is_none_or(serde_json::Map::is_empty) && schema["additionalProperties"] != false {
        return vec![whole(sent)];
    }
    let required: Vec<&str> = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let example = manifest.examples.first().map(|example| &example.input);
    let mut fields: Vec<Field> = properties
        .into_iter()
        .flatten()
        .map(|(name, property)| field(name, property, required.contains(&name.as_str()), example, sent))
        .collect();
    fields.sort_by_key(|field| !field.required);
    fields
}

/// Input of any properties.
fn whole(sent: Option<&Sent>) -> Field {
    let value = sent.and_then(|sent| sent.get(WHOLE)).map_or("{}", String::as_str).to_owned();
    Field {
        property: String::new(),
        name: WHOLE.to_owned(),
        control: Control::Json { rows: rows(&value) },
        description: String::new(),
        required: true,
        must: true,
        value,
        shown: String::new(),
        default: None,
    }
}

fn field(name: &str, property: &Value, required: bool, example: Option<&Value>, sent: Option<&Sent>) -> Field {
    let in_form = format!("i:{name}");
    let bare = bare(property, required);
    let mut control = control(&bare, required);
    let default = property.get("default").map(|value| text(&control, value));
    let value = match sent {
        Some(sent) => sent.get(&in_form).cloned().unwrap_or_default(),
        // What may be left out has its default then.
        None => default.clone().filter(|_| required).unwrap_or_default(),
    };
    if let Control::Json { rows: seen } = &mut control {
        *seen = rows(&value);
    }
    // On one line, unlike the value.
    let brief = |value: &Value| if control.is_json() { value.to_string() } else { plain(value) };
    let shown = property.get("default").or_else(|| example?.get(name)).map(brief).unwrap_or_default();
    Field {
        property: name.to_owned(),
        name: in_form,
        description: property["description"].as_str().unwrap_or_default().to_owned(),
        required,
        must: required && (!control.is_text() || bare["minLength"].as_u64().is_some_and(|least| least > 0)),
        value,
        shown: super::short(&shown, SHOWN_CHARS),
        default,
        control,
    }
}

fn rows(value: &str) -> usize {
    value.lines().count().clamp(*JSON_LINES.start(), *JSON_LINES.end())
}

/// What a property is where it is something: that it may be `null` is said by an empty field, if it may be left out.
pub fn bare(property: &Value, required: bool) -> Cow<'_, Value> {
    if required {
        return Cow::Borrowed(property);
    }
    let null = |kind: &Value| kind == "null" || kind["type"] == "null";
    let one = |kinds: &Vec<Value>| match &kinds[..] {
        [kind, none] | [none, kind] if null(none) && !null(kind) => Some(kind.clone()),
        _ => None,
    };
    if let Some(kind) = property["type"].as_array().and_then(one) {
        let mut bare = property.clone();
        bare["type"] = kind;
        return Cow::Owned(bare);
    }
    match property["anyOf"].as_array().or_else(|| property["oneOf"].as_array()).and_then(one) {
        Some(kind) if kind.is_object() => Cow::Owned(kind),
        _ => Cow::Borrowed(property),
    }
}

fn control(property: &Value, required: bool) -> Control {
    let choices = options(property, required);
    if !choices.is_empty() {
        return Control::Choice(choices.iter().map(plain).collect());
    }
    let max = property["maxLength"].as_u64();
    match property["type"].as_str() {
        Some("string") if max.is_some_and(|max| max <= SHORT_CHARS) => Control::Line { max },
        Some("string") => Control::Lines { max },
        Some("integer") => Control::Number {
            whole: true,
            min: bound(property, "minimum", "exclusiveMinimum", 1),
            max: bound(property, "maximum", "exclusiveMaximum", -1),
        },
        Some("number") => Control::Number {
            whole: false,
            min: property.get("minimum").map(Value::to_string),
            max: property.get("maximum").map(Value::to_string),
        },
        Some("boolean") => Control::Check,
        _ => Control::Json { rows: *JSON_LINES.start() },
    }
}

/// The values that a property may have, where it says so. A boolean that may be left out has three ways to be.
pub fn options(property: &Value, required: bool) -> Vec<Value> {
    match (property["enum"].as_array(), property.get("const"), property["type"].as_str()) {
        (Some(values), _, _) => values.clone(),
        (None, Some(value), _) => vec![value.clone()],
        (None, None, Some("boolean")) if !required => vec![Value::Bool(true), Value::Bool(false)],
        _ => Vec::new(),
    }
}

/// A bound of whole numbers, where it is one itself; the step beyond an exclusive one.
fn bound(property: &Value, inclusive: &str, exclusive: &str, step: i64) -> Option<String> {
    let beyond = property[exclusive].as_i64().and_then(|bound| bound.checked_add(step));
    property[inclusive].as_i64().or(beyond).map(|bound| bound.to_string())
}

/// A value as its field has it.
fn text(control: &Control, value: &Value) -> String {
    match control {
        Control::Json { .. } => serde_json::to_string_pretty(value).unwrap_or_default(),
        Control::Check if value == false => String::new(),
        _ => plain(value),
    }
}

/// Text as it is, anything else as JSON.
pub fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// The form as the input of an example fills it.
pub fn filled(manifest: &Manifest, input: &Value) -> Sent {
    let mut sent = Sent::new();
    for field in of(manifest, None) {
        let value = if field.name == WHOLE { Some(input) } else { input.get(&field.property) };
        let text = value.map(|value| text(&field.control, value)).unwrap_or_default();
        if !text.is_empty() {
            sent.insert(field.name, text);
        }
    }
    sent
}

impl Control {
    fn is_text(&self) -> bool {
        matches!(self, Self::Line { .. } | Self::Lines { .. })
    }

    pub fn is_json(&self) -> bool {
        matches!(self, Self::Json { .. })
    }
}

impl Field {
    /// The least and the most of a number, as people write it.
    pub fn range(&self) -> Option<String> {
        match &self.control {
            Control::Number { min: Some(min), max: Some(max), .. } => Some(format!("{min} – {max}")),
            Control::Number { min: Some(min), max: None, .. } => Some(format!("≥ {min}")),
            Control::Number { min: None, max: Some(max), .. } => Some(format!("≤ {max}")),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_property_has_the_control_of_its_type() {
        let number = |whole, min: Option<&str>, max: Option<&str>| Control::Number {
            whole,
            min: min.map(str::to_owned),
            max: max.map(str::to_owned),
        };
        let choice = |choices: &[&str]| Control::Choice(choices.iter().map(|&choice| choice.to_owned()).collect());
        for (property, required, expected) in [
            (json!({ "type": "string", "maxLength": 200 }), true, Control::Line { max: Some(200) }),
            (json!({ "type": "string", "maxLength": 201 }), true, Control::Lines { max: Some(201) }),
            (json!({ "type": "string" }), true, Control::Lines { max: None }),
            (json!({ "type": "integer", "minimum": 1, "maximum": 9 }), true, number(true, Some("1"), Some("9"))),
            (
                json!({ "type": "integer", "exclusiveMinimum": 0, "exclusiveMaximum": 9 }),
                true,
                number(true, Some("1"), Some("8")),
            ),
            (json!({ "type": "number", "minimum": 0.5 }), true, number(false, Some("0.5"), None)),
            (json!({ "type": "boolean" }), true, Control::Check),
            (json!({ "type": "boolean" }), false, choice(&["true", "false"])),
            (json!({ "type": "string", "enum": ["a", "b"] }), false, choice(&["a", "b"])),
            (json!({ "enum": ["a", 3, null] }), true, choice(&["a", "3", "null"])),
            (json!({ "const": "x" }), true, choice(&["x"])),
            (json!({ "type": "array" }), true, Control::Json { rows: 3 }),
            (json!({ "type": ["string", "null"] }), true, Control::Json { rows: 3 }),
            (json!({}), true, Control::Json { rows: 3 }),
        ] {
            assert_eq!(control(&property, required), expected, "{property}");
        }
    }
}
