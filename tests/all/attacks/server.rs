//! A server of somebody who means no good. What it does stands in the path.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::JoinSet,
    time::sleep,
};

/// Between two bytes of a server that drips.
const DRIP: Duration = Duration::from_millis(100);

/// It ends with its test.
pub struct Server {
    port: u16,
    heard: Arc<Heard>,
    _tasks: JoinSet<()>,
}

#[derive(Default)]
struct Heard {
    /// Heads and bodies.
    requests: Mutex<Vec<String>>,
    connections: AtomicUsize,
    answered: AtomicUsize,
    /// Requests that are being answered, and the most at once.
    open: AtomicUsize,
    most: AtomicUsize,
}

impl Server {
    pub async fn start() -> Self {
        Self::accepting(|mut stream, heard| async move {
            while let Some(request) = read_request(&mut stream).await {
                heard.requests.lock().unwrap().push(request.clone());
                heard.answered.fetch_add(1, Ordering::SeqCst);
                let open = heard.open.fetch_add(1, Ordering::SeqCst) + 1;
                heard.most.fetch_max(open, Ordering::SeqCst);
                let answered = answer(&mut stream, &request).await;
                heard.open.fetch_sub(1, Ordering::SeqCst);
                if !answered.unwrap_or(false) {
                    break;
                }
            }
        })
        .await
    }

    /// Takes connections and never reads from them.
    pub async fn deaf() -> Self {
        Self::accepting(|stream, _| async move {
            let _open = stream;
            std::future::pending::<()>().await;
        })
        .await
    }

    async fn accepting<F: Future<Output = ()> + Send + 'static>(
        serve: impl Fn(TcpStream, Arc<Heard>) -> F + Send + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let heard = Arc::new(Heard::default());
        let shared = heard.clone();
        let mut tasks = JoinSet::new();
        tasks.spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                shared.connections.fetch_add(1, Ordering::SeqCst);
                connections.spawn(serve(stream, shared.clone()));
            }
        });
        Self { port, heard, _tasks: tasks }
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    /// As it stands in a rule.
    pub fn host(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    /// Connections and requests so far.
    pub fn heard(&self) -> usize {
        self.heard.connections.load(Ordering::SeqCst) + self.heard.answered.load(Ordering::SeqCst)
    }

    /// Requests so far, head and body.
    pub fn requests(&self) -> Vec<String> {
        self.heard.requests.lock().unwrap().clone()
    }

    /// Forgets what it heard.
    pub fn forget(&self) {
        self.heard.requests.lock().unwrap().clear();
        self.heard.most.store(0, Ordering::SeqCst);
    }

    /// The most requests that were open at once.
    pub fn most_at_once(&self) -> usize {
        self.heard.most.load(Ordering::SeqCst)
    }

    /// Waits for a request to a path.
    pub async fn asked(&self, path: &str) {
        let line = format!(" {path} ");
        while !self.requests().iter().any(|request| request.lines().next().is_some_and(|first| first.contains(&line))) {
            tokio::task::yield_now().await;
        }
    }
}

async fn read_request(stream: &mut TcpStream) -> Option<String> {
    let mut bytes = Vec::new();
    let mut chunk = vec![0; 64 << 10];
    loop {
        if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            let head = String::from_utf8_lossy(&bytes[..end]).to_lowercase();
            let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse().ok());
            if bytes.len() >= end + 4 + length.unwrap_or(0) {
                return Some(String::from_utf8_lossy(&bytes).into_owned());
            }
        }
        match stream.read(&mut chunk).await {
            Ok(read) if read > 0 => bytes.extend_from_slice(&chunk[..read]),
            _ => return None,
        }
    }
}

