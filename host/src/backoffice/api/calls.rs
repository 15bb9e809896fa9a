//! `POST /api/v1/skills/{name}/call`: one run of a skill.

use axum::extract::State;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::sync::Arc;
use utoipa::ToSchema;
use uuid::Uuid;

use super::super::{
    Backoffice,
    auth::Actor,
    changes::CallRequest,
    error::Result,
    extract::{Json, Path},
};
use crate::{
    skills::{CallFailure, Outcome},
    store::CallRecord,
};

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CallBody {
    pub input: Value,
    /// Name of the person for whom it runs, made when new; the owner without it.
    pub user: Option<String>,
    /// Calls of one key are one call.
    pub idempotency_key: Option<String>,
}

/// What became of a call: `output` or `failure`.
#[derive(Serialize, ToSchema)]
pub struct CallAnswer {
    pub call_id: Uuid,
    pub skill: String,
    /// Digest of the version that ran.
    pub version: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub output: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failure: Option<FailureView>,
    pub duration_ms: f64,
    pub fuel: u64,
    pub peak_memory_bytes: u64,
    pub host_calls: u64,
    /// True when an earlier call of the same key answered.
    pub replayed: bool,
    /// Lines that the skill logged.
    pub log: Value,
}

#[derive(Serialize, ToSchema)]
pub struct FailureView {
    /// For example `out-of-fuel`.
    pub kind: String,
    pub text: String,
    /// Who can mend it: "caller", "skill", "limit", "owner", "outside" or "host".
    pub fault: &'static str,
}

/// A call on record.
#[derive(Serialize, ToSchema)]
pub struct CallView {
    pub id: Uuid,
    pub skill: String,
    pub version: String,
    pub turn_id: Option<Uuid>,
    /// The call that made this one.
    pub parent_id: Option<Uuid>,
    pub attempt: i64,
    /// "running", "done" or "failed".
    pub status: String,
    pub input: Value,
    pub output: Option<Value>,
    /// `{kind, text, fault}` when it failed.
    pub failure: Option<Value>,
    /// Who can mend the failure: "caller", "skill", "limit", "owner", "outside" or "host".
    pub fault: Option<String>,
    pub log: Value,
    pub queue_us: i64,
    pub duration_us: i64,
    pub fuel: i64,
    pub peak_memory_bytes: i64,
    pub host_calls: i64,
    /// `{instantiate_us, output_bytes, host_bytes, network_out_bytes, network_in_bytes, table_elements, handles, most}` when it ran.
    pub usage: Option<Value>,
    pub created_at: DateTime<Utc>,
    pub finished_at: Option<DateTime<Utc>>,
}

impl From<Outcome> for CallAnswer {
    fn from(outcome: Outcome) -> Self {
        let (output, failure) = match outcome.result {
            Ok(output) => (Some(output), None),
            Err(failure) => (None, Some(FailureView::from(failure))),
        };
        Self {
            call_id: outcome.call_id.0,
            skill: outcome.skill,
            version: outcome.version,
            output,
            failure,
            duration_ms: outcome.duration_ms,
            fuel: outcome.fuel,
            peak_memory_bytes: outcome.peak_memory_bytes,
            host_calls: outcome.host_calls,
            replayed: outcome.replayed,
            log: outcome.log,
        }
    }
}

impl From<CallFailure> for FailureView {
    fn from(failure: CallFailure) -> Self {
        Self { kind: failure.kind.name(), fault: failure.kind.fault(), text: failure.text }
    }
}

impl From<CallRecord> for CallView {
    fn from(row: CallRecord) -> Self {
        Self {
            id: row.id.0,
            skill: row.skill_name,
            version: row.digest,
            turn_id: row.turn_id.map(|turn| turn.0),
            parent_id: row.parent_id.map(|parent| parent.0),
            attempt: row.attempt,
            status: row.status,
            input: row.input.0,
            output: row.output.map(|output| output.0),
            failure: row.failure.map(|failure| failure.0),
            fault: row.fault,
            log: row.log.0,
            queue_us: row.queue_us,
            duration_us: row.duration_us,
            fuel: row.fuel,
            peak_memory_bytes: row.peak_memory_bytes,
            host_calls: row.host_calls,
            usage: row.usage.map(|usage| usage.0),
            created_at: row.created_at,
            finished_at: row.finished_at,
        }
    }
}

/// Runs a skill. That it fails is an answer too; only a call that cannot be made is a problem.
#[utoipa::path(
    post,
    path = "/api/v1/skills/{name}/call",
    tag = "skills",
    params(("name" = String, Path)),
    request_body = CallBody,
    responses(
        (status = 200, body = CallAnswer),
        (status = 404, body = super::ProblemDocument, description = "There is no such skill, or it is disabled"),
        (status = 422, body = super::ProblemDocument, description = "The input does not fit the schema"),
    )
)]
pub async fn call(
    State(backoffice): State<Arc<Backoffice>>,
    actor: Actor,
    Path(name): Path<String>,
    Json(body): Json<CallBody>,
) -> Result<axum::Json<CallAnswer>> {
    let user = backoffice.person(body.user.as_deref()).await?;
    let locale = match &user.locale {
        Some(locale) => locale.clone(),
        None => backoffice.settings.current().await?.locale,
    };
    let call =
        CallRequest { token: actor.token(), skill: name, input: body.input, user, key: body.idempotency_key, locale };
    Ok(axum::Json(backoffice.call(call).await?.into()))
}
