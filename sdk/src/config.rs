//! The agent's own settings, only the keys that the owner opened to skills. Granted with
//! `config = true`. What the owner set for this skill is in [`settings`](crate::settings).

use crate::Failure;
use crate::bindings::skillet::skill::config as raw;

/// Why a setting was not read or changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The key is not open to skills. The text says how to open it.
    #[error("{0}")]
    Denied(String),
    /// There is no such key.
    #[error("{0}")]
    Unknown(String),
    /// The value does not fit the key. The text says what would.
    #[error("{0}")]
    Invalid(String),
    /// The settings cannot be reached for now.
    #[error("the settings are unavailable: {0}")]
    Unavailable(String),
}

impl From<raw::Error> for Error {
    fn from(error: raw::Error) -> Self {
        match error {
            raw::Error::Denied(why) => Self::Denied(why),
            raw::Error::Unknown(why) => Self::Unknown(why),
            raw::Error::Invalid(why) => Self::Invalid(why),
            raw::Error::Unavailable(why) => Self::Unavailable(why),
        }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let text = error.to_string();
        match error {
            Error::Denied(_) => Self::Denied(text),
            Error::Unknown(_) | Error::Invalid(_) => Self::InvalidInput(text),
            Error::Unavailable(_) => Self::Unavailable(text),
        }
    }
}

/// The value in force, as text.
///
/// ```no_run
/// # fn run() -> Result<(), skillet_sdk::Failure> {
/// let zone = skillet_sdk::config::get("time_zone")?;
/// # Ok(())
/// # }
/// ```
pub fn get(key: &str) -> Result<String, Error> {
    Ok(raw::get(key)?)
}

/// Changes a setting, at once and for everyone.
///
/// ```no_run
/// # fn run() -> Result<(), skillet_sdk::Failure> {
/// skillet_sdk::config::set("time_zone", "Asia/Shanghai")?;
/// # Ok(())
/// # }
/// ```
pub fn set(key: &str, value: &str) -> Result<(), Error> {
    Ok(raw::set(key, value)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_error_is_somebodys() {
        let cases = [
            (Error::Denied("a".into()), Failure::Denied("a".into())),
            (Error::Unknown("b".into()), Failure::InvalidInput("b".into())),
            (Error::Invalid("c".into()), Failure::InvalidInput("c".into())),
        ];
        for (error, failure) in cases {
            assert_eq!(Failure::from(error), failure);
        }
    }
}
