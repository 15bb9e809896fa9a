//! What every page has: language, times in the owner's zone, its forms' token, a notice.

mod amounts;

use askama::Template;
use axum::{
    extract::{FromRequestParts, OriginalUri},
    http::request::Parts,
    response::{Html, IntoResponse, Redirect, Response},
};
use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::{borrow::Cow, sync::Arc};
use tower_sessions::Session;

use super::super::{
    Backoffice,
    api::telegram,
    auth::{Actor, FormToken},
    error::{Kind, Problem, Result},
    locale::Locale,
};
use crate::telegram::State;
use amounts::Whole;

/// Key of the notice in the session.
const FLASH: &str = "flash";

/// The frame around a page.
pub struct Page {
    pub locale: Locale,
    /// What its forms carry.
    pub csrf: String,
    /// What the agent calls itself.
    pub agent: String,
    /// First part of the address, for the navigation.
    pub section: String,
    /// The address, to come back to.
    pub path: String,
    pub flash: Option<Flash>,
    /// What is wrong with the bot that only a person can mend: "unauthorized" or "conflict".
    pub alarm: Option<&'static str>,
    /// Requests of skills that wait for the owner.
    pub waiting: i64,
    /// That of the setting.
    pub zone: Tz,
    pub now: DateTime<Utc>,
}

/// A notice that the next page shows once.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Flash {
    pub good: bool,
    /// Key of the text.
    pub key: String,
    /// What follows the text, as it came.
    pub detail: String,
}

impl Flash {
    /// A notice that something was done; `key` is that of its text.
    fn done(key: &str) -> Self {
        Self { good: true, key: key.to_owned(), detail: String::new() }
    }

    fn problem(problem: &Problem) -> Self {
        Self { good: false, key: format!("problem.{}", problem.kind.slug()), detail: problem.detail.clone() }
    }
}

impl FromRequestParts<Arc<Backoffice>> for Page {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, backoffice: &Arc<Backoffice>) -> Result<Self> {
        let settings = backoffice.settings.current().await?;
        let path = parts.extensions.get::<OriginalUri>().map_or_else(|| parts.uri.path(), |uri| uri.path()).to_owned();
        let flash = match parts.extensions.get::<Session>() {
            // A stranger has no session, and a look for a notice must not begin one.
            Some(session) if session.id().is_some() && session.get_value(FLASH).await?.is_some() => {
                session.remove(FLASH).await?
            }
            _ => None,
        };
        Ok(Self {
            locale: Locale::of(&parts.headers, &backoffice.config.agent.locale),
            csrf: parts.extensions.get::<FormToken>().map(|token| token.0.clone()).unwrap_or_default(),
            agent: settings.name,
            section: path.split('/').nth(1).unwrap_or_default().to_owned(),
            path,
            flash,
            alarm: alarm(parts, backoffice).await?,
            waiting: match parts.extensions.get::<Actor>() {
                Some(_) => backoffice.db.pending_approvals().await?,
                None => 0,
            },
            zone: settings.time_zone,
            now: backoffice.clock.now(),
        })
    }
}

/// What the owner is told on every page.
async fn alarm(parts: &Parts, backoffice: &Backoffice) -> Result<Option<&'static str>> {
    if parts.extensions.get::<Actor>().is_none() {
        return Ok(None);
    }
    let state = telegram::connection(backoffice).await?.map(|known| known.state);
    Ok(state.filter(|state| matches!(state, State::Unauthorized | State::Conflict)).map(State::word))
}

impl Page {
    /// A text of the page.
    pub fn t<'a>(&self, key: &'a str) -> Cow<'a, str> {
        self.locale.text(key)
    }

    /// A text with one variable, `%{it}`.
    pub fn with(&self, key: &str, it: impl std::fmt::Display) -> String {
        self.locale.text(key).replace("%{it}", &it.to_string())
    }

    /// The text of a word of the program, such as a status; the word itself where there is none.
    pub fn word(&self, group: &str, word: &str) -> String {
        let key = format!("{group}.{word}");
        let text = self.locale.text(&key).into_owned();
        if text == key { word.to_owned() } else { text }
    }

    /// A text by its number: `KEY.one` or `KEY.many`, with the number as `%{it}`.
    pub fn count(&self, key: &str, number: impl Whole) -> String {
        let number = number.whole();
        let form = if number == 1 { "one" } else { "many" };
        self.with(&format!("{key}.{form}"), number)
    }

    /// A moment in the owner's zone: the time alone for today.
    pub fn time(&self, at: &DateTime<Utc>) -> String {
        self.time_in(at, &self.zone)
    }

    /// A moment in somebody's zone: the time alone for today.
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "templates hand over references")]
    pub fn time_in(&self, at: &DateTime<Utc>, zone: &Tz) -> String {
        let (at, now) = (at.with_timezone(zone), self.now.with_timezone(zone));
        let format = if at.date_naive() == now.date_naive() { "%H:%M" } else { "%Y-%m-%d %H:%M" };
        at.format(format).to_string()
    }

    /// A moment to the second, for tooltips and traces.
    pub fn full_time(&self, at: &DateTime<Utc>) -> String {
        at.with_timezone(&self.zone).format("%Y-%m-%d %H:%M:%S %Z").to_string()
    }

    /// The titles of all problems, as JSON for the script.
    pub fn problems(&self) -> String {
        let titles = Kind::ALL.iter().map(|kind| (kind.slug().to_owned(), self.word("problem", kind.slug()).into()));
        Value::Object(titles.collect()).to_string()
    }

    /// Whether this is the current section.
    pub fn is_at(&self, section: &str) -> bool {
        self.section == section
    }
}

/// A template as an answer.
pub fn html(template: &impl Template) -> Result<Response> {
    Ok(Html(template.render()?).into_response())
}

impl Flash {
    /// Goes to another page, which shows what was done, or why it was not. A fault of the host's own
    /// is shown as such.
    pub async fn after(session: &Session, outcome: Result<()>, done: &str, to: &str) -> Result<Response> {
        let flash = match outcome {
            Ok(()) => Self::done(done),
            Err(problem) if problem.kind == Kind::Internal => return Err(problem),
            Err(problem) => Self::problem(&problem),
        };
        session.insert(FLASH, flash).await?;
        Ok(Redirect::to(to).into_response())
    }
}
