//! What words say about a moment, before it is one.

use serde::{Deserialize, Serialize};

/// Everything that was said; what was not said is `None`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct When {
    /// Tomorrow, 周五.
    pub day: Option<Day>,
    /// In the morning, 晚上.
    pub part: Option<Part>,
    /// At 5, 八点半.
    pub clock: Option<Clock>,
    /// In 10 minutes, 三天后.
    pub after: Option<Span>,
    /// Every weekday, 每月1号.
    pub every: Option<Every>,
}

/// A day as it was named. Days of the week count from Monday, which is 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Day {
    /// So many days from today.
    In(u32),
    /// A day of the week.
    Weekday {
        /// 0 to 6.
        day: u32,
        /// Counted from this one; without it the coming day of that name is meant.
        week: Option<u32>,
    },
    /// A week from this one, its day unsaid.
    Week(u32),
    /// A date; without a year the next one.
    Date {
        /// 2000 to 2999.
        year: Option<i32>,
        /// From 1 on, as it was said: there may be no such month.
        month: u32,
        /// From 1 on; there may be no such day.
        day: u32,
    },
    /// A day of a month.
    OfMonth {
        /// From 1 on; there may be no such day.
        day: u32,
        /// Counted from this one; without it the next month that has such a day is meant.
        month: Option<u32>,
    },
    /// A month from this one, its day unsaid.
    Month(u32),
    /// `12/5`: which of them is the month is a matter of country.
    Slashed(u32, u32),
}

/// The part of a day that an hour is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Part {
    /// From midnight on: `am`, 凌晨.
    Am,
    /// From daybreak to noon.
    Morning,
    /// Around noon.
    Noon,
    /// From noon on: `pm`, 下午.
    Pm,
    /// From the afternoon to midnight.
    Evening,
    /// The evening and the hours after midnight, which belong to the day before.
    Night,
}

/// An hour as it was said: there may be no such.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Clock {
    /// 24 is the midnight that ends the day.
    pub hour: u32,
    /// 0 unless it was said.
    pub minute: u32,
    /// Written in a form of 24 hours, such as `08:30` or `15点`.
    pub sure: bool,
}

/// A length of time: months and days by the calendar, seconds by the clock.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Span {
    /// Of whatever length.
    pub months: u32,
    /// Of whatever length.
    pub days: u32,
    /// With minutes and hours in them.
    pub seconds: u32,
}

/// How often.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Every {
    /// Days of the week; bit 0 is Monday.
    Days(u32),
    /// Each week, the day unsaid.
    Week,
    /// A day of each month.
    Month(Option<u32>),
    /// Month and day of each year.
    Year(Option<(u32, u32)>),
    /// So many minutes, from the full hour on.
    Minutes(u32),
    /// So many hours, from midnight on.
    Hours(u32),
    /// An interval that no cron expression has.
    Other,
}

impl Every {
    /// Every day.
    pub const DAILY: Self = Self::Days(0b111_1111);
    /// Monday to Friday.
    pub const WEEKDAYS: Self = Self::Days(0b001_1111);
    /// Saturday and Sunday.
    pub const WEEKENDS: Self = Self::Days(0b110_0000);

    /// Whether it has no time of day of its own.
    pub fn is_interval(self) -> bool {
        matches!(self, Self::Minutes(_) | Self::Hours(_) | Self::Other)
    }

    /// The interval of a length of time.
    pub(crate) fn of(span: Span) -> Self {
        match (span.months, span.days, span.seconds / 60, span.seconds % 60) {
            (0, 1, 0, 0) => Self::DAILY,
            (0, 7, 0, 0) => Self::Week,
            (1, 0, 0, 0) => Self::Month(None),
            (12, 0, 0, 0) => Self::Year(None),
            (0, 0, minutes @ 1.., 0) if minutes % 60 == 0 => Self::Hours(minutes / 60),
            (0, 0, minutes @ 1.., 0) => Self::Minutes(minutes),
            _ => Self::Other,
        }
    }
}

impl When {
    /// Whether nothing was said.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Whether nothing has to be asked for it to be a moment.
    pub(crate) fn is_complete(&self) -> bool {
        self.clock.is_some()
            || self.part == Some(Part::Noon)
            || self.after.is_some_and(|span| span.seconds > 0)
            || self.every.is_some_and(Every::is_interval)
    }

