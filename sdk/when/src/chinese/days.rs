//! 明天, 下周五, 12月5日, 2026-12-05 09:00.

use super::{clock, text::Text};
use crate::{
    when::{Clock, Day, Part, When},
    words,
};

const RELATIVE: [(&str, u32, Option<Part>); 14] = [
    ("大后天", 3, None),
    ("后天", 2, None),
    ("明天", 1, None),
    ("明日", 1, None),
    ("今天", 0, None),
    ("今日", 0, None),
    ("今晚", 0, Some(Part::Evening)),
    ("今夜", 0, Some(Part::Night)),
    ("今早", 0, Some(Part::Morning)),
    ("今晨", 0, Some(Part::Morning)),
    ("明早", 1, Some(Part::Morning)),
    ("明晨", 1, Some(Part::Morning)),
    ("明晚", 1, Some(Part::Evening)),
    ("后晚", 2, Some(Part::Evening)),
];

pub fn at(text: &Text, at: usize) -> Option<(When, usize)> {
    let relative = RELATIVE.iter().find_map(|(word, days, part)| Some((*days, *part, text.after(at, word)?)));
    if let Some((days, part, end)) = relative {
        return Some((When { part, ..Day::In(days).into() }, end));
    }
    iso(text, at).or_else(|| {
        date(text, at).or_else(|| week(text, at)).or_else(|| month(text, at)).map(|(day, end)| (day.into(), end))
    })
}

/// 周五, 星期五, 礼拜五; not 周 alone.
pub fn weekday(text: &Text, at: usize) -> Option<(u32, usize)> {
    let named = text.after_one(at, &["周", "星期", "礼拜"])?;
    Some((day_of_week(text.at(named))?, named + 1))
}

pub fn day_of_week(c: char) -> Option<u32> {
    match c {
        '日' | '天' => Some(6),
        '1'..='7' => c.to_digit(10).map(|day| day - 1),
        c => words::chinese_digit(c).filter(|day| (1..=6).contains(day)).map(|day| day - 1),
    }
}

fn week(text: &Text, at: usize) -> Option<(Day, usize)> {
    let (which, named) = [("下下", 2), ("下", 1), ("这", 0), ("本", 0)]
        .into_iter()
        .find_map(|(word, week)| Some((Some(week), text.after(at, word)?)))
        .unwrap_or((None, at));
    let named = if which.is_some() { text.past(named, &["个", "一个"]) } else { named };
    if let Some((day, end)) = weekday(text, named) {
        return Some((Day::Weekday { day, week: which }, end));
    }
    let end = text.after_one(named, &["周末", "周", "星期", "礼拜"])?;
    match which {
        Some(week) => Some((Day::Week(week), end)),
        None => text.after(named, "周末").map(|end| (Day::Week(0), end)),
    }
}

/// 下个月, 下个月3号.
fn month(text: &Text, at: usize) -> Option<(Day, usize)> {
    let (months, end) = [("下个月", 1), ("下月", 1), ("这个月", 0), ("本月", 0), ("当月", 0)]
        .into_iter()
        .find_map(|(word, months)| Some((months, text.after(at, word)?)))?;
    Some(match of_month(text, text.past(end, &["的"])) {
        Some((day, end)) => (Day::OfMonth { day, month: Some(months) }, end),
        None => (Day::Month(months), end),
    })
}

/// 3号, 3日.
pub fn of_month(text: &Text, at: usize) -> Option<(u32, usize)> {
    let (day, end) = words::chinese(text.chars(), at)?;
    Some((day, text.after_one(end, &["号", "日"])?))
}

/// 2026年12月5日, 12月5号, 12月5, 5号, 12/5.
pub fn date(text: &Text, at: usize) -> Option<(Day, usize)> {
    let (first, end) = words::chinese(text.chars(), at)?;
    if let Some(end) = text.after(end, "年") {
        let (Day::Date { month, day, .. }, end) = date(text, end)? else { return None };
        let year = i32::try_from(first).ok().filter(|year| (2000..3000).contains(year));
        return Some((Day::Date { year: Some(year?), month, day }, end));
    }
    if let Some(end) = text.after(end, "月") {
        let (day, end) = words::chinese(text.chars(), end)?;
        return Some((Day::Date { year: None, month: first, day }, text.past(end, &["号", "日"])));
    }
    if text.at(end) == '/' && text.at(end + 1).is_ascii_digit() {
        let (day, end) = words::chinese(text.chars(), end + 1)?;
        return (text.at(end) != '/').then_some((Day::Date { year: None, month: first, day }, end));
    }
    let (day, end) = of_month(text, at)?;
    Some((Day::OfMonth { day, month: None }, end))
}

/// 2026-12-05, 2026/12/05, with a time behind it that is one of 24 hours.
fn iso(text: &Text, at: usize) -> Option<(When, usize)> {
    let number = |at: usize| words::chinese(text.chars(), at).filter(|_| text.at(at).is_ascii_digit());
    let (year, end) = number(at)?;
    let separator = text.at(end);
    if !matches!(separator, '-' | '/') || !(2000..3000).contains(&year) {
        return None;
    }
    let (month, end) = number(end + 1)?;
    let (day, end) = number((text.at(end) == separator).then_some(end + 1)?)?;
    let day = Day::Date { year: i32::try_from(year).ok(), month, day };
    let next = if text.at(end) == 't' { end + 1 } else { text.spaces(end) };
    match clock::digital(text, next) {
        Some((clock, after)) => Some((When { clock: Some(Clock { sure: true, ..clock }), ..day.into() }, after)),
        None => Some((day.into(), end)),
    }
}
