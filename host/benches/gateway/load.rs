//! Who asks: so many connections that are kept, each with one call at a time. Every answer is checked.

use anyhow::{Context, Result, ensure};
use futures_util::future::try_join_all;
use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::{
    cells::Cell,
    upstream::{WORD, contains},
};

/// Longest wait for one answer.
const PATIENCE: Duration = Duration::from_secs(30);

/// Numbers that make each question another one, so that no cache answers it.
static NEXT: AtomicU64 = AtomicU64::new(1);

/// Where calls go.
#[derive(Clone, Debug)]
pub struct Target {
    pub name: &'static str,
    pub address: SocketAddr,
    /// Lines of the head besides those that every call has.
    pub headers: String,
    pub model: &'static str,
    /// Calls that were answered.
    pub answered: Arc<AtomicU64>,
}

/// How long one call took, to the first word and to the end.
#[derive(Clone, Copy, Debug)]
pub struct Took {
    pub first: Duration,
    pub whole: Duration,
}

pub struct Connection<'a> {
    target: &'a Target,
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl<'a> Connection<'a> {
    pub async fn open(target: &'a Target) -> Result<Self> {
        let stream = TcpStream::connect(target.address).await?;
        stream.set_nodelay(true)?;
        Ok(Self { target, stream, buffer: Vec::with_capacity(8_192) })
    }

    pub async fn call(&mut self, streamed: bool) -> Result<Took> {
        let name = self.target.name;
        tokio::time::timeout(PATIENCE, self.exchange(streamed))
            .await
            .with_context(|| format!("{name} does not answer"))?
    }

    async fn exchange(&mut self, streamed: bool) -> Result<Took> {
        let request = self.target.request(streamed);
        self.buffer.clear();
        let began = Instant::now();
        self.stream.write_all(&request).await?;
        let mut first = None;
        loop {
            let read = self.stream.read_buf(&mut self.buffer).await?;
            ensure!(read > 0, "{} closed a connection: {}", self.target.name, self.text());
            if first.is_none() && contains(&self.buffer, WORD.as_bytes()) {
                first = Some(began.elapsed());
            }
            if is_whole(&self.buffer) {
                break;
            }
        }
        let whole = began.elapsed();
        ensure!(self.buffer.starts_with(b"HTTP/1.1 200"), "{} answered: {}", self.target.name, self.text());
        ensure!(!streamed || contains(&self.buffer, b"[DONE]"), "{} cut a stream: {}", self.target.name, self.text());
        let first = first.with_context(|| format!("{} answered without words: {}", self.target.name, self.text()))?;
        self.target.answered.fetch_add(1, Relaxed);
        Ok(Took { first, whole })
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.buffer).chars().take(600).collect()
    }
}

impl Target {
    pub fn new(name: &'static str, address: SocketAddr, headers: String, model: &'static str) -> Self {
        Self { name, address, headers, model, answered: Arc::default() }
    }

    /// A question of about 340 bytes that nobody has asked before.
    fn request(&self, streamed: bool) -> Vec<u8> {
        let Self { address, headers, model, .. } = self;
        let stream = if streamed { ",\"stream\":true,\"stream_options\":{\"include_usage\":true}" } else { "" };
        let number = NEXT.fetch_add(1, Relaxed);
        let body = format!(
            "{{\"model\":\"{model}\",\"messages\":[{{\"role\":\"system\",\"content\":\"You answer in one sentence, in the \
             language of the question, and say so when you do not know.\"}},{{\"role\":\"user\",\"content\":\"Question \
             {number:012}: what do the birds do over the old pier when the evening comes?\"}}],\"temperature\":0,\
             \"max_tokens\":64{stream}}}"
        );
        let length = body.len();
        format!(
            "POST /v1/chat/completions HTTP/1.1\r\nhost: {address}\r\ncontent-type: application/json\r\n{headers}\
             content-length: {length}\r\n\r\n{body}"
        )
        .into_bytes()
    }
}

/// Whether all of an answer is here.
fn is_whole(buffer: &[u8]) -> bool {
    let Some(head) = buffer.windows(4).position(|window| window == b"\r\n\r\n") else { return false };
    let (head, body) = buffer.split_at(head + 4);
    let length = head.split(|byte| *byte == b'\n').find_map(|line| {
        let (name, value) = line.split_at_checked("content-length:".len())?;
        let value = name.eq_ignore_ascii_case(b"content-length:").then(|| std::str::from_utf8(value).ok())??;
        value.trim().parse::<usize>().ok()
    });
    match length {
        Some(length) => body.len() >= length,
        None => body.ends_with(b"0\r\n\r\n"),
    }
}

/// Calls of a cell's connections, each beginning a call until the time is over; and how long it was until the last had
/// its answer. One call for each warms up and is not counted.
pub async fn run(target: &Target, cell: &Cell, time: Duration) -> Result<(Vec<Took>, Duration)> {
    let mut open = Vec::with_capacity(cell.connections);
    for _ in 0..cell.connections {
        open.push(Connection::open(target).await?);
    }
    try_join_all(open.iter_mut().map(|connection| connection.call(cell.streamed))).await?;
    let began = Instant::now();
    let calls = (0..).zip(&mut open).map(async |(nth, connection)| -> Result<Vec<Took>> {
        let after = Duration::from_millis(cell.spread_ms) * nth / u32::try_from(cell.connections)?;
        tokio::time::sleep_until((began + after).into()).await;
        let mut calls = Vec::new();
        while began.elapsed() < time {
            calls.push(connection.call(cell.streamed).await?);
        }
        Ok(calls)
    });
    let calls = try_join_all(calls).await?;
    Ok((calls.into_iter().flatten().collect(), began.elapsed()))
}
