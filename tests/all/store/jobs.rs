//! Jobs.

use chrono::{DateTime, Duration, Utc};
use futures_util::future::join_all;
use serde_json::json;
use skillet::{
    ids::{HostId, JobId},
    store::{Db, Job, JobEdit, JobStatus, Missed, NewJob, RunEnd},
};
use std::collections::HashSet;

use crate::harness::db::{TestDb, both};

both!(
    a_key_is_one_job,
    the_job_due_longest_is_leased_first,
    a_host_leases_what_it_knows_and_what_is_not_paused,
    no_due_job_is_overlooked_in_a_race,
    two_hosts_share_the_work,
    a_job_is_completed_once,
    a_failed_attempt_is_tried_again,
    a_job_dies_and_is_driven_again,
    a_job_that_recurs_goes_on,
    slots_that_are_given_up_are_counted,
    a_host_hands_its_jobs_back,
    a_job_that_nobody_keeps_expires,
    an_older_attempt_of_the_same_host_writes_nothing,
    a_job_that_ends_its_hosts_is_used_up_after_its_last_attempt,
    a_waiting_job_is_changed_and_no_other,
    a_job_is_copied_to_run_once,
    a_person_sees_their_own_jobs_in_order,
    what_the_host_did_for_itself_is_forgotten,
    the_list_is_by_status,
    answered_turns_of_a_person_are_counted,
);

/// Every kind that these tests make, but not `unknown`.
const KINDS: [&str; 10] =
    ["any", "remind", "late", "early", "middle", "one", "two", "three", "reminder", "write_episode"];

fn new(kind: &str, run_at: DateTime<Utc>) -> NewJob {
    NewJob { payload: json!({ "text": "提醒" }), max_retries: 3, ..NewJob::once(kind, run_at, "a test") }
}

fn hourly(run_at: DateTime<Utc>) -> NewJob {
    let (recurrence, time_zone) = (Some("0 * * * *".into()), Some("Europe/Berlin".into()));
    NewJob { recurrence, time_zone, missed: Missed::All, ..new("any", run_at) }
}

async fn queue(db: &TestDb, kind: &str, seconds: i64) -> JobId {
    let job = new(kind, db.clock.now() + Duration::seconds(seconds));
    db.queue_job(&db.clock, &job).await.unwrap().0
}

async fn try_lease(db: &TestDb, host: HostId) -> Option<Job> {
    db.lease_jobs(&db.clock, host, &KINDS, 1).await.unwrap().pop()
}

async fn lease(db: &TestDb, host: HostId) -> Job {
    try_lease(db, host).await.unwrap()
}

async fn job(db: &TestDb, id: JobId) -> Job {
    db.job(id).await.unwrap().unwrap()
}

fn done() -> RunEnd {
    RunEnd::Done { note: None, next: None }
}

fn dead(next: Option<DateTime<Utc>>, pause: bool) -> RunEnd {
    RunEnd::Dead { error: "for good".into(), next, pause }
}

async fn end(db: &TestDb, job: &Job, host: HostId, end: &RunEnd) -> bool {
    db.end_run(&db.clock, job, host, end).await.unwrap()
}

async fn a_key_is_one_job(db: TestDb) {
    let ada = db.person("ada").await;
    let talk = db.talk(ada).await;
    let mut keyed = new("remind", db.clock.now());
    (keyed.idempotency_key, keyed.user, keyed.conversation) = (Some("remind:1".into()), Some(ada), Some(talk));
    let made = join_all((0..6).map(|_| db.queue_job(&db.clock, &keyed))).await;
    let made: Vec<(JobId, bool)> = made.into_iter().map(Result::unwrap).collect();
    assert_eq!(made.iter().filter(|(_, new)| *new).count(), 1);
    let id = made[0].0;
    assert!(made.iter().all(|(one, _)| *one == id), "everybody learns its id");
    let stored = job(&db, id).await;
    assert_eq!((stored.kind.as_str(), stored.status, stored.user_id), ("remind", JobStatus::Queued, Some(ada)));
    assert_eq!((stored.payload.0, stored.idempotency_key.as_deref()), (json!({ "text": "提醒" }), Some("remind:1")));
    assert_eq!((stored.retry_count, stored.max_retries, stored.last_error, stored.finished_at), (0, 3, None, None));
    assert_eq!((stored.slot, stored.attempt, stored.failures, stored.paused_at), (stored.run_at, 0, 0, None));
    assert_eq!((stored.conversation_id, stored.created_by.as_str()), (Some(talk), "a test"));
    assert_eq!((stored.recurrence, stored.time_zone, stored.missed), (None, None, Missed::Once));

    assert!(db.job(JobId::new(&db.clock)).await.unwrap().is_none());
    let leased = lease(&db, db.host()).await;
    assert_eq!(db.queue_job(&db.clock, &keyed).await.unwrap(), (id, false), "also while it runs");
    assert_eq!(leased.id, id);
    queue(&db, "remind", 0).await;
    queue(&db, "remind", 0).await;
    assert_eq!(db.jobs(None, 10).await.unwrap().len(), 3, "without a key each is a job");
}

