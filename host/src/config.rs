//! Settings in layers: `config.default.toml` (compiled in) < a file < the environment.
//!
//! Every value is checked before anything starts; what is wrong is named by its key.

mod gateway;
mod telemetry;

pub use gateway::{Cache, Gateway, Ladder, ListedPrice, Model, Paid, TokenBudgets, Valves, WireFormat};
pub use telemetry::Telemetry;

use figment::{
    Figment,
    providers::{Env, Format, Toml},
};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Deserializer};
use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
};

/// The documented defaults, the lowest layer.
pub const DEFAULTS: &str = include_str!("../config.default.toml");

/// All settings, one struct per section of the file.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    pub data_dir: PathBuf,
    pub http: Http,
    pub database: Database,
    pub log: Log,
    pub telemetry: Telemetry,
    pub agent: Agent,
    pub gateway: Gateway,
    pub memory: Memory,
    pub scheduler: Scheduler,
    pub telegram: Telegram,
    pub skills: Skills,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Http {
    pub listen: SocketAddr,
    pub names: Vec<String>,
    pub secure_cookies: bool,
    pub session_hours: u32,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Database {
    pub url: SecretString,
    pub max_connections: u32,
    pub retention_days: u32,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Log {
    pub level: String,
    pub format: LogFormat,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    Text,
    Json,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Agent {
    pub name: String,
    pub persona: String,
    pub time_zone: chrono_tz::Tz,
    pub locale: String,
    pub max_rounds: u32,
    pub max_skill_calls: u32,
    pub turn_timeout_s: u64,
    pub max_turns: usize,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Memory {
    pub working_tokens: u32,
    pub recall_tokens: u32,
    pub summaries: By,
    pub rewrites: By,
    pub fold_nightly: bool,
    pub embedder_file: PathBuf,
}

/// Who does what a model would do better, and rules without tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum By {
    Model,
    Rules,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scheduler {
    pub sweep_s: u64,
    pub workers: usize,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Telegram {
    #[serde(deserialize_with = "secret")]
    pub token: SecretString,
    pub api_url: String,
    pub poll_timeout_s: u64,
    pub max_file_mib: u32,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Skills {
    pub bundle_dir: PathBuf,
    pub install: Vec<String>,
    pub max_component_mib: u32,
    pub max_memory_mib: u32,
    pub max_fuel: u64,
    pub max_timeout_s: u32,
    pub default_memory_mib: u32,
    pub default_fuel: u64,
    pub default_timeout_s: u32,
    pub max_output_bytes: usize,
    pub max_calls: u32,
    pub max_queue: usize,
    pub queue_timeout_s: u64,
    pub rollback_window_s: u64,
    pub rollback_calls: u32,
    pub rollback_percent: u32,
    pub recording_days: u32,
    #[serde(deserialize_with = "secret")]
    pub secret_key: SecretString,
    pub compile_memory_mib: u64,
    pub compile_timeout_s: u64,
    /// Host rules; the egress gate, which knows their grammar, reads them at start.
    pub private_hosts: Vec<String>,
    pub max_http_bytes: usize,
}

/// Why the settings cannot be used; the text names the key.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    #[error("the settings file {0} does not exist")]
    NoFile(PathBuf),
    #[error("{0}")]
    Read(String),
    #[error("bad value for `{key}`: {reason}")]
    Value { key: &'static str, reason: String },
}

impl Config {
    /// Reads all layers. `file` must exist when given; otherwise `skillet.toml` is used if present.
    pub fn load(file: Option<PathBuf>, data_dir: Option<PathBuf>) -> Result<Self, ConfigError> {
        let mut layers = Figment::from(Toml::string(DEFAULTS));
        match file {
            Some(path) if !path.is_file() => return Err(ConfigError::NoFile(path)),
            Some(path) => layers = layers.merge(Toml::file_exact(path)),
            None if Path::new("skillet.toml").is_file() => layers = layers.merge(Toml::file_exact("skillet.toml")),
            None => {}
        }
        layers = layers
            .merge(Env::raw().only(&["DATABASE_URL"]).map(|_| "database.url".into()))
            .merge(Env::prefixed("SKILLET__").split("__"));
        if let Some(dir) = data_dir {
            layers = layers.merge(("data_dir", dir));
        }
        let config: Self = layers.extract().map_err(|error| ConfigError::Read(describe(&error)))?;
        config.check()?;
        Ok(config)
    }

    fn check(&self) -> Result<(), ConfigError> {
        self.check_text()?;
        self.check_telegram()?;
        self.check_numbers()?;
        self.telemetry.check()?;
        self.gateway.check()
    }

    fn check_text(&self) -> Result<(), ConfigError> {
        if !matches!(self.agent.locale.as_str(), "en" | "zh") {
            return Err(bad("agent.locale", format!("\"{}\" is neither \"en\" nor \"zh\"", self.agent.locale)));
        }
        if let Err(error) = self.log.level.parse::<tracing_subscriber::EnvFilter>() {
            return Err(bad("log.level", error.to_string()));
        }
        let fits = |name: &String| name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
        if let Some(name) = self.skills.install.iter().find(|name| !fits(name)) {
            return Err(bad("skills.install", format!("\"{name}\" is not the name of a skill")));
        }
        let url = self.database.url.expose_secret();
        if !(url.is_empty() || url.starts_with("postgres://") || url.starts_with("postgresql://")) {
            return Err(bad("database.url", "only postgres:// URLs are known (empty means SQLite)".into()));
        }
        Ok(())
    }

    fn check_telegram(&self) -> Result<(), ConfigError> {
        let token = self.telegram.token.expose_secret();
        let shape =
            |token: &str| token.split_once(':').is_some_and(|(id, key)| id.parse::<u64>().is_ok() && !key.is_empty());
        if !(token.is_empty() || shape(token)) || token.chars().any(|c| c.is_whitespace() || c == '/') {
            return Err(bad("telegram.token", "a token looks like 123456:ABC-DEF".into()));
        }
        web_address("telegram.api_url", &self.telegram.api_url)?;
        if !(1..=50).contains(&self.telegram.poll_timeout_s) {
            return Err(bad("telegram.poll_timeout_s", "must be from 1 to 50".into()));
        }
        // The Bot API itself hands out no larger files.
        if !(1..=20).contains(&self.telegram.max_file_mib) {
            return Err(bad("telegram.max_file_mib", "must be from 1 to 20".into()));
        }
        Ok(())
    }

    fn check_numbers(&self) -> Result<(), ConfigError> {
        let positive = [
            ("http.session_hours", u64::from(self.http.session_hours)),
            ("database.max_connections", u64::from(self.database.max_connections)),
            ("agent.max_rounds", u64::from(self.agent.max_rounds)),
            ("agent.turn_timeout_s", self.agent.turn_timeout_s),
            ("memory.working_tokens", u64::from(self.memory.working_tokens)),
            ("agent.max_turns", self.agent.max_turns as u64),
            ("scheduler.sweep_s", self.scheduler.sweep_s),
            ("scheduler.workers", self.scheduler.workers as u64),
            ("skills.max_component_mib", u64::from(self.skills.max_component_mib)),
            ("skills.max_memory_mib", u64::from(self.skills.max_memory_mib)),
            ("skills.max_fuel", self.skills.max_fuel),
            ("skills.max_timeout_s", u64::from(self.skills.max_timeout_s)),
            ("skills.default_memory_mib", u64::from(self.skills.default_memory_mib)),
            ("skills.default_fuel", self.skills.default_fuel),
            ("skills.default_timeout_s", u64::from(self.skills.default_timeout_s)),
            ("skills.max_output_bytes", self.skills.max_output_bytes as u64),
            ("skills.max_calls", u64::from(self.skills.max_calls)),
            ("skills.queue_timeout_s", self.skills.queue_timeout_s),
            ("skills.rollback_window_s", self.skills.rollback_window_s),
            ("skills.rollback_calls", u64::from(self.skills.rollback_calls)),
            ("skills.compile_timeout_s", self.skills.compile_timeout_s),
            ("skills.max_http_bytes", self.skills.max_http_bytes as u64),
        ];
        not_zero(&positive)?;
        // A sweep also keeps the leases of jobs, which others take over after five minutes.
        if self.scheduler.sweep_s > 120 {
            return Err(bad("scheduler.sweep_s", "must be at most 120".into()));
        }
        if self.skills.max_queue == 0 {
            return Err(bad("skills.max_queue", "must be greater than 0".into()));
        }
        if self.skills.rollback_percent > 100 {
            return Err(bad("skills.rollback_percent", "must be at most 100".into()));
        }
        // A window in seconds is taken from a date.
        if self.skills.rollback_window_s > 31 * 86_400 {
            return Err(bad("skills.rollback_window_s", "must be at most 2678400".into()));
        }
        // What a version's calls are judged by goes back as far as this.
        if !(31..=36_500).contains(&self.database.retention_days) {
            return Err(bad("database.retention_days", "must be from 31 to 36500".into()));
        }
        if self.skills.recording_days > 365 {
            return Err(bad("skills.recording_days", "must be at most 365".into()));
        }
        if self.skills.compile_memory_mib < 256 {
            return Err(bad("skills.compile_memory_mib", "must be at least 256".into()));
        }
        if self.skills.max_calls > 1000 {
            return Err(bad("skills.max_calls", "must be at most 1000".into()));
        }
        if self.skills.max_memory_mib > 1024 {
            return Err(bad("skills.max_memory_mib", "must be at most 1024".into()));
        }
        // A response is held in memory whole, once for every call that waits for one.
        if self.skills.max_http_bytes > 64 << 20 {
            return Err(bad("skills.max_http_bytes", "must be at most 67108864".into()));
        }
        Ok(())
    }
}

/// Names the first value that is nothing.
fn not_zero(values: &[(&'static str, u64)]) -> Result<(), ConfigError> {
    match values.iter().find(|(_, value)| *value == 0) {
        Some((key, _)) => Err(bad(key, "must be greater than 0".into())),
        None => Ok(()),
    }
}

/// Whether a value is the address of a server that speaks HTTP.
fn web_address(key: &'static str, address: &str) -> Result<(), ConfigError> {
    match reqwest::Url::parse(address) {
        Ok(url) if matches!(url.scheme(), "http" | "https") => Ok(()),
        Ok(url) => Err(bad(key, format!("\"{}\" is not http or https", url.scheme()))),
        Err(error) => Err(bad(key, error.to_string())),
    }
}

fn bad(key: &'static str, reason: String) -> ConfigError {
    ConfigError::Value { key, reason }
}

/// One line per problem: what, which key, from which layer.
fn describe(error: &figment::Error) -> String {
    let lines: Vec<String> = error
        .clone()
        .into_iter()
        .map(|one| {
            let key = one.path.join(".");
            let source = one.metadata.as_ref().map_or_else(String::new, |layer| match &layer.source {
                Some(source) => format!(" (from {source})"),
                None => format!(" (from {})", layer.name),
            });
            if key.is_empty() { format!("{}{source}", one.kind) } else { format!("{} at `{key}`{source}", one.kind) }
        })
        .collect();
    lines.join("\n")
}

/// Text that may look like a number or a boolean in the environment, such as a key of digits.
fn text<'de, D: Deserializer<'de>>(input: D) -> Result<String, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Scalar {
        Text(String),
        Integer(i64),
        Float(f64),
        Bool(bool),
    }
    Ok(match Scalar::deserialize(input)? {
        Scalar::Text(text) => text,
        Scalar::Integer(number) => number.to_string(),
        Scalar::Float(number) => number.to_string(),
        Scalar::Bool(value) => value.to_string(),
    })
}

fn secret<'de, D: Deserializer<'de>>(input: D) -> Result<SecretString, D::Error> {
    text(input).map(SecretString::from)
}
