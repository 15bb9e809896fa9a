//! An answer in Anthropic's format, whole or event by event.

use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;

use super::{
    super::{Finish, ProviderError, Tokens, ToolCall, http::MAX_CALLS},
    request::ANSWER_TOOL,
};
use crate::gateway::Answer;

/// An event of a stream. Kinds and parts that are not listed say nothing that is needed here.
#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Event {
    MessageStart {
        message: Start,
    },
    ContentBlockStart {
        index: usize,
        content_block: Content,
    },
    ContentBlockDelta {
        index: usize,
        delta: Delta,
    },
    MessageDelta {
        delta: End,
        #[serde(default)]
        usage: Usage,
    },
    MessageStop,
    Error {
        error: Trouble,
    },
    #[serde(other)]
    Other,
}

#[derive(Deserialize)]
pub struct Start {
    #[serde(default)]
    usage: Usage,
}

/// A whole answer.
#[derive(Deserialize)]
pub struct Message {
    content: Vec<Content>,
    stop_reason: Option<String>,
    #[serde(default)]
    usage: Usage,
}

#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Content {
    Text {
        #[serde(default)]
        text: String,
    },
    ToolUse {
        id: String,
        name: String,
        #[serde(default)]
        input: Value,
    },
    #[serde(other)]
    Other,
}

#[derive(Deserialize)]
#[serde(tag = "type")]
pub enum Delta {
    #[serde(rename = "text_delta")]
    Text { text: String },
    #[serde(rename = "input_json_delta")]
    Json { partial_json: String },
    #[serde(other)]
    Other,
}

#[derive(Deserialize)]
pub struct End {
    stop_reason: Option<String>,
}

#[derive(Deserialize)]
pub struct Trouble {
    #[serde(default, rename = "type")]
    kind: String,
    #[serde(default)]
    message: String,
}

/// Tokens so far; later events repeat and complete earlier ones.
#[derive(Clone, Copy, Default, Deserialize)]
#[expect(clippy::struct_field_names, reason = "as the API names them")]
pub struct Usage {
    input_tokens: Option<i64>,
    cache_creation_input_tokens: Option<i64>,
    cache_read_input_tokens: Option<i64>,
    output_tokens: Option<i64>,
}

/// An answer as far as it has come.
#[derive(Default)]
pub struct Reading {
    begun: bool,
    text: String,
    /// By the index of their blocks.
    calls: BTreeMap<usize, Call>,
    usage: Usage,
    finish: Finish,
}

#[derive(Default)]
struct Call {
    id: String,
    name: String,
    /// As it came with the start of the block.
    input: Value,
    /// As it came in pieces.
    pieces: String,
}

impl Reading {
    /// Bytes of what came beside words.
    pub fn hidden(&self) -> usize {
        self.calls.values().map(|call| call.name.len() + call.pieces.len()).sum()
    }

    pub fn whole(&mut self, message: Message, on_text: &mut (dyn FnMut(&str) + Send)) -> Result<(), ProviderError> {
        for (index, content) in message.content.into_iter().enumerate() {
            self.begin(index, content, on_text)?;
        }
        self.usage = message.usage;
        self.end(message.stop_reason.as_deref());
        self.close(on_text);
        Ok(())
    }

    /// Takes in an event; true for the last one.
    pub fn event(&mut self, event: Event, on_text: &mut (dyn FnMut(&str) + Send)) -> Result<bool, ProviderError> {
        match event {
            Event::MessageStart { message } => {
                self.begun = true;
                self.usage = message.usage;
            }
            Event::ContentBlockStart { index, content_block } => self.begin(index, content_block, on_text)?,
            Event::ContentBlockDelta { delta: Delta::Text { text }, .. } => self.say(&text, on_text),
            Event::ContentBlockDelta { index, delta: Delta::Json { partial_json } } => {
                match self.calls.get_mut(&index) {
                    Some(call) if call.name == ANSWER_TOOL => self.say(&partial_json, on_text),
                    Some(call) => call.pieces.push_str(&partial_json),
                    None => return Err(ProviderError::Unreadable("a part of a call that was not begun".to_owned())),
                }
            }
            Event::MessageDelta { delta, usage } => {
                self.usage = usage.or(self.usage);
                self.end(delta.stop_reason.as_deref());
            }
            Event::Error { error } => return Err(self.trouble(error)),
            Event::MessageStop => {
                self.close(on_text);
                return Ok(true);
            }
            Event::ContentBlockDelta { .. } | Event::Other => {}
        }
        Ok(false)
    }

