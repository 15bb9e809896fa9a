//! 下午三点半, 15点, 8:30, 晚上.

use super::text::Text;
use crate::{
    when::{Clock, Part, When},
    words,
};

const PARTS: [(&str, Part); 23] = [
    ("凌晨", Part::Am),
    ("清晨", Part::Morning),
    ("清早", Part::Morning),
    ("大清早", Part::Morning),
    ("一早", Part::Morning),
    ("早上", Part::Morning),
    ("早晨", Part::Morning),
    ("上午", Part::Morning),
    ("中午", Part::Noon),
    ("正午", Part::Noon),
    ("下午", Part::Pm),
    ("午后", Part::Pm),
    ("傍晚", Part::Evening),
    ("晚上", Part::Evening),
    ("晚间", Part::Evening),
    ("夜里", Part::Night),
    ("夜间", Part::Night),
    ("夜晚", Part::Night),
    ("半夜", Part::Night),
    ("深夜", Part::Night),
    ("am", Part::Am),
    ("pm", Part::Pm),
    ("晚", Part::Evening),
];

/// What counts things, so that a number before it is no minute.
const MEASURES: &str = "个位名次片杯人岁斤块元页天种件条张本瓶碗粒颗小周月年号日";

fn part_at(text: &Text, at: usize) -> Option<(Part, usize)> {
    PARTS.iter().find_map(|(word, part)| Some((*part, text.after(at, word)?)))
}

/// A part of the day without an hour. 晚 alone only counts behind a day.
pub fn part(text: &Text, at: usize, said: &When) -> Option<(When, usize)> {
    if let Some(end) = text.after(at, "午夜").or_else(|| text.after(at, "半夜十二点")) {
        return Some((Clock { hour: 24, minute: 0, sure: true }.into(), end));
    }
    let (part, end) = part_at(text, at)?;
    let short = end == at + 1 || text.at(at).is_ascii_alphabetic();
    let behind = said.day.is_some() || said.every.is_some() || said.clock.is_some() || text.loose;
    (!short || behind).then(|| (part.into(), end))
}

pub fn at(text: &Text, at: usize) -> Option<(When, usize)> {
    let (part, from) = match part_at(text, at) {
        Some((part, end)) => (Some(part), text.past(text.spaces(end), &["的"])),
        None => (None, at),
    };
    let (clock, end) = in_words(text, from).or_else(|| digital(text, from)).or_else(|| halved(text, from))?;
    let after = text.spaces(end);
    // 3:30pm
    let latin = ["am", "pm"].iter().position(|word| text.after(after, word).is_some());
    let half = latin.filter(|_| part.is_none()).map(|n| if n == 0 { Part::Am } else { Part::Pm });
    let end = if half.is_some() { after + 2 } else { end };
    Some((When { part: part.or(half), ..clock.into() }, end))
}

/// 三点, 15点30分, 八点半, 九点一刻.
fn in_words(text: &Text, at: usize) -> Option<(Clock, usize)> {
    let (hour, end) = words::chinese(text.chars(), at)?;
    let end = text.after_one(end, &["点", "时"])?;
    // 一点点, 一点儿 are "a little".
    if matches!(text.at(end), '点' | '儿') {
        return None;
    }
    let (minute, end) = minutes(text, end);
    let sure = hour == 0 || hour > 12 || text.at(at) == '0';
    Some((Clock { hour, minute, sure }, end))
}

fn minutes(text: &Text, at: usize) -> (u32, usize) {
    const NAMED: [(&str, u32); 6] = [("钟", 0), ("整", 0), ("半", 30), ("一刻", 15), ("三刻", 45), ("1刻", 15)];
    let named = NAMED.iter().find_map(|(word, minute)| Some((*minute, text.after(at, word)?)));
    if let Some(named) = named {
        return named;
    }
    let from = text.past(at, &["过"]);
    match words::chinese(text.chars(), from) {
        Some((minute, end)) if text.at(end) == '分' && text.at(end + 1) != '钟' => (minute, end + 1),
        Some((minute, end)) if (end > from + 1 || minute == 10) && !MEASURES.contains(text.at(end)) => (minute, end),
        _ => (0, at),
    }
}

/// 8:30
pub fn digital(text: &Text, at: usize) -> Option<(Clock, usize)> {
    let (hour, end) = words::chinese(text.chars(), at).filter(|_| text.at(at).is_ascii_digit())?;
    let colon = matches!(text.at(end), ':' | '：');
    let (minute, after) =
        words::chinese(text.chars(), end + 1).filter(|_| colon && text.at(end + 1).is_ascii_digit())?;
    (after == end + 3).then(|| {
        // Seconds are dropped.
        let seconds = (text.at(after) == ':').then(|| words::chinese(text.chars(), after + 1)).flatten();
        let sure = hour == 0 || hour > 12 || (end == at + 2 && text.at(at) == '0');
        (Clock { hour, minute, sure }, seconds.map_or(after, |(_, end)| end))
    })
}

/// 3pm; in an answer also 3.
fn halved(text: &Text, at: usize) -> Option<(Clock, usize)> {
    let (hour, end) = words::chinese(text.chars(), at)?;
    let marked = text.after_one(text.spaces(end), &["am", "pm"]).is_some();
    let alone = text.loose && end == text.len();
    let sure = hour == 0 || hour > 12;
    (marked || alone).then_some((Clock { hour, minute: 0, sure }, end))
}
