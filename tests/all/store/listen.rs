//! Bells between processes on one database.

use skillet::{store::Db, wake::Wake};
use std::{future::pending, pin::pin, sync::Arc, time::Duration};
use tokio::{sync::watch, task::JoinSet, time::timeout};

use crate::harness::db::{TestDb, both};

both!(a_bell_rings_in_every_process, where_there_is_one_process_nobody_listens);

/// Longest wait for a bell; the machine may be busy.
const SOON: Duration = Duration::from_secs(20);

/// A process that shares its bells.
async fn process(db: &Db, running: &mut JoinSet<()>, stop: &watch::Sender<()>) -> Arc<Wake> {
    let (wake, db, mut stop) = (Arc::new(Wake::default()), db.clone(), stop.subscribe());
    let shared = wake.clone();
    running.spawn(async move {
        let stopped = async {
            let _ = stop.changed().await;
        };
        db.share_bells(&shared, stopped).await;
    });
    // All bells ring when it begins to listen.
    for bell in [&wake.turns, &wake.jobs, &wake.outbox, &wake.skills] {
        timeout(SOON, bell.notified()).await.expect("it listens");
    }
    assert!(wake.hears_others());
    wake
}

async fn a_bell_rings_in_every_process(db: TestDb) {
    if db.engine() == "sqlite" {
        return;
    }
    let (other, stop, mut running) = (db.another().await, watch::Sender::new(()), JoinSet::new());
    let one = process(&db, &mut running, &stop).await;
    let two = process(&other, &mut running, &stop).await;
    for (here, there) in [(&one, &two), (&two, &one)] {
        let mut stops = pin!(there.stops.notified());
        stops.as_mut().enable();
        here.jobs.notify_one();
        here.skills.notify_one();
        here.stops.notify_waiters();
        for bell in [&there.jobs, &there.skills] {
            timeout(SOON, bell.notified()).await.expect("it rings there");
        }
        timeout(SOON, stops).await.expect("everybody who waits hears it");
        timeout(SOON, here.jobs.notified()).await.expect("and here");
    }
    // What rang there does not come back: the next ring of this bell is another one.
    one.outbox.notify_one();
    timeout(SOON, two.outbox.notified()).await.unwrap();
    timeout(SOON, one.outbox.notified()).await.unwrap();
    two.turns.notify_one();
    timeout(SOON, one.turns.notified()).await.unwrap();
    assert!(timeout(Duration::ZERO, one.outbox.notified()).await.is_err());

    stop.send(()).unwrap();
    while running.join_next().await.is_some() {}
    assert!(!one.hears_others() && !two.hears_others());
}

async fn where_there_is_one_process_nobody_listens(db: TestDb) {
    if db.engine() == "postgres" {
        return;
    }
    let wake = Wake::default();
    timeout(SOON, db.share_bells(&wake, pending())).await.expect("it ends at once");
    assert!(!wake.hears_others());
}
