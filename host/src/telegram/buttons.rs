//! Presses of buttons. The first one decides, whatever surface it came from; a later one is told so.

use chrono::TimeDelta;
use rust_i18n::t;
use serde_json::json;
use std::sync::Arc;
use teloxide_core::types::{CallbackQuery, MaybeInaccessibleMessage};

use super::{
    Session, Who, approve,
    commands::named_after,
    deny,
    incoming::{address_of, app_locale},
    words::escaped,
};
use crate::{
    ids::JobId,
    settings,
    store::{ApprovalStatus, ChatAddress, NewJob, Notice, StoreError, User},
};

/// Who decides here, as the audit log has it.
const BY: &str = "owner (Telegram)";

/// A press on a message of ours. What it carries may be made up: whoever presses may only do what their chat,
/// or they themselves, could do anyway.
struct Press<'a> {
    session: &'a Session,
    message: i64,
    address: ChatAddress,
    /// The text that the message had, as it was shown.
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
    if message.from.as_ref().is_none_or(|from| from.id != session.me.id) {
        return Ok(None);
    }
    let db = &session.parts.db;
    let presser = db.user_on_telegram(i64::try_from(press.from.id.0).unwrap_or(0)).await?;
    let own = presser.as_ref().and_then(|presser| presser.locale.clone());
    let this = Press {
        session,
        message: i64::from(message.id.0),
        address: address_of(message),
        text: message.text().unwrap_or_default().to_owned(),
        presser,
        locale: own.unwrap_or_else(|| app_locale(&press.from).unwrap_or("en").to_owned()),
    };
    let words: Vec<&str> = press.data.as_deref().unwrap_or_default().split(':').collect();
    match words.as_slice() {
        ["p", answer, id] => this.pairing(answer, id).await,
        ["a", answer, id] => this.approval(answer, id).await,
        ["b", "extend", counter] => this.extend(counter).await,
        ["r", "done", job] => this.reminder(job, None).await,
        ["r", "snooze", minutes, job] => this.reminder(job, minutes.parse().ok()).await,
        ["j", "x", job] => this.cancel(job).await,
        _ => Ok(None),
    }
}

impl Press<'_> {
    /// Whether the owner pressed it.
    async fn by_owner(&self) -> Result<bool, StoreError> {
        let owner = self.session.parts.db.owner_or_first(&self.session.parts.clock).await?.id;
        Ok(self.presser.as_ref().is_some_and(|presser| presser.id == owner))
    }

    /// What the owner says to a skill that asks; a call that waited is run by a job.
    async fn approval(&self, answer: &str, id: &str) -> Result<Option<Notice>, StoreError> {
        let (db, clock) = (&self.session.parts.db, &self.session.parts.clock);
        let yes = match answer {
            "y" => true,
            "n" => false,
            _ => return Ok(None),
        };
        let (true, Ok(id)) = (self.by_owner().await?, id.parse()) else { return Ok(None) };
        let Some(decided) = db.decide_approval(clock, id, yes, BY).await? else {
            return Ok(Some(self.marked("telegram.too_late")));
        };
        self.session.parts.skills.changed().await;
        let (action, outcome) = match decided.status {
            ApprovalStatus::Approved => ("approval.approve", "telegram.approved"),
            _ => ("approval.deny", "tell.denied"),
        };
        let detail = json!({ "approval": id, "capability": decided.capability, "word": decided.word });
        db.audit(clock, BY, action, &decided.skill_name, &detail).await?;
        Ok(Some(self.marked(outcome)))
    }

    /// The owner adds to a budget that is used up.
    async fn extend(&self, counter: &str) -> Result<Option<Notice>, StoreError> {
        let (db, clock) = (&self.session.parts.db, &self.session.parts.clock);
        let (true, Ok(id)) = (self.by_owner().await?, counter.parse()) else { return Ok(None) };
        let zone = self.session.parts.settings.current().await?.time_zone;
        let day = settings::day(clock.now(), zone);
        if !db.extend_budget(clock, &day, id).await? {
            return Ok(Some(self.marked("telegram.too_late")));
        }
        db.audit(clock, BY, "budget.extend", counter, &json!({})).await?;
        Ok(Some(self.marked("telegram.extended")))
    }

    async fn pairing(&self, answer: &str, id: &str) -> Result<Option<Notice>, StoreError> {
        let (db, clock) = (&self.session.parts.db, &self.session.parts.clock);
        let (true, Ok(id)) = (self.by_owner().await?, id.parse()) else { return Ok(None) };
        let outcome = match answer {
            "y" if approve(db, clock, id, Who::Member(None), BY).await?.is_some() => "telegram.approved",
            "n" if deny(db, clock, id, BY).await? => "telegram.denied",
            _ => "telegram.too_late",
        };
        Ok(Some(self.marked(outcome)))
    }

    async fn reminder(&self, job: &str, snooze: Option<i64>) -> Result<Option<Notice>, StoreError> {
        let (db, clock) = (&self.session.parts.db, &self.session.parts.clock);
        let Some(job) = self.own(job).await?.filter(|job| job.kind == "reminder") else { return Ok(None) };
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
            ..NewJob::once("reminder", clock.now() + TimeDelta::minutes(minutes), "telegram")
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
        Ok(Some(Notice {
            key: format!("cancelled:{}:{cancelled}", job.id),
            text: t!(words, locale = &self.locale, what = named_after(&job)).into_owned(),
            edits: None,
            ..self.marked(words)
        }))
    }

    /// A job of the person, or the group, whose chat this is.
    async fn own(&self, job: &str) -> Result<Option<crate::store::Job>, StoreError> {
        let db = &self.session.parts.db;
        let (Ok(id), Some(owner)) = (job.parse::<JobId>(), db.user_on_telegram(self.address.chat_id).await?) else {
            return Ok(None);
        };
        Ok(db.job(id).await?.filter(|job| job.user_id == Some(owner.id)))
    }

    fn key(&self) -> String {
        format!("press:{}:{}", self.address.chat_id, self.message)
    }

    /// The message again, with its outcome in place of its buttons.
    fn marked(&self, outcome: &str) -> Notice {
        let outcome = t!(outcome, locale = &self.locale);
        Notice {
            key: self.key(),
            address: self.address,
            // It comes back without its markup, and what strangers wrote in it is not to become some.
            text: format!("{}\n\n{outcome}", escaped(&self.text)),
            buttons: Vec::new(),
            locale: self.locale.clone(),
            edits: Some(self.message),
        }
    }
}
