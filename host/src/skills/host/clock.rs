use super::{CallState, lend};
use crate::skills::linker::clock::Host;

impl Host for CallState {
    async fn now_ms(&mut self) -> wasmtime::Result<u64> {
        lend!(self, "clock.now-ms", 0, u64::try_from(self.services.clock.now().timestamp_millis()).unwrap_or(0))
    }
}
