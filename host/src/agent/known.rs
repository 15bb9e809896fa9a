//! What is said of facts: what was just kept, what holds or held, and everything that is known.

use chrono::{DateTime, NaiveTime, Utc};
use chrono_tz::Tz;
use rust_i18n::t;

use super::{template::bullets, turn::Context};
use crate::{
    memory::{Answered, Learnt},
    store::Fact,
};

/// Facts named in one reply.
pub const MAX_KNOWN: i64 = 30;

/// What was kept, and what was closed, of a message that stated something by itself.
pub fn learnt(learnt: &[Learnt], locale: &str) -> Option<String> {
    let texts = |kept: bool| {
        let texts = learnt.iter().filter_map(|one| match one {
            Learnt::Kept(text) if kept => Some(text.as_str()),
            Learnt::Ended(text) if !kept => Some(text.as_str()),
            _ => None,
        });
        texts.collect::<Vec<_>>().join("; ")
    };
    let said = [("agent.learnt", texts(true)), ("agent.ended", texts(false))];
    let said = said.into_iter().filter(|(_, text)| !text.is_empty());
    let lines: Vec<String> = said.map(|(key, text)| t!(key, locale = locale, text = text).into_owned()).collect();
    (!lines.is_empty()).then(|| lines.join("\n"))
}

/// Asks which of several facts is over.
pub fn which(facts: &[Fact], locale: &str) -> Option<String> {
    let lines: Vec<&str> = facts.iter().map(|fact| fact.value_text.as_str()).collect();
    (!lines.is_empty()).then(|| t!("agent.which_ended", locale = locale, text = bullets(&lines)).into_owned())
}

/// Answers questions that facts answer; `None` where none of them does.
pub fn answered(answered: &[Answered], zone: Tz, locale: &str) -> Option<String> {
    let told = |one: &Answered| one.facts.iter().map(|fact| line(fact, zone, locale)).collect::<Vec<_>>().join("; ");
    match answered {
        [] => None,
        all if all.iter().all(|one| one.facts.is_empty()) => None,
        [one] => Some(t!("agent.told_me", locale = locale, text = told(one)).into_owned()),
        several => {
            let lines: Vec<String> = several
                .iter()
                .map(|one| {
                    let text = told(one);
                    let text = if text.is_empty() { t!("agent.not_known", locale = locale).into_owned() } else { text };
                    t!("agent.answer_line", locale = locale, question = one.asked.text, text = text).into_owned()
                })
                .collect();
            let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
            Some(t!("agent.told_me", locale = locale, text = bullets(&lines)).into_owned())
        }
    }
}

/// Everything that is known of a person, up to [`MAX_KNOWN`] facts.
pub fn known(facts: &[Fact], zone: Tz, locale: &str) -> String {
    if facts.is_empty() {
        return t!("agent.known_nothing", locale = locale).into_owned();
    }
    let most = usize::try_from(MAX_KNOWN).unwrap_or(usize::MAX);
    let mut lines: Vec<String> = facts.iter().take(most).map(|fact| line(fact, zone, locale)).collect();
    if facts.len() > most {
        lines.push(t!("agent.known_more", locale = locale).into_owned());
    }
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    format!("{}{}", t!("agent.known", locale = locale), bullets(&lines))
}

/// What a model is told of facts: what this message has just changed, and what held at the time it asks about.
pub fn lines(context: &Context<'_>) -> Vec<String> {
    let zone = context.settings.time_zone;
    let learnt = context.learnt.iter().map(|one| match one {
        Learnt::Kept(text) => format!("[just kept from this message] {text}"),
        Learnt::Ended(text) => format!("[just closed as over, by this message] {text}"),
    });
    let facts = context.answered.iter().flat_map(|one| &one.facts);
    learnt.chain(facts.map(|fact| format!("[fact] {}", line(fact, zone, "en")))).collect()
}

/// A fact with the time in which it holds, as far as that is known.
fn line(fact: &Fact, zone: Tz, locale: &str) -> String {
    let from = fact.since_told.then(|| day(fact.valid_from, zone));
    let to = fact.valid_to.map(|to| day(to, zone));
    let held = match (from, to) {
        (None, None) => return fact.value_text.clone(),
        (Some(from), None) => t!("agent.since", locale = locale, from = from),
        (None, Some(to)) => t!("agent.until", locale = locale, to = to),
        (Some(from), Some(to)) => t!("agent.since_until", locale = locale, from = from, to = to),
    };
    t!("agent.fact_held", locale = locale, text = fact.value_text, held = held).into_owned()
}

/// A day, or its month where it is the first: people tell months.
fn day(at: DateTime<Utc>, zone: Tz) -> String {
    let local = at.with_timezone(&zone);
    let first = local.time() == NaiveTime::MIN && local.format("%d").to_string() == "01";
    local.format(if first { "%Y-%m" } else { "%Y-%m-%d" }).to_string()
}
