//! Lines that the owner reads beside the call.
//!
//! Needs no grant. The host cuts long lines and keeps only so many of a call.
//!
//! ```
//! use skillet_sdk::log;
//!
//! log::info("looking up the rate");
//! log::warn(format_args!("{} of {} sources answered", 2, 3));
//! ```

use std::fmt::Display;

#[cfg(target_family = "wasm")]
use crate::bindings::skillet::skill::log::{Level, write};

/// For whoever debugs the skill.
///
/// ```
/// skillet_sdk::log::debug("cache miss");
/// ```
pub fn debug(message: impl Display) {
    write(Level::Debug, &message.to_string());
}

/// Worth knowing.
///
/// ```
/// skillet_sdk::log::info("3 pages read");
/// ```
pub fn info(message: impl Display) {
    write(Level::Info, &message.to_string());
}

/// Odd, but the call goes on.
///
/// ```
/// skillet_sdk::log::warn("the feed has no date");
/// ```
pub fn warn(message: impl Display) {
    write(Level::Warn, &message.to_string());
}

/// The call will not do what was asked.
///
/// ```
/// skillet_sdk::log::error("the answer was not JSON");
/// ```
pub fn error(message: impl Display) {
    write(Level::Error, &message.to_string());
}

#[cfg(not(target_family = "wasm"))]
use native::{Level, write};

#[cfg(not(target_family = "wasm"))]
mod native {
    #[derive(Debug, Clone, Copy)]
    pub enum Level {
        Debug,
        Info,
        Warn,
        Error,
    }

    pub fn write(level: Level, message: &str) {
        eprintln!("{level:?}: {message}");
    }
}
