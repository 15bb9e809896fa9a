//! The JSON Schemas of a skill's input and output. `skillet skill build` asks for them, natively, when `skill.toml`
//! lacks one; nothing of this is in a component.

use schemars::{JsonSchema, Schema, generate::SchemaSettings, transform::RecursiveTransform};
use serde_json::{Value, json};
use std::marker::PhantomData;

/// Stands for a type, which may have a schema or not: of the two traits below, the compiler takes the first that fits.
#[derive(Debug)]
pub struct Of<T>(PhantomData<T>);

impl<T> Of<T> {
    pub const TYPE: Self = Self(PhantomData);
}

pub trait Derived {
    fn schema(&self, settings: SchemaSettings) -> Option<Value>;
}

pub trait NotDerived {
    fn schema(&self, settings: SchemaSettings) -> Option<Value>;
}

impl<T: JsonSchema> Derived for &Of<T> {
    fn schema(&self, mut settings: SchemaSettings) -> Option<Value> {
        settings.inline_subschemas = true;
        settings.meta_schema = None;
        let generator = settings.with_transform(RecursiveTransform(plain)).into_generator();
        let mut schema = generator.into_root_schema_for::<T>();
        // The name of a type says nothing to a model.
        schema.remove("title");
        Some(schema.to_value())
    }
}

impl<T> NotDerived for Of<T> {
    fn schema(&self, _: SchemaSettings) -> Option<Value> {
        None
    }
}

/// As what is read, and as what is written: a default matters to the one and not to the other.
pub fn settings() -> (SchemaSettings, SchemaSettings) {
    (SchemaSettings::draft2020_12().for_deserialize(), SchemaSettings::draft2020_12().for_serialize())
}

/// What the build puts into the manifest.
pub fn told(input: Option<Value>, output: Option<Value>) -> String {
    Value::from_iter([("input_schema", input), ("output_schema", output)]).to_string()
}

/// Takes out what a model reads in vain, and null as a value, which a manifest cannot hold.
fn plain(schema: &mut Schema) {
    let is_number = |kind: &Value| kind == "integer" || kind == "number";
    let numeric = match schema.get("type") {
        Some(Value::Array(kinds)) => kinds.iter().any(is_number),
        Some(kind) => is_number(kind),
        None => false,
    };
    if numeric {
        schema.remove("format");
    }
    if schema.get("default").is_some_and(Value::is_null) {
        schema.remove("default");
    }
    if let Some(Value::String(text)) = schema.get_mut("description") {
        *text = text.replace('\n', " ");
    }
    or_null(schema);
}

/// `null` among the values of an enum becomes an alternative.
fn or_null(schema: &mut Schema) {
    let Some(Value::Array(values)) = schema.get_mut("enum") else { return };
    let before = values.len();
    values.retain(|value| !value.is_null());
    if values.len() == before {
        return;
    }
    let values = schema.remove("enum");
    schema.remove("type");
    schema.insert("anyOf".into(), json!([{ "enum": values }, { "type": "null" }]));
}

#[cfg(test)]
mod tests {
    use crate::{Call, Failure, JsonSchema, Skill, schemars};
    use serde::{Deserialize, Serialize};
    use serde_json::{Value, json};

    struct Weigh;

    #[derive(Deserialize, JsonSchema)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only its shape is of use")]
    struct Input {
        /// What is weighed,
        /// by name.
        #[schemars(length(min = 1, max = 100))]
        thing: String,
        #[serde(default)]
        pieces: Option<u32>,
        unit: Option<Unit>,
    }

    #[derive(Deserialize, JsonSchema)]
    #[serde(rename_all = "lowercase")]
    enum Unit {
        Gram,
        Pound,
    }

    #[derive(Serialize)]
    struct Output;

    impl Skill for Weigh {
        type Input = Input;
        type Output = Output;

        fn run(_: Call<Input>) -> Result<Output, Failure> {
            Ok(Output)
        }
    }

    crate::export!(Weigh);

    #[test]
    fn a_type_that_derives_one_has_a_schema_and_another_has_none() {
        let told: Value = serde_json::from_str(&__skillet_schemas()).unwrap();
        assert_eq!(
            told,
            json!({
                "input_schema": {
                    "type": "object",
                    "additionalProperties": false,
                    "required": ["thing"],
                    "properties": {
                        "thing": {
                            "type": "string",
                            "description": "What is weighed, by name.",
                            "minLength": 1,
                            "maxLength": 100,
                        },
                        "pieces": { "type": ["integer", "null"], "minimum": 0 },
                        "unit": { "anyOf": [{ "enum": ["gram", "pound"] }, { "type": "null" }] },
                    },
                },
                "output_schema": null,
            })
        );
    }
}
