//! Times that people tell, in Chinese and English: "in March", 三月, "two years ago", 去年. A date
//! without a year is the latest one that has begun by now, in the person's own zone.

use chrono::{DateTime, Datelike, Days, Months, NaiveDate, Utc};
use chrono_tz::Tz;
use regex::{Captures, Regex};
use std::sync::LazyLock;

use super::super::dates::first_moment;

/// The moment from which a text is read, and the zone in which its dates are meant.
#[derive(Clone, Copy, Debug)]
pub struct When {
    pub now: DateTime<Utc>,
    pub zone: Tz,
}

/// A stretch of time, from its first moment to before its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    pub from: DateTime<Utc>,
    pub to: DateTime<Utc>,
}

type Days2 = (NaiveDate, NaiveDate);

struct Told {
    pattern: Regex,
    days: fn(&Captures, NaiveDate) -> Option<Days2>,
}

const ZH_NUMBER: &str = "[0-9]{1,2}|[一二两三四五六七八九十]{1,3}";
const EN_MONTH: &str = "jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|\
                        oct(?:ober)?|nov(?:ember)?|dec(?:ember)?";

static TOLD: LazyLock<Vec<Told>> = LazyLock::new(|| {
    let zh = format!(
        "(?:自从|从|自|在|于)?(?:(?P<year>[0-9]{{4}})年|(?P<rel>去年|今年|前年)的?)?(?P<month>{ZH_NUMBER})月(?:(?P<day>{ZH_NUMBER})[日号])?份?(?:初|底|中旬)?(?:起|开始|以来|的时候)?"
    );
    let en = format!(
        r"(?i)\b(?:back |starting |as )?(?:in|since|on|from|of|last|this) (?:the )?(?:(?P<dayb>[0-9]{{1,2}})(?:st|nd|rd|th)?(?: of)? )?(?P<month>{EN_MONTH})\b\.?(?: (?P<day>[0-9]{{1,2}})(?:st|nd|rd|th)?\b)?(?:,? (?P<year>[0-9]{{4}})\b)?"
    );
    let en_ago = r"(?i)\b(?:about )?(?P<n>[0-9]{1,2}|an?|one|two|three|four|five|six|seven|eight|nine|ten|a few|a couple of) (?P<unit>day|week|month|year)s? ago\b";
    let zh_ago = "(?P<n>[0-9]{1,2}|[一二两三四五六七八九十几半]{1,3})个?(?P<unit>天|日|周|星期|月|年)(?:以|之)?前";
    [
        (zh.as_str(), month as fn(&Captures, NaiveDate) -> Option<Days2>),
        (en.as_str(), month),
        ("(?:自从|从|自|在|于)?(?P<year>[0-9]{4})年(?:初|底|末)?(?:起|开始|以来|的时候)?", year),
        (r"(?i)\b(?:back )?(?:in|since|from) (?P<year>(?:19|20)[0-9]{2})\b", year),
        (zh_ago, ago),
        (en_ago, ago),
        ("(?:从|自)?(?P<near>去年|前年|今年|上上?个?月|这个?月|上个?(?:周|星期|礼拜)|这个?(?:周|星期)|昨天|前天)(?:初|底|起|开始)?", near),
        (r"(?i)\b(?:since |from |starting |earlier )?(?P<near>(?:last|this) (?:year|month|week)|yesterday)\b", near),
        (r"(?i)\b(?:since|from|starting|as of) (?P<near>today|now)(?: on)?\b", near),
        ("(?:从|自)(?P<near>今天|现在)(?:起|开始)?", near),
    ]
    .into_iter()
    .map(|(pattern, days)| Told { pattern: Regex::new(pattern).expect("a constant pattern"), days })
    .collect()
});

impl When {
    /// The clause without the time that it tells, and that time.
    pub fn told(&self, clause: &str) -> (String, Option<Span>) {
        for told in TOLD.iter() {
            let Some(found) = told.pattern.captures(clause) else { continue };
            let Some((from, to)) = (told.days)(&found, self.today()) else { continue };
            let whole = found.get(0).expect("a match has a whole");
            let rest = format!("{} {}", clause[..whole.start()].trim_end(), clause[whole.end()..].trim_start());
            return (rest.trim().to_owned(), Some(self.span(from, to)));
        }
        (clause.to_owned(), None)
    }

