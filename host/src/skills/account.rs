//! What stays of a call: its record, its numbers, its line in the log, and what its caller gets.

use serde_json::{Value, json};
use std::time::Duration;

use super::{
    Outcome, Request, executor::Checked, failure::CallFailure, host::Services, registry::Installed, sandbox::Run,
};
use crate::{
    ids::{CallId, TurnId},
    store::{CallEnd, CallRecord, StoreError},
    telemetry::{self, Place, Span},
};

/// Puts the end of an attempt on record, in the database, the metrics, the log and the trace.
pub async fn account(
    services: &Services,
    installed: &Installed,
    (id, attempt): (CallId, i64),
    turn: Option<TurnId>,
    waited: Duration,
    checked: &Checked,
) -> Result<Outcome, StoreError> {
    let Checked { output, run } = checked;
    let run = run.as_ref();
    let failure = output.as_ref().err();
    let log = json!(run.map_or(&[][..], |run| &run.log));
    let duration = run.map_or(Duration::ZERO, |run| run.duration);
    let (fuel, peak) = run.map_or((0, 0), |run| (run.fuel, run.peak_memory_bytes));
    let host_calls = run.map_or(0, |run| run.host_calls);
    let described = failure.map(CallFailure::json);
    let end = CallEnd {
        output: output.as_ref().ok(),
        failure: described.as_ref(),
        fault: failure.map(|failure| failure.kind.fault()),
        log: &log,
        queue_us: micros(waited),
        duration_us: micros(duration),
        fuel: i64::try_from(fuel).unwrap_or(i64::MAX),
        peak_memory_bytes: i64::try_from(peak).unwrap_or(i64::MAX),
        host_calls: i64::try_from(host_calls).unwrap_or(i64::MAX),
        usage: &run.map_or(Value::Null, usage),
    };
    services.db.end_call(&services.clock, id, attempt, &end).await?;
    let status = if output.is_ok() { "done" } else { "failed" };
    metrics::counter!("skillet_skill_calls_total", "skill" => installed.name.clone(), "status" => status).increment(1);
    metrics::histogram!("skillet_skill_call_seconds", "skill" => installed.name.clone()).record(duration.as_secs_f64());
    tracing::info!(
        skill = installed.name, call_id = %id, status, duration_us = micros(duration), fuel,
        failure = failure.map(|failure| failure.kind.name()), "a skill ran"
    );
    telemetry::span(|| Span {
        place: Place::Here,
        turn,
        name: format!("execute_tool {}", installed.name),
        took: duration,
        failed: failure.map(|failure| failure.kind.name()),
        attributes: vec![
            ("gen_ai.operation.name", "execute_tool".into()),
            ("gen_ai.tool.name", installed.name.clone().into()),
            ("gen_ai.tool.call.id", id.to_string().into()),
            ("skillet.skill.version", installed.digest.clone().into()),
            ("skillet.attempt", attempt.into()),
            ("skillet.fuel", end.fuel.into()),
            ("skillet.peak_memory_bytes", end.peak_memory_bytes.into()),
            ("skillet.host_calls", end.host_calls.into()),
            ("skillet.queue_us", end.queue_us.into()),
        ],
    });
    Ok(Outcome {
        call_id: id,
        skill: installed.name.clone(),
        version: installed.digest.clone(),
        result: output.clone(),
        duration_ms: duration.as_secs_f64() * 1_000.0,
        fuel,
        peak_memory_bytes: peak,
        host_calls,
        replayed: false,
        log,
    })
}

/// What a run used beside what has columns of its own.
fn usage(run: &Run) -> Value {
    json!({
        "instantiate_us": micros(run.instantiate),
        "output_bytes": run.output.as_ref().map_or(0, String::len),
        "host_bytes": run.host_bytes,
        "network_out_bytes": run.network.0,
        "network_in_bytes": run.network.1,
        "table_elements": run.table_elements,
        "handles": run.handles,
        // A limit is held against each attempt, and what columns hold is the sum of all.
        "most": {
            "fuel": run.most.fuel,
            "duration_us": micros(run.most.duration),
            "host_calls": run.most.host_calls,
            "host_bytes": run.most.host_bytes,
            "log_lines": run.most.log_lines,
            "log_bytes": run.most.log_bytes,
        },
    })
}

fn micros(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)
}

/// A call that never began leaves no record.
pub fn rejected(services: &Services, request: &Request, version: &str, failure: CallFailure) -> Outcome {
    Outcome {
        call_id: CallId::new(&services.clock),
        skill: request.skill.clone(),
        version: version.to_owned(),
        result: Err(failure),
        duration_ms: 0.0,
        fuel: 0,
        peak_memory_bytes: 0,
        host_calls: 0,
        replayed: false,
        log: json!([]),
    }
}

/// An earlier call of the same key answers again.
pub fn replay(record: CallRecord) -> Outcome {
    let failure = record.failure.and_then(|failure| serde_json::from_value::<CallFailure>(failure.0).ok());
    let result = match failure {
        Some(failure) => Err(failure),
        None => Ok(record.output.map_or(Value::Null, |output| output.0)),
    };
    #[expect(clippy::cast_precision_loss, reason = "a duration in microseconds is far below 2^52")]
    let duration_ms = record.duration_us as f64 / 1_000.0;
    Outcome {
        call_id: record.id,
        skill: record.skill_name,
        version: record.digest,
        result,
        duration_ms,
        fuel: u64::try_from(record.fuel).unwrap_or(0),
        peak_memory_bytes: u64::try_from(record.peak_memory_bytes).unwrap_or(0),
        host_calls: u64::try_from(record.host_calls).unwrap_or(0),
        replayed: true,
        log: record.log.0,
    }
}
