//! Tokens that were looked up a moment ago, so that a program that calls many times a second does not ask the
//! database each time. One that is revoked here is forgotten at once, one that is revoked by another process
//! within a second.

use moka::sync::Cache;
use std::{
    sync::atomic::{AtomicU64, Ordering::SeqCst},
    time::Duration,
};

use super::Actor;

const KEPT: Duration = Duration::from_secs(1);

/// Tokens that are kept in mind at most.
const MAX_TOKENS: u64 = 1_024;

pub struct KnownTokens {
    by_hash: Cache<String, Actor>,
    /// How often tokens were revoked.
    revoked: AtomicU64,
}

/// A look into the database that has begun.
#[derive(Clone, Copy, Debug)]
pub struct Looking(u64);

impl Default for KnownTokens {
    fn default() -> Self {
        Self {
            by_hash: Cache::builder().max_capacity(MAX_TOKENS).time_to_live(KEPT).build(),
            revoked: AtomicU64::new(0),
        }
    }
}

impl KnownTokens {
    pub fn get(&self, hash: &str) -> Option<Actor> {
        self.by_hash.get(hash)
    }

    /// To be called before the database is asked.
    pub fn begin(&self) -> Looking {
        Looking(self.revoked.load(SeqCst))
    }

    /// Keeps what the database said, unless a token was revoked since: it may have been this one.
    pub fn keep(&self, looking: Looking, hash: &str, actor: Actor) {
        self.by_hash.insert(hash.to_owned(), actor);
        if self.revoked.load(SeqCst) != looking.0 {
            self.by_hash.invalidate(hash);
        }
    }

    /// To be called when a token was revoked.
    pub fn forget(&self) {
        self.revoked.fetch_add(1, SeqCst);
        self.by_hash.invalidate_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{clock::Clock, ids::TokenId};

    #[test]
    fn what_is_revoked_is_not_known_even_when_it_was_being_looked_up() {
        let known = KnownTokens::default();
        let actor = Actor::Token { id: TokenId::new(&Clock::System), name: "a".into(), scopes: Vec::new() };
        known.keep(known.begin(), "one", actor.clone());
        assert!(known.get("one").is_some());
        let looking = known.begin();
        known.forget();
        known.keep(looking, "two", actor);
        assert!(known.get("one").is_none() && known.get("two").is_none());
    }
}
