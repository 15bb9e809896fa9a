//! Work side by side, one piece at a time in each lane.

use std::collections::HashMap;
use tokio::task::{Id, JoinSet};

/// The lanes that are at work, by their keys.
pub struct Lanes<K> {
    tasks: JoinSet<()>,
    keys: HashMap<Id, K>,
}

impl<K: Copy + PartialEq> Lanes<K> {
    pub fn new() -> Self {
        Self { tasks: JoinSet::new(), keys: HashMap::new() }
    }

    pub fn len(&self) -> usize {
        self.tasks.len()
    }

    /// The lanes that are at work.
    pub fn busy(&self) -> Vec<K> {
        self.keys.values().copied().collect()
    }

    /// Begins work in a lane that is free; in one that is not, nothing is begun.
    pub fn begin(&mut self, key: K, work: impl Future<Output = ()> + Send + 'static) {
        if !self.keys.values().any(|busy| *busy == key) {
            self.keys.insert(self.tasks.spawn(work).id(), key);
        }
    }

    /// Frees the lane whose work ends next; `None` when nothing is at work.
    pub async fn ended(&mut self) -> Option<()> {
        let id = match self.tasks.join_next_with_id().await? {
            Ok((id, ())) => id,
            Err(error) => {
                tracing::error!(%error, "the work for a chat ended badly");
                error.id()
            }
        };
        self.keys.remove(&id);
        Some(())
    }

    /// Waits until nothing is at work.
    pub async fn all_ended(mut self) {
        while self.ended().await.is_some() {}
    }
}
