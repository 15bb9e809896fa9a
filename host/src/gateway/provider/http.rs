//! What every format needs of HTTP: one client for each model, bounded bodies, streams whose silence has an
//! end, and errors that hold no key.

use eventsource_stream::{EventStreamError, Eventsource};
use futures_util::{Stream, StreamExt};
use reqwest::{Response, Url, header};
use secrecy::{ExposeSecret, SecretString};
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::{pin::Pin, time::Duration};

use super::ProviderError;
use crate::config;

/// Characters kept of an error's text.
const MAX_ERROR_CHARS: usize = 300;

/// Bytes read of an error's body.
const MAX_ERROR_BYTES: usize = 16 << 10;

/// Bytes of a whole answer at most, and of one in a stream, whose words come in wrappers: a server that never
/// stops does not fill the memory.
pub const MAX_ANSWER_BYTES: usize = 4 << 20;
const MAX_STREAM_BYTES: usize = 16 << 20;

/// Skill calls in one answer at most; more are a mistake of the server.
pub const MAX_CALLS: usize = 64;

/// How long a look at a server may take.
const LOOK: Duration = Duration::from_secs(10);

/// A model's server, and how long it may be silent.
pub struct Server {
    /// The model that is asked for, as the provider names it.
    pub model: String,
    /// Where the server lists its models.
    models: Url,
    client: reqwest::Client,
    api_key: SecretString,
    first_token: Duration,
    stall: Duration,
}

/// A header that holds a key.
pub fn secret(value: &str) -> anyhow::Result<header::HeaderValue> {
    let mut value = header::HeaderValue::from_str(value)
        .map_err(|_| anyhow::anyhow!("an api_key of [gateway] has characters that no header may have"))?;
    value.set_sensitive(true);
    Ok(value)
}

