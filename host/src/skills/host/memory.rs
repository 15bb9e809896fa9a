use super::{CallState, lend};
use crate::{
    memory::MemoryError,
    skills::linker::memory::{Error, Fact, Host},
};

/// Facts returned by one search.
const MAX_FACTS: u32 = 50;

/// Bytes of a question that are looked at: analysing them is work that no fuel pays.
const MAX_QUERY_BYTES: usize = 2_000;

impl CallState {
    async fn recall(&mut self, query: String, limit: u32) -> Result<Vec<Fact>, Error> {
        self.granted_word("memory", "read").map_err(Error::Denied)?;
        let limit = limit.min(MAX_FACTS) as usize;
        let user = self.user;
        let mut query = query;
        query.truncate(query.floor_char_boundary(MAX_QUERY_BYTES));
        let found = self.at_host(|host| async move { host.memory.recall(user, &query, limit).await });
        let found = found.await.map_err(|error| away(&error))?;
        #[expect(clippy::cast_possible_truncation, reason = "a score is a small number")]
        let facts = found.into_iter().map(|one| Fact {
            key: one.key,
            text: one.text,
            score: one.score as f32,
            recorded_at_ms: u64::try_from(one.recorded_at.timestamp_millis()).unwrap_or(0),
        });
        Ok(facts.collect())
    }

    async fn keep_fact(&mut self, key: String, text: String) -> Result<(), Error> {
        self.granted_word("memory", "write").map_err(Error::Denied)?;
        self.sent = true;
        let (user, turn) = (self.user, self.turn);
        let kept = self.at_host(|host| async move { host.memory.remember_for_skill(user, &key, &text, turn).await });
        match kept.await {
            Ok(_) => Ok(()),
            Err(MemoryError::Store(error)) => Err(away(&error)),
            Err(refusal) => Err(Error::Denied(refusal.to_string())),
        }
    }
}

impl Host for CallState {
    async fn search(&mut self, query: String, limit: u32) -> wasmtime::Result<Result<Vec<Fact>, Error>> {
        lend!(self, "memory.search", query.len(), self.recall(query, limit).await)
    }

    async fn remember(&mut self, key: String, text: String) -> wasmtime::Result<Result<(), Error>> {
        lend!(self, "memory.remember", key.len() + text.len(), self.keep_fact(key, text).await)
    }
}

/// A guest learns that memory is away, not why.
fn away(error: &crate::store::StoreError) -> Error {
    tracing::error!(error = error as &dyn std::error::Error, "a skill's memory call failed");
    Error::Unavailable("memory cannot be reached".to_owned())
}
