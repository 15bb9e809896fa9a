//! The page that describes `skill.toml`, made from its schema and from the limits of the host.

use serde_json::Value;
use skillet::{
    config::Config,
    skills::{BOUNDS, Bound, Limits, Manifest, manifest_schema},
};
use std::fmt::Write;

use super::EXAMPLE;

/// The parts of the file that are tables, with the heading of each and what of the schema it shows.
const TABLES: [(&str, &str, &str); 5] = [
    ("[capabilities]", "capabilities", "/properties/capabilities"),
    ("[[triggers]]", "triggers", "/properties/triggers/items"),
    ("[[examples]]", "examples", "/properties/examples/items"),
    ("[settings.KEY]", "settings", "/properties/settings/additionalProperties"),
    ("[[secrets]]", "secrets", "/properties/secrets/items"),
];

pub fn page() -> String {
    let schema = manifest_schema();
    let mut page = format!(
        "# skill.toml\n\n\
         Generated from the code that reads it, and compared with that by a test. An unknown key is an error. Editors \
         that know the line `#:schema` complete the file and show what is wrong in it; `skillet skill schema` prints the \
         schema.\n\n```toml\n{}\n```\n\n## The skill\n\n{}",
        EXAMPLE.trim_end(),
        table(&schema),
    );
    for (heading, key, at) in TABLES {
        let about = schema["properties"][key]["description"].as_str().unwrap();
        let most = most(&schema["properties"][key]);
        let _ = write!(page, "\n## {heading}\n\n{about}{most}\n\n{}", table(schema.pointer(at).unwrap()));
    }
    page + &limits(&schema)
}

/// The keys of an object, those first that it must have.
fn table(object: &Value) -> String {
    let needed = |key: &str| object["required"].as_array().is_some_and(|keys| keys.iter().any(|one| one == key));
    let mut fields: Vec<(&String, &Value)> = object["properties"].as_object().unwrap().iter().collect();
    fields.sort_by_key(|(key, _)| (!needed(key), key.as_str()));
    let mut text = String::from("| key | type | default | means |\n|---|---|---|---|\n");
    for (key, field) in fields.into_iter().filter(|(_, field)| field["properties"].is_null() && !is_tables(field)) {
        let default = match &field["default"] {
            _ if needed(key) => "needed".to_owned(),
            Value::Null => String::new(),
            default => format!("`{default}`"),
        };
        let means = field["description"].as_str().unwrap_or_default();
        let _ = writeln!(text, "| `{key}` | {} | {default} | {means}{}{} |", kind(field), words(field), most(field));
    }
    text
}

/// Whether a key has a chapter of its own.
fn is_tables(field: &Value) -> bool {
    field["items"]["properties"].is_object() || field["additionalProperties"]["properties"].is_object()
}

/// What a value looks like.
fn kind(field: &Value) -> String {
    if let Some(alternatives) = alternatives(field) {
        return alternatives.iter().map(kind).collect::<Vec<_>>().join(", ");
    }
    if let Some(values) = field["enum"].as_array() {
        return values.iter().map(|value| format!("`{value}`")).collect::<Vec<_>>().join(", ");
    }
    if !field["const"].is_null() {
        return format!("`{}`", field["const"]);
    }
    match &field["type"] {
        Value::Array(_) => "table or text".to_owned(),
        Value::String(name) => match name.as_str() {
            "string" => "text".to_owned(),
            "array" => format!("list of {}", kind_of_items(field)),
            "object" => match field["properties"].as_object().and_then(|fields| fields.iter().next()) {
                Some((key, value)) => format!("`{{ {key} = … }}` with a {}", kind(value)),
                None => "table of texts".to_owned(),
            },
            plain => plain.to_owned(),
        },
        _ => "any".to_owned(),
    }
}

fn kind_of_items(field: &Value) -> String {
    match kind(&field["items"]).as_str() {
        "text" => "texts".to_owned(),
        other => other.to_owned(),
    }
}

fn alternatives(field: &Value) -> Option<&Vec<Value>> {
    field["oneOf"].as_array().or(field["anyOf"].as_array())
}

/// What each of the words means that a value may be.
fn words(field: &Value) -> String {
    let own = alternatives(field).into_iter().flatten();
    let inner = field["anyOf"].as_array().into_iter().flatten().filter_map(|one| alternatives(&one["items"])).flatten();
    let mut text = String::new();
    for one in own.chain(inner) {
        let word = match one["const"].as_str() {
            Some(word) => word,
            None => match one["properties"].as_object().and_then(|fields| fields.keys().next()) {
                Some(key) => key,
                None => continue,
            },
        };
        if let Some(means) = one["description"].as_str() {
            let _ = write!(text, " `{word}`: {}", lower_first(means));
        }
    }
    text
}

fn lower_first(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_lowercase().to_string() + letters.as_str()).unwrap_or_default()
}

/// The bounds that the schema gives.
fn most(field: &Value) -> String {
    if let Some(most) = field["maxItems"].as_u64().or(field["maxProperties"].as_u64()) {
        return format!(" {most} at most.");
    }
    field["maxLength"].as_u64().map(|most| format!(" {most} characters at most.")).unwrap_or_default()
}

fn limits(schema: &Value) -> String {
    let config = Config::load(None, None).unwrap().skills;
    let plain = "name = \"plain\"\nversion = \"1.0.0\"\ndescription = \"Plain.\"\noutput_schema = {}\n\
        input_schema = { type = \"object\" }\n";
    let plain = Limits::of(&Manifest::parse(plain).unwrap(), &config);
    let most = Limits::ceiling(&config);
    let limits = &schema["properties"]["limits"];
    let mut text = format!(
        "\n## [limits]\n\n{} The values are those of a host whose settings nobody changed; the page of a skill shows \
         its own. `timeout_s` stands at the top of the file.\n\n\
         | key | counts | default | most | stops |\n|---|---|---|---|---|\n",
        limits["description"].as_str().unwrap(),
    );
    for bound in &BOUNDS {
        let counts = match &limits["properties"][bound.name]["description"] {
            Value::String(counts) => counts,
            _ => schema["properties"][bound.name]["description"].as_str().unwrap(),
        };
        let [default, most] = [&plain, &most].map(|limits| value(bound, limits));
        let _ = writeln!(text, "| `{}` | {counts} | {default} | {most} | {} |", bound.name, bound.attack);
    }
    text
}

/// In the unit of the manifest.
fn value(bound: &Bound, limits: &Limits) -> String {
    let value = (bound.of)(limits);
    let value = match bound.name {
        "memory_mb" => value >> 20,
        "timeout_s" => value / 1_000,
        _ => value,
    };
    grouped(value)
}

/// With the digits in groups of three, as a manifest may have them.
fn grouped(value: u64) -> String {
    let digits = value.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push('_');
        }
        text.push(digit);
    }
    text
}
