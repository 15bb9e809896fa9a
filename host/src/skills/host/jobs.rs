use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Value;

use super::{CallState, Services, lend};
use crate::{
    ids::{JobId, UserId},
    schedule::{self, Schedule},
    skills::{
        executor::short,
        linker::jobs::{Error, Host, Job, NewJob, State},
    },
    store::{self, Db, JobStatus, StoreError, storable_json},
};

/// Jobs of one person that wait: a skill that schedules in a loop does not fill the database.
const MAX_WAITING: i64 = 200;

/// Jobs returned by one listing.
const MAX_LISTED: u32 = 200;

/// Longest payload, in bytes of JSON.
const MAX_PAYLOAD_BYTES: usize = 16 << 10;

/// How far back a moment may lie that a job is wanted at, and how far ahead.
const LATEST: TimeDelta = TimeDelta::minutes(1);
const FARTHEST: TimeDelta = TimeDelta::days(3_660);

/// How long ended jobs are listed.
const LISTED: TimeDelta = TimeDelta::days(1);

impl CallState {
    async fn new_job(&mut self, wanted: NewJob) -> Result<String, Error> {
        self.granted("jobs").map_err(Error::Denied)?;
        self.jobs_made += 1;
        if wanted.payload.len() > MAX_PAYLOAD_BYTES {
            return Err(Error::Invalid(format!("a payload has {MAX_PAYLOAD_BYTES} bytes at most")));
        }
        let payload: Value = serde_json::from_str(&wanted.payload)
            .map_err(|error| Error::Invalid(format!("the payload is not JSON: {error}")))?;
        schedule::check_payload(&wanted.kind, &payload).map_err(Error::Invalid)?;
        self.check_skill(&payload).await?;
        let run_at = self.first_run(&wanted)?;
        // Without a key of its own, the n-th job of a call is made once, however often the call is tried.
        let key = wanted.idempotency_key.unwrap_or_else(|| format!("call:{}:{}", self.call, self.jobs_made));
        let job = store::NewJob {
            payload: storable_json(payload),
            user: Some(self.user),
            conversation: self.conversation,
            time_zone: wanted.recurrence.is_some().then(|| self.time_zone.clone()),
            recurrence: wanted.recurrence,
            idempotency_key: Some(format!("skill:{}:{}:{}", self.skill, self.user, short(&key))),
            ..store::NewJob::once(&wanted.kind, run_at, &format!("skill {}", self.skill))
        };
        let user = self.user;
        let queue = async move |host: Services| {
            if host.db.waiting_jobs_of(user).await.map_err(|error| away(&error))? >= MAX_WAITING {
                return Err(Error::Denied(format!("{MAX_WAITING} jobs wait already; cancel some first")));
            }
            let (id, _) = host.db.queue_job(&host.clock, &job).await.map_err(|error| away(&error))?;
            host.wake.jobs.notify_one();
            Ok(id.to_string())
        };
        self.at_host(queue).await
    }

    /// When a job runs first: at its time, or with a recurrence at the first moment from then on.
    fn first_run(&self, wanted: &NewJob) -> Result<DateTime<Utc>, Error> {
        let now = self.services.clock.now();
        let Some(recurrence) = &wanted.recurrence else { return moment(wanted.run_at_ms, now) };
        let schedule =
            Schedule::parse(recurrence, &self.time_zone).map_err(|error| Error::Invalid(error.to_string()))?;
        // A recurrence may have begun at any time.
        let from = moment(wanted.run_at_ms.max(u64::try_from(now.timestamp_millis()).unwrap_or(0)), now)?;
        schedule.next_from(from).ok_or_else(|| Error::Invalid(format!("`{recurrence}` does not come again")))
    }

    /// A call of a skill that is not there would fail when nobody looks.
    async fn check_skill(&mut self, payload: &Value) -> Result<(), Error> {
        let Some(name) = payload["skill"].as_str() else { return Ok(()) };
        // By the clock as by itself, a skill calls what it may call.
        self.granted_word("skills", name).map_err(Error::Denied)?;
        if !payload["approval"].is_null() {
            return Err(Error::Invalid("an approval is the owner's to give".to_owned()));
        }
        let skill = name.to_owned();
        let found = self.at_host(|host| async move { host.db.skill(&skill).await });
        match found.await.map_err(|error| away(&error))? {
            Some(skill) if skill.status == "active" => Ok(()),
            _ => Err(Error::Invalid(format!("there is no skill `{name}`, or it is disabled"))),
        }
    }
}

