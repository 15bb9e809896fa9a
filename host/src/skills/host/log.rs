use super::{CallState, LogLine};
use crate::skills::{
    limits::MAX_LOG_LINE_BYTES,
    linker::log::{Host, Level},
};

impl Host for CallState {
    async fn write(&mut self, level: Level, message: String) -> wasmtime::Result<()> {
        let level = match level {
            Level::Debug => "debug",
            Level::Info => "info",
            Level::Warn => "warn",
            Level::Error => "error",
        };
        self.keep_line(level, &message);
        if self.log_dropped > 0 {
            // Taking a line over costs the host time that no fuel pays: others come first.
            tokio::task::yield_now().await;
        }
        Ok(())
    }
}

impl CallState {
    /// Keeps a line of log as far as there is room.
    pub fn keep_line(&mut self, level: &'static str, message: &str) {
        if self.log.len() as u64 >= self.limits.log_lines || self.log_bytes >= self.limits.log_bytes {
            self.log_dropped += 1;
            return;
        }
        let room = usize::try_from(self.limits.log_bytes - self.log_bytes).unwrap_or(usize::MAX);
        let end = message.floor_char_boundary(MAX_LOG_LINE_BYTES.min(room));
        // Control characters could write over other lines where the log is read in a terminal.
        let message: String = message[..end].chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        self.log_bytes += message.len() as u64;
        self.log.push(LogLine { level, message });
    }
}