    fn begin(
        &mut self,
        index: usize,
        content: Content,
        on_text: &mut (dyn FnMut(&str) + Send),
    ) -> Result<(), ProviderError> {
        match content {
            Content::Text { text } => self.say(&text, on_text),
            Content::ToolUse { id, name, input } => {
                if self.calls.len() == MAX_CALLS {
                    return Err(ProviderError::Unreadable(format!("more than {MAX_CALLS} calls in one answer")));
                }
                self.calls.insert(index, Call { id, name, input, pieces: String::new() });
            }
            Content::Other => {}
        }
        Ok(())
    }

    fn say(&mut self, text: &str, on_text: &mut (dyn FnMut(&str) + Send)) {
        if !text.is_empty() {
            self.text.push_str(text);
            on_text(text);
        }
    }

    /// Says an answer that came with the start of its block, and not in pieces.
    fn close(&mut self, on_text: &mut (dyn FnMut(&str) + Send)) {
        let answer = self.calls.values().find(|call| call.name == ANSWER_TOOL).map(|call| call.input.to_string());
        if let Some(answer) = answer
            && self.text.is_empty()
        {
            self.say(&answer, on_text);
        }
    }

    fn end(&mut self, reason: Option<&str>) {
        self.finish = match reason {
            Some("max_tokens" | "model_context_window_exceeded") => Finish::Length,
            Some("tool_use") => Finish::ToolCalls,
            Some("refusal") => Finish::Filtered,
            Some(_) => Finish::Stop,
            None => self.finish,
        };
    }

    /// An error in a stream. Before the answer has begun it is what the status would have said.
    fn trouble(&self, error: Trouble) -> ProviderError {
        let Trouble { kind, message } = error;
        let status = match kind.as_str() {
            "invalid_request_error" => 400,
            "authentication_error" => 401,
            "permission_error" => 403,
            "not_found_error" => 404,
            "request_too_large" => 413,
            "rate_limit_error" => 429,
            "overloaded_error" => 529,
            _ => 500,
        };
        if self.begun {
            ProviderError::Broken(message)
        } else {
            ProviderError::Status { status, text: message, retry_after: None }
        }
    }

    pub fn answer(self, model: &str) -> Answer {
        let calls = self.calls.into_values().filter(|call| call.name != ANSWER_TOOL);
        let tool_calls: Vec<ToolCall> = calls.map(Call::ready).collect();
        let finish = match self.finish {
            // What looks like a call was the answer itself.
            Finish::ToolCalls if tool_calls.is_empty() => Finish::Stop,
            finish => finish,
        };
        Answer {
            text: self.text,
            tool_calls,
            tokens: self.usage.tokens(),
            finish,
            model: model.to_owned(),
            cost_micros: 0,
        }
    }
}

impl Call {
    fn ready(self) -> ToolCall {
        let arguments = match (self.pieces.is_empty(), self.input) {
            (false, _) => self.pieces,
            (true, Value::Null) => "{}".to_owned(),
            (true, input) => input.to_string(),
        };
        ToolCall { id: self.id, name: self.name, arguments }
    }
}

impl Usage {
    fn or(self, earlier: Self) -> Self {
        Self {
            input_tokens: self.input_tokens.or(earlier.input_tokens),
            cache_creation_input_tokens: self.cache_creation_input_tokens.or(earlier.cache_creation_input_tokens),
            cache_read_input_tokens: self.cache_read_input_tokens.or(earlier.cache_read_input_tokens),
            output_tokens: self.output_tokens.or(earlier.output_tokens),
        }
    }

    /// What a cache had or got is beside the input here.
    fn tokens(self) -> Option<Tokens> {
        let count = |tokens: Option<i64>| tokens.unwrap_or(0).max(0);
        let (cached, cache_write) = (count(self.cache_read_input_tokens), count(self.cache_creation_input_tokens));
        let input = count(self.input_tokens).saturating_add(cached).saturating_add(cache_write);
        let output = count(self.output_tokens);
        Tokens { input, cached, cache_write, output }.sound()
    }
}
