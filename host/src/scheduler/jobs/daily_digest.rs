//! Tells a person what the last day was, and what the next one brings: in a model's words where there
//! is one, else line by line. What is new in their feeds comes along.

mod feeds;

use chrono::{DateTime, TimeDelta, Utc};
use rust_i18n::t;

use super::Ended;
use crate::{
    gateway::{GatewayError, Prompt, Purpose, Request, Tier, cut_tokens},
    prompts::Template,
    scheduler::{
        Parts,
        alerts::{cut, describe},
        note::Note,
        recipient::{self, Recipient},
    },
    store::{Account, Job, JobStatus, StoreError, storable},
};

pub const KIND: &str = "daily_digest";

/// Lines of each part of a digest, and characters of a line.
const MAX_LINES: usize = 10;
const MAX_LINE_CHARS: usize = 120;

/// Rows looked at for one part.
const MAX_ROWS: i64 = 100;

/// Budget of the prompt, and of the answer, of a digest by a model.
const PROMPT_TOKENS: u32 = 3_000;
const ANSWER_TOKENS: u32 = 500;

/// What happened, and what will.
struct Day {
    turns: i64,
    /// What was spoken about, oldest first.
    topics: Vec<String>,
    facts: Vec<String>,
    /// What is due in the next day, each with its time.
    coming: Vec<String>,
}

pub async fn run(parts: &Parts, job: &Job) -> Ended {
    let to = recipient::of(parts, job).await?;
    let now = parts.clock.now();
    let day = Day::of(parts, &to, now).await?;
    let notes = day.notes(&to.locale);
    let told = if day.is_quiet() { None } else { by_model(parts, &to, &notes, now).await? };
    let note = Note { by_model: told.is_some(), ..Note::default() };
    let told = [Some(told.unwrap_or(notes)), feeds::news(parts, job, &to).await?];
    to.tell(parts, job, told.into_iter().flatten().collect::<Vec<_>>().join("\n\n"), Vec::new()).await?;
    Ok(note)
}

impl Day {
    async fn of(parts: &Parts, to: &Recipient, now: DateTime<Utc>) -> Result<Self, StoreError> {
        let (db, user) = (&parts.db, to.user.id);
        let (yesterday, tomorrow) = (now - TimeDelta::days(1), now + TimeDelta::days(1));
        let mut topics = Vec::new();
        for episode in db.episodes(user, MAX_ROWS).await?.iter().filter(|one| one.created_at >= yesterday).rev() {
            let title = episode.summary_json.0["subject"].as_str().unwrap_or(&episode.summary_text);
            let title = cut(title, MAX_LINE_CHARS);
            if !topics.contains(&title) {
                topics.push(title);
            }
        }
        let facts = db.current_facts(&parts.clock, user, MAX_ROWS).await?;
        let facts = facts.iter().filter(|fact| fact.recorded_at >= yesterday);
        let jobs = db.jobs_of(user, now, MAX_ROWS).await?;
        let coming = jobs.iter().filter(|job| {
            job.status == JobStatus::Queued && job.paused_at.is_none() && job.kind != KIND && job.run_at <= tomorrow
        });
        let line = |job: &Job| {
            let at = job.run_at.with_timezone(&to.zone).format("%H:%M");
            format!("{at} {}", describe(job, &to.locale))
        };
        Ok(Self {
            turns: db.turns_since(user, yesterday).await?,
            topics: topics.into_iter().take(MAX_LINES).collect(),
            facts: facts.map(|fact| cut(&fact.value_text, MAX_LINE_CHARS)).take(MAX_LINES).collect(),
            coming: coming.map(line).take(MAX_LINES).collect(),
        })
    }

    fn is_quiet(&self) -> bool {
        self.turns == 0 && self.topics.is_empty() && self.facts.is_empty() && self.coming.is_empty()
    }

    /// The day line by line.
    fn notes(&self, locale: &str) -> String {
        if self.is_quiet() {
            return t!("job.digest.quiet", locale = locale).into_owned();
        }
        let mut text = vec![t!("job.digest.head", locale = locale, n = self.turns).into_owned()];
        for (part, lines) in [("topics", &self.topics), ("facts", &self.facts), ("coming", &self.coming)] {
            if !lines.is_empty() {
                let head = t!(format!("job.digest.{part}"), locale = locale);
                text.push(format!("{head}\n- {}", lines.join("\n- ")));
            }
        }
        text.join("\n\n")
    }
}

/// The notes in a model's words, or `None` when there is none to be had.
async fn by_model(
    parts: &Parts,
    to: &Recipient,
    notes: &str,
    now: DateTime<Utc>,
) -> Result<Option<String>, StoreError> {
    let Some(tier) = parts.gateway.tier(Tier::Small) else { return Ok(None) };
    let system = parts.settings.current().await?.prompt(Template::Digest);
    let budget = parts.gateway.prompt_budget(tier, |of| of.digest, PROMPT_TOKENS);
    let notes = cut_tokens(notes, Prompt::room(&system, budget));
    let text = format!("[{}]\n\n{notes}", now.with_timezone(&to.zone).format("%Y-%m-%d %H:%M %Z"));
    let account = Account { user: Some(to.user.id), ..Account::default() };
    let asked = Request::new(Purpose::Summarise, tier, Prompt::question(system, text, budget), account);
    let request = Request { max_output_tokens: Some(ANSWER_TOKENS), ..asked };
    match parts.gateway.complete(&request, &mut |_| {}).await {
        Ok(answer) => Ok(Some(storable(answer.text.trim())).filter(|text| !text.is_empty())),
        Err(GatewayError::Store(error)) => Err(error),
        Err(error) => {
            tracing::warn!(
                error = &error as &dyn std::error::Error,
                "no model could write a digest; it goes line by line"
            );
            Ok(None)
        }
    }
}
