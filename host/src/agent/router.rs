//! Which way a message goes: rules first, then what is configured. The decision has its reason.

use serde_json::Value;
use std::sync::Arc;

use super::difficulty;
use crate::{
    gateway::{Gateway, Tier},
    memory,
    skills::Installed,
};

/// The way of a turn.
#[derive(Clone)]
pub enum Route {
    /// A trigger of a skill fits: it runs and its output is the reply.
    Skill { skill: Arc<Installed>, input: Value },
    /// A model answers, and may call skills.
    Model { tier: Tier },
    /// Memory and a template answer.
    Recall,
}

/// A route and why it was taken.
#[derive(Clone)]
pub struct Decision {
    pub route: Route,
    pub reason: String,
    /// The message without a command at its beginning.
    pub message: String,
}

/// Asks for the large tier.
const DEEP: &str = "/deep";

impl Route {
    /// The word in tables and on pages.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Skill { .. } => "skill",
            Self::Model { .. } => "model",
            Self::Recall => "recall",
        }
    }
}

/// Decides. `earlier` is the number of messages before this one in the conversation.
pub fn decide(message: &str, locale: &str, skills: &[Arc<Installed>], gateway: &Gateway, earlier: usize) -> Decision {
    let decision = |route, reason: String| Decision { route, reason, message: message.to_owned() };
    if let Some(rest) = message.strip_prefix(DEEP).filter(|rest| rest.starts_with(char::is_whitespace)) {
        let route = gateway.tier(Tier::Large).map_or(Route::Recall, |tier| Route::Model { tier });
        return Decision { message: rest.trim().to_owned(), ..decision(route, "asked for with /deep".into()) };
    }
    if memory::asks_for_all(message) {
        return decision(Route::Recall, "asks what is known about the person".to_owned());
    }
    if let Some((skill, input)) = triggered(message, locale, skills) {
        let reason = format!("a trigger of {} fits", skill.name);
        return decision(Route::Skill { skill, input }, reason);
    }
    let Some(small) = gateway.tier(Tier::Small) else {
        return decision(Route::Recall, "no model is configured".to_owned());
    };
    let (wanted, reason) = difficulty::by_look(message, earlier);
    let tier = gateway.tier(wanted).unwrap_or(small);
    let only = if tier == wanted { "" } else { ", the only one that is configured" };
    let reason = format!("{reason}: {} tier{only}", tier.word());
    decision(Route::Model { tier }, reason)
}

/// Of several skills whose triggers fit, the one that leaves the least of the message open.
fn triggered(message: &str, locale: &str, skills: &[Arc<Installed>]) -> Option<(Arc<Installed>, Value)> {
    skills
        .iter()
        .filter_map(|skill| Some((skill.clone(), skill.triggered(message, locale)?)))
        .min_by_key(|(_, input)| input.to_string().len())
}
