//! Jobs.

use chrono::{DateTime, Duration, Utc};
use futures_util::future::join_all;
use serde_json::json;
use skillet::{
    ids::{HostId, JobId},
    store::{Db, Job, JobStatus, NewJob},
};
use std::collections::HashSet;

use crate::harness::db::{TestDb, both};

both!(
    a_key_is_one_job,
    the_job_due_longest_is_leased_first,
    no_due_job_is_overlooked_in_a_race,
    two_hosts_share_the_work,
    a_job_is_completed_once,
    a_failed_attempt_is_tried_again,
    a_job_dies_and_is_driven_again,
    a_host_hands_its_jobs_back,
    a_job_that_nobody_keeps_expires,
    a_job_that_ends_its_hosts_is_dead_after_its_last_attempt,
    the_list_is_by_status,
);

fn new(kind: &'static str, run_at: DateTime<Utc>) -> NewJob {
    NewJob { kind, run_at, payload: json!({ "text": "提醒" }), user: None, max_retries: 3, idempotency_key: None }
}

async fn queue(db: &TestDb, kind: &'static str, seconds: i64) -> JobId {
    let job = new(kind, db.clock.now() + Duration::seconds(seconds));
    db.queue_job(&db.clock, &job).await.unwrap().unwrap()
}

async fn lease(db: &TestDb, host: HostId) -> Job {
    db.lease_job(&db.clock, host).await.unwrap().unwrap()
}

async fn job(db: &TestDb, id: JobId) -> Job {
    db.job(id).await.unwrap().unwrap()
}

async fn a_key_is_one_job(db: TestDb) {
    let ada = db.person("ada").await;
    let mut keyed = new("remind", db.clock.now());
    (keyed.idempotency_key, keyed.user) = (Some("remind:1".into()), Some(ada));
    let made = join_all((0..6).map(|_| db.queue_job(&db.clock, &keyed))).await;
    let made: Vec<JobId> = made.into_iter().filter_map(Result::unwrap).collect();
    assert_eq!(made.len(), 1);
    let stored = job(&db, made[0]).await;
    assert_eq!((stored.kind.as_str(), stored.status, stored.user_id), ("remind", JobStatus::Queued, Some(ada)));
    assert_eq!((stored.payload.0, stored.idempotency_key.as_deref()), (json!({ "text": "提醒" }), Some("remind:1")));
    assert_eq!((stored.retry_count, stored.max_retries, stored.last_error, stored.finished_at), (0, 3, None, None));

    assert!(db.job(JobId::new(&db.clock)).await.unwrap().is_none());
    let leased = lease(&db, db.host()).await;
    assert!(db.queue_job(&db.clock, &keyed).await.unwrap().is_none(), "nor while it runs");
    assert_eq!(leased.id, made[0]);
    queue(&db, "remind", 0).await;
    queue(&db, "remind", 0).await;
    assert_eq!(db.jobs(None, 10).await.unwrap().len(), 3, "without a key each is a job");
}

async fn the_job_due_longest_is_leased_first(db: TestDb) {
    let host = db.host();
    assert!(db.next_job_at().await.unwrap().is_none());
    let now = db.clock.now();
    let (late, early, middle) =
        (queue(&db, "late", 20).await, queue(&db, "early", 0).await, queue(&db, "middle", 10).await);
    assert_eq!(db.next_job_at().await.unwrap(), Some(now));
    let leased = lease(&db, host).await;
    assert_eq!((leased.id, leased.status, leased.locked_at), (early, JobStatus::Running, Some(now)));
    assert!(db.lease_job(&db.clock, host).await.unwrap().is_none(), "the others are not due");
    assert_eq!(db.next_job_at().await.unwrap(), Some(now + Duration::seconds(10)));
    db.clock.advance(Duration::seconds(20));
    assert_eq!(lease(&db, host).await.id, middle);
    assert_eq!(lease(&db, host).await.id, late, "due at this very moment");
    assert!(db.next_job_at().await.unwrap().is_none());
}

async fn no_due_job_is_overlooked_in_a_race(db: TestDb) {
    let (other, host) = (db.another().await, db.host());
    let hosts: [&Db; 2] = [&db, &other];
    for _ in 0..5 {
        for _ in 0..8 {
            queue(&db, "any", 0).await;
        }
        let leased = join_all((0..8).map(|n| hosts[n % 2].lease_job(&db.clock, host))).await;
        let leased: HashSet<JobId> = leased.into_iter().filter_map(|job| Some(job.unwrap()?.id)).collect();
        assert_eq!(leased.len(), 8);
    }
}

