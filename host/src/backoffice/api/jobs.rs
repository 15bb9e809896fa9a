//! Work done later, once or again and again.
#![expect(unused_qualifications, reason = "utoipa qualifies the types of queries")]

mod view;

pub use view::{JobView, next_runs};

use axum::{Json, extract::State, http::StatusCode};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::sync::Arc;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::{
    super::{
        Backoffice,
        auth::Actor,
        changes::{JobChange, JobOrder, invalid_job},
        error::Result,
        extract::{self, Path, Query},
    },
    Done,
};
use crate::{
    ids::{ConversationId, JobId},
    store::{Job, JobEdit, JobStatus, Missed},
};

const MAX_JOBS: i64 = 500;

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct OfStatus {
    /// "queued", "running", "done", "dead" or "cancelled".
    #[param(value_type = Option<String>)]
    pub status: Option<JobStatus>,
    /// 100 without it, 500 at most.
    pub limit: Option<i64>,
}

#[derive(Serialize, ToSchema)]
pub struct Jobs {
    /// Newest first.
    pub jobs: Vec<JobView>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct JobRequest {
    /// `reminder`, `skill_call` or `daily_digest`.
    pub r#type: String,
    /// RFC 3339. With a recurrence, the moment from which it counts.
    pub run_at: Option<String>,
    /// A cron expression of five fields, such as `0 8 * * 1-5`.
    pub recurrence: Option<String>,
    /// IANA zone of the recurrence; the person's without it.
    pub time_zone: Option<String>,
    /// `{"text"}` of a reminder, `{"skill", "input"}` of a skill's call, nothing of a digest.
    #[serde(default)]
    pub payload: Value,
    /// Name of the person it is for, made when new; the owner without it.
    pub user: Option<String>,
    /// Where its outcome goes; one of the person's.
    pub conversation: Option<Uuid>,
    /// "skip", "once" (as it is without it) or "all".
    pub missed: Option<String>,
    /// A second job of the same key and person is not made.
    pub idempotency_key: Option<String>,
}

/// What is given changes.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct JobPatch {
    pub paused: Option<bool>,
    pub run_at: Option<String>,
    pub recurrence: Option<String>,
    pub time_zone: Option<String>,
    pub missed: Option<String>,
    pub payload: Option<Value>,
}

async fn view(backoffice: &Backoffice, job: Job) -> Result<Json<JobView>> {
    let zone = backoffice.settings.current().await?.time_zone;
    Ok(Json(JobView::of(job, zone, backoffice.clock.now())))
}

/// A moment as a program writes it.
fn moment(text: &str) -> Result<DateTime<Utc>> {
    let read = DateTime::parse_from_rfc3339(text);
    read.map(|at| at.to_utc())
        .map_err(|error| invalid_job("run_at", format!("`{text}` is not a moment of RFC 3339: {error}")))
}

fn policy(word: &str) -> Result<Missed> {
    Missed::from_word(word).ok_or_else(|| invalid_job("missed", format!("`{word}` is not skip, once or all")))
}

/// The newest jobs.
#[utoipa::path(get, path = "/api/v1/jobs", tag = "jobs", params(OfStatus), responses((status = 200, body = Jobs)))]
pub async fn list(State(backoffice): State<Arc<Backoffice>>, Query(of): Query<OfStatus>) -> Result<Json<Jobs>> {
    let jobs = backoffice.db.jobs(of.status, of.limit.unwrap_or(100).clamp(1, MAX_JOBS)).await?;
    let (zone, now) = (backoffice.settings.current().await?.time_zone, backoffice.clock.now());
    Ok(Json(Jobs { jobs: jobs.into_iter().map(|job| JobView::of(job, zone, now)).collect() }))
}

/// One job.
#[utoipa::path(
    get,
    path = "/api/v1/jobs/{id}",
    tag = "jobs",
    params(("id" = Uuid, Path)),
    responses((status = 200, body = JobView), (status = 404, body = super::ProblemDocument))
)]
pub async fn show(State(backoffice): State<Arc<Backoffice>>, Path(id): Path<Uuid>) -> Result<Json<JobView>> {
    let job = backoffice.known_job(JobId(id)).await?;
    view(&backoffice, job).await
}

/// Makes a job.
#[utoipa::path(
    post,
    path = "/api/v1/jobs",
    tag = "jobs",
    request_body = JobRequest,
    responses(
        (status = 201, body = JobView),
        (status = 200, body = JobView, description = "The job that has this key already"),
        (status = 422, body = super::ProblemDocument, description = "`field` names what is wrong"),
    )
)]
pub async fn create(
    State(backoffice): State<Arc<Backoffice>>,
    actor: Actor,
    extract::Json(request): extract::Json<JobRequest>,
) -> Result<(StatusCode, Json<JobView>)> {
    let order = JobOrder {
        kind: request.r#type,
        run_at: request.run_at.as_deref().map(moment).transpose()?,
        recurrence: request.recurrence,
        time_zone: request.time_zone,
        payload: request.payload,
        user: request.user,
        conversation: request.conversation.map(ConversationId),
        missed: request.missed.as_deref().map(policy).transpose()?,
        key: request.idempotency_key,
    };
    let (job, new) = backoffice.make_job(&actor, order).await?;
    let status = if new { StatusCode::CREATED } else { StatusCode::OK };
    Ok((status, view(&backoffice, job).await?))
}

/// Changes a job that waits: pauses it, moves it, gives it another schedule or payload.
#[utoipa::path(
    patch,
    path = "/api/v1/jobs/{id}",
    tag = "jobs",
    params(("id" = Uuid, Path)),
    request_body = JobPatch,
    responses((status = 200, body = JobView), (status = "4XX", body = super::ProblemDocument, content_type = "application/problem+json"))
)]
pub async fn change(
    State(backoffice): State<Arc<Backoffice>>,
    actor: Actor,
    Path(id): Path<Uuid>,
    extract::Json(patch): extract::Json<JobPatch>,
) -> Result<Json<JobView>> {
    let edit = JobEdit {
        run_at: patch.run_at.as_deref().map(moment).transpose()?,
        recurrence: patch.recurrence,
        time_zone: patch.time_zone,
        missed: patch.missed.as_deref().map(policy).transpose()?,
        payload: patch.payload,
    };
    let job = backoffice.change_job(&actor, JobId(id), JobChange { paused: patch.paused, edit }).await?;
    view(&backoffice, job).await
}

/// Takes a job that waits off the schedule.
#[utoipa::path(
    delete,
    path = "/api/v1/jobs/{id}",
    tag = "jobs",
    params(("id" = Uuid, Path)),
    responses((status = 200, body = Done), (status = 404, body = super::ProblemDocument), (status = 409, body = super::ProblemDocument))
)]
pub async fn cancel(
    State(backoffice): State<Arc<Backoffice>>,
    actor: Actor,
    Path(id): Path<Uuid>,
) -> Result<Json<Done>> {
    backoffice.cancel_job(&actor, JobId(id)).await?;
    Ok(Done::ok())
}
