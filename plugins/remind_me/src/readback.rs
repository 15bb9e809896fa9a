//! Times in words, for a person.

use crate::{
    resolve::{Moment, Plan, from_cron},
    when::{Every, Span},
};
use chrono::{Datelike, NaiveDate, NaiveTime, Timelike};

const ENGLISH_DAYS: [&str; 7] = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];
const CHINESE_DAYS: [&str; 7] = ["一", "二", "三", "四", "五", "六", "日"];

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// Says what was set.
pub fn set(plan: &Plan, what: &str, now: &Moment, chinese: bool) -> String {
    let zone = now.timezone();
    match plan {
        Plan::Once { at, span: Some(span) } => {
            let (length, clock) = (length(*span, chinese), time(at.time()));
            match (chinese, at.date_naive() == now.date_naive()) {
                (false, true) => ended(format!("I'll remind you in {length}, at {clock} ({zone}): {what}"), '.'),
                (false, false) => {
                    let day = date(at.date_naive(), false);
                    ended(format!("I'll remind you in {length}, on {day} at {clock} ({zone}): {what}"), '.')
                }
                (true, true) => ended(format!("好，我会在 {length}后，{clock}（{zone}）提醒你：{what}"), '。'),
                (true, false) => {
                    let day = date(at.date_naive(), true);
                    ended(format!("好，我会在 {length}后，{day} {clock}（{zone}）提醒你：{what}"), '。')
                }
            }
        }
        Plan::Once { at, span: None } => {
            let at = moment(at, chinese);
            if chinese {
                ended(format!("好，我会在 {at}（{zone}）提醒你：{what}"), '。')
            } else {
                ended(format!("I'll remind you on {at} ({zone}): {what}"), '.')
            }
        }
        Plan::Again { every, first, assumed, .. } => {
            let often = often(*every, Some(first), chinese);
            if chinese {
                let morning = if *assumed { "，早上" } else { "" };
                let first = moment(first, true);
                ended(format!("好，我会{often}（{zone}{morning}）提醒你：{what}"), '。')
                    + &format!("第一次是 {first}。")
            } else {
                let morning = if *assumed { " in the morning" } else { "" };
                let first = if every.is_interval() {
                    format!("at {}, {}", time(first.time()), date(first.date_naive(), false))
                } else {
                    format!("on {}", date(first.date_naive(), false))
                };
                ended(format!("I'll remind you {often}{morning} ({zone}), first {first}: {what}"), '.')
            }
        }
    }
}

/// A reminder of a list, without its number.
pub fn line(what: &str, at: &Moment, recurrence: Option<&str>, chinese: bool) -> String {
    let next = moment(at, chinese);
    match (recurrence, chinese) {
        (None, false) => format!("{next}: {what}"),
        (None, true) => format!("{next}：{what}"),
        (Some(cron), false) => format!("{}, next on {next}: {what}", repeats(cron, at, false)),
        (Some(cron), true) => format!("{}，下次 {next}：{what}", repeats(cron, at, true)),
    }
}

/// How often a cron expression comes, in words where this skill has them.
fn repeats(cron: &str, at: &Moment, chinese: bool) -> String {
    match (from_cron(cron), chinese) {
        // A snoozed run is at another time than the ones that follow.
        (Some(every), _) => often(every, clock_of(cron).is_some_and(|clock| clock == at.time()).then_some(at), chinese),
        (None, false) => format!("by `{cron}`"),
        (None, true) => format!("按 `{cron}`"),
    }
}

fn clock_of(cron: &str) -> Option<NaiveTime> {
    let mut fields = cron.split_whitespace().map(str::parse);
    let (minute, hour) = (fields.next()?.ok()?, fields.next()?.ok()?);
    NaiveTime::from_hms_opt(hour, minute, 0)
}

fn often(every: Every, at: Option<&Moment>, chinese: bool) -> String {
    let words = if chinese { often_chinese(every) } else { often_english(every) };
    match at.filter(|_| !every.is_interval()) {
        Some(at) if chinese => format!("{words} {}", time(at.time())),
        Some(at) => format!("{words} at {}", time(at.time())),
        None => words,
    }
}

