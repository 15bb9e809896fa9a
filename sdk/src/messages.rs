//! Messages to the people this call is for. Granted with `messages = ["me"]`, for the conversation
//! of the call and the person's own Telegram chat, or `messages = ["me", "people"]`, for any other
//! paired person or group too; `messages = true` means `["me"]`.
//!
//! A skill's answer is its output; a message is for what cannot wait for it, or for a job that
//! nobody waits for.

use crate::Failure;
use crate::bindings::skillet::skill::messages as raw;

/// Why a message was not queued.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The owner has not granted it, or there is no such chat.
    #[error("{0}")]
    Denied(String),
    /// The outbox cannot be reached for now.
    #[error("the outbox is unavailable: {0}")]
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

/// Queues a message to the conversation that this call came from; returns its id.
///
/// A retry of the call sends it no second time: the n-th message of a call is sent once.
///
/// ```no_run
/// # fn run() -> Result<(), skillet_sdk::Failure> {
/// skillet_sdk::messages::send("Your tea is ready.")?;
/// # Ok(())
/// # }
/// ```
pub fn send(text: &str) -> Result<String, Error> {
    Ok(raw::send(None, text)?)
}

/// Queues a message to another chat; returns its id. `me` is the person's own Telegram chat;
/// anything else is the name of a paired person or group, or a Telegram chat id, and needs the
/// scope `people`.
///
/// ```no_run
/// # fn run() -> Result<(), skillet_sdk::Failure> {
/// skillet_sdk::messages::send_to("me", "Your tea is ready.")?;
/// # Ok(())
/// # }
/// ```
pub fn send_to(chat: &str, text: &str) -> Result<String, Error> {
    Ok(raw::send(Some(chat), text)?)
}