    /// Both together; `None` when they contradict each other.
    pub(crate) fn join(&self, other: &Self) -> Option<Self> {
        let mut all = Self {
            day: join_day(self.day, other.day)?,
            part: join_part(self.part, other.part)?,
            clock: one(self.clock, other.clock)?,
            after: one(self.after, other.after)?,
            every: join_every(self.every, other.every)?,
        };
        if let (Some(every), Some(day)) = (all.every, all.day) {
            all.every = Some(every_on(every, day)?);
            all.day = None;
        }
        let fixed = all.after.is_some_and(|span| span.seconds > 0)
            || matches!(all.every, Some(Every::Minutes(_) | Every::Hours(_)));
        let contradicts = (all.after.is_some() && (all.day.is_some() || all.every.is_some()))
            || (fixed && (all.clock.is_some() || all.part.is_some()));
        (!contradicts).then_some(all)
    }

    /// What a later answer makes of it: both together, or what the answer says in place of what was said.
    pub(crate) fn answered(&self, answer: &Self) -> Self {
        if let Some(all) = self.join(answer) {
            return all;
        }
        if answer.after.is_some() || answer.every.is_some() {
            return answer.clone();
        }
        let timed = answer.clock.is_some();
        Self {
            day: answer.day.or(self.day),
            part: if timed { answer.part } else { answer.part.or(self.part) },
            clock: answer.clock.or(self.clock),
            after: None,
            every: if answer.day.is_some() { None } else { self.every },
        }
    }
}

impl From<Day> for When {
    fn from(day: Day) -> Self {
        Self { day: Some(day), ..Self::default() }
    }
}

impl From<Part> for When {
    fn from(part: Part) -> Self {
        Self { part: Some(part), ..Self::default() }
    }
}

impl From<Clock> for When {
    fn from(clock: Clock) -> Self {
        Self { clock: Some(clock), ..Self::default() }
    }
}

impl From<Span> for When {
    fn from(span: Span) -> Self {
        Self { after: Some(span), ..Self::default() }
    }
}

impl From<Every> for When {
    fn from(every: Every) -> Self {
        Self { every: Some(every), ..Self::default() }
    }
}

/// The one that is there; `None` when both are.
#[expect(clippy::option_option, reason = "the outer one tells of a contradiction")]
fn one<T>(a: Option<T>, b: Option<T>) -> Option<Option<T>> {
    (a.is_none() || b.is_none()).then(|| a.or(b))
}

#[expect(clippy::option_option, reason = "the outer one tells of a contradiction")]
fn join_day(a: Option<Day>, b: Option<Day>) -> Option<Option<Day>> {
    let both = match (a, b) {
        (Some(Day::Week(week)), Some(Day::Weekday { day, week: None }))
        | (Some(Day::Weekday { day, week: None }), Some(Day::Week(week))) => Day::Weekday { day, week: Some(week) },
        (Some(Day::Month(month)), Some(Day::OfMonth { day, month: None }))
        | (Some(Day::OfMonth { day, month: None }), Some(Day::Month(month))) => {
            Day::OfMonth { day, month: Some(month) }
        }
        _ => return one(a, b),
    };
    Some(Some(both))
}

/// "Tonight … in the evening" is no contradiction.
#[expect(clippy::option_option, reason = "the outer one tells of a contradiction")]
fn join_part(a: Option<Part>, b: Option<Part>) -> Option<Option<Part>> {
    let late = |part| matches!(part, Some(Part::Pm | Part::Evening | Part::Night));
    let early = |part| matches!(part, Some(Part::Am | Part::Morning));
    if a == b || (late(a) && late(b)) || (early(a) && early(b)) { Some(a) } else { one(a, b) }
}

/// "Monday to Friday, every day" are the days of the former.
#[expect(clippy::option_option, reason = "the outer one tells of a contradiction")]
fn join_every(a: Option<Every>, b: Option<Every>) -> Option<Option<Every>> {
    match (a, b) {
        (Some(Every::Days(a)), Some(Every::Days(b))) if a & b != 0 => Some(Some(Every::Days(a & b))),
        (Some(Every::Week), Some(Every::Days(days))) | (Some(Every::Days(days)), Some(Every::Week)) => {
            Some(Some(Every::Days(days)))
        }
        _ => one(a, b),
    }
}

fn every_on(every: Every, day: Day) -> Option<Every> {
    match (every, day) {
        (Every::Week, Day::Weekday { day, week: None }) => Some(Every::Days(1 << day)),
        (Every::Month(None), Day::OfMonth { day, month: None }) => Some(Every::Month(Some(day))),
        (Every::Year(None), Day::Date { year: None, month, day }) => Some(Every::Year(Some((month, day)))),
        _ => None,
    }
}
