//! Values that the host puts into requests, so that no skill ever holds them.

use reqwest::header::{HeaderName, HeaderValue};
use secrecy::{ExposeSecret, SecretString};

use super::{header::is_reserved, rule::HostRule};

/// A shorter value would be found by chance in every other response and taken out of it.
pub const MIN_SECRET_BYTES: usize = 4;

/// Keys and tokens are shorter; every response is searched for the value.
pub const MAX_SECRET_BYTES: usize = 4 << 10;

/// A secret at the host that it belongs to.
#[derive(Clone, Debug)]
pub struct Secret {
    pub name: String,
    /// Where it is sent, and nowhere else.
    pub host: HostRule,
    pub header: HeaderName,
    /// Stands before the value, such as `Bearer `.
    pub prefix: String,
    pub value: SecretString,
}

impl Secret {
    /// The value of the header; an error says which secret cannot stand in one.
    pub(super) fn header_value(&self) -> Result<HeaderValue, String> {
        if is_reserved(&self.header) {
            return Err(format!(
                "the secret `{}` cannot go into `{}`, which is the host's own",
                self.name, self.header
            ));
        }
        let text = format!("{}{}", self.prefix, self.value.expose_secret());
        let mut value = HeaderValue::from_str(&text)
            .map_err(|_| format!("the secret `{}` holds characters that no header can carry", self.name))?;
        value.set_sensitive(true);
        Ok(value)
    }
}
