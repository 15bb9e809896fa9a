use super::CallState;
use crate::skills::linker::settings::Host;

impl Host for CallState {
    async fn get(&mut self, key: String) -> wasmtime::Result<Option<String>> {
        self.count()?;
        if self.grants.check("settings").is_err() {
            return Ok(None);
        }
        Ok(self.settings.get(&key).and_then(|value| value.as_str()).map(str::to_owned))
    }
}
