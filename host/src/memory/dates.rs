//! The times that a question names, in Chinese and in English: a day, a month, or a span seen from today.

mod when;

pub use when::{asks_when, tells_when};

use chrono::{DateTime, Datelike, Days, Months, NaiveDate, NaiveTime, TimeZone, Utc, Weekday};
use chrono_tz::Tz;
use regex::{Captures, Regex};
use std::sync::LazyLock;
use unicode_segmentation::UnicodeSegmentation;

use super::semantic::is_question;

/// A time that a question names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Named {
    /// A day of a month; of any year where none is told.
    Day {
        year: Option<i32>,
        month: u32,
        day: u32,
    },
    Month {
        year: Option<i32>,
        month: u32,
    },
    /// From one day to another, both in it.
    Span(NaiveDate, NaiveDate),
}

/// Days by which a day may be missed and still counts a little.
const NEAR_DAYS: i64 = 3;
const SAME_DAY: f64 = 1.0;
const SAME_MONTH: f64 = 0.5;
const NEAR_DAY: f64 = 0.4;

/// The first moment of a day; where the clocks skip midnight, it is taken as UTC.
pub fn first_moment(zone: Tz, day: NaiveDate) -> DateTime<Utc> {
    let midnight = day.and_time(NaiveTime::MIN);
    zone.from_local_datetime(&midnight).earliest().map_or_else(|| midnight.and_utc(), |at| at.to_utc())
}

/// Years back in which a day without its year is looked for.
const YEARS_BACK: i32 = 2;

const MONTHS: &str = "jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?";

/// The patterns, made once.
struct Patterns {
    /// 2023年4月5日, 4月5号, 4月; 2023-04-05.
    numbers: Regex,
    /// 7 May 2023, 7th of May.
    day_month: Regex,
    /// May 7, 2023; May 2023; May.
    month_day: Regex,
    /// A bare "may" is a month only after one of these.
    is_may: Regex,
    /// Last Tuesday, 上周三.
    weekday: Regex,
    /// Three days ago, 两周前.
    ago: Regex,
}

static PATTERNS: LazyLock<Patterns> = LazyLock::new(|| {
    let regex = |pattern: &str| Regex::new(pattern).expect("a constant pattern");
    Patterns {
        numbers: regex(
            r"(?:(\d{4})\s*年\s*)?(\d{1,2})\s*月(?:份)?(?:\s*(\d{1,2})\s*[日号]?)?|\b(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})\b",
        ),
        day_month: regex(&format!(r"(?i)\b(\d{{1,2}})(?:st|nd|rd|th)?(?: of)? ({MONTHS})\b\.?(?:,?\s*(\d{{4}}))?")),
        month_day: regex(&format!(
            r"(?i)\b({MONTHS})\b\.?(?:\s+(\d{{1,2}})(?:st|nd|rd|th)?\b)?(?:,?\s*(?:of )?(\d{{4}})\b)?"
        )),
        is_may: regex(r"(?i)\b(?:in|of|on|since|until|by|during|last|this) may\b"),
        weekday: regex(
            r"(?i)\b(last|this|on)\s+(monday|tuesday|wednesday|thursday|friday|saturday|sunday)\b|(上上?|这|本)?个?(?:周|星期|礼拜)([一二三四五六日天])",
        ),
        ago: regex(
            r"(?i)\b(\d{1,3}|an?|one|two|three|four|five|six|seven|ten) (day|week|month)s? ago\b|(\d{1,3}|[一二两三四五六七八九十])\s*个?(天|周|星期|礼拜|月)(?:以)?前",
        ),
    }
});

/// The times that a text names, seen from `today`. Of several sentences those count that ask, if any does: a day in
/// another one is when something else was.
pub fn named_in(text: &str, today: NaiveDate) -> Vec<Named> {
    let asking: Vec<&str> = text.unicode_sentences().filter(|sentence| is_question(sentence)).collect();
    let asking = asking.concat();
    let text = if asking.is_empty() { text } else { &asking };
    let mut named = Vec::new();
    for found in PATTERNS.numbers.captures_iter(text) {
        if let Some(month) = number(&found, 2) {
            named.extend(date(year(&found, 1), month, number(&found, 3)));
        } else if let (Some(month), day @ Some(_)) = (number(&found, 5), number(&found, 6)) {
            named.extend(date(year(&found, 4), month, day));
        }
    }
    for found in PATTERNS.day_month.captures_iter(text) {
        named.extend(date(year(&found, 3), month_of(&found[2]), number(&found, 1)));
    }
    for found in PATTERNS.month_day.captures_iter(text) {
        let (day, year) = (number(&found, 2), year(&found, 3));
        let bare_may = found[1].eq_ignore_ascii_case("may") && day.is_none() && year.is_none();
        if !bare_may || PATTERNS.is_may.is_match(text) {
            named.extend(date(year, month_of(&found[1]), day));
        }
    }
    let text = text.to_lowercase();
    named.extend(spans(&text, today).into_iter().map(|(from, to)| Named::Span(from, to)));
    named
}

