//! Work done later.
#![expect(unused_qualifications, reason = "utoipa qualifies the types of queries")]

use axum::{Json, extract::State};
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
        error::{Kind, Problem, Result},
        extract::{Path, Query},
    },
    Done,
};
use crate::{
    ids::JobId,
    store::{Job, JobRun, JobStatus},
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

#[derive(Serialize, ToSchema)]
pub struct JobView {
    pub id: Uuid,
    pub r#type: String,
    #[schema(value_type = String)]
    pub status: JobStatus,
    pub run_at: DateTime<Utc>,
    pub payload: Value,
    pub user_id: Option<Uuid>,
    pub locked_at: Option<DateTime<Utc>>,
    /// Attempts that failed.
    pub retry_count: i64,
    pub max_retries: i64,
    pub last_error: Option<String>,
    pub idempotency_key: Option<String>,
    pub created_at: DateTime<Utc>,
    pub finished_at: Option<DateTime<Utc>>,
}

#[derive(Serialize, ToSchema)]
pub struct Runs {
    /// Oldest first.
    pub runs: Vec<RunView>,
}

/// One attempt at a job.
#[derive(Serialize, ToSchema)]
pub struct RunView {
    pub attempt: i64,
    /// "running", "done" or "failed".
    pub status: String,
    pub error: Option<String>,
    pub started_at: DateTime<Utc>,
    pub finished_at: Option<DateTime<Utc>>,
}

impl From<Job> for JobView {
    fn from(row: Job) -> Self {
        Self {
            id: row.id.0,
            r#type: row.kind,
            status: row.status,
            run_at: row.run_at,
            payload: row.payload.0,
            user_id: row.user_id.map(|id| id.0),
            locked_at: row.locked_at,
            retry_count: row.retry_count,
            max_retries: row.max_retries,
            last_error: row.last_error,
            idempotency_key: row.idempotency_key,
            created_at: row.created_at,
            finished_at: row.finished_at,
        }
    }
}

impl From<JobRun> for RunView {
    fn from(row: JobRun) -> Self {
        Self {
            attempt: row.attempt,
            status: row.status,
            error: row.error,
            started_at: row.started_at,
            finished_at: row.finished_at,
        }
    }
}

/// The newest jobs.
#[utoipa::path(get, path = "/api/v1/jobs", tag = "jobs", params(OfStatus), responses((status = 200, body = Jobs)))]
pub async fn list(State(backoffice): State<Arc<Backoffice>>, Query(of): Query<OfStatus>) -> Result<Json<Jobs>> {
    let jobs = backoffice.db.jobs(of.status, of.limit.unwrap_or(100).clamp(1, MAX_JOBS)).await?;
    Ok(Json(Jobs { jobs: jobs.into_iter().map(JobView::from).collect() }))
}

/// The attempts at a job.
#[utoipa::path(
    get,
    path = "/api/v1/jobs/{id}/runs",
    tag = "jobs",
    params(("id" = Uuid, Path)),
    responses((status = 200, body = Runs), (status = 404, body = super::ProblemDocument))
)]
pub async fn runs(State(backoffice): State<Arc<Backoffice>>, Path(id): Path<Uuid>) -> Result<Json<Runs>> {
    let id = JobId(id);
    if backoffice.db.job(id).await?.is_none() {
        return Err(Problem::new(Kind::NoJob, format!("There is no job {id}.")));
    }
    let runs = backoffice.db.job_runs(id).await?;
    Ok(Json(Runs { runs: runs.into_iter().map(RunView::from).collect() }))
}

/// Queues a dead job again, with fresh attempts.
#[utoipa::path(
    post,
    path = "/api/v1/jobs/{id}/redrive",
    tag = "jobs",
    params(("id" = Uuid, Path)),
    responses((status = 200, body = Done), (status = 404, body = super::ProblemDocument), (status = 409, body = super::ProblemDocument))
)]
pub async fn redrive(
    State(backoffice): State<Arc<Backoffice>>,
    actor: Actor,
    Path(id): Path<Uuid>,
) -> Result<Json<Done>> {
    backoffice.redrive(&actor, JobId(id)).await?;
    Ok(Done::ok())
}
