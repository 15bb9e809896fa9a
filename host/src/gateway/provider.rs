//! Wire formats. What a provider speaks stays in its file; here is what all of them come to.

pub mod anthropic;
mod http;
pub mod openai;
pub mod script;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::{
    sync::{Arc, atomic::AtomicUsize},
    time::Duration,
};

use super::{Answer, prompt_builder::Prompt};
use crate::config::{self, WireFormat};
use http::Server;

/// A skill as a model sees it.
#[derive(Clone, Debug, Serialize)]
pub struct ToolSpec {
    pub name: String,
    pub description: String,
    /// JSON Schema of the arguments.
    pub parameters: Value,
}

/// A skill that a model wants called.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ToolCall {
    /// The provider's id; the result is given back under it.
    pub id: String,
    pub name: String,
    /// JSON text, as the model wrote it.
    pub arguments: String,
}

/// Tokens of one class that a server may report for one answer.
const MAX_REPORTED: i64 = 1 << 31;

/// Tokens by what they cost. Every format is brought to this at its edge.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tokens {
    /// All of the input; the next two are parts of it.
    pub input: i64,
    /// Read from the provider's cache.
    pub cached: i64,
    /// Written to the provider's cache.
    pub cache_write: i64,
    pub output: i64,
}

impl Tokens {
    /// What a server reported, if it can be true: a figure out of bounds counts as none.
    pub fn sound(self) -> Option<Self> {
        let within = |count: i64| (0..=MAX_REPORTED).contains(&count);
        let all = [self.input, self.cached, self.cache_write, self.output];
        (self.input > 0 && all.into_iter().all(within)).then_some(self)
    }

    /// Input that no cache had.
    pub fn fresh(&self) -> i64 {
        (self.input - self.cached - self.cache_write).max(0)
    }
}

/// Why an answer ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Finish {
    #[default]
    Stop,
    /// At the bound of its tokens.
    Length,
    /// Skills are to be called.
    ToolCalls,
    /// The provider withheld it.
    Filtered,
}

/// Which skill must be called.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub enum ToolChoice {
    Auto,
    None,
    Required,
    Named(String),
}

/// What else shapes an answer. Nothing is sent of what is not set.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Options {
    pub temperature: Option<f64>,
    pub top_p: Option<f64>,
    pub seed: Option<i64>,
    pub stop: Vec<String>,
    pub tool_choice: Option<ToolChoice>,
    /// Whether the answer must be a JSON object of any kind.
    pub json: bool,
    /// JSON Schema that the answer must satisfy.
    pub schema: Option<Value>,
}

/// One question as a provider gets it.
#[derive(Clone, Copy, Debug)]
pub struct Ask<'a> {
    pub prompt: &'a Prompt,
    pub options: &'a Options,
    /// Tokens of the answer at most.
    pub max_tokens: u32,
    /// Whether the words are wanted as they come.
    pub stream: bool,
    /// Bytes of what comes beside words, such as arguments of calls: where a stream breaks, they are paid for.
    pub hidden: &'a Arc<AtomicUsize>,
}

/// Whoever answers for a tier.
pub enum Provider {
    Anthropic(anthropic::Anthropic),
    OpenAi(openai::OpenAi),
    Script(script::Script),
}

impl Provider {
    /// Whoever speaks the format that the settings name.
    pub fn new(model: &config::Model, settings: &config::Gateway) -> anyhow::Result<Self> {
        Ok(match model.format {
            WireFormat::Anthropic => Self::Anthropic(anthropic::Anthropic::new(model, settings)?),
            WireFormat::OpenAi => Self::OpenAi(openai::OpenAi::new(model, settings)?),
        })
    }

    /// The server that is asked; none for what is written down.
    fn server(&self) -> Option<&Server> {
        match self {
            Self::Anthropic(provider) => Some(&provider.server),
            Self::OpenAi(provider) => Some(&provider.server),
            Self::Script(_) => None,
        }
    }

