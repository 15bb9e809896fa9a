//! How many requests go to one server at a time.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Requests to one origin at a time, over all skills of this process: no skill makes the host a
/// weapon against one server.
pub const LINES: usize = 8;

/// The origins that are spoken to or waited for, and no others.
#[derive(Default)]
pub struct Lines(Mutex<HashMap<String, Arc<Semaphore>>>);

/// A place at an origin, or the wait for one.
pub struct Line {
    lines: Arc<Lines>,
    origin: String,
    permit: Option<OwnedSemaphorePermit>,
}

impl Lines {
    /// Waits for a place; first come, first served.
    pub async fn take(self: &Arc<Self>, origin: String) -> Line {
        let free = {
            let mut origins = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            origins.entry(origin.clone()).or_insert_with(|| Arc::new(Semaphore::new(LINES))).clone()
        };
        let mut line = Line { lines: self.clone(), origin, permit: None };
        // Nobody closes the semaphore.
        line.permit = free.acquire_owned().await.ok();
        line
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        self.permit = None;
        let mut origins = self.lines.0.lock().unwrap_or_else(PoisonError::into_inner);
        if origins.get(&self.origin).is_some_and(|free| Arc::strong_count(free) == 1) {
            origins.remove(&self.origin);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{LINES, Lines};
    use futures_util::FutureExt;
    use std::sync::Arc;

    #[tokio::test]
    async fn a_server_has_so_many_lines_and_a_forgotten_one_leaves_nothing() {
        let lines = Arc::new(Lines::default());
        let mut taken = Vec::new();
        for _ in 0..LINES {
            taken.push(lines.take("a".into()).await);
        }
        let mut waiting = Box::pin(lines.take("a".into()));
        assert!((&mut waiting).now_or_never().is_none());
        assert!(lines.take("b".into()).now_or_never().is_some(), "another server is free");
        taken.pop();
        let next = waiting.await;
        let given_up = Box::pin(lines.take("a".into()));
        drop(given_up);
        let mut given_up = Box::pin(lines.take("a".into()));
        assert!((&mut given_up).now_or_never().is_none());
        drop((taken, next, given_up));
        assert!(lines.0.lock().unwrap().is_empty());
    }
}
