//! Requests to the hosts that the owner granted: `http = ["api.example.org"]`.
//!
//! ```no_run
//! use serde::Deserialize;
//! use skillet_sdk::{Failure, http::Request};
//!
//! #[derive(Deserialize)]
//! struct Rate {
//!     rate: f64,
//! }
//!
//! fn rate() -> Result<f64, Failure> {
//!     let response = Request::get("https://api.example.org/eur/cny").send()?.ok()?;
//!     Ok(response.json::<Rate>()?.rate)
//! }
//! ```
//!
//! Secrets never pass through a skill: the manifest names the header and the host puts the value
//! in, only for the host it belongs to.

mod error;
mod response;

pub use error::Error;
pub use response::Response;

use crate::bindings::skillet::skill::http as raw;
use serde::Serialize;

/// Long enough for a slow interface, short enough for a person who waits.
const DEFAULT_TIMEOUT_MS: u32 = 10_000;

/// A request, sent by [`Request::send`].
///
/// ```
/// # use skillet_sdk::{http::Request, serde_json::json};
/// let request = Request::post("https://api.example.org/notes")
///     .header("accept", "application/json")
///     .json(&json!({ "text": "milk" }))?
///     .timeout_ms(3_000);
/// # Ok::<(), skillet_sdk::Failure>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    method: String,
    url: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
    timeout_ms: u32,
}

impl Request {
    /// A request with any method.
    pub fn new(method: impl Into<String>, url: impl Into<String>) -> Self {
        Self {
            method: method.into(),
            url: url.into(),
            headers: Vec::new(),
            body: Vec::new(),
            timeout_ms: DEFAULT_TIMEOUT_MS,
        }
    }

    /// A `GET` request.
    pub fn get(url: impl Into<String>) -> Self {
        Self::new("GET", url)
    }

    /// A `POST` request.
    pub fn post(url: impl Into<String>) -> Self {
        Self::new("POST", url)
    }

    /// One more header.
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// The body as it is.
    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }

    /// A JSON body, and the header that says so.
    pub fn json(self, value: &impl Serialize) -> Result<Self, serde_json::Error> {
        let body = serde_json::to_vec(value)?;
        Ok(self.header("content-type", "application/json").body(body))
    }

    /// How long to wait for the whole response; ten seconds unless set.
    pub fn timeout_ms(mut self, timeout_ms: u32) -> Self {
        self.timeout_ms = timeout_ms;
        self
    }

    /// Sends it. A status like 404 is a [`Response`], not an error: see [`Response::ok`].
    pub fn send(self) -> Result<Response, Error> {
        let response = raw::fetch(&raw::Request {
            method: self.method,
            url: self.url,
            headers: self.headers,
            body: self.body,
            timeout_ms: self.timeout_ms,
        })?;
        Ok(Response { status: response.status, headers: response.headers, body: response.body })
    }
}
