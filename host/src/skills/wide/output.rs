//! What a component writes to its standard output and error: so much is kept, the rest is counted,
//! and the answer is always yes. A stream that closes when it is full leaves honest guests spinning.

use bytes::Bytes;
use std::{
    io,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll},
};
use tokio::io::AsyncWrite;
use wasmtime_wasi::{
    cli::{IsTerminal, StdoutStream},
    p2::{OutputStream, Pollable, StreamResult},
};

/// Bytes that one write may bring: the guest says how many.
const MAX_WRITE_BYTES: usize = 64 << 10;

/// Bytes of the last words of a component that crashed.
const LAST_WORDS_BYTES: usize = 1_000;

/// One of the two streams.
#[derive(Clone)]
pub struct Captured {
    kept: Arc<Mutex<Kept>>,
    stream: Stream,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Stream {
    Output,
    Error,
}

struct Kept {
    /// What was written to one stream until something was to the other.
    runs: Vec<(Stream, Vec<u8>)>,
    room: usize,
    dropped: u64,
}

impl Captured {
    /// Standard output, which has so many bytes of room together with [`Self::errors`].
    pub fn new(room: usize) -> Self {
        let kept = Kept { runs: Vec::new(), room, dropped: 0 };
        Self { kept: Arc::new(Mutex::new(kept)), stream: Stream::Output }
    }

    /// The standard error beside it.
    pub fn errors(&self) -> Self {
        Self { stream: Stream::Error, ..self.clone() }
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn keep(&self, bytes: &[u8]) {
        let kept = &mut *self.kept();
        let taken = bytes.len().min(kept.room);
        kept.room -= taken;
        kept.dropped += (bytes.len() - taken) as u64;
        match kept.runs.last_mut() {
            Some((stream, run)) if *stream == self.stream => run.extend_from_slice(&bytes[..taken]),
            _ if taken == 0 => {}
            _ => kept.runs.push((self.stream, bytes[..taken].to_vec())),
        }
    }

    /// What was kept, line by line with its level, and how much was not.
    pub fn lines(&self) -> Vec<(&'static str, String)> {
        let kept = self.kept();
        let mut lines = Vec::new();
        for (stream, run) in &kept.runs {
            let level = if *stream == Stream::Error { "warn" } else { "info" };
            let text = String::from_utf8_lossy(run);
            let said = text.lines().filter(|line| !line.trim().is_empty());
            lines.extend(said.map(|line| (level, line.to_owned())));
        }
        if kept.dropped > 0 {
            lines.push(("info", format!("{} more bytes of output were dropped", kept.dropped)));
        }
        lines
    }

    /// The end of what was written to standard error: where a language cannot take a crash back, it says why there.
    pub fn last_words(&self) -> Option<String> {
        let kept = self.kept();
        let (_, run) = kept.runs.iter().rev().find(|(stream, _)| *stream == Stream::Error)?;
        let text = String::from_utf8_lossy(run);
        let text = text.trim();
        let start = text.ceil_char_boundary(text.len().saturating_sub(LAST_WORDS_BYTES));
        (!text.is_empty()).then(|| text[start..].to_owned())
    }
}

impl IsTerminal for Captured {
    fn is_terminal(&self) -> bool {
        false
    }
}

impl StdoutStream for Captured {
    fn async_stream(&self) -> Box<dyn AsyncWrite + Send + Sync> {
        Box::new(self.clone())
    }

    fn p2_stream(&self) -> Box<dyn OutputStream> {
        Box::new(self.clone())
    }
}

#[wasmtime_wasi::async_trait]
impl Pollable for Captured {
    async fn ready(&mut self) {}
}

impl OutputStream for Captured {
    fn write(&mut self, bytes: Bytes) -> StreamResult<()> {
        self.keep(&bytes);
        Ok(())
    }

    fn flush(&mut self) -> StreamResult<()> {
        Ok(())
    }

    fn check_write(&mut self) -> StreamResult<usize> {
        Ok(MAX_WRITE_BYTES)
    }
}

impl AsyncWrite for Captured {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.keep(bytes);
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}
