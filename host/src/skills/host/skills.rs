use serde_json::Value;

use super::{CallState, Others, lend};
use crate::skills::{
    Caller, FailureKind, Request, Under,
    linker::{skills::Host, types::Failure},
};

impl Host for CallState {
    async fn call(&mut self, skill: String, input: String) -> wasmtime::Result<Result<String, Failure>> {
        lend!(self, "skills.call", skill.len() + input.len(), self.call_other(skill, &input).await)
    }
}

impl CallState {
    async fn call_other(&mut self, skill: String, input: &str) -> Result<String, Failure> {
        self.granted_word("skills", &skill).map_err(Failure::Denied)?;
        let input: Value = serde_json::from_str(input)
            .map_err(|error| Failure::InvalidInput(format!("the input is not JSON: {error}")))?;
        let Some(others) = self.world.as_ref().map(|world| world.others.clone()) else {
            return Err(Failure::Unavailable("other skills are not called in an example or a replay".to_owned()));
        };
        let root = self.root.below().map_err(|error| Failure::Unavailable(error.to_string()))?;
        self.skills_called += 1;
        let skills = match others {
            Others::Real(skills) => skills,
            Others::Scripted(script) => return script.call(&skill, &input),
        };
        // Another attempt that asks something else gets an answer of its own.
        let hash = blake3::hash(format!("{skill} {input}").as_bytes()).to_hex();
        let caller = Caller {
            user: self.user,
            turn: self.turn,
            conversation: self.conversation,
            token: self.token,
            locale: self.locale.clone(),
            time_zone: self.time_zone.clone(),
        };
        let request = Request {
            // The n-th call of a call is made once, however often that one is tried.
            key: Some(format!("call:{}:{}:{}", self.call, self.skills_called, &hash[..16])),
            under: Some(Under { call: self.call.parse().ok(), root }),
            ..Request::new(skill, input, caller)
        };
        let outcome = self.at_host(|_| async move { skills.call(request).await }).await.map_err(|error| {
            tracing::error!(error = &error as &dyn std::error::Error, "a call from a skill failed");
            Failure::Unavailable("the other skill cannot be reached".to_owned())
        })?;
        // What another skill has done is not taken back by trying this one again.
        let began = !matches!(
            &outcome.result,
            Err(failure) if matches!(failure.kind, FailureKind::NoSkill | FailureKind::Waits | FailureKind::Busy)
        );
        self.sent |= began;
        match outcome.result {
            Ok(output) => Ok(output.to_string()),
            Err(failure) => Err(match failure.kind {
                FailureKind::InvalidInput => Failure::InvalidInput(failure.text),
                FailureKind::Denied | FailureKind::NoSkill | FailureKind::Waits => Failure::Denied(failure.text),
                FailureKind::Unavailable | FailureKind::Busy | FailureKind::BudgetExceeded => {
                    Failure::Unavailable(failure.text)
                }
                _ => Failure::Failed(failure.to_string()),
            }),
        }
    }
}
