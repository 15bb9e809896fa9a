use super::{CallState, Progress, lend};
use crate::skills::linker::progress::Host;

/// Characters shown of one note.
const MAX_NOTE_CHARS: usize = 200;

impl Host for CallState {
    async fn report(&mut self, done: u32, total: u32, note: String) -> wasmtime::Result<()> {
        lend!(self, "progress.report", note.len(), {
            if let Some(sink) = &self.progress {
                let note = note.chars().filter(|c| !c.is_control()).take(MAX_NOTE_CHARS).collect();
                sink(Progress { skill: self.skill.to_string(), done, total, note });
            }
        })
    }
}
