//! "In 2 hours and 30 minutes".

use super::token::Text;
use crate::{
    when::{Span, When},
    words,
};

pub fn at(text: &Text, at: usize) -> Option<(When, usize)> {
    if matches!(text.word(at), "in" | "after") {
        let (span, end) = length(text, at + 1)?;
        return Some((span.into(), end));
    }
    let (span, end) = length(text, at)?;
    let from_now = match (text.word(end), text.word(end + 1)) {
        ("from", "now" | "today") => Some(end + 2),
        ("later", _) => Some(end + 1),
        _ => None,
    };
    Some((span.into(), from_now.or(text.loose.then_some(end))?))
}

/// A length of time: several units in a row add up.
pub fn length(text: &Text, at: usize) -> Option<(Span, usize)> {
    let (mut all, mut end) = one(text, at)?;
    loop {
        let next = if matches!(text.word(end), "and" | ",") { end + 1 } else { end };
        let Some((more, next)) = one(text, next) else { return Some((all, end)) };
        all = Span {
            months: all.months + more.months,
            days: all.days + more.days,
            seconds: all.seconds.checked_add(more.seconds)?,
        };
        end = next;
    }
}

/// One unit with how many of them there are.
fn one(text: &Text, at: usize) -> Option<(Span, usize)> {
    if let Some(span) = compact(text.word(at)) {
        return Some((span, at + 1));
    }
    let (mut quarters, mut end) = quantity(text, at)?;
    let unit = text.word(end);
    end += 1;
    // "An hour and a half", not "an hour and a half hour".
    if let ("and", "a", "half") = (text.word(end), text.word(end + 1), text.word(end + 2))
        && seconds_of(text.word(end + 3)).is_none()
    {
        quarters += 2;
        end += 3;
    }
    Some((span(quarters, unit)?, end))
}

/// How many, in quarters, and the place of the unit.
fn quantity(text: &Text, at: usize) -> Option<(u32, usize)> {
    let word = text.word(at);
    let skip_an = |at: usize| if matches!(text.word(at), "a" | "an") { at + 1 } else { at };
    let (mut quarters, mut end) = match word {
        "half" => return Some((2, skip_an(at + 1))),
        "quarter" if text.word(at + 1) == "of" => return Some((1, skip_an(at + 2))),
        "a" if text.word(at + 1) == "quarter" => return quantity(text, at + 1),
        "a" if text.word(at + 1) == "half" => return Some((2, at + 2)),
        "a" | "an" if text.word(at + 1) == "couple" => (8, at + if text.word(at + 2) == "of" { 3 } else { 2 }),
        "a" | "an" => (4, at + 1),
        word => (number(word)?, at + 1),
    };
    // "Twenty five", "twenty-five".
    let next = if text.word(end) == "-" { end + 1 } else { end };
    if matches!(word, "twenty" | "thirty" | "forty" | "fifty")
        && let Some(more @ 1..=9) = words::english(text.word(next))
    {
        (quarters, end) = (quarters + 4 * more, next + 1);
    }
    if let ("and", "a", "half") = (text.word(end), text.word(end + 1), text.word(end + 2)) {
        (quarters, end) = (quarters + 2, end + 3);
    }
    Some((quarters, end))
}

fn number(word: &str) -> Option<u32> {
    if let Some((whole, part)) = word.split_once('.') {
        let quarters = match part {
            "0" | "00" => 0,
            "25" => 1,
            "5" | "50" => 2,
            "75" => 3,
            _ => return None,
        };
        return Some(4 * words::digits(whole)? + quarters);
    }
    words::english(word).map(|number| 4 * number)
}

fn seconds_of(unit: &str) -> Option<u32> {
    match unit {
        "s" | "sec" | "secs" | "second" | "seconds" => Some(1),
        "m" | "min" | "mins" | "minute" | "minutes" => Some(60),
        "h" | "hr" | "hrs" | "hour" | "hours" => Some(3_600),
        _ => None,
    }
}

fn span(quarters: u32, unit: &str) -> Option<Span> {
    let none = Span::default();
    if let Some(seconds) = seconds_of(unit) {
        return Some(Span { seconds: quarters.checked_mul(seconds)?.div_ceil(4), ..none });
    }
    let whole = quarters.is_multiple_of(4).then_some(quarters / 4);
    Some(match unit {
        "d" | "day" | "days" if whole.is_none() => Span { seconds: quarters.checked_mul(21_600)?, ..none },
        "d" | "day" | "days" => Span { days: whole?, ..none },
        "w" | "wk" | "week" | "weeks" => Span { days: 7 * whole?, ..none },
        "fortnight" | "fortnights" => Span { days: 14 * whole?, ..none },
        "month" | "months" => Span { months: whole?, ..none },
        "y" | "yr" | "year" | "years" => Span { months: 3 * quarters, ..none },
        _ => return None,
    })
}

/// `30min`, `2h`, `1h30m`.
fn compact(word: &str) -> Option<Span> {
    let mut all = Span::default();
    let mut rest = word;
    while !rest.is_empty() {
        let (number, tail) = rest.split_at(rest.bytes().take_while(u8::is_ascii_digit).count());
        let (unit, tail) = tail.split_at(tail.bytes().take_while(u8::is_ascii_lowercase).count());
        let more = span(4 * words::digits(number)?, unit)?;
        all = Span {
            months: all.months + more.months,
            days: all.days + more.days,
            seconds: all.seconds.checked_add(more.seconds)?,
        };
        rest = tail;
    }
    (all != Span::default()).then_some(all)
}
