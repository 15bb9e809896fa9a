//! Bytes kept for this skill and this user, from one call to the next. Granted with `kv = true`.
//!
//! ```no_run
//! use skillet_sdk::{Failure, kv};
//!
//! fn visits() -> Result<u32, Failure> {
//!     let before: u32 = kv::get_json("visits")?.unwrap_or_default();
//!     kv::set_json("visits", &(before + 1))?;
//!     Ok(before + 1)
//! }
//! ```
//!
//! Calls of one skill may run at the same time (unless `can_parallel = false`), so the count above
//! can lose a step; [`compare_and_set`] cannot. What is kept for a while only has a [`Slot`].

mod slot;

pub use slot::Slot;

use serde::{Serialize, de::DeserializeOwned};

use crate::Failure;
#[cfg(target_family = "wasm")]
use crate::bindings::skillet::skill::kv as raw;
#[cfg(not(target_family = "wasm"))]
use crate::testing::kv as raw;

/// Why the store refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The key or the value is longer than the host keeps.
    #[error("the key or the value is too large to keep")]
    TooLarge,
    /// This skill's share for this user is full.
    #[error("this skill's storage for this user is full")]
    QuotaExceeded,
    /// The store cannot be reached for now.
    #[error("the store is unavailable: {0}")]
    Unavailable(String),
}

impl From<raw::Error> for Error {
    fn from(error: raw::Error) -> Self {
        match error {
            raw::Error::TooLarge => Self::TooLarge,
            raw::Error::QuotaExceeded => Self::QuotaExceeded,
            raw::Error::Unavailable(why) => Self::Unavailable(why),
        }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        match error {
            Error::Unavailable(_) => Self::Unavailable(error.to_string()),
            Error::TooLarge | Error::QuotaExceeded => Self::Failed(error.to_string()),
        }
    }
}

/// What is kept under the key.
///
/// ```no_run
/// # fn run() -> Result<(), skillet_sdk::Failure> {
/// let cursor: Option<Vec<u8>> = skillet_sdk::kv::get("cursor")?;
/// # Ok(())
/// # }
/// ```
pub fn get(key: &str) -> Result<Option<Vec<u8>>, Error> {
    Ok(raw::get(key)?)
}

/// Keeps a value under the key, in place of what was there.
///
/// ```no_run
/// # fn run() -> Result<(), skillet_sdk::Failure> {
/// skillet_sdk::kv::set("cursor", b"2026-11")?;
/// # Ok(())
/// # }
/// ```
pub fn set(key: &str, value: &[u8]) -> Result<(), Error> {
    Ok(raw::set(key, value)?)
}

/// What [`set_json`] kept under the key. Also fails if that is no JSON for this type.
///
/// ```no_run
/// # fn run() -> Result<(), skillet_sdk::Failure> {
/// let list: Vec<String> = skillet_sdk::kv::get_json("list")?.unwrap_or_default();
/// # Ok(())
/// # }
/// ```
pub fn get_json<T: DeserializeOwned>(key: &str) -> Result<Option<T>, Failure> {
    Ok(get(key)?.map(|bytes| serde_json::from_slice(&bytes)).transpose()?)
}

/// Keeps a value as JSON, in place of what was there.
///
/// ```no_run
/// # fn run() -> Result<(), skillet_sdk::Failure> {
/// skillet_sdk::kv::set_json("list", &["tea", "milk"])?;
/// # Ok(())
/// # }
/// ```
pub fn set_json(key: &str, value: &impl Serialize) -> Result<(), Failure> {
    Ok(set(key, &serde_json::to_vec(value)?)?)
}

/// Keeps a value only if the present one is `expected`; whether it did.
///
/// ```no_run
/// # fn run() -> Result<(), skillet_sdk::Failure> {
/// let first = skillet_sdk::kv::compare_and_set("started", None, b"yes")?;
/// # Ok(())
/// # }
/// ```
pub fn compare_and_set(key: &str, expected: Option<&[u8]>, value: &[u8]) -> Result<bool, Error> {
    Ok(raw::compare_and_set(key, expected, value)?)
}

/// Forgets the key. To forget what is not there succeeds.
///
/// ```no_run
/// # fn run() -> Result<(), skillet_sdk::Failure> {
/// skillet_sdk::kv::delete("cursor")?;
/// # Ok(())
/// # }
/// ```
pub fn delete(key: &str) -> Result<(), Error> {
    Ok(raw::delete(key)?)
}

/// The keys that start with `prefix`, sorted, at most `limit` of them.
///
/// ```no_run
/// # fn run() -> Result<(), skillet_sdk::Failure> {
/// for key in skillet_sdk::kv::keys("feed/", 100)? {
///     skillet_sdk::kv::delete(&key)?;
/// }
/// # Ok(())
/// # }
/// ```
pub fn keys(prefix: &str, limit: u32) -> Result<Vec<String>, Error> {
    Ok(raw::list_keys(prefix, limit)?)
}
