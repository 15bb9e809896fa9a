//! The places of one skill. All its versions share them, and the one that answers says how many there are.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::{AcquireError, OwnedSemaphorePermit, Semaphore, TryAcquireError};

/// How many calls of a skill may run at once.
#[derive(Debug)]
pub struct OwnPlaces {
    free: Arc<Semaphore>,
    /// Held to count.
    size: Mutex<Size>,
}

#[derive(Debug)]
struct Size {
    places: usize,
    /// Places that are taken and there no more: whoever gives one back gives it to nobody.
    surplus: usize,
}

/// A place of a skill, given back when it is dropped.
#[derive(Debug)]
pub struct OwnPlace {
    /// Taken out when this is dropped.
    permit: Option<OwnedSemaphorePermit>,
    of: Arc<OwnPlaces>,
}

impl OwnPlaces {
    pub fn new(places: usize) -> Self {
        Self { free: Arc::new(Semaphore::new(places)), size: Mutex::new(Size { places, surplus: 0 }) }
    }

    /// Makes them so many. Calls that run keep their places: where those are too many, none is free until
    /// enough have ended.
    pub fn resize(&self, places: usize) {
        let mut size = self.size();
        if places >= size.places {
            let more = places - size.places;
            let kept = more.min(size.surplus);
            size.surplus -= kept;
            self.free.add_permits(more - kept);
        } else {
            let fewer = size.places - places;
            size.surplus += fewer - self.free.forget_permits(fewer);
        }
        size.places = places;
    }

    /// Waits for a place.
    pub async fn wait(self: &Arc<Self>) -> Result<OwnPlace, AcquireError> {
        let permit = self.free.clone().acquire_owned().await?;
        Ok(OwnPlace { permit: Some(permit), of: self.clone() })
    }

    /// A place if one is free.
    pub fn take(self: &Arc<Self>) -> Result<OwnPlace, TryAcquireError> {
        let permit = self.free.clone().try_acquire_owned()?;
        Ok(OwnPlace { permit: Some(permit), of: self.clone() })
    }

    fn size(&self) -> MutexGuard<'_, Size> {
        self.size.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for OwnPlace {
    fn drop(&mut self) {
        let mut size = self.of.size();
        let Some(permit) = self.permit.take() else { return };
        if size.surplus > 0 {
            size.surplus -= 1;
            permit.forget();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt;

    /// How many places are free.
    fn free(places: &Arc<OwnPlaces>) -> usize {
        let taken: Vec<OwnPlace> = std::iter::from_fn(|| places.take().ok()).collect();
        taken.len()
    }

    #[test]
    fn fewer_places_count_those_that_are_taken() {
        let places = Arc::new(OwnPlaces::new(4));
        let mut taken: Vec<OwnPlace> = (0..3).map(|_| places.take().unwrap()).collect();
        places.resize(1);
        let mut waits = Box::pin(places.wait());
        for _ in 0..2 {
            taken.pop();
            assert!(waits.as_mut().now_or_never().is_none(), "{} run still", taken.len());
        }
        taken.pop();
        let one = waits.now_or_never().expect("the last of the three has ended").unwrap();
        assert_eq!(free(&places), 0);
        drop(one);
        assert_eq!(free(&places), 1);
    }

    #[test]
    fn more_places_are_free_at_once() {
        let places = Arc::new(OwnPlaces::new(1));
        let first = places.take().unwrap();
        let waits = places.wait();
        places.resize(3);
        let second = waits.now_or_never().expect("there is another place").unwrap();
        assert_eq!(free(&places), 1);
        drop((first, second));
        assert_eq!(free(&places), 3);
    }

    #[test]
    fn what_became_too_much_may_become_enough_again() {
        let places = Arc::new(OwnPlaces::new(3));
        let taken: Vec<OwnPlace> = (0..3).map(|_| places.take().unwrap()).collect();
        places.resize(1);
        places.resize(2);
        places.resize(4);
        assert_eq!(free(&places), 1, "three of four are taken");
        drop(taken);
        assert_eq!(free(&places), 4);
        places.resize(0);
        assert_eq!(free(&places), 0);
    }
}
