//! The day that was named.

use super::later_date;
use crate::{
    question::Ask,
    when::{Day, When},
};
use chrono::{Datelike, Days, Months, NaiveDate};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Named {
    pub date: NaiveDate,
    /// It was named by its name alone, so that it is the next one once its time is over.
    pub coming: bool,
}

/// Years until a 29 February has come for sure.
const LEAP_YEARS: i32 = 9;

/// `None`: no day was named.
pub fn named(when: &When, today: NaiveDate) -> Result<Option<Named>, Ask> {
    let coming = |date: Option<NaiveDate>, coming| date.map(|date| Some(Named { date, coming })).ok_or(Ask::NoDay);
    let fixed = |date| coming(date, false);
    let Some(day) = when.day else {
        return when.after.map_or(Ok(None), |span| fixed(later_date(today, span)));
    };
    match day {
        Day::In(days) => fixed(today.checked_add_days(Days::new(u64::from(days)))),
        Day::Weekday { day, week: None } => {
            let days = (day + 7 - today.weekday().num_days_from_monday()) % 7;
            coming(today.checked_add_days(Days::new(u64::from(days))), true)
        }
        Day::Weekday { day, week: Some(week) } => {
            let monday = today.checked_sub_days(Days::new(u64::from(today.weekday().num_days_from_monday())));
            fixed(monday.and_then(|monday| monday.checked_add_days(Days::new(u64::from(7 * week + day)))))
        }
        Day::Week(_) | Day::Month(_) | Day::Slashed(..) => Err(Ask::Day),
        Day::Date { year: Some(year), month, day } => fixed(NaiveDate::from_ymd_opt(year, month, day)),
        Day::Date { year: None, month, day } => {
            let years = today.year()..today.year() + LEAP_YEARS;
            let mut dates = years.filter_map(|year| NaiveDate::from_ymd_opt(year, month, day));
            fixed(dates.find(|date| *date >= today))
        }
        Day::OfMonth { day, month: Some(months) } => {
            let month = today.with_day(1).and_then(|first| first.checked_add_months(Months::new(months)));
            fixed(month.and_then(|first| first.with_day(day)))
        }
        Day::OfMonth { day, month: None } => fixed(next_of_month(day, today)),
    }
}

/// The next such day, in the first month that has it.
fn next_of_month(day: u32, today: NaiveDate) -> Option<NaiveDate> {
    let first = today.with_day(1)?;
    let months = (0..12).filter_map(|n| first.checked_add_months(Months::new(n)));
    months.filter_map(|first| first.with_day(day)).find(|date| *date >= today)
}
