//! When a job that recurs runs: a cron expression of five fields, read in a time zone.
//!
//! A moment that the clocks jump over in spring is made up for right after the jump; one that comes
//! twice in autumn counts the first time.

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;
use croner::{
    Cron,
    parser::{CronParser, Seconds, Year},
};
use serde_json::Value;

/// Kinds of jobs that people and skills may set.
pub const KINDS: [&str; 3] = ["reminder", "skill_call", "daily_digest"];

/// Longest text of a reminder, in characters.
const MAX_TEXT_CHARS: usize = 4_000;

/// Longest cron expression in bytes; all minutes of an hour, one by one, take 169.
const MAX_CRON_BYTES: usize = 256;

/// Why there is no such schedule, for the person who wrote it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct ScheduleError(String);

/// Moments that repeat.
#[derive(Clone, Debug)]
pub struct Schedule {
    cron: Cron,
    zone: Tz,
}

impl Schedule {
    /// Reads minute, hour, day of the month, month and day of the week, such as `0 8 * * 1-5`, in an
    /// IANA zone.
    pub fn parse(cron: &str, zone: &str) -> Result<Self, ScheduleError> {
        let bad = |reason: String| Err(ScheduleError(reason));
        let Ok(zone) = zone.parse() else {
            return bad(format!("`{zone}` is not an IANA time zone, such as Asia/Shanghai"));
        };
        if cron.len() > MAX_CRON_BYTES {
            return bad(format!("a cron expression has {MAX_CRON_BYTES} characters at most"));
        }
        if cron.split_whitespace().count() != 5 {
            return bad(format!("`{cron}` has not the five fields of a cron expression, such as 0 8 * * 1-5"));
        }
        let parser = CronParser::builder().seconds(Seconds::Disallowed).year(Year::Disallowed).build();
        let schedule = match parser.parse(cron) {
            Ok(cron) => Self { cron, zone },
            Err(error) => return bad(format!("`{cron}` is not a cron expression: {error}")),
        };
        // Any moment shows it: the calendar repeats.
        if schedule.next_after(DateTime::UNIX_EPOCH).is_none() {
            return bad(format!("`{cron}` never comes"));
        }
        Ok(schedule)
    }

    /// The first moment after `at`.
    pub fn next_after(&self, at: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let next = self.cron.find_next_occurrence(&at.with_timezone(&self.zone), false).ok()?;
        Some(next.with_timezone(&Utc))
    }

    /// The first moment that is not before `at`.
    pub fn next_from(&self, at: DateTime<Utc>) -> Option<DateTime<Utc>> {
        self.next_after(at - TimeDelta::microseconds(1))
    }

    /// The last moment that is not after `at`.
    pub fn last_until(&self, at: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let last = self.cron.find_previous_occurrence(&at.with_timezone(&self.zone), true).ok()?;
        Some(last.with_timezone(&Utc))
    }

    /// The next `n` moments after `from`.
    pub fn upcoming(&self, from: DateTime<Utc>, n: usize) -> Vec<DateTime<Utc>> {
        std::iter::successors(self.next_after(from), |at| self.next_after(*at)).take(n).collect()
    }
}