    /// As the provider names it.
    pub fn model(&self) -> &str {
        self.server().map_or("script", |server| &server.model)
    }

    /// The wire format, as the settings name it.
    pub fn format(&self) -> &'static str {
        match self {
            Self::Anthropic(_) => "anthropic",
            Self::OpenAi(_) => "openai",
            Self::Script(_) => "script",
        }
    }

    /// The status with which the server answers whoever asks for its models.
    pub async fn look(&self) -> Result<u16, ProviderError> {
        match self.server() {
            Some(server) => server.look().await.map_err(|error| self.clean(error)),
            None => Err(ProviderError::Unsupported("list of models")),
        }
    }

    /// Asks, and hands the words on as they come.
    pub async fn ask(&self, ask: Ask<'_>, on_text: &mut (dyn FnMut(&str) + Send)) -> Result<Answer, ProviderError> {
        let asked = match self {
            Self::Anthropic(provider) => provider.ask(ask, on_text).await,
            Self::OpenAi(provider) => provider.ask(ask, on_text).await,
            Self::Script(script) => script.next().inspect(|answer| on_text(&answer.text)),
        };
        asked.map_err(|error| self.clean(error))
    }

    /// One vector for each text, and the tokens that they took, where the provider says so.
    pub async fn embed(&self, texts: &[String]) -> Result<Embedded, ProviderError> {
        match self {
            Self::OpenAi(provider) => provider.embed(texts).await.map_err(|error| self.clean(error)),
            Self::Anthropic(_) | Self::Script(_) => Err(ProviderError::Unsupported("embeddings")),
        }
    }

    /// An error as it may be shown.
    fn clean(&self, error: ProviderError) -> ProviderError {
        match self.server() {
            Some(server) => server.clean(error),
            None => error,
        }
    }
}

/// Vectors in the order of their texts.
#[derive(Clone, Debug, Default)]
pub struct Embedded {
    pub vectors: Vec<Vec<f32>>,
    pub tokens: Option<i64>,
}

/// What can go wrong at a provider. Texts hold no key.
#[derive(Debug, thiserror::Error)]
pub enum ProviderError {
    #[error("the model's server cannot be reached: {0}")]
    Connection(String),
    /// It was reached, and then was not heard of again: what it did is not known.
    #[error("the connection to the model's server was lost: {0}")]
    Lost(String),
    #[error("the model's server answered {status}: {text}")]
    Status {
        status: u16,
        text: String,
        /// When it wants to be asked again.
        retry_after: Option<Duration>,
    },
    #[error("the model's server was silent for {0} s")]
    Silent(u64),
    #[error("the turn's time was over before the answer")]
    Late,
    #[error("the stream broke off: {0}")]
    Broken(String),
    #[error("the model's server sent what cannot be read: {0}")]
    Unreadable(String),
    #[error("this provider has no {0}")]
    Unsupported(&'static str),
}

impl ProviderError {
    /// Whether the model did nothing that could be paid for: it was not reached, or refused.
    pub fn is_free(&self) -> bool {
        match self {
            Self::Connection(_) | Self::Unsupported(_) => true,
            // A proxy before the model may have lost an answer that was made.
            Self::Status { status, .. } => !matches!(status, 502 | 504),
            _ => false,
        }
    }

    /// Whether the same question may be well answered a little later.
    pub fn may_pass(&self) -> bool {
        match self {
            Self::Connection(_) | Self::Lost(_) => true,
            Self::Status { status, .. } => matches!(status, 408 | 429 | 500 | 502 | 503 | 529),
            _ => false,
        }
    }

    /// Whether another provider may know better: what is wrong is not the question.
    pub fn is_the_providers(&self) -> bool {
        match self {
            Self::Status { status, .. } => !matches!(status, 400 | 413 | 422),
            Self::Late => false,
            _ => true,
        }
    }
}
