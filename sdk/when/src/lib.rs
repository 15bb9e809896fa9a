//! Times in words, in Chinese and in English: from what a person writes to a moment, a recurrence or the question that
//! is left, and back into words. For skills that do something at a time.
//!
//! ```
//! use skillet_when::{Ask, Answer, Plan, Request, Voice, moment};
//!
//! // Wednesday, 2 December 2026, 10:00 in Berlin.
//! let now = moment(1_796_202_000_000, "Europe/Berlin").unwrap();
//! let voice = Voice { chinese: false, act: "notify you" };
//!
//! let request = Request::read("please, tomorrow at 3pm: talk about the roof");
//! assert_eq!(request.what, "talk about the roof");
//! let plan = request.plan(&now).unwrap();
//! assert_eq!(
//!     voice.promise(&plan, &request.what, &now),
//!     "I'll notify you on Thursday, 3 December 2026 at 15:00 (Europe/Berlin): talk about the roof."
//! );
//!
//! // What repeats is a cron expression of five fields.
//! let Ok(Plan::Again { cron, .. }) = Request::read("每个工作日早上八点半打卡").plan(&now) else { panic!() };
//! assert_eq!(cron, "30 8 * * 1-5");
//!
//! // What may mean two things is asked about, and the answer completes it.
//! let question = Request::read("tomorrow at 5: run").plan(&now).unwrap_err();
//! assert_eq!(question.ask.needs(), "am_or_pm");
//! assert_eq!(voice.question(&question), "Thursday, 3 December 2026: 5 am or 5 pm?");
//! let Answer::Known(request) = question.answer("in the evening") else { panic!() };
//! let Ok(Plan::Once { at, .. }) = request.plan(&now) else { panic!() };
//! assert_eq!(at.to_rfc3339(), "2026-12-03T17:00:00+01:00");
//! ```
//!
//! # The way of a text
//!
//! [`Request::read`] parts a text into what it is about and [`When`], which holds everything that was said of the time
//! and nothing that was not. [`Request::plan`] makes of that a [`Plan`], seen from now and in the person's zone, or a
//! [`Question`]. A question can be kept, since it is `serde`'s: [`Question::answer`] reads the reply to it, in this call
//! or in a later one. [`Voice`] says all of it in the person's language. [`Which`] tells the one that is meant of a list.
//!
//! [`Agenda`] puts these together with the host: it makes jobs of plans, keeps the question that is open from one call to
//! the next, and what the numbers of a list mean.
//!
//! # Rules
//!
//! Weeks begin on Monday; "next Friday" and 下周五 are that of next week. An hour from 1 to 11 without am, pm or a part of
//! the day is asked about while both may be meant; what repeats is taken in 24 hours. The night belongs to the day
//! before. A time that the clocks jump over in spring becomes the moment after the jump; one that comes twice is the
//! first. Nothing is further ahead than ten years, as far as the host keeps jobs.

mod agenda;
mod chinese;
mod english;
mod phrase;
mod question;
mod request;
mod resolve;
mod told;
mod voice;
mod when;
mod which;
mod words;

#[cfg(test)]
mod tests;

pub use agenda::Agenda;
pub use chrono;
pub use chrono_tz;
pub use question::{Answer, Ask, Question};
pub use request::Request;
pub use resolve::{Moment, Plan};
pub use told::{Entry, Told};
pub use voice::Voice;
pub use when::{Clock, Day, Every, Part, Span, When};
pub use which::Which;
pub use words::number;

use chrono::{DateTime, SecondsFormat};

/// The moment of a clock that counts milliseconds since 1970, in an IANA zone; `None` where there is no such zone.
///
/// ```
/// let at = skillet_when::moment(0, "Asia/Shanghai").unwrap();
/// assert_eq!(at.to_rfc3339(), "1970-01-01T08:00:00+08:00");
/// ```
pub fn moment(ms: u64, zone: &str) -> Option<Moment> {
    let utc = DateTime::from_timestamp_millis(i64::try_from(ms).ok()?)?;
    Some(utc.with_timezone(&zone.parse().ok()?))
}

/// The milliseconds since 1970 of a moment.
///
/// ```
/// let at = skillet_when::moment(1_000, "Europe/Berlin").unwrap();
/// assert_eq!(skillet_when::millis(&at), 1_000);
/// ```
pub fn millis(at: &Moment) -> u64 {
    u64::try_from(at.timestamp_millis()).unwrap_or_default()
}

/// A moment in RFC 3339 to the second, with the offset of its zone.
///
/// ```
/// let at = skillet_when::moment(1_500, "Asia/Shanghai").unwrap();
/// assert_eq!(skillet_when::rfc3339(&at), "1970-01-01T08:00:01+08:00");
/// ```
pub fn rfc3339(at: &Moment) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, false)
}
