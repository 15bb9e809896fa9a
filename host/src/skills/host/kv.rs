use super::{CallState, Services, lend};
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
    fn kv_allowed(&mut self, key: &str) -> Result<(), Error> {
        self.granted("kv").map_err(Error::Unavailable)?;
        if key.len() > MAX_KV_KEY_BYTES {
            return Err(Error::TooLarge);
        }
        // Postgres has no NUL in texts.
        if key.contains('\0') {
            return Err(Error::Unavailable("a key holds no NUL".to_owned()));
        }
        Ok(())
    }

    async fn kv_get(&mut self, key: String) -> Result<Option<Vec<u8>>, Error> {
        self.kv_allowed(&key)?;
        let (skill, user) = (self.skill.clone(), self.user);
        let found = self.at_host(|host| async move { host.db.kv(&skill, user, &key).await });
        found.await.map_err(|error| away(&error))
    }

    async fn kv_set(&mut self, key: String, value: Vec<u8>) -> Result<(), Error> {
        self.kv_allowed(&key)?;
        if value.len() > MAX_KV_VALUE_BYTES {
            return Err(Error::TooLarge);
        }
        self.sent = true;
        let (skill, user) = (self.skill.clone(), self.user);
        let set = async move |host: Services| host.db.set_kv(&host.clock, (&skill, user), &key, &value).await;
        match self.at_host(set).await {
            Ok(true) => Ok(()),
            Ok(false) => Err(Error::QuotaExceeded),
            Err(error) => Err(away(&error)),
        }
    }

    async fn kv_swap(&mut self, key: String, expected: Option<Vec<u8>>, value: Vec<u8>) -> Result<bool, Error> {
        self.kv_allowed(&key)?;
        if value.len() > MAX_KV_VALUE_BYTES {
            return Err(Error::TooLarge);
        }
        self.sent = true;
        let (skill, user) = (self.skill.clone(), self.user);
        let swap = async move |host: Services| {
            host.db.swap_kv(&host.clock, (&skill, user), &key, (expected.as_deref(), &value)).await
        };
        match self.at_host(swap).await {
            Ok(Some(swapped)) => Ok(swapped),
            Ok(None) => Err(Error::QuotaExceeded),
            Err(error) => Err(away(&error)),
        }
    }

    async fn kv_delete(&mut self, key: String) -> Result<(), Error> {
        self.kv_allowed(&key)?;
        self.sent = true;
        let (skill, user) = (self.skill.clone(), self.user);
        let deleted = self.at_host(|host| async move { host.db.delete_kv(&skill, user, &key).await });
        deleted.await.map_err(|error| away(&error))
    }

    async fn kv_keys(&mut self, prefix: String, limit: u32) -> Result<Vec<String>, Error> {
        self.kv_allowed(&prefix)?;
        let limit = i64::from(limit.min(MAX_KEYS));
        let (skill, user) = (self.skill.clone(), self.user);
        let keys = self.at_host(|host| async move { host.db.kv_keys(&skill, user, &prefix, limit).await });
        keys.await.map_err(|error| away(&error))
    }
}

impl Host for CallState {
    async fn get(&mut self, key: String) -> wasmtime::Result<Result<Option<Vec<u8>>, Error>> {
        lend!(self, "kv.get", key.len(), self.kv_get(key).await)
    }

    async fn set(&mut self, key: String, value: Vec<u8>) -> wasmtime::Result<Result<(), Error>> {
        lend!(self, "kv.set", key.len() + value.len(), self.kv_set(key, value).await)
    }

    async fn compare_and_set(
        &mut self,
        key: String,
        expected: Option<Vec<u8>>,
        value: Vec<u8>,
    ) -> wasmtime::Result<Result<bool, Error>> {
        let bytes = key.len() + expected.as_ref().map_or(0, Vec::len) + value.len();
        lend!(self, "kv.compare-and-set", bytes, self.kv_swap(key, expected, value).await)
    }

    async fn delete(&mut self, key: String) -> wasmtime::Result<Result<(), Error>> {
        lend!(self, "kv.delete", key.len(), self.kv_delete(key).await)
    }

    async fn list_keys(&mut self, prefix: String, limit: u32) -> wasmtime::Result<Result<Vec<String>, Error>> {
        lend!(self, "kv.list-keys", prefix.len(), self.kv_keys(prefix, limit).await)
    }
}

/// A guest learns that the store is away, not why.
fn away(error: &StoreError) -> Error {
    tracing::error!(error = error as &dyn std::error::Error, "a skill's kv failed");
    Error::Unavailable("the store cannot be reached".to_owned())
}
