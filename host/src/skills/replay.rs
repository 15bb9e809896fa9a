//! A failed call once more, by itself: against what the host answered it, with nothing touched. For
//! looking at a failure again, and for trying a newer version on it.

use serde::Serialize;
use serde_json::Value;

use super::{
    CallFailure, Caller, NameError, Skills,
    executor::{RawCall, Stage},
    grant::Grants,
    manifest_of,
    tape::{Step, Tape},
};
use crate::{ids::CallId, store::StoreError};

/// Why a call is not replayed.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    #[error("there is no call {0}")]
    NoCall(String),
    #[error("nothing is kept of call {0}: it did not fail, its recording was too long, or its time is over")]
    NotKept(CallId),
    #[error(transparent)]
    Name(#[from] NameError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What came of a call, then and now.
#[derive(Clone, Debug, Serialize)]
pub struct Replay {
    pub call_id: CallId,
    pub skill: String,
    /// Digests of the version that ran then, and of the one that ran now.
    pub recorded_version: String,
    pub version: String,
    /// `{kind, text, fault}` of then.
    pub recorded_failure: Value,
    pub output: Option<Value>,
    pub failure: Option<CallFailure>,
    pub same: bool,
    pub duration_ms: f64,
    pub fuel: u64,
    pub host_calls: u64,
    pub recorded_host_calls: usize,
    pub log: Value,
}

impl Skills {
    /// Runs a failed call again, on the version that it ran on or on another one of the skill.
    pub async fn replay(&self, call: CallId, version: Option<&str>) -> Result<Replay, ReplayError> {
        let Some(record) = self.services.db.call(call).await? else {
            return Err(ReplayError::NoCall(call.to_string()));
        };
        let kept = self.services.db.recording(&self.services.clock, call).await?;
        let kept = kept.ok_or(ReplayError::NotKept(call))?;
        let steps: Vec<Step> = serde_json::from_value(kept["steps"].clone())
            .map_err(|error| StoreError::Corrupt(format!("recording of {call}: {error}")))?;
        let user = record.user_id.ok_or(ReplayError::NotKept(call))?;
        let word = |key: &str| kept[key].as_str().unwrap_or_default().to_owned();
        let caller = Caller {
            user,
            turn: None,
            conversation: None,
            token: None,
            locale: word("locale"),
            time_zone: word("time_zone"),
        };
        let chosen = self.version(&record.skill_name, version.unwrap_or(&record.digest)).await?;
        let manifest = manifest_of(&chosen)?;
        let grants = Grants::new(&manifest.name, manifest.asked());
        let installed = self.registry.prepare(&manifest, &chosen.digest, grants)?;
        let scratch = self.services.scratch(self.services.clock.clone()).await?;
        let recorded = record.failure.map_or(Value::Null, |failure| failure.0);
        let ended = serde_json::from_value(recorded.clone()).unwrap_or_else(|_| CallFailure::interrupted());
        let tape = Tape::playing(steps, ended);
        let recorded_host_calls = tape.calls();
        let raw = RawCall {
            id: call.to_string(),
            attempt: u32::try_from(record.attempt).unwrap_or(u32::MAX),
            input: &record.input.0,
            caller: &caller,
            progress: None,
            root: None,
            tape,
        };
        let checked = self.executor.alone(Stage::Alone(self, &scratch), &installed, raw).await;
        scratch.db.close().await;
        let run = checked.run.as_ref();
        let failure = checked.output.as_ref().err().cloned();
        Ok(Replay {
            call_id: call,
            skill: record.skill_name,
            recorded_version: record.digest,
            version: chosen.digest,
            same: failure.as_ref().is_some_and(|failure: &CallFailure| {
                recorded["kind"] == failure.kind.name() && recorded["text"] == failure.text
            }),
            recorded_failure: recorded,
            output: checked.output.ok(),
            failure,
            duration_ms: run.map_or(0.0, |run| run.duration.as_secs_f64() * 1_000.0),
            fuel: run.map_or(0, |run| run.fuel),
            host_calls: run.map_or(0, |run| run.host_calls),
            recorded_host_calls,
            log: serde_json::json!(run.map_or(&[][..], |run| &run.log)),
        })
    }
}