/// Completes what is due and returns it.
async fn work(db: &Db, test: &TestDb) -> Vec<JobId> {
    let (host, mut done) = (test.host(), Vec::new());
    while let Some(job) = db.lease_job(&test.clock, host).await.unwrap() {
        assert!(db.complete_job(&test.clock, &job, host).await.unwrap());
        done.push(job.id);
    }
    done
}

async fn two_hosts_share_the_work(db: TestDb) {
    let other = db.another().await;
    let hosts: [&Db; 2] = [&db, &other];
    for _ in 0..20 {
        queue(&db, "any", 0).await;
    }
    let done: Vec<JobId> = join_all((0..6).map(|n| work(hosts[n % 2], &db))).await.concat();
    assert_eq!((done.len(), done.iter().collect::<HashSet<_>>().len()), (20, 20));
    assert_eq!(db.jobs(Some(JobStatus::Done), 100).await.unwrap().len(), 20);
}

async fn a_job_is_completed_once(db: TestDb) {
    let (id, host) = (queue(&db, "any", 0).await, db.host());
    let leased = lease(&db, host).await;
    let began = db.clock.now();
    let now = db.tick();
    assert!(!db.complete_job(&db.clock, &leased, db.host()).await.unwrap(), "it is another host's");
    assert!(db.complete_job(&db.clock, &leased, host).await.unwrap());
    assert!(!db.complete_job(&db.clock, &leased, host).await.unwrap());
    assert!(!db.fail_job(&db.clock, &leased, host, "late", None).await.unwrap());
    let stored = job(&db, id).await;
    assert_eq!((stored.status, stored.finished_at, stored.locked_at), (JobStatus::Done, Some(now), None));
    let runs = db.job_runs(id).await.unwrap();
    assert_eq!(runs.len(), 1);
    assert_eq!((runs[0].attempt, runs[0].status.as_str(), &runs[0].error), (1, "done", &None));
    assert_eq!((runs[0].started_at, runs[0].finished_at), (began, Some(now)));
}

async fn a_failed_attempt_is_tried_again(db: TestDb) {
    let (id, host) = (queue(&db, "any", 0).await, db.host());
    let first = lease(&db, host).await;
    let retry_at = db.clock.now() + Duration::seconds(30);
    assert!(db.fail_job(&db.clock, &first, host, "no answer", Some(retry_at)).await.unwrap());
    assert!(!db.fail_job(&db.clock, &first, host, "no answer", Some(retry_at)).await.unwrap());
    let stored = job(&db, id).await;
    assert_eq!((stored.status, stored.run_at, stored.retry_count), (JobStatus::Queued, retry_at, 1));
    assert_eq!((stored.last_error.as_deref(), stored.finished_at), (Some("no answer"), None));
    assert!(db.lease_job(&db.clock, host).await.unwrap().is_none());
    db.clock.advance(Duration::seconds(30));
    let second = lease(&db, host).await;
    assert!(!db.complete_job(&db.clock, &first, host).await.unwrap(), "the first attempt is over");
    assert!(db.complete_job(&db.clock, &second, host).await.unwrap());
    let runs = db.job_runs(id).await.unwrap();
    let told: Vec<(i64, &str, Option<&str>)> =
        runs.iter().map(|run| (run.attempt, run.status.as_str(), run.error.as_deref())).collect();
    assert_eq!(told, [(1, "failed", Some("no answer")), (2, "done", None)]);
    assert_eq!(job(&db, id).await.last_error.as_deref(), Some("no answer"), "the last error stays to be seen");
}

