//! Commands: answered from the database, without any model and at once. They steer what is said, so they
//! do not wait for it: the answer to one may stand before the reply of a turn that runs.

use chrono::TimeDelta;
use rust_i18n::t;
use std::sync::Arc;
use teloxide_core::types::BotCommand;

use super::{
    Session, backoff,
    incoming::Incoming,
    pause,
    words::{escaped, line},
};
use crate::store::{Button, Chat, Job, JobStatus, NewChat, Notice, StoreError, UsageBy, UsageRange};

/// Every command, in the order of Telegram's menu.
const COMMANDS: [&str; 8] = ["start", "help", "skills", "new", "stop", "memory", "jobs", "usage"];

/// Facts and jobs named in one answer, and characters of each.
const MOST: i64 = 15;
const MOST_CHARS: usize = 200;

/// Tells Telegram the commands; they only serve its menu, so a failure costs little.
pub async fn register(session: Arc<Session>) {
    for (language, locale) in [(None, "en"), (Some("zh"), "zh")] {
        for failures in 0..5 {
            let commands = COMMANDS.iter().map(|name| {
                BotCommand::new(*name, t!(format!("telegram.command.{name}"), locale = locale).into_owned())
            });
            let registered = tokio::select! {
                () = session.stop.cancelled() => return,
                registered = session.api.set_commands(commands.collect(), language) => registered,
            };
            match registered {
                Ok(()) => break,
                Err(error) => tracing::debug!(%error, "the commands were not registered"),
            }
            if !pause(&session.stop, backoff(failures)).await {
                return;
            }
        }
    }
}

/// The command that a message is, if it is one of ours.
pub fn named(text: &str) -> Option<&'static str> {
    let word = text.strip_prefix('/')?.split_whitespace().next()?;
    let word = word.split('@').next().unwrap_or(word).to_lowercase();
    COMMANDS.into_iter().find(|name| *name == word)
}

/// What a command answers.
pub async fn answer(incoming: &Incoming<'_>, chat: &Chat, command: &str) -> Result<Vec<Notice>, StoreError> {
    let parts = &incoming.session.parts;
    let locale = incoming.locale.as_str();
    let text = match command {
        "start" => {
            let name = parts.settings.current().await?.name;
            format!("{}\n\n{}", t!("telegram.welcome", locale = locale, name = name), help(locale))
        }
        "help" => help(locale),
        "skills" => skills(incoming).await?,
        "new" => {
            let new =
                NewChat { address: incoming.address, kind: chat.kind, user: chat.user_id, title: chat.title.clone() };
            parts.db.renew_chat(&parts.clock, &new).await?;
            t!("telegram.fresh", locale = locale).into_owned()
        }
        "stop" => match parts.agent.stop(chat.conversation_id).await? {
            0 => t!("telegram.nothing_runs", locale = locale).into_owned(),
            // The turn itself says that it stopped.
            _ => return Ok(Vec::new()),
        },
        "memory" => memory(incoming, chat).await?,
        "usage" => usage(incoming, chat).await?,
        _ => return jobs(incoming, chat).await,
    };
    Ok(vec![incoming.notice(command, text)])
}

fn help(locale: &str) -> String {
    let lines = COMMANDS[1..].iter().map(|name| {
        let words = t!(format!("telegram.command.{name}"), locale = locale);
        format!("/{name} – {words}")
    });
    format!("{}\n\n{}", t!("telegram.help", locale = locale), lines.collect::<Vec<_>>().join("\n"))
}

async fn skills(incoming: &Incoming<'_>) -> Result<String, StoreError> {
    let skills = incoming.session.parts.skills.enabled().await?;
    if skills.is_empty() {
        return Ok(t!("telegram.no_skills", locale = &incoming.locale).into_owned());
    }
    let lines = skills.iter().map(|skill| format!("- **{}**: {}", skill.name, skill.manifest.description));
    Ok(lines.collect::<Vec<_>>().join("\n"))
}

async fn memory(incoming: &Incoming<'_>, chat: &Chat) -> Result<String, StoreError> {
    let (db, locale) = (&incoming.session.parts.db, incoming.locale.as_str());
    let facts = db.current_facts(&incoming.session.parts.clock, chat.user_id, MOST).await?;
    if facts.is_empty() {
        return Ok(t!("telegram.no_facts", locale = locale).into_owned());
    }
    let lines: Vec<String> = facts.iter().map(|fact| format!("- {}", shown(&fact.value_text))).collect();
    let count = db.count_current_facts(&incoming.session.parts.clock, chat.user_id).await?;
    Ok(format!("{}\n\n{}", t!("telegram.facts", locale = locale, count = count), lines.join("\n")))
}

async fn usage(incoming: &Incoming<'_>, chat: &Chat) -> Result<String, StoreError> {
    let (db, locale) = (&incoming.session.parts.db, incoming.locale.as_str());
    let own = UsageRange { user: Some(chat.user_id.to_string()), ..UsageRange::default() };
    let rows = db.usage(UsageBy::User, &own, 1).await?;
    Ok(match rows.into_iter().next() {
        None => t!("telegram.no_usage", locale = locale).into_owned(),
        Some(row) => t!(
            "telegram.usage",
            locale = locale,
            calls = row.calls,
            input = row.input_tokens,
            output = row.output_tokens,
            cached = row.cached_tokens
        )
        .into_owned(),
    })
}

/// What is still to run for this person, each with a button that takes it off.
async fn jobs(incoming: &Incoming<'_>, chat: &Chat) -> Result<Vec<Notice>, StoreError> {
    let parts = &incoming.session.parts;
    let locale = incoming.locale.as_str();
    let jobs = parts.db.jobs_of(chat.user_id, parts.clock.now() - TimeDelta::seconds(1), MOST).await?;
    let common = parts.settings.current().await?.time_zone;
    let zone = parts.db.user(chat.user_id).await?.map_or(common, |user| user.zone(common));
    let waiting: Vec<_> = jobs.into_iter().filter(|job| job.status == JobStatus::Queued).collect();
    if waiting.is_empty() {
        return Ok(vec![incoming.notice("jobs", t!("telegram.no_jobs", locale = locale).into_owned())]);
    }
    let (mut lines, mut row, mut buttons) = (Vec::new(), Vec::new(), Vec::new());
    for (at, job) in waiting.iter().enumerate() {
        let when = job.run_at.with_timezone(&zone).format("%Y-%m-%d %H:%M");
        let again = job.recurrence.as_ref().map(|cron| format!(" (`{cron}`)")).unwrap_or_default();
        lines.push(format!("{}. {when}{again}: {}", at + 1, named_after(job)));
        row.push(Button { label: format!("✕ {}", at + 1), data: format!("j:x:{}", job.id) });
        if row.len() == 5 {
            buttons.push(std::mem::take(&mut row));
        }
    }
    buttons.extend((!row.is_empty()).then_some(row));
    let text = format!("{}\n\n{}", t!("telegram.jobs", locale = locale, zone = zone), lines.join("\n"));
    Ok(vec![Notice { buttons, ..incoming.notice("jobs", text) }])
}

/// A job as a person knows it.
pub fn named_after(job: &Job) -> String {
    let payload = &job.payload.0;
    shown(payload["text"].as_str().or(payload["skill"].as_str()).unwrap_or(&job.kind))
}

/// A text of somebody's as a line of a list.
fn shown(text: &str) -> String {
    escaped(&line(text, MOST_CHARS))
}
