//! What skills ask of the owner while they run: a capability that they lack, or a call that needs a yes.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use sqlx::{FromRow, types::Json};

use super::{
    Db, Delivery, NewJob, Result, columns::word_column, deliveries::insert_delivery, jobs::insert_job, on,
    skills::bump, write_tx,
};
use crate::{
    clock::Clock,
    ids::{ApprovalId, CallId, ConversationId, JobId, TurnId, UserId},
};

word_column! {
    /// What the owner is asked for: a capability, or one call.
    ApprovalKind { Grant = "grant", Call = "call" }
}

word_column! {
    /// What was said to a request.
    ApprovalStatus { Pending = "pending", Approved = "approved", Denied = "denied" }
}

/// A request that is about to be made. Its id is known before, so that the notice can name it.
#[derive(Clone, Debug)]
pub struct NewApproval {
    pub id: ApprovalId,
    /// A second request of the same key is not made.
    pub key: String,
    pub kind: ApprovalKind,
    pub skill_name: String,
    pub digest: String,
    /// The capability that is asked for, with the word of its scope where it has one.
    pub capability: Option<String>,
    pub word: Option<String>,
    /// The input of the call that waits.
    pub input: Option<Value>,
    /// The call that asks.
    pub call_id: Option<CallId>,
    pub turn_id: Option<TurnId>,
    /// For whom the skill was called.
    pub user_id: UserId,
    pub conversation_id: Option<ConversationId>,
}

/// A request, and what the owner said.
#[derive(Clone, Debug, FromRow)]
pub struct Approval {
    pub id: ApprovalId,
    pub key: String,
    pub kind: ApprovalKind,
    pub skill_name: String,
    pub digest: String,
    pub capability: Option<String>,
    pub word: Option<String>,
    pub input: Option<Json<Value>>,
    pub call_id: Option<CallId>,
    pub turn_id: Option<TurnId>,
    pub user_id: UserId,
    pub conversation_id: Option<ConversationId>,
    pub status: ApprovalStatus,
    pub decided_by: Option<String>,
    pub created_at: DateTime<Utc>,
    pub decided_at: Option<DateTime<Utc>>,
}

macro_rules! approval_columns {
    () => {
        "id, key, kind, skill_name, digest, capability, word, input, call_id, turn_id, user_id, conversation_id, status,
         decided_by, created_at, decided_at"
    };
}

/// Questions that wait for the owner at the same time; a skill does not ask them to death.
pub const MAX_PENDING: i64 = 50;

/// Those of one skill: it does not take the others' room.
pub const MAX_PENDING_OF_ONE: i64 = 10;

