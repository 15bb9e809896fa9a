//! 每天, 每个工作日, 每周一和周四, 每月1号, 每半小时.

use super::{days, span, text::Text};
use crate::{
    english::mask,
    when::{Day, Every, Part, When},
    words,
};

const NAMED: [(&str, Every, Option<Part>); 14] = [
    ("每天", Every::DAILY, None),
    ("每日", Every::DAILY, None),
    ("天天", Every::DAILY, None),
    ("每一天", Every::DAILY, None),
    ("每早", Every::DAILY, Some(Part::Morning)),
    ("每晚", Every::DAILY, Some(Part::Evening)),
    ("每夜", Every::DAILY, Some(Part::Night)),
    ("每个工作日", Every::WEEKDAYS, None),
    ("每工作日", Every::WEEKDAYS, None),
    ("工作日", Every::WEEKDAYS, None),
    ("每个周末", Every::WEEKENDS, None),
    ("每周末", Every::WEEKENDS, None),
    ("隔天", Every::Other, None),
    ("隔周", Every::Other, None),
];

pub fn at(text: &Text, at: usize) -> Option<(When, usize)> {
    let named = NAMED.iter().find_map(|(word, every, part)| Some((*every, *part, text.after(at, word)?)));
    if let Some((every, part, end)) = named {
        return Some((When { part, ..every.into() }, end));
    }
    match text.after_one(at, &["每逢", "每隔", "每一个", "每个", "每"]) {
        Some(from) => weekly(text, from)
            .or_else(|| monthly(text, from))
            .or_else(|| interval(text, from, text.after(at, "每隔").is_some())),
        // 周一到周五
        None => range(text, at),
    }
}

fn weekly(text: &Text, at: usize) -> Option<(When, usize)> {
    if let Some(found) = range(text, at) {
        return Some(found);
    }
    let Some((day, mut end)) = days::weekday(text, at) else {
        let end = text.after_one(at, &["周", "星期", "礼拜"])?;
        return Some((Every::Week.into(), end));
    };
    let mut mask = 1 << day;
    loop {
        let joint = text.past(end, &["和", "、", "，", ",", "及", "与", "跟", "以及", "还有"]);
        let next = text.past(joint, &["每"]);
        let named = days::weekday(text, next);
        // 每周一三五: digits follow at once.
        let bare =
            days::day_of_week(text.at(joint)).filter(|_| !text.at(joint).is_ascii_digit()).map(|day| (day, joint + 1));
        match named.or(bare.filter(|(_, end)| !matches!(text.at(*end), '点' | '时' | '十' | '刻'))) {
            Some((day, after)) => (mask, end) = (mask | 1 << day, after),
            None => return Some((Every::Days(mask).into(), end)),
        }
    }
}

/// 周一到周五
fn range(text: &Text, at: usize) -> Option<(When, usize)> {
    let (first, end) = days::weekday(text, at)?;
    let to = text.after_one(end, &["到", "至", "-", "~"])?;
    let (last, end) = days::weekday(text, to)
        .or_else(|| days::day_of_week(text.at(to)).map(|day| (day, to + 1)))
        .filter(|(_, end)| text.at(*end) != '点')?;
    Some((Every::Days(mask(first, last)).into(), end))
}

/// 每月1号, 每年12月5日.
fn monthly(text: &Text, at: usize) -> Option<(When, usize)> {
    if let Some(end) = text.after(at, "年") {
        return Some(match days::date(text, text.past(end, &["的"])) {
            Some((Day::Date { year: None, month, day }, end)) => (Every::Year(Some((month, day))).into(), end),
            _ => (Every::Year(None).into(), end),
        });
    }
    let end = text.after(at, "月")?;
    Some(match days::of_month(text, text.past(end, &["的"])) {
        Some((day, end)) => (Every::Month(Some(day)).into(), end),
        None => (Every::Month(None).into(), end),
    })
}

/// 每小时, 每30分钟; 每隔一天 is every other day, 每隔30分钟 every 30 minutes.
fn interval(text: &Text, at: usize, apart: bool) -> Option<(When, usize)> {
    const UNITS: [(&str, Every); 4] = [
        ("小时", Every::Hours(1)),
        ("钟头", Every::Hours(1)),
        ("分钟", Every::Minutes(1)),
        ("刻钟", Every::Minutes(15)),
    ];
    if let Some((every, end)) = UNITS.iter().find_map(|(word, every)| Some((*every, text.after(at, word)?))) {
        return Some((every.into(), end));
    }
    // 每两个月, 每三天: words::chinese is tried first, so that a missing number is no interval.
    (text.at(at) == '半' || words::chinese(text.chars(), at).is_some()).then_some(())?;
    let (span, end) = span::length(text, at)?;
    let every = if apart && span.seconds == 0 { Every::Other } else { Every::of(span) };
    Some((every.into(), end))
}