impl Server {
    /// `headers` go with every request; `models` is where the server lists its models.
    pub fn new(
        model: &config::Model,
        settings: &config::Gateway,
        headers: header::HeaderMap,
        models: Url,
    ) -> anyhow::Result<Self> {
        let client = reqwest::Client::builder()
            .default_headers(headers)
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
            model: model.model.clone(),
            models,
            client,
            api_key: model.api_key.clone(),
            first_token: settings.first_token_timeout(),
            stall: settings.stall_timeout(),
        })
    }

    /// Sends a question; whatever is not a success is an error.
    pub async fn send(&self, url: &Url, body: &Value) -> Result<Response, ProviderError> {
        let sending = self.client.post(url.clone()).json(body).send();
        let response = match tokio::time::timeout(self.first_token, sending).await {
            Ok(Ok(response)) => response,
            Ok(Err(error)) if error.is_connect() || error.is_builder() => {
                return Err(ProviderError::Connection(root_cause(&error.without_url())));
            }
            Ok(Err(error)) => return Err(ProviderError::Lost(root_cause(&error.without_url()))),
            Err(_) => return Err(ProviderError::Silent(self.first_token.as_secs())),
        };
        if response.status().is_success() {
            return Ok(response);
        }
        let status = response.status().as_u16();
        let wait = response.headers().get(header::RETRY_AFTER).and_then(|value| value.to_str().ok());
        let retry_after = wait.and_then(|seconds| seconds.parse().ok()).map(Duration::from_secs);
        Err(ProviderError::Status { status, text: self.error_text(response).await, retry_after })
    }

    /// The status that the server answers a look with.
    pub async fn look(&self) -> Result<u16, ProviderError> {
        match self.client.get(self.models.clone()).timeout(LOOK).send().await {
            Ok(response) => Ok(response.status().as_u16()),
            Err(error) => Err(ProviderError::Connection(root_cause(&error.without_url()))),
        }
    }

    /// The message of an error's body, or its beginning.
    async fn error_text(&self, response: Response) -> String {
        let mut chunks = response.bytes_stream();
        let mut body = Vec::new();
        let reading = async {
            while let Some(Ok(chunk)) = chunks.next().await
                && body.len() < MAX_ERROR_BYTES
            {
                body.extend_from_slice(&chunk);
            }
        };
        // What has come until then says enough.
        let _ = tokio::time::timeout(self.stall, reading).await;
        let text = String::from_utf8_lossy(&body);
        let parsed: Option<Value> = serde_json::from_str(&text).ok();
        parsed.as_ref().and_then(|value| value["error"]["message"].as_str()).unwrap_or(&text).to_owned()
    }

    /// A body of at most so many bytes.
    pub async fn read(&self, response: Response, max: usize) -> Result<Vec<u8>, ProviderError> {
        let mut chunks = response.bytes_stream();
        let mut body = Vec::new();
        loop {
            let Ok(chunk) = tokio::time::timeout(self.first_token, chunks.next()).await else {
                return Err(ProviderError::Silent(self.first_token.as_secs()));
            };
            match chunk {
                Some(Ok(chunk)) if body.len() + chunk.len() <= max => body.extend_from_slice(&chunk),
                Some(Ok(_)) => return Err(ProviderError::Broken(ENDLESS.to_owned())),
                Some(Err(error)) => return Err(ProviderError::Broken(root_cause(&error.without_url()))),
                None => return Ok(body),
            }
        }
    }

    /// The events of a stream, as they come.
    pub fn events(&self, response: Response) -> Events {
        let mut left = MAX_STREAM_BYTES;
        let bounded = response.bytes_stream().map(move |chunk| {
            let chunk = chunk.map_err(|error| root_cause(&error.without_url()))?;
            left = left.checked_sub(chunk.len()).ok_or_else(|| ENDLESS.to_owned())?;
            Ok(chunk)
        });
        let data = bounded.eventsource().map(|event| match event {
            Ok(event) => Ok(event.data),
            Err(EventStreamError::Transport(reason)) => Err(reason),
            Err(error) => Err(error.to_string()),
        });
        Events { data: Box::pin(data), patience: self.first_token, stall: self.stall, begun: false }
    }

    /// An error as it may be shown: short, and without the key, should a server echo it.
    pub fn clean(&self, error: ProviderError) -> ProviderError {
        let clean = |text: String| -> String {
            let key = self.api_key.expose_secret();
            let text = if key.is_empty() { text } else { text.replace(key, "[key]") };
            text.chars().take(MAX_ERROR_CHARS).collect()
        };
        match error {
            ProviderError::Connection(text) => ProviderError::Connection(clean(text)),
            ProviderError::Lost(text) => ProviderError::Lost(clean(text)),
            ProviderError::Status { status, text, retry_after } => {
                ProviderError::Status { status, text: clean(text), retry_after }
            }
            ProviderError::Broken(text) => ProviderError::Broken(clean(text)),
            ProviderError::Unreadable(text) => ProviderError::Unreadable(clean(text)),
            error @ (ProviderError::Silent(_) | ProviderError::Late | ProviderError::Unsupported(_)) => error,
        }
    }
}

const ENDLESS: &str = "the answer does not end";

/// The data of a stream's events.
pub struct Events {
    data: Pin<Box<dyn Stream<Item = Result<String, String>> + Send>>,
    patience: Duration,
    stall: Duration,
    begun: bool,
}

impl Events {
    /// The next one, or `None` where the connection was closed in good order.
    pub async fn next(&mut self) -> Result<Option<String>, ProviderError> {
        let Ok(next) = tokio::time::timeout(self.patience, self.data.next()).await else {
            return Err(ProviderError::Silent(self.patience.as_secs()));
        };
        self.patience = self.stall;
        match next {
            Some(Ok(data)) => {
                self.begun = true;
                Ok(Some(data))
            }
            // Before its first event an answer that breaks off was never begun.
            Some(Err(reason)) if !self.begun => Err(ProviderError::Lost(reason)),
            None if !self.begun => Err(ProviderError::Lost("it was closed at once".to_owned())),
            Some(Err(reason)) => Err(ProviderError::Broken(reason)),
            None => Ok(None),
        }
    }
}

/// What a server sent, as what it should be.
pub fn parse<T: DeserializeOwned>(json: &[u8]) -> Result<T, ProviderError> {
    serde_json::from_slice(json).map_err(|error| ProviderError::Unreadable(error.to_string()))
}

/// The innermost reason, which says more than "error sending request".
fn root_cause(error: &dyn std::error::Error) -> String {
    let mut cause = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    cause.to_string()
}
