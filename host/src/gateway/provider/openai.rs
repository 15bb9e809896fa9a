//! The OpenAI-compatible format, streamed. A thin client of our own: the compatible servers differ
//! in what they leave out, and a typed crate refuses what it does not expect.

use eventsource_stream::Eventsource;
use futures_util::StreamExt;
use reqwest::Url;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::{Value, json};
use std::time::Duration;

use super::{Ask, Embedded, Finish, ProviderError, Tokens, ToolCall, ToolChoice, ToolSpec};
use crate::{
    config,
    gateway::{Answer, prompt_builder::PromptMessage},
};

/// Characters kept of an error's body.
const MAX_ERROR_CHARS: usize = 300;

/// Skill calls in one answer at most.
const MAX_CALLS: usize = 64;

/// Bytes of one answer at most: a server that never stops does not fill the memory.
const MAX_ANSWER_BYTES: usize = 1 << 20;

/// Bytes of an answer with vectors at most.
const MAX_VECTORS_BYTES: usize = 64 << 20;

pub struct OpenAi {
    client: reqwest::Client,
    url: Url,
    embeddings: Url,
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
    /// A part of the answer, in a stream.
    #[serde(default)]
    delta: Delta,
    /// The whole of it, elsewhere.
    message: Option<Delta>,
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
        let address = |path: &str| Url::parse(&format!("{}/{path}", model.base_url.trim_end_matches('/')));
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
            url: address("chat/completions")?,
            embeddings: address("embeddings")?,
            model: model.model.clone(),
            api_key: model.api_key.clone(),
            first_token: settings.first_token_timeout(),
            stall: settings.stall_timeout(),
        })
    }

    pub fn model(&self) -> &str {
        &self.model
    }

    /// Sends a question and reads the answer, as it comes or whole.
    pub async fn ask(&self, ask: Ask<'_>, on_text: &mut (dyn FnMut(&str) + Send)) -> Result<Answer, ProviderError> {
        let response = self.send(&self.url, &self.body(&ask)).await?;
        if !ask.stream {
            return self.whole(response, on_text).await;
        }
        let mut events = response.bytes_stream().eventsource();
        let mut reading = Reading::default();
        let mut patience = self.first_token;
        loop {
            let Ok(event) = tokio::time::timeout(patience, events.next()).await else {
                return Err(ProviderError::Silent(patience.as_secs()));
            };
            match event {
                Some(Ok(event)) if event.data == "[DONE]" => break,
                Some(Ok(event)) => reading.event(&event.data, on_text)?,
                // Before its first event an answer that breaks off was never begun.
                Some(Err(error)) if reading.bytes == 0 => return Err(ProviderError::Connection(error.to_string())),
                None if reading.bytes == 0 => {
                    return Err(ProviderError::Connection("it was closed at once".to_owned()));
                }
                Some(Err(error)) => return Err(ProviderError::Broken(error.to_string())),
                // Some servers close without the final mark, but never without a reason to finish.
                None if reading.finish.is_some() => break,
                None => return Err(ProviderError::Broken("it ended without its final mark".to_owned())),
            }
            patience = self.stall;
        }
        Ok(reading.answer(&self.model))
    }

    /// One vector for each text.
    pub async fn embed(&self, texts: &[String]) -> Result<Embedded, ProviderError> {
        #[derive(Deserialize)]
        struct Vectors {
            data: Vec<Vector>,
            usage: Option<Usage>,
        }
        #[derive(Deserialize)]
        struct Vector {
            #[serde(default)]
            index: usize,
            embedding: Vec<f32>,
        }
        let body = json!({ "model": self.model, "input": texts, "encoding_format": "float" });
        let body = self.read(self.send(&self.embeddings, &body).await?, MAX_VECTORS_BYTES).await?;
        let unreadable = |reason: String| ProviderError::Unreadable(reason);
        let mut vectors: Vectors = serde_json::from_slice(&body).map_err(|error| unreadable(error.to_string()))?;
        vectors.data.sort_by_key(|vector| vector.index);
        if vectors.data.len() != texts.len() {
            return Err(unreadable(format!("{} vectors for {} texts", vectors.data.len(), texts.len())));
        }
        let tokens = vectors.usage.map(|usage| usage.prompt_tokens).filter(|tokens| *tokens > 0);
        Ok(Embedded { vectors: vectors.data.into_iter().map(|vector| vector.embedding).collect(), tokens })
    }

    async fn whole(
        &self,
        response: reqwest::Response,
        on_text: &mut (dyn FnMut(&str) + Send),
    ) -> Result<Answer, ProviderError> {
        let body = self.read(response, MAX_ANSWER_BYTES * 4).await?;
        let chunk: Chunk =
            serde_json::from_slice(&body).map_err(|error| ProviderError::Unreadable(error.to_string()))?;
        if chunk.choices.is_empty() && chunk.error.is_none() {
            return Err(ProviderError::Unreadable("an answer without a choice".to_owned()));
        }
        let mut reading = Reading::default();
        reading.chunk(chunk, on_text)?;
        Ok(reading.answer(&self.model))
    }

    /// A body of at most so many bytes.
    async fn read(&self, response: reqwest::Response, max: usize) -> Result<Vec<u8>, ProviderError> {
        let mut chunks = response.bytes_stream();
        let mut body = Vec::new();
        loop {
            let Ok(chunk) = tokio::time::timeout(self.first_token, chunks.next()).await else {
                return Err(ProviderError::Silent(self.first_token.as_secs()));
            };
            match chunk {
                Some(Ok(chunk)) if body.len() + chunk.len() <= max => body.extend_from_slice(&chunk),
                Some(Ok(_)) => return Err(ProviderError::Broken("the answer does not end".to_owned())),
                Some(Err(error)) => return Err(ProviderError::Broken(root_cause(&error.without_url()))),
                None => return Ok(body),
            }
        }
    }

    async fn send(&self, url: &Url, body: &Value) -> Result<reqwest::Response, ProviderError> {
        let mut request = self.client.post(url.clone()).json(body);
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
        let wait = response.headers().get(reqwest::header::RETRY_AFTER).and_then(|value| value.to_str().ok());
        let retry_after = wait.and_then(|seconds| seconds.parse().ok()).map(Duration::from_secs);
        let body = tokio::time::timeout(self.stall, response.text()).await.ok().and_then(Result::ok);
        Err(ProviderError::Status { status, text: self.readable(&body.unwrap_or_default()), retry_after })
    }

    fn body(&self, ask: &Ask<'_>) -> Value {
        let messages: Vec<Value> = ask.prompt.messages.iter().map(wire_message).collect();
        let mut body = json!({ "model": self.model, "messages": messages, "max_tokens": ask.max_tokens });
        if ask.stream {
            body["stream"] = json!(true);
            body["stream_options"] = json!({ "include_usage": true });
        }
        let options = ask.options;
        if !ask.prompt.tools.is_empty() {
            body["tools"] = ask.prompt.tools.iter().map(wire_tool).collect();
            let choice = if ask.prompt.may_call { options.tool_choice.as_ref() } else { Some(&ToolChoice::None) };
            if let Some(choice) = choice {
                body["tool_choice"] = wire_choice(choice);
            }
        }
        let set = [
            ("temperature", options.temperature.map(Value::from)),
            ("top_p", options.top_p.map(Value::from)),
            ("seed", options.seed.map(Value::from)),
            ("stop", (!options.stop.is_empty()).then(|| json!(options.stop))),
            ("response_format", wire_format(options.schema.as_ref(), options.json)),
        ];
        for (key, value) in set {
            if let Some(value) = value {
                body[key] = value;
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
    finish: Option<Finish>,
    bytes: usize,
}

impl Reading {
    fn event(&mut self, data: &str, on_text: &mut (dyn FnMut(&str) + Send)) -> Result<(), ProviderError> {
        self.bytes += data.len();
        if self.bytes > MAX_ANSWER_BYTES * 4 || self.text.len() > MAX_ANSWER_BYTES {
            return Err(ProviderError::Broken("the answer does not end".to_owned()));
        }
        let chunk = serde_json::from_str(data).map_err(|error| ProviderError::Unreadable(error.to_string()))?;
        self.chunk(chunk, on_text)
    }

    fn chunk(&mut self, chunk: Chunk, on_text: &mut (dyn FnMut(&str) + Send)) -> Result<(), ProviderError> {
        if let Some(error) = chunk.error {
            let text = error["message"].as_str().unwrap_or("no reason given").chars().take(MAX_ERROR_CHARS).collect();
            return Err(ProviderError::Broken(text));
        }
        self.usage = chunk.usage.or(self.usage.take());
        for choice in chunk.choices {
            if let Some(reason) = &choice.finish_reason {
                self.finish = Some(finish(reason));
            }
            let delta = choice.message.unwrap_or(choice.delta);
            if let Some(text) = delta.content.filter(|text| !text.is_empty()) {
                self.text.push_str(&text);
                on_text(&text);
            }
            for call in delta.tool_calls.into_iter().flatten() {
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
        let mut tool_calls: Vec<ToolCall> = self.calls.into_iter().filter(|call| !call.name.is_empty()).collect();
        for (at, call) in tool_calls.iter_mut().enumerate() {
            if call.id.is_empty() {
                call.id = format!("call_{at}");
            }
        }
        let finish = match self.finish.unwrap_or_default() {
            Finish::Stop if !tool_calls.is_empty() => Finish::ToolCalls,
            finish => finish,
        };
        Answer {
            text: self.text,
            tool_calls,
            tokens: self.usage.and_then(Usage::tokens),
            finish,
            model: model.to_owned(),
            cost_micros: 0,
        }
    }
}

impl Usage {
    /// The cached part is inside of the input here. A server that counts nothing reports nothing.
    fn tokens(self) -> Option<Tokens> {
        let cached = self.prompt_tokens_details.and_then(|details| details.cached_tokens);
        let tokens = Tokens {
            input: self.prompt_tokens,
            cached: cached.unwrap_or(0).clamp(0, self.prompt_tokens.max(0)),
            cache_write: 0,
            output: self.completion_tokens,
        };
        (tokens.input > 0 && tokens.output >= 0).then_some(tokens)
    }
}

fn finish(reason: &str) -> Finish {
    match reason {
        "length" => Finish::Length,
        "tool_calls" | "function_call" => Finish::ToolCalls,
        "content_filter" => Finish::Filtered,
        _ => Finish::Stop,
    }
}

fn wire_choice(choice: &ToolChoice) -> Value {
    match choice {
        ToolChoice::Auto => json!("auto"),
        ToolChoice::None => json!("none"),
        ToolChoice::Required => json!("required"),
        ToolChoice::Named(name) => json!({ "type": "function", "function": { "name": name } }),
    }
}

fn wire_format(schema: Option<&Value>, object: bool) -> Option<Value> {
    let named =
        |schema: &Value| json!({ "type": "json_schema", "json_schema": { "name": "answer", "schema": schema } });
    schema.map(named).or_else(|| object.then(|| json!({ "type": "json_object" })))
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
