//! What an hour may mean.

use super::Moment;
use crate::when::{Clock, Part, When};
use chrono::{Days, NaiveDate, NaiveDateTime, NaiveTime, Timelike};

/// One meaning of an hour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reading {
    pub hour: u32,
    pub minute: u32,
    /// It is after the midnight that ends the day.
    pub next_day: bool,
}

impl Reading {
    /// That hour of a day. In the small hours, an hour of the night that belongs to no named day is that of this night.
    pub fn on(self, date: NaiveDate, unnamed: bool, now: &Moment) -> Option<NaiveDateTime> {
        let time = NaiveTime::from_hms_opt(self.hour, self.minute, 0)?;
        let this_night = unnamed && date.and_time(time) > now.naive_local();
        let days = u64::from(self.next_day && !this_night);
        Some(date.checked_add_days(Days::new(days))?.and_time(time))
    }
}

/// The hour that was said; noon needs none.
pub fn clock(when: &When) -> Option<Clock> {
    let noon = (when.part == Some(Part::Noon)).then_some(Clock { hour: 12, minute: 0, sure: true });
    when.clock.or(noon)
}

/// One or two meanings; `None`: there is no such time.
pub fn readings(clock: Clock, part: Option<Part>) -> Option<Vec<Reading>> {
    let Clock { hour, minute, sure } = clock;
    if hour > 24 || minute > 59 || (hour == 24 && minute > 0) {
        return None;
    }
    let reading = |hour, next_day| Reading { hour, minute, next_day };
    let one = |hour| Some(vec![reading(hour, false)]);
    let night = |hour| Some(vec![reading(hour, true)]);
    let late = matches!(part, Some(Part::Evening | Part::Night));
    match (hour, part) {
        (24, _) => night(0),
        (0, _) if late => night(0),
        (0, Some(Part::Pm | Part::Noon)) | (13.., Some(Part::Am | Part::Morning)) => None,
        (0, _) | (12, Some(Part::Am)) => one(0),
        (13.., _) => one(hour),
        (12, _) if late => night(0),
        (12, _) => one(12),
        (_, None) if sure => one(hour),
        (_, None) => Some(vec![reading(hour, false), reading(hour + 12, false)]),
        (_, Some(Part::Am | Part::Morning)) | (10.., Some(Part::Noon)) => one(hour),
        (6.., Some(Part::Noon)) => None,
        (1..=3, Some(Part::Evening)) | (1..=5, Some(Part::Night)) => night(hour),
        _ => one(hour + 12),
    }
}

/// Whether a part of today is over.
pub fn is_over(part: Part, now: &Moment) -> bool {
    let end = match part {
        Part::Am => 6,
        Part::Morning => 12,
        Part::Noon => 14,
        Part::Pm => 18,
        Part::Evening | Part::Night => 24,
    };
    now.hour() >= end
}
