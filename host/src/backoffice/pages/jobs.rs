//! Work done later.

use askama::Template;
use axum::{extract::State, response::Response};
use serde::Deserialize;
use std::sync::Arc;
use tower_sessions::Session;
use uuid::Uuid;

use super::{
    super::{
        Backoffice,
        auth::{Actor, CsrfForm},
        error::{Kind, Problem, Result},
        extract::{Path, Query},
    },
    Flash, Page, html,
};
use crate::{
    ids::JobId,
    store::{Job, JobRun, JobStatus},
};

const MAX_JOBS: i64 = 100;

#[derive(Template)]
#[template(path = "jobs.html")]
struct JobsPage {
    page: Page,
    jobs: Vec<Job>,
    status: Option<JobStatus>,
    /// What the list can be narrowed to.
    statuses: [JobStatus; 5],
}

#[derive(Template)]
#[template(path = "job.html")]
struct JobPage {
    page: Page,
    job: Job,
    runs: Vec<JobRun>,
    dead: bool,
}

impl JobsPage {
    fn shows(&self, status: JobStatus) -> bool {
        self.status == Some(status)
    }
}

#[derive(Deserialize)]
pub struct OfStatus {
    #[serde(default)]
    status: String,
}

/// `GET /jobs`
pub async fn list(
    State(backoffice): State<Arc<Backoffice>>,
    page: Page,
    Query(of): Query<OfStatus>,
) -> Result<Response> {
    let status = JobStatus::from_word(&of.status);
    let jobs = backoffice.db.jobs(status, MAX_JOBS).await?;
    let statuses = [JobStatus::Queued, JobStatus::Running, JobStatus::Done, JobStatus::Dead, JobStatus::Cancelled];
    html(&JobsPage { page, jobs, status, statuses })
}

/// `GET /jobs/{job}`
pub async fn show(State(backoffice): State<Arc<Backoffice>>, page: Page, Path(id): Path<Uuid>) -> Result<Response> {
    let job = backoffice.db.job(JobId(id)).await?;
    let job = job.ok_or_else(|| Problem::new(Kind::NoJob, format!("There is no job {id}.")))?;
    let runs = backoffice.db.job_runs(job.id).await?;
    html(&JobPage { page, dead: job.status == JobStatus::Dead, job, runs })
}

/// `POST /jobs/{job}`: a dead job is queued again.
pub async fn redrive(
    State(backoffice): State<Arc<Backoffice>>,
    actor: Actor,
    session: Session,
    Path(id): Path<Uuid>,
    CsrfForm(()): CsrfForm<()>,
) -> Result<Response> {
    let outcome = backoffice.redrive(&actor, JobId(id)).await;
    Flash::after(&session, outcome, "done.redriven", &format!("/jobs/{id}")).await
}
