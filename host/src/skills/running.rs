//! The calls that run in this process, by version: how many, so that an owner sees an old version
//! drain, and a way to end them.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, PoisonError, Weak,
        atomic::{AtomicUsize, Ordering},
    },
};
use tokio_util::sync::CancellationToken;

/// The running calls of one version.
#[derive(Debug)]
pub struct Running {
    pub skill: String,
    calls: AtomicUsize,
    stop: CancellationToken,
}

/// One running call, until it is dropped.
#[derive(Debug)]
pub struct Run(Arc<Running>);

impl Running {
    pub fn new(skill: &str) -> Self {
        Self { skill: skill.to_owned(), calls: AtomicUsize::new(0), stop: CancellationToken::new() }
    }

    pub fn begin(self: &Arc<Self>) -> Run {
        self.calls.fetch_add(1, Ordering::SeqCst);
        Run(self.clone())
    }

    /// Resolves when the calls of this version must end.
    pub async fn stopped(&self) {
        self.stop.cancelled().await;
    }

    pub fn stop(&self) {
        self.stop.cancel();
    }
}

impl Drop for Run {
    fn drop(&mut self) {
        self.0.calls.fetch_sub(1, Ordering::SeqCst);
    }
}

/// Every version that has calls, or is installed, by digest. The lock is held for a look.
#[derive(Debug, Default)]
pub struct RunningVersions(Mutex<HashMap<String, Weak<Running>>>);

impl RunningVersions {
    /// The one of a version; another one than before if that was stopped.
    pub fn of(&self, skill: &str, digest: &str) -> Arc<Running> {
        let mut versions = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        versions.retain(|_, running| running.strong_count() > 0);
        let known = versions.get(digest).and_then(Weak::upgrade).filter(|running| !running.stop.is_cancelled());
        known.unwrap_or_else(|| {
            let running = Arc::new(Running::new(skill));
            versions.insert(digest.to_owned(), Arc::downgrade(&running));
            running
        })
    }

    pub fn all(&self) -> Vec<(String, Arc<Running>)> {
        let versions = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        versions.iter().filter_map(|(digest, running)| Some((digest.clone(), running.upgrade()?))).collect()
    }

    pub fn count(&self, digest: &str) -> usize {
        let versions = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        versions.get(digest).and_then(Weak::upgrade).map_or(0, |running| running.calls.load(Ordering::SeqCst))
    }
}
