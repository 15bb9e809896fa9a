//! Work done later: the list, and what makes a new job.

mod form;
mod recurrence;

pub use form::{ChangeForm, local_text};
pub use recurrence::words;

use askama::Template;
use axum::{extract::State, response::Response};
use chrono_tz::Tz;
use serde::Deserialize;
use std::sync::Arc;
use tower_sessions::Session;

use super::{
    super::{
        Backoffice,
        auth::{Actor, CsrfForm},
        error::Result,
        extract::Query,
        token::new_secret,
    },
    Flash, Page, html,
};
use crate::{
    ids::UserId,
    schedule,
    store::{Job, JobStatus, User},
};

/// Rows looked at, and lines shown.
const MAX_ROWS: i64 = 500;
const MAX_LINES: usize = 100;

/// What the list can be narrowed to: what is still to come, how it ended, and what the host does for itself.
const TABS: [&str; 5] = ["planned", "done", "dead", "cancelled", "host"];

#[derive(Template)]
#[template(path = "jobs.html")]
struct JobsPage {
    page: Page,
    lines: Vec<Line>,
    tab: &'static str,
    tabs: [&'static str; 5],
    people: Vec<User>,
    skills: Vec<String>,
    /// A sent form that is sent again is the same job.
    key: String,
}

/// A job in the list.
struct Line {
    job: Job,
    name: String,
    /// For whom, with their zone.
    person: Option<String>,
    zone: Tz,
    recurrence: Option<String>,
}

#[derive(Deserialize)]
pub struct OfStatus {
    #[serde(default)]
    status: String,
}

/// Whether somebody set a job of this kind; the others are the host's own.
pub fn is_persons(job: &Job) -> bool {
    schedule::KINDS.contains(&job.kind.as_str())
}

/// What a job is about: the text of a reminder, the name of a skill, else its kind.
pub fn name_of(page: &Page, job: &Job) -> String {
    let payload = &job.payload.0;
    let own = match job.kind.as_str() {
        "reminder" => payload["text"].as_str(),
        "skill_call" => payload["skill"].as_str(),
        _ => None,
    };
    own.map_or_else(|| page.word("job_kind", &job.kind), str::to_owned)
}

/// The zone that a person's times are read in.
pub fn zone_of(page: &Page, user: Option<&User>) -> Tz {
    user.map_or(page.zone, |user| user.zone(page.zone))
}

/// `GET /jobs`
pub async fn list(
    State(backoffice): State<Arc<Backoffice>>,
    page: Page,
    Query(of): Query<OfStatus>,
) -> Result<Response> {
    let tab = TABS.into_iter().find(|tab| *tab == of.status).unwrap_or(TABS[0]);
    let people = backoffice.db.users().await?;
    let lines = jobs_of(&backoffice, tab).await?.into_iter().map(|job| {
        let person = job.user_id.and_then(|id: UserId| people.iter().find(|user| user.id == id));
        Line {
            name: name_of(&page, &job),
            person: person.map(|user| user.name.clone()),
            zone: zone_of(&page, person),
            recurrence: job.recurrence.as_ref().and_then(|cron| words(page.locale, cron)),
            job,
        }
    });
    let lines = lines.collect();
    let skills = backoffice.skills.enabled().await?.iter().map(|skill| skill.name.clone()).collect();
    html(&JobsPage { page, lines, tab, tabs: TABS, people, skills, key: new_secret() })
}

/// The jobs under a tab: what is planned in the order in which it comes, the rest newest first.
async fn jobs_of(backoffice: &Backoffice, tab: &str) -> Result<Vec<Job>> {
    let mut jobs = backoffice.db.jobs(JobStatus::from_word(tab), MAX_ROWS).await?;
    match tab {
        "planned" => {
            jobs = backoffice.db.jobs(Some(JobStatus::Running), MAX_ROWS).await?;
            jobs.extend(backoffice.db.jobs(Some(JobStatus::Queued), MAX_ROWS).await?);
            jobs.retain(is_persons);
            jobs.sort_by_key(|job| (job.paused_at.is_some(), job.run_at));
        }
        "host" => jobs.retain(|job| !is_persons(job)),
        // Whatever is dead is somebody's business.
        "dead" => {}
        _ => jobs.retain(is_persons),
    }
    jobs.truncate(MAX_LINES);
    Ok(jobs)
}

/// `POST /jobs`: a new job.
pub async fn create(
    State(backoffice): State<Arc<Backoffice>>,
    actor: Actor,
    session: Session,
    page: Page,
    CsrfForm(form): CsrfForm<form::NewForm>,
) -> Result<Response> {
    let user = backoffice.known_person(Some(&form.user)).await?;
    let made = match form.order(zone_of(&page, Some(&user)), page.now) {
        Ok(order) => backoffice.make_job(&actor, order).await.map(drop),
        Err(problem) => Err(problem),
    };
    Flash::after(&session, made, "done.job_made", "/jobs").await
}
