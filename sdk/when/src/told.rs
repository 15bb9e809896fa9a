//! What is told of jobs.

use crate::{Moment, rfc3339};
use serde::Serialize;
use skillet_sdk::JsonSchema;

/// What a skill tells of jobs: `text` to a person, the rest to models and other skills. A skill's output as it is.
///
/// ```
/// use skillet_sdk::serde_json::{json, to_value};
/// use skillet_when::{Told, moment};
///
/// let at = moment(0, "UTC").unwrap();
/// let told = Told { needs: Some("time"), ..Told::about("Tea?".into(), &at, None) };
/// assert_eq!(to_value(told)?, json!({ "text": "Tea?", "at": "1970-01-01T00:00:00+00:00", "needs": "time" }));
/// assert_eq!(to_value(Told::from("Gone.".to_owned()))?, json!({ "text": "Gone." }));
/// # Ok::<(), skillet_sdk::serde_json::Error>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(crate = "skillet_sdk::schemars")]
pub struct Told {
    /// What the person is shown.
    pub text: String,
    /// When the job that it is about runs next, in RFC 3339.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at: Option<String>,
    /// The cron expression of that job, if it repeats.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recurrence: Option<String>,
    /// What `text` asks for, in a word such as `time` or `day`; nothing was done.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub needs: Option<&'static str>,
    /// Those of a list.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub jobs: Option<Vec<Entry>>,
}

/// A job in a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(crate = "skillet_sdk::schemars")]
pub struct Entry {
    /// Its place, counted from 1.
    pub number: usize,
    /// What it is about.
    pub text: String,
    /// When it runs next, in RFC 3339.
    pub at: String,
    /// Its cron expression, if it repeats.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recurrence: Option<String>,
}

impl Told {
    /// A text about one job, and the time of that.
    pub fn about(text: String, at: &Moment, recurrence: Option<&str>) -> Self {
        Self { text, at: Some(rfc3339(at)), recurrence: recurrence.map(str::to_owned), ..Self::default() }
    }
}

/// A text about none.
impl From<String> for Told {
    fn from(text: String) -> Self {
        Self { text, ..Self::default() }
    }
}
