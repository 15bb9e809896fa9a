//! What the owner says to skills that ask.

use serde_json::json;

use super::super::{
    Backoffice,
    auth::Actor,
    error::{Kind, Problem, Result},
};
use crate::{ids::ApprovalId, store::Approval};

impl Backoffice {
    /// Says yes or no to what a skill asked for; the first decision holds. A call that waited is run
    /// by a job.
    pub async fn decide(&self, actor: &Actor, id: ApprovalId, approve: bool) -> Result<Approval> {
        let Some(decided) = self.db.decide_approval(&self.clock, id, approve, &actor.name()).await? else {
            return Err(match self.db.approval(id).await? {
                Some(_) => Problem::new(Kind::ApprovalClosed, "This request was decided before."),
                None => Problem::new(Kind::NoApproval, format!("There is no request {id}.")),
            });
        };
        self.wake.jobs.notify_one();
        self.skills.changed().await;
        let action = if approve { "approval.approve" } else { "approval.deny" };
        // The input of a call is somebody's words: the log keeps what it takes to find it.
        let detail = json!({
            "approval": id, "kind": decided.kind, "capability": decided.capability, "word": decided.word,
        });
        self.record(actor, action, &decided.skill_name, detail).await?;
        Ok(decided)
    }
}
