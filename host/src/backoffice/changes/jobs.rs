//! Jobs that people set: made, moved, paused, run at once, cancelled.

use chrono::{DateTime, SubsecRound, Utc};
use serde_json::{Value, json};

use super::super::{
    Backoffice,
    auth::Actor,
    error::{Kind, Problem, Result},
    token::Scope,
};
use crate::{
    ids::{ConversationId, JobId},
    schedule::{self, Schedule},
    store::{Job, JobEdit, JobStatus, Missed, NewJob, User, storable, storable_json},
};

/// Longest idempotency key, in bytes.
const MAX_KEY_BYTES: usize = 200;

/// A job as it is asked for.
#[derive(Default)]
pub struct JobOrder {
    pub kind: String,
    /// With a recurrence, the moment from which it counts.
    pub run_at: Option<DateTime<Utc>>,
    pub recurrence: Option<String>,
    pub time_zone: Option<String>,
    pub payload: Value,
    /// Name of the person it is for; the owner without it.
    pub user: Option<String>,
    pub conversation: Option<ConversationId>,
    pub missed: Option<Missed>,
    pub key: Option<String>,
}

/// What is changed of a job; what is `None` stays.
#[derive(Default)]
pub struct JobChange {
    pub paused: Option<bool>,
    pub edit: JobEdit,
}

/// Whether somebody may set what a job of this kind does: one that calls a skill is another way to the same call.
fn may_call(actor: &Actor, kind: &str) -> Result<()> {
    if kind == "skill_call" { actor.may(Scope::Skills) } else { Ok(()) }
}

impl Backoffice {
    pub async fn known_job(&self, id: JobId) -> Result<Job> {
        let job = self.db.job(id).await?;
        job.ok_or_else(|| Problem::new(Kind::NoJob, format!("There is no job {id}.")))
    }

    /// Makes a job, and says whether it is new: one of a known key is left as it is.
    pub async fn make_job(&self, actor: &Actor, order: JobOrder) -> Result<(Job, bool)> {
        may_call(actor, &order.kind)?;
        let payload = self.checked_payload(&order.kind, order.payload).await?;
        let recurrence = order.recurrence.map(|cron| cron.trim().to_owned());
        if order.run_at.is_none() && recurrence.is_none() {
            return Err(invalid_job("run_at", "either `run_at` or `recurrence` is needed"));
        }
        if order.key.as_ref().is_some_and(|key| key.is_empty() || key.len() > MAX_KEY_BYTES) {
            return Err(invalid_job("idempotency_key", format!("it has 1 to {MAX_KEY_BYTES} bytes")));
        }
        // Before the person, who may be made by this.
        schedule_of(recurrence.as_deref().unwrap_or("* * * * *"), order.time_zone.as_deref().unwrap_or("UTC"))?;
        let user = self.person(order.user.as_deref()).await?;
        self.check_conversation(&user, order.conversation).await?;
        let (mut run_at, mut time_zone) = (order.run_at.map(|at| at.trunc_subsecs(6)), order.time_zone);
        if let Some(cron) = &recurrence {
            let zone = self.zone_for(time_zone, Some(&user)).await?;
            run_at = Some(self.first_run(cron, &zone, run_at)?);
            time_zone = Some(zone);
        }
        let run_at = run_at.ok_or_else(|| invalid_job("run_at", "a moment is needed"))?;
        let job = NewJob {
            payload,
            user: Some(user.id),
            conversation: order.conversation,
            recurrence,
            time_zone,
            missed: order.missed.unwrap_or(Missed::Once),
            // A key for one person is not another's.
            idempotency_key: order.key.map(|key| format!("api:{}:{}", user.id, storable(&key))),
            ..NewJob::once(&order.kind, run_at, &actor.name())
        };
        let (id, new) = self.db.queue_job(&self.clock, &job).await?;
        if new {
            self.wake.jobs.notify_one();
            let detail = json!({ "type": job.kind, "run_at": run_at, "recurrence": job.recurrence, "user": user.id });
            self.record(actor, "job.create", &id.to_string(), detail).await?;
        }
        Ok((self.known_job(id).await?, new))
    }

