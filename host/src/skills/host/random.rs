use rand::Rng;

use super::{CallState, lend};
use crate::skills::{limits::MAX_RANDOM_BYTES, linker::random::Host};

impl Host for CallState {
    async fn bytes(&mut self, length: u32) -> wasmtime::Result<Vec<u8>> {
        lend!(self, "random.bytes", 0, {
            let mut bytes = vec![0; length.min(MAX_RANDOM_BYTES) as usize];
            rand::rng().fill_bytes(&mut bytes);
            bytes
        })
    }
}
