//! The OpenAI-compatible format, streamed. A thin client of our own: the compatible servers differ
//! in what they leave out, and a typed crate refuses what it does not expect.

use eventsource_stream::Eventsource;
use futures_util::StreamExt;
use reqwest::Url;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::{Value, json};
use std::time::Duration;

use super::{ProviderError, ToolCall, ToolSpec};
use crate::{
    config,
    gateway::{
        Answer,
        prompt_builder::{Prompt, PromptMessage},
    },
};

/// Characters kept of an error's body.
const MAX_ERROR_CHARS: usize = 300;

/// Skill calls in one answer at most.
const MAX_CALLS: usize = 64;

/// Bytes of one answer at most: a server that never stops does not fill the memory.
const MAX_ANSWER_BYTES: usize = 1 << 20;

pub struct OpenAi {
    client: reqwest::Client,
    url: Url,
    model: String,
    api_key: SecretString,
    first_token: Duration,
    stall: Duration,
}

#[derive(Deserialize)]
struct Chunk {
    #[serde(default)]
    choices: Vec<Choice>,
    usage: Option<Usage>,
    error: Option<Value>,
}

#[derive(Deserialize)]
struct Choice {
    #[serde(default)]
    delta: Delta,
    finish_reason: Option<String>,
}

#[derive(Default, Deserialize)]
struct Delta {
    content: Option<String>,
    tool_calls: Option<Vec<DeltaCall>>,
}

#[derive(Deserialize)]
struct DeltaCall {
    index: Option<usize>,
    id: Option<String>,
    function: Option<DeltaFunction>,
}

#[derive(Deserialize)]
struct DeltaFunction {
    name: Option<String>,
    arguments: Option<String>,
}

#[derive(Deserialize)]
struct Usage {
    #[serde(default)]
    prompt_tokens: i64,
    #[serde(default)]
    completion_tokens: i64,
    prompt_tokens_details: Option<PromptTokens>,
}

#[derive(Deserialize)]
struct PromptTokens {
    cached_tokens: Option<i64>,
}

impl OpenAi {
    pub fn new(model: &config::Model, settings: &config::Gateway) -> anyhow::Result<Self> {
        let client = reqwest::Client::builder()
            .connect_timeout(Duration::from_secs(10))
            .tcp_nodelay(true)
            // What is streamed word by word gains nothing from being compressed.
            .no_gzip()
            .no_brotli()
            .no_deflate()
            // A redirect would carry the key to another host.
            .redirect(reqwest::redirect::Policy::none())
            .build()?;
        Ok(Self {
            client,
            url: Url::parse(&format!("{}/chat/completions", model.base_url.trim_end_matches('/')))?,
            model: model.model.clone(),
            api_key: model.api_key.clone(),
            first_token: settings.first_token_timeout(),
            stall: settings.stall_timeout(),
        })
    }

    pub fn model(&self) -> &str {
        &self.model
    }

    /// Sends a prompt and streams the answer.
    pub async fn stream(
        &self,
        prompt: &Prompt,
        max_tokens: u32,
        on_text: &mut (dyn FnMut(&str) + Send),
    ) -> Result<Answer, ProviderError> {
        let response = self.send(prompt, max_tokens).await?;
        let mut events = response.bytes_stream().eventsource();
        let mut reading = Reading::default();
        let mut patience = self.first_token;
        loop {
            let Ok(event) = tokio::time::timeout(patience, events.next()).await else {
                return Err(ProviderError::Silent(patience.as_secs()));
            };
            match event {
                Some(Ok(event)) if event.data == "[DONE]" => break,
                Some(Ok(event)) => reading.chunk(&event.data, on_text)?,
                // Before its first event an answer that breaks off was never begun.
                Some(Err(error)) if reading.bytes == 0 => return Err(ProviderError::Connection(error.to_string())),
                None if reading.bytes == 0 => {
                    return Err(ProviderError::Connection("it was closed at once".to_owned()));
                }
                Some(Err(error)) => return Err(ProviderError::Broken(error.to_string())),
                // Some servers close without the final mark, but never without a reason to finish.
                None if reading.finished => break,
                None => return Err(ProviderError::Broken("it ended without its final mark".to_owned())),
            }
            patience = self.stall;
        }
        Ok(reading.answer(&self.model))
    }

    async fn send(&self, prompt: &Prompt, max_tokens: u32) -> Result<reqwest::Response, ProviderError> {
        let mut request = self.client.post(self.url.clone()).json(&self.body(prompt, max_tokens));
        if !self.api_key.expose_secret().is_empty() {
            request = request.bearer_auth(self.api_key.expose_secret());
        }
        let response = match tokio::time::timeout(self.first_token, request.send()).await {
            Ok(Ok(response)) => response,
            Ok(Err(error)) => return Err(ProviderError::Connection(root_cause(&error.without_url()))),
            Err(_) => return Err(ProviderError::Silent(self.first_token.as_secs())),
        };
        if response.status().is_success() {
            return Ok(response);
        }
        let status = response.status().as_u16();
        let body = tokio::time::timeout(self.stall, response.text()).await.ok().and_then(Result::ok);
        Err(ProviderError::Status { status, text: self.readable(&body.unwrap_or_default()) })
    }

