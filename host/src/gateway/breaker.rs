//! A circuit breaker per provider: one that fails again and again is left alone for a while.

use chrono::{DateTime, Duration, Utc};
use std::sync::{Mutex, PoisonError};

use crate::clock::Clock;

/// Failures in a row that open it.
const FAILURES: u32 = 5;

/// How long a provider is left alone.
const REST: Duration = Duration::seconds(30);

#[derive(Debug, Default)]
struct State {
    failures: u32,
    /// Until when nobody is let through.
    open_until: Option<DateTime<Utc>>,
}

/// Held only to look and to count.
#[derive(Debug, Default)]
pub struct Breaker(Mutex<State>);

impl Breaker {
    /// Whether the provider may be asked. After its rest one call is let through to try it; the others wait
    /// for what comes of that.
    pub fn lets_through(&self, clock: &Clock) -> bool {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(until) = state.open_until else { return true };
        let now = clock.now();
        if now < until {
            return false;
        }
        state.open_until = Some(now + REST);
        true
    }

    pub fn succeeded(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = State::default();
    }

    pub fn failed(&self, clock: &Clock) {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        state.failures += 1;
        if state.failures >= FAILURES {
            state.open_until = Some(clock.now() + REST);
        }
    }

    /// When it lets somebody through again, while it is open.
    pub fn opens_at(&self) -> Option<DateTime<Utc>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).open_until
    }

    /// Whether it rests at this moment.
    pub fn is_open(&self, clock: &Clock) -> bool {
        let state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        state.open_until.is_some_and(|until| clock.now() < until)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_opens_after_failures_in_a_row_and_tries_one_call_after_its_rest() {
        let clock = Clock::manual(DateTime::UNIX_EPOCH);
        let breaker = Breaker::default();
        for _ in 0..FAILURES - 1 {
            breaker.failed(&clock);
        }
        breaker.succeeded();
        breaker.failed(&clock);
        assert!(breaker.lets_through(&clock), "a success in between starts the count anew");
        for _ in 1..FAILURES {
            breaker.failed(&clock);
        }
        assert!(!breaker.lets_through(&clock) && breaker.is_open(&clock));
        clock.advance(REST);
        assert!(breaker.lets_through(&clock), "one is let through");
        assert!(!breaker.lets_through(&clock), "the second waits for the first");
        breaker.succeeded();
        assert!(breaker.lets_through(&clock) && !breaker.is_open(&clock));
    }
}
