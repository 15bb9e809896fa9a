//! Presses of buttons. The first one decides, whatever surface it came from; a later one is told so.

use chrono::TimeDelta;
use rust_i18n::t;
use serde_json::json;
use std::sync::Arc;
use teloxide_core::types::{CallbackQuery, MaybeInaccessibleMessage};

use super::{Session, Who, approve, deny, inbox::app_locale};
use crate::{
    ids::JobId,
    store::{ChatAddress, NewJob, Notice, StoreError, User},
};

/// A press on a message of ours, by somebody who may.
struct Press<'a> {
    session: &'a Session,
    message: i64,
    chat: i64,
    /// The text that the message had.
    text: String,
    presser: Option<User>,
    locale: String,
}

/// Works on a press. The decision is on record before it is acknowledged, and does not hang on that.
pub async fn pressed(session: &Arc<Session>, key: &str, press: CallbackQuery) -> Result<(), StoreError> {
    let parts = &session.parts;
    let notice = decide(session, &press).await?;
    // What the message says already was decided before.
    let late = match &notice {
        Some(notice) => parts.db.delivery_status(&notice.key).await?.is_some(),
        None => true,
    };
    parts.db.finish_update(&parts.clock, key, notice.as_slice()).await?;
    parts.wake.outbox.notify_one();
    parts.wake.jobs.notify_one();
    let words = match notice {
        Some(notice) if !late => notice.text.lines().last().unwrap_or_default().to_owned(),
        _ => t!("telegram.too_late", locale = app_locale(&press.from).unwrap_or("en")).into_owned(),
    };
    if let Err(error) = session.api.acknowledge(&press.id, &words).await {
        tracing::debug!(%error, "a press was not acknowledged");
    }
    Ok(())
}

async fn decide(session: &Session, press: &CallbackQuery) -> Result<Option<Notice>, StoreError> {
    let Some(MaybeInaccessibleMessage::Regular(message)) = &press.message else { return Ok(None) };
    let db = &session.parts.db;
    let presser = db.user_on_telegram(i64::try_from(press.from.id.0).unwrap_or(0)).await?;
    let own = presser.as_ref().and_then(|presser| presser.locale.clone());
    let this = Press {
        session,
        message: i64::from(message.id.0),
        chat: message.chat.id.0,
        text: message.text().unwrap_or_default().to_owned(),
        presser,
        locale: own.unwrap_or_else(|| app_locale(&press.from).unwrap_or("en").to_owned()),
    };
    let words: Vec<&str> = press.data.as_deref().unwrap_or_default().split(':').collect();
    match words.as_slice() {
        ["p", answer, id] => this.pairing(answer, id).await,
        ["r", "done", job] => this.reminder(job, None).await,
        ["r", "snooze", minutes, job] => this.reminder(job, minutes.parse().ok()).await,
        ["j", "x", job] => this.cancel(job).await,
        _ => Ok(None),
    }
}

impl Press<'_> {
    async fn pairing(&self, answer: &str, id: &str) -> Result<Option<Notice>, StoreError> {
        let (db, clock) = (&self.session.parts.db, &self.session.parts.clock);
        let owner = db.owner_or_first(clock).await?.id;
        let owner = self.presser.as_ref().is_some_and(|presser| presser.id == owner);
        let (true, Ok(id)) = (owner, id.parse()) else { return Ok(None) };
        let by = "owner (Telegram)";
        let outcome = match answer {
            "y" if approve(db, clock, id, Who::Member(None), by).await?.is_some() => "telegram.approved",
            "n" if deny(db, clock, id, by).await? => "telegram.denied",
            _ => "telegram.too_late",
        };
        Ok(Some(self.marked(outcome)))
    }

    async fn reminder(&self, job: &str, snooze: Option<i64>) -> Result<Option<Notice>, StoreError> {
        let (db, clock) = (&self.session.parts.db, &self.session.parts.clock);
        let Some(job) = self.own(job).await? else { return Ok(None) };
        let Some(minutes) = snooze.filter(|minutes| (1..=1_440).contains(minutes)) else {
            return Ok(Some(self.marked("telegram.done")));
        };
        let key = self.key();
        if db.delivery_status(&key).await?.is_some() {
            return Ok(None);
        }
        let again = NewJob {
            payload: json!({ "text": job.payload.0["text"] }),
            user: job.user_id,
            conversation: job.conversation_id,
            idempotency_key: Some(key),
            ..NewJob::once("reminder", clock.now() + TimeDelta::minutes(minutes), "owner")
        };
        db.queue_job(clock, &again).await?;
        let mut notice = self.marked("telegram.snoozed");
        notice.text = notice.text.replace("%{minutes}", &minutes.to_string());
        Ok(Some(notice))
    }

    async fn cancel(&self, job: &str) -> Result<Option<Notice>, StoreError> {
        let (db, clock) = (&self.session.parts.db, &self.session.parts.clock);
        let Some(job) = self.own(job).await? else { return Ok(None) };
        let cancelled = db.cancel_job(clock, job.id).await?;
        let words = if cancelled { "telegram.cancelled" } else { "telegram.too_late" };
        let what = job.payload.0["text"].as_str().or(job.payload.0["skill"].as_str()).unwrap_or(&job.kind);
        Ok(Some(Notice {
            key: format!("cancelled:{}:{cancelled}", job.id),
            text: t!(words, locale = &self.locale, what = what).into_owned(),
            edits: None,
            ..self.marked(words)
        }))
    }

    /// A job of the person, or the group, whose chat this is.
    async fn own(&self, job: &str) -> Result<Option<crate::store::Job>, StoreError> {
        let db = &self.session.parts.db;
        let (Ok(id), Some(owner)) = (job.parse::<JobId>(), db.user_on_telegram(self.chat).await?) else {
            return Ok(None);
        };
        Ok(db.job(id).await?.filter(|job| job.user_id == Some(owner.id)))
    }

    fn key(&self) -> String {
        format!("press:{}:{}", self.chat, self.message)
    }

    /// The message again, with its outcome in place of its buttons.
    fn marked(&self, outcome: &str) -> Notice {
        let outcome = t!(outcome, locale = &self.locale);
        Notice {
            key: self.key(),
            address: ChatAddress { chat_id: self.chat, thread_id: 0 },
            text: format!("{}\n\n{outcome}", self.text),
            buttons: Vec::new(),
            locale: self.locale.clone(),
            edits: Some(self.message),
        }
    }
}
