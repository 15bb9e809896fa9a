//! One call on record, and the same call once more.

use axum::{Json, extract::State};
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::sync::Arc;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{
    super::{
        Backoffice,
        auth::Actor,
        error::{Kind, Problem, Result},
        extract::{self, Path},
    },
    calls::{CallView, FailureView},
};
use crate::{
    ids::CallId,
    skills::Replay,
    store::{CallRecord, StoreError},
};

/// A call on record, by itself.
#[derive(Serialize, ToSchema)]
pub struct KeptCall {
    #[serde(flatten)]
    pub call: CallView,
    /// Whether what the host answered it is kept, so that it can be run again.
    pub replayable: bool,
}

#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReplayBody {
    /// Digest or number of the version to run on; the one that it ran on without it.
    pub version: Option<String>,
}

/// What came of a call, then and now.
#[derive(Serialize, ToSchema)]
pub struct ReplayView {
    pub call_id: Uuid,
    pub skill: String,
    /// Digests of the version that ran then, and of the one that ran now.
    pub recorded_version: String,
    pub version: String,
    /// `{kind, text, fault}` of then.
    pub recorded_failure: Value,
    pub output: Option<Value>,
    pub failure: Option<FailureView>,
    /// Whether it failed in the same way.
    pub same: bool,
    pub duration_ms: f64,
    pub fuel: u64,
    pub host_calls: u64,
    pub recorded_host_calls: usize,
    pub log: Value,
}

impl KeptCall {
    pub async fn of(backoffice: &Backoffice, row: CallRecord) -> std::result::Result<Self, StoreError> {
        let replayable = row.status == "failed" && backoffice.db.recording(&backoffice.clock, row.id).await?.is_some();
        Ok(Self { call: row.into(), replayable })
    }
}

impl From<Replay> for ReplayView {
    fn from(replay: Replay) -> Self {
        Self {
            call_id: replay.call_id.0,
            skill: replay.skill,
            recorded_version: replay.recorded_version,
            version: replay.version,
            recorded_failure: replay.recorded_failure,
            output: replay.output,
            failure: replay.failure.map(FailureView::from),
            same: replay.same,
            duration_ms: replay.duration_ms,
            fuel: replay.fuel,
            host_calls: replay.host_calls,
            recorded_host_calls: replay.recorded_host_calls,
            log: replay.log,
        }
    }
}

/// A call on record; the page shows the same.
pub async fn known_call(backoffice: &Backoffice, id: CallId) -> Result<KeptCall> {
    let row = backoffice.db.call(id).await?;
    let row = row.ok_or_else(|| Problem::new(Kind::NoCall, format!("There is no call {id}.")))?;
    Ok(KeptCall::of(backoffice, row).await?)
}

/// One call on record.
#[utoipa::path(
    get,
    path = "/api/v1/calls/{id}",
    tag = "skills",
    params(("id" = Uuid, Path)),
    responses((status = 200, body = KeptCall), (status = 404, body = super::ProblemDocument))
)]
pub async fn show(State(backoffice): State<Arc<Backoffice>>, Path(id): Path<Uuid>) -> Result<Json<KeptCall>> {
    Ok(Json(known_call(&backoffice, CallId(id)).await?))
}

/// Runs a failed call again, on what the host answered it then; nothing is touched, and nothing stays.
#[utoipa::path(
    post,
    path = "/api/v1/calls/{id}/replay",
    tag = "skills",
    params(("id" = Uuid, Path)),
    request_body = Option<ReplayBody>,
    responses((status = 200, body = ReplayView), (status = 404, body = super::ProblemDocument, description = "There is no such call or version, or nothing is kept of the call"))
)]
pub async fn replay(
    State(backoffice): State<Arc<Backoffice>>,
    actor: Actor,
    Path(id): Path<Uuid>,
    body: Bytes,
) -> Result<Json<ReplayView>> {
    let ReplayBody { version } = extract::optional(&body)?;
    Ok(Json(backoffice.replay(&actor, CallId(id), version.as_deref()).await?.into()))
}
