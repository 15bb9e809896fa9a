//! Requests in English: what to remind of, and when.

mod clock;
mod days;
mod repeat;
mod span;
mod token;

use crate::{
    phrase::{self, Grammar},
    request::Request,
    when::When,
};
pub use repeat::mask;
use std::ops::Range;
use token::Text;

/// Words that only make a request polite.
const POLITE: [&str; 26] = [
    "please", "pls", "hey", "hi", "hello", "ok", "okay", "so", "just", "also", "can", "could", "would", "will", "you",
    "kindly", "i", "want", "need", "like", "to", "i'd", "again", "should", "then", ",",
];

/// Of them those that begin nothing that a person is reminded of.
const ALWAYS_POLITE: [&str; 12] =
    ["please", "pls", "hey", "hi", "hello", "ok", "okay", "can", "could", "again", "you", ","];

const VERBS: [&str; 10] = ["set", "create", "add", "make", "schedule", "put", "start", "new", "give", "need"];

const AT_THE_END: [&str; 9] = [".", "!", "?", ",", "please", "thanks", "thank", "you", ";"];

/// What joins a request to what it is about.
const JOINTS: [&str; 8] = ["to ", "that ", "about ", "of ", "for ", "and ", "with ", "saying "];

/// `loose`: the whole text is a time or an answer, so a bare number is an hour and a bare length begins now.
pub fn parse(text: &str, loose: bool) -> Request {
    let text = Text::new(text, loose);
    let sections = sections(&text);
    let found = phrase::find(&text, &sections);
    Request { what: what(&text, &phrase::rest(&sections, &found.taken)), when: found.when }
}

impl Grammar for Text<'_> {
    fn element(&self, at: usize, said: &When) -> Option<(When, usize)> {
        repeat::at(self, at)
            .or_else(|| span::at(self, at))
            .or_else(|| days::at(self, at, said))
            .or_else(|| clock::at(self, at, said))
            .or_else(|| clock::part(self, at, said))
    }

    fn skip(&self, at: usize, end: usize) -> usize {
        let joins = |at: &usize| matches!(self.word(*at), "," | "for" | "by" | "-" | "–" | "—");
        (at..end).find(|at| !joins(at)).unwrap_or(end)
    }

    fn is_blocked(&self, at: usize) -> bool {
        let before = at.checked_sub(1).map_or("", |before| self.word(before));
        matches!(before, "before" | "until" | "till" | "since" | "than" | "after" | "between" | "from" | "to")
    }
}

/// The text without the words that ask for a reminder.
fn sections(text: &Text) -> Vec<Range<usize>> {
    let end = end(text);
    let Some((frame, inner)) = frame(text, end) else {
        let whole = skip_while(text, 0, end, &ALWAYS_POLITE[..8])..end;
        return [whole].into();
    };
    let mut start = skip_while(text, 0, frame.start, &POLITE);
    if start < frame.start {
        start = skip_while(text, 0, frame.start, &ALWAYS_POLITE);
    }
    let before_end = (start..frame.start).rev().find(|at| !ALWAYS_POLITE.contains(&text.word(*at)));
    let before = start..before_end.map_or(start, |at| at + 1);
    let after = skip_while(text, frame.end, end, &["please", "again", "later", ","])..end;
    [before, inner, after].into_iter().filter(|section| section.start < section.end).collect()
}

/// The end of the text without thanks and full stops.
fn end(text: &Text) -> usize {
    let length = text.tokens.len();
    (0..length).rev().find(|at| !AT_THE_END.contains(&text.word(*at))).map_or(0, |at| at + 1)
}

fn skip_while(text: &Text, from: usize, end: usize, words: &[&str]) -> usize {
    (from..end).find(|at| !words.contains(&text.word(*at))).unwrap_or(end)
}

/// The words that ask for a reminder, and a range within them that may say when: "set a **daily** reminder".
fn frame(text: &Text, end: usize) -> Option<(Range<usize>, Range<usize>)> {
    const ASKING: [&[&str]; 6] = [
        &["remind", "me"],
        &["let", "me", "forget", "to"],
        &["let", "me", "forget"],
        &["don't", "forget", "to"],
        &["don’t", "forget", "to"],
        &["remember", "to"],
    ];
    for words in ASKING {
        let here = |at: &usize| words.iter().enumerate().all(|(n, word)| text.word(at + n) == *word);
        if let Some(at) = (0..end).find(here) {
            let dont = at > 0 && matches!(text.word(at - 1), "don't" | "don’t");
            return Some((at - usize::from(dont)..at + words.len(), at..at));
        }
    }
    let noun = (0..end).find(|at| matches!(text.word(*at), "reminder" | "alarm"))?;
    let verb = (0..noun).find(|at| VERBS.contains(&text.word(*at))).unwrap_or(noun);
    let inner = skip_while(text, (verb + 1).min(noun), noun, &["me", "up", "a", "an", "another", "new"]);
    Some((verb..noun + 1, inner..noun))
}

fn what(text: &Text, rest: &[Range<usize>]) -> String {
    let pieces: Vec<&str> = rest.iter().map(|range| text.slice(range.clone())).collect();
    let joined = pieces.join(" ");
    let mut what = trim(&joined);
    while let Some(shorter) = JOINTS.iter().find_map(|joint| strip_prefix(what, joint)) {
        what = trim(shorter);
    }
    what.to_owned()
}

fn trim(text: &str) -> &str {
    const QUOTES: [char; 4] = ['"', '“', '”', '`'];
    let around = |c: char| c.is_whitespace() || ":;,.-–—".contains(c) || QUOTES.contains(&c);
    text.trim_start_matches(around).trim_end_matches(|c| around(c) || c == '!')
}

fn strip_prefix<'a>(text: &'a str, prefix: &str) -> Option<&'a str> {
    let (head, tail) = text.split_at_checked(prefix.len())?;
    head.eq_ignore_ascii_case(prefix).then_some(tail)
}
