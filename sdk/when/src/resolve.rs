//! From what was said to a moment, or to the question that is left.

mod dates;
mod hours;
mod repeat;

pub use repeat::from_cron;

use crate::{
    question::{Ask, Question},
    when::{Clock, Day, Every, Span, When},
};
use chrono::{DateTime, Datelike, Days, Months, NaiveDate, NaiveDateTime, TimeDelta, TimeZone, Timelike};
use chrono_tz::Tz;

/// A moment in the person's zone.
pub type Moment = DateTime<Tz>;

/// When something is to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Plan {
    /// At a moment.
    Once {
        /// The moment.
        at: Moment,
        /// The length of time that was asked for, if it was one of hours or less.
        span: Option<Span>,
    },
    /// Again and again.
    Again {
        /// A cron expression of five fields, in the person's zone.
        cron: String,
        /// The same as it was said.
        every: Every,
        /// The first moment of it.
        first: Moment,
        /// The hour was taken for one in the morning.
        assumed: bool,
    },
}

/// Longest that the host keeps a job, about ten years.
const MAX_DAYS: i64 = 3_650;

pub fn resolve(when: &When, now: &Moment) -> Result<Plan, Box<Question>> {
    match plan(when, now)? {
        Plan::Once { at, .. } if (at - now).num_days() > MAX_DAYS => {
            let when = When { day: None, after: None, ..when.clone() };
            Err(Question::new(Ask::Far, &when))
        }
        plan => Ok(plan),
    }
}

fn plan(when: &When, now: &Moment) -> Result<Plan, Box<Question>> {
    if when.is_empty() {
        return Err(Question::new(Ask::When, when));
    }
    if let Some(every) = when.every {
        return repeat::resolve(every, when, now);
    }
    match when.after {
        Some(span) if when.clock.is_none() && when.part.is_none() => {
            let at = later(now, span).ok_or_else(|| Question::new(Ask::Far, when))?;
            let short = span.months == 0 && span.days == 0;
            Ok(Plan::Once { at, span: short.then_some(span) })
        }
        _ => once(when, now),
    }
}

/// Months and days by the calendar, at the same time of day; hours by the clock.
fn later(now: &Moment, span: Span) -> Option<Moment> {
    let local = now.naive_local();
    let date = later_date(local.date(), span)?;
    let day = if date == local.date() { *now } else { moment(now.timezone(), date.and_time(local.time()))? };
    day.checked_add_signed(TimeDelta::seconds(i64::from(span.seconds)))
}

fn later_date(date: NaiveDate, span: Span) -> Option<NaiveDate> {
    date.checked_add_months(Months::new(span.months))?.checked_add_days(Days::new(u64::from(span.days)))
}

fn once(when: &When, now: &Moment) -> Result<Plan, Box<Question>> {
    let today = now.date_naive();
    let named = dates::named(when, today).map_err(|ask| Question::new(ask, when))?;
    let date = named.map_or(today, |named| named.date);
    let coming = named.is_some_and(|named| named.coming);
    // A day of a name may still move by a week; the other ones are kept, whatever day the answer comes on.
    let known = match named {
        Some(named) if !coming => When { day: Some(on(named.date)), after: None, ..when.clone() },
        _ => when.clone(),
    };
    let Some(clock) = hours::clock(when) else {
        return Err(time_of(&known, named.map(|named| named.date), now));
    };
    let readings = hours::readings(clock, when.part).ok_or_else(|| no_time(&known))?;
    let all: Vec<Moment> =
        readings.iter().filter_map(|reading| moment(now.timezone(), reading.on(date, named.is_none(), now)?)).collect();
    let ahead: Vec<&Moment> = all.iter().filter(|at| *at > now).collect();
    match (&*ahead, all.len()) {
        ([at], 1) => Ok(Plan::Once { at: **at, span: None }),
        ([at], _) if !coming => Ok(Plan::Once { at: **at, span: None }),
        ([], _) => passed(&known, now, clock, &all, coming),
        _ => Err(Question::new(Ask::Half { clock, date: named.map(|named| named.date), passed: false }, &known)),
    }
}

