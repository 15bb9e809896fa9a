//! Where spans are sent.

use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

use super::{ConfigError, bad, secret};

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
        if self.otlp_endpoint.is_empty() {
            return Ok(());
        }
        match reqwest::Url::parse(&self.otlp_endpoint) {
            Ok(url) if matches!(url.scheme(), "http" | "https") => Ok(()),
            Ok(url) => Err(bad("telemetry.otlp_endpoint", format!("\"{}\" is not http or https", url.scheme()))),
            Err(error) => Err(bad("telemetry.otlp_endpoint", error.to_string())),
        }
    }
}
