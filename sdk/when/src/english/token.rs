//! A text in words.

use std::ops::Range;

pub struct Text<'a> {
    whole: &'a str,
    pub tokens: Vec<Token>,
    pub loose: bool,
}

pub struct Token {
    /// In lower case.
    word: String,
    bytes: Range<usize>,
}

impl<'a> Text<'a> {
    pub fn new(text: &'a str, loose: bool) -> Self {
        Self { whole: text, tokens: tokens(text), loose }
    }

    /// Nothing, where there is no word.
    pub fn word(&self, at: usize) -> &str {
        self.tokens.get(at).map_or("", |token| &token.word)
    }

    pub fn slice(&self, range: Range<usize>) -> &'a str {
        let bytes = |at: usize| self.tokens.get(at).map(|token| token.bytes.clone()).unwrap_or_default();
        self.whole.get(bytes(range.start).start..bytes(range.end.saturating_sub(1)).end).unwrap_or_default()
    }
}

fn tokens(text: &str) -> Vec<Token> {
    // Of the same length, so that places are kept.
    let lower = text.to_ascii_lowercase().replace("a.m.", "am  ").replace("p.m.", "pm  ").replace("p.m", "pm ");
    let mut tokens = Vec::new();
    let mut from = 0;
    while let Some(first) = lower[from..].chars().next() {
        let length = length(&lower[from..], first);
        if !first.is_whitespace() {
            tokens.push(Token { word: lower[from..from + length].to_owned(), bytes: from..from + length });
        }
        from += length;
    }
    tokens
}

/// Letters and digits belong together, and what joins two digits: 2026-12-05, 17:30, 12/5. Anything else stands for
/// itself.
fn length(text: &str, first: char) -> usize {
    if !first.is_alphanumeric() {
        return first.len_utf8();
    }
    let mut before = first;
    let mut chars = text.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        let next = chars.peek().map_or(' ', |(_, c)| *c);
        let joins = match c {
            ':' | '.' | '/' | '-' => before.is_ascii_digit() && next.is_ascii_digit(),
            '\'' | '’' => next.is_alphabetic(),
            c => c.is_alphanumeric(),
        };
        if !joins {
            return at;
        }
        before = c;
    }
    text.len()
}
