//! What Anthropic's API checks in a request.

use serde_json::Value;
use std::collections::BTreeSet;

use super::super::strict::{Checked, ensure, header};

const KNOWN: [&str; 14] = [
    "model",
    "max_tokens",
    "messages",
    "system",
    "tools",
    "tool_choice",
    "temperature",
    "top_p",
    "top_k",
    "stop_sequences",
    "stream",
    "metadata",
    "thinking",
    "service_tier",
];

/// Marks of what is to be cached in one request at most.
const MAX_MARKS: usize = 4;

/// Says what is wrong with a request, if anything.
pub fn check(head: &[String], body: &Value, model: &str, api_key: &str) -> Checked {
    let line = head.first().map(String::as_str).unwrap_or_default();
    ensure(line.starts_with("POST /v1/messages HTTP/"), || format!("no such path: {line}"))?;
    authorized(head, api_key)?;
    let json = header(head, "content-type").is_some_and(|value| value.starts_with("application/json"));
    ensure(json, || "the content type is not JSON".into())?;
    let fields = body.as_object().ok_or("the body is not a JSON object")?;
    let unknown = fields.keys().find(|key| !KNOWN.contains(&key.as_str()));
    ensure(unknown.is_none(), || format!("unknown key {unknown:?}"))?;
    ensure(body["model"] == model, || format!("no such model: {}", body["model"]))?;
    ensure(body["max_tokens"].as_u64() > Some(0), || "`max_tokens` is not a positive number".into())?;
    let warm = fields.get("temperature").is_none_or(|value| value.as_f64().is_some_and(|t| (0.0..=1.0).contains(&t)));
    ensure(warm, || format!("bad temperature {}", body["temperature"]))?;
    let both = fields.contains_key("temperature") && fields.contains_key("top_p");
    ensure(!both, || "`temperature` and `top_p` cannot both be specified".into())?;
    for stop in fields.get("stop_sequences").and_then(Value::as_array).into_iter().flatten() {
        ensure(stop.as_str().is_some_and(|stop| !stop.trim().is_empty()), || format!("bad stop sequence {stop}"))?;
    }
    for block in fields.get("system").map_or(Ok(&[][..]), list)? {
        check_text(block)?;
    }
    let names = check_tools(fields.get("tools"))?;
    check_choice(fields.get("tool_choice"), &names)?;
    check_messages(list(&body["messages"])?, !names.is_empty())?;
    check_marks(body)
}

/// Whether the headers hold the key, and the version that is spoken here.
pub fn authorized(head: &[String], api_key: &str) -> Checked {
    ensure(header(head, "x-api-key") == Some(api_key), || "the key is missing or wrong".into())?;
    ensure(header(head, "authorization").is_none(), || "there is a key of another kind".into())?;
    ensure(header(head, "anthropic-version") == Some("2023-06-01"), || "the version is missing or unknown".into())
}

fn list(value: &Value) -> Result<&[Value], String> {
    value.as_array().filter(|items| !items.is_empty()).map(Vec::as_slice).ok_or(format!("not a list of some: {value}"))
}

fn check_text(block: &Value) -> Checked {
    let said = block["type"] == "text" && block["text"].as_str().is_some_and(|text| !text.trim().is_empty());
    ensure(said, || format!("text content blocks must be non-empty: {block}"))
}

fn fits(name: &str, longest: usize) -> bool {
    (1..=longest).contains(&name.len()) && name.chars().all(|c| c.is_ascii_alphanumeric() || "_-".contains(c))
}

/// The names of the tools.
fn check_tools(tools: Option<&Value>) -> Result<BTreeSet<&str>, String> {
    let mut names = BTreeSet::new();
    let Some(tools) = tools else { return Ok(names) };
    for tool in list(tools)? {
        let name = tool["name"].as_str().unwrap_or_default();
        ensure(fits(name, 128), || format!("bad name of a tool: {tool}"))?;
        ensure(names.insert(name), || format!("two tools are called {name}"))?;
        let schema = &tool["input_schema"];
        ensure(schema["type"] == "object", || format!("the input_schema of `{name}` is not an object's"))?;
        jsonschema::validator_for(schema).map_err(|error| format!("the input_schema of `{name}`: {error}"))?;
    }
    Ok(names)
}

fn check_choice(choice: Option<&Value>, names: &BTreeSet<&str>) -> Checked {
    let Some(choice) = choice else { return Ok(()) };
    ensure(!names.is_empty(), || "`tool_choice` without tools".into())?;
    let known = match choice["type"].as_str().unwrap_or_default() {
        "auto" | "any" | "none" => true,
        "tool" => choice["name"].as_str().is_some_and(|name| names.contains(name)),
        _ => false,
    };
    ensure(known, || format!("bad tool_choice: {choice}"))
}

fn check_messages(messages: &[Value], has_tools: bool) -> Checked {
    let mut open: Vec<&str> = Vec::new();
    let mut seen: BTreeSet<&str> = BTreeSet::new();
    for (at, message) in messages.iter().enumerate() {
        let wrong = |what: &str| format!("message {at}: {what}: {message}");
        let role = if at % 2 == 0 { "user" } else { "assistant" };
        ensure(message["role"] == role, || wrong("roles must alternate, and the first is the user"))?;
        let (mut results, mut calls) = (Vec::new(), Vec::new());
        for block in list(&message["content"]).map_err(|error| wrong(&error))? {
            match (role, block["type"].as_str().unwrap_or_default()) {
                (_, "text") => check_text(block)?,
                ("user", "tool_result") => {
                    ensure(block["content"].is_string(), || wrong("a result without content"))?;
                    results.push(block["tool_use_id"].as_str().unwrap_or_default());
                }
                ("assistant", "tool_use") => {
                    let id = block["id"].as_str().unwrap_or_default();
                    ensure(fits(id, 64) && seen.insert(id), || wrong("the id of a call is bad or used"))?;
                    ensure(block["input"].is_object(), || wrong("the input of a call is no object"))?;
                    ensure(block["name"].is_string(), || wrong("a call without a name"))?;
                    calls.push(id);
                }
                _ => return Err(wrong("a block that does not belong there")),
            }
        }
        ensure(results == open, || wrong("`tool_use` ids were found without `tool_result` blocks right after"))?;
        let first = &message["content"][0]["type"];
        ensure(results.is_empty() || first == "tool_result", || wrong("results come before words"))?;
        ensure(has_tools || calls.is_empty(), || wrong("calls, but no tools"))?;
        open = calls;
    }
    ensure(messages.len() % 2 == 1, || "the last message asks nothing".into())
}

/// Counts the marks, and looks at each.
fn check_marks(body: &Value) -> Checked {
    let mut marks = 0;
    let mut left = vec![body];
    while let Some(value) = left.pop() {
        match value {
            Value::Array(items) => left.extend(items),
            Value::Object(fields) => {
                if let Some(mark) = fields.get("cache_control") {
                    ensure(mark["type"] == "ephemeral", || format!("bad cache_control: {mark}"))?;
                    marks += 1;
                }
                left.extend(fields.values());
            }
            _ => {}
        }
    }
    ensure(marks <= MAX_MARKS, || format!("{marks} blocks with cache_control; {MAX_MARKS} at most"))
}
