use super::{CallState, lend};
use crate::skills::linker::settings::Host;

impl Host for CallState {
    async fn get(&mut self, key: String) -> wasmtime::Result<Option<String>> {
        lend!(self, "settings.get", key.len(), {
            let granted = self.granted("settings").is_ok();
            let value = self.settings.get(&key).filter(|_| granted);
            value.and_then(|value| value.as_str()).map(str::to_owned)
        })
    }
}