async fn the_job_due_longest_is_leased_first(db: TestDb) {
    let host = db.host();
    assert!(db.next_job_at(&KINDS).await.unwrap().is_none());
    let now = db.clock.now();
    let (late, early, middle) =
        (queue(&db, "late", 20).await, queue(&db, "early", 0).await, queue(&db, "middle", 10).await);
    assert_eq!(db.next_job_at(&KINDS).await.unwrap(), Some(now));
    let leased = lease(&db, host).await;
    assert_eq!((leased.id, leased.status, leased.locked_at), (early, JobStatus::Running, Some(now)));
    assert!(try_lease(&db, host).await.is_none(), "the others are not due");
    assert_eq!(db.next_job_at(&KINDS).await.unwrap(), Some(now + Duration::seconds(10)));
    db.clock.advance(Duration::seconds(20));
    let both = db.lease_jobs(&db.clock, host, &KINDS, 5).await.unwrap();
    assert_eq!(both.iter().map(|job| job.id).collect::<Vec<_>>(), [middle, late], "also what is due at this moment");
    assert!(db.next_job_at(&KINDS).await.unwrap().is_none());
}

async fn a_host_leases_what_it_knows_and_what_is_not_paused(db: TestDb) {
    let host = db.host();
    queue(&db, "unknown", 0).await;
    let paused = queue(&db, "any", 0).await;
    assert!(!db.pause_job(&db.clock, paused, false).await.unwrap(), "it is not paused");
    assert!(db.pause_job(&db.clock, paused, true).await.unwrap());
    assert!(!db.pause_job(&db.clock, paused, true).await.unwrap());
    assert_eq!(job(&db, paused).await.paused_at, Some(db.clock.now()));
    assert!(try_lease(&db, host).await.is_none());
    assert!(db.next_job_at(&KINDS).await.unwrap().is_none());
    assert!(db.next_job_at(&["unknown"]).await.unwrap().is_some());
    assert!(db.pause_job(&db.clock, paused, false).await.unwrap());
    let leased = lease(&db, host).await;
    assert_eq!((leased.id, leased.paused_at), (paused, None));
    // What runs is paused for what comes after.
    assert!(db.pause_job(&db.clock, paused, true).await.unwrap());
    let next = db.clock.now();
    assert!(end(&db, &leased, host, &RunEnd::Done { note: None, next: Some(next) }).await);
    assert!(try_lease(&db, host).await.is_none());
    let both = db.lease_jobs(&db.clock, host, &["any", "unknown"], 5).await.unwrap();
    assert_eq!(both.iter().map(|job| job.kind.as_str()).collect::<Vec<_>>(), ["unknown"]);
    assert!(db.lease_jobs(&db.clock, host, &[], 5).await.unwrap().is_empty());
}

async fn no_due_job_is_overlooked_in_a_race(db: TestDb) {
    let (other, host) = (db.another().await, db.host());
    let hosts: [&Db; 2] = [&db, &other];
    for _ in 0..5 {
        for _ in 0..8 {
            queue(&db, "any", 0).await;
        }
        let leased = join_all((0..4).map(|n| hosts[n % 2].lease_jobs(&db.clock, host, &KINDS, 2))).await;
        let leased: Vec<JobId> = leased.into_iter().flat_map(|jobs| jobs.unwrap()).map(|job| job.id).collect();
        assert_eq!((leased.len(), leased.iter().collect::<HashSet<_>>().len()), (8, 8));
    }
}

/// Completes what is due and returns it.
async fn work(db: &Db, test: &TestDb) -> Vec<JobId> {
    let (host, mut worked) = (test.host(), Vec::new());
    loop {
        let jobs = db.lease_jobs(&test.clock, host, &KINDS, 3).await.unwrap();
        if jobs.is_empty() {
            return worked;
        }
        for job in jobs {
            assert!(db.end_run(&test.clock, &job, host, &done()).await.unwrap());
            worked.push(job.id);
        }
    }
}

