use super::Error;
use serde::de::DeserializeOwned;
use std::borrow::Cow;

/// What the server answered.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Response {
    /// The status code, 200 for a success.
    pub status: u16,
    /// The headers, in the order they came.
    pub headers: Vec<(String, String)>,
    /// The body, already decompressed.
    pub body: Vec<u8>,
}

impl Response {
    /// This response if its status is a success (2xx), else [`Error::Status`].
    pub fn ok(self) -> Result<Self, Error> {
        match self.status {
            200..=299 => Ok(self),
            other => Err(Error::Status(other)),
        }
    }

    /// The first header of that name, in whatever case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(given, _)| given.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// The body as text; bytes that are not UTF-8 become U+FFFD.
    pub fn text(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(&self.body)
    }

    /// The body, parsed as JSON.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, serde_json::Error> {
        serde_json::from_slice(&self.body)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn response(status: u16) -> Response {
        Response { status, headers: vec![("Content-Type".into(), "text/plain".into())], body: b"[1, 2]".to_vec() }
    }

    #[test]
    fn only_2xx_is_ok() {
        assert!(response(204).ok().is_ok());
        assert_eq!(response(301).ok(), Err(Error::Status(301)));
    }

    #[test]
    fn header_names_have_no_case() {
        assert_eq!(response(200).header("content-type"), Some("text/plain"));
    }

    #[test]
    fn json_is_parsed() {
        assert_eq!(response(200).json::<Vec<u8>>().expect("valid"), [1, 2]);
    }
}