impl CallState {
    async fn own_jobs(&mut self, limit: u32) -> Result<Vec<Job>, Error> {
        self.granted("jobs").map_err(Error::Denied)?;
        let since = self.services.clock.now() - LISTED;
        let (user, limit) = (self.user, i64::from(limit.min(MAX_LISTED)));
        let jobs = self.at_host(|host| async move { host.db.jobs_of(user, since, limit).await });
        Ok(jobs.await.map_err(|error| away(&error))?.into_iter().map(listed).collect())
    }

    async fn move_job(&mut self, id: String, run_at_ms: u64) -> Result<bool, Error> {
        self.granted("jobs").map_err(Error::Denied)?;
        let run_at = moment(run_at_ms, self.services.clock.now())?;
        let user = self.user;
        let change = async move |host: Services| {
            let Some(id) = own_job(&host.db, user, &id).await? else { return Ok(false) };
            let moved = host.db.reschedule_job(id, run_at).await?;
            host.wake.jobs.notify_one();
            Ok(moved)
        };
        self.at_host(change).await.map_err(|error| away(&error))
    }

    async fn cancel_job(&mut self, id: String) -> Result<bool, Error> {
        self.granted("jobs").map_err(Error::Denied)?;
        let user = self.user;
        let change = async move |host: Services| {
            let Some(id) = own_job(&host.db, user, &id).await? else { return Ok(false) };
            host.db.cancel_job(&host.clock, id).await
        };
        self.at_host(change).await.map_err(|error| away(&error))
    }
}

/// A job that a person knows of.
async fn own_job(db: &Db, user: UserId, id: &str) -> store::Result<Option<JobId>> {
    let Ok(id) = id.parse() else { return Ok(None) };
    let own = db.job(id).await?.filter(|job| job.user_id == Some(user) && schedule::KINDS.contains(&job.kind.as_str()));
    Ok(own.map(|job| job.id))
}

impl Host for CallState {
    async fn schedule(&mut self, job: NewJob) -> wasmtime::Result<Result<String, Error>> {
        let texts = [job.recurrence.as_ref(), job.idempotency_key.as_ref()];
        let texts: usize = texts.into_iter().flatten().map(String::len).sum();
        lend!(self, "jobs.schedule", job.kind.len() + job.payload.len() + texts, self.new_job(job).await)
    }

    async fn list(&mut self, limit: u32) -> wasmtime::Result<Result<Vec<Job>, Error>> {
        lend!(self, "jobs.list", 0, self.own_jobs(limit).await)
    }

    async fn reschedule(&mut self, id: String, run_at_ms: u64) -> wasmtime::Result<Result<bool, Error>> {
        lend!(self, "jobs.reschedule", id.len(), self.move_job(id, run_at_ms).await)
    }

    async fn cancel(&mut self, id: String) -> wasmtime::Result<Result<bool, Error>> {
        lend!(self, "jobs.cancel", id.len(), self.cancel_job(id).await)
    }
}

/// A moment that a job may run at.
fn moment(ms: u64, now: DateTime<Utc>) -> Result<DateTime<Utc>, Error> {
    let at = i64::try_from(ms).ok().and_then(DateTime::from_timestamp_millis);
    match at {
        Some(at) if at < now - LATEST => Err(Error::Invalid("this time has passed".to_owned())),
        Some(at) if at <= now + FARTHEST => Ok(at),
        _ => Err(Error::Invalid("this time is more than ten years ahead".to_owned())),
    }
}

fn listed(job: store::Job) -> Job {
    Job {
        id: job.id.to_string(),
        kind: job.kind,
        state: match job.status {
            JobStatus::Queued => State::Waiting,
            JobStatus::Running => State::Running,
            JobStatus::Done => State::Done,
            JobStatus::Dead => State::Failed,
            JobStatus::Cancelled => State::Cancelled,
        },
        run_at_ms: u64::try_from(job.run_at.timestamp_millis()).unwrap_or(0),
        recurrence: job.recurrence,
        payload: job.payload.0.to_string(),
    }
}

/// A guest learns that the schedule is away, not why.
fn away(error: &StoreError) -> Error {
    tracing::error!(error = error as &dyn std::error::Error, "a skill's use of jobs failed");
    Error::Unavailable("the schedule cannot be reached".to_owned())
}
