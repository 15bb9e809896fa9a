//! "Every weekday", "every month on the 1st", "every 30 minutes".

use super::{days, span, token::Text};
use crate::{
    when::{Day, Every, Part, When},
    words,
};

pub fn at(text: &Text, at: usize) -> Option<(When, usize)> {
    let from = if matches!(text.word(at), "on" | "at") { at + 1 } else { at };
    let every = match text.word(from) {
        "daily" | "everyday" => Every::DAILY,
        "weekly" => Every::Week,
        "monthly" => Every::Month(None),
        "yearly" | "annually" => Every::Year(None),
        "hourly" => Every::Hours(1),
        "weekdays" | "workdays" => Every::WEEKDAYS,
        "weekends" => Every::WEEKENDS,
        "every" | "each" => return every(text, from + 1),
        _ => return monthly(text, from).or_else(|| range(text, from)).or_else(|| plurals(text, from)),
    };
    Some((every.into(), from + 1))
}

/// What follows "every".
fn every(text: &Text, at: usize) -> Option<(When, usize)> {
    let part = |part: Part| Some((When { part: Some(part), ..Every::DAILY.into() }, at + 1));
    let (every, length) = match (text.word(at), text.word(at + 1)) {
        ("single", _) => return every_single(text, at),
        ("day", _) => (Every::DAILY, 1),
        ("morning", _) => return part(Part::Morning),
        ("afternoon", _) => return part(Part::Pm),
        ("evening", _) => return part(Part::Evening),
        ("night", _) => return part(Part::Night),
        ("weekday" | "workday", _) => (Every::WEEKDAYS, 1),
        ("working" | "work" | "business" | "week", "day") => (Every::WEEKDAYS, 2),
        ("weekend", _) => (Every::WEEKENDS, 1),
        ("week", _) => (Every::Week, 1),
        ("month", _) => (Every::Month(None), 1),
        ("year", _) => (Every::Year(None), 1),
        ("hour", _) => (Every::Hours(1), 1),
        ("minute", _) => (Every::Minutes(1), 1),
        ("other" | "second" | "third", "day" | "week" | "month" | "hour" | "year") => (Every::Other, 2),
        ("other" | "second" | "third", unit) if days::weekday(unit).is_some() => (Every::Other, 2),
        _ => return range(text, at).or_else(|| list(text, at)).or_else(|| dated(text, at)),
    };
    Some((every.into(), at + length))
}

fn every_single(text: &Text, at: usize) -> Option<(When, usize)> {
    (text.word(at + 1) == "day").then(|| (Every::DAILY.into(), at + 2))
}

/// "Every 1st of the month", "every 5 December", "every 30 minutes".
fn dated(text: &Text, at: usize) -> Option<(When, usize)> {
    if let Some((Day::Date { month, day, .. }, end)) = days::date(text, at) {
        return Some((Every::Year(Some((month, day))).into(), end));
    }
    if let Some((span, end)) = span::length(text, at) {
        return Some((Every::of(span).into(), end));
    }
    let day = words::ordinal(text.word(at))?;
    let end = if text.word(at + 1) == "of" && text.word(at + 3) == "month" { at + 4 } else { at + 1 };
    Some((Every::Month(Some(day)).into(), end))
}

/// "The 1st of every month".
fn monthly(text: &Text, at: usize) -> Option<(When, usize)> {
    let from = if text.word(at) == "the" { at + 1 } else { at };
    let day = words::ordinal(text.word(from))?;
    let each = matches!(text.word(from + 2), "every" | "each") && text.word(from + 3) == "month";
    (text.word(from + 1) == "of" && each).then(|| (Every::Month(Some(day)).into(), from + 4))
}

/// "Monday to Friday". A range that ends before it begins goes over the weekend.
fn range(text: &Text, at: usize) -> Option<(When, usize)> {
    let (first, _) = days::weekday(text.word(at))?;
    let joined = matches!(text.word(at + 1), "to" | "through" | "thru" | "till" | "until" | "-" | "–");
    let (last, _) = days::weekday(text.word(at + 2)).filter(|_| joined)?;
    Some((Every::Days(mask(first, last)).into(), at + 3))
}

/// The days from one to another.
pub fn mask(first: u32, last: u32) -> u32 {
    let length = (last + 7 - first) % 7;
    (0..=length).fold(0, |mask, n| mask | 1 << ((first + n) % 7))
}

/// "Monday, Wednesday and Friday".
fn list(text: &Text, at: usize) -> Option<(When, usize)> {
    days_in_a_row(text, at, |word| days::weekday(word).map(|(day, _)| day))
}

/// "Mondays and Thursdays".
fn plurals(text: &Text, at: usize) -> Option<(When, usize)> {
    days_in_a_row(text, at, |word| days::weekday(word.strip_suffix('s')?).filter(|(_, full)| *full).map(|(day, _)| day))
}

fn days_in_a_row(text: &Text, at: usize, day: impl Fn(&str) -> Option<u32>) -> Option<(When, usize)> {
    let mut mask = 1 << day(text.word(at))?;
    let mut end = at + 1;
    loop {
        let joints = (end..end + 3).take_while(|at| matches!(text.word(*at), "," | "and" | "&" | "/" | "every" | "on"));
        let next = end + joints.count();
        match day(text.word(next)).filter(|_| next > end) {
            Some(day) => mask |= 1 << day,
            None => return Some((Every::Days(mask).into(), end)),
        }
        end = next + 1;
    }
}
