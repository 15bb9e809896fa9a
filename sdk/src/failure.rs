/// Why a run did not produce an output. The text goes back to whoever asked, a model or a person.
///
/// ```
/// use skillet_sdk::Failure;
///
/// fn half(n: u32) -> Result<u32, Failure> {
///     if n % 2 == 1 {
///         return Err(Failure::InvalidInput(format!("{n} is odd")));
///     }
///     Ok(n / 2)
/// }
/// assert_eq!(half(3), Err(Failure::InvalidInput("3 is odd".into())));
/// ```
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// The arguments make no sense. The text should say what would be right.
    #[error("invalid input: {0}")]
    InvalidInput(String),
    /// Something needed is away for now. The host tries again, if the manifest's `idempotency` allows
    /// it or nothing has left the host.
    #[error("unavailable: {0}")]
    Unavailable(String),
    /// The owner has not granted what this needs. The text should say what to grant.
    #[error("denied: {0}")]
    Denied(String),
    /// Anything else.
    #[error("{0}")]
    Failed(String),
}

/// JSON that the skill itself reads or writes; the host's input is parsed before `run`.
impl From<serde_json::Error> for Failure {
    fn from(error: serde_json::Error) -> Self {
        Self::Failed(error.to_string())
    }
}