    /// A day of the future that a clause names: this year's, or next year's when that has passed.
    pub fn coming(&self, clause: &str) -> Option<Span> {
        let span = self.told(clause).1?;
        let mut day = span.from.with_timezone(&self.zone).date_naive();
        while day < self.today() {
            day = day.checked_add_months(Months::new(12))?;
        }
        Some(self.span(day, day.checked_add_days(Days::new(1))?))
    }

    fn today(&self) -> NaiveDate {
        self.now.with_timezone(&self.zone).date_naive()
    }

    fn span(&self, from: NaiveDate, to: NaiveDate) -> Span {
        Span { from: first_moment(self.zone, from), to: first_moment(self.zone, to) }
    }
}

fn month(found: &Captures, today: NaiveDate) -> Option<Days2> {
    let month = month_number(found.name("month")?.as_str())?;
    let day = found.name("day").or_else(|| found.name("dayb")).map(|day| number(day.as_str()));
    let day = match day {
        Some(day) => Some(day?),
        None => None,
    };
    let told = found.name("year").and_then(|year| year.as_str().parse().ok());
    let relative = found.name("rel").map(|word| match word.as_str() {
        "去年" => today.year() - 1,
        "前年" => today.year() - 2,
        _ => today.year(),
    });
    let year = told.or(relative);
    let in_year = |year| NaiveDate::from_ymd_opt(year, month, day.unwrap_or(1));
    let from = match year {
        Some(year) => in_year(year)?,
        None => in_year(today.year()).filter(|from| *from <= today).or_else(|| in_year(today.year() - 1))?,
    };
    let to = if day.is_some() { from.checked_add_days(Days::new(1)) } else { from.checked_add_months(Months::new(1)) };
    Some((from, to?))
}

fn year(found: &Captures, _: NaiveDate) -> Option<Days2> {
    let year = found["year"].parse().ok()?;
    Some((NaiveDate::from_ymd_opt(year, 1, 1)?, NaiveDate::from_ymd_opt(year + 1, 1, 1)?))
}

fn ago(found: &Captures, today: NaiveDate) -> Option<Days2> {
    let n = number(&found["n"].to_lowercase())?;
    let back = |months: u32| {
        let from = today.checked_sub_months(Months::new(months))?;
        NaiveDate::from_ymd_opt(from.year(), from.month(), 1)
    };
    let unit = found["unit"].to_lowercase();
    let from = match unit.as_str() {
        "day" | "天" | "日" => today.checked_sub_days(Days::new(n.into()))?,
        "week" | "周" | "星期" => today.checked_sub_days(Days::new(u64::from(n) * 7))?,
        "month" | "月" => back(n)?,
        _ => back(n.checked_mul(12)?)?,
    };
    let to = match unit.as_str() {
        "month" | "月" | "year" | "年" => from.checked_add_months(Months::new(1))?,
        _ => from.checked_add_days(Days::new(1))?,
    };
    Some((from, to))
}

fn near(found: &Captures, today: NaiveDate) -> Option<Days2> {
    let month = NaiveDate::from_ymd_opt(today.year(), today.month(), 1)?;
    let week = today.checked_sub_days(Days::new(today.weekday().num_days_from_monday().into()))?;
    let months = |back: u32, long: u32| {
        let from = month.checked_sub_months(Months::new(back))?;
        Some((from, from.checked_add_months(Months::new(long))?))
    };
    let days = |from: NaiveDate, long: u64| Some((from, from.checked_add_days(Days::new(long))?));
    let years = |back: i32| {
        let year = today.year() - back;
        Some((NaiveDate::from_ymd_opt(year, 1, 1)?, NaiveDate::from_ymd_opt(year + 1, 1, 1)?))
    };
    match found["near"].to_lowercase().as_str() {
        "去年" | "last year" => years(1),
        "前年" => years(2),
        "今年" | "this year" => years(0),
        "上个月" | "上月" | "last month" => months(1, 1),
        "上上个月" | "上上月" => months(2, 1),
        "这个月" | "这月" | "this month" => months(0, 1),
        "昨天" | "yesterday" => days(today.pred_opt()?, 1),
        "前天" => days(today.pred_opt()?.pred_opt()?, 1),
        "今天" | "现在" | "today" | "now" => days(today, 1),
        "这周" | "这个周" | "这星期" | "这个星期" | "this week" => days(week, 7),
        _ => days(week.checked_sub_days(Days::new(7))?, 7),
    }
}