    fn body(&self, prompt: &Prompt, max_tokens: u32) -> Value {
        let messages: Vec<Value> = prompt.messages.iter().map(wire_message).collect();
        let mut body = json!({
            "model": self.model,
            "messages": messages,
            "max_tokens": max_tokens,
            "stream": true,
            "stream_options": { "include_usage": true },
        });
        if !prompt.tools.is_empty() {
            body["tools"] = prompt.tools.iter().map(wire_tool).collect();
            if !prompt.may_call {
                body["tool_choice"] = json!("none");
            }
        }
        body
    }

    /// The message of an error body, short and without the key, should a server echo it.
    fn readable(&self, body: &str) -> String {
        let parsed: Option<Value> = serde_json::from_str(body).ok();
        let message = parsed.as_ref().and_then(|value| value["error"]["message"].as_str()).unwrap_or(body);
        let key = self.api_key.expose_secret();
        let clean = if key.is_empty() { message.to_owned() } else { message.replace(key, "[key]") };
        clean.chars().take(MAX_ERROR_CHARS).collect()
    }
}

/// An answer as far as it has come.
#[derive(Default)]
struct Reading {
    text: String,
    calls: Vec<ToolCall>,
    usage: Option<Usage>,
    finished: bool,
    bytes: usize,
}

impl Reading {
    fn chunk(&mut self, data: &str, on_text: &mut (dyn FnMut(&str) + Send)) -> Result<(), ProviderError> {
        self.bytes += data.len();
        if self.bytes > MAX_ANSWER_BYTES * 4 || self.text.len() > MAX_ANSWER_BYTES {
            return Err(ProviderError::Broken("the answer does not end".to_owned()));
        }
        let chunk: Chunk = serde_json::from_str(data).map_err(|error| ProviderError::Unreadable(error.to_string()))?;
        if let Some(error) = chunk.error {
            let text = error["message"].as_str().unwrap_or("no reason given").chars().take(MAX_ERROR_CHARS).collect();
            return Err(ProviderError::Broken(text));
        }
        self.usage = chunk.usage.or(self.usage.take());
        for choice in chunk.choices {
            self.finished |= choice.finish_reason.is_some();
            if let Some(text) = choice.delta.content.filter(|text| !text.is_empty()) {
                self.text.push_str(&text);
                on_text(&text);
            }
            for call in choice.delta.tool_calls.into_iter().flatten() {
                self.call(call)?;
            }
        }
        Ok(())
    }

    fn call(&mut self, delta: DeltaCall) -> Result<(), ProviderError> {
        // Servers that leave out the index send each call whole, or under a new id.
        let last = self.calls.len().saturating_sub(1);
        let index = delta.index.unwrap_or_else(|| match (&delta.id, self.calls.last()) {
            (Some(id), Some(call)) if *id != call.id => last + 1,
            _ => last,
        });
        // More calls than any loop allows are a mistake of the server.
        if index > MAX_CALLS {
            return Err(ProviderError::Unreadable(format!("more than {MAX_CALLS} calls in one answer")));
        }
        if self.calls.len() <= index {
            self.calls.resize_with(index + 1, ToolCall::default);
        }
        let call = &mut self.calls[index];
        if let Some(id) = delta.id.filter(|id| !id.is_empty()) {
            call.id = id;
        }
        if let Some(function) = delta.function {
            call.name.push_str(&function.name.unwrap_or_default());
            call.arguments.push_str(&function.arguments.unwrap_or_default());
        }
        Ok(())
    }

    fn answer(self, model: &str) -> Answer {
        let (input_tokens, output_tokens, cached_tokens) = self.usage.map_or((0, 0, 0), |usage| {
            let cached = usage.prompt_tokens_details.and_then(|details| details.cached_tokens);
            (usage.prompt_tokens, usage.completion_tokens, cached.unwrap_or(0))
        });
        let mut tool_calls: Vec<ToolCall> = self.calls.into_iter().filter(|call| !call.name.is_empty()).collect();
        for (at, call) in tool_calls.iter_mut().enumerate() {
            if call.id.is_empty() {
                call.id = format!("call_{at}");
            }
        }
        Answer { text: self.text, tool_calls, input_tokens, output_tokens, cached_tokens, model: model.to_owned() }
    }
}

fn wire_message(message: &PromptMessage) -> Value {
    match message {
        PromptMessage::System(text) => json!({ "role": "system", "content": text }),
        PromptMessage::User(text) => json!({ "role": "user", "content": text }),
        PromptMessage::Assistant { text, calls } if calls.is_empty() => json!({ "role": "assistant", "content": text }),
        PromptMessage::Assistant { text, calls } => {
            let calls: Vec<Value> = calls
                .iter()
                .map(|call| {
                    json!({
                        "id": call.id, "type": "function",
                        "function": { "name": call.name, "arguments": call.arguments },
                    })
                })
                .collect();
            json!({ "role": "assistant", "content": text, "tool_calls": calls })
        }
        PromptMessage::SkillResult { id, text } => json!({ "role": "tool", "tool_call_id": id, "content": text }),
    }
}

fn wire_tool(tool: &ToolSpec) -> Value {
    json!({
        "type": "function",
        "function": { "name": tool.name, "description": tool.description, "parameters": tool.parameters },
    })
}

/// The innermost reason, which says more than "error sending request".
fn root_cause(error: &dyn std::error::Error) -> String {
    let mut cause = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    cause.to_string()
}
