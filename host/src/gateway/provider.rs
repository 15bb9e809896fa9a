//! Wire formats. What a provider speaks stays in its file; here is what all of them come to.

pub mod openai;
pub mod script;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Answer, prompt_builder::Prompt};

/// A skill as a model sees it.
#[derive(Clone, Debug)]
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

/// Whoever answers for a tier.
pub enum Provider {
    OpenAi(openai::OpenAi),
    Script(script::Script),
}

impl Provider {
    /// As the provider names it.
    pub fn model(&self) -> &str {
        match self {
            Self::OpenAi(provider) => provider.model(),
            Self::Script(_) => "script",
        }
    }

    /// Asks, and hands the words on as they come.
    pub async fn stream(
        &self,
        prompt: &Prompt,
        max_tokens: u32,
        on_text: &mut (dyn FnMut(&str) + Send),
    ) -> Result<Answer, ProviderError> {
        match self {
            Self::OpenAi(provider) => provider.stream(prompt, max_tokens, on_text).await,
            Self::Script(script) => script.next().inspect(|answer| on_text(&answer.text)),
        }
    }
}

/// What can go wrong at a provider. Texts hold no key.
#[derive(Debug, thiserror::Error)]
pub enum ProviderError {
    #[error("the model's server cannot be reached: {0}")]
    Connection(String),
    #[error("the model's server answered {status}: {text}")]
    Status { status: u16, text: String },
    #[error("the model's server was silent for {0} s")]
    Silent(u64),
    #[error("the turn's time was over before the answer")]
    Late,
    #[error("the stream broke off: {0}")]
    Broken(String),
    #[error("the model's server sent what cannot be read: {0}")]
    Unreadable(String),
}

impl ProviderError {
    /// Whether nothing of an answer can have been made.
    pub fn is_connection(&self) -> bool {
        matches!(self, Self::Connection(_))
    }
}
