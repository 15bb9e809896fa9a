//! What OpenAI's clients read.

use axum::response::sse::Event;
use serde_json::{Value, json};

use crate::gateway::{Finish, Tokens, ToolCall};

/// What is the same in every part of one answer.
#[derive(Clone, Debug)]
pub struct Envelope {
    pub id: String,
    /// Seconds since 1970.
    pub created: i64,
    pub model: String,
}

/// Why an answer ended, in OpenAI's words.
pub fn finish_word(finish: Finish) -> &'static str {
    match finish {
        Finish::Stop => "stop",
        Finish::Length => "length",
        Finish::ToolCalls => "tool_calls",
        Finish::Filtered => "content_filter",
    }
}

pub fn usage(tokens: &Tokens) -> Value {
    json!({
        "prompt_tokens": tokens.input,
        "completion_tokens": tokens.output,
        "total_tokens": tokens.input + tokens.output,
        "prompt_tokens_details": { "cached_tokens": tokens.cached },
    })
}

fn wire_call(call: &ToolCall) -> Value {
    json!({ "id": call.id, "type": "function", "function": { "name": call.name, "arguments": call.arguments } })
}

impl Envelope {
    /// A whole answer.
    pub fn whole(&self, text: &str, calls: &[ToolCall], finish: Finish, tokens: &Tokens) -> Value {
        let content = if text.is_empty() && !calls.is_empty() { Value::Null } else { json!(text) };
        let mut message = json!({ "role": "assistant", "content": content });
        if !calls.is_empty() {
            message["tool_calls"] = calls.iter().map(wire_call).collect();
        }
        json!({
            "id": self.id,
            "object": "chat.completion",
            "created": self.created,
            "model": self.model,
            "choices": [{ "index": 0, "message": message, "finish_reason": finish_word(finish), "logprobs": null }],
            "usage": usage(tokens),
        })
    }

    fn chunk(&self, choices: &Value, usage: Option<&Tokens>) -> Event {
        let mut chunk = json!({
            "id": self.id,
            "object": "chat.completion.chunk",
            "created": self.created,
            "model": self.model,
            "choices": choices,
        });
        if let Some(tokens) = usage {
            chunk["usage"] = self::usage(tokens);
        }
        Event::default().data(chunk.to_string())
    }

    pub fn role(&self) -> Event {
        self.delta(&json!({ "role": "assistant", "content": "" }), None)
    }

    pub fn text(&self, text: &str) -> Event {
        self.delta(&json!({ "content": text }), None)
    }

    pub fn calls(&self, calls: &[ToolCall]) -> Event {
        let calls: Vec<Value> = calls
            .iter()
            .enumerate()
            .map(|(index, call)| {
                let mut call = wire_call(call);
                call["index"] = json!(index);
                call
            })
            .collect();
        self.delta(&json!({ "tool_calls": calls }), None)
    }

    pub fn end(&self, finish: Finish) -> Event {
        self.delta(&json!({}), Some(finish_word(finish)))
    }

    pub fn usage(&self, tokens: &Tokens) -> Event {
        self.chunk(&json!([]), Some(tokens))
    }

    fn delta(&self, delta: &Value, finish: Option<&str>) -> Event {
        self.chunk(&json!([{ "index": 0, "delta": delta, "finish_reason": finish }]), None)
    }
}

/// The mark that a stream is whole; one that is cut has none.
pub fn done() -> Event {
    Event::default().data("[DONE]")
}
