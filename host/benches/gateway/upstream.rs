//! The model's server that everybody is measured with: one thread in a process of its own, HTTP by hand.
//! How it answers is set between two cells by `GET /manner/DELAY/CHUNKS/PAUSE`, times in milliseconds.

use anyhow::{Context, Result, ensure};
use std::{
    io::{BufRead, BufReader},
    net::SocketAddr,
    process::{Child, Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::JoinSet,
};

/// The argument by which this program becomes the server.
pub const ARGUMENT: &str = "--serve-as-upstream";

/// What each answer says that it took. At the prices of the run that is a whole number of micro-dollars.
pub const INPUT_TOKENS: i64 = 25;
pub const OUTPUT_TOKENS: i64 = 16;

/// A word that only answers have.
pub const WORD: &str = "murmuration";

/// How the server answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Manner {
    pub delay_ms: u64,
    /// Of a stream: how many chunks, and the pause between two.
    pub chunks: u64,
    pub pause_ms: u64,
}

/// The server's process; it ends with this one.
pub struct Upstream {
    pub address: SocketAddr,
    child: Child,
}

impl Upstream {
    pub fn start() -> Result<Self> {
        let mut child = Command::new(std::env::current_exe()?)
            .args(["--bench", ARGUMENT])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let mut line = String::new();
        BufReader::new(child.stdout.take().context("it has no output")?).read_line(&mut line)?;
        Ok(Self { address: line.trim().parse().context("the upstream did not start")?, child })
    }

    pub async fn set(&self, manner: Manner) -> Result<()> {
        let Manner { delay_ms, chunks, pause_ms } = manner;
        let mut stream = TcpStream::connect(self.address).await?;
        let request = format!("GET /manner/{delay_ms}/{chunks}/{pause_ms} HTTP/1.1\r\nhost: upstream\r\n\r\n");
        stream.write_all(request.as_bytes()).await?;
        let mut answer = [0; 12];
        stream.read_exact(&mut answer).await?;
        ensure!(answer.ends_with(b"200"), "the upstream cannot be set");
        Ok(())
    }
}

impl Drop for Upstream {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[derive(Default)]
struct Set {
    delay_ms: AtomicU64,
    chunks: AtomicU64,
    pause_ms: AtomicU64,
}

/// Serves until whoever started it has gone.
pub fn serve() -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        println!("{}", listener.local_addr()?);
        let (set, mut connections) = (Arc::new(Set::default()), JoinSet::new());
        let mut parent = tokio::io::stdin();
        let mut nothing = [0; 1];
        loop {
            tokio::select! {
                accepted = listener.accept() => {
                    let (stream, _) = accepted?;
                    stream.set_nodelay(true)?;
                    connections.spawn(connection(stream, set.clone()));
                }
                // A client that leaves is no fault of the server.
                Some(_) = connections.join_next() => {}
                _ = parent.read(&mut nothing) => return Ok(()),
            }
        }
    })
}

async fn connection(mut stream: TcpStream, set: Arc<Set>) -> Result<()> {
    let whole = whole();
    let mut buffer = Vec::with_capacity(4_096);
    loop {
        let end = loop {
            if let Some(end) = request_end(&buffer) {
                break end;
            }
            if stream.read_buf(&mut buffer).await? == 0 {
                return Ok(());
            }
        };
        let request: Vec<u8> = buffer.drain(..end).collect();
        if let Some(manner) = request.strip_prefix(b"GET /manner/") {
            let path = String::from_utf8_lossy(manner);
            let numbers: Vec<u64> = path.split([' ', '/']).map_while(|number| number.parse().ok()).collect();
            let [delay_ms, chunks, pause_ms] = numbers[..] else { anyhow::bail!("no manner: {path}") };
            for (place, value) in [(&set.delay_ms, delay_ms), (&set.chunks, chunks), (&set.pause_ms, pause_ms)] {
                place.store(value, Relaxed);
            }
            stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await?;
            continue;
        }
        pause(set.delay_ms.load(Relaxed)).await;
        if contains(&request, b"\"stream\":true") || contains(&request, b"\"stream\": true") {
            answer_in_chunks(&mut stream, &set).await?;
        } else {
            stream.write_all(&whole).await?;
        }
    }
}

/// Where the first request ends, once all of it is here.
fn request_end(buffer: &[u8]) -> Option<usize> {
    let head = buffer.windows(4).position(|window| window == b"\r\n\r\n")? + 4;
    let headers = String::from_utf8_lossy(&buffer[..head]).to_ascii_lowercase();
    if headers.contains("transfer-encoding: chunked") {
        return buffer[head..].ends_with(b"0\r\n\r\n").then_some(buffer.len());
    }
    let length = headers.split("content-length:").nth(1).and_then(|rest| rest.lines().next()?.trim().parse().ok());
    let end = head + length.unwrap_or(0);
    (buffer.len() >= end).then_some(end)
}

pub fn contains(text: &[u8], part: &[u8]) -> bool {
    text.windows(part.len()).any(|window| window == part)
}

async fn pause(millis: u64) {
    if millis > 0 {
        tokio::time::sleep(Duration::from_millis(millis)).await;
    }
}

fn usage() -> String {
    format!(
        "{{\"prompt_tokens\":{INPUT_TOKENS},\"completion_tokens\":{OUTPUT_TOKENS},\"total_tokens\":{}}}",
        INPUT_TOKENS + OUTPUT_TOKENS
    )
}

/// An answer of about 350 bytes, with its head.
fn whole() -> Vec<u8> {
    let body = format!(
        "{{\"id\":\"chatcmpl-1\",\"object\":\"chat.completion\",\"created\":1700000000,\"model\":\"mock-model\",\
         \"choices\":[{{\"index\":0,\"message\":{{\"role\":\"assistant\",\"content\":\"A {WORD} of starlings turns over \
         the pier at dusk, again.\"}},\"finish_reason\":\"stop\"}}],\"usage\":{}}}",
        usage()
    );
    let length = body.len();
    format!("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}").into_bytes()
}

async fn answer_in_chunks(stream: &mut TcpStream, set: &Set) -> Result<()> {
    stream
        .write_all(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n")
        .await?;
    let chunk = |choices: &str, usage: &str| {
        let data = format!(
            "data: {{\"id\":\"chatcmpl-1\",\"object\":\"chat.completion.chunk\",\"created\":1700000000,\
             \"model\":\"mock-model\",\"choices\":[{choices}]{usage}}}\n\n"
        );
        format!("{:x}\r\n{data}\r\n", data.len())
    };
    let word = chunk(
        &format!("{{\"index\":0,\"delta\":{{\"role\":\"assistant\",\"content\":\"{WORD} \"}},\"finish_reason\":null}}"),
        "",
    );
    for nth in 0..set.chunks.load(Relaxed) {
        if nth > 0 {
            pause(set.pause_ms.load(Relaxed)).await;
        }
        stream.write_all(word.as_bytes()).await?;
    }
    let end = chunk("{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}", "");
    let counted = chunk("", &format!(",\"usage\":{}", usage()));
    stream.write_all(format!("{end}{counted}e\r\ndata: [DONE]\n\n\r\n0\r\n\r\n").as_bytes()).await?;
    Ok(())
}
