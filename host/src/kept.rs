//! Values that are kept in mind for a while, and dropped all at once: also those that were on their way when that
//! happened, which may be of the very thing that has ended.

use moka::sync::Cache;
use std::{
    borrow::Borrow,
    hash::Hash,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::SeqCst},
    },
};

/// Cloning shares the values.
#[derive(Clone, Debug)]
pub struct Kept<K: Eq + Hash + Send + Sync + 'static, V: Clone + Send + Sync + 'static> {
    values: Cache<K, V>,
    /// How often all were dropped.
    dropped: Arc<AtomicU64>,
}

/// A look for a value that has begun.
#[derive(Clone, Copy, Debug)]
pub struct Looking(u64);

impl<K: Eq + Hash + Send + Sync + 'static, V: Clone + Send + Sync + 'static> Kept<K, V> {
    pub fn new(values: Cache<K, V>) -> Self {
        Self { values, dropped: Arc::default() }
    }

    pub fn get<Q: Eq + Hash + ?Sized>(&self, key: &Q) -> Option<V>
    where
        K: Borrow<Q>,
    {
        self.values.get(key)
    }

    /// To be called before a value is looked for elsewhere.
    pub fn begin(&self) -> Looking {
        Looking(self.dropped.load(SeqCst))
    }

    /// Keeps what was found, unless all was dropped since the look began.
    pub fn keep(&self, looking: Looking, key: &K, value: V)
    where
        K: Clone,
    {
        self.values.insert(key.clone(), value);
        // Looked at after: whoever drops does so before this, and is seen, or after, and drops it.
        if self.dropped.load(SeqCst) != looking.0 {
            self.values.invalidate(key);
        }
    }

    pub fn drop_all(&self) {
        self.dropped.fetch_add(1, SeqCst);
        self.values.invalidate_all();
    }
}
