//! One job: what it is, when it runs, how its runs went.

use askama::Template;
use axum::{extract::State, response::Response};
use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use std::sync::Arc;
use tower_sessions::Session;
use uuid::Uuid;

use super::{
    super::{
        Backoffice,
        api::{
            jobs::next_runs,
            runs::{RunView, runs_of},
        },
        auth::{Actor, CsrfForm},
        changes::JobChange,
        error::{Kind, Problem, Result},
        extract::Path,
    },
    Flash, Page, html,
    jobs::{ChangeForm, is_persons, local_text, name_of, words, zone_of},
};
use crate::{
    ids::JobId,
    store::{Job, JobStatus, Missed, User},
};

#[derive(Template)]
#[template(path = "job.html")]
struct JobPage {
    page: Page,
    name: String,
    person: Option<User>,
    /// That of the person.
    zone: Tz,
    recurrence: Option<String>,
    next: Vec<DateTime<Utc>>,
    /// Newest first.
    runs: Vec<RunView>,
    /// The moment of its next run, as the form has it.
    at: String,
    own: bool,
    policies: [Missed; 3],
    job: Job,
}

impl JobPage {
    fn waits(&self) -> bool {
        self.job.status == JobStatus::Queued
    }

    /// Neither ended nor off the schedule.
    fn open(&self) -> bool {
        matches!(self.job.status, JobStatus::Queued | JobStatus::Running)
    }

    fn dead(&self) -> bool {
        self.job.status == JobStatus::Dead
    }
}

/// `GET /jobs/{job}`
pub async fn show(State(backoffice): State<Arc<Backoffice>>, page: Page, Path(id): Path<Uuid>) -> Result<Response> {
    let job = backoffice.known_job(JobId(id)).await?;
    let person = person_of(&backoffice, &job).await?;
    let zone = zone_of(&page, person.as_ref());
    let mut runs = runs_of(&backoffice, job.id, page.locale.word()).await?;
    runs.reverse();
    html(&JobPage {
        name: name_of(&page, &job),
        recurrence: job.recurrence.as_ref().and_then(|cron| words(page.locale, cron)),
        next: next_runs(&job, page.zone, page.now),
        at: local_text(job.run_at, zone),
        own: is_persons(&job),
        policies: [Missed::Skip, Missed::Once, Missed::All],
        page,
        person,
        zone,
        runs,
        job,
    })
}

async fn person_of(backoffice: &Backoffice, job: &Job) -> Result<Option<User>> {
    Ok(match job.user_id {
        Some(id) => backoffice.db.user(id).await?,
        None => None,
    })
}

/// `POST /jobs/{job}`: a change, or another run.
pub async fn change(
    State(backoffice): State<Arc<Backoffice>>,
    actor: Actor,
    session: Session,
    page: Page,
    Path(id): Path<Uuid>,
    CsrfForm(form): CsrfForm<ChangeForm>,
) -> Result<Response> {
    let job = JobId(id);
    let mut to = format!("/jobs/{id}");
    let (outcome, done) = match form.action.as_str() {
        "run" => {
            let made = backoffice.run_job(&actor, job).await;
            if let Ok(made) = &made {
                to = format!("/jobs/{}", made.id);
            }
            (made.map(drop), "done.job_run")
        }
        "pause" => (pause(&backoffice, &actor, job, true).await, "done.job_paused"),
        "resume" => (pause(&backoffice, &actor, job, false).await, "done.job_resumed"),
        "cancel" => (backoffice.cancel_job(&actor, job).await, "done.job_cancelled"),
        "redrive" => (backoffice.redrive(&actor, job).await, "done.redriven"),
        "edit" => (edit(&backoffice, &actor, &page, job, form).await, "done.job_changed"),
        _ => return Err(Problem::new(Kind::InvalidForm, "There is no such change of a job.")),
    };
    Flash::after(&session, outcome, done, &to).await
}

async fn pause(backoffice: &Backoffice, actor: &Actor, job: JobId, paused: bool) -> Result<()> {
    let change = JobChange { paused: Some(paused), ..JobChange::default() };
    backoffice.change_job(actor, job, change).await.map(drop)
}

async fn edit(backoffice: &Backoffice, actor: &Actor, page: &Page, id: JobId, form: ChangeForm) -> Result<()> {
    let job = backoffice.known_job(id).await?;
    let person = person_of(backoffice, &job).await?;
    let edit = form.edit(&job, zone_of(page, person.as_ref()))?;
    backoffice.change_job(actor, id, JobChange { paused: None, edit }).await.map(drop)
}
