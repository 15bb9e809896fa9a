//! Answers that were given before. The key is a fingerprint of everything that shapes an answer, the
//! person included, so that nobody is ever given an answer to another question, or another's.

use moka::sync::Cache;
use std::time::Duration;

use super::{Answer, Finish, Request, provider::Ask};
use crate::{
    config,
    kept::{Kept, Looking},
};

/// Bytes of all answers that are kept.
const MAX_BYTES: u64 = 8 << 20;

pub struct Answers {
    kept: Option<Kept<[u8; 32], Answer>>,
}

/// What an answer is kept under.
#[derive(Clone, Copy)]
pub struct Key {
    fingerprint: [u8; 32],
    looking: Looking,
}

impl Answers {
    pub fn new(settings: &config::Cache) -> Self {
        let kept = (settings.answers_s > 0).then(|| {
            let answers = Cache::builder()
                .max_capacity(MAX_BYTES)
                .weigher(|_, answer: &Answer| u32::try_from(answer.text.len() + 256).unwrap_or(u32::MAX))
                .time_to_live(Duration::from_secs(settings.answers_s));
            Kept::new(answers.build())
        });
        Self { kept }
    }

    /// The fingerprint of a question to a model, or `None` where a second answer may well be another: chance
    /// is part of what was asked for.
    pub fn key(&self, request: &Request, ask: &Ask<'_>, model: &str) -> Option<Key> {
        let looking = self.kept.as_ref()?.begin();
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
        Some(Key { fingerprint: *hasher.finalize().as_bytes(), looking })
    }

    pub fn get(&self, key: Option<Key>) -> Option<Answer> {
        self.kept.as_ref()?.get(&key?.fingerprint)
    }

    /// Drops every answer, also those to questions under way: somebody wants forgotten what one of them may hold.
    pub fn clear(&self) {
        if let Some(kept) = &self.kept {
            kept.drop_all();
        }
    }

    /// Keeps an answer that is whole; one that asks for skills is only a part of one.
    pub fn put(&self, key: Option<Key>, answer: &Answer) {
        if let (Some(kept), Some(key)) = (&self.kept, key)
            && answer.finish == Finish::Stop
            && answer.tool_calls.is_empty()
        {
            kept.keep(key.looking, &key.fingerprint, answer.clone());
        }
    }
}
