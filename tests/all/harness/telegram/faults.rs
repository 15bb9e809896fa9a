//! What goes wrong, as a test wants it: faults for the next calls, and gates that hold calls up.

use serde_json::json;
use std::sync::Arc;

use super::{
    State, until,
    world::{Call, Refusal},
};

/// What happens to a call instead of a plain answer.
#[derive(Clone, Debug)]
pub enum Fault {
    /// Refused without effect.
    Refuse(Refusal),
    /// A page of the server in front, without effect.
    Page(u16),
    /// The connection is reset without effect.
    Reset,
    /// The call takes effect, and then the connection is reset.
    ResetAfter,
    /// The call takes effect, and then the server in front gives a page of its own.
    PageAfter(u16),
    /// The call takes effect, and of its result the answer has the number and something that nobody knows.
    OddAnswer,
    /// No effect and no answer until the caller hangs up.
    Hang,
}

impl Fault {
    /// Too many requests.
    pub fn retry_after(seconds: u64) -> Self {
        let refusal = Refusal::new(429, &format!("Too Many Requests: retry after {seconds}"));
        Self::Refuse(Refusal { parameters: json!({ "retry_after": seconds }), ..refusal })
    }

    /// For example 500 and "Internal Server Error".
    pub fn status(code: u16, description: &str) -> Self {
        Self::Refuse(Refusal::new(code, description))
    }

    /// What another poller of the same bot causes.
    pub fn conflict() -> Self {
        Self::Refuse(Refusal::new(409, super::CONFLICT))
    }
}

type When = Box<dyn Fn(&Call) -> bool + Send>;

/// Calls that a fault is for.
pub struct Rule {
    method: String,
    when: When,
    left: usize,
    fault: Fault,
}

impl Rule {
    /// The fault for a call, which counts as used.
    pub fn pick(rules: &mut Vec<Self>, call: &Call) -> Option<Fault> {
        let at = rules.iter().position(|rule| rule.method == call.method && (rule.when)(call))?;
        rules[at].left -= 1;
        let fault = rules[at].fault.clone();
        rules.retain(|rule| rule.left > 0);
        Some(fault)
    }
}

/// Calls of a method that are about to fail: the next one, unless more is said.
pub struct Failing {
    state: Arc<State>,
    method: String,
    when: When,
    times: usize,
}

impl Failing {
    pub(super) fn new(state: Arc<State>, method: &str) -> Self {
        Self { state, method: method.to_owned(), when: Box::new(|_| true), times: 1 }
    }

    /// The next `times` calls.
    pub fn times(self, times: usize) -> Self {
        Self { times, ..self }
    }

    /// Every call, until `lift_faults`.
    pub fn always(self) -> Self {
        self.times(usize::MAX)
    }

    /// Only calls like this one.
    pub fn when(self, when: impl Fn(&Call) -> bool + Send + 'static) -> Self {
        Self { when: Box::new(when), ..self }
    }

    pub fn with(self, fault: Fault) {
        let rule = Rule { method: self.method, when: self.when, left: self.times, fault };
        self.state.change(|world| world.rules.push(rule));
    }
}

/// When a gate holds a call up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hold {
    /// Before it takes effect.
    Before,
    /// When it has, and only the answer is missing.
    After,
}

/// What a test holds up.
pub struct Gate {
    pub id: u64,
    method: String,
    hold: Hold,
    when: When,
    arrived: Vec<Call>,
}

impl Gate {
    pub fn new(id: u64, method: &str, hold: Hold, when: impl Fn(&Call) -> bool + Send + 'static) -> Self {
        Self { id, method: method.to_owned(), hold, when: Box::new(when), arrived: Vec::new() }
    }

    /// The gate that holds a call up now; the call has arrived at it.
    pub fn stop(gates: &mut [Self], call: &Call, hold: Hold) -> Option<u64> {
        let mut fit = gates.iter_mut();
        let gate = fit.find(|gate| gate.hold == hold && gate.method == call.method && (gate.when)(call))?;
        gate.arrived.push(call.clone());
        Some(gate.id)
    }
}

/// Holds calls up as long as it lives.
pub struct Held {
    pub(super) state: Arc<State>,
    pub(super) id: u64,
}

impl Held {
    /// Waits until so many calls are held up; returns them.
    pub async fn arrived(&self, count: usize) -> Vec<Call> {
        until(&self.state, "a call to be held up", |world| {
            let gate = world.gates.iter().find(|gate| gate.id == self.id)?;
            (gate.arrived.len() >= count).then(|| gate.arrived.clone())
        })
        .await
    }

    /// Lets them go on.
    pub fn release(self) {
        drop(self);
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.state.change(|world| world.gates.retain(|gate| gate.id != self.id));
    }
}
