//! What tries of a skill come to, for people.

use serde::Serialize;
use serde_json::{Value, json};
use similar::TextDiff;

use crate::skills::{Case, Rehearsed};

/// Lines around a difference.
const CONTEXT: usize = 3;

/// How one case came out.
#[derive(Debug, Serialize)]
pub struct CaseReport {
    pub name: String,
    pub passed: bool,
    /// What was not as it must be, one entry each.
    pub faults: Vec<String>,
    pub run: Rehearsed,
}

/// Holds a run against its case.
pub fn judged(case: &Case, name: String, run: Rehearsed) -> CaseReport {
    let mut faults = Vec::new();
    match (&run.outcome, &case.output, &case.failure) {
        (Ok(output), Some(wanted), _) if output != wanted => faults.push(difference(wanted, output)),
        (Ok(output), _, Some(wanted)) => {
            faults.push(format!("it must fail with {}, and answered\n{}", wanted.kind, pretty(output)));
        }
        (Err(failure), _, Some(wanted)) => {
            if failure.kind.name() != wanted.kind || !failure.text.contains(&wanted.text) {
                let wanted = json!({ "kind": wanted.kind, "text": wanted.text });
                faults.push(difference(&wanted, &json!({ "kind": failure.kind.name(), "text": failure.text })));
            }
        }
        (Err(failure), _, None) => faults.push(format!("it failed: {failure}")),
        (Ok(_), _, None) => {}
    }
    for (key, wanted) in &case.kv_after {
        match run.kv.get(key) {
            Some(value) if value == wanted => {}
            Some(value) => faults.push(format!("kv, {key}:\n{}", difference(&json!(wanted), &json!(value)))),
            None => faults.push(format!("kv, {key}: nothing is kept; it must be {wanted:?}")),
        }
    }
    if let Some(wanted) = &case.sent
        && *wanted != run.sent
    {
        faults.push(format!("messages:\n{}", difference(&json!(wanted), &json!(run.sent))));
    }
    CaseReport { name, passed: faults.is_empty(), faults, run }
}

impl CaseReport {
    /// A line, and what is wrong below it.
    pub fn text(&self) -> String {
        let mark = if self.passed { "ok  " } else { "FAIL" };
        let mut text = format!("{mark}  {}  ({:.1} ms)", self.name, self.run.duration_ms);
        for fault in &self.faults {
            text += &indented(fault);
        }
        if !self.passed {
            for line in &self.run.log {
                text += &indented(&format!("log {}: {}", line.level, line.message));
            }
        }
        text
    }
}

/// What a run used.
pub fn readout(run: &Rehearsed) -> String {
    format!(
        "{:.3} ms ({:.3} ms to instantiate), {} fuel, {} KiB of memory, {} calls of the host with {} bytes",
        run.duration_ms,
        run.instantiate_ms,
        run.fuel,
        run.peak_memory_bytes.div_ceil(1024),
        run.host_calls,
        run.host_bytes
    )
}

/// From what must come (-) to what came (+).
fn difference(wanted: &Value, came: &Value) -> String {
    let (wanted, came) = (pretty(wanted), pretty(came));
    TextDiff::from_lines(&wanted, &came)
        .unified_diff()
        .context_radius(CONTEXT)
        .header("must be", "is")
        .missing_newline_hint(false)
        .to_string()
}

pub fn pretty(value: &Value) -> String {
    format!("{value:#}\n")
}

fn indented(text: &str) -> String {
    text.trim_end().lines().flat_map(|line| ["\n        ", line]).collect()
}