/// What becomes of a time that is over for the day that was named, or for today.
fn passed(known: &When, now: &Moment, clock: Clock, all: &[Moment], coming: bool) -> Result<Plan, Box<Question>> {
    let shifted = |at: &Moment, days: u64| {
        let local = at.naive_local();
        Some(local.date().checked_add_days(Days::new(days))?.and_time(local.time()))
    };
    let Some(at) = all.first() else { return Err(no_time(known)) };
    if coming {
        return match all {
            [at] => {
                let next = shifted(at, 7).and_then(|next| moment(now.timezone(), next));
                next.map(|at| Plan::Once { at, span: None }).ok_or_else(|| no_time(known))
            }
            _ => Err(Question::new(Ask::Half { clock, date: Some(at.date_naive()), passed: false }, known)),
        };
    }
    let today = now.date_naive();
    let is_today = known.day.is_none() || known.day == Some(on(today));
    let days = if is_today { 1 } else { 7 };
    let recent = is_today || (today - at.date_naive()).num_days() < 7;
    let instead = shifted(at, days).filter(|next| recent && *next > now.naive_local());
    // Both halves of today are over.
    if is_today && all.len() > 1 {
        let date = today.succ_opt();
        let tomorrow = When { day: date.map(on), ..known.clone() };
        return Err(Question::new(Ask::Half { clock, date, passed: true }, &tomorrow));
    }
    let yes = instead.map(|next| When { day: Some(on(next.date())), clock: Some(exact(next)), ..When::default() });
    // Another time that is answered is one of today, of the same half of the day or not.
    let open = if is_today { When { day: None, ..known.clone() } } else { known.clone() };
    Err(Box::new(Question { yes, ..*Question::new(Ask::Passed { at: at.naive_local(), instead }, &open) }))
}

/// Asks for the time. A part of today that is over is that of tomorrow.
fn time_of(known: &When, date: Option<NaiveDate>, now: &Moment) -> Box<Question> {
    let over = date.is_none() && known.part.is_some_and(|part| hours::is_over(part, now));
    let date = if over { now.date_naive().succ_opt() } else { date };
    Question::new(Ask::Time(date), &When { day: date.map(on).or(known.day), after: None, ..known.clone() })
}

fn no_time(when: &When) -> Box<Question> {
    Question::new(Ask::NoTime, &When { clock: None, ..when.clone() })
}

fn exact(at: NaiveDateTime) -> Clock {
    Clock { hour: at.hour(), minute: at.minute(), sure: true }
}

pub fn on(date: NaiveDate) -> Day {
    Day::Date { year: Some(date.year()), month: date.month(), day: date.day() }
}

/// The moment that a wall clock shows a time. One that the clocks jump over is the moment after the jump; one that
/// comes twice is the first.
pub fn moment(zone: Tz, local: NaiveDateTime) -> Option<Moment> {
    // A calendar day was left out, once, in the Pacific.
    const LONGEST_GAP_MINUTES: i64 = 26 * 60;
    if let Some(at) = zone.from_local_datetime(&local).earliest() {
        return Some(at);
    }
    let whole = local.with_second(0)?;
    let mut minutes = (1..LONGEST_GAP_MINUTES).filter_map(|n| whole.checked_add_signed(TimeDelta::minutes(n)));
    minutes.find_map(|later| zone.from_local_datetime(&later).earliest())
}

impl Plan {
    /// The moment, or the first of them.
    pub fn at(&self) -> &Moment {
        match self {
            Self::Once { at, .. } | Self::Again { first: at, .. } => at,
        }
    }

    /// The cron expression of what repeats.
    pub fn cron(&self) -> Option<&str> {
        match self {
            Self::Once { .. } => None,
            Self::Again { cron, .. } => Some(cron),
        }
    }

    /// The same at another moment, such as that of the first attempt of a call.
    #[must_use]
    pub fn moved(self, to: Moment) -> Self {
        match self {
            Self::Once { span, .. } => Self::Once { at: to, span },
            Self::Again { cron, every, assumed, .. } => Self::Again { cron, every, first: to, assumed },
        }
    }
}
