//! Spans of turns, models and skills, sent by OTLP in the words of OpenTelemetry's conventions for generative AI.
//!
//! A turn's id is the id of its trace, so that a trace is found by what the page, the log and the audit name. A span
//! is made when its work is over; texts of people, prompts and answers are in none.

use anyhow::Context;
use opentelemetry::{
    InstrumentationScope, KeyValue, SpanId, TraceFlags, TraceId,
    trace::{SpanContext, SpanKind, Status, TraceState},
};
use opentelemetry_otlp::{Protocol, SpanExporter, WithExportConfig, WithHttpConfig};
use opentelemetry_sdk::{
    Resource,
    trace::{BatchSpanProcessor, SpanData, SpanEvents, SpanLinks, SpanProcessor},
};
use std::{
    sync::OnceLock,
    time::{Duration, SystemTime},
};
use uuid::Uuid;

use crate::{config::Telemetry, ids::TurnId};

pub use opentelemetry::Value;

/// The path of traces below a collector's address.
const TRACES: &str = "v1/traces";

/// What sends spans, where a collector is set.
static SPANS: OnceLock<BatchSpanProcessor> = OnceLock::new();

/// Where the work of a span was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// A whole turn.
    Turn,
    /// In this process, for a turn.
    Here,
    /// By a server that was asked.
    Elsewhere,
}

/// Work that is over.
#[derive(Clone, Debug)]
pub struct Span {
    pub place: Place,
    /// The turn that it was done for, if it was for one.
    pub turn: Option<TurnId>,
    pub name: String,
    pub took: Duration,
    /// The kind of error it ended with.
    pub failed: Option<String>,
    pub attributes: Vec<(&'static str, Value)>,
}

/// Starts sending to the collector that the settings name, if they name one.
pub fn init_spans(config: &Telemetry) -> anyhow::Result<()> {
    let endpoint = config.otlp_endpoint.trim_end_matches('/');
    if endpoint.is_empty() {
        return Ok(());
    }
    let exporter = SpanExporter::builder()
        .with_http()
        .with_protocol(Protocol::HttpBinary)
        .with_endpoint(format!("{endpoint}/{TRACES}"))
        .with_headers(config.headers().map(|(name, value)| (name.to_owned(), value.to_owned())).collect())
        .build()
        .context("telemetry.otlp_endpoint")?;
    let mut spans = BatchSpanProcessor::builder(exporter).build();
    let version = KeyValue::new("service.version", env!("CARGO_PKG_VERSION"));
    spans.set_resource(&Resource::builder().with_service_name("skillet").with_attribute(version).build());
    SPANS.set(spans).ok().context("spans were started already")
}

/// Sends a span, if they are sent; else it is not even made.
pub fn span(make: impl FnOnce() -> Span) {
    if let Some(spans) = SPANS.get() {
        spans.on_end(data(make(), SystemTime::now()));
    }
}

/// Sends what is waiting; what a collector does not take in time is lost.
pub async fn end_spans() {
    if SPANS.get().is_some() {
        // It waits for a thread of its own.
        let sent = tokio::task::spawn_blocking(|| SPANS.get().map(SpanProcessor::shutdown)).await;
        if let Ok(Some(Err(error))) = sent {
            tracing::warn!(error = &error as &dyn std::error::Error, "the last spans were not sent");
        }
    }
}

fn data(span: Span, ended: SystemTime) -> SpanData {
    let Span { place, turn, name, took, failed, attributes } = span;
    let trace = turn.map_or_else(Uuid::now_v7, |turn| turn.0);
    let of_turn = turn.map_or(SpanId::INVALID, |turn| span_id(turn.0));
    let (id, parent) = match place {
        Place::Turn => (of_turn, SpanId::INVALID),
        Place::Here | Place::Elsewhere => (span_id(Uuid::now_v7()), of_turn),
    };
    let mut attributes: Vec<KeyValue> = attributes.into_iter().map(|(key, value)| KeyValue::new(key, value)).collect();
    let status = match failed {
        Some(kind) => {
            attributes.push(KeyValue::new("error.type", kind.clone()));
            Status::error(kind)
        }
        None => Status::Unset,
    };
    SpanData {
        span_context: SpanContext::new(
            TraceId::from_bytes(trace.into_bytes()),
            id,
            TraceFlags::SAMPLED,
            false,
            TraceState::default(),
        ),
        parent_span_id: parent,
        parent_span_is_remote: false,
        span_kind: if place == Place::Elsewhere { SpanKind::Client } else { SpanKind::Internal },
        name: name.into(),
        start_time: ended - took,
        end_time: ended,
        attributes,
        dropped_attributes_count: 0,
        events: SpanEvents::default(),
        links: SpanLinks::default(),
        status,
        instrumentation_scope: InstrumentationScope::builder("skillet").build(),
    }
}

/// A span's id made of a UUID: its second half, which is random.
fn span_id(id: Uuid) -> SpanId {
    let mut half = [0; 8];
    half.copy_from_slice(&id.as_bytes()[8..]);
    SpanId::from_bytes(half)
}
