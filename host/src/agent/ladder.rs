//! The ladder as a person meets it: which model answers them, what they are told of it, and what answers
//! where none may be asked: memory, one question back, or a plan that is not carried out.

use rust_i18n::t;
use serde_json::json;
use std::{sync::Arc, time::Instant};

use super::{
    template,
    turn::{Context, Draft, from_memory},
};
use crate::{
    gateway::{Blocked, GatewayError, Parts, Rung, Step, Tier, count_tokens},
    memory,
    skills::Installed,
    store::StoreError,
};

/// Skills that a question back, or a plan, names.
const MAX_NAMED: usize = 3;

/// Characters of a message that are repeated to its writer.
const QUOTED: usize = 120;

/// Which model may answer.
pub struct Stand {
    /// `None`: no model may.
    pub tier: Option<Tier>,
    /// The best rung that is open, whichever tier is enough.
    pub rung: Rung,
    /// Whether budgets keep the best tier away, so that what is dear is left out.
    pub saving: bool,
    /// What the person has not been told yet.
    pub note: Option<String>,
    pub reason: String,
}

/// Whether a model may answer the person, by where they stood last.
pub async fn has_model(context: &Context<'_>) -> Result<bool, StoreError> {
    Ok(stood(context).await?.is_none_or(|rung| rung.tier().is_some()))
}

/// Whether the ladder and the person's floor leave a choice between the tiers, by where they stood last.
pub async fn may_choose(context: &Context<'_>) -> Result<bool, StoreError> {
    let on_top = stood(context).await?.is_none_or(|rung| rung == Rung::Large);
    Ok(on_top && floor(context).await? != Some(Tier::Large))
}

/// The tier that answers the person at least.
async fn floor(context: &Context<'_>) -> Result<Option<Tier>, StoreError> {
    let user = context.agent.parts.db.user(context.turn.user_id).await?;
    Ok(user.and_then(|user| user.tier_floor).as_deref().and_then(Tier::from_word))
}

/// Where the person stood last; `None` before the ladder was ever taken.
async fn stood(context: &Context<'_>) -> Result<Option<Rung>, StoreError> {
    let row = context.agent.parts.db.rung(context.turn.user_id).await?;
    Ok(row.and_then(|row| Rung::from_word(&row.rung)))
}

/// Decides which tier answers, keeps a change, and finds what the person is to be told.
pub async fn stand(context: &Context<'_>, parts: &Parts, wanted: Tier) -> Result<Stand, StoreError> {
    let began = Instant::now();
    let agent = &context.agent.parts;
    let (user, turn) = (context.turn.user_id, context.turn.id);
    // Where only one tier is configured, its rung is the best there is.
    let top = agent.gateway.tier(Tier::Large).map_or(Rung::Retrieval, Rung::of);
    let before = stood(context).await?.unwrap_or(top);
    let before = if before == Rung::Large { top } else { before };
    let floor = floor(context).await?;
    let tokens = parts.assemble().tokens;
    let step = match agent.gateway.step(&context.account(), (tokens, None), before, floor).await {
        Ok(step) => step,
        Err(GatewayError::Store(error)) => return Err(error),
        Err(error) => {
            return Ok(Stand {
                tier: None,
                rung: Rung::Retrieval,
                saving: true,
                note: Some(away(context, &error)),
                reason: error.to_string(),
            });
        }
    };
    if step.best != before && (before != top || step.fullest.is_some()) {
        agent.db.set_rung(&agent.clock, (user, turn), (before.word(), step.best.word()), &step.reason).await?;
    }
    let note = match step.blocked {
        // What is not a matter of budgets is said each time: it may be over with the next message.
        Some(blocked) if step.best.tier().is_none() => Some(without(context, blocked)),
        _ if agent.db.tell_rung(user, step.best.word()).await? => Some(told(context, &step)),
        _ => None,
    };
    let open = step.best.tier();
    let tier = open.and_then(|open| agent.gateway.tier(open.min(floor.map_or(wanted, |floor| floor.max(wanted)))));
    context.note(
        "ladder",
        began,
        json!({ "best": step.best.word(), "before": before.word(), "share": step.share, "reason": step.reason }),
    );
    Ok(Stand { tier, rung: step.best, saving: step.best != top, note, reason: step.reason })
}

/// What a person is told of a change of rung.
fn told(context: &Context<'_>, step: &Step) -> String {
    let locale = context.turn.locale.as_str();
    let Some((scope, window)) = step.fullest else {
        return t!("agent.rung.back", locale = locale).into_owned();
    };
    let percent = (step.share * 100.0).min(100.0).round();
    let scope = t!(format!("agent.budget_of.{}", scope.word()), locale = locale);
    let window = t!(format!("agent.budget_for.{}", window.word()), locale = locale);
    let key = match step.best {
        Rung::Large => return t!("agent.rung.back", locale = locale).into_owned(),
        Rung::Small => "agent.rung.small",
        Rung::Retrieval | Rung::Clarify | Rung::Plan => "agent.rung.none",
    };
    t!(key, locale = locale, percent = percent, scope = scope, window = window).into_owned()
}

