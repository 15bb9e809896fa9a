//! A running host, spoken to over its HTTP interface.

use anyhow::{Context, bail};
use reqwest::{Method, Url};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;

use crate::gateway::choose_tls;

pub struct Remote {
    client: reqwest::Client,
    base: Url,
    token: SecretString,
}

impl Remote {
    pub fn new(base: &str, token: &str) -> anyhow::Result<Self> {
        choose_tls();
        let address = Url::parse(base).ok().filter(|address| matches!(address.scheme(), "http" | "https"));
        let base = address.with_context(|| format!("{base} is not an address, such as http://127.0.0.1:8787"))?;
        Ok(Self { client: reqwest::Client::new(), base, token: token.to_owned().into() })
    }

    pub async fn push(&self, component: Vec<u8>) -> anyhow::Result<Value> {
        let request = self.request(Method::POST, "/api/v1/skills")?.header("content-type", "application/wasm");
        self.send(request.body(component)).await
    }

    pub async fn get(&self, path: &str) -> anyhow::Result<Value> {
        self.send(self.request(Method::GET, path)?).await
    }

    pub async fn post(&self, path: &str, body: &Value) -> anyhow::Result<Value> {
        self.send(self.request(Method::POST, path)?.json(body)).await
    }

    pub async fn put(&self, path: &str, body: &Value) -> anyhow::Result<Value> {
        self.send(self.request(Method::PUT, path)?.json(body)).await
    }

    pub async fn delete(&self, path: &str) -> anyhow::Result<()> {
        self.send(self.request(Method::DELETE, path)?).await.map(drop)
    }

    fn request(&self, method: Method, path: &str) -> anyhow::Result<reqwest::RequestBuilder> {
        Ok(self.client.request(method, self.base.join(path)?).bearer_auth(self.token.expose_secret()))
    }

    async fn send(&self, request: reqwest::RequestBuilder) -> anyhow::Result<Value> {
        let response = request.send().await.context("the host cannot be reached")?;
        let status = response.status();
        let text = response.text().await?;
        let value: Value = serde_json::from_str(&text).unwrap_or(Value::Null);
        if status.is_success() {
            return Ok(value);
        }
        // A problem document says what is wrong; anything else is shown as it came.
        let detail = value["detail"].as_str().or(value["title"].as_str()).unwrap_or(&text);
        bail!("the host answered {status}: {detail}{}", failing(&value["examples"]))
    }
}

/// The examples of a skill that did not come out as its manifest says, a few lines for each.
pub fn failing(results: &Value) -> String {
    let results = results.as_array().into_iter().flatten().filter(|result| result["passed"] == false);
    let told = results.map(|result| {
        let [input, expected, actual] = ["input", "expected", "actual"].map(|key| &result[key]);
        format!("\n  input {input}\n    must be {expected}\n    is      {actual}")
    });
    told.collect()
}
