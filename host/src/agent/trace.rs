//! The trace of a turn: what was done, when, and how long it took.

use serde::Serialize;
use serde_json::{Value, json};
use std::{
    sync::{Mutex, PoisonError},
    time::Instant,
};

/// One finished step of a turn, as the trace keeps it.
#[derive(Clone, Debug, Serialize)]
pub struct Step {
    /// A word that the pages have in each language, such as "recall"; see `step` in `locales`.
    pub name: &'static str,
    /// Milliseconds since the turn began to run.
    pub at_ms: i64,
    pub duration_ms: i64,
    pub detail: Value,
}

/// Collects the steps of one turn.
#[derive(Debug)]
pub struct Trace {
    began: Instant,
    /// Skills of one round may end at the same time; held to push one step.
    steps: Mutex<Vec<Step>>,
}

impl Trace {
    pub fn begin() -> Self {
        Self { began: Instant::now(), steps: Mutex::default() }
    }

    /// Notes a step that began at `began` and ends now.
    pub fn step(&self, name: &'static str, began: Instant, detail: Value) -> Step {
        let millis = |from: Instant, to: Instant| i64::try_from((to - from).as_millis()).unwrap_or(i64::MAX);
        let step = Step { name, at_ms: millis(self.began, began), duration_ms: millis(began, Instant::now()), detail };
        self.steps.lock().unwrap_or_else(PoisonError::into_inner).push(step.clone());
        step
    }

    /// All steps, as JSON.
    pub fn json(&self) -> Value {
        json!(*self.steps.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
