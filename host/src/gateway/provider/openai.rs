//! The OpenAI-compatible format, streamed. A thin client of our own: the compatible servers differ
//! in what they leave out, and a typed crate refuses what it does not expect.

mod dialect;

use reqwest::{Response, Url, header};
use secrecy::ExposeSecret;
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::atomic::Ordering;

use super::{
    Ask, Embedded, Finish, ProviderError, Tokens, ToolCall, ToolChoice, ToolSpec,
    http::{self, MAX_ANSWER_BYTES, MAX_CALLS, Server, parse},
};
use crate::{
    config,
    gateway::{Answer, prompt_builder::PromptMessage},
};

use dialect::Dialect;

/// Bytes of an answer with vectors at most.
const MAX_VECTORS_BYTES: usize = 64 << 20;

pub struct OpenAi {
    pub server: Server,
    url: Url,
    embeddings: Url,
    dialect: Dialect,
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
    reasoning_content: Option<String>,
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
        let mut headers = header::HeaderMap::new();
        if !model.api_key.expose_secret().is_empty() {
            let bearer = format!("Bearer {}", model.api_key.expose_secret());
            headers.insert(header::AUTHORIZATION, http::secret(&bearer)?);
        }
        Ok(Self {
            server: Server::new(model, settings, headers, address("models")?)?,
            url: address("chat/completions")?,
            embeddings: address("embeddings")?,
            dialect: Dialect::default(),
        })
    }

    /// Sends a question and reads the answer, as it comes or whole.
    pub async fn ask(&self, ask: Ask<'_>, on_text: &mut (dyn FnMut(&str) + Send)) -> Result<Answer, ProviderError> {
        let response = self.send(&ask).await?;
        let mut reading = Reading::default();
        if !ask.stream {
            let body = self.server.read(response, MAX_ANSWER_BYTES).await?;
            let chunk: Chunk = parse(&body)?;
            if chunk.choices.is_empty() && chunk.error.is_none() {
                return Err(ProviderError::Unreadable("an answer without a choice".to_owned()));
            }
            reading.chunk(chunk, on_text)?;
            return Ok(reading.answer(&self.server.model));
        }
        let mut events = self.server.events(response);
        loop {
            match events.next().await? {
                // A mark without a reason to finish is put behind what was cut by some servers.
                Some(data) if data == "[DONE]" && reading.finish.is_some() => break,
                Some(data) if data == "[DONE]" => {
                    return Err(ProviderError::Broken("it ended without a reason to finish".to_owned()));
                }
                Some(data) => {
                    reading.chunk(parse(data.as_bytes())?, on_text)?;
                    ask.hidden.store(reading.hidden(), Ordering::Relaxed);
                }
                // Some servers close without the final mark, but never without a reason to finish.
                None if reading.finish.is_some() => break,
                None => return Err(ProviderError::Broken("it ended without its final mark".to_owned())),
            }
        }
        Ok(reading.answer(&self.server.model))
    }

    /// Sends a question, in other words where the model refuses these: refusals cost nothing.
    async fn send(&self, ask: &Ask<'_>) -> Result<Response, ProviderError> {
        loop {
            match self.server.send(&self.url, &self.body(ask)).await {
                Err(refusal) if self.dialect.learn(&refusal) => {}
                other => return other,
            }
        }
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
        let body = json!({ "model": self.server.model, "input": texts, "encoding_format": "float" });
        let response = self.server.send(&self.embeddings, &body).await?;
        let mut vectors: Vectors = parse(&self.server.read(response, MAX_VECTORS_BYTES).await?)?;
        vectors.data.sort_by_key(|vector| vector.index);
        if vectors.data.len() != texts.len() {
            let reason = format!("{} vectors for {} texts", vectors.data.len(), texts.len());
            return Err(ProviderError::Unreadable(reason));
        }
        let tokens = vectors.usage.and_then(Usage::tokens).map(|tokens| tokens.input);
        Ok(Embedded { vectors: vectors.data.into_iter().map(|vector| vector.embedding).collect(), tokens })
    }

    fn body(&self, ask: &Ask<'_>) -> Value {
        let messages: Vec<Value> = ask.prompt.messages.iter().map(wire_message).collect();
        let mut body = json!({ "model": self.server.model, "messages": messages });
        body[self.dialect.bound()] = json!(ask.max_tokens);
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
            if let Some(value) = value.filter(|_| self.dialect.takes(key)) {
                body[key] = value;
            }
        }
        body
    }
}

/// An answer as far as it has come.
#[derive(Default)]
struct Reading {
    text: String,
    calls: Vec<ToolCall>,
    usage: Option<Usage>,
    finish: Option<Finish>,
    /// Bytes of thoughts, which are paid for and not shown.
    thoughts: usize,
}

impl Reading {
    /// Bytes of what came beside words.
    fn hidden(&self) -> usize {
        self.thoughts + self.calls.iter().map(|call| call.name.len() + call.arguments.len()).sum::<usize>()
    }

    fn chunk(&mut self, chunk: Chunk, on_text: &mut (dyn FnMut(&str) + Send)) -> Result<(), ProviderError> {
        if let Some(error) = chunk.error {
            let text = error["message"].as_str().unwrap_or("no reason given");
            return Err(ProviderError::Broken(text.to_owned()));
        }
        self.usage = chunk.usage.or(self.usage.take());
        for choice in chunk.choices {
            if let Some(reason) = &choice.finish_reason {
                self.finish = Some(finish(reason));
            }
            let delta = choice.message.unwrap_or(choice.delta);
            self.thoughts += delta.reasoning_content.map_or(0, |text| text.len());
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
        if index >= MAX_CALLS {
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
        tokens.sound()
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