fn number(found: &Captures<'_>, group: usize) -> Option<u32> {
    found.get(group)?.as_str().parse().ok()
}

fn year(found: &Captures<'_>, group: usize) -> Option<i32> {
    found.get(group)?.as_str().parse().ok()
}

fn date(year: Option<i32>, month: u32, day: Option<u32>) -> Option<Named> {
    if !(1..=12).contains(&month) {
        return None;
    }
    Some(match day {
        Some(day) if (1..=31).contains(&day) => Named::Day { year, month, day },
        _ => Named::Month { year, month },
    })
}

/// 1 to 12 by the first three letters, or 0.
fn month_of(name: &str) -> u32 {
    const NAMES: [&str; 12] = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
    let name = name.to_lowercase();
    (1..).zip(NAMES).find(|(_, month)| name.starts_with(month)).map_or(0, |(at, _)| at)
}

/// What is told in days, weeks and months back from today.
fn spans(text: &str, today: NaiveDate) -> Vec<(NaiveDate, NaiveDate)> {
    let has = |words: &[&str]| words.iter().any(|word| text.contains(word));
    let one_day = |ago: u64| (back(today, ago), back(today, ago));
    let mut spans = Vec::new();
    if has(&["day before yesterday", "前天"]) {
        spans.push(one_day(2));
    } else if has(&["yesterday", "last night", "昨天", "昨日", "昨晚"]) {
        spans.push(one_day(1));
    }
    let monday = back(today, today.weekday().num_days_from_monday().into());
    let weekdays: Vec<_> =
        PATTERNS.weekday.captures_iter(text).filter_map(|found| weekday(&found, today, monday)).collect();
    if weekdays.is_empty() && has(&["last week", "上周", "上星期", "上个星期", "上礼拜", "上个礼拜"]) {
        spans.push((back(monday, 7), back(monday, 1)));
    }
    spans.extend(weekdays.into_iter().map(|day| (day, day)));
    if has(&["last month", "上个月", "上月"]) {
        let first = today.with_day(1).unwrap_or(today);
        spans.push((first.checked_sub_months(Months::new(1)).unwrap_or(first), back(first, 1)));
    }
    spans.extend(PATTERNS.ago.captures_iter(text).map(|found| ago(&found, today)));
    spans
}

fn back(day: NaiveDate, days: u64) -> NaiveDate {
    day.checked_sub_days(Days::new(days)).unwrap_or(day)
}

fn forth(day: NaiveDate, days: u64) -> NaiveDate {
    day.checked_add_days(Days::new(days)).unwrap_or(day)
}

/// The day that a weekday means, never one to come.
fn weekday(found: &Captures<'_>, today: NaiveDate, monday: NaiveDate) -> Option<NaiveDate> {
    if let Some(name) = found.get(2) {
        let wanted: Weekday = name.as_str().parse().ok()?;
        let ago = (7 + today.weekday().num_days_from_monday() - wanted.num_days_from_monday()) % 7;
        return Some(back(today, if ago == 0 { 7 } else { ago.into() }));
    }
    let nth = "一二三四五六日".chars().position(|c| found[4].starts_with(c)).unwrap_or(6);
    let weeks = match found.get(3).map(|word| word.as_str()) {
        Some("上") => 7,
        Some("上上") => 14,
        _ => 0,
    };
    let day = forth(back(monday, weeks), nth as u64);
    Some(if day > today { back(day, 7) } else { day })
}

/// The days around what "so long ago" means: the longer ago, the less exact.
fn ago(found: &Captures<'_>, today: NaiveDate) -> (NaiveDate, NaiveDate) {
    let word =
        |groups: [usize; 2]| groups.into_iter().find_map(|group| found.get(group)).map_or("", |word| word.as_str());
    let count = word([1, 3]);
    let count: u32 = count.parse().unwrap_or(match count {
        "a" | "an" | "one" | "一" => 1,
        "two" | "二" | "两" => 2,
        "three" | "三" => 3,
        "four" | "四" => 4,
        "five" | "五" => 5,
        "six" | "六" => 6,
        "seven" | "七" => 7,
        "八" => 8,
        "九" => 9,
        _ => 10,
    });
    let (day, slack) = match word([2, 4]) {
        "day" | "天" => (back(today, count.into()), 0),
        "month" | "月" => (today.checked_sub_months(Months::new(count)).unwrap_or(today), 10),
        _ => (back(today, u64::from(count) * 7), 3),
    };
    (back(day, slack), forth(day, slack))
}

