//! What a call may use of others: skills that call skills, or a model, share what their first call has.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, AtomicU64, Ordering},
    },
    time::Instant,
};

/// Calls above one another: a skill that calls itself comes to an end.
pub const MAX_DEPTH: u32 = 3;

/// Calls of skills under one first call: ten thousand are not made at once, nor one after the other.
pub const MAX_CALLS: u32 = 16;

/// Tokens, in and out, that all calls under a first one may ask of models.
pub const MAX_TOKENS: u32 = 16_000;

/// The share of a first call, and how deep below it a call is.
#[derive(Clone, Debug)]
pub struct Root {
    pub depth: u32,
    share: Arc<Share>,
}

#[derive(Debug)]
struct Share {
    calls: AtomicU32,
    fuel: AtomicU64,
    tokens: AtomicU32,
    deadline: Instant,
}

/// The share of the first call is used up.
#[derive(Debug, thiserror::Error)]
pub enum UsedUp {
    #[error("skills call skills {MAX_DEPTH} levels deep at most")]
    Depth,
    #[error("a call leads to {MAX_CALLS} calls of other skills at most")]
    Calls,
    #[error("the fuel that the first call may give to other skills is used up")]
    Fuel,
    #[error("a call may ask models for {MAX_TOKENS} tokens at most")]
    Tokens,
}

impl Root {
    /// Of a first call: `fuel` for all others together, until `deadline`.
    pub fn new(fuel: u64, deadline: Instant) -> Self {
        let share = Share {
            calls: AtomicU32::new(MAX_CALLS),
            fuel: AtomicU64::new(fuel),
            tokens: AtomicU32::new(MAX_TOKENS),
            deadline,
        };
        Self { depth: 0, share: Arc::new(share) }
    }

    /// One more call, a level deeper.
    pub fn below(&self) -> Result<Self, UsedUp> {
        if self.depth == MAX_DEPTH {
            return Err(UsedUp::Depth);
        }
        take(&self.share.calls, 1).ok_or(UsedUp::Calls)?;
        if self.share.fuel.load(Ordering::Relaxed) == 0 {
            return Err(UsedUp::Fuel);
        }
        Ok(Self { depth: self.depth + 1, share: self.share.clone() })
    }

    pub fn deadline(&self) -> Instant {
        self.share.deadline
    }

    /// Fuel for one call: what is left of the share. Calls under one another run one after the other, so
    /// each is charged when it ends.
    pub fn fuel_left(&self) -> u64 {
        self.share.fuel.load(Ordering::Relaxed)
    }

    pub fn charge_fuel(&self, used: u64) {
        let _ =
            self.share.fuel.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| Some(left.saturating_sub(used)));
    }

    /// Reserves tokens for a question to a model.
    pub fn take_tokens(&self, wanted: u32) -> Result<(), UsedUp> {
        take(&self.share.tokens, wanted).map(drop).ok_or(UsedUp::Tokens)
    }

    pub fn return_tokens(&self, unused: u32) {
        self.share.tokens.fetch_add(unused, Ordering::Relaxed);
    }

    /// Counts tokens that were used beyond what was reserved.
    pub fn charge_tokens(&self, more: u32) {
        let take = |left: u32| Some(left.saturating_sub(more));
        let _ = self.share.tokens.fetch_update(Ordering::Relaxed, Ordering::Relaxed, take);
    }
}

fn take(left: &AtomicU32, wanted: u32) -> Option<u32> {
    left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(wanted)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_used_up_by_all_together() {
        let root = Root::new(100, Instant::now());
        root.below().unwrap().charge_fuel(70);
        assert_eq!(root.below().unwrap().fuel_left(), 30);
        let mut deep = root.clone();
        for _ in 0..MAX_DEPTH {
            deep = deep.below().unwrap();
        }
        assert!(matches!(deep.below(), Err(UsedUp::Depth)));
        let made = (0..100).filter(|_| root.below().is_ok()).count();
        assert!(made < MAX_CALLS as usize && matches!(root.below(), Err(UsedUp::Calls)));
        root.charge_fuel(70);
        assert!(matches!(Root { depth: 0, ..root.clone() }.below(), Err(UsedUp::Calls)));
        assert!(root.take_tokens(MAX_TOKENS).is_ok() && root.take_tokens(1).is_err());
    }
}
