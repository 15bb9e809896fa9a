//! Times in words, for a person.

mod asking;

use crate::{
    resolve::{Moment, Plan, from_cron},
    when::{Every, Span},
};
use chrono::{Datelike, NaiveDate, NaiveTime, Timelike};

const ENGLISH_DAYS: [&str; 7] = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];
const CHINESE_DAYS: [&str; 7] = ["一", "二", "三", "四", "五", "六", "日"];

const MONTHS: &str = "January February March April May June July August September October November December";

/// How a skill speaks of times.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Voice<'a> {
    /// In Chinese, or else in English.
    pub chinese: bool,
    /// What the skill does at the time, in that language: "remind you", 提醒你. In English "of" may follow it.
    pub act: &'a str,
}

impl Voice<'_> {
    /// A sentence of a table: blocks of a name, English and Chinese, each in its line, with an empty line between them.
    /// `{}` stands for the given texts, and the sentence ends once, however they end. Without the name in the table it is
    /// the name.
    ///
    /// ```
    /// use skillet_when::Voice;
    ///
    /// let table = "done\nDone: {}.\n好，已完成：{}。\n\nnone\nThere is none.\n没有。\n";
    /// let voice = Voice { chinese: false, act: "" };
    /// assert_eq!(voice.say(table, "done", &["tea"]), "Done: tea.");
    /// assert_eq!(voice.say(table, "done", &["Who comes?"]), "Done: Who comes?");
    /// assert_eq!(Voice { chinese: true, ..voice }.say(table, "none", &[]), "没有。");
    /// ```
    pub fn say(&self, table: &str, name: &str, given: &[&str]) -> String {
        let mut blocks = table.split("\n\n").map(str::lines);
        let block = blocks.find(|lines| lines.clone().next() == Some(name));
        let sentence = block.and_then(|mut lines| lines.nth(1 + usize::from(self.chinese))).unwrap_or(name);
        let mut pieces = sentence.split("{}");
        let mut text = pieces.next().unwrap_or_default().to_owned();
        for (given, piece) in given.iter().zip(pieces) {
            text = text + given + if has_ended(given) { piece.trim_start_matches(['.', '。']) } else { piece };
        }
        text
    }

    /// Says what will be done, and when.
    ///
    /// ```
    /// use skillet_when::{Request, Voice, moment};
    ///
    /// let now = moment(1_796_202_000_000, "Asia/Shanghai").unwrap();
    /// let plan = Request::read("10分钟后喝茶").plan(&now).unwrap();
    /// let voice = Voice { chinese: true, act: "提醒你" };
    /// assert_eq!(voice.promise(&plan, "喝茶", &now), "好，我会在 10 分钟后，17:10（Asia/Shanghai）提醒你：喝茶。");
    /// ```
    pub fn promise(&self, plan: &Plan, what: &str, now: &Moment) -> String {
        let Self { chinese, act } = *self;
        let when = if chinese { in_chinese(plan, now) } else { in_english(plan, now) };
        match plan {
            Plan::Again { first, .. } if chinese => {
                let first = self.moment(first);
                ended(format!("好，我会{when}{act}：{what}"), '。') + &format!("第一次是 {first}。")
            }
            _ if chinese => ended(format!("好，我会{when}{act}：{what}"), '。'),
            _ => ended(format!("I'll {act} {when}: {what}"), '.'),
        }
    }

    /// A line of a list, without its number: when it comes next, how often, and what it is about.
    ///
    /// ```
    /// use skillet_when::{Voice, moment};
    ///
    /// let at = moment(1_796_202_000_000, "Europe/Berlin").unwrap();
    /// let voice = Voice { chinese: false, act: "remind you" };
    /// let line = voice.line("tea", &at, Some("0 10 * * *"));
    /// assert_eq!(line, "every day at 10:00, next on Wednesday, 2 December 2026 at 10:00: tea");
    /// ```
    pub fn line(&self, what: &str, at: &Moment, recurrence: Option<&str>) -> String {
        let next = self.moment(at);
        let often = recurrence.map(|cron| repeats(cron, at, self.chinese));
        match (often, self.chinese) {
            (None, false) => format!("{next}: {what}"),
            (None, true) => format!("{next}：{what}"),
            (Some(often), false) => format!("{often}, next on {next}: {what}"),
            (Some(often), true) => format!("{often}，下次 {next}：{what}"),
        }
    }

    /// Date and time.
    ///
    /// ```
    /// use skillet_when::{Voice, moment};
    ///
    /// let at = moment(1_796_202_000_000, "Asia/Shanghai").unwrap();
    /// assert_eq!(Voice { chinese: true, act: "" }.moment(&at), "2026年12月2日星期三 17:00");
    /// ```
    pub fn moment(&self, at: &Moment) -> String {
        let joint = if self.chinese { " " } else { " at " };
        date(at.date_naive(), self.chinese) + joint + &time(at.time())
    }
}

fn in_english(plan: &Plan, now: &Moment) -> String {
    let (zone, day) = (now.timezone(), |at: &Moment| date(at.date_naive(), false));
    match plan {
        Plan::Once { at, span } => {
            let length = span.map(|span| length(span, false) + ", ").map(|length| format!("in {length}"));
            let clock = time(at.time());
            match length {
                Some(length) if at.date_naive() == now.date_naive() => format!("{length}at {clock} ({zone})"),
                length => format!("{}on {} at {clock} ({zone})", length.unwrap_or_default(), day(at)),
            }
        }
        Plan::Again { every, first, assumed, .. } => {
            let often = often(*every, Some(first), false);
            let morning = if *assumed { " in the morning" } else { "" };
            let clock = if every.is_interval() { format!("at {}, ", time(first.time())) } else { "on ".into() };
            format!("{often}{morning} ({zone}), first {clock}{}", day(first))
        }
    }
}

fn in_chinese(plan: &Plan, now: &Moment) -> String {
    let (zone, day) = (now.timezone(), |at: &Moment| date(at.date_naive(), true) + " ");
    match plan {
        Plan::Once { at, span } => {
            let length = span.map(|span| length(span, true) + "后，");
            let today = length.is_some() && at.date_naive() == now.date_naive();
            let day = if today { String::new() } else { day(at) };
            format!("在 {}{day}{}（{zone}）", length.unwrap_or_default(), time(at.time()))
        }
        Plan::Again { every, first, assumed, .. } => {
            format!("{}（{zone}{}）", often(*every, Some(first), true), if *assumed { "，早上" } else { "" })
        }
    }
}

/// How often a cron expression comes, in words where there are such.
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

fn ordinal(day: u32) -> String {
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
    (month as usize).checked_sub(1).and_then(|at| MONTHS.split(' ').nth(at)).unwrap_or_default()
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
fn ended(sentence: String, stop: char) -> String {
    if has_ended(&sentence) { sentence } else { sentence + &stop.to_string() }
}

fn has_ended(sentence: &str) -> bool {
    sentence.ends_with(['.', '!', '?', '。', '！', '？', '…'])
}