fn often_english(every: Every) -> String {
    match every {
        Every::DAILY => "every day".into(),
        Every::WEEKDAYS => "every weekday".into(),
        Every::Days(days) => format!("every {}", joined(days, &ENGLISH_DAYS, ", ", " and ")),
        Every::Month(Some(day)) if day > 28 => format!("on the {} of every month that has one,", ordinal(day)),
        Every::Month(day) => format!("every month on the {}", ordinal(day.unwrap_or(1))),
        Every::Year(day) => {
            let (month, day) = day.unwrap_or((1, 1));
            format!("every year on {day} {}", month_name(month))
        }
        Every::Minutes(1) => "every minute".into(),
        Every::Minutes(n) => format!("every {n} minutes"),
        Every::Hours(1) => "every hour, on the hour".into(),
        Every::Hours(n) => format!("every {n} hours, on the hour"),
        Every::Week | Every::Other => "again and again".into(),
    }
}

fn often_chinese(every: Every) -> String {
    match every {
        Every::DAILY => "每天".into(),
        Every::WEEKDAYS => "每个工作日".into(),
        Every::Days(days) => format!("每周{}", joined(days, &CHINESE_DAYS, "、周", "和周")),
        Every::Month(Some(day)) if day > 28 => format!("在有{day}号的每个月{day}号"),
        Every::Month(day) => format!("每月{}号", day.unwrap_or(1)),
        Every::Year(day) => {
            let (month, day) = day.unwrap_or((1, 1));
            format!("每年{month}月{day}日")
        }
        Every::Minutes(1) => "每分钟".into(),
        Every::Minutes(n) => format!("每{n}分钟"),
        Every::Hours(1) => "每小时整点".into(),
        Every::Hours(n) => format!("每{n}小时整点"),
        Every::Week | Every::Other => "多次".into(),
    }
}

fn joined(days: u32, names: &[&str; 7], comma: &str, and: &str) -> String {
    let all: Vec<&str> = (0..7).filter(|day| days & (1 << day) != 0).map(|day: usize| names[day]).collect();
    match all.split_last() {
        Some((last, rest)) if !rest.is_empty() => rest.join(comma) + and + last,
        _ => all.concat(),
    }
}

pub fn ordinal(day: u32) -> String {
    let end = match (day % 10, day % 100) {
        (_, 11..=13) => "th",
        (1, _) => "st",
        (2, _) => "nd",
        (3, _) => "rd",
        _ => "th",
    };
    format!("{day}{end}")
}

fn month_name(month: u32) -> &'static str {
    (month as usize).checked_sub(1).and_then(|at| MONTHS.get(at)).copied().unwrap_or_default()
}

pub fn date(date: NaiveDate, chinese: bool) -> String {
    let weekday = date.weekday().num_days_from_monday() as usize;
    if chinese {
        format!("{}年{}月{}日星期{}", date.year(), date.month(), date.day(), CHINESE_DAYS[weekday])
    } else {
        format!("{}, {} {} {}", ENGLISH_DAYS[weekday], date.day(), month_name(date.month()), date.year())
    }
}

pub fn time(time: NaiveTime) -> String {
    format!("{:02}:{:02}", time.hour(), time.minute())
}

/// Date and time, of a moment or of a wall clock.
pub fn moment(at: &Moment, chinese: bool) -> String {
    let joint = if chinese { " " } else { " at " };
    date(at.date_naive(), chinese) + joint + &time(at.time())
}

fn length(span: Span, chinese: bool) -> String {
    let units = [
        (span.seconds / 3_600, "hour", "小时"),
        (span.seconds / 60 % 60, "minute", "分钟"),
        (span.seconds % 60, "second", "秒"),
    ];
    let named = units.iter().filter(|(n, ..)| *n > 0).map(|(n, english, zh)| match (chinese, n) {
        (true, _) => format!("{n} {zh}"),
        (false, 1) => format!("1 {english}"),
        (false, _) => format!("{n} {english}s"),
    });
    named.collect::<Vec<_>>().join(if chinese { " " } else { " and " })
}

/// A sentence ends once, however what it is about ends.
pub fn ended(sentence: String, stop: char) -> String {
    if sentence.ends_with(['.', '!', '?', '。', '！', '？', '…']) {
        sentence
    } else {
        sentence + &stop.to_string()
    }
}
