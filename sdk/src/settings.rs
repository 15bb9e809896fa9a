//! What the owner set for this skill on its page. Granted with `settings = true`.

use crate::Failure;
use crate::bindings::skillet::skill::settings as raw;

/// A setting that the skill cannot do without is empty.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the setting `{key}` of this skill is empty; the owner can fill it in on the skill's page")]
pub struct Missing {
    /// The setting's key.
    pub key: String,
}

impl From<Missing> for Failure {
    fn from(missing: Missing) -> Self {
        Self::Denied(missing.to_string())
    }
}

/// The setting's value, if the owner gave it one.
///
/// ```no_run
/// let units = skillet_sdk::settings::get("units").unwrap_or_else(|| "metric".into());
/// ```
pub fn get(key: &str) -> Option<String> {
    raw::get(key)
}

/// The setting's value; an error that says what to fill in when it has none.
///
/// ```no_run
/// # fn run() -> Result<(), skillet_sdk::Failure> {
/// let city = skillet_sdk::settings::require("home_city")?;
/// # Ok(())
/// # }
/// ```
pub fn require(key: &str) -> Result<String, Missing> {
    get(key).ok_or_else(|| Missing { key: key.into() })
}
