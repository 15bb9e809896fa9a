//! Replies without a model: what a skill gave, what memory holds, or what can be asked for.

pub use super::known::{MAX_KNOWN, answered, known, learnt, which};

use rust_i18n::t;
use std::sync::Arc;

use crate::{
    memory::{self, Recalled},
    skills::{CallFailure, FailureKind, Installed},
};

/// Share of a question's words that a memory must hold to answer it.
const ENOUGH: f64 = 0.34;

/// Memories shown beside the best one must come this near to it.
const NEAR_BEST: f64 = 0.75;

/// Memories shown in one reply.
const MAX_SHOWN: usize = 3;

/// Skills named in one reply.
const MAX_SKILLS: usize = 8;

/// A skill's failure as a person reads it.
pub fn failure(skill: &str, failure: &CallFailure, locale: &str) -> String {
    match failure.kind {
        // The skill's own words, meant for the person.
        FailureKind::InvalidInput | FailureKind::Denied | FailureKind::Failed | FailureKind::Unavailable => {
            failure.text.clone()
        }
        kind => {
            let kind = t!(format!("failure.{}", kind.name()), locale = locale);
            t!("agent.skill_failed", locale = locale, skill = skill, kind = kind, text = failure.text).into_owned()
        }
    }
}

/// An answer from memory, or `None` when nothing there answers the question.
pub fn recalled(question: &str, memories: &[Recalled], locale: &str) -> Option<String> {
    let best = memories.iter().filter(|memory| memory.is_fact()).map(|memory| memory.share).fold(0.0, f64::max);
    if best >= ENOUGH {
        let lines: Vec<&str> = memories
            .iter()
            .filter(|memory| memory.is_fact() && memory.share >= best * NEAR_BEST)
            .take(MAX_SHOWN)
            .map(|memory| memory.text.as_str())
            .collect();
        return Some(match lines.as_slice() {
            [line] => t!("agent.told_me", locale = locale, text = line).into_owned(),
            lines => t!("agent.told_me", locale = locale, text = bullets(lines)).into_owned(),
        });
    }
    // What somebody asked before says nothing about the answer, nor does the same message once more.
    let asked = memory::words(question);
    let says = |memory: &&Recalled| {
        memory.said_by.as_deref() != Some("assistant")
            && !memory::is_question(&memory.text)
            && memory::words(&memory.text) != asked
    };
    let said = memories.iter().filter(|memory| !memory.is_fact() && memory.share >= ENOUGH).find(says)?;
    Some(t!("agent.talked_about", locale = locale, text = said.text).into_owned())
}

/// A reply to a greeting or to thanks.
pub fn small_talk(message: &str, name: &str, skills: &[Arc<Installed>], locale: &str) -> Option<String> {
    const HELLO: &[&str] =
        &["hi", "hello", "hey", "help", "/help", "/start", "你好", "您好", "嗨", "帮助", "早上好", "晚上好"];
    const THANKS: &[&str] = &["thanks", "thank you", "thx", "谢谢", "多谢", "谢谢你", "谢了"];
    let plain = message.trim().trim_end_matches(['!', '.', '！', '。', '?', '？', '~', '～']).to_lowercase();
    if THANKS.contains(&plain.as_str()) {
        return Some(t!("agent.thanks", locale = locale).into_owned());
    }
    if plain.starts_with('📎') {
        return Some(t!("agent.kept", locale = locale).into_owned());
    }
    HELLO
        .contains(&plain.as_str())
        .then(|| with_skills(&t!("agent.hello", locale = locale, name = name), skills, locale))
}

/// What is said when nothing answers.
pub fn unknown(skills: &[Arc<Installed>], locale: &str) -> String {
    if skills.is_empty() {
        return t!("agent.unknown_no_skills", locale = locale).into_owned();
    }
    with_skills(&t!("agent.unknown", locale = locale), skills, locale)
}

fn with_skills(head: &str, skills: &[Arc<Installed>], locale: &str) -> String {
    let lines = skill_lines(&skills[..skills.len().min(MAX_SKILLS)]);
    let more = skills.len().saturating_sub(MAX_SKILLS);
    let more = if more == 0 { String::new() } else { bullets(&[&t!("agent.more_skills", locale = locale, n = more)]) };
    format!("{head}{lines}{more}")
}

/// A line for each skill: its name and what it does.
pub fn skill_lines(skills: &[Arc<Installed>]) -> String {
    let line = |skill: &Arc<Installed>| format!("**{}**: {}", skill.name, first_sentence(&skill.manifest.description));
    let lines: Vec<String> = skills.iter().map(line).collect();
    bullets(&lines.iter().map(String::as_str).collect::<Vec<_>>())
}

fn first_sentence(text: &str) -> &str {
    let end = text.find(". ").map(|at| at + 1).or_else(|| text.find('。').map(|at| at + '。'.len_utf8()));
    &text[..end.unwrap_or(text.len())]
}

pub fn bullets(lines: &[&str]) -> String {
    lines.iter().fold(String::new(), |text, line| text + "\n- " + line)
}
