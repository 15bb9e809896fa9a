//! A network that is written down, for trying a skill by itself: the gate is the same, only the far side is not there.

use reqwest::{Request, Response};
use serde::Deserialize;
use std::collections::BTreeMap;

use super::refusal::Refusal;

/// One exchange: whoever asks for this gets that.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Exchange {
    #[serde(default = "get")]
    pub method: String,
    /// The whole URL, in its one form.
    pub url: String,
    #[serde(default = "ok")]
    pub status: u16,
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    #[serde(default)]
    pub body: String,
}

fn get() -> String {
    "GET".to_owned()
}

fn ok() -> u16 {
    200
}

/// What the servers answer. The first that fits does, as often as it is asked.
pub struct Script(pub Vec<Exchange>);

impl Script {
    pub fn answer(&self, request: &Request) -> Result<Response, Refusal> {
        let fits = |exchange: &&Exchange| {
            exchange.method.eq_ignore_ascii_case(request.method().as_str())
                && url::Url::parse(&exchange.url).is_ok_and(|url| url == *request.url())
        };
        let unreachable = |reason: String| Refusal::Unreachable { reason, request_sent: false };
        let found = self.0.iter().find(fits);
        let found = found.ok_or_else(|| {
            unreachable(format!("no exchange of the test answers {} {}", request.method(), request.url()))
        })?;
        let mut response = hyper::Response::builder().status(found.status);
        for (name, value) in &found.headers {
            response = response.header(name, value);
        }
        let response = response.body(found.body.clone());
        Ok(response.map_err(|error| unreachable(format!("the test's answer is none: {error}")))?.into())
    }
}
