//! What a text says: what it is about, and when.

use crate::{
    chinese, english,
    question::{Ask, Question},
    resolve::{self, Moment, Plan},
    when::{Clock, When},
};
use chrono::{DateTime, Timelike};
use chrono_tz::Tz;

/// What somebody asks for at a time.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Request {
    /// What it is about, without the words that say when and those that only ask, such as "please remind me to".
    pub what: String,
    /// What was said of the time.
    pub when: When,
}

impl Request {
    /// Reads a request. A text is in the language of its letters, whatever that of the person is.
    ///
    /// ```
    /// let request = skillet_when::Request::read("下周五中午提醒我给王医生打电话");
    /// assert_eq!(request.what, "给王医生打电话");
    /// ```
    pub fn read(text: &str) -> Self {
        parse(text, false)
    }

    /// Reads a text that is nothing but a time or an answer: a bare number is an hour, and a bare length begins now.
    ///
    /// ```
    /// use skillet_when::{Request, Span};
    ///
    /// let when = Request::read_loosely("10 minutes").when;
    /// assert_eq!(when.after, Some(Span { seconds: 600, ..Span::default() }));
    /// assert!(Request::read("10 minutes").when.is_empty());
    /// ```
    pub fn read_loosely(text: &str) -> Self {
        parse(text, true)
    }

    /// The same with what was said apart, where it was: what it is about, and when, as [`When::read`] takes it. `None` if
    /// that is no time. For inputs of models, which like to part what a person says as a whole.
    ///
    /// ```
    /// use skillet_when::Request;
    ///
    /// let zone = skillet_when::chrono_tz::Europe::Berlin;
    /// let whole = Request::read("tomorrow at 3pm: call Ann");
    /// assert_eq!(Request::default().with("call Ann", "tomorrow 3pm", zone), Some(whole.clone()));
    /// assert_eq!(whole.clone().with("", " ", zone), Some(whole.clone()));
    /// assert_eq!(whole.with("", "soon", zone), None);
    /// ```
    pub fn with(mut self, what: &str, when: &str, zone: Tz) -> Option<Self> {
        if !what.trim().is_empty() {
            what.trim().clone_into(&mut self.what);
        }
        if !when.trim().is_empty() {
            self.when = When::read(when, zone)?;
        }
        Some(self)
    }

    /// When it is to be, or what has to be asked.
    pub fn plan(&self, now: &Moment) -> Result<Plan, Box<Question>> {
        let asked = |ask, when| Question { ask, what: self.what.clone(), when, yes: None }.into();
        match resolve::resolve(&self.when, now) {
            Ok(plan) if self.what.is_empty() => Err(asked(Ask::What, kept(&plan, &self.when))),
            Err(question) if self.what.is_empty() && question.ask == Ask::When => Err(asked(Ask::What, question.when)),
            Err(question) => Err(Question { what: self.what.clone(), ..*question }.into()),
            plan => plan,
        }
    }
}

impl When {
    /// Reads a time that stands by itself, in words or in RFC 3339; `None` if it is none. A word such as "until" may lead
    /// to it.
    ///
    /// ```
    /// use skillet_when::When;
    ///
    /// let zone = skillet_when::chrono_tz::Europe::Berlin;
    /// assert_eq!(When::read("2026-12-03T14:00:00Z", zone), When::read("2026-12-03 15:00", zone));
    /// assert_eq!(When::read("soon", zone), None);
    /// ```
    pub fn read(text: &str, zone: Tz) -> Option<Self> {
        const LEADING: &str = "it |for |until |till |to |by ";
        let mut text = text.trim();
        while let Some(shorter) = LEADING.split('|').find_map(|word| text.strip_prefix(word)) {
            text = shorter.trim();
        }
        let when = match DateTime::parse_from_rfc3339(text) {
            Ok(at) => exactly(&at.with_timezone(&zone)),
            Err(_) => parse(text, true).when,
        };
        (!when.is_empty()).then_some(when)
    }
}

fn parse(text: &str, loose: bool) -> Request {
    let han = text.chars().any(|c| ('\u{4E00}'..='\u{9FFF}').contains(&c));
    if han { chinese::parse(text, loose) } else { english::parse(text, loose) }
}

fn exactly(at: &Moment) -> When {
    let clock = Clock { hour: at.hour(), minute: at.minute(), sure: true };
    When { clock: Some(clock), ..resolve::on(at.date_naive()).into() }
}

/// The time for as long as it is not known what it is for: a day stays the same, a length begins with the answer.
fn kept(plan: &Plan, when: &When) -> When {
    match plan {
        Plan::Once { at, span: None } => exactly(at),
        _ => when.clone(),
    }
}
