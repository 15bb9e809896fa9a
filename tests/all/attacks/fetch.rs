//! Requests of the guest `fetch.wat`, and what it tells of them.

use serde_json::{Value, json};
use std::fmt::Write;

/// Where the guest puts the block, and what it fills: see `fetch.wat`.
const BLOCK: u32 = 0x10000;
const FILLED: u32 = 0x60_0000;

/// Bytes of the block before its texts.
const HEAD: u32 = 56;

/// What the guest does with an answer.
#[derive(Clone, Copy, Debug)]
pub enum Then {
    ReturnAll = 0,
    FailAsUnavailable = 1,
    FailWithBody = 2,
    LogBodyAndCrash = 3,
    ReturnBody = 4,
}

/// A part of the request that is too long for an input: so many bytes.
#[derive(Clone, Copy, Debug)]
pub enum Long {
    Nothing,
    Body(u32),
    /// The value of the last header.
    HeaderValue(u32),
    /// So many headers, all empty.
    Headers(u32),
}

#[derive(Clone, Debug)]
pub struct Fetch {
    pub method: &'static str,
    pub url: String,
    pub headers: Vec<(String, String)>,
    pub body: &'static str,
    pub timeout_ms: u32,
    pub times: u32,
    pub then: Then,
    /// Whether the body is turned round before it is used.
    pub turned: bool,
    pub long: Long,
}

impl Fetch {
    pub fn get(url: impl Into<String>) -> Self {
        Self {
            method: "GET",
            url: url.into(),
            headers: Vec::new(),
            body: "",
            timeout_ms: 0,
            times: 1,
            then: Then::ReturnAll,
            turned: false,
            long: Long::Nothing,
        }
    }

    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    pub fn post(self, body: &'static str) -> Self {
        Self { method: "POST", body, ..self }
    }

    pub fn timeout_ms(self, timeout_ms: u32) -> Self {
        Self { timeout_ms, ..self }
    }

    pub fn times(self, times: u32) -> Self {
        Self { times, ..self }
    }

    pub fn then(self, then: Then) -> Self {
        Self { then, ..self }
    }

    /// Turns the body round first, so that a text gets past whoever looks for it on the way.
    pub fn turned(self) -> Self {
        Self { turned: true, ..self }
    }

    pub fn long(self, long: Long) -> Self {
        Self { long, ..self }
    }

    /// The input that makes the guest do it.
    pub fn input(&self) -> Value {
        let mut texts = Vec::new();
        let mut put = |text: &str| {
            let at = BLOCK + HEAD + u32::try_from(texts.len()).unwrap();
            texts.extend_from_slice(text.as_bytes());
            [at, u32::try_from(text.len()).unwrap()]
        };
        let (method, url, mut body) = (put(self.method), put(&self.url), put(self.body));
        let mut headers: Vec<[u32; 2]> =
            self.headers.iter().flat_map(|(name, value)| [put(name), put(value)]).collect();
        let filled = match self.long {
            Long::Nothing => 0,
            Long::Body(length) => {
                body = [FILLED, length];
                length
            }
            Long::HeaderValue(length) => {
                *headers.last_mut().expect("there is a header") = [FILLED, length];
                length
            }
            Long::Headers(count) => count * 16,
        };
        // Headers are words, which stand at multiples of four.
        texts.resize(texts.len().next_multiple_of(4), 0);
        let headers_at = BLOCK + HEAD + u32::try_from(texts.len()).unwrap();
        let (headers_at, count, byte) = match self.long {
            Long::Headers(count) => (FILLED, count, 0),
            _ => (headers_at, u32::try_from(self.headers.len()).unwrap(), u32::from(b'a')),
        };
        texts.extend(headers.iter().flatten().flat_map(|word| word.to_le_bytes()));
        let then = self.then as u32 + if self.turned { 16 } else { 0 };
        let words = [
            method[0],
            method[1],
            url[0],
            url[1],
            headers_at,
            count,
            body[0],
            body[1],
            self.timeout_ms,
            self.times,
            then,
            FILLED,
            filled,
            byte,
        ];
        let mut hex = String::new();
        for byte in words.iter().flat_map(|word| word.to_le_bytes()).chain(texts) {
            let _ = write!(hex, "{byte:02x}");
        }
        json!({ "x": hex })
    }
}

/// What came of it.
#[derive(Clone, Debug)]
pub enum Fetched {
    /// Status, headers, and the beginning of the body, as they stood on the line.
    Answer(String),
    /// A case of the interface's error.
    Error { case: &'static str, text: String },
    /// The guest returned something else.
    Output(Value),
    /// The run failed.
    Failure { kind: String, text: String },
}

const CASES: [&str; 5] = ["denied", "invalid", "timeout", "too-large", "unreachable"];

impl Fetched {
    /// Reads the answer of a call.
    pub fn read(answer: &Value) -> Self {
        if let Some(kind) = answer["failure"]["kind"].as_str() {
            let text = answer["failure"]["text"].as_str().unwrap_or_default();
            return Self::Failure { kind: kind.to_owned(), text: text.to_owned() };
        }
        let all = answer["output"].as_str().and_then(unhex);
        match all.filter(|all| all.first().is_some_and(|first| *first < 2)) {
            Some(all) => Self::told(&all),
            None => Self::Output(answer["output"].clone()),
        }
    }

    fn told(mut all: &[u8]) -> Self {
        let first = byte(&mut all);
        if first == 1 {
            let case = CASES[usize::from(byte(&mut all))];
            return Self::Error { case, text: text(&mut all) };
        }
        let mut whole = format!("{}\n", word(&mut all));
        for _ in 0..word(&mut all) {
            let _ = writeln!(whole, "{}: {}", text(&mut all), text(&mut all));
        }
        let length = word(&mut all);
        let _ = write!(whole, "\n{} ({length} bytes)", text(&mut all));
        Self::Answer(whole)
    }

    /// `answer`, the case of the error, or `failure` and its kind.
    pub fn kind(&self) -> String {
        match self {
            Self::Answer(_) => "answer".to_owned(),
            Self::Output(_) => "output".to_owned(),
            Self::Error { case, .. } => (*case).to_owned(),
            Self::Failure { kind, .. } => format!("failure {kind}"),
        }
    }

    /// The answer, or the error's words.
    pub fn text(&self) -> String {
        match self {
            Self::Answer(text) | Self::Error { text, .. } | Self::Failure { text, .. } => text.clone(),
            Self::Output(output) => output.to_string(),
        }
    }
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let digits = text.as_bytes().chunks_exact(2);
    digits.map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()).collect()
}

fn byte(all: &mut &[u8]) -> u8 {
    let (first, rest) = all.split_first().expect("the guest told all of it");
    *all = rest;
    *first
}

fn word(all: &mut &[u8]) -> u32 {
    let (word, rest) = all.split_first_chunk().expect("the guest told all of it");
    *all = rest;
    u32::from_le_bytes(*word)
}

fn text(all: &mut &[u8]) -> String {
    let length = word(all) as usize;
    let (text, rest) = all.split_at(length);
    *all = rest;
    String::from_utf8_lossy(text).into_owned()
}
