//! What is new in the feeds that a person follows, where the skill for that is installed.

use serde_json::json;

use crate::{
    scheduler::{Parts, recipient, recipient::Recipient},
    skills::{Caller, Request, readable},
    store::{Job, StoreError},
};

/// Of `plugins/feed`: it takes `{"action": "digest"}` and answers with `text` and `items`.
const SKILL: &str = "feed";

/// The skill's own text, which no model has to repeat. A digest goes out without it when nothing is new, or the skill is
/// not to be had.
pub async fn news(parts: &Parts, job: &Job, to: &Recipient) -> Result<Option<String>, StoreError> {
    if !parts.skills.find(SKILL).await?.is_some_and(|skill| skill.enabled && !skill.manifest.needs_approval) {
        return Ok(None);
    }
    let caller = Caller {
        user: to.user.id,
        turn: None,
        conversation: Some(to.conversation),
        token: None,
        locale: to.locale.clone(),
        time_zone: to.zone.to_string(),
    };
    // One call for the slot: what it told is marked as seen, and a second one would tell nothing.
    let key = Some(format!("{}:{SKILL}", recipient::key(job)));
    let request = Request { key, ..Request::new(SKILL, json!({ "action": "digest" }), caller) };
    match parts.skills.call(request).await?.result {
        Ok(output) => {
            let is_new = output["items"].as_array().is_some_and(|items| !items.is_empty());
            Ok(is_new.then(|| readable(&output)))
        }
        Err(failure) => {
            tracing::warn!(error = &failure as &dyn std::error::Error, "a digest goes out without feeds");
            Ok(None)
        }
    }
}