async fn two_hosts_share_the_work(db: TestDb) {
    let other = db.another().await;
    let hosts: [&Db; 2] = [&db, &other];
    for _ in 0..20 {
        queue(&db, "any", 0).await;
    }
    let worked: Vec<JobId> = join_all((0..6).map(|n| work(hosts[n % 2], &db))).await.concat();
    assert_eq!((worked.len(), worked.iter().collect::<HashSet<_>>().len()), (20, 20));
    assert_eq!(db.jobs(Some(JobStatus::Done), 100).await.unwrap().len(), 20);
}

async fn a_job_is_completed_once(db: TestDb) {
    let (id, host) = (queue(&db, "any", 0).await, db.host());
    let leased = lease(&db, host).await;
    let began = db.clock.now();
    let now = db.tick();
    let well = RunEnd::Done { note: Some("call 7".into()), next: None };
    assert!(!end(&db, &leased, db.host(), &well).await, "it is another host's");
    assert!(end(&db, &leased, host, &well).await);
    assert!(!end(&db, &leased, host, &well).await);
    assert!(!end(&db, &leased, host, &dead(None, false)).await);
    let stored = job(&db, id).await;
    assert_eq!((stored.status, stored.finished_at, stored.locked_at), (JobStatus::Done, Some(now), None));
    let runs = db.job_runs(id).await.unwrap();
    assert_eq!(runs.len(), 1);
    assert_eq!((runs[0].attempt, runs[0].status.as_str(), &runs[0].error), (1, "done", &None));
    assert_eq!((runs[0].slot, runs[0].note.as_deref()), (stored.slot, Some("call 7")));
    assert_eq!((runs[0].started_at, runs[0].finished_at), (began, Some(now)));
}

async fn a_failed_attempt_is_tried_again(db: TestDb) {
    let (id, host) = (queue(&db, "any", 0).await, db.host());
    let first = lease(&db, host).await;
    let at = db.clock.now() + Duration::seconds(30);
    let retry = RunEnd::Retry { error: "no answer".into(), at };
    assert!(end(&db, &first, host, &retry).await);
    assert!(!end(&db, &first, host, &retry).await);
    let stored = job(&db, id).await;
    assert_eq!((stored.status, stored.run_at, stored.retry_count), (JobStatus::Queued, at, 1));
    assert_eq!((stored.slot, stored.failures), (first.slot, 0), "it is still for its time");
    assert_eq!((stored.last_error.as_deref(), stored.finished_at), (Some("no answer"), None));
    assert!(try_lease(&db, host).await.is_none());
    db.clock.advance(Duration::seconds(30));
    let second = lease(&db, host).await;
    assert!(!end(&db, &first, host, &done()).await, "the first attempt is over");
    assert!(end(&db, &second, host, &done()).await);
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
    assert!(end(&db, &leased, host, &dead(None, false)).await);
    let stored = job(&db, id).await;
    assert_eq!((stored.status, stored.finished_at, stored.retry_count), (JobStatus::Dead, Some(died), 1));
    assert!(try_lease(&db, host).await.is_none());
    let now = db.tick();
    assert!(db.redrive_job(&db.clock, id).await.unwrap());
    assert!(!db.redrive_job(&db.clock, id).await.unwrap());
    let again = lease(&db, host).await;
    assert_eq!((again.id, again.run_at, again.finished_at), (id, now, None));
    assert_eq!((again.attempt, again.slot), (2, leased.slot));
    assert!(again.max_retries > again.retry_count, "with attempts left");
    assert!(end(&db, &again, host, &done()).await);
    assert!(!db.redrive_job(&db.clock, JobId::new(&db.clock)).await.unwrap());
}

