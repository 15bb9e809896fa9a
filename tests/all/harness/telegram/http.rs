//! HTTP by hand: a server library cannot be told to reset a connection.

use std::io::{Error, ErrorKind, Result};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::TcpStream,
};

/// A request as it came.
#[derive(Clone, Debug)]
pub struct Request {
    /// Decoded.
    pub path: String,
    /// What follows the question mark, as it came.
    pub query: String,
    pub content_type: String,
    pub body: Vec<u8>,
}

/// A caller, who may send one request after another.
pub struct Connection(BufReader<TcpStream>);

impl Connection {
    pub fn new(stream: TcpStream) -> Self {
        let _ = stream.set_nodelay(true);
        Self(BufReader::new(stream))
    }

    /// The next request, or `None` when the caller has hung up.
    pub async fn request(&mut self) -> Result<Option<Request>> {
        let Some(first) = self.line().await? else { return Ok(None) };
        let target = first.split(' ').nth(1).ok_or(ErrorKind::InvalidData)?;
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let mut head = Vec::new();
        while let Some(line) = self.line().await?.filter(|line| !line.is_empty()) {
            head.push(line);
        }
        let header = |name: &str| {
            let mut lines = head.iter().filter_map(|line| line.split_once(':'));
            lines.find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim().to_owned())
        };
        let body = if header("transfer-encoding").is_some_and(|value| value.eq_ignore_ascii_case("chunked")) {
            self.chunks().await?
        } else {
            self.bytes(header("content-length").and_then(|length| length.parse().ok()).unwrap_or(0)).await?
        };
        let content_type = header("content-type").unwrap_or_default();
        Ok(Some(Request { path: decode(path, false), query: query.to_owned(), content_type, body }))
    }

    pub async fn respond(&mut self, status: u16, content_type: &str, body: &[u8]) -> Result<()> {
        let length = body.len();
        let head =
            format!("HTTP/1.1 {status} Fake\r\ncontent-type: {content_type}\r\ncontent-length: {length}\r\n\r\n");
        let mut whole = head.into_bytes();
        whole.extend_from_slice(body);
        self.0.get_mut().write_all(&whole).await
    }

    /// Ends the connection with a reset instead of a farewell.
    pub fn reset(self) -> Result<()> {
        self.0.into_inner().set_zero_linger()
    }

    /// Waits until the caller hangs up.
    pub async fn hung_up(&mut self) {
        // A caller that sends its next request before this one is answered is still there.
        if matches!(self.0.fill_buf().await, Ok(bytes) if !bytes.is_empty()) {
            std::future::pending::<()>().await;
        }
    }

    async fn line(&mut self) -> Result<Option<String>> {
        let mut line = String::new();
        let read = self.0.read_line(&mut line).await?;
        Ok((read > 0).then(|| line.trim_end().to_owned()))
    }

    async fn bytes(&mut self, length: usize) -> Result<Vec<u8>> {
        let mut bytes = vec![0; length];
        self.0.read_exact(&mut bytes).await?;
        Ok(bytes)
    }

    async fn chunks(&mut self) -> Result<Vec<u8>> {
        let mut all = Vec::new();
        loop {
            let line = self.line().await?.ok_or(ErrorKind::UnexpectedEof)?;
            let length = usize::from_str_radix(line.trim(), 16).map_err(Error::other)?;
            all.extend(self.bytes(length).await?);
            self.line().await?;
            if length == 0 {
                return Ok(all);
            }
        }
    }
}

/// Undoes the percent encoding of a URL, and in a form the plus signs.
pub fn decode(text: &str, form: bool) -> String {
    let mut bytes = text.bytes();
    let mut decoded = Vec::with_capacity(text.len());
    while let Some(byte) = bytes.next() {
        decoded.push(match byte {
            b'%' => {
                let digits = [bytes.next().unwrap_or(b'0'), bytes.next().unwrap_or(b'0')];
                u8::from_str_radix(&String::from_utf8_lossy(&digits), 16).unwrap_or(b'?')
            }
            b'+' if form => b' ',
            other => other,
        });
    }
    String::from_utf8_lossy(&decoded).into_owned()
}
