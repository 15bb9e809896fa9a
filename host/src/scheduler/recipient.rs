//! For whom a job is done, and how it speaks to them.

use anyhow::Context;
use chrono_tz::Tz;
use rust_i18n::t;
use serde_json::json;

use super::{
    Parts,
    jobs::{Failed, for_good},
};
use crate::{
    ids::ConversationId,
    store::{Button, Channel, Delivery, Job, StoreError, User},
};

/// A person, and where and how to reach them.
pub struct Recipient {
    pub user: User,
    pub conversation: ConversationId,
    /// "en" or "zh".
    pub locale: String,
    pub zone: Tz,
}

/// For whom a job is done. Its outcome goes to its conversation, unless that was in a chat that is not the
/// person's any more; else to where the person is, else to a new conversation on the web.
pub async fn of(parts: &Parts, job: &Job) -> Result<Recipient, Failed> {
    let id = job.user_id.ok_or_else(|| for_good("the job is for nobody"))?;
    let user = parts.db.user(id).await?.context("there is no such person")?;
    reach(parts, user, job).await
}

/// The owner, for what concerns nobody else.
pub async fn owner(parts: &Parts, job: &Job) -> Result<Recipient, Failed> {
    let owner = parts.db.owner_or_first(&parts.clock).await?;
    reach(parts, owner, job).await
}

async fn reach(parts: &Parts, user: User, job: &Job) -> Result<Recipient, Failed> {
    let (Parts { db, clock, settings, .. }, id) = (parts, user.id);
    let current = settings.current().await?;
    let locale = user.locale.clone().unwrap_or(current.locale);
    let zone = user.zone(current.time_zone);
    let conversation = match db.place_of(id, job.conversation_id).await? {
        Some(conversation) => conversation,
        None => db.create_conversation(clock, id, Channel::Web, &t!("job.conversation", locale = locale)).await?,
    };
    Ok(Recipient { user, conversation, locale, zone })
}

impl Recipient {
    /// Says what a job has to say, once for its slot.
    pub async fn tell(
        &self,
        parts: &Parts,
        job: &Job,
        text: String,
        buttons: Vec<Vec<Button>>,
    ) -> Result<(), StoreError> {
        let delivery = Delivery {
            key: key(job),
            conversation: self.conversation,
            text,
            meta: json!({ "job": job.id, "kind": job.kind }),
            buttons,
            locale: self.locale.clone(),
        };
        parts.db.deliver(&parts.clock, &delivery).await?;
        parts.wake.outbox.notify_one();
        Ok(())
    }
}

/// What the work for one slot of a job is known by, also when it is tried again.
pub fn key(job: &Job) -> String {
    format!("job:{}:{}", job.id, job.slot.to_rfc3339())
}