fn month_number(word: &str) -> Option<u32> {
    const NAMES: [&str; 12] = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
    let lower = word.to_lowercase();
    if let Some(at) = NAMES.iter().position(|name| lower.starts_with(name)) {
        return u32::try_from(at + 1).ok();
    }
    number(word).filter(|month| (1..=12).contains(month))
}

/// A small number in digits or in words.
pub fn number(word: &str) -> Option<u32> {
    const EN: [&str; 11] = ["", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"];
    if let Ok(number) = word.parse() {
        return Some(number);
    }
    match word {
        "a" | "an" => return Some(1),
        "a few" | "几" => return Some(3),
        "a couple of" => return Some(2),
        _ => {}
    }
    if let Some(at) = EN.iter().skip(1).position(|name| *name == word) {
        return u32::try_from(at + 1).ok();
    }
    let digit = |c: char| match c {
        '两' => Some(2),
        c => "一二三四五六七八九".chars().position(|one| one == c).and_then(|at| u32::try_from(at + 1).ok()),
    };
    match word.split_once('十') {
        Some((tens, ones)) => {
            let tens = if tens.is_empty() { 1 } else { digit(tens.chars().next()?)? };
            let ones = if ones.is_empty() { 0 } else { digit(ones.chars().next()?)? };
            Some(tens * 10 + ones)
        }
        None if word.chars().count() == 1 => digit(word.chars().next()?),
        None => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn when(now: &str) -> When {
        When { now: now.parse().unwrap(), zone: chrono_tz::Asia::Shanghai }
    }

    #[test]
    fn told_times_are_read_in_both_languages() {
        let when = when("2026-11-26T10:00:00Z");
        let check = |text: &str, rest: &str, from: &str, to: &str| {
            let (left, span) = when.told(text);
            let span = span.unwrap_or_else(|| panic!("{text}"));
            let day = |at: DateTime<Utc>| at.with_timezone(&when.zone).date_naive().to_string();
            assert_eq!((left.as_str(), day(span.from).as_str(), day(span.to).as_str()), (rest, from, to), "{text}");
        };
        check("我三月搬到上海了", "我 搬到上海了", "2026-03-01", "2026-04-01");
        check("moved to Shanghai in March", "moved to Shanghai", "2026-03-01", "2026-04-01");
        check("in December", "", "2025-12-01", "2026-01-01");
        check("去年十二月5号", "", "2025-12-05", "2025-12-06");
        check("2024年5月", "", "2024-05-01", "2024-06-01");
        check("moved to Oslo last year", "moved to Oslo", "2025-01-01", "2026-01-01");
        check("since May 7, 2023", "", "2023-05-07", "2023-05-08");
        check("on the 5th of March", "", "2026-03-05", "2026-03-06");
        check("两年前", "", "2024-11-01", "2024-12-01");
        check("three weeks ago", "", "2026-11-05", "2026-11-06");
        check("上个月", "", "2026-10-01", "2026-11-01");
        check("since 2020", "", "2020-01-01", "2021-01-01");
        check("昨天", "", "2026-11-25", "2026-11-26");
    }

    #[test]
    fn the_persons_zone_decides_the_year() {
        // In Shanghai the new year has begun.
        let (_, span) = when("2025-12-31T20:00:00Z").told("in January");
        assert_eq!(span.unwrap().from.to_rfc3339(), "2025-12-31T16:00:00+00:00");
    }

    #[test]
    fn texts_without_a_time_are_left_as_they_are() {
        for text in ["I may live in Berlin", "我住在上海", "I ate 3 plums", "we march in the rain"] {
            assert_eq!(when("2026-11-26T10:00:00Z").told(text), (text.to_owned(), None));
        }
    }
}
