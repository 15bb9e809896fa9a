//! Where spans are sent.

use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

use super::{ConfigError, bad, secret, web_address};

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Telemetry {
    pub otlp_endpoint: String,
    #[serde(deserialize_with = "secret")]
    pub otlp_headers: SecretString,
}

impl Telemetry {
    /// Names and values of the headers; one that is not written as `Name=value` is left out.
    pub fn headers(&self) -> impl Iterator<Item = (&str, &str)> {
        let all = self.otlp_headers.expose_secret().split(',');
        all.filter_map(|one| one.split_once('=')).map(|(name, value)| (name.trim(), value.trim()))
    }

    pub(super) fn check(&self) -> Result<(), ConfigError> {
        let written = self.otlp_headers.expose_secret();
        let written = if written.trim().is_empty() { 0 } else { written.split(',').count() };
        if self.headers().filter(|(name, _)| !name.is_empty()).count() != written {
            return Err(bad("telemetry.otlp_headers", "headers are written as Name=value,Name=value".into()));
        }
        if self.otlp_endpoint.is_empty() { Ok(()) } else { web_address("telemetry.otlp_endpoint", &self.otlp_endpoint) }
    }
}