async fn a_job_that_recurs_goes_on(db: TestDb) {
    let (host, now) = (db.host(), db.clock.now());
    let (id, _) = db.queue_job(&db.clock, &hourly(now)).await.unwrap();
    let first = lease(&db, host).await;
    assert_eq!((first.recurrence.as_deref(), first.time_zone.as_deref()), (Some("0 * * * *"), Some("Europe/Berlin")));
    assert_eq!(first.missed, Missed::All);
    assert!(end(&db, &first, host, &RunEnd::Retry { error: "no answer".into(), at: now }).await);
    let retry = lease(&db, host).await;
    let second_slot = now + Duration::hours(1);
    assert!(end(&db, &retry, host, &RunEnd::Done { note: None, next: Some(second_slot) }).await);
    let waiting = job(&db, id).await;
    assert_eq!((waiting.status, waiting.run_at, waiting.slot), (JobStatus::Queued, second_slot, second_slot));
    assert_eq!((waiting.retry_count, waiting.attempt, waiting.finished_at), (0, 2, None));
    db.clock.advance(Duration::hours(3));
    let late = lease(&db, host).await;
    let third_slot = now + Duration::hours(4);
    assert!(end(&db, &late, host, &RunEnd::Missed { note: "3 missed".into(), next: Some(third_slot) }).await);
    let runs = db.job_runs(id).await.unwrap();
    let told: Vec<(&str, DateTime<Utc>, Option<&str>)> =
        runs.iter().map(|run| (run.status.as_str(), run.slot, run.note.as_deref())).collect();
    assert_eq!(told, [("failed", now, None), ("done", now, None), ("missed", second_slot, Some("3 missed"))]);
    db.clock.advance(Duration::hours(1));
    let last = lease(&db, host).await;
    assert_eq!(last.slot, third_slot);
    assert!(end(&db, &last, host, &done()).await);
    assert_eq!(job(&db, id).await.status, JobStatus::Done, "its schedule has ended");
}

async fn slots_that_are_given_up_are_counted(db: TestDb) {
    let (host, now) = (db.host(), db.clock.now());
    let (id, _) = db.queue_job(&db.clock, &hourly(now)).await.unwrap();
    for failures in 1..=2 {
        let leased = lease(&db, host).await;
        assert!(end(&db, &leased, host, &dead(Some(now), failures == 2)).await);
        let waiting = job(&db, id).await;
        assert_eq!((waiting.status, waiting.failures, waiting.retry_count), (JobStatus::Queued, failures, 0));
        assert_eq!(waiting.paused_at.is_some(), failures == 2);
    }
    assert!(db.pause_job(&db.clock, id, false).await.unwrap());
    let leased = lease(&db, host).await;
    assert!(end(&db, &leased, host, &RunEnd::Missed { note: "1 missed".into(), next: Some(now) }).await);
    assert_eq!(job(&db, id).await.failures, 2, "what did not run did not go well");
    let leased = lease(&db, host).await;
    assert!(end(&db, &leased, host, &RunEnd::Done { note: None, next: Some(now) }).await);
    assert_eq!(job(&db, id).await.failures, 0);
}

async fn a_host_hands_its_jobs_back(db: TestDb) {
    let (leaving, staying) = (db.host(), db.host());
    queue(&db, "any", 0).await;
    let first = lease(&db, leaving).await;
    queue(&db, "any", 0).await;
    let kept = lease(&db, staying).await;
    assert_eq!(db.hand_back_jobs(leaving).await.unwrap(), 1);
    assert_eq!(db.hand_back_jobs(leaving).await.unwrap(), 0);
    assert!(!end(&db, &first, leaving, &done()).await);
    let again = lease(&db, staying).await;
    assert_eq!((again.id, again.retry_count), (first.id, 0), "stopping a host is no failure of the job");
    assert!(end(&db, &again, staying, &done()).await);
    assert!(end(&db, &kept, staying, &done()).await);
    assert_eq!(db.job_runs(first.id).await.unwrap().len(), 1);
    assert_eq!(db.job_runs(kept.id).await.unwrap().len(), 1);
}

async fn a_job_that_nobody_keeps_expires(db: TestDb) {
    let (dead, alive) = (db.host(), db.host());
    queue(&db, "any", 0).await;
    let lost = lease(&db, dead).await;
    queue(&db, "any", 0).await;
    let kept = lease(&db, alive).await;
    let now = db.tick();
    let attempts = [(lost.id, lost.attempt), (kept.id, kept.attempt), (kept.id, kept.attempt + 1)];
    assert_eq!(db.keep_jobs(&db.clock, alive, &attempts).await.unwrap(), [kept.id], "only what it holds");
    assert_eq!(db.recover_jobs(&db.clock, None, now).await.unwrap(), 1);
    assert_eq!(db.recover_jobs(&db.clock, None, now).await.unwrap(), 0);
    assert!(db.keep_jobs(&db.clock, dead, &attempts).await.unwrap().is_empty(), "and it learns that it is lost");
    assert!(!end(&db, &lost, dead, &done()).await);
    assert!(end(&db, &kept, alive, &done()).await);
    assert_eq!(lease(&db, alive).await.id, lost.id);
}

