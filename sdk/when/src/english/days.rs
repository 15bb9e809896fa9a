//! "Tomorrow", "next Friday", "on 5 December", "2026-12-05 09:00".

use super::{clock, token::Text};
use crate::{
    when::{Clock, Day, Part, When},
    words,
};

const WEEKDAYS: [&str; 7] = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];

const MONTHS: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];

pub fn at(text: &Text, at: usize, said: &When) -> Option<(When, usize)> {
    let from = if text.word(at) == "on" { at + 1 } else { at };
    let from = if text.word(from) == "the" && text.word(from + 1) == "coming" { from + 1 } else { from };
    if let Some(found) = relative(text, from) {
        return Some(found);
    }
    let date = date(text, from).or_else(|| of_month(text, from));
    if let Some((day, end)) = date {
        return Some((day.into(), end));
    }
    iso(text, from).or_else(|| {
        // "Sun" and "sat" are words of their own.
        let sure = from > at || text.loose || !said.is_empty() || clock::at(text, from + 1, &When::default()).is_some();
        let (day, full) = weekday(text.word(from))?;
        (full || sure).then(|| (Day::Weekday { day, week: None }.into(), from + 1))
    })
}

/// The day of a name, and whether the name is written out.
pub fn weekday(word: &str) -> Option<(u32, bool)> {
    let short =
        matches!(word, "mon" | "tue" | "tues" | "wed" | "weds" | "thu" | "thur" | "thurs" | "fri" | "sat" | "sun");
    let day = WEEKDAYS.iter().position(|name| *name == word || (short && name.starts_with(word)))?;
    Some((u32::try_from(day).ok()?, !short))
}

fn relative(text: &Text, at: usize) -> Option<(When, usize)> {
    let day = |day: Day, length: usize| Some((When::from(day), at + length));
    match (text.word(at), text.word(at + 1), text.word(at + 2)) {
        ("today", ..) => day(Day::In(0), 1),
        ("tonight" | "tonite", ..) => Some((When { part: Some(Part::Evening), ..Day::In(0).into() }, at + 1)),
        ("tomorrow" | "tmrw" | "tomorow" | "tommorow" | "tommorrow", ..) => day(Day::In(1), 1),
        ("the", "day", "after") if text.word(at + 3) == "tomorrow" => day(Day::In(2), 4),
        ("day", "after", "tomorrow") => day(Day::In(2), 3),
        ("overmorrow", ..) => day(Day::In(2), 1),
        (which @ ("next" | "this" | "coming"), unit, _) => {
            let n = u32::from(which == "next");
            match unit {
                "week" | "weekend" if which != "coming" => day(Day::Week(n), 2),
                "month" if which != "coming" => day(Day::Month(n), 2),
                "morning" | "afternoon" | "evening" if which == "this" => {
                    Some((When { part: clock::part_of(unit), ..Day::In(0).into() }, at + 2))
                }
                name => {
                    let week = (which != "coming").then_some(n);
                    day(Day::Weekday { day: weekday(name)?.0, week }, 2)
                }
            }
        }
        _ => None,
    }
}

fn month(word: &str) -> Option<u32> {
    let short = word.len() == 3 || word == "sept";
    let month = MONTHS.iter().position(|name| *name == word || (short && name.starts_with(word)))?;
    u32::try_from(month + 1).ok()
}