async fn a_job_dies_and_is_driven_again(db: TestDb) {
    let (id, host) = (queue(&db, "any", 0).await, db.host());
    assert!(!db.redrive_job(&db.clock, id).await.unwrap(), "it is not dead");
    let leased = lease(&db, host).await;
    let died = db.tick();
    assert!(db.fail_job(&db.clock, &leased, host, "for good", None).await.unwrap());
    let dead = job(&db, id).await;
    assert_eq!((dead.status, dead.finished_at, dead.retry_count), (JobStatus::Dead, Some(died), 1));
    assert!(db.lease_job(&db.clock, host).await.unwrap().is_none());
    let now = db.tick();
    assert!(db.redrive_job(&db.clock, id).await.unwrap());
    assert!(!db.redrive_job(&db.clock, id).await.unwrap());
    let again = lease(&db, host).await;
    assert_eq!((again.id, again.run_at, again.finished_at), (id, now, None));
    assert!(again.max_retries > again.retry_count, "with attempts left");
    assert!(db.complete_job(&db.clock, &again, host).await.unwrap());
    assert!(!db.redrive_job(&db.clock, JobId::new(&db.clock)).await.unwrap());
}

async fn a_host_hands_its_jobs_back(db: TestDb) {
    let (leaving, staying) = (db.host(), db.host());
    queue(&db, "any", 0).await;
    let first = lease(&db, leaving).await;
    queue(&db, "any", 0).await;
    let kept = lease(&db, staying).await;
    assert_eq!(db.hand_back_jobs(leaving).await.unwrap(), 1);
    assert_eq!(db.hand_back_jobs(leaving).await.unwrap(), 0);
    assert!(!db.complete_job(&db.clock, &first, leaving).await.unwrap());
    let again = lease(&db, staying).await;
    assert_eq!((again.id, again.retry_count), (first.id, 0), "stopping a host is no failure of the job");
    assert!(db.complete_job(&db.clock, &again, staying).await.unwrap());
    assert!(db.complete_job(&db.clock, &kept, staying).await.unwrap());
    assert_eq!(db.job_runs(first.id).await.unwrap().len(), 1);
}

async fn a_job_that_nobody_keeps_expires(db: TestDb) {
    let (dead, alive) = (db.host(), db.host());
    queue(&db, "any", 0).await;
    let lost = lease(&db, dead).await;
    queue(&db, "any", 0).await;
    let kept = lease(&db, alive).await;
    let now = db.tick();
    db.keep_jobs(&db.clock, alive, now - Duration::hours(1)).await.unwrap();
    assert_eq!(db.recover_jobs(&db.clock, None, now).await.unwrap(), 1);
    assert_eq!(db.recover_jobs(&db.clock, None, now).await.unwrap(), 0);
    assert!(!db.complete_job(&db.clock, &lost, dead).await.unwrap());
    assert!(db.complete_job(&db.clock, &kept, alive).await.unwrap());
    assert_eq!(lease(&db, alive).await.id, lost.id);
}

async fn a_job_that_ends_its_hosts_is_dead_after_its_last_attempt(db: TestDb) {
    let poison = NewJob { max_retries: 1, ..new("poison", db.clock.now()) };
    db.queue_job(&db.clock, &poison).await.unwrap();
    for (attempt, status) in [(1, JobStatus::Queued), (2, JobStatus::Dead)] {
        let host = db.host();
        let job = lease(&db, host).await;
        assert_eq!(db.recover_jobs(&db.clock, Some(host), DateTime::UNIX_EPOCH).await.unwrap(), 1);
        let job = db.job(job.id).await.unwrap().unwrap();
        assert_eq!((job.retry_count, job.status), (attempt, status));
        assert_eq!(job.finished_at.is_some(), status == JobStatus::Dead);
        assert_eq!(db.job_runs(job.id).await.unwrap().last().unwrap().status, "failed");
    }
}

async fn the_list_is_by_status(db: TestDb) {
    let host = db.host();
    let one = queue(&db, "one", 0).await;
    let leased = lease(&db, host).await;
    db.complete_job(&db.clock, &leased, host).await.unwrap();
    db.tick();
    let two = queue(&db, "two", 5).await;
    db.tick();
    let three = queue(&db, "three", 5).await;
    let ids = async |status, limit| -> Vec<JobId> {
        db.jobs(status, limit).await.unwrap().into_iter().map(|job| job.id).collect()
    };
    assert_eq!(ids(None, 10).await, [three, two, one], "the newest comes first");
    assert_eq!(ids(None, 1).await, [three]);
    assert_eq!(ids(Some(JobStatus::Queued), 10).await, [three, two]);
    assert_eq!(ids(Some(JobStatus::Done), 10).await, [one]);
    assert!(ids(Some(JobStatus::Cancelled), 10).await.is_empty());
}
