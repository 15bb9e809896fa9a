//! Tokens that were looked up a moment ago, so that a program that calls many times a second does not ask the
//! database each time. One that is revoked here is forgotten at once, one that is revoked by another process
//! within a second.

use moka::sync::Cache;
use std::time::Duration;

use super::Actor;
use crate::kept::Kept;

const KEPT: Duration = Duration::from_secs(1);

/// Tokens that are kept in mind at most.
const MAX_TOKENS: u64 = 1_024;

/// Who makes requests, by the hash of their token.
pub type KnownTokens = Kept<String, Actor>;

pub fn known_tokens() -> KnownTokens {
    Kept::new(Cache::builder().max_capacity(MAX_TOKENS).time_to_live(KEPT).build())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{clock::Clock, ids::TokenId};

    #[test]
    fn what_is_revoked_is_not_known_even_when_it_was_being_looked_up() {
        let known = known_tokens();
        let actor = Actor::Token { id: TokenId::new(&Clock::System), name: "a".into(), scopes: Vec::new() };
        known.keep(known.begin(), &"one".to_owned(), actor.clone());
        assert!(known.get("one").is_some());
        let looking = known.begin();
        known.drop_all();
        known.keep(looking, &"two".to_owned(), actor);
        assert!(known.get("one").is_none() && known.get("two").is_none());
    }
}