async fn an_older_attempt_of_the_same_host_writes_nothing(db: TestDb) {
    let host = db.host();
    let id = queue(&db, "any", 0).await;
    let first = lease(&db, host).await;
    assert_eq!(db.hand_back_jobs(host).await.unwrap(), 1);
    let second = lease(&db, host).await;
    assert_eq!((first.id, second.id), (id, id));
    assert!(!end(&db, &first, host, &done()).await);
    assert!(db.keep_jobs(&db.clock, host, &[(id, first.attempt)]).await.unwrap().is_empty());
    assert!(end(&db, &second, host, &done()).await);
}

async fn a_job_that_ends_its_hosts_is_used_up_after_its_last_attempt(db: TestDb) {
    let poison = NewJob { max_retries: 1, ..new("any", db.clock.now()) };
    let (id, _) = db.queue_job(&db.clock, &poison).await.unwrap();
    for (attempt, used_up) in [(1, false), (2, true)] {
        let host = db.host();
        assert!(!lease(&db, host).await.used_up());
        assert_eq!(db.recover_jobs(&db.clock, Some(host), DateTime::UNIX_EPOCH).await.unwrap(), 1);
        let stored = job(&db, id).await;
        assert_eq!((stored.retry_count, stored.status, stored.used_up()), (attempt, JobStatus::Queued, used_up));
        let runs = db.job_runs(id).await.unwrap();
        assert_eq!(runs.last().unwrap().status, "failed");
        assert!(runs.last().unwrap().finished_at.is_some());
    }
}

async fn a_waiting_job_is_changed_and_no_other(db: TestDb) {
    let (host, now) = (db.host(), db.clock.now());
    let id = queue(&db, "any", 60).await;
    let (sooner, later) = (now + Duration::seconds(5), now + Duration::hours(2));
    assert!(db.reschedule_job(id, later).await.unwrap());
    let moved = job(&db, id).await;
    assert_eq!((moved.run_at, moved.slot, moved.payload.0), (later, later, json!({ "text": "提醒" })));
    let edit = JobEdit {
        run_at: Some(sooner),
        recurrence: Some("0 8 * * *".into()),
        time_zone: Some("Asia/Shanghai".into()),
        missed: Some(Missed::Skip),
        payload: Some(json!({ "text": "tea" })),
    };
    assert!(db.edit_job(id, &edit).await.unwrap());
    assert!(db.edit_job(id, &JobEdit::default()).await.unwrap());
    let edited = job(&db, id).await;
    assert_eq!((edited.run_at, edited.slot, edited.payload.0), (sooner, sooner, json!({ "text": "tea" })));
    assert_eq!((edited.recurrence.as_deref(), edited.missed), (Some("0 8 * * *"), Missed::Skip));
    assert_eq!(edited.time_zone.as_deref(), Some("Asia/Shanghai"));

    db.clock.advance(Duration::seconds(5));
    let leased = lease(&db, host).await;
    assert!(!db.reschedule_job(id, later).await.unwrap(), "it runs");
    assert!(!db.edit_job(id, &edit).await.unwrap());
    assert!(!db.cancel_job(&db.clock, id).await.unwrap());
    assert!(end(&db, &leased, host, &RunEnd::Done { note: None, next: Some(later) }).await);
    assert!(db.cancel_job(&db.clock, id).await.unwrap());
    assert!(!db.cancel_job(&db.clock, id).await.unwrap());
    assert!(!db.reschedule_job(id, later).await.unwrap());
    assert!(!db.pause_job(&db.clock, id, true).await.unwrap());
    let cancelled = job(&db, id).await;
    assert_eq!((cancelled.status, cancelled.finished_at), (JobStatus::Cancelled, Some(db.clock.now())));
}

async fn a_job_is_copied_to_run_once(db: TestDb) {
    let (ada, now) = (db.person("ada").await, db.clock.now());
    let conversation = Some(db.talk(ada).await);
    let keyed = NewJob { user: Some(ada), conversation, idempotency_key: Some("k".into()), ..hourly(now) };
    let (id, _) = db.queue_job(&db.clock, &keyed).await.unwrap();
    let at = now + Duration::minutes(5);
    let copy = db.copy_job(&db.clock, id, at, "owner").await.unwrap();
    assert_ne!(copy, id);
    let (copy, original) = (job(&db, copy).await, job(&db, id).await);
    assert_eq!((copy.status, copy.run_at, copy.slot), (JobStatus::Queued, at, at));
    assert_eq!((copy.recurrence, copy.idempotency_key, copy.created_by.as_str()), (None, None, "owner"));
    assert_eq!((copy.kind, copy.payload.0), (original.kind, original.payload.0));
    assert_eq!((copy.user_id, copy.conversation_id), (Some(ada), conversation));
    assert_eq!(original.run_at, now, "the job itself goes on as it was");
    assert!(db.copy_job(&db.clock, JobId::new(&db.clock), at, "owner").await.is_err());
}

