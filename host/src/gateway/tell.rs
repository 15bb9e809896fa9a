//! What metrics, the log and the trace hear of an attempt at a model.

use crate::{
    store::ModelCallRecord,
    telemetry::{self, Place, Span},
};

/// A line of the log. The audit has a row of every attempt: only those that failed are told without being asked for.
macro_rules! log {
    ($level:ident, $call:ident) => {
        tracing::$level!(
            gen_ai.operation.name = operation($call),
            gen_ai.request.model = $call.model,
            gen_ai.usage.input_tokens = $call.input_tokens,
            gen_ai.usage.cache_read.input_tokens = $call.cached_tokens,
            gen_ai.usage.output_tokens = $call.output_tokens,
            server.address = $call.provider,
            tier = $call.tier,
            purpose = $call.purpose,
            attempt = $call.attempt,
            status = $call.status.word(),
            cost_micros = $call.cost_micros,
            latency_ms = $call.latency_ms,
            "a model was asked"
        )
    };
}

/// Tells metrics, the log and the trace of an attempt.
pub fn tell(call: &ModelCallRecord) {
    let (tier, status) = (call.tier.clone(), call.status.word());
    metrics::counter!("skillet_model_calls_total", "tier" => tier.clone(), "status" => status).increment(1);
    for (class, tokens) in [
        ("input", call.input_tokens - call.cached_tokens - call.cache_write_tokens),
        ("cache_read", call.cached_tokens),
        ("cache_write", call.cache_write_tokens),
        ("output", call.output_tokens),
        ("saved", call.saved_tokens),
    ] {
        metrics::counter!("skillet_model_tokens_total", "tier" => tier.clone(), "class" => class)
            .increment(u64::try_from(tokens).unwrap_or(0));
    }
    metrics::counter!("skillet_model_cost_micros_total", "tier" => tier)
        .increment(u64::try_from(call.cost_micros).unwrap_or(0));
    if call.status.is_answered() {
        log!(debug, call);
    } else {
        log!(info, call);
    }
    telemetry::span(|| span(call));
}

fn operation(call: &ModelCallRecord) -> &'static str {
    if call.purpose == "embed" { "embeddings" } else { "chat" }
}

/// An attempt in the words of the conventions for generative AI.
fn span(call: &ModelCallRecord) -> Span {
    let operation = operation(call);
    let (host, port) = call.provider.rsplit_once(':').unwrap_or((&call.provider, ""));
    let mut attributes: Vec<(&'static str, telemetry::Value)> = vec![
        ("gen_ai.operation.name", operation.into()),
        ("gen_ai.request.model", call.model.clone().into()),
        ("gen_ai.usage.input_tokens", call.input_tokens.into()),
        ("gen_ai.usage.cache_read.input_tokens", call.cached_tokens.into()),
        ("gen_ai.usage.cache_creation.input_tokens", call.cache_write_tokens.into()),
        ("gen_ai.usage.output_tokens", call.output_tokens.into()),
        ("server.address", host.to_owned().into()),
        ("skillet.model_call.id", call.id.to_string().into()),
        ("skillet.purpose", call.purpose.clone().into()),
        ("skillet.tier", call.tier.clone().into()),
        ("skillet.rung", call.rung.clone().into()),
        ("skillet.attempt", call.attempt.into()),
        ("skillet.status", call.status.word().into()),
        ("skillet.cost_micros", call.cost_micros.into()),
        ("skillet.saved_tokens", call.saved_tokens.into()),
    ];
    attributes.extend(port.parse().ok().map(|port: i64| ("server.port", port.into())));
    attributes.extend(call.first_token_ms.map(|ms| ("skillet.first_token_ms", ms.into())));
    attributes.extend(call.conversation_id.map(|id| ("gen_ai.conversation.id", id.to_string().into())));
    let millis = u64::try_from(call.latency_ms).unwrap_or(0);
    Span {
        place: Place::Elsewhere,
        turn: call.turn_id,
        name: format!("{operation} {}", call.model),
        took: std::time::Duration::from_millis(millis),
        failed: (!call.status.is_answered()).then(|| call.status.word().to_owned()),
        attributes,
    }
}
