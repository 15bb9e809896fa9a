//! Calls a skill by the clock, and says what came of it.

use serde::Deserialize;
use serde_json::Value;

use super::{Ended, Failed, payload};
use crate::{
    ids::ApprovalId,
    scheduler::{Parts, note::Note, recipient},
    skills::{Caller, FailureKind, Request, input_hash, readable},
    store::Job,
};

pub const KIND: &str = "skill_call";

#[derive(Deserialize)]
struct Payload {
    skill: String,
    input: Value,
    /// The owner's yes that the call waited for.
    approval: Option<ApprovalId>,
}

pub async fn run(parts: &Parts, job: &Job) -> Ended {
    let Payload { skill, input, approval } = payload(job)?;
    let to = recipient::of(parts, job).await?;
    let caller = Caller {
        user: to.user.id,
        turn: None,
        conversation: Some(to.conversation),
        token: None,
        locale: to.locale.clone(),
        time_zone: job.time_zone.clone().unwrap_or_else(|| to.zone.to_string()),
    };
    // A job that was edited between two attempts is another call.
    let key = Some(format!("{}:{}", recipient::key(job), input_hash(&input)));
    let request = Request { key, approval, ..Request::new(skill, input, caller) };
    let outcome = parts.skills.call(request).await?;
    match outcome.result {
        Ok(output) => {
            to.tell(parts, job, readable(&output), Vec::new()).await?;
            Ok(Note { call: Some(outcome.call_id), ..Note::default() })
        }
        // A failure that comes back under its key comes back every time.
        Err(failure) if worth_retrying(failure.kind) && !outcome.replayed => Err(Failed::Again(failure.into())),
        Err(failure) => Err(Failed::ForGood(failure.into())),
    }
}

/// Whether the same call may go well later.
fn worth_retrying(kind: FailureKind) -> bool {
    matches!(kind, FailureKind::Unavailable | FailureKind::Busy | FailureKind::Timeout | FailureKind::Host)
}
