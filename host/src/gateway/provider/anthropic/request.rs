//! A question in Anthropic's format.

use serde_json::{Map, Value, json};

use super::super::{Ask, Options, ToolCall, ToolChoice, ToolSpec};
use crate::gateway::prompt_builder::{Prompt, PromptMessage};

/// The tool whose input is the answer where that must be JSON. No skill has such a name.
pub const ANSWER_TOOL: &str = "answer-as-json";

/// Stands before a conversation whose beginning was cut: a person must speak first.
const EARLIER: &str = "[Earlier messages are not shown.]";

/// The body of a request.
pub fn body(model: &str, ask: &Ask<'_>) -> Value {
    let (prompt, options) = (ask.prompt, ask.options);
    let mut body = json!({ "model": model, "max_tokens": ask.max_tokens, "messages": messages(prompt) });
    if ask.stream {
        body["stream"] = json!(true);
    }
    if let Some(system) = system(prompt) {
        body["system"] = json!([mark(system)]);
    }
    let answers = form(options).map(|schema| answer_tool(&schema));
    let by_tool = answers.is_some();
    let mut tools: Vec<Value> = prompt.tools.iter().map(tool).chain(answers).collect();
    if let Some(last) = tools.pop() {
        tools.push(mark(last));
        body["tools"] = json!(tools);
        body["tool_choice"] = choice(prompt, options, by_tool);
    }
    // The API knows temperatures up to 1, and newer models either of the two.
    let top_p = options.top_p.filter(|_| options.temperature.is_none());
    let stop: Vec<&String> = options.stop.iter().filter(|stop| !stop.trim().is_empty()).collect();
    let set = [
        ("temperature", options.temperature.map(|temperature| json!(temperature.min(1.0)))),
        ("top_p", top_p.map(Value::from)),
        ("stop_sequences", (!stop.is_empty()).then(|| json!(stop))),
    ];
    for (key, value) in set {
        if let Some(value) = value {
            body[key] = value;
        }
    }
    body
}

/// Marks the end of what is worth keeping in the provider's cache. A request has three marks at most (tools,
/// system, history); the API allows four.
fn mark(mut block: Value) -> Value {
    block["cache_control"] = json!({ "type": "ephemeral" });
    block
}

/// The system's text, where there is any; the API refuses empty ones.
fn system(prompt: &Prompt) -> Option<Value> {
    let texts: Vec<&str> = prompt
        .messages
        .iter()
        .filter_map(|message| match message {
            PromptMessage::System(text) if !text.trim().is_empty() => Some(text.as_str()),
            _ => None,
        })
        .collect();
    (!texts.is_empty()).then(|| json!({ "type": "text", "text": texts.join("\n\n") }))
}

/// Messages in turns: neighbours of one role are one message.
fn messages(prompt: &Prompt) -> Vec<Value> {
    let last_said = prompt.messages.iter().rposition(|message| matches!(message, PromptMessage::User(_)));
    let mut turns: Vec<(&str, Vec<Value>)> = Vec::new();
    for (at, message) in prompt.messages.iter().enumerate() {
        if Some(at) == last_said
            && let Some(block) = turns.last_mut().and_then(|(_, blocks)| blocks.last_mut())
        {
            *block = mark(block.take());
        }
        let (role, blocks) = match message {
            PromptMessage::System(_) => continue,
            PromptMessage::User(text) => ("user", text_block(text).into_iter().collect()),
            PromptMessage::Assistant { text, calls } => {
                ("assistant", text_block(text).into_iter().chain(calls.iter().map(tool_use)).collect::<Vec<_>>())
            }
            PromptMessage::SkillResult { id, text } => {
                ("user", vec![json!({ "type": "tool_result", "tool_use_id": fit_id(id), "content": text })])
            }
        };
        match turns.last_mut() {
            _ if blocks.is_empty() => {}
            Some((last, said)) if *last == role => said.extend(blocks),
            None if role == "assistant" => {
                turns.push(("user", text_block(EARLIER).into_iter().collect()));
                turns.push((role, blocks));
            }
            _ => turns.push((role, blocks)),
        }
    }
    turns.into_iter().map(|(role, content)| json!({ "role": role, "content": content })).collect()
}

fn text_block(text: &str) -> Option<Value> {
    (!text.trim().is_empty()).then(|| json!({ "type": "text", "text": text }))
}

fn tool_use(call: &ToolCall) -> Value {
    // What is no object was told to the model as its mistake; here it would be refused.
    let input: Map<String, Value> = serde_json::from_str(&call.arguments).unwrap_or_default();
    json!({ "type": "tool_use", "id": fit_id(&call.id), "name": call.name, "input": input })
}

/// An id that another provider gave, in characters that this one takes.
fn fit_id(id: &str) -> String {
    id.chars().map(|c| if c.is_ascii_alphanumeric() || c == '-' { c } else { '_' }).collect()
}

fn tool(tool: &ToolSpec) -> Value {
    json!({ "name": tool.name, "description": tool.description, "input_schema": tool.parameters })
}

/// The schema of an answer that must be JSON. A schema of anything but an object is none of a tool; there the
/// instructions alone ask for it.
fn form(options: &Options) -> Option<Value> {
    match &options.schema {
        Some(schema) => (schema["type"] == "object").then(|| schema.clone()),
        None => options.json.then(|| json!({ "type": "object" })),
    }
}

fn answer_tool(schema: &Value) -> Value {
    json!({ "name": ANSWER_TOOL, "description": "Takes the answer.", "input_schema": schema })
}

fn choice(prompt: &Prompt, options: &Options, answers_by_tool: bool) -> Value {
    let may_call = prompt.may_call && !prompt.tools.is_empty() && options.tool_choice != Some(ToolChoice::None);
    match &options.tool_choice {
        _ if !may_call && answers_by_tool => json!({ "type": "tool", "name": ANSWER_TOOL }),
        _ if !may_call => json!({ "type": "none" }),
        Some(ToolChoice::Named(name)) => json!({ "type": "tool", "name": name }),
        Some(ToolChoice::Required) => json!({ "type": "any" }),
        // A skill or the answer.
        _ if answers_by_tool => json!({ "type": "any" }),
        _ => json!({ "type": "auto" }),
    }
}