/// Checks what a job that people or skills set is given: `{"text"}` of a reminder, `{"skill",
/// "input"}` of a skill's call, nothing of a digest. Whether there is such a skill is not asked.
pub fn check_payload(kind: &str, payload: &Value) -> Result<(), String> {
    match kind {
        "reminder" => match payload["text"].as_str().map(str::trim) {
            Some(text) if (1..=MAX_TEXT_CHARS).contains(&text.chars().count()) => Ok(()),
            _ => Err(format!("a reminder needs a `text` of 1 to {MAX_TEXT_CHARS} characters")),
        },
        "skill_call" if payload["skill"].as_str().is_none_or(str::is_empty) => {
            Err("a call of a skill needs the name of a `skill`".to_owned())
        }
        "skill_call" if !payload["input"].is_object() => {
            Err("a call of a skill needs an `input` that is an object".to_owned())
        }
        "skill_call" => Ok(()),
        "daily_digest" if payload.is_null() || payload.as_object().is_some_and(serde_json::Map::is_empty) => Ok(()),
        "daily_digest" => Err("a digest takes nothing".to_owned()),
        other => Err(format!("`{other}` is not one of {}", KINDS.join(", "))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    fn days(cron: &str, zone: &str, from: &str) -> Vec<String> {
        let schedule = Schedule::parse(cron, zone).unwrap();
        schedule.upcoming(at(from), 3).iter().map(DateTime::to_rfc3339).collect()
    }

    #[test]
    fn a_night_with_a_jump_of_the_clocks_has_one_run() {
        // 02:30 does not exist on 29 March; 03:00 CEST is 01:00 UTC.
        let spring = days("30 2 * * *", "Europe/Berlin", "2026-03-28T12:00:00Z");
        assert_eq!(spring, ["2026-03-29T01:00:00+00:00", "2026-03-30T00:30:00+00:00", "2026-03-31T00:30:00+00:00"]);
        // 02:30 comes twice on 25 October.
        let autumn = days("30 2 * * *", "Europe/Berlin", "2026-10-24T12:00:00Z");
        assert_eq!(autumn, ["2026-10-25T00:30:00+00:00", "2026-10-26T01:30:00+00:00", "2026-10-27T01:30:00+00:00"]);
    }

    #[test]
    fn a_night_with_a_jump_of_the_clocks_is_found_backwards_too() {
        let schedule = Schedule::parse("30 2 * * *", "Europe/Berlin").unwrap();
        let last = |moment: &str| schedule.last_until(at(moment)).unwrap();
        assert_eq!(last("2026-03-29T08:00:00Z"), at("2026-03-29T01:00:00Z"));
        assert_eq!(last("2026-10-25T08:00:00Z"), at("2026-10-25T00:30:00Z"));
    }

    #[test]
    fn a_moment_is_whole_and_never_the_one_asked_about() {
        let schedule = Schedule::parse("0 8 * * *", "Asia/Shanghai").unwrap();
        let eight = at("2026-03-01T00:00:00Z");
        let tomorrow = at("2026-03-02T00:00:00Z");
        assert_eq!(schedule.next_after(at("2026-02-28T23:59:59.999999Z")), Some(eight));
        assert_eq!(schedule.next_after(eight), Some(tomorrow));
        assert_eq!(schedule.next_after(at("2026-03-01T00:00:00.5Z")), Some(tomorrow));
        assert_eq!(schedule.next_from(eight), Some(eight));
        assert_eq!(schedule.next_from(at("2026-03-01T00:00:00.5Z")), Some(tomorrow));
        assert_eq!(schedule.last_until(eight), Some(eight));
        assert_eq!(schedule.last_until(at("2026-03-01T00:00:00.5Z")), Some(eight));
        assert_eq!(schedule.last_until(at("2026-02-28T23:59:59.999999Z")), Some(at("2026-02-28T00:00:00Z")));
    }

    #[test]
    fn what_is_no_schedule_is_refused() {
        for cron in ["", "every day", "61 * * * *", "0 8 * *", "0 0 8 * * *", "@daily", "0 0 31 2 *", "0 0 30 2 *"] {
            assert!(Schedule::parse(cron, "UTC").is_err(), "{cron}");
        }
        assert!(Schedule::parse("0 8 * * *", "Mars/Base").unwrap_err().to_string().contains("Mars/Base"));
        // Rare is not never.
        assert!(Schedule::parse("0 0 29 2 *", "UTC").is_ok());
    }

    #[test]
    fn a_payload_fits_its_kind() {
        for (kind, payload, fits) in [
            ("reminder", json!({ "text": "tea" }), true),
            ("reminder", json!({ "text": " " }), false),
            ("reminder", json!({}), false),
            ("skill_call", json!({ "skill": "echo", "input": {} }), true),
            ("skill_call", json!({ "skill": "echo" }), false),
            ("daily_digest", json!({}), true),
            ("daily_digest", json!(null), true),
            ("write_episode", json!({}), false),
        ] {
            assert_eq!(check_payload(kind, &payload).is_ok(), fits, "{kind} {payload}");
        }
    }
}