async fn a_person_sees_their_own_jobs_in_order(db: TestDb) {
    let (ada, ben, host, since) = (db.person("ada").await, db.person("ben").await, db.host(), db.clock.now());
    let of = async |user, kind: &str, seconds| {
        let run_at = db.clock.now() + Duration::seconds(seconds);
        db.queue_job(&db.clock, &NewJob { user: Some(user), ..new(kind, run_at) }).await.unwrap().0
    };
    let first = of(ada, "reminder", 0).await;
    let second = of(ada, "reminder", 1).await;
    for _ in 0..2 {
        let leased = lease(&db, host).await;
        assert!(end(&db, &leased, host, &done()).await);
        db.tick();
    }
    let (later, sooner) = (of(ada, "daily_digest", 600).await, of(ada, "skill_call", 60).await);
    of(ben, "reminder", 60).await;
    of(ada, "write_episode", 60).await;
    assert_eq!(db.waiting_jobs_of(ada).await.unwrap(), 2);
    assert_eq!(db.waiting_jobs_of(ben).await.unwrap(), 1);
    let ids = async |since, limit| -> Vec<JobId> {
        db.jobs_of(ada, since, limit).await.unwrap().into_iter().map(|job| job.id).collect()
    };
    assert_eq!(ids(since, 10).await, [sooner, later, second, first]);
    assert_eq!(ids(since, 3).await, [sooner, later, second]);
    assert_eq!(ids(db.clock.now(), 10).await, [sooner, later]);
    db.clock.advance(Duration::seconds(60));
    let running = db.lease_jobs(&db.clock, host, &["skill_call"], 1).await.unwrap();
    assert_eq!((running[0].id, db.waiting_jobs_of(ada).await.unwrap()), (sooner, 2), "it runs");
    assert!(db.cancel_job(&db.clock, later).await.unwrap());
    assert_eq!(db.waiting_jobs_of(ada).await.unwrap(), 1);
}

async fn what_the_host_did_for_itself_is_forgotten(db: TestDb) {
    let (host, began) = (db.host(), db.clock.now());
    let (own, persons) = (queue(&db, "write_episode", 0).await, queue(&db, "reminder", 0).await);
    let (recurring, _) = db.queue_job(&db.clock, &hourly(began)).await.unwrap();
    let waiting = queue(&db, "write_episode", 600).await;
    for _ in 0..3 {
        let leased = lease(&db, host).await;
        let next = leased.recurrence.is_some().then(|| began + Duration::days(1));
        assert!(end(&db, &leased, host, &RunEnd::Done { note: None, next }).await);
    }
    assert_eq!(db.sweep_jobs(began).await.unwrap(), 0, "nothing is older");
    let now = db.tick();
    assert_eq!(db.sweep_jobs(now).await.unwrap(), 1);
    assert!(db.job(own).await.unwrap().is_none());
    assert!(db.job_runs(own).await.unwrap().is_empty());
    for id in [persons, recurring, waiting] {
        assert!(db.job(id).await.unwrap().is_some());
    }
    assert_eq!(db.job_runs(persons).await.unwrap().len(), 1);
    assert!(db.job_runs(recurring).await.unwrap().is_empty(), "its runs would pile up");
}

async fn the_list_is_by_status(db: TestDb) {
    let host = db.host();
    let one = queue(&db, "one", 0).await;
    let leased = lease(&db, host).await;
    assert!(end(&db, &leased, host, &done()).await);
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

async fn answered_turns_of_a_person_are_counted(db: TestDb) {
    let (ada, ben, since) = (db.person("ada").await, db.person("ben").await, db.clock.now());
    db.answered_turn(ada).await;
    db.answered_turn(ben).await;
    db.waiting_turn(ada).await;
    assert_eq!(db.turns_since(ada, since).await.unwrap(), 1);
    let later = db.tick();
    assert_eq!(db.turns_since(ada, later).await.unwrap(), 0);
}
