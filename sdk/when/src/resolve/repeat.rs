//! What repeats, as a cron expression of five fields.

use super::{Moment, Plan, hours, moment, no_time};
use crate::{
    question::{Ask, Question},
    when::{Every, When},
};
use chrono::{Datelike, Days, NaiveDate, NaiveTime, TimeDelta, Timelike};

/// Days in which every schedule that exists has come.
const MAX_DAYS: u64 = 366 * 9;

pub fn resolve(every: Every, when: &When, now: &Moment) -> Result<Plan, Box<Question>> {
    let ask = |ask| Question::new(ask, when);
    match every {
        Every::Week | Every::Month(None) | Every::Year(None) => return Err(ask(Ask::Day)),
        Every::Month(Some(day)) if !(1..=31).contains(&day) => return Err(ask(Ask::NoDay)),
        // Any leap year shows which days there are.
        Every::Year(Some((month, day))) if NaiveDate::from_ymd_opt(2028, month, day).is_none() => {
            return Err(ask(Ask::NoDay));
        }
        Every::Minutes(n) if n < 60 && 60 % n == 0 => return interval(every, n, now).ok_or_else(|| ask(Ask::Interval)),
        Every::Hours(n) if n < 24 && 24 % n == 0 => {
            return interval(every, 60 * n, now).ok_or_else(|| ask(Ask::Interval));
        }
        Every::Minutes(_) | Every::Hours(_) | Every::Other => return Err(ask(Ask::Interval)),
        Every::Days(_) | Every::Month(_) | Every::Year(_) => {}
    }
    let clock = hours::clock(when).ok_or_else(|| ask(Ask::Time(None)))?;
    let readings = hours::readings(clock, when.part).ok_or_else(|| no_time(when))?;
    // What repeats is said in 24 hours, unless it says more.
    let reading = readings[0];
    let every = if reading.next_day { next_day(every).ok_or_else(|| ask(Ask::Interval))? } else { every };
    let time = NaiveTime::from_hms_opt(reading.hour, reading.minute, 0).ok_or_else(|| no_time(when))?;
    let first = first(every, time, now).ok_or_else(|| ask(Ask::NoDay))?;
    Ok(Plan::Again { cron: cron(every, time), every, first, assumed: readings.len() > 1 })
}

/// The same days, each one later: the midnight that ends a Friday is on Saturday.
fn next_day(every: Every) -> Option<Every> {
    match every {
        Every::Days(days) => Some(Every::Days(((days << 1) | (days >> 6)) & 0b111_1111)),
        Every::Month(Some(day)) if day < 28 => Some(Every::Month(Some(day + 1))),
        _ => None,
    }
}

fn first(every: Every, time: NaiveTime, now: &Moment) -> Option<Moment> {
    let today = now.date_naive();
    let dates = (0..MAX_DAYS).filter_map(|n| today.checked_add_days(Days::new(n)));
    dates
        .filter(|date| is_on(every, *date))
        .filter_map(|date| moment(now.timezone(), date.and_time(time)))
        .find(|at| at > now)
}

fn is_on(every: Every, date: NaiveDate) -> bool {
    match every {
        Every::Days(days) => days & (1 << date.weekday().num_days_from_monday()) != 0,
        Every::Month(day) => day == Some(date.day()),
        Every::Year(day) => day == Some((date.month(), date.day())),
        _ => false,
    }
}

/// The next full minute that an interval has.
fn interval(every: Every, minutes: u32, now: &Moment) -> Option<Plan> {
    let full = now.with_second(0)?.with_nanosecond(0)?;
    let at =
        (1..=24 * 60).map(|n| full + TimeDelta::minutes(n)).find(|at| (at.hour() * 60 + at.minute()) % minutes == 0)?;
    let time = NaiveTime::MIN;
    Some(Plan::Again { cron: cron(every, time), every, first: at, assumed: false })
}

fn cron(every: Every, time: NaiveTime) -> String {
    let (hour, minute) = (time.hour(), time.minute());
    let at = format!("{minute} {hour}");
    match every {
        Every::DAILY => format!("{at} * * *"),
        Every::WEEKDAYS => format!("{at} * * 1-5"),
        Every::Days(days) => {
            // Sunday is 0 and comes first.
            let named = (0..7).filter(|day| days & (1 << ((day + 6) % 7)) != 0).map(|day: u32| day.to_string());
            format!("{at} * * {}", named.collect::<Vec<_>>().join(","))
        }
        Every::Month(day) => format!("{at} {} * *", day.unwrap_or(1)),
        Every::Year(day) => {
            let (month, day) = day.unwrap_or((1, 1));
            format!("{at} {day} {month} *")
        }
        Every::Minutes(1) => "* * * * *".into(),
        Every::Minutes(n) => format!("*/{n} * * * *"),
        Every::Hours(1) => "0 * * * *".into(),
        Every::Hours(n) => format!("0 */{n} * * *"),
        Every::Week | Every::Other => String::new(),
    }
}

/// What a cron expression that comes from here says; `None` for others.
pub fn from_cron(text: &str) -> Option<Every> {
    let fields: Vec<&str> = text.split_whitespace().collect();
    let &[minute, hour, day, month, weekday] = &*fields else { return None };
    let every = match (minute, hour, day, month, weekday) {
        ("*", "*", "*", "*", "*") => Every::Minutes(1),
        ("0", "*", "*", "*", "*") => Every::Hours(1),
        (every, "*", "*", "*", "*") => Every::Minutes(every.strip_prefix("*/")?.parse().ok()?),
        ("0", every, "*", "*", "*") if every.starts_with("*/") => Every::Hours(every.strip_prefix("*/")?.parse().ok()?),
        (_, _, "*", "*", "*") => Every::DAILY,
        (_, _, "*", "*", "1-5") => Every::WEEKDAYS,
        (_, _, "*", "*", days) => {
            let days = days.split(',').map(|day| day.parse().ok().filter(|day| *day < 7));
            Every::Days(
                days.collect::<Option<Vec<u32>>>()?.into_iter().fold(0, |mask, day| mask | 1 << ((day + 6) % 7)),
            )
        }
        (_, _, day, "*", "*") => Every::Month(Some(day.parse().ok()?)),
        (_, _, day, month, "*") => Every::Year(Some((month.parse().ok()?, day.parse().ok()?))),
        _ => return None,
    };
    // Other expressions may look alike: only one that comes out the same is from here.
    let time = if every.is_interval() { NaiveTime::MIN } else { time_of(minute, hour)? };
    (cron(every, time) == text).then_some(every)
}

fn time_of(minute: &str, hour: &str) -> Option<NaiveTime> {
    NaiveTime::from_hms_opt(hour.parse().ok()?, minute.parse().ok()?, 0)
}
