//! Bounds that hold without any budget: calls and tokens per minute, large calls per turn, calls under
//! way. They are this process's own; budgets are everybody's.

use std::{
    collections::HashMap,
    hash::Hash,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::Tier;
use crate::{
    clock::Clock,
    config,
    ids::{TurnId, UserId},
    store::Account,
};

/// Subjects that a bound keeps in mind; those of earlier minutes are forgotten first.
const MAX_SUBJECTS: usize = 4096;

/// How long a call waits for a place.
const WAIT: Duration = Duration::from_secs(20);

/// A bound that was reached.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Shut {
    #[error("a turn may ask the large model {0} times")]
    LargePerTurn(u32),
    #[error("models may be asked {limit} times a minute; try again in {retry_s} s")]
    PerMinute { limit: u32, retry_s: u64 },
    #[error("one person may have models asked {limit} times a minute; try again in {retry_s} s")]
    PerMinuteAndUser { limit: u32, retry_s: u64 },
    #[error("models may be sent and send {limit} tokens a minute; try again in {retry_s} s")]
    TokensPerMinute { limit: u32, retry_s: u64 },
    #[error("{0} questions to models are under way, and none ended in time")]
    InFlight(usize),
}

impl Shut {
    /// Seconds after which it is worth trying again; `None` where time does not help.
    pub fn retry_s(&self) -> Option<u64> {
        match self {
            Self::LargePerTurn(_) => None,
            Self::PerMinute { retry_s, .. }
            | Self::PerMinuteAndUser { retry_s, .. }
            | Self::TokensPerMinute { retry_s, .. } => Some(*retry_s),
            Self::InFlight(_) => Some(1),
        }
    }
}

/// All bounds, and how far they are used.
pub struct Valves {
    settings: config::Valves,
    clock: Clock,
    calls: Minute<()>,
    user_calls: Minute<UserId>,
    tokens: Minute<()>,
    large: Mutex<HashMap<TurnId, u32>>,
    places: Arc<Semaphore>,
}

/// A place among the calls under way; free again when it is dropped.
pub type Place = OwnedSemaphorePermit;

impl Valves {
    pub fn new(clock: Clock, settings: config::Valves) -> Self {
        let places = Arc::new(Semaphore::new(settings.in_flight));
        Self {
            settings,
            clock,
            calls: Minute::default(),
            user_calls: Minute::default(),
            tokens: Minute::default(),
            large: Mutex::default(),
            places,
        }
    }

    /// Passes one attempt of at most so many tokens, or says which bound it meets.
    pub fn pass(&self, account: &Account, tier: Tier, tokens: i64) -> Result<(), Shut> {
        let now = self.clock.now().timestamp();
        let retry_s = u64::try_from(60 - now.rem_euclid(60)).unwrap_or(60);
        let minute = now.div_euclid(60);
        let limits = &self.settings;
        // The narrowest first: what one person is refused is not counted for everybody.
        if let Some(user) = account.user
            && !self.user_calls.add(user, minute, 1, limits.calls_per_minute_per_user)
        {
            return Err(Shut::PerMinuteAndUser { limit: limits.calls_per_minute_per_user, retry_s });
        }
        if tier == Tier::Large
            && let Some(turn) = account.turn
            && !self.large_call(turn)
        {
            return Err(Shut::LargePerTurn(limits.large_calls_per_turn));
        }
        if !self.tokens.add((), minute, u64::try_from(tokens).unwrap_or(0), limits.tokens_per_minute) {
            return Err(Shut::TokensPerMinute { limit: limits.tokens_per_minute, retry_s });
        }
        if !self.calls.add((), minute, 1, limits.calls_per_minute) {
            return Err(Shut::PerMinute { limit: limits.calls_per_minute, retry_s });
        }
        Ok(())
    }

    /// Waits for a place among the calls under way.
    pub async fn place(&self) -> Result<Place, Shut> {
        let place = tokio::time::timeout(WAIT, self.places.clone().acquire_owned()).await;
        place.ok().and_then(Result::ok).ok_or(Shut::InFlight(self.settings.in_flight))
    }

    fn large_call(&self, turn: TurnId) -> bool {
        let mut turns = self.large.lock().unwrap_or_else(PoisonError::into_inner);
        if turns.len() >= MAX_SUBJECTS {
            // Ids of turns sort by time: the older half is over.
            let mut ids: Vec<TurnId> = turns.keys().copied().collect();
            ids.sort_unstable();
            for old in &ids[..MAX_SUBJECTS / 2] {
                turns.remove(old);
            }
        }
        let calls = turns.entry(turn).or_default();
        if *calls >= self.settings.large_calls_per_turn {
            return false;
        }
        *calls += 1;
        true
    }
}

/// Counts within a calendar minute.
struct Minute<K>(Mutex<HashMap<K, (i64, u64)>>);

impl<K> Default for Minute<K> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<K: Hash + Eq> Minute<K> {
    /// Adds, unless that would exceed the limit.
    fn add(&self, key: K, minute: i64, amount: u64, limit: u32) -> bool {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if counts.len() >= MAX_SUBJECTS {
            counts.retain(|_, (of, _)| *of == minute);
        }
        let (of, count) = counts.entry(key).or_insert((minute, 0));
        if *of != minute {
            (*of, *count) = (minute, 0);
        }
        if *count + amount > u64::from(limit) {
            return false;
        }
        *count += amount;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::{DateTime, Duration};

    fn valves(clock: &Clock) -> Valves {
        let settings = config::Valves {
            large_calls_per_turn: 2,
            calls_per_minute: 5,
            calls_per_minute_per_user: 3,
            tokens_per_minute: 1_000,
            in_flight: 1,
        };
        Valves::new(clock.clone(), settings)
    }

    #[test]
    fn each_bound_bites_and_a_new_minute_opens_it() {
        let clock = Clock::manual(DateTime::UNIX_EPOCH + Duration::seconds(50));
        let valves = valves(&clock);
        let of = |user: UserId| Account { user: Some(user), ..Account::default() };
        let (ann, bob) = (UserId::new(&clock), UserId::new(&clock));
        for _ in 0..3 {
            valves.pass(&of(ann), Tier::Small, 10).unwrap();
        }
        let shut = valves.pass(&of(ann), Tier::Small, 10).unwrap_err();
        assert_eq!(shut, Shut::PerMinuteAndUser { limit: 3, retry_s: 10 });
        for _ in 0..2 {
            valves.pass(&of(bob), Tier::Small, 10).unwrap();
        }
        // What one was refused is not counted for all.
        assert!(matches!(valves.pass(&of(bob), Tier::Small, 10), Err(Shut::PerMinute { .. })));
        clock.advance(Duration::seconds(10));
        valves.pass(&of(ann), Tier::Small, 999).unwrap();
        assert!(matches!(valves.pass(&of(bob), Tier::Small, 10), Err(Shut::TokensPerMinute { retry_s: 60, .. })));
    }

    #[test]
    fn a_turn_asks_the_large_model_so_often() {
        let clock = Clock::manual(DateTime::UNIX_EPOCH);
        let valves = valves(&clock);
        let account = Account { turn: Some(TurnId::new(&clock)), ..Account::default() };
        for _ in 0..2 {
            valves.pass(&account, Tier::Large, 1).unwrap();
        }
        assert_eq!(valves.pass(&account, Tier::Large, 1), Err(Shut::LargePerTurn(2)));
        valves.pass(&account, Tier::Small, 1).unwrap();
    }
}
