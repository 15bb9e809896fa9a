//! Why an exchange did not come about.

use std::fmt::{self, Display, Formatter};

use super::rule::HostRule;

/// Why there is no response. Texts hold no secret, and say how to allow what was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The host is not among `Rules::allowed`. `rule` would allow it; none can allow a scheme on the
    /// standard port of the other, and none is offered that would hold a secret.
    #[error("`{host}` is not among the granted hosts")]
    NotGranted { host: String, rule: Option<HostRule>, request_sent: bool },
    /// No grant changes it: an address that is not public, a secret that would travel openly.
    #[error("{0}")]
    Denied(String),
    /// The same, of the place that the server redirects to.
    #[error("{0}")]
    DeniedRedirect(String),
    /// The request is not one that can be sent.
    #[error("{0}")]
    Invalid(String),
    #[error("upstream timeout: the exchange was not over in the time that was left")]
    Timeout { request_sent: bool },
    #[error("the {what} is larger than {max} bytes")]
    TooLarge { what: Part, max: usize },
    /// The server cannot be reached, or does not speak HTTP to its end.
    #[error("{reason}")]
    Unreachable { reason: String, request_sent: bool },
}

/// What was too large.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    RequestBody,
    ResponseHeaders,
    /// After decompression.
    ResponseBody,
}

impl Display for Part {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::RequestBody => "request's body",
            Self::ResponseHeaders => "response's head",
            Self::ResponseBody => "response's body",
        })
    }
}

impl Refusal {
    /// Whether a request may have reached the server. If not, sending it again repeats nothing.
    pub fn request_sent(&self) -> bool {
        match self {
            Self::NotGranted { request_sent, .. }
            | Self::Timeout { request_sent }
            | Self::Unreachable { request_sent, .. } => *request_sent,
            Self::Denied(_) | Self::Invalid(_) => false,
            Self::DeniedRedirect(_) => true,
            Self::TooLarge { what, .. } => *what != Part::RequestBody,
        }
    }

    /// The same refusal of a later request: an earlier one has reached its server.
    pub(super) fn after_redirect(self, to: &str) -> Self {
        match self {
            Self::NotGranted { host, rule, .. } => Self::NotGranted { host, rule, request_sent: true },
            Self::Denied(reason) | Self::Invalid(reason) => {
                Self::DeniedRedirect(format!("the server redirects to `{to}`: {reason}"))
            }
            Self::Unreachable { reason, .. } => Self::Unreachable { reason, request_sent: true },
            Self::Timeout { .. } => Self::Timeout { request_sent: true },
            other @ (Self::DeniedRedirect(_) | Self::TooLarge { .. }) => other,
        }
    }

    /// The same with every text passed through `clean`.
    pub(super) fn map_text(self, clean: impl Fn(&str) -> String) -> Self {
        match self {
            Self::NotGranted { host, rule, request_sent } => {
                let shown = clean(&host);
                Self::NotGranted { rule: rule.filter(|_| shown == host), host: shown, request_sent }
            }
            Self::Denied(text) => Self::Denied(clean(&text)),
            Self::DeniedRedirect(text) => Self::DeniedRedirect(clean(&text)),
            Self::Invalid(text) => Self::Invalid(clean(&text)),
            Self::Unreachable { reason, request_sent } => Self::Unreachable { reason: clean(&reason), request_sent },
            other @ (Self::Timeout { .. } | Self::TooLarge { .. }) => other,
        }
    }
}