/// A day and a month in either order, and a year.
pub fn date(text: &Text, at: usize) -> Option<(Day, usize)> {
    let at = if text.word(at) == "the" { at + 1 } else { at };
    let number = |at: usize| words::ordinal(text.word(at)).or_else(|| words::digits(text.word(at)));
    let (day, month, end) = if let Some(day) = number(at) {
        let named = if text.word(at + 1) == "of" { at + 2 } else { at + 1 };
        (day, month(text.word(named))?, named + 1)
    } else {
        let month = month(text.word(at))?;
        let dotted = if text.word(at + 1) == "." { at + 2 } else { at + 1 };
        let dotted = if text.word(dotted) == "the" { dotted + 1 } else { dotted };
        (number(dotted)?, month, dotted + 1)
    };
    let after_comma = if text.word(end) == "," { end + 1 } else { end };
    let year = words::digits(text.word(after_comma)).filter(|year| (2000..3000).contains(year));
    let end = if year.is_some() { after_comma + 1 } else { end };
    Some((Day::Date { year: year.and_then(|year| i32::try_from(year).ok()), month, day }, end))
}

/// "The 5th", "the 3rd of next month".
fn of_month(text: &Text, at: usize) -> Option<(Day, usize)> {
    let from = if text.word(at) == "the" { at + 1 } else { at };
    let word = text.word(from);
    let written_out = from == at || word.starts_with(|c: char| c.is_ascii_digit());
    let day = words::ordinal(word).filter(|_| written_out && word.ends_with(['t', 'd', 'h']))?;
    if !word.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    match (text.word(from + 1), text.word(from + 2), text.word(from + 3)) {
        ("of", "next", "month") => Some((Day::OfMonth { day, month: Some(1) }, from + 4)),
        ("of", "this", "month") => Some((Day::OfMonth { day, month: Some(0) }, from + 4)),
        _ => Some((Day::OfMonth { day, month: None }, from + 1)),
    }
}

/// Dates in digits. After one in ISO's order, a time is one of 24 hours.
fn iso(text: &Text, at: usize) -> Option<(When, usize)> {
    let (date, time) = match text.word(at).split_once('t') {
        Some((date, time)) => (date, Some(time)),
        None => (text.word(at), None),
    };
    let (day, is_iso) = digits(date)?;
    if time.is_some() && !is_iso {
        return None;
    }
    let (time, end) = if let Some(time) = time {
        (Some(time_of_day(time)?), at + 1)
    } else {
        let next = if text.word(at + 1) == "at" { at + 2 } else { at + 1 };
        let marked = clock::half(text.word(next + 1)).is_some();
        match time_of_day(text.word(next)).filter(|_| is_iso && !marked) {
            Some(time) => (Some(time), next + 1),
            None => (None, at + 1),
        }
    };
    Some((When { clock: time, ..day.into() }, end))
}

fn digits(word: &str) -> Option<(Day, bool)> {
    let separator = ['-', '/', '.'].into_iter().find(|separator| word.contains(*separator))?;
    let numbers: Vec<u32> = word.split(separator).map(words::digits).collect::<Option<_>>()?;
    let year = |year: u32| i32::try_from(year).ok().filter(|year| (2000..3000).contains(year));
    match (separator, &*numbers) {
        ('-' | '/', &[y, month, day]) if y > 99 => Some((Day::Date { year: Some(year(y)?), month, day }, true)),
        ('.', &[day, month, y]) => Some((Day::Date { year: Some(year(y)?), month, day }, false)),
        ('/', &[a, b]) => Some((slashed(a, b, None), false)),
        ('/', &[a, b, y]) => Some((slashed(a, b, Some(year(y)?)), false)),
        _ => None,
    }
}

fn slashed(a: u32, b: u32, year: Option<i32>) -> Day {
    match (a > 12, b > 12) {
        (true, _) => Day::Date { year, month: b, day: a },
        (false, true) => Day::Date { year, month: a, day: b },
        _ if a == b => Day::Date { year, month: a, day: b },
        _ => Day::Slashed(a, b),
    }
}

/// `09:00` or `09:00:00`.
fn time_of_day(word: &str) -> Option<Clock> {
    let numbers: Vec<u32> = word.split(':').map(words::digits).collect::<Option<_>>()?;
    match *numbers {
        [hour, minute] | [hour, minute, _] => Some(Clock { hour, minute, sure: true }),
        _ => None,
    }
}
