//! A form made from an input schema, and the input made from what the form sends back.

use serde_json::{Map, Value};
use std::collections::BTreeMap;

use super::super::super::error::{Kind, Problem, Result};
use crate::skills::Manifest;

/// Text longer than this is written in a field of several lines.
const SHORT_CHARS: u64 = 200;

/// One property of the input.
pub struct Field {
    pub property: String,
    /// Its name in the form.
    pub name: String,
    /// "line", "lines", "number", "boolean", "choice" or "json".
    pub control: &'static str,
    pub description: String,
    pub required: bool,
    pub value: String,
    /// What the first example has.
    pub example: String,
    pub choices: Vec<String>,
    /// For numbers: "1" where only whole ones are wanted, else "any".
    pub step: &'static str,
}

/// The fields of a skill's input, with what was sent before.
pub fn of(manifest: &Manifest, sent: &BTreeMap<String, String>) -> Vec<Field> {
    let schema = &manifest.input_schema;
    let required: Vec<&str> = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let example = manifest.examples.first().map(|example| &example.input);
    let properties = schema["properties"].as_object().into_iter().flatten();
    let mut fields: Vec<Field> = properties
        .map(|(name, property)| {
            let in_form = format!("i:{name}");
            Field {
                control: control(property),
                description: property["description"].as_str().unwrap_or_default().to_owned(),
                required: required.contains(&name.as_str()),
                value: sent.get(&in_form).cloned().unwrap_or_default(),
                example: example.and_then(|input| input.get(name)).map(shown).unwrap_or_default(),
                choices: property["enum"].as_array().into_iter().flatten().map(shown).collect(),
                step: if property["type"] == "integer" { "1" } else { "any" },
                property: name.clone(),
                name: in_form,
            }
        })
        .collect();
    fields.sort_by_key(|field| !field.required);
    fields
}

fn control(property: &Value) -> &'static str {
    match (property["enum"].as_array(), property["type"].as_str()) {
        (Some(_), _) => "choice",
        (None, Some("string")) if property["maxLength"].as_u64().is_some_and(|most| most <= SHORT_CHARS) => "line",
        (None, Some("string")) => "lines",
        (None, Some("number" | "integer")) => "number",
        (None, Some("boolean")) => "boolean",
        _ => "json",
    }
}

/// Text as it is, anything else as JSON.
fn shown(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// The input that a sent form stands for. A field that may be missing is, when it is empty.
pub fn input(manifest: &Manifest, sent: &BTreeMap<String, String>) -> Result<Value> {
    let mut input = Map::new();
    for field in of(manifest, sent) {
        let property = &manifest.input_schema["properties"][&field.property];
        let value = match field.control {
            "boolean" => Value::Bool(sent.contains_key(&field.name)),
            _ if field.value.is_empty() && !field.required => continue,
            "line" | "lines" => Value::from(field.value),
            "choice" => chosen(property, &field.value),
            _ => serde_json::from_str(&field.value)
                .map_err(|error| Problem::new(Kind::InvalidInput, format!("{}: {error}", field.property)))?,
        };
        input.insert(field.property, value);
    }
    Ok(Value::Object(input))
}

fn chosen(property: &Value, value: &str) -> Value {
    let mut choices = property["enum"].as_array().into_iter().flatten();
    choices.find(|choice| shown(choice) == value).cloned().unwrap_or_else(|| Value::from(value))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn manifest() -> Manifest {
        Manifest::parse(
            "name = 'test'\nversion = '1.0.0'\ndescription = 'x'\n\
             output_schema = { type = 'object' }\n\
             [input_schema]\ntype = 'object'\nrequired = ['text']\n\
             [input_schema.properties]\n\
             text = { type = 'string', maxLength = 80 }\nnumber = { type = 'integer' }\nloud = { type = 'boolean' }\n\
             unit = { enum = ['km', 3] }\nlist = { type = 'array' }",
        )
        .unwrap()
    }

    #[test]
    fn a_form_becomes_input_of_the_right_types() {
        let check = |sent: &[(&str, &str)], expected: Value| {
            let sent = sent.iter().map(|(field, value)| ((*field).to_owned(), (*value).to_owned())).collect();
            assert_eq!(input(&manifest(), &sent).unwrap(), expected);
        };
        check(&[("i:text", "hi"), ("i:number", "3")], json!({ "text": "hi", "number": 3, "loud": false }));
        check(&[("i:text", ""), ("i:loud", "on")], json!({ "text": "", "loud": true }));
        check(
            &[("i:text", "a"), ("i:unit", "3"), ("i:list", "[1]")],
            json!({ "text": "a", "unit": 3, "list": [1], "loud": false }),
        );
    }

    #[test]
    fn json_that_is_none_is_named() {
        let sent = [("i:text".to_owned(), "a".to_owned()), ("i:list".to_owned(), "[1".to_owned())].into();
        assert!(input(&manifest(), &sent).unwrap_err().detail.starts_with("list"));
    }
}
