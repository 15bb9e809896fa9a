use super::{CallState, LogLine};
use crate::skills::{
    limits::{MAX_LOG_LINE_BYTES, MAX_LOG_LINES},
    linker::log::{Host, Level},
};

impl Host for CallState {
    async fn write(&mut self, level: Level, message: String) -> wasmtime::Result<()> {
        if self.log.len() == MAX_LOG_LINES {
            self.log_dropped += 1;
            return Ok(());
        }
        let level = match level {
            Level::Debug => "debug",
            Level::Info => "info",
            Level::Warn => "warn",
            Level::Error => "error",
        };
        let end = message.floor_char_boundary(MAX_LOG_LINE_BYTES);
        // Control characters could write over other lines where the log is read in a terminal.
        let message = message[..end].chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        self.log.push(LogLine { level, message });
        Ok(())
    }
}
