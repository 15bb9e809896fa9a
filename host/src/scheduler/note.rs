//! What is worth knowing of a run that did not fail: kept as values, told in the language of who looks.

use chrono::{DateTime, TimeDelta, Utc};
use rust_i18n::t;
use serde::{Deserialize, Serialize};

use super::missed::span;
use crate::ids::CallId;

/// The note of a run; empty for most.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Note {
    /// Seconds that the run began after its time, where that is late.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub late_s: Option<i64>,
    /// Runs that nobody was there for; there may be more when `more`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub missed: Option<usize>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub more: bool,
    /// The call of a skill that was made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub call: Option<CallId>,
    /// Whether a model found the words.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub by_model: bool,
}

impl Note {
    /// Notes that a run for `slot` begins late, if it does.
    pub fn late(self, slot: DateTime<Utc>, now: DateTime<Utc>, on_time: TimeDelta) -> Self {
        let late = now - slot;
        Self { late_s: (late > on_time).then(|| late.num_seconds()), ..self }
    }

    /// As it is kept; nothing where there is nothing to know.
    pub fn kept(&self) -> Option<String> {
        (*self != Self::default()).then(|| serde_json::to_string(self).unwrap_or_default())
    }

    fn words(&self, locale: &str) -> String {
        let late = self
            .late_s
            .map(|late| t!("job.note.late", locale = locale, by = span(TimeDelta::seconds(late), locale)).into_owned());
        let missed = self.missed.map(|missed| {
            let words = if self.more { "job.note.more_missed" } else { "job.note.missed" };
            t!(words, locale = locale, n = missed).into_owned()
        });
        let model = self.by_model.then(|| t!("job.note.by_model", locale = locale).into_owned());
        let call = self.call.map(|call| t!("job.note.call", locale = locale, id = call).into_owned());
        [late, missed, model, call].into_iter().flatten().collect::<Vec<_>>().join("; ")
    }
}

/// A kept note in words. One that an earlier version kept is words already.
pub fn note_text(kept: &str, locale: &str) -> String {
    serde_json::from_str::<Note>(kept).map_or_else(|_| kept.to_owned(), |note| note.words(locale))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_note_is_told_in_either_language() {
        let check = |note: &Note, en: &str, zh: &str| {
            let kept = note.kept().unwrap();
            assert_eq!((note_text(&kept, "en").as_str(), note_text(&kept, "zh").as_str()), (en, zh));
        };
        check(&Note { missed: Some(3), ..Note::default() }, "3 missed", "错过 3 次");
        check(
            &Note { missed: Some(1_000), more: true, ..Note::default() },
            "more than 1000 missed",
            "错过 1000 次以上",
        );
        let slot = "2026-03-01T08:00:00Z".parse().unwrap();
        let now = "2026-03-01T10:05:00Z".parse().unwrap();
        let late = Note { by_model: true, ..Note::default() }.late(slot, now, TimeDelta::seconds(60));
        check(&late, "late by 2 h 5 min; by a model", "迟到 2 小时 5 分钟; 由模型撰写");
        assert_eq!(Note::default().late(slot, slot, TimeDelta::seconds(60)).kept(), None);
        assert_eq!(note_text("late by 3 min; call 7", "zh"), "late by 3 min; call 7");
    }
}
