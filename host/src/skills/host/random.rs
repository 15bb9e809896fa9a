use rand::RngCore;

use super::CallState;
use crate::skills::{limits::MAX_RANDOM_BYTES, linker::random::Host};

impl Host for CallState {
    async fn bytes(&mut self, length: u32) -> wasmtime::Result<Vec<u8>> {
        self.count()?;
        let mut bytes = vec![0; length.min(MAX_RANDOM_BYTES) as usize];
        rand::rng().fill_bytes(&mut bytes);
        Ok(bytes)
    }
}
