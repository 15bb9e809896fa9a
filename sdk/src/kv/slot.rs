//! One value that is kept for a while.

use super::{get, set_json};
use crate::{Call, Failure, clock};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use std::marker::PhantomData;

/// A place for one value that does not stay: a question that waits for its answer, the list that was shown last.
///
/// The value is gone after a while, or once a call has used it up. Retries of that call find it still there, so that
/// they end as the first attempt would have. What another version of the skill kept in another form counts as gone.
///
/// ```
/// use skillet_sdk::{Call, kv::Slot};
///
/// const OFFER: Slot<String> = Slot::new("offer", 10 * 60 * 1_000);
///
/// let (this, mut next) = (Call::new(()), Call::new(()));
/// next.id = "the next one".into();
/// OFFER.put(&"tea".to_owned())?;
/// assert_eq!(OFFER.open(&this)?.as_deref(), Some("tea"));
/// OFFER.close(&this)?;
/// assert_eq!(OFFER.open(&this)?.as_deref(), Some("tea"));
/// assert_eq!(OFFER.open(&next)?, None);
/// # Ok::<(), skillet_sdk::Failure>(())
/// ```
#[derive(Debug)]
pub struct Slot<T> {
    key: &'static str,
    life_ms: u64,
    value: PhantomData<fn() -> T>,
}

#[derive(Serialize, Deserialize)]
struct Kept<T> {
    value: T,
    at_ms: u64,
    /// The call that it belongs to; without one it is there for any.
    call: Option<String>,
}

impl<T: Serialize + DeserializeOwned> Slot<T> {
    /// A place under a key of [`kv`](crate::kv), where a value lives for so many milliseconds.
    pub const fn new(key: &'static str, life_ms: u64) -> Self {
        Self { key, life_ms, value: PhantomData }
    }

    /// Keeps a value for whichever call comes, in place of what was there.
    pub fn put(&self, value: &T) -> Result<(), Failure> {
        self.keep(value, None)
    }

    /// What is there, unless another call has used it up.
    pub fn open<I>(&self, call: &Call<I>) -> Result<Option<T>, Failure> {
        let kept = self.kept()?.filter(|kept| kept.call.as_ref().is_none_or(|by| *by == call.id));
        Ok(kept.map(|kept| kept.value))
    }

    /// Uses up what is there: from now on only this call's retries find it.
    pub fn close<I>(&self, call: &Call<I>) -> Result<(), Failure> {
        self.open(call)?.map_or(Ok(()), |value| self.keep(&value, Some(&call.id)))
    }

    /// What a call settled in its first attempt. A retry gets the same, whatever has changed since then. One value is
    /// kept, that of the newest call.
    ///
    /// ```
    /// use skillet_sdk::{Call, clock, kv::Slot, testing};
    ///
    /// const UNTIL: Slot<u64> = Slot::new("until", 60 * 60 * 1_000);
    ///
    /// testing::start(5_000);
    /// let call = Call::new(());
    /// assert_eq!(UNTIL.once(&call, || clock::now_ms() + 60_000)?, 65_000);
    /// testing::pass(1_000);
    /// assert_eq!(UNTIL.once(&call, || clock::now_ms() + 60_000)?, 65_000);
    /// # Ok::<(), skillet_sdk::Failure>(())
    /// ```
    pub fn once<I>(&self, call: &Call<I>, settle: impl FnOnce() -> T) -> Result<T, Failure> {
        match self.kept()? {
            Some(Kept { value, call: Some(by), .. }) if by == call.id => Ok(value),
            _ => {
                let value = settle();
                self.keep(&value, Some(&call.id))?;
                Ok(value)
            }
        }
    }

    fn kept(&self) -> Result<Option<Kept<T>>, Failure> {
        let kept: Option<Kept<T>> = get(self.key)?.and_then(|bytes| serde_json::from_slice(&bytes).ok());
        Ok(kept.filter(|kept| clock::now_ms() < kept.at_ms.saturating_add(self.life_ms)))
    }

    fn keep(&self, value: &T, call: Option<&str>) -> Result<(), Failure> {
        set_json(self.key, &Kept { value, at_ms: clock::now_ms(), call: call.map(str::to_owned) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{kv, testing};

    const SLOT: Slot<u32> = Slot::new("slot", 1_000);

    fn call(id: &str) -> Call<()> {
        Call { id: id.into(), ..Call::new(()) }
    }

    #[test]
    fn a_value_lives_for_a_while_and_for_one_call() -> Result<(), Failure> {
        testing::start(0);
        SLOT.put(&1)?;
        testing::pass(999);
        assert_eq!((SLOT.open(&call("a"))?, SLOT.open(&call("b"))?), (Some(1), Some(1)));
        testing::pass(1);
        assert_eq!(SLOT.open(&call("a"))?, None);
        SLOT.put(&2)?;
        SLOT.close(&call("a"))?;
        // What is used up is nobody else's to close.
        SLOT.close(&call("b"))?;
        assert_eq!((SLOT.open(&call("a"))?, SLOT.open(&call("b"))?), (Some(2), None));
        SLOT.put(&3)?;
        assert_eq!(SLOT.open(&call("b"))?, Some(3));
        Ok(())
    }

    #[test]
    fn a_call_settles_once() -> Result<(), Failure> {
        testing::start(0);
        SLOT.put(&1)?;
        assert_eq!((SLOT.once(&call("a"), || 2)?, SLOT.once(&call("a"), || 3)?), (2, 2));
        assert_eq!((SLOT.once(&call("b"), || 4)?, SLOT.open(&call("a"))?), (4, None));
        Ok(())
    }

    #[test]
    fn what_has_another_form_is_gone() -> Result<(), Failure> {
        testing::start(0);
        for other in [&b"no JSON"[..], br#"{"question": 1}"#, br#"{"value": "text", "at_ms": 0, "call": null}"#] {
            kv::set("slot", other)?;
            assert_eq!(SLOT.open(&call("a"))?, None);
        }
        Ok(())
    }
}
