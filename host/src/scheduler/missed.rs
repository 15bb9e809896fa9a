//! Runs of a recurring job that no host was there for.

use chrono::{DateTime, TimeDelta, Utc};
use rust_i18n::t;

use super::note::Note;
use crate::{
    schedule::Schedule,
    store::{Missed, RunEnd},
};

/// How late a run may begin and still be one of its time.
pub const ON_TIME: TimeDelta = TimeDelta::seconds(60);

/// Runs that are made up for where all are.
const MAX_MADE_UP: usize = 10;

/// Missed runs that are counted for the note.
const MAX_COUNTED: usize = 1_000;

/// How the run for a slot ends that is not made; `None`: it is to be made. Runs that are made up for
/// are queued at their own slots, so that a crash in between loses and repeats none.
pub fn passed_over(policy: Missed, slot: DateTime<Utc>, schedule: &Schedule, now: DateTime<Utc>) -> Option<RunEnd> {
    if now - slot <= ON_TIME {
        return None;
    }
    if policy == Missed::Skip {
        return Some(missed(slot, schedule, now, schedule.next_after(now)));
    }
    let made_up = if policy == Missed::All { MAX_MADE_UP } else { 1 };
    let before = |at: &DateTime<Utc>| schedule.last_until(*at - TimeDelta::microseconds(1));
    let first = std::iter::successors(schedule.last_until(now), before).nth(made_up - 1)?;
    // A slot that was moved by hand may lie between two of the schedule.
    (first > slot).then(|| missed(slot, schedule, first - TimeDelta::microseconds(1), Some(first)))
}

/// The end of a run that stands for all from a slot until a moment.
fn missed(slot: DateTime<Utc>, schedule: &Schedule, until: DateTime<Utc>, next: Option<DateTime<Utc>>) -> RunEnd {
    let later = schedule.upcoming(slot, MAX_COUNTED).iter().take_while(|at| **at <= until).count();
    let more = later == MAX_COUNTED;
    let note = Note { missed: Some(if more { later } else { later + 1 }), more, ..Note::default() };
    RunEnd::Missed { note: note.kept().unwrap_or_default(), next }
}

/// A length of time as a person reads it, in its two largest units.
pub fn span(length: TimeDelta, locale: &str) -> String {
    let (days, hours, minutes) = (length.num_days(), length.num_hours() % 24, length.num_minutes() % 60);
    let units = match (days, hours, minutes) {
        (0, 0, 0) => [(length.num_seconds(), "job.seconds"), (0, "")],
        (0, 0, minutes) => [(minutes, "job.minutes"), (0, "")],
        (0, hours, minutes) => [(hours, "job.hours"), (minutes, "job.minutes")],
        (days, hours, _) => [(days, "job.days"), (hours, "job.hours")],
    };
    let words = units.iter().filter(|(n, _)| *n > 0).map(|(n, unit)| t!(*unit, locale = locale, n = n).into_owned());
    words.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scheduler::note_text;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    /// What becomes of the hourly run for eight o'clock: note and next slot.
    fn hourly(policy: Missed, now: &str) -> Option<(String, String)> {
        let schedule = Schedule::parse("0 * * * *", "UTC").unwrap();
        match passed_over(policy, at("2026-03-01T08:00:00Z"), &schedule, at(now))? {
            RunEnd::Missed { note, next } => {
                Some((note_text(&note, "en"), next.unwrap().format("%d %H:%M").to_string()))
            }
            other => panic!("{other:?}"),
        }
    }

    fn missed(n: &str, next: &str) -> (String, String) {
        (format!("{n} missed"), next.to_owned())
    }

    #[test]
    fn a_run_within_a_minute_is_on_time() {
        for policy in [Missed::Skip, Missed::Once, Missed::All] {
            assert_eq!(hourly(policy, "2026-03-01T08:01:00Z"), None);
        }
        assert_eq!(hourly(Missed::Once, "2026-03-01T08:59:00Z"), None, "late, and the newest one");
        assert_eq!(hourly(Missed::Skip, "2026-03-01T08:59:00Z"), Some(missed("1", "01 09:00")));
    }

    #[test]
    fn what_was_missed_is_skipped_or_made_up_for() {
        let now = "2026-03-01T11:30:00Z";
        assert_eq!(hourly(Missed::Skip, now), Some(missed("4", "01 12:00")));
        assert_eq!(hourly(Missed::Once, now), Some(missed("3", "01 11:00")));
        assert_eq!(hourly(Missed::All, now), None);
        let now = "2026-03-02T08:30:00Z";
        assert_eq!(hourly(Missed::All, now), Some(missed("15", "01 23:00")), "the ten newest are made");
        assert_eq!(hourly(Missed::Once, "2027-03-01T08:30:00Z"), Some(missed("more than 1000", "01 08:00")));
    }

    #[test]
    fn a_slot_that_was_moved_by_hand_is_made_up_for() {
        let schedule = Schedule::parse("0 8 * * *", "UTC").unwrap();
        let moved = at("2026-03-01T10:00:00Z");
        assert!(passed_over(Missed::Once, moved, &schedule, at("2026-03-01T15:00:00Z")).is_none());
        assert!(passed_over(Missed::All, moved, &schedule, at("2026-03-01T15:00:00Z")).is_none());
    }

    #[test]
    fn a_span_has_its_two_largest_units() {
        for (seconds, en, zh) in [
            (7, "7 s", "7 秒"),
            (185, "3 min", "3 分钟"),
            (7_500, "2 h 5 min", "2 小时 5 分钟"),
            (7_200, "2 h", "2 小时"),
            (180_000, "2 d 2 h", "2 天 2 小时"),
        ] {
            let length = TimeDelta::seconds(seconds);
            assert_eq!((span(length, "en").as_str(), span(length, "zh").as_str()), (en, zh));
        }
    }
}