impl Db {
    /// Asks the owner, once per key, and tells them in the same transaction. `None` when this was asked
    /// before, whatever the answer, or the skill has been removed.
    pub async fn ask_approval(
        &self,
        clock: &Clock,
        new: &NewApproval,
        delivery: Option<&Delivery>,
    ) -> Result<Option<ApprovalId>> {
        let now = clock.now();
        write_tx!(self, tx => {
            sqlx::query(self.hold_skill()).bind(&new.skill_name).execute(&mut *tx).await?;
            let asked = sqlx::query(
                "INSERT INTO approvals (id, key, kind, skill_name, digest, capability, word, input, call_id, turn_id,
                 user_id, conversation_id, status, created_at)
                 SELECT $1, $2, $3, name, $5, $6, $7, $8, $9, $10, $11, $12, 'pending', $13
                 FROM skills WHERE name = $4 AND status <> 'removed'
                 AND (SELECT COUNT(*) FROM approvals WHERE status = 'pending') < $14
                 AND (SELECT COUNT(*) FROM approvals WHERE status = 'pending' AND skill_name = $4) < $15
                 ON CONFLICT (key) DO NOTHING",
            ).bind(new.id).bind(&new.key).bind(new.kind).bind(&new.skill_name).bind(&new.digest)
             .bind(&new.capability).bind(&new.word).bind(new.input.as_ref().map(Json)).bind(new.call_id)
             .bind(new.turn_id).bind(new.user_id).bind(new.conversation_id).bind(now).bind(MAX_PENDING).bind(MAX_PENDING_OF_ONE)
             .execute(&mut *tx).await?.rows_affected() == 1;
            if !asked {
                return Ok(None);
            }
            if let Some(delivery) = delivery {
                insert_delivery!(tx, clock, delivery, now);
            }
        });
        Ok(Some(new.id))
    }

    /// Says yes or no to a request that is open, and does what a yes means: the skill gets the
    /// capability, or the call that waited becomes a job. `None` when it was decided before.
    pub async fn decide_approval(
        &self,
        clock: &Clock,
        id: ApprovalId,
        approve: bool,
        by: &str,
    ) -> Result<Option<Approval>> {
        let now = clock.now();
        let status = if approve { ApprovalStatus::Approved } else { ApprovalStatus::Denied };
        let widen = self.widen_grant();
        let decided = write_tx!(self, tx => {
            let skill: Option<(String,)> = sqlx::query_as("SELECT skill_name FROM approvals WHERE id = $1")
                .bind(id).fetch_optional(&mut *tx).await?;
            let Some((skill,)) = skill else { return Ok(None) };
            // The skill's row first: whoever removes the skill or replaces its grants takes it first too.
            sqlx::query(self.hold_skill()).bind(&skill).execute(&mut *tx).await?;
            let decided: Option<Approval> = sqlx::query_as(concat!(
                "UPDATE approvals SET status = $2, decided_by = $3, decided_at = $4 WHERE id = $1 AND status = 'pending'
                 RETURNING ", approval_columns!(),
            )).bind(id).bind(status).bind(by).bind(now).fetch_optional(&mut *tx).await?;
            let Some(decided) = decided else { return Ok(None) };
            match decided.kind {
                ApprovalKind::Grant if approve => {
                    let scope = decided.word.as_ref().map_or(json!(true), |word| json!([word]));
                    sqlx::query(widen).bind(&skill).bind(&decided.capability).bind(Json(scope)).bind(by).bind(now)
                        .execute(&mut *tx).await?;
                    bump!(tx);
                }
                ApprovalKind::Call if approve => {
                    let job = approved_call(&decided, now);
                    insert_job!(tx, JobId::new(clock), job, now);
                }
                ApprovalKind::Grant | ApprovalKind::Call => {}
            }
            decided
        });
        Ok(Some(decided))
    }

    pub async fn approval(&self, id: ApprovalId) -> Result<Option<Approval>> {
        Ok(on!(self, pool => sqlx::query_as(concat!("SELECT ", approval_columns!(), " FROM approvals WHERE id = $1"))
            .bind(id).fetch_optional(pool).await)?)
    }

    /// Every request, newest first.
    pub async fn approvals(&self, limit: i64) -> Result<Vec<Approval>> {
        Ok(on!(self, pool => sqlx::query_as(concat!(
            "SELECT ", approval_columns!(), " FROM approvals ORDER BY created_at DESC, id DESC LIMIT $1",
        )).bind(limit).fetch_all(pool).await)?)
    }

    /// How many requests of one skill are open.
    pub async fn pending_approvals_of(&self, skill: &str) -> Result<i64> {
        let (count,): (i64,) = on!(self, pool => sqlx::query_as(
            "SELECT COUNT(*) FROM approvals WHERE status = 'pending' AND skill_name = $1",
        ).bind(skill).fetch_one(pool).await)?;
        Ok(count)
    }

    /// How many requests are open.
    pub async fn pending_approvals(&self) -> Result<i64> {
        let (count,): (i64,) = on!(self, pool => sqlx::query_as(
            "SELECT COUNT(*) FROM approvals WHERE status = 'pending'",
        ).fetch_one(pool).await)?;
        Ok(count)
    }
}

/// The call that the owner agreed to, as a job that runs at once.
fn approved_call(approval: &Approval, now: DateTime<Utc>) -> NewJob {
    NewJob {
        payload: json!({ "skill": approval.skill_name, "input": approval.input, "approval": approval.id }),
        user: Some(approval.user_id),
        conversation: approval.conversation_id,
        idempotency_key: Some(format!("approval:{}", approval.id)),
        ..NewJob::once("skill_call", now, "owner")
    }
}