    /// Changes a job that is still to run. It is paused first and goes on last, so that it does not
    /// begin in between.
    pub async fn change_job(&self, actor: &Actor, id: JobId, change: JobChange) -> Result<Job> {
        let job = self.persons_job(id).await?;
        may_call(actor, &job.kind)?;
        let JobEdit { run_at, recurrence, time_zone, missed, payload } = &change.edit;
        let told = json!({
            "paused": change.paused, "run_at": run_at, "recurrence": recurrence, "time_zone": time_zone,
            "missed": missed, "payload": payload,
        });
        let some = run_at.is_some() || recurrence.is_some() || time_zone.is_some() || missed.is_some();
        let edited = some || payload.is_some();
        let edit = self.checked_edit(&job, change.edit).await?;
        if change.paused == Some(true) {
            self.pause(&job, true).await?;
        }
        if edited && !self.db.edit_job(id, &edit).await? {
            return Err(closed("changed"));
        }
        if change.paused == Some(false) {
            self.pause(&job, false).await?;
        }
        if edited || change.paused.is_some() {
            self.wake.jobs.notify_one();
            self.record(actor, "job.change", &id.to_string(), told).await?;
        }
        self.known_job(id).await
    }

    /// Takes a job off the schedule; one that was taken off before stays so.
    pub async fn cancel_job(&self, actor: &Actor, id: JobId) -> Result<()> {
        let job = self.persons_job(id).await?;
        if self.db.cancel_job(&self.clock, id).await? {
            return self.record(actor, "job.cancel", &id.to_string(), Value::Null).await;
        }
        if job.status == JobStatus::Cancelled { Ok(()) } else { Err(closed("taken off")) }
    }

    /// Does at once, and once more, what a job does. The plan of one that recurs stays as it is.
    pub async fn run_job(&self, actor: &Actor, id: JobId) -> Result<Job> {
        let job = self.persons_job(id).await?;
        may_call(actor, &job.kind)?;
        if job.finished_at.is_some() && job.recurrence.is_none() {
            return Err(Problem::new(Kind::JobClosed, "The job is over and does not recur."));
        }
        let made = self.db.copy_job(&self.clock, id, self.clock.now(), &actor.name()).await?;
        self.wake.jobs.notify_one();
        self.record(actor, "job.run", &id.to_string(), json!({ "as": made })).await?;
        self.known_job(made).await
    }

    /// Queues a dead job again.
    pub async fn redrive(&self, actor: &Actor, id: JobId) -> Result<()> {
        if !self.db.redrive_job(&self.clock, id).await? {
            self.known_job(id).await?;
            return Err(Problem::new(Kind::NotDead, "The job is not dead: it is waiting, running or done."));
        }
        self.wake.jobs.notify_one();
        self.record(actor, "job.redrive", &id.to_string(), Value::Null).await
    }

    /// A job that somebody set; what the host sets for itself is left to it.
    async fn persons_job(&self, id: JobId) -> Result<Job> {
        let job = self.known_job(id).await?;
        if schedule::KINDS.contains(&job.kind.as_str()) {
            return Ok(job);
        }
        Err(Problem::new(Kind::HostJob, format!("A job of the type `{}` is set by the host itself.", job.kind)))
    }

    async fn pause(&self, job: &Job, paused: bool) -> Result<()> {
        let open = matches!(job.status, JobStatus::Queued | JobStatus::Running);
        let is_so = open && job.paused_at.is_some() == paused;
        if is_so || self.db.pause_job(&self.clock, job.id, paused).await? {
            return Ok(());
        }
        Err(closed(if paused { "paused" } else { "resumed" }))
    }

