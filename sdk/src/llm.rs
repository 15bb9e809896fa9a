//! A language model behind the host's gateway: budgets, tiers and caches apply. Granted with
//! `llm = "small"` or `llm = "large"`.
//!
//! ```no_run
//! use skillet_sdk::{Failure, llm::{Request, Tier}};
//!
//! fn summarise(page: &str) -> Result<String, Failure> {
//!     let answer = Request::new(Tier::Small, page)
//!         .instructions("Summarise in two sentences.")
//!         .max_output_tokens(120)
//!         .complete()?;
//!     Ok(answer.text)
//! }
//! ```

use crate::Failure;
use crate::bindings::skillet::skill::llm as raw;
use serde_json::Value;

/// How much an answer is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tier {
    /// Cheap and quick: extraction, rewriting, short summaries.
    Small,
    /// Dear: reasoning over much material.
    Large,
}

/// A question to a model.
///
/// ```
/// # use skillet_sdk::{llm::{Request, Tier}, serde_json::json};
/// let request = Request::new(Tier::Small, "Ada was born in 1815.")
///     .instructions("Extract the year.")
///     .output_schema(json!({ "type": "object", "properties": { "year": { "type": "integer" } } }));
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Request {
    tier: Tier,
    instructions: String,
    prompt: String,
    output_schema: Option<Value>,
    max_output_tokens: u32,
}

/// Enough for a page of text.
const DEFAULT_OUTPUT_TOKENS: u32 = 512;

impl Request {
    /// A question of at most 512 tokens of answer, without instructions.
    pub fn new(tier: Tier, prompt: impl Into<String>) -> Self {
        Self {
            tier,
            instructions: String::new(),
            prompt: prompt.into(),
            output_schema: None,
            max_output_tokens: DEFAULT_OUTPUT_TOKENS,
        }
    }

    /// What to do with the prompt. Keep the same text from call to call: it is cached.
    pub fn instructions(mut self, instructions: impl Into<String>) -> Self {
        self.instructions = instructions.into();
        self
    }

    /// Makes the answer's text JSON that satisfies this JSON Schema.
    pub fn output_schema(mut self, schema: Value) -> Self {
        self.output_schema = Some(schema);
        self
    }

    /// The host reserves money for this many tokens; ask for no more than needed.
    pub fn max_output_tokens(mut self, tokens: u32) -> Self {
        self.max_output_tokens = tokens;
        self
    }

    /// Asks, and waits for the answer.
    pub fn complete(self) -> Result<Answer, Error> {
        let answer = raw::complete(&raw::Request {
            tier: match self.tier {
                Tier::Small => raw::Tier::Small,
                Tier::Large => raw::Tier::Large,
            },
            instructions: self.instructions,
            prompt: self.prompt,
            output_schema: self.output_schema.map(|schema| schema.to_string()),
            max_output_tokens: self.max_output_tokens,
        })?;
        Ok(Answer { text: answer.text, input_tokens: answer.input_tokens, output_tokens: answer.output_tokens })
    }
}

/// What the model said, and what it used.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Answer {
    /// The answer; JSON when the request had an output schema.
    pub text: String,
    /// Tokens read.
    pub input_tokens: u32,
    /// Tokens written.
    pub output_tokens: u32,
}

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A budget of the owner's does not allow it. The text says which.
    #[error("{0}")]
    BudgetExceeded(String),
    /// The tier is not granted.
    #[error("{0}")]
    Denied(String),
    /// No model answers for now.
    #[error("the model is unavailable: {0}")]
    Unavailable(String),
}

impl From<raw::Error> for Error {
    fn from(error: raw::Error) -> Self {
        match error {
            raw::Error::BudgetExceeded(why) => Self::BudgetExceeded(why),
            raw::Error::Denied(why) => Self::Denied(why),
            raw::Error::Unavailable(why) => Self::Unavailable(why),
        }
    }
}

/// A budget that is spent is the owner's no, like a grant that is missing: a retry would not help.
impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let text = error.to_string();
        match error {
            Error::BudgetExceeded(_) | Error::Denied(_) => Self::Denied(text),
            Error::Unavailable(_) => Self::Unavailable(text),
        }
    }
}
