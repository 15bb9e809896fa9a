//! Logs, metrics and spans. Every line of a turn carries its trace id; messages read alone, identifiers are
//! fields. Never logged: what people write, prompts, keys, tokens, passwords.

mod spans;

pub use spans::{Place, Span, Value, end_spans, init_spans, span};

use anyhow::Context;
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use std::io::IsTerminal;
use tracing_subscriber::{EnvFilter, fmt, layer::SubscriberExt, util::SubscriberInitExt};

use crate::config::{Log, LogFormat};

/// Starts logging to standard error.
pub fn init_logs(log: &Log) -> anyhow::Result<()> {
    let filter: EnvFilter = log.level.parse().context("log.level")?;
    // It logs the texts that it cleans.
    let filter = filter.add_directive("html5ever=off".parse().context("a constant directive")?);
    let registry = tracing_subscriber::registry().with(filter);
    match log.format {
        LogFormat::Text => registry
            .with(fmt::layer().with_ansi(std::io::stderr().is_terminal()).with_writer(std::io::stderr))
            .try_init()?,
        LogFormat::Json => {
            let layer = fmt::layer().json().flatten_event(true).with_current_span(true).with_writer(std::io::stderr);
            registry.with(layer).try_init()?;
        }
    }
    Ok(())
}

/// Starts counting; the handle renders the Prometheus text.
pub fn init_metrics() -> anyhow::Result<PrometheusHandle> {
    let recorder = PrometheusBuilder::new().build_recorder();
    let handle = recorder.handle();
    metrics::set_global_recorder(recorder).context("metrics were started already")?;
    Ok(handle)
}
