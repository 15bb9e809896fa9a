//! Between the generated bindings and [`Skill`].

use crate::bindings::exports::skillet::skill::skill as raw;
use crate::{Call, Failure, Skill, panics};
use std::marker::PhantomData;

/// The component's export, for any skill.
#[derive(Debug)]
pub struct Exported<S>(PhantomData<S>);

impl<S: Skill> raw::Guest for Exported<S> {
    fn run(call: raw::Call) -> Result<String, raw::Failure> {
        panics::report_to_host();
        run_json::<S>(call.into()).map_err(raw::Failure::from)
    }
}

fn run_json<S: Skill>(call: Call<String>) -> Result<String, Failure> {
    let input = serde_json::from_str(&call.input)
        .map_err(|error| Failure::InvalidInput(format!("the input does not parse: {error}")))?;
    let output = S::run(call.map(|_| input))?;
    serde_json::to_string(&output).map_err(|error| Failure::Failed(format!("the output does not become JSON: {error}")))
}

impl From<raw::Call> for Call<String> {
    fn from(call: raw::Call) -> Self {
        Self {
            id: call.id,
            attempt: call.attempt,
            input: call.input,
            locale: call.locale,
            time_zone: call.time_zone,
            deadline_ms: call.deadline_ms,
        }
    }
}

impl From<Failure> for raw::Failure {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::InvalidInput(text) => Self::InvalidInput(text),
            Failure::Unavailable(text) => Self::Unavailable(text),
            Failure::Denied(text) => Self::Denied(text),
            Failure::Failed(text) => Self::Failed(text),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Double;

    impl Skill for Double {
        type Input = i64;
        type Output = i64;

        fn run(call: Call<i64>) -> Result<i64, Failure> {
            call.input.checked_mul(2).ok_or_else(|| Failure::InvalidInput("too large".into()))
        }
    }

    fn run(input: &str) -> Result<String, Failure> {
        run_json::<Double>(Call::new(input.into()))
    }

    #[test]
    fn input_and_output_are_json() {
        assert_eq!(run("21"), Ok("42".into()));
    }

    #[test]
    fn input_of_the_wrong_shape_is_the_callers_fault() {
        let text = match run(r#""21""#) {
            Err(Failure::InvalidInput(text)) => text,
            other => panic!("{other:?}"),
        };
        assert!(text.contains("expected i64"), "{text}");
    }

    #[test]
    fn failures_pass_through() {
        assert_eq!(run(&i64::MAX.to_string()), Err(Failure::InvalidInput("too large".into())));
    }
}
