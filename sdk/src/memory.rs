//! What the agent knows about the user this call is for. Granted with
//! `memory = ["read", "write"]`, or only one of them.

use crate::Failure;
use crate::bindings::skillet::skill::memory as raw;

/// Something the agent keeps about the user.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Fact {
    /// What the fact is about; one fact per key.
    pub key: String,
    /// The fact in words.
    pub text: String,
    /// Higher is nearer to the query. Only comparable within one answer.
    pub score: f32,
    /// When it was learnt, in milliseconds since 1970-01-01 UTC.
    pub recorded_at_ms: u64,
}

/// Why memory refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The owner has not granted it. The text says what to grant.
    #[error("{0}")]
    Denied(String),
    /// Memory cannot be reached for now.
    #[error("memory is unavailable: {0}")]
    Unavailable(String),
}

impl From<raw::Error> for Error {
    fn from(error: raw::Error) -> Self {
        match error {
            raw::Error::Denied(why) => Self::Denied(why),
            raw::Error::Unavailable(why) => Self::Unavailable(why),
        }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        match error {
            Error::Denied(_) => Self::Denied(error.to_string()),
            Error::Unavailable(_) => Self::Unavailable(error.to_string()),
        }
    }
}

/// The facts nearest to the query, best first, at most `limit` of them.
///
/// ```no_run
/// # fn run() -> Result<(), skillet_sdk::Failure> {
/// let facts = skillet_sdk::memory::search("favourite tea", 3)?;
/// let best = facts.first().map(|fact| fact.text.as_str());
/// # Ok(())
/// # }
/// ```
pub fn search(query: &str, limit: u32) -> Result<Vec<Fact>, Error> {
    let facts = raw::search(query, limit)?;
    Ok(facts.into_iter().map(Fact::from).collect())
}

/// Keeps a fact; the host derives its key from the text.
///
/// ```no_run
/// # fn run() -> Result<(), skillet_sdk::Failure> {
/// skillet_sdk::memory::remember("Prefers green tea")?;
/// # Ok(())
/// # }
/// ```
pub fn remember(text: &str) -> Result<(), Error> {
    remember_as("", text)
}

/// Keeps a fact under a key, in place of what was known under it.
///
/// ```no_run
/// # fn run() -> Result<(), skillet_sdk::Failure> {
/// skillet_sdk::memory::remember_as("user.tea", "Prefers green tea")?;
/// # Ok(())
/// # }
/// ```
pub fn remember_as(key: &str, text: &str) -> Result<(), Error> {
    Ok(raw::remember(key, text)?)
}

impl From<raw::Fact> for Fact {
    fn from(fact: raw::Fact) -> Self {
        Self { key: fact.key, text: fact.text, score: fact.score, recorded_at_ms: fact.recorded_at_ms }
    }
}