impl Named {
    /// How well a day fits: 1 for the day that was named, 0.5 for a day of the month or span that was, 0.4 within
    /// three days of a day, else 0.
    pub fn fits(&self, date: NaiveDate) -> f64 {
        let same = |year: Option<i32>, month: u32| year.is_none_or(|year| year == date.year()) && month == date.month();
        match *self {
            Self::Day { year, month, day } if same(year, month) => near(i64::from(day.abs_diff(date.day()))),
            Self::Month { year, month } if same(year, month) => SAME_MONTH,
            Self::Span(from, to) if from == to => near((date - from).num_days().abs()),
            Self::Span(from, to) if (from..=to).contains(&date) => SAME_MONTH,
            _ => 0.0,
        }
    }

    /// The spans of days to look in, seen from `today`; both ends are in them.
    pub fn days(&self, today: NaiveDate) -> Vec<(NaiveDate, NaiveDate)> {
        let years = |year: Option<i32>| year.map_or(today.year() - YEARS_BACK..=today.year(), |year| year..=year);
        match *self {
            Self::Day { year, month, day } => {
                years(year).filter_map(|year| NaiveDate::from_ymd_opt(year, month, day)).map(around).collect()
            }
            Self::Month { year, month } => {
                let first = years(year).filter_map(|year| NaiveDate::from_ymd_opt(year, month, 1));
                first.map(|first| (first, back(first.checked_add_months(Months::new(1)).unwrap_or(first), 1))).collect()
            }
            Self::Span(from, to) if from == to => vec![around(from)],
            Self::Span(from, to) => vec![(from, to)],
        }
    }
}

fn near(days_off: i64) -> f64 {
    match days_off {
        0 => SAME_DAY,
        1..=NEAR_DAYS => NEAR_DAY,
        _ => 0.0,
    }
}

fn around(day: NaiveDate) -> (NaiveDate, NaiveDate) {
    (back(day, NEAR_DAYS.unsigned_abs()), forth(day, NEAR_DAYS.unsigned_abs()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    /// Asked on a Thursday.
    fn check(text: &str, expected: &[Named]) {
        assert_eq!(named_in(text, day("2026-11-26")), expected, "{text}");
    }

    #[test]
    fn dates_are_read_in_both_languages() {
        let of = |year, month, day| Named::Day { year, month, day };
        check("5月3号我看了哪部电影", &[of(None, 5, 3)]);
        check("2023年4月的事", &[Named::Month { year: Some(2023), month: 4 }]);
        check("on May 7, 2023", &[of(Some(2023), 5, 7)]);
        check("the 7th of May", &[of(None, 5, 7), Named::Month { year: None, month: 5 }]);
        check("what did I do in May?", &[Named::Month { year: None, month: 5 }]);
        check("may I ask", &[]);
        check("2024-02-29", &[of(Some(2024), 2, 29)]);
        check("13月40日", &[]);
    }

    #[test]
    fn a_day_in_another_sentence_is_not_asked_for() {
        check("Yesterday was fun. Which film did I see on May 7?", &[Named::Day { year: None, month: 5, day: 7 }]);
        check("昨天很开心！5月3号我看了哪部电影？", &[Named::Day { year: None, month: 5, day: 3 }]);
        check("总结一下5月3号的事。谢谢。", &[Named::Day { year: None, month: 5, day: 3 }]);
    }

    #[test]
    fn spans_are_seen_from_today() {
        let span = |from: &str, to: &str| Named::Span(day(from), day(to));
        check("what did I eat yesterday?", &[span("2026-11-25", "2026-11-25")]);
        check("上周三我们去了哪里", &[span("2026-11-18", "2026-11-18")]);
        check("last Tuesday", &[span("2026-11-24", "2026-11-24")]);
        check("周六的约会", &[span("2026-11-21", "2026-11-21")]);
        check("last week", &[span("2026-11-16", "2026-11-22")]);
        check("上个月", &[span("2026-10-01", "2026-10-31")]);
        check("three days ago", &[span("2026-11-23", "2026-11-23")]);
        check("两周前", &[span("2026-11-09", "2026-11-15")]);
    }

    #[test]
    fn a_day_fits_its_name() {
        let fits = |named: &Named, date: &str| named.fits(day(date)).to_string();
        let third = Named::Day { year: None, month: 5, day: 3 };
        assert_eq!(
            [fits(&third, "2023-05-03"), fits(&third, "2023-05-05"), fits(&third, "2023-06-03")],
            ["1", "0.4", "0"]
        );
        let april = Named::Month { year: Some(2023), month: 4 };
        assert_eq!([fits(&april, "2023-04-30"), fits(&april, "2024-04-30")], ["0.5", "0"]);
        assert_eq!(april.days(day("2026-01-01")), [(day("2023-04-01"), day("2023-04-30"))]);
        assert_eq!(third.days(day("2026-01-01")).len(), 3);
    }
}
