use crate::Failure;
use crate::bindings::skillet::skill::http as raw;

/// Why there is no usable response.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The host or the method is not granted, or the address is not public.
    #[error("{0}")]
    Denied(String),
    /// The request makes no sense, for example its URL.
    #[error("the request is invalid: {0}")]
    Invalid(String),
    /// No whole response in time.
    #[error("the server did not answer in time")]
    Timeout,
    /// The response is longer than the host accepts.
    #[error("the response is too large")]
    TooLarge,
    /// No connection.
    #[error("the server cannot be reached: {0}")]
    Unreachable(String),
    /// The server answered, with a status that is not a success.
    #[error("the server answered with status {0}")]
    Status(u16),
}

impl From<raw::Error> for Error {
    fn from(error: raw::Error) -> Self {
        match error {
            raw::Error::Denied(why) => Self::Denied(why),
            raw::Error::Invalid(why) => Self::Invalid(why),
            raw::Error::Timeout => Self::Timeout,
            raw::Error::TooLarge => Self::TooLarge,
            raw::Error::Unreachable(why) => Self::Unreachable(why),
        }
    }
}

/// What a retry may mend is unavailable: no answer, too many requests, the server's own fault.
impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let text = error.to_string();
        match error {
            Error::Denied(_) => Self::Denied(text),
            Error::Timeout | Error::Unreachable(_) | Error::Status(408 | 429 | 500..) => Self::Unavailable(text),
            Error::Invalid(_) | Error::TooLarge | Error::Status(_) => Self::Failed(text),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_a_retry_may_mend_is_unavailable() {
        let cases = [
            (Error::Status(404), false),
            (Error::Status(429), true),
            (Error::Status(503), true),
            (Error::Timeout, true),
            (Error::TooLarge, false),
        ];
        for (error, retried) in cases {
            let failure = Failure::from(error);
            assert_eq!(matches!(failure, Failure::Unavailable(_)), retried, "{failure}");
        }
    }
}
