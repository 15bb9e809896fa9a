//! Answers that were given before. The key is a fingerprint of everything that shapes an answer, the
//! person included, so that nobody is ever given an answer to another question, or another's.

use moka::sync::Cache;
use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use super::{Answer, Finish, Request, provider::Ask};
use crate::config;

/// Bytes of all answers that are kept.
const MAX_BYTES: u64 = 8 << 20;

pub struct Answers {
    kept: Option<Cache<[u8; 32], Answer>>,
    /// How often all were dropped.
    cleared: AtomicU64,
}

/// What an answer is kept under.
#[derive(Clone, Copy)]
pub struct Key {
    fingerprint: [u8; 32],
    /// As it was when the question was asked.
    cleared: u64,
}

impl Answers {
    pub fn new(settings: &config::Cache) -> Self {
        let kept = (settings.answers_s > 0).then(|| {
            Cache::builder()
                .max_capacity(MAX_BYTES)
                .weigher(|_, answer: &Answer| u32::try_from(answer.text.len() + 256).unwrap_or(u32::MAX))
                .time_to_live(Duration::from_secs(settings.answers_s))
                .build()
        });
        Self { kept, cleared: AtomicU64::default() }
    }

    /// The fingerprint of a question to a model, or `None` where a second answer may well be another: chance
    /// is part of what was asked for.
    pub fn key(&self, request: &Request, ask: &Ask<'_>, model: &str) -> Option<Key> {
        self.kept.as_ref()?;
        let by_chance = request.options.temperature.is_none_or(|temperature| temperature > 0.0);
        if by_chance && request.options.seed.is_none() {
            return None;
        }
        let mut hasher = blake3::Hasher::new();
        let account = &request.account;
        let shapes = serde_json::json!({
            "user": account.user, "token": account.token, "skill": account.skill, "tier": request.tier.word(),
            "purpose": request.purpose.word(), "model": model, "messages": ask.prompt.messages,
            "tools": ask.prompt.tools, "may_call": ask.prompt.may_call, "options": ask.options,
            "max_tokens": ask.max_tokens,
        });
        hasher.update(shapes.to_string().as_bytes());
        let fingerprint = *hasher.finalize().as_bytes();
        Some(Key { fingerprint, cleared: self.cleared.load(Ordering::SeqCst) })
    }

    pub fn get(&self, key: Option<Key>) -> Option<Answer> {
        self.kept.as_ref()?.get(&key?.fingerprint)
    }

    /// Drops every answer, also those to questions under way: somebody wants forgotten what one of them may hold.
    pub fn clear(&self) {
        self.cleared.fetch_add(1, Ordering::SeqCst);
        if let Some(kept) = &self.kept {
            kept.invalidate_all();
        }
    }

    /// Keeps an answer that is whole; one that asks for skills is only a part of one.
    pub fn put(&self, key: Option<Key>, answer: &Answer) {
        if let (Some(kept), Some(key)) = (&self.kept, key)
            && answer.finish == Finish::Stop
            && answer.tool_calls.is_empty()
        {
            kept.insert(key.fingerprint, answer.clone());
            // Looked at after: whoever clears does so before this, and is seen, or after, and drops it.
            if self.cleared.load(Ordering::SeqCst) != key.cleared {
                kept.invalidate(&key.fingerprint);
            }
        }
    }
}
