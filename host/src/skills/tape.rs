//! What the host answered a run, call by call: kept of a run that failed, so that it can be run again
//! without touching anything.

use serde::{Deserialize, Serialize, de::DeserializeOwned};
use std::collections::VecDeque;

use super::{CallFailure, egress::Redactor};

/// Bytes of answers kept of one run; a longer recording is given up, since half of one cannot be played.
pub const MAX_TAPE_BYTES: usize = 256 << 10;

/// The name of the last step, where something was told beside calls of the host.
const ASIDE: &str = "aside";

/// One call of the host.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Step {
    /// Such as `kv.get`.
    pub name: String,
    /// Bytes of its arguments.
    pub bytes: u64,
    /// What the host answered, as JSON text; `None` where the run ended before it did.
    pub answer: Option<String>,
}

/// Recording while a run calls the host, or playing what an earlier run was answered.
#[derive(Debug)]
pub enum Tape {
    Recording {
        steps: Vec<Step>,
        bytes: usize,
    },
    /// Too long to be kept.
    GivenUp,
    Playing {
        steps: VecDeque<Step>,
        played: usize,
        /// How the recorded run ended.
        ended: CallFailure,
        /// What was told beside the calls of the host.
        aside: Option<String>,
    },
}

/// Ends a run at the call of the host in which the recorded run ended.
#[derive(Debug, thiserror::Error)]
#[error("the recorded run ended in a call of the host: {0}")]
pub struct Unanswered(pub CallFailure);

/// Ends a run that asks for something else than the one that was recorded.
#[derive(Debug, thiserror::Error)]
#[error(
    "the replay went another way: its call {at} of the host is `{asked}` with {bytes} bytes of arguments, the recording has {recorded}"
)]
pub struct Diverged {
    at: usize,
    asked: &'static str,
    bytes: u64,
    recorded: String,
}

impl Default for Tape {
    fn default() -> Self {
        Self::Recording { steps: Vec::new(), bytes: 0 }
    }
}

impl Tape {
    /// Plays what a run was answered that ended so.
    pub fn playing(steps: Vec<Step>, ended: CallFailure) -> Self {
        let mut steps = VecDeque::from(steps);
        let aside = steps.pop_back_if(|last| last.name == ASIDE).and_then(|last| last.answer);
        Self::Playing { steps, played: 0, ended, aside }
    }

    /// In a replay, what the recorded run was told beside its calls of the host; once.
    pub fn aside(&mut self) -> Option<String> {
        match self {
            Self::Playing { aside, .. } => aside.take(),
            Self::Recording { .. } | Self::GivenUp => None,
        }
    }

    /// Keeps, as the last of a run, what it was told beside its calls of the host.
    pub fn keep_aside<T: Serialize>(&mut self, told: &T) {
        self.asked(ASIDE, 0);
        self.keep(told);
    }

    /// What the recorded run was answered here; `None` while recording.
    pub fn next<T: DeserializeOwned>(&mut self, name: &'static str, bytes: u64) -> wasmtime::Result<Option<T>> {
        let Self::Playing { steps, played, ended, .. } = self else { return Ok(None) };
        *played += 1;
        let at = *played;
        let step = steps.pop_front();
        let answer = step.as_ref().filter(|step| step.name == name && step.bytes == bytes);
        match answer.map(|step| step.answer.as_deref().map(serde_json::from_str)) {
            Some(Some(Ok(answer))) => Ok(Some(answer)),
            Some(Some(Err(error))) => {
                let recorded = format!("an answer of another shape ({error})");
                Err(Diverged { at, asked: name, bytes, recorded }.into())
            }
            Some(None) => Err(Unanswered(ended.clone()).into()),
            None => {
                let recorded = step.map_or_else(
                    || "no more".to_owned(),
                    |step| format!("`{}` with {} bytes of arguments", step.name, step.bytes),
                );
                Err(Diverged { at, asked: name, bytes, recorded }.into())
            }
        }
    }

    /// Keeps that the host was asked; its answer follows, unless the run ends first.
    pub fn asked(&mut self, name: &'static str, arguments: u64) {
        let Self::Recording { steps, bytes } = self else { return };
        *bytes += name.len();
        steps.push(Step { name: name.to_owned(), bytes: arguments, answer: None });
    }

    /// Keeps the answer to what was asked last.
    pub fn keep<T: Serialize>(&mut self, answer: &T) {
        let Self::Recording { steps, bytes } = self else { return };
        let answer = serde_json::to_string(answer).ok();
        *bytes += answer.as_ref().map_or(0, String::len);
        match (answer, steps.last_mut()) {
            (Some(answer), Some(last)) if *bytes <= MAX_TAPE_BYTES => last.answer = Some(answer),
            _ => *self = Self::GivenUp,
        }
    }

    /// Takes known values out of what was recorded.
    pub fn redact(&mut self, redactor: &Redactor) {
        if let Self::Recording { steps, .. } = self {
            for step in steps {
                step.answer = step.answer.as_deref().map(|answer| redactor.text(answer));
            }
        }
    }

    /// How many calls of the host a replay goes through.
    pub fn calls(&self) -> usize {
        match self {
            Self::Playing { steps, .. } => steps.len(),
            Self::Recording { steps, .. } => steps.len(),
            Self::GivenUp => 0,
        }
    }

    /// Keeps nothing: something was used that cannot be played.
    pub fn give_up(&mut self) {
        if matches!(self, Self::Recording { .. }) {
            *self = Self::GivenUp;
        }
    }

    /// What was recorded, if it is whole.
    pub fn into_steps(self) -> Option<Vec<Step>> {
        match self {
            Self::Recording { steps, .. } => Some(steps),
            Self::GivenUp | Self::Playing { .. } => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_recording_plays_back_and_notices_another_way() {
        let mut tape = Tape::default();
        assert_eq!(tape.next::<u64>("clock.now", 0).unwrap(), None);
        tape.asked("clock.now", 0);
        tape.keep(&5_u64);
        tape.asked("kv.get", 3);
        tape.keep(&Ok::<_, ()>(Some(b"x".to_vec())));
        let mut tape = Tape::playing(tape.into_steps().unwrap(), CallFailure::interrupted());
        assert_eq!(tape.next::<u64>("clock.now", 0).unwrap(), Some(5));
        let text = tape.next::<u64>("kv.set", 3).unwrap_err().to_string();
        assert!(text.contains("call 2") && text.contains("`kv.get`"), "{text}");
        assert!(tape.next::<u64>("kv.get", 3).unwrap_err().to_string().contains("no more"));
    }

    #[test]
    fn a_run_that_ended_in_a_call_of_the_host_ends_there_again() {
        let mut tape = Tape::default();
        tape.asked("clock.now", 0);
        tape.keep(&5_u64);
        tape.asked("skills.call", 7);
        tape.keep_aside(&"seed");
        let mut tape = Tape::playing(tape.into_steps().unwrap(), CallFailure::interrupted());
        assert_eq!(tape.aside().as_deref(), Some("\"seed\""));
        assert_eq!(tape.next::<u64>("clock.now", 0).unwrap(), Some(5));
        let ended = tape.next::<u64>("skills.call", 7).unwrap_err();
        assert_eq!(ended.downcast_ref::<Unanswered>().unwrap().0, CallFailure::interrupted());
    }

    #[test]
    fn a_long_recording_is_given_up() {
        let mut tape = Tape::default();
        for _ in 0..10 {
            tape.asked("kv.get", 3);
            tape.keep(&"x".repeat(MAX_TAPE_BYTES / 8));
        }
        assert!(tape.into_steps().is_none());
    }
}
