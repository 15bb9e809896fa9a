//! Anthropic's Messages API, streamed or whole. A thin client of our own, as for the other format: of the API
//! the gateway needs one question and one answer, with control over what is cached and when silence is an end;
//! there is no crate by Anthropic, and those of others bring retries and clients that would hide attempts
//! from the books.

mod answer;
mod request;

use reqwest::{Url, header};
use secrecy::ExposeSecret;
use std::sync::atomic::Ordering;

use super::{
    Ask, ProviderError,
    http::{self, MAX_ANSWER_BYTES, Server, parse},
};
use crate::{config, gateway::Answer};
use answer::Reading;

/// The version of the API that is spoken here.
const VERSION: &str = "2023-06-01";

pub struct Anthropic {
    pub server: Server,
    url: Url,
}

impl Anthropic {
    pub fn new(model: &config::Model, settings: &config::Gateway) -> anyhow::Result<Self> {
        let base = model.base_url.trim_end_matches('/');
        let base = base.strip_suffix("/v1").unwrap_or(base);
        let mut headers = header::HeaderMap::new();
        headers.insert("anthropic-version", header::HeaderValue::from_static(VERSION));
        if !model.api_key.expose_secret().is_empty() {
            headers.insert("x-api-key", http::secret(model.api_key.expose_secret())?);
        }
        Ok(Self {
            server: Server::new(model, settings, headers, Url::parse(&format!("{base}/v1/models"))?)?,
            url: Url::parse(&format!("{base}/v1/messages"))?,
        })
    }

    /// Sends a question and reads the answer, as it comes or whole.
    pub async fn ask(&self, ask: Ask<'_>, on_text: &mut (dyn FnMut(&str) + Send)) -> Result<Answer, ProviderError> {
        let response = self.server.send(&self.url, &request::body(&self.server.model, &ask)).await?;
        let mut reading = Reading::default();
        if !ask.stream {
            let body = self.server.read(response, MAX_ANSWER_BYTES).await?;
            reading.whole(parse(&body)?, on_text)?;
            return Ok(reading.answer(&self.server.model));
        }
        let mut events = self.server.events(response);
        while let Some(data) = events.next().await? {
            if reading.event(parse(data.as_bytes())?, on_text)? {
                return Ok(reading.answer(&self.server.model));
            }
            ask.hidden.store(reading.hidden(), Ordering::Relaxed);
        }
        Err(ProviderError::Broken("it ended without its final mark".to_owned()))
    }
}
