//! What a collector of OpenTelemetry hears of a turn.

use opentelemetry_proto::tonic::{
    common::v1::any_value::Value as Any,
    trace::v1::{Span, span::SpanKind},
};
use serde_json::json;

use crate::harness::{
    collector::Collector,
    host::{Host, Options},
    model::{Answer, MODEL, Model},
};

fn attribute(span: &Span, key: &str) -> Option<String> {
    let value = span.attributes.iter().find(|attribute| attribute.key == key)?.value.clone()?.value?;
    Some(match value {
        Any::StringValue(text) => text,
        Any::IntValue(number) => number.to_string(),
        other => panic!("{key} is {other:?}"),
    })
}

#[tokio::test]
async fn a_turn_is_a_trace_of_its_model_and_its_skills() {
    let (collector, model) = (Collector::start().await, Model::start().await);
    let options = Options { bundle: true, ..Options::default() }.env("SKILLET__MEMORY__SUMMARIES", "rules");
    let mut host = Host::start(options.envs(model.as_tier("small")).envs(collector.envs())).await;
    host.token("admin").await;
    model.then(Answer::call("calculator", &json!({ "expression": "1/0" })).usage(120, 30, 20));
    model.then(Answer::text("A secret pineapple cannot be divided.").usage(150, 12, 0));
    let reply = host.chat("ada", "share my secret pineapple among nobody", None).await;
    assert_eq!(reply["reply"], "A secret pineapple cannot be divided.");
    assert!(host.terminate().await.success(), "{}", host.log());

    let spans = collector.spans();
    let named = |name: &str| spans.iter().filter(|span| span.name == name).collect::<Vec<_>>();
    let [turn] = named("invoke_agent skillet")[..] else { panic!("{spans:#?}") };
    assert_eq!(uuid::Uuid::from_slice(&turn.trace_id).unwrap().to_string(), reply["turn_id"].as_str().unwrap());
    assert!(turn.parent_span_id.is_empty());
    let answers = named(&format!("chat {MODEL}"));
    let [skill] = named("execute_tool calculator")[..] else { panic!("{spans:#?}") };
    for span in answers.iter().copied().chain([skill]).filter(|span| span.trace_id == turn.trace_id) {
        assert_eq!(span.parent_span_id, turn.span_id);
        assert!(span.start_time_unix_nano <= span.end_time_unix_nano);
    }
    let first = answers.iter().find(|span| attribute(span, "gen_ai.usage.output_tokens").as_deref() == Some("30"));
    let first = first.unwrap();
    for (key, value) in [
        ("gen_ai.operation.name", "chat"),
        ("gen_ai.request.model", MODEL),
        ("gen_ai.usage.input_tokens", "120"),
        ("gen_ai.usage.cache_read.input_tokens", "20"),
        ("server.address", "127.0.0.1"),
        ("skillet.tier", "small"),
        ("skillet.status", "done"),
    ] {
        assert_eq!(attribute(first, key).as_deref(), Some(value), "{key}");
    }
    assert_eq!(first.kind, SpanKind::Client as i32);
    assert_eq!(attribute(skill, "error.type").as_deref(), Some("invalid-input"));
    let bytes = collector.bytes();
    let text = String::from_utf8_lossy(&bytes);
    assert!(!text.contains("pineapple") && !text.contains("1/0"), "what people and models say is in no span");
}

#[tokio::test]
async fn a_collector_that_is_away_holds_nothing_up() {
    let away = ("SKILLET__TELEMETRY__OTLP_ENDPOINT", "http://127.0.0.1:9");
    let mut host = Host::start(Options::default().env(away.0, away.1)).await;
    host.token("admin").await;
    let reply = host.chat("ada", "hello", None).await;
    assert!(!reply["reply"].as_str().unwrap().is_empty());
    assert!(host.terminate().await.success(), "{}", host.log());
}