/// What is said where no budget stands in the way, but the models themselves.
fn without(context: &Context<'_>, blocked: Blocked) -> String {
    let key = match blocked {
        Blocked::Unpriced => "agent.no_price",
        Blocked::Resting => "agent.model_away",
    };
    t!(key, locale = context.turn.locale.as_str()).into_owned()
}

/// What is said when a model could not be asked.
pub fn away(context: &Context<'_>, error: &GatewayError) -> String {
    let locale = context.turn.locale.as_str();
    let key = match error {
        GatewayError::Exhausted(_) => "agent.budget_spent",
        GatewayError::Shut(_) => "agent.valve_shut",
        GatewayError::Unpriced(_) => "agent.no_price",
        _ => "agent.model_away",
    };
    t!(key, locale = locale).into_owned()
}

/// What is said when the small model answers for the large one.
pub fn smaller(context: &Context<'_>, error: &GatewayError) -> String {
    let locale = context.turn.locale.as_str();
    let key = match error {
        GatewayError::Exhausted(_) | GatewayError::Shut(_) => "agent.small_for_budget",
        _ => "agent.small_for_large",
    };
    t!(key, locale = locale).into_owned()
}

/// The rungs without a model: what memory and templates hold, else one question back, else a plan.
pub fn without_model(context: &Context<'_>, earlier: Draft, note: Option<String>, reason: &str) -> Draft {
    let locale = context.turn.locale.as_str();
    let (rung, reply) = match from_memory(context) {
        Some(reply) => (Rung::Retrieval, reply),
        None if !asked_back(context) => (Rung::Clarify, question(context, locale)),
        None => (Rung::Plan, plan(context, locale)),
    };
    context.note("without_model", Instant::now(), json!({ "rung": rung.word(), "reason": reason }));
    Draft {
        reply: note.map_or(reply.clone(), |note| format!("{note}\n\n{reply}")),
        tier: "none".into(),
        rung: rung.word().into(),
        usage: earlier.usage,
        skills: earlier.skills,
        error: None,
    }
}

/// Whether the last thing that was said here is a question back: a second one would lead nowhere.
fn asked_back(context: &Context<'_>) -> bool {
    let last = context.history.iter().rev().find(|message| message.role == "assistant");
    last.is_some_and(|message| message.meta.0["rung"] == Rung::Clarify.word())
}

fn question(context: &Context<'_>, locale: &str) -> String {
    let skills = fitting(context);
    if skills.is_empty() {
        return t!("agent.clarify_open", locale = locale, text = quoted(&context.message)).into_owned();
    }
    let lines = template::skill_lines(&skills);
    t!("agent.clarify", locale = locale, text = quoted(&context.message), skills = lines).into_owned()
}

fn plan(context: &Context<'_>, locale: &str) -> String {
    // The question that was asked back has been answered; the plan is about what came before it too.
    let asked = context.history.iter().rev().find(|message| message.role == "user");
    let asked = asked.map_or(String::new(), |message| format!("{} ", message.content));
    let subject = quoted(&format!("{asked}{}", context.message));
    let mut steps = vec![t!("agent.plan_read", locale = locale, text = subject).into_owned()];
    if !context.memories.is_empty() {
        steps.push(t!("agent.plan_recall", locale = locale, count = context.memories.len()).into_owned());
    }
    let names: Vec<String> = fitting(context).iter().map(|skill| format!("**{}**", skill.name)).collect();
    if !names.is_empty() {
        steps.push(t!("agent.plan_skills", locale = locale, skills = names.join(", ")).into_owned());
    }
    let tokens = count_tokens(&context.message) + context.agent.parts.config.gateway.max_output_tokens;
    steps.push(t!("agent.plan_model", locale = locale, tokens = tokens).into_owned());
    let numbered: Vec<String> = steps.iter().enumerate().map(|(at, step)| format!("{}. {step}", at + 1)).collect();
    t!("agent.plan", locale = locale, steps = numbered.join("\n")).into_owned()
}

/// The skills whose name and description share the most words with the message.
fn fitting(context: &Context<'_>) -> Vec<Arc<Installed>> {
    let words = memory::words(&context.message);
    let mut scored: Vec<(usize, &Arc<Installed>)> = context
        .skills
        .iter()
        .map(|skill| {
            let of_skill = memory::words(&format!("{} {}", skill.name, skill.manifest.description));
            (words.intersection(&of_skill).count(), skill)
        })
        .filter(|(shared, _)| *shared > 0)
        .collect();
    scored.sort_by_key(|(shared, _)| std::cmp::Reverse(*shared));
    scored.into_iter().take(MAX_NAMED).map(|(_, skill)| skill.clone()).collect()
}

fn quoted(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(QUOTED) {
        Some((at, _)) => format!("{}…", &line[..at]),
        None => line,
    }
}
