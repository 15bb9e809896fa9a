use super::CallState;
use crate::{
    memory::MemoryError,
    skills::linker::memory::{Error, Fact, Host},
};

/// Facts returned by one search.
const MAX_FACTS: u32 = 50;

impl Host for CallState {
    async fn search(&mut self, query: String, limit: u32) -> wasmtime::Result<Result<Vec<Fact>, Error>> {
        self.count()?;
        if let Err(refusal) = self.grants.check_scope("memory", "read") {
            return Ok(Err(Error::Denied(refusal)));
        }
        let limit = limit.min(MAX_FACTS) as usize;
        let found = match self.services.memory.recall(self.user, &query, limit).await {
            Ok(found) => found,
            Err(error) => return Ok(Err(away(&error))),
        };
        #[expect(clippy::cast_possible_truncation, reason = "a score is a small number")]
        let facts = found
            .into_iter()
            .map(|one| Fact {
                key: one.key,
                text: one.text,
                score: one.score as f32,
                recorded_at_ms: u64::try_from(one.recorded_at.timestamp_millis()).unwrap_or(0),
            })
            .collect();
        Ok(Ok(facts))
    }

    async fn remember(&mut self, key: String, text: String) -> wasmtime::Result<Result<(), Error>> {
        self.count()?;
        if let Err(refusal) = self.grants.check_scope("memory", "write") {
            return Ok(Err(Error::Denied(refusal)));
        }
        Ok(match self.services.memory.remember(self.user, &key, &text, self.turn).await {
            Ok(_) => Ok(()),
            Err(MemoryError::Store(error)) => Err(away(&error)),
            Err(refusal) => Err(Error::Denied(refusal.to_string())),
        })
    }
}

/// A guest learns that memory is away, not why.
fn away(error: &crate::store::StoreError) -> Error {
    tracing::error!(error = error as &dyn std::error::Error, "a skill's memory call failed");
    Error::Unavailable("memory cannot be reached".to_owned())
}
