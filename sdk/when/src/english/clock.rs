//! "At 5", "5pm", "17:30", "half past 5", "in the morning".

use super::token::Text;
use crate::{
    when::{Clock, Part, When},
    words,
};

pub fn at(text: &Text, at: usize, said: &When) -> Option<(When, usize)> {
    let with_at = matches!(text.word(at), "at" | "@" | "around");
    let from = if with_at { at + 1 } else { at };
    let sure = |hour| Clock { hour, minute: 0, sure: true };
    match text.word(from) {
        "noon" | "midday" => return Some((sure(12).into(), from + 1)),
        "midnight" => return Some((sure(24).into(), from + 1)),
        _ => {}
    }
    if text.loose
        && !with_at
        && let Some(part) = half(text.word(from))
    {
        return Some((part.into(), from + 1));
    }
    past(text, from, with_at || text.loose).or_else(|| plain(text, from, with_at, said))
}

/// "Half past 5", "quarter to 6", "ten past 5".
fn past(text: &Text, at: usize, marked: bool) -> Option<(When, usize)> {
    let at = if text.word(at) == "a" { at + 1 } else { at };
    let minutes = match text.word(at) {
        "half" => 30,
        "quarter" => 15,
        word => words::english(word).filter(|minutes| marked && *minutes < 30)?,
    };
    let joint = if text.word(at + 1) == "minutes" { at + 2 } else { at + 1 };
    let hour = words::english(text.word(joint + 1)).filter(|hour| (1..=12).contains(hour))?;
    let (hour, minute) = match text.word(joint) {
        "past" | "after" => (hour, minutes),
        "to" | "before" if minutes < 30 => (if hour == 1 { 12 } else { hour - 1 }, 60 - minutes),
        _ => return None,
    };
    Some(with_half(text, Clock { hour, minute, sure: false }, joint + 2))
}

fn plain(text: &Text, at: usize, with_at: bool, said: &When) -> Option<(When, usize)> {
    let read = read(text.word(at))?;
    let mut end = at + 1;
    let mut clock = read.clock;
    // "At five thirty".
    if read.in_words
        && (with_at || text.loose)
        && let Some(minute @ 10..=59) = words::english(text.word(end))
    {
        clock.minute = minute;
        end += 1;
    }
    let oclock = matches!(text.word(end), "o'clock" | "o’clock" | "oclock");
    if oclock {
        end += 1;
    }
    if let Some(part) = read.half {
        return Some((When { part: Some(part), ..clock.into() }, end));
    }
    let marked = half(text.word(end)).is_some();
    let follows_a_day = (said.day.is_some() || said.every.is_some()) && ends_there(text, end) && !read.in_words;
    let time = oclock || with_at || text.loose || marked || read.has_colon || (follows_a_day && !read.has_dot);
    time.then(|| with_half(text, clock, end))
}

/// Whether no thing follows that a number could count.
fn ends_there(text: &Text, at: usize) -> bool {
    matches!(text.word(at), "" | "to" | "," | ":" | "." | "-" | "remind" | "please" | "that" | "about" | "!" | "?")
}

struct Read {
    clock: Clock,
    half: Option<Part>,
    has_colon: bool,
    has_dot: bool,
    in_words: bool,
}

/// `5`, `five`, `17:30`, `9.30`, `0830`, each with `am` or `pm` directly behind or not.
fn read(word: &str) -> Option<Read> {
    let (digits, half) = match word.strip_suffix("am").or_else(|| word.strip_suffix("pm")) {
        Some(digits) => (digits, half(&word[digits.len()..])),
        None => (word, None),
    };
    let (has_colon, has_dot) = (digits.contains(':'), digits.contains('.'));
    let in_words = !digits.starts_with(|c: char| c.is_ascii_digit());
    let (hour, minute) = match digits.split_once([':', '.']) {
        Some((hour, minute)) if minute.len() == 2 && hour.len() <= 2 => (hour, words::digits(minute)?),
        Some(_) => return None,
        None if digits.len() == 4 && !in_words => (digits.get(..2)?, words::digits(digits.get(2..)?)?),
        None => (digits, 0),
    };
    let number = words::english(hour).filter(|_| hour.len() <= 2 || in_words)?;
    let sure = (hour.len() == 2 && hour.starts_with('0')) || number == 0 || number > 12;
    let known = half.is_none() || !in_words;
    known.then_some(Read { clock: Clock { hour: number, minute, sure }, half, has_colon, has_dot, in_words })
}

/// A time with the half of the day that may follow it.
fn with_half(text: &Text, clock: Clock, end: usize) -> (When, usize) {
    match half(text.word(end)) {
        Some(part) => (When { part: Some(part), ..clock.into() }, end + 1),
        None => (clock.into(), end),
    }
}

pub fn half(word: &str) -> Option<Part> {
    match word {
        "am" => Some(Part::Am),
        "pm" => Some(Part::Pm),
        _ => None,
    }
}

pub fn part_of(word: &str) -> Option<Part> {
    match word {
        "morning" => Some(Part::Morning),
        "afternoon" => Some(Part::Pm),
        "evening" => Some(Part::Evening),
        "night" => Some(Part::Night),
        _ => None,
    }
}

/// "In the morning", "at night"; the bare word only behind a day or a time.
pub fn part(text: &Text, at: usize, said: &When) -> Option<(When, usize)> {
    let (part, end) = match (text.word(at), text.word(at + 1)) {
        ("in", "the") => (part_of(text.word(at + 2))?, at + 3),
        ("at", "night") => (Part::Night, at + 2),
        (word, _) if !said.is_empty() || text.loose => (part_of(word)?, at + 1),
        _ => return None,
    };
    Some((part.into(), end))
}
