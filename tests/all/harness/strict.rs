//! What a picky provider checks in a chat request.

use serde_json::Value;
use std::collections::BTreeSet;

pub type Checked = Result<(), String>;

/// Keys of a request that every compatible server knows.
const KNOWN: [&str; 15] = [
    "model",
    "messages",
    "tools",
    "tool_choice",
    "parallel_tool_calls",
    "max_tokens",
    "max_completion_tokens",
    "temperature",
    "top_p",
    "stop",
    "seed",
    "stream",
    "stream_options",
    "response_format",
    "user",
];

/// The value of a header among the lines of a request.
pub fn header<'a>(head: &'a [String], name: &str) -> Option<&'a str> {
    head.iter().skip(1).find_map(|line| {
        let (key, value) = line.split_once(':')?;
        key.eq_ignore_ascii_case(name).then(|| value.trim())
    })
}

/// Says what is wrong with a request, if anything.
pub fn check(head: &[String], body: &Value, model: &str, api_key: &str) -> Checked {
    let line = head.first().map(String::as_str).unwrap_or_default();
    ensure(line.starts_with("POST /v1/chat/completions HTTP/"), || format!("no such path: {line}"))?;
    let authorized = header(head, "authorization") == Some(&format!("Bearer {api_key}"));
    ensure(authorized, || "the key is missing or wrong".into())?;
    let json = header(head, "content-type").is_some_and(|value| value.starts_with("application/json"));
    ensure(json, || "the content type is not JSON".into())?;
    let fields = body.as_object().ok_or("the body is not a JSON object")?;
    let unknown = fields.keys().find(|key| !KNOWN.contains(&key.as_str()));
    ensure(unknown.is_none(), || format!("unknown key {unknown:?}"))?;
    ensure(body["model"] == model, || format!("no such model: {}", body["model"]))?;
    for key in ["max_tokens", "max_completion_tokens"] {
        ensure(fields.get(key).is_none_or(|value| value.as_u64() > Some(0)), || {
            format!("`{key}` is not a positive number")
        })?;
    }
    let streams = body["stream"] == true;
    ensure(streams || !fields.contains_key("stream_options"), || "`stream_options` without a stream".into())?;
    let tools = check_tools(fields.get("tools"))?;
    ensure(!tools.is_empty() || !fields.contains_key("tool_choice"), || "`tool_choice` without tools".into())?;
    check_messages(body["messages"].as_array().map(Vec::as_slice).unwrap_or_default())
}

/// The names of the tools.
fn check_tools(tools: Option<&Value>) -> Result<BTreeSet<&str>, String> {
    let mut names = BTreeSet::new();
    let Some(tools) = tools else { return Ok(names) };
    let tools = tools.as_array().filter(|tools| !tools.is_empty()).ok_or("`tools` is not a list of some")?;
    for tool in tools {
        let function = &tool["function"];
        let name = function["name"].as_str().unwrap_or_default();
        let plain = name.chars().all(|c| c.is_ascii_alphanumeric() || "_-".contains(c));
        ensure(plain && (1..=64).contains(&name.len()), || format!("bad name of a tool: {tool}"))?;
        ensure(names.insert(name), || format!("two tools are called {name}"))?;
        ensure(tool["type"] == "function", || format!("`{name}` is not of the type function"))?;
        ensure(function["description"].is_string(), || format!("`{name}` has no description"))?;
        let parameters = &function["parameters"];
        ensure(parameters["type"] == "object", || format!("the parameters of `{name}` are not an object"))?;
        jsonschema::validator_for(parameters).map_err(|error| format!("the parameters of `{name}`: {error}"))?;
    }
    Ok(names)
}

fn check_messages(messages: &[Value]) -> Checked {
    let mut open: BTreeSet<&str> = BTreeSet::new();
    let mut seen: BTreeSet<&str> = BTreeSet::new();
    for (at, message) in messages.iter().enumerate() {
        let role = message["role"].as_str().unwrap_or_default();
        let wrong = |what: &str| format!("message {at}: {what}: {message}");
        if role == "tool" {
            let id = message["tool_call_id"].as_str().unwrap_or_default();
            ensure(open.remove(id), || wrong("it answers no open call"))?;
        } else {
            ensure(open.is_empty(), || wrong("calls before it have no answer"))?;
        }
        let calls = message["tool_calls"].as_array().map(Vec::as_slice).unwrap_or_default();
        match role {
            "system" | "developer" => ensure(at == 0, || wrong("only the first message is the system's"))?,
            "user" | "tool" => {}
            "assistant" => {
                let empty = message.get("tool_calls").is_some() && calls.is_empty();
                ensure(!empty, || wrong("an empty list of calls"))?;
            }
            _ => return Err(wrong("unknown role")),
        }
        let may_be_silent = role == "assistant" && !calls.is_empty() && message["content"].is_null();
        ensure(message["content"].is_string() || may_be_silent, || wrong("no text"))?;
        for call in calls {
            let (id, function) = (call["id"].as_str().unwrap_or_default(), &call["function"]);
            ensure(!id.is_empty() && seen.insert(id) && open.insert(id), || {
                wrong("the id of a call is missing or used")
            })?;
            ensure(call["type"] == "function", || wrong("a call is not of the type function"))?;
            ensure(function["name"].is_string(), || wrong("a call without a name"))?;
            let arguments = function["arguments"].as_str().map(serde_json::from_str::<Value>);
            ensure(matches!(arguments, Some(Ok(Value::Object(_)))), || wrong("arguments are not JSON in a text"))?;
        }
    }
    ensure(open.is_empty(), || format!("calls have no answer: {open:?}"))?;
    let last = messages.last().map_or(&Value::Null, |message| &message["role"]);
    ensure(last == "user" || last == "tool", || "the last message asks nothing".into())
}

pub fn ensure(holds: bool, complaint: impl FnOnce() -> String) -> Checked {
    if holds { Ok(()) } else { Err(complaint()) }
}