/// Answers one request; true when another may follow on the connection. An error is a client that has heard enough.
async fn answer(stream: &mut TcpStream, request: &str) -> std::io::Result<bool> {
    let target = request.split(' ').nth(1).unwrap_or_default();
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let argument = path.rsplit('/').next().unwrap_or_default();
    match path.split('/').nth(1).unwrap_or_default() {
        // What it was asked.
        "echo" => text(stream, "200 OK", "", request).await,
        // The header `x-key`, turned round.
        "mirror" => {
            let key = request.lines().find_map(|line| line.strip_prefix("x-key: ")).unwrap_or("nothing");
            text(stream, "200 OK", "", &key.chars().rev().collect::<String>()).await
        }
        // So many bytes.
        "size" => text(stream, "200 OK", "", &"a".repeat(argument.parse().unwrap_or(0))).await,
        "to" => text(stream, "302 Found", &format!("location: {query}\r\n"), "").await,
        "loop" => text(stream, "302 Found", "location: /loop\r\n", "").await,
        "wait" => {
            sleep(Duration::from_millis(argument.parse().unwrap_or(0))).await;
            text(stream, "200 OK", "", request).await
        }
        "hold" => std::future::pending().await,
        "drip" => drip(stream, b"HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n", 0).await,
        "drip-head" => drip(stream, b"HTTP/1.1 200 OK\r\nx-long: ", 17).await,
        "long" => endless(stream, b"HTTP/1.1 200 OK\r\ncontent-length: 10737418240\r\n\r\n", b"0123456789abcdef").await,
        "untold" => endless(stream, b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n", b"0123456789abcdef").await,
        "chunks" => {
            endless(
                stream,
                b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n",
                format!("400\r\n{}\r\n", "a".repeat(1024)).as_bytes(),
            )
            .await
        }
        "headers" => endless(stream, b"HTTP/1.1 200 OK\r\n", b"x-one-more: of a million\r\n").await,
        "header" => endless(stream, b"HTTP/1.1 200 OK\r\nx-long: ", b"aaaaaaaaaaaaaaaa").await,
        // Some kilobytes on the way that are three megabytes at their end, or a hundred.
        which @ ("swollen" | "bomb") => {
            let body = bomb(if which == "bomb" { 100 << 20 } else { 3 << 20 });
            let head = format!(
                "HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\nconnection: close\r\ncontent-length: {}\r\n\r\n",
                body.len()
            );
            stream.write_all(head.as_bytes()).await?;
            stream.write_all(&body).await?;
            Ok(false)
        }
        "lengths" => raw(stream, b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-length: 20\r\n\r\nhello").await,
        "broken" => raw(stream, b"220 mail.example ESMTP\r\n").await,
        "nothing" => Ok(false),
        "missing" => text(stream, "404 Not Found", "", "no such page").await,
        _ => text(stream, "200 OK", "x-note: <b>\r\n", "hello").await,
    }
}

async fn text(stream: &mut TcpStream, status: &str, headers: &str, body: &str) -> std::io::Result<bool> {
    let head = format!("HTTP/1.1 {status}\r\n{headers}content-length: {}\r\n\r\n", body.len());
    stream.write_all(head.as_bytes()).await?;
    stream.write_all(body.as_bytes()).await?;
    Ok(true)
}

async fn raw(stream: &mut TcpStream, bytes: &[u8]) -> std::io::Result<bool> {
    stream.write_all(bytes).await?;
    Ok(false)
}

/// Sends a beginning from some byte on a byte at a time, and goes on for ever.
async fn drip(stream: &mut TcpStream, head: &[u8], fast: usize) -> std::io::Result<bool> {
    let fast = if fast == 0 { head.len() } else { fast };
    stream.write_all(&head[..fast]).await?;
    for byte in head[fast..].iter().chain(std::iter::repeat(&b'a')) {
        stream.write_all(&[*byte]).await?;
        sleep(DRIP).await;
    }
    Ok(false)
}

/// Sends a piece again and again, as fast as it is taken.
async fn endless(stream: &mut TcpStream, head: &[u8], piece: &[u8]) -> std::io::Result<bool> {
    stream.write_all(head).await?;
    let pieces = piece.repeat((64 << 10) / piece.len());
    loop {
        stream.write_all(&pieces).await?;
    }
}

/// A gzip file of so many zeros, 158 of them in each byte: one block of fixed codes, in which each match repeats the
/// byte before it 258 times.
fn bomb(zeros: usize) -> Vec<u8> {
    let mut bytes = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255];
    let (mut word, mut filled) = (0_u32, 0);
    let mut put = |code: u32, bits: u32, bytes: &mut Vec<u8>| {
        word |= code << filled;
        filled += bits;
        while filled >= 8 {
            bytes.push(word.to_le_bytes()[0]);
            word >>= 8;
            filled -= 8;
        }
    };
    // The last block, with fixed codes; then the literal 0. Codes stand with their first bit first.
    put(0b011, 3, &mut bytes);
    put(0b0000_1100, 8, &mut bytes);
    for _ in 0..zeros / 258 {
        // Length 258 is 11000101, distance 1 is 00000.
        put(0b1010_0011, 8, &mut bytes);
        put(0, 5, &mut bytes);
    }
    put(0, 7, &mut bytes);
    put(0, 7, &mut bytes);
    // Nobody reads as far as the checksum.
    bytes.extend([0; 8]);
    bytes
}
