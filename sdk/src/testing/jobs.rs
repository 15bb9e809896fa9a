//! In place of the host's `jobs`.

use super::with;
pub use crate::bindings::skillet::skill::jobs::{Error, Job, NewJob, State};

/// A job, and the key that it is made once for.
pub struct Queued {
    key: Option<String>,
    job: Job,
}

pub fn run_due(jobs: &mut [Queued], now_ms: u64) {
    let due = jobs.iter_mut().map(|queued| &mut queued.job).filter(|job| job.run_at_ms <= now_ms);
    for job in due.filter(|job| job.state == State::Waiting && job.recurrence.is_none()) {
        job.state = State::Done;
    }
}

#[expect(clippy::unnecessary_wraps, reason = "it stands for one that may refuse")]
pub fn schedule(new: &NewJob) -> Result<String, Error> {
    let key = new.idempotency_key.clone();
    Ok(with(|host| {
        if let Some(there) = host.jobs.iter().find(|queued| key.is_some() && queued.key == key) {
            return there.job.id.clone();
        }
        let id = format!("job {}", host.jobs.len());
        let job = Job {
            id: id.clone(),
            kind: new.kind.clone(),
            state: State::Waiting,
            run_at_ms: new.run_at_ms,
            recurrence: new.recurrence.clone(),
            payload: new.payload.clone(),
        };
        host.jobs.push(Queued { key, job });
        id
    }))
}

#[expect(clippy::unnecessary_wraps, reason = "it stands for one that may refuse")]
pub fn list(limit: u32) -> Result<Vec<Job>, Error> {
    let mut all: Vec<Job> = with(|host| host.jobs.iter().map(|queued| queued.job.clone()).collect());
    all.sort_by_key(|job| match job.state {
        State::Waiting | State::Running => (0, job.run_at_ms),
        _ => (1, u64::MAX - job.run_at_ms),
    });
    all.truncate(limit as usize);
    Ok(all)
}

#[expect(clippy::unnecessary_wraps, reason = "it stands for one that may refuse")]
pub fn reschedule(id: &str, run_at_ms: u64) -> Result<bool, Error> {
    Ok(change(id, |job| job.run_at_ms = run_at_ms))
}

#[expect(clippy::unnecessary_wraps, reason = "it stands for one that may refuse")]
pub fn cancel(id: &str) -> Result<bool, Error> {
    Ok(change(id, |job| job.state = State::Cancelled))
}

/// Whether it was still to run.
fn change(id: &str, change: impl FnOnce(&mut Job)) -> bool {
    with(|host| {
        let mut jobs = host.jobs.iter_mut().map(|queued| &mut queued.job);
        jobs.find(|job| job.id == id && job.state == State::Waiting).map(change).is_some()
    })
}

#[cfg(test)]
mod tests {
    use crate::{
        Failure,
        jobs::{self, Job, State},
        testing,
    };

    #[test]
    fn jobs_wait_in_the_order_of_their_time_and_are_changed_while_they_do() -> Result<(), Failure> {
        testing::start(0);
        let late = Job::new("reminder", 30).schedule()?;
        let soon = Job::new("reminder", 10).once_per("x").schedule()?;
        assert_eq!(Job::new("reminder", 20).once_per("x").schedule()?, soon);
        Job::new("reminder", 5).every("* * * * *").schedule()?;
        let seen =
            || Ok::<_, Failure>(jobs::list(10)?.iter().map(|job| (job.run_at_ms, job.state)).collect::<Vec<_>>());
        assert_eq!(seen()?, [(5, State::Waiting), (10, State::Waiting), (30, State::Waiting)]);
        testing::pass(15);
        assert!(!jobs::reschedule(&soon, 40)? && jobs::reschedule(&late, 20)?);
        assert_eq!(seen()?, [(5, State::Waiting), (20, State::Waiting), (10, State::Done)]);
        assert!(jobs::cancel(&late)? && !jobs::cancel(&late)?);
        assert_eq!(seen()?, [(5, State::Waiting), (20, State::Cancelled), (10, State::Done)]);
        Ok(())
    }
}
