//! Runs of jobs: those there were, and those that somebody wants now.

use axum::{Json, extract::State, http::StatusCode};
use chrono::{DateTime, Utc};
use serde::Serialize;
use std::sync::Arc;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{
    super::{Backoffice, auth::Actor, error::Result, extract::Path},
    Done,
    jobs::JobView,
};
use crate::{
    ids::JobId,
    scheduler,
    store::{JobRun, OutboxStatus},
};

/// Most runs that are told of one job.
const MAX_RUNS: usize = 200;

#[derive(Serialize, ToSchema)]
pub struct Runs {
    /// The newest 200, oldest first.
    pub runs: Vec<RunView>,
}

/// One attempt at a job.
#[derive(Serialize, ToSchema)]
pub struct RunView {
    pub attempt: i64,
    /// The moment that it was for.
    pub slot: DateTime<Utc>,
    /// "running", "done", "failed" or "missed".
    pub status: String,
    /// What is worth knowing of a run that did not fail.
    pub note: Option<String>,
    pub error: Option<String>,
    /// How the message that came of it fares: "pending", "sending", "waiting", "sent" or "failed".
    #[schema(value_type = Option<String>)]
    pub delivery: Option<OutboxStatus>,
    pub started_at: DateTime<Utc>,
    pub finished_at: Option<DateTime<Utc>>,
}

impl RunView {
    fn of(row: JobRun, delivery: Option<OutboxStatus>, locale: &str) -> Self {
        Self {
            attempt: row.attempt,
            slot: row.slot,
            status: row.status,
            note: row.note.map(|note| scheduler::note_text(&note, locale)),
            error: row.error,
            delivery,
            started_at: row.started_at,
            finished_at: row.finished_at,
        }
    }
}

/// The newest runs of a job, oldest first; the page shows the same, in its language.
pub async fn runs_of(backoffice: &Backoffice, id: JobId, locale: &str) -> Result<Vec<RunView>> {
    let mut runs = backoffice.db.job_runs(id).await?;
    let mut views: Vec<RunView> = Vec::new();
    for run in runs.split_off(runs.len().saturating_sub(MAX_RUNS)) {
        let delivery = match views.last() {
            // Attempts at one slot have one message.
            Some(before) if before.slot == run.slot => before.delivery,
            _ => backoffice.db.delivery_status(&format!("job:{id}:{}", run.slot.to_rfc3339())).await?,
        };
        views.push(RunView::of(run, delivery, locale));
    }
    Ok(views)
}

/// The attempts at a job.
#[utoipa::path(
    get,
    path = "/api/v1/jobs/{id}/runs",
    tag = "jobs",
    params(("id" = Uuid, Path)),
    responses((status = 200, body = Runs), (status = 404, body = super::ProblemDocument))
)]
pub async fn list(State(backoffice): State<Arc<Backoffice>>, Path(id): Path<Uuid>) -> Result<Json<Runs>> {
    let job = backoffice.known_job(JobId(id)).await?;
    Ok(Json(Runs { runs: runs_of(&backoffice, job.id, "en").await? }))
}

/// Does at once, and once more, what a job does: by a job of its own.
#[utoipa::path(
    post,
    path = "/api/v1/jobs/{id}/run",
    tag = "jobs",
    params(("id" = Uuid, Path)),
    responses((status = 201, body = JobView), (status = 404, body = super::ProblemDocument), (status = 409, body = super::ProblemDocument))
)]
pub async fn run(
    State(backoffice): State<Arc<Backoffice>>,
    actor: Actor,
    Path(id): Path<Uuid>,
) -> Result<(StatusCode, Json<JobView>)> {
    let job = backoffice.run_job(&actor, JobId(id)).await?;
    let zone = backoffice.settings.current().await?.time_zone;
    Ok((StatusCode::CREATED, Json(JobView::of(job, zone, backoffice.clock.now()))))
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
