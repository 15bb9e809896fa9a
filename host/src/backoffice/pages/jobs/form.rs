//! Forms about jobs, and what they ask for.

use chrono::{DateTime, Datelike, NaiveDateTime, TimeDelta, TimeZone, Timelike, Utc};
use chrono_tz::Tz;
use serde::Deserialize;
use serde_json::{Value, json};

use super::super::super::{
    changes::{JobOrder, invalid_job},
    error::Result,
};
use crate::{
    skills::short_key,
    store::{Job, JobEdit, Missed},
};

/// How a browser writes a date and a time of day.
const LOCAL: &str = "%Y-%m-%dT%H:%M";

/// How far back the moment of a new job may lie: a form takes a while to fill in.
const LATEST: TimeDelta = TimeDelta::minutes(5);

/// The form of a new job.
#[derive(Deserialize)]
#[serde(default)]
#[derive(Default)]
pub struct NewForm {
    kind: String,
    text: String,
    skill: String,
    input: String,
    at: String,
    /// "", "day", "weekdays", "week", "month" or "cron".
    repeat: String,
    cron: String,
    pub user: String,
    missed: String,
    key: String,
}

/// The form that changes a job.
#[derive(Deserialize)]
#[serde(default)]
#[derive(Default)]
pub struct ChangeForm {
    pub action: String,
    at: String,
    cron: String,
    zone: String,
    missed: String,
}

impl NewForm {
    /// The job that is wanted; the person lives in `zone`.
    pub fn order(self, zone: Tz, now: DateTime<Utc>) -> Result<JobOrder> {
        let payload = match self.kind.as_str() {
            // A browser sends line breaks as CR LF.
            "reminder" => json!({ "text": self.text.replace("\r\n", "\n").trim() }),
            "skill_call" => json!({ "skill": self.skill, "input": input(&self.input)? }),
            _ => Value::Null,
        };
        let local = if self.at.is_empty() { None } else { Some(local(&self.at)?) };
        let recurrence = match (self.repeat.as_str(), local) {
            ("", _) => None,
            ("cron", _) => Some(self.cron.clone()),
            (_, None) => return Err(invalid_job("run_at", "a date and a time are needed")),
            (repeat, Some(local)) => Some(recurring(repeat, local)),
        };
        let run_at = local.map(|local| moment(local, zone)).transpose()?;
        if recurrence.is_none() && run_at.is_some_and(|at| at < now - LATEST) {
            return Err(invalid_job("run_at", "this time has passed"));
        }
        // Other fields in the same form, after the browser's way back, are another job.
        let key = [&self.key, &self.text, &self.skill, &self.input, &self.at, &self.repeat, &self.cron, &self.user];
        let key = key.map(String::as_str).join("\n");
        Ok(JobOrder {
            kind: self.kind,
            run_at,
            recurrence,
            payload,
            user: Some(self.user),
            missed: Missed::from_word(&self.missed),
            key: (!self.key.is_empty()).then(|| short_key(&key)),
            ..JobOrder::default()
        })
    }
}

impl ChangeForm {
    /// What differs from the job as it is.
    pub fn edit(self, job: &Job, zone: Tz) -> Result<JobEdit> {
        let differs = |given: String, now: Option<&str>| {
            let given = given.trim().to_owned();
            (!given.is_empty() && Some(given.as_str()) != now).then_some(given)
        };
        let at = differs(self.at, Some(&local_text(job.run_at, zone)));
        let missed = Missed::from_word(&self.missed).filter(|missed| *missed != job.missed);
        Ok(JobEdit {
            run_at: at.map(|at| moment(local(&at)?, zone)).transpose()?,
            recurrence: differs(self.cron, job.recurrence.as_deref()),
            time_zone: differs(self.zone, job.time_zone.as_deref()),
            missed,
            payload: None,
        })
    }
}

/// A moment as the fields of a form have it.
pub fn local_text(at: DateTime<Utc>, zone: Tz) -> String {
    at.with_timezone(&zone).format(LOCAL).to_string()
}

fn local(text: &str) -> Result<NaiveDateTime> {
    // Some browsers write seconds too.
    let read = NaiveDateTime::parse_from_str(text, LOCAL)
        .or_else(|_| NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S"));
    read.map_err(|_| invalid_job("run_at", format!("`{text}` is not a date and a time")))
}

/// A moment that comes twice in autumn is the first one.
fn moment(local: NaiveDateTime, zone: Tz) -> Result<DateTime<Utc>> {
    let at = zone.from_local_datetime(&local).earliest();
    let at = at.ok_or_else(|| invalid_job("run_at", format!("the clocks in {zone} jump over {local}")))?;
    Ok(at.to_utc())
}

fn recurring(repeat: &str, at: NaiveDateTime) -> String {
    let (minute, hour) = (at.minute(), at.hour());
    match repeat {
        "weekdays" => format!("{minute} {hour} * * 1-5"),
        "week" => format!("{minute} {hour} * * {}", at.weekday().num_days_from_sunday()),
        "month" => format!("{minute} {hour} {} * *", at.day()),
        _ => format!("{minute} {hour} * * *"),
    }
}

fn input(text: &str) -> Result<Value> {
    if text.trim().is_empty() {
        return Ok(json!({}));
    }
    serde_json::from_str(text).map_err(|error| invalid_job("payload", format!("the input is not JSON: {error}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form(at: &str, repeat: &str) -> NewForm {
        NewForm {
            kind: "reminder".to_owned(),
            text: "tea ".to_owned(),
            at: at.to_owned(),
            repeat: repeat.to_owned(),
            ..NewForm::default()
        }
    }

    #[test]
    fn a_form_is_read_in_the_persons_zone() {
        let now = "2026-03-02T00:00:00Z".parse().unwrap();
        let order = |at: &str, repeat: &str| form(at, repeat).order(chrono_tz::Asia::Shanghai, now);
        let once = order("2026-03-02T08:30", "").unwrap();
        assert_eq!((once.run_at, once.recurrence), (Some("2026-03-02T00:30:00Z".parse().unwrap()), None));
        assert_eq!(once.payload, json!({ "text": "tea" }));
        for (repeat, cron) in
            [("day", "30 8 * * *"), ("weekdays", "30 8 * * 1-5"), ("week", "30 8 * * 1"), ("month", "30 8 2 * *")]
        {
            assert_eq!(order("2026-03-02T08:30", repeat).unwrap().recurrence.as_deref(), Some(cron));
        }
        assert!(order("2026-03-02T07:30", "").is_err(), "it has passed");
        assert!(order("", "day").is_err());
    }
}
