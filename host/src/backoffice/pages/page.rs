//! What every page has: language, times in the owner's zone, its forms' token, a notice.

use askama::Template;
use axum::{
    extract::{FromRequestParts, OriginalUri},
    http::request::Parts,
    response::{Html, IntoResponse, Redirect, Response},
};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::{borrow::Cow, sync::Arc};
use tower_sessions::Session;

use super::super::{
    Backoffice, assets,
    auth::FormToken,
    error::{Kind, Problem, Result},
    locale::Locale,
};

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
    zone: chrono_tz::Tz,
    now: DateTime<Utc>,
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
            zone: settings.time_zone,
            now: backoffice.clock.now(),
        })
    }
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
        let (at, now) = (at.with_timezone(&self.zone), self.now.with_timezone(&self.zone));
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

#[expect(clippy::unused_self, reason = "templates call everything on the page")]
impl Page {
    /// Thousands apart.
    pub fn number(&self, number: impl Whole) -> String {
        let number = number.whole();
        let digits = number.unsigned_abs().to_string();
        let groups: Vec<&str> =
            digits.as_bytes().rchunks(3).rev().map(|group| std::str::from_utf8(group).unwrap_or_default()).collect();
        format!("{}{}", if number < 0 { "-" } else { "" }, groups.join(","))
    }

    /// A size in bytes.
    pub fn bytes(&self, bytes: impl Whole) -> String {
        let bytes = bytes.whole();
        #[expect(clippy::cast_precision_loss, reason = "shown with one digit after the point")]
        let scaled = |unit: i128| bytes as f64 / unit as f64;
        match bytes {
            0..1_024 => format!("{bytes} B"),
            1_024..1_048_576 => format!("{:.1} KiB", scaled(1_024)),
            _ => format!("{:.1} MiB", scaled(1_048_576)),
        }
    }

    /// A duration in microseconds.
    pub fn micros(&self, micros: impl Whole) -> String {
        let micros = micros.whole();
        #[expect(clippy::cast_precision_loss, reason = "shown with three digits")]
        let millis = micros as f64 / 1_000.0;
        match micros {
            ..10_000 => format!("{millis:.2} ms"),
            10_000..1_000_000 => format!("{millis:.0} ms"),
            _ => format!("{:.2} s", millis / 1_000.0),
        }
    }

    /// JSON as people read it.
    pub fn pretty(&self, value: &Value) -> String {
        serde_json::to_string_pretty(value).unwrap_or_default()
    }

    /// The address of a static file.
    pub fn asset(&self, name: &str) -> String {
        assets::address(name)
    }
}

/// A whole number of any type, or a reference to one, as templates give them.
pub trait Whole {
    fn whole(&self) -> i128;
}

macro_rules! whole {
    ($($number:ty)*) => {$(
        impl Whole for $number {
            fn whole(&self) -> i128 {
                i128::try_from(*self).unwrap_or(i128::MAX)
            }
        }
    )*};
}

whole!(i64 u64 usize i128);

impl<T: Whole + ?Sized> Whole for &T {
    fn whole(&self) -> i128 {
        (**self).whole()
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
