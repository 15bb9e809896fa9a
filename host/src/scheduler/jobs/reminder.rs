//! Says to a person what they wanted to be reminded of.

use chrono::TimeDelta;
use rust_i18n::t;
use serde::Deserialize;

use super::{Ended, payload};
use crate::{
    ids::JobId,
    memory::locale_of,
    scheduler::{Parts, missed::span, note::Note, recipient},
    store::{Button, Job},
};

pub const KIND: &str = "reminder";

/// How late a reminder may come without saying so.
const LATE: TimeDelta = TimeDelta::seconds(5);

#[derive(Deserialize)]
struct Payload {
    text: String,
}

pub async fn run(parts: &Parts, job: &Job) -> Ended {
    let Payload { text } = payload(job)?;
    let to = recipient::of(parts, job).await?;
    // In the language of what they wanted to be told.
    let locale = locale_of(&text, &to.locale);
    let (late, locale) = (parts.clock.now() - job.slot, locale.as_str());
    let text = if late > LATE {
        t!("job.reminder_late", locale = locale, text = text, by = span(late, locale))
    } else {
        t!("job.reminder", locale = locale, text = text)
    };
    to.tell(parts, job, text.into_owned(), buttons(job.id, locale)).await?;
    Ok(Note::default())
}

/// What can be done about a reminder that has come: `r:done:JOB` and `r:snooze:MINUTES:JOB`.
fn buttons(job: JobId, locale: &str) -> Vec<Vec<Button>> {
    let button = |label: &str, data: String| Button { label: t!(label, locale = locale).into_owned(), data };
    let snooze = |label: &str, minutes: u32| button(label, format!("r:snooze:{minutes}:{job}"));
    vec![
        vec![button("job.done", format!("r:done:{job}")), snooze("job.in_ten_minutes", 10)],
        vec![snooze("job.in_an_hour", 60)],
    ]
}
