//! Places to run: so many in all, so many for each skill, and a queue in front of them with an end.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::{
    super::failure::{CallFailure, FailureKind},
    own::{OwnPlace, OwnPlaces},
};
use crate::config;

pub struct Places {
    all: Arc<Semaphore>,
    waiting: AtomicUsize,
    max_queue: usize,
    patience: Duration,
}

/// Places held by a run, given back when it is dropped.
pub struct Place {
    _own: OwnPlace,
    _all: OwnedSemaphorePermit,
}

impl Places {
    pub fn new(settings: &config::Skills) -> Self {
        Self::of(settings.max_calls as usize, settings.max_queue, Duration::from_secs(settings.queue_timeout_s))
    }

    pub fn of(calls: usize, max_queue: usize, patience: Duration) -> Self {
        Self { all: Arc::new(Semaphore::new(calls)), waiting: AtomicUsize::new(0), max_queue, patience }
    }

    /// How long a call waits at most before it begins.
    pub fn patience(&self) -> Duration {
        self.patience
    }

    /// Waits for a place: first for the skill's own, then for one of all. What is waited is not
    /// taken from the run's time.
    pub async fn wait(&self, own: &Arc<OwnPlaces>) -> Result<Place, CallFailure> {
        if let Ok(place) = self.take(own) {
            return Ok(place);
        }
        let _waiting = Waiting::new(&self.waiting);
        let waiting = self.waiting.load(Ordering::SeqCst);
        if waiting > self.max_queue {
            return Err(busy(format!("{} calls are waiting already", waiting - 1)));
        }
        let both = async {
            let own = own.wait().await;
            (own, self.all.clone().acquire_owned().await)
        };
        match tokio::time::timeout(self.patience, both).await {
            Ok((Ok(own), Ok(all))) => Ok(Place { _own: own, _all: all }),
            Ok(_) => Err(busy("the host is stopping".to_owned())),
            Err(_) => Err(busy(format!("no place became free within {} s", self.patience.as_secs()))),
        }
    }

    /// A place if one is free. A call under another one does not wait: what it waits for may be held
    /// by the one above.
    pub fn take(&self, own: &Arc<OwnPlaces>) -> Result<Place, CallFailure> {
        match (own.take(), self.all.clone().try_acquire_owned()) {
            (Ok(own), Ok(all)) => Ok(Place { _own: own, _all: all }),
            _ => Err(busy("no place is free for a call from another skill".to_owned())),
        }
    }

    /// Calls that run, and calls that wait.
    pub fn in_use(&self, settings: &config::Skills) -> (usize, usize) {
        let running = settings.max_calls as usize - self.all.available_permits();
        (running, self.waiting.load(Ordering::SeqCst))
    }
}

fn busy(text: String) -> CallFailure {
    CallFailure::new(FailureKind::Busy, text)
}

/// Counts a waiting call until it is dropped, also when its caller left.
struct Waiting<'a>(&'a AtomicUsize);

impl<'a> Waiting<'a> {
    fn new(count: &'a AtomicUsize) -> Self {
        count.fetch_add(1, Ordering::SeqCst);
        Self(count)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}
