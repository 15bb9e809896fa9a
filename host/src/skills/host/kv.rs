use super::CallState;
use crate::{
    skills::{
        limits::{MAX_KV_KEY_BYTES, MAX_KV_VALUE_BYTES},
        linker::kv::{Error, Host},
    },
    store::StoreError,
};

/// Keys returned by one listing.
const MAX_KEYS: u32 = 1_000;

impl CallState {
    fn kv_allowed(&mut self, key: &str) -> wasmtime::Result<Result<(), Error>> {
        self.count()?;
        Ok(match self.grants.check("kv") {
            Err(refusal) => Err(Error::Unavailable(refusal)),
            Ok(()) if key.len() > MAX_KV_KEY_BYTES => Err(Error::TooLarge),
            // Postgres has no NUL in texts.
            Ok(()) if key.contains('\0') => Err(Error::Unavailable("a key holds no NUL".to_owned())),
            Ok(()) => Ok(()),
        })
    }
}

impl Host for CallState {
    async fn get(&mut self, key: String) -> wasmtime::Result<Result<Option<Vec<u8>>, Error>> {
        if let Err(error) = self.kv_allowed(&key)? {
            return Ok(Err(error));
        }
        Ok(self.services.db.kv(&self.skill, self.user, &key).await.map_err(|error| away(&error)))
    }

    async fn set(&mut self, key: String, value: Vec<u8>) -> wasmtime::Result<Result<(), Error>> {
        if let Err(error) = self.kv_allowed(&key)? {
            return Ok(Err(error));
        }
        if value.len() > MAX_KV_VALUE_BYTES {
            return Ok(Err(Error::TooLarge));
        }
        let owner = (&*self.skill, self.user);
        Ok(match self.services.db.set_kv(&self.services.clock, owner, &key, &value).await {
            Ok(true) => Ok(()),
            Ok(false) => Err(Error::QuotaExceeded),
            Err(error) => Err(away(&error)),
        })
    }

    async fn compare_and_set(
        &mut self,
        key: String,
        expected: Option<Vec<u8>>,
        value: Vec<u8>,
    ) -> wasmtime::Result<Result<bool, Error>> {
        if let Err(error) = self.kv_allowed(&key)? {
            return Ok(Err(error));
        }
        if value.len() > MAX_KV_VALUE_BYTES {
            return Ok(Err(Error::TooLarge));
        }
        let owner = (&*self.skill, self.user);
        let change = (expected.as_deref(), &*value);
        Ok(match self.services.db.swap_kv(&self.services.clock, owner, &key, change).await {
            Ok(Some(swapped)) => Ok(swapped),
            Ok(None) => Err(Error::QuotaExceeded),
            Err(error) => Err(away(&error)),
        })
    }

    async fn delete(&mut self, key: String) -> wasmtime::Result<Result<(), Error>> {
        if let Err(error) = self.kv_allowed(&key)? {
            return Ok(Err(error));
        }
        Ok(self.services.db.delete_kv(&self.skill, self.user, &key).await.map_err(|error| away(&error)))
    }

    async fn list_keys(&mut self, prefix: String, limit: u32) -> wasmtime::Result<Result<Vec<String>, Error>> {
        if let Err(error) = self.kv_allowed(&prefix)? {
            return Ok(Err(error));
        }
        let limit = i64::from(limit.min(MAX_KEYS));
        Ok(self.services.db.kv_keys(&self.skill, self.user, &prefix, limit).await.map_err(|error| away(&error)))
    }
}

/// A guest learns that the store is away, not why.
fn away(error: &StoreError) -> Error {
    tracing::error!(error = error as &dyn std::error::Error, "a skill's kv failed");
    Error::Unavailable("the store cannot be reached".to_owned())
}
