//! The uploads' queue: one is worked on, a bounded number waits.

use std::{sync::Arc, time::Duration};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Uploads that may wait. Each holds its whole component in memory.
const WAITING: usize = 16;

/// Longest wait for the turn.
const WAIT: Duration = Duration::from_mins(2);

#[derive(Debug)]
pub struct Queue {
    places: Arc<Semaphore>,
    turn: Arc<Semaphore>,
}

/// A place among the uploads, which may wait. It is free again when this is dropped.
#[derive(Debug)]
pub struct Place {
    turn: Arc<Semaphore>,
    place: OwnedSemaphorePermit,
}

/// The right to be worked on.
#[derive(Debug)]
pub struct Turn {
    _turn: OwnedSemaphorePermit,
    _place: OwnedSemaphorePermit,
}

impl Default for Queue {
    fn default() -> Self {
        Self { places: Arc::new(Semaphore::new(WAITING + 1)), turn: Arc::new(Semaphore::new(1)) }
    }
}

impl Queue {
    /// A place, or `None` when too many wait.
    pub fn enter(&self) -> Option<Place> {
        let place = self.places.clone().try_acquire_owned().ok()?;
        Some(Place { turn: self.turn.clone(), place })
    }

    /// A place as soon as there is one.
    pub async fn join(&self) -> Place {
        let place = self.places.clone().acquire_owned().await.expect("the queue is never closed");
        Place { turn: self.turn.clone(), place }
    }
}

impl Place {
    /// Waits for the turn; `None` when it takes too long.
    pub async fn turn(self) -> Option<Turn> {
        let turn = tokio::time::timeout(WAIT, self.turn.acquire_owned()).await.ok()?;
        Some(Turn { _turn: turn.expect("the queue is never closed"), _place: self.place })
    }
}
