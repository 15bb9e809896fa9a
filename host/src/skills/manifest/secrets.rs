//! `[[secrets]]`: what the owner sets and the host puts into requests.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    Capabilities, ManifestError, bad,
    checks::{NAME_SHAPE, check_name},
};
use crate::skills::egress::{HostRule, secret_header};

pub(super) const MAX_SECRETS: usize = 20;

/// A secret that the skill needs at one of its hosts.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AskedSecret {
    /// What it is called: a lower-case letter, then 1 to 47 lower-case letters, digits or underscores.
    #[schemars(regex(pattern = r"^[a-z][a-z0-9_]{1,47}$"))]
    pub name: String,
    /// Where it is sent to, and nowhere else; within the hosts of `capabilities.http`.
    pub host: HostRule,
    /// The request header that carries it, such as `authorization`.
    pub header: String,
    /// Stands before the value, such as `Bearer `.
    #[serde(default)]
    pub prefix: String,
    /// What the owner reads beside the field.
    #[serde(default)]
    pub description: String,
}

impl AskedSecret {
    /// Where its value goes: the same text for the same host, header and prefix.
    pub fn place(&self) -> String {
        format!("{} {} {}", self.host, self.header.to_ascii_lowercase(), self.prefix)
    }
}

pub(super) fn check(secrets: &[AskedSecret], capabilities: &Capabilities) -> Result<(), ManifestError> {
    if secrets.len() > MAX_SECRETS {
        return Err(bad("secrets", format!("{MAX_SECRETS} at most")));
    }
    for (at, secret) in secrets.iter().enumerate() {
        let key = |field: &str| format!("secrets[{at}].{field}");
        check_name(&secret.name).map_err(|_| bad(key("name"), NAME_SHAPE))?;
        if secrets[..at].iter().any(|other| other.name == secret.name) {
            return Err(bad(key("name"), format!("there is a secret `{}` already", secret.name)));
        }
        if !capabilities.http.iter().any(|granted| granted.covers(&secret.host)) {
            let reason = format!("`{}` is not among the hosts of `capabilities.http`", secret.host);
            return Err(bad(key("host"), reason));
        }
        secret_header(&secret.header).map_err(|reason| bad(key("header"), reason))?;
        if hyper::header::HeaderValue::from_str(&secret.prefix).is_err() {
            return Err(bad(key("prefix"), "only what may stand in a request header"));
        }
    }
    Ok(())
}
