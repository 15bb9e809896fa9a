//! The input that a sent form stands for.

use serde_json::{Map, Number, Value};

use super::{
    super::super::error::{Kind, Problem, Result},
    fields::{self, Control, Field, Sent, WHOLE},
};
use crate::skills::Manifest;

/// Whole numbers up to this are exact in what a person may write with a point or an exponent.
const EXACT: f64 = 9_007_199_254_740_992.0;

/// A field that may be missing is, when it is empty.
pub fn of(manifest: &Manifest, sent: &Sent) -> Result<Value> {
    let mut input = Map::new();
    for field in fields::of(manifest, Some(sent)) {
        if field.name == WHOLE {
            return json(&field);
        }
        let property = &manifest.input_schema["properties"][&field.property];
        let value = match &field.control {
            Control::Check => Value::Bool(!field.value.is_empty()),
            _ if field.value.is_empty() && !field.required => continue,
            // A browser ends lines its own way.
            Control::Line { .. } | Control::Lines { .. } => Value::from(field.value.replace("\r\n", "\n")),
            Control::Number { whole, .. } => number(&field, *whole)?,
            Control::Choice(_) => {
                let bare = fields::bare(property, field.required);
                chosen(&fields::options(&bare, field.required), &field.value)
            }
            Control::Json { .. } => json(&field)?,
        };
        input.insert(field.property, value);
    }
    Ok(Value::Object(input))
}

fn json(field: &Field) -> Result<Value> {
    serde_json::from_str(&field.value).map_err(|error| wrong(field, &format!("this is not JSON: {error}")))
}

fn chosen(options: &[Value], value: &str) -> Value {
    options.iter().find(|option| fields::plain(option) == value).cloned().unwrap_or_else(|| Value::from(value))
}

/// A number as a person writes it: `.5`, `+3` and `1e3` too.
fn number(field: &Field, whole: bool) -> Result<Value> {
    let text = field.value.trim();
    if let Ok(number) = text.parse::<i64>() {
        return Ok(number.into());
    }
    if let Ok(number) = text.parse::<u64>() {
        return Ok(number.into());
    }
    let number = text.parse::<f64>().ok().filter(|number| number.is_finite());
    let number = number.ok_or_else(|| wrong(field, "a number is needed"))?;
    if whole && number.fract() == 0.0 && number.abs() <= EXACT {
        #[expect(clippy::cast_possible_truncation, reason = "it is whole and within what fits")]
        return Ok((number as i64).into());
    }
    Ok(Number::from_f64(number).map_or(Value::Null, Value::Number))
}

fn wrong(field: &Field, reason: &str) -> Problem {
    let detail = if field.property.is_empty() { reason.to_owned() } else { format!("{}: {reason}", field.property) };
    Problem::new(Kind::InvalidInput, detail)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const MANIFEST: &str = "name = 'test'\nversion = '1.0.0'\ndescription = 'x'\noutput_schema = { type = 'object' }\n";

    fn manifest() -> Manifest {
        let schema = "[input_schema]\ntype = 'object'\nrequired = ['text', 'sure']\n\
             [input_schema.properties]\n\
             text = { type = 'string', maxLength = 80 }\nsure = { type = 'boolean' }\n\
             number = { type = 'integer' }\nshare = { type = 'number' }\nloud = { type = 'boolean' }\n\
             unit = { enum = ['km', 3] }\nlist = { type = 'array' }\nnick = { type = ['string', 'null'] }";
        Manifest::parse(&format!("{MANIFEST}{schema}")).unwrap()
    }

    fn sent(fields: &[(&str, &str)]) -> Sent {
        fields.iter().map(|(field, value)| ((*field).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn a_form_becomes_input_of_the_right_types() {
        let check = |fields: &[(&str, &str)], expected: Value| {
            assert_eq!(of(&manifest(), &sent(fields)).unwrap(), expected);
        };
        check(&[("i:text", "")], json!({ "text": "", "sure": false }));
        check(&[("i:text", "a\r\nb"), ("i:sure", "true")], json!({ "text": "a\nb", "sure": true }));
        check(
            &[("i:text", "a"), ("i:unit", "3"), ("i:list", "[1]"), ("i:loud", "false"), ("i:nick", "")],
            json!({ "text": "a", "unit": 3, "list": [1], "loud": false, "sure": false }),
        );
        for (written, meant) in [("3", json!(3)), ("1e3", json!(1000)), ("+4", json!(4)), ("2.5", json!(2.5))] {
            check(&[("i:text", "a"), ("i:number", written)], json!({ "text": "a", "sure": false, "number": meant }));
        }
        check(&[("i:text", "a"), ("i:share", ".5")], json!({ "text": "a", "sure": false, "share": 0.5 }));
    }

    #[test]
    fn what_fits_no_field_is_named() {
        for (field, value) in [("list", "[1"), ("number", "three"), ("share", "inf")] {
            let form = sent(&[("i:text", "a"), (&format!("i:{field}"), value)]);
            let problem = of(&manifest(), &form).unwrap_err();
            assert!(problem.detail.starts_with(&format!("{field}: ")), "{}", problem.detail);
        }
    }

    #[test]
    fn input_of_any_properties_is_one_field() {
        let manifest = Manifest::parse(&format!("{MANIFEST}input_schema = {{ type = 'object' }}")).unwrap();
        assert_eq!(of(&manifest, &sent(&[("i", "{\"a\": 1}")])).unwrap(), json!({ "a": 1 }));
        assert_eq!(of(&manifest, &sent(&[])).unwrap(), json!({}));
        let none = "input_schema = { type = 'object', additionalProperties = false }";
        let none = Manifest::parse(&format!("{MANIFEST}{none}")).unwrap();
        assert!(fields::of(&none, None).is_empty());
        assert_eq!(of(&none, &sent(&[])).unwrap(), json!({}));
    }

    #[test]
    fn an_example_comes_back_as_it_was() {
        for input in [
            json!({ "text": "a", "sure": true, "number": -3, "loud": false, "unit": 3, "list": [1, "b"] }),
            json!({ "text": "a\nb", "sure": false, "share": 0.25, "unit": "km", "nick": "c" }),
        ] {
            let manifest = manifest();
            assert_eq!(of(&manifest, &fields::filled(&manifest, &input)).unwrap(), input);
        }
    }
}
