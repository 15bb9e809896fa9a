//! What is asked when something is missing, and how the answer to it is read.

use crate::{
    request::Request,
    when::{Clock, When},
};
use chrono::{NaiveDate, NaiveDateTime};
use serde::{Deserialize, Serialize};

/// What is missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Ask {
    /// What it is about.
    What,
    /// Everything about the time.
    When,
    /// The time of the day.
    Time(Option<NaiveDate>),
    /// There is no such time.
    NoTime,
    /// Which half of the day.
    Half {
        /// The hour that may be in either.
        clock: Clock,
        /// The day, where one is known.
        date: Option<NaiveDate>,
        /// Neither is left today.
        passed: bool,
    },
    /// It has passed.
    Passed {
        /// What was said.
        at: NaiveDateTime,
        /// What may be meant.
        instead: Option<NaiveDateTime>,
    },
    /// The day.
    Day,
    /// There is no such day.
    NoDay,
    /// It is further ahead than the host keeps jobs.
    Far,
    /// No cron expression has it.
    Interval,
}

impl Ask {
    /// One word for it, for an output that models read: `what`, `time`, `am_or_pm`, `day` or `recurrence`.
    pub fn needs(self) -> &'static str {
        match self {
            Self::What => "what",
            Self::When | Self::Time(_) | Self::NoTime | Self::Passed { .. } => "time",
            Self::Half { .. } => "am_or_pm",
            Self::Day | Self::NoDay | Self::Far => "day",
            Self::Interval => "recurrence",
        }
    }
}

/// A question, and what is known until it is answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Question {
    /// What is missing.
    pub ask: Ask,
    /// What the request is about; empty where nobody said it.
    pub what: String,
    /// What is known of the time.
    pub when: When,
    /// What a plain "yes" makes of that.
    pub yes: Option<When>,
}

/// A reply to a question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// "No", "never mind": nothing is wanted any more.
    No,
    /// It answers nothing.
    Unclear,
    /// What is known now; another question may be left.
    Known(Request),
}

impl Question {
    pub(crate) fn new(ask: Ask, when: &When) -> Box<Self> {
        Box::new(Self { ask, what: String::new(), when: when.clone(), yes: None })
    }

    /// Reads the reply.
    pub fn answer(&self, text: &str) -> Answer {
        if is_one_of(text, NO) {
            return Answer::No;
        }
        if let Some(yes) = self.yes.as_ref().filter(|_| is_one_of(text, YES)) {
            return Answer::Known(self.completed(yes.clone()));
        }
        let said = Request::read_loosely(text);
        if self.ask == Ask::What {
            return Answer::Known(self.about(said, text));
        }
        if said.when.is_empty() {
            return Answer::Unclear;
        }
        let what = if self.what.is_empty() { said.what } else { self.what.clone() };
        Answer::Known(Request { what, when: self.when.answered(&said.when) })
    }

    /// A new request, with what this question knew if that is what it lacks.
    pub fn completed_by(&self, request: Request) -> Request {
        match (request.what.is_empty(), request.when.is_empty()) {
            (false, true) if self.ask == Ask::What => Request { when: self.when.clone(), ..request },
            (true, false) if !self.what.is_empty() => self.completed(self.when.answered(&request.when)),
            _ => request,
        }
    }

    fn completed(&self, when: When) -> Request {
        Request { what: self.what.clone(), when }
    }

    /// An answer to "what?". Times in it belong to it, unless it is nothing else or none is known.
    fn about(&self, said: Request, text: &str) -> Request {
        if said.what.is_empty() {
            return self.completed(self.when.answered(&said.when));
        }
        if self.when.is_empty() {
            return said;
        }
        let strictly = Request::read(text);
        let what = if strictly.when.is_empty() { strictly.what } else { text.to_owned() };
        Request { what, when: self.when.clone() }
    }
}

/// One to a line, since some have blanks.
const YES: &str = "yes\ny\nyeah\nyep\nsure\nok\nokay\nright\ncorrect\n是\n是的\n对\n对的\n好\n好的\n嗯\n可以\n行\n没错";
const NO: &str =
    "no\nn\nnope\nnever mind\nnevermind\ncancel\nforget it\n不\n不是\n不用\n不用了\n不要\n算了\n取消\n不了";

fn is_one_of(text: &str, words: &str) -> bool {
    let plain = text.trim_matches(|c: char| c.is_whitespace() || ".!。！,，".contains(c));
    words.lines().any(|word| word.eq_ignore_ascii_case(plain))
}