    /// A payload that fits its kind, as it is kept.
    async fn checked_payload(&self, kind: &str, payload: Value) -> Result<Value> {
        let payload = match kind {
            "skill_call" if payload.is_object() && payload["input"].is_null() => {
                json!({ "skill": payload["skill"], "input": {} })
            }
            _ => storable_json(payload),
        };
        let field = match kind {
            "reminder" => "payload.text",
            "skill_call" if payload["skill"].as_str().is_none_or(str::is_empty) => "payload.skill",
            "skill_call" => "payload.input",
            "daily_digest" => "payload",
            _ => "type",
        };
        schedule::check_payload(kind, &payload).map_err(|reason| invalid_job(field, reason))?;
        let Some(name) = payload["skill"].as_str().filter(|_| kind == "skill_call") else { return Ok(payload) };
        match self.db.skill(name).await? {
            Some(skill) if skill.status == "active" => Ok(payload),
            _ => Err(invalid_job("payload.skill", format!("there is no skill `{name}`, or it is disabled"))),
        }
    }

    async fn check_conversation(&self, user: &User, id: Option<ConversationId>) -> Result<()> {
        let Some(id) = id else { return Ok(()) };
        match self.db.conversation(id).await?.filter(|found| found.user_id == user.id) {
            Some(_) => Ok(()),
            None => Err(invalid_job("conversation", format!("{} has no conversation {id}", user.name))),
        }
    }

    /// What changes about a job, with the moment of its next run where that follows from it.
    async fn checked_edit(&self, job: &Job, mut edit: JobEdit) -> Result<JobEdit> {
        if let Some(payload) = edit.payload.take() {
            edit.payload = Some(self.checked_payload(&job.kind, payload).await?);
        }
        edit.run_at = edit.run_at.map(|at| at.trunc_subsecs(6));
        edit.recurrence = edit.recurrence.map(|cron| cron.trim().to_owned());
        if edit.recurrence.is_none() && edit.time_zone.is_none() {
            return Ok(edit);
        }
        let cron = edit.recurrence.as_ref().or(job.recurrence.as_ref());
        let cron = cron.ok_or_else(|| invalid_job("time_zone", "only a job that recurs has one"))?;
        let user = match job.user_id {
            Some(user) => self.db.user(user).await?,
            None => None,
        };
        let zone = self.zone_for(edit.time_zone.or_else(|| job.time_zone.clone()), user.as_ref()).await?;
        edit.run_at = Some(self.first_run(cron, &zone, edit.run_at)?);
        edit.time_zone = Some(zone);
        Ok(edit)
    }

    /// The first moment of a schedule that lies ahead, and not before `from`.
    fn first_run(&self, cron: &str, zone: &str, from: Option<DateTime<Utc>>) -> Result<DateTime<Utc>> {
        let (schedule, now) = (schedule_of(cron, zone)?, self.clock.now());
        let next = match from {
            Some(from) if from > now => schedule.next_from(from),
            _ => schedule.next_after(now),
        };
        next.ok_or_else(|| invalid_job("recurrence", format!("`{cron}` does not come again")))
    }

    /// The zone that was named, else the person's, else the one that holds for everybody.
    async fn zone_for(&self, named: Option<String>, user: Option<&User>) -> Result<String> {
        match named.or_else(|| user.and_then(|user| user.time_zone.clone())) {
            Some(zone) => Ok(zone),
            None => Ok(self.settings.current().await?.time_zone.to_string()),
        }
    }
}

/// A schedule, or which of its two parts is wrong.
fn schedule_of(cron: &str, zone: &str) -> Result<Schedule> {
    Schedule::parse(cron, zone).map_err(|error| {
        let field = if zone.parse::<chrono_tz::Tz>().is_err() { "time_zone" } else { "recurrence" };
        invalid_job(field, error.to_string())
    })
}

/// What is wrong with a field of a job.
pub fn invalid_job(field: &'static str, reason: impl Into<String>) -> Problem {
    Problem::new(Kind::InvalidJob, format!("`{field}`: {}.", reason.into().trim_end_matches('.'))).with("field", field)
}

fn closed(what: &str) -> Problem {
    Problem::new(Kind::JobClosed, format!("The job is running or over and cannot be {what}."))
}
