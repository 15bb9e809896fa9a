//! The JSON Schema of `skill.toml`, by which editors complete it.

use schemars::{Schema, SchemaGenerator, generate::SchemaSettings, json_schema, transform::RecursiveTransform};
use serde_json::Value;

use super::Manifest;

/// Made from the structs that read the manifest. Draft 7, since that is what editors of TOML know.
pub fn schema() -> Value {
    let mut settings = SchemaSettings::draft07().for_deserialize();
    settings.inline_subschemas = true;
    let generator = settings.with_transform(RecursiveTransform(as_toml)).into_generator();
    let mut schema = generator.into_root_schema_for::<Manifest>();
    schema.insert("title".into(), "skill.toml".into());
    // The build puts these in, so the file of an author may lack them.
    if let Some(Value::Array(required)) = schema.get_mut("required") {
        required.retain(|key| key != "input_schema" && key != "output_schema");
    }
    let mut schema = schema.to_value();
    schema.sort_all_objects();
    schema
}

/// A JSON Schema, or the name of a file.
pub(super) fn schema_or_file(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": ["object", "string"] })
}

/// Takes out what says nothing in TOML: null, and the widths of numbers.
fn as_toml(schema: &mut Schema) {
    let is_null = |value: &Value| value == "null" || value.is_null();
    for key in ["type", "enum"] {
        if let Some(Value::Array(values)) = schema.get_mut(key) {
            values.retain(|value| !is_null(value));
            if let ("type", [only]) = (key, &values[..]) {
                let only = only.clone();
                schema.insert(key.into(), only);
            }
        }
    }
    // A table that is left out is an empty one, which its keys say themselves.
    if schema.get("default").is_some_and(|default| default.is_null() || default.is_object()) {
        schema.remove("default");
    }
    schema.remove("format");
    if let Some(Value::String(text)) = schema.get_mut("description") {
        *text = text.replace('\n', " ");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn it_says_what_a_manifest_is() {
        let schema = schema();
        let check = jsonschema::draft7::new(&schema).unwrap();
        let least = json!({ "name": "greet", "version": "1.0.0", "description": "Greets." });
        assert!(check.is_valid(&least), "a build puts the schemas in");
        for (key, value) in [
            ("nam", json!("greet")),
            ("name", json!("Greet")),
            ("version", json!("1.0")),
            ("description", json!("  ")),
            ("timeout_s", json!(0)),
            ("cost_tier", json!("none")),
            ("idempotency", json!("keyed")),
            ("capabilities", json!({ "network": true })),
            ("capabilities", json!({ "http": ["https://example.org"] })),
            ("capabilities", json!({ "messages": ["all"] })),
            ("limits", json!({ "fuel": 0 })),
            ("triggers", json!([{ "wrods": ["x"] }])),
            ("examples", json!([{ "input": {}, "locale": "fr" }])),
            ("input_schema", json!(true)),
        ] {
            let mut wrong = least.clone();
            wrong[key] = value;
            assert!(!check.is_valid(&wrong), "{wrong}");
        }
        for (key, value) in [
            ("timeout_s", json!(2.5)),
            ("idempotency", json!({ "keyed": ["name"] })),
            ("capabilities", json!({ "messages": true, "llm": "small", "http": ["*.example.org"] })),
            ("capabilities", json!({ "messages": ["me", "people"], "memory": ["read"] })),
            ("input_schema", json!("input.json")),
            ("output_schema", json!({ "type": "object" })),
            ("settings", json!({ "city": { "description": "Where", "default": "Oslo" } })),
        ] {
            let mut right = least.clone();
            right[key] = value;
            assert!(check.is_valid(&right), "{right}: {:?}", check.validate(&right).err());
        }
    }

    #[test]
    fn nothing_in_it_is_null() {
        fn look(value: &Value) {
            match value {
                Value::Null => panic!("there is a null"),
                Value::String(text) => assert_ne!(text, "null"),
                Value::Array(items) => items.iter().for_each(look),
                Value::Object(fields) => fields.values().for_each(look),
                _ => {}
            }
        }
        look(&schema());
    }
}
