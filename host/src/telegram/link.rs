//! Admitting and turning away those who ask, from a page or from Telegram alike.

use rust_i18n::t;

use crate::{
    clock::Clock,
    ids::{PairingId, UserId},
    store::{Admission, ChatAddress, Db, NewChat, Notice, StoreError},
};

/// Who an approved stranger is.
#[derive(Clone, Debug)]
pub enum Who {
    /// The owner, on their own phone.
    Owner,
    /// A member, called as they call themselves unless a name is given.
    Member(Option<String>),
}

/// Admits a stranger and tells them. `None` when it was decided before, or has expired, or when a group is
/// to be the owner: everybody in it would be.
pub async fn approve(db: &Db, clock: &Clock, id: PairingId, who: Who, by: &str) -> Result<Option<UserId>, StoreError> {
    let Some(pairing) = db.pairing(id).await? else { return Ok(None) };
    let admission = match who {
        Who::Owner => Admission::Owner(db.owner_or_first(clock).await?.id),
        Who::Member(name) => {
            let name = name.map(|name| name.trim().to_owned()).filter(|name| !name.is_empty());
            Admission::Member(name.unwrap_or_else(|| pairing.name.clone()))
        }
    };
    let notice = Notice {
        key: format!("paired:{id}"),
        address: ChatAddress { chat_id: pairing.chat_id, thread_id: 0 },
        text: t!("telegram.paired", locale = &pairing.locale).into_owned(),
        buttons: Vec::new(),
        locale: pairing.locale.clone(),
        edits: None,
    };
    let user = db.approve_pairing(clock, (id, by), &admission, &notice).await?;
    if let Some(user) = user {
        // From now on reminders find their way, before a word was said.
        let chat = NewChat { address: notice.address, kind: pairing.kind, user, title: pairing.name.clone() };
        db.chat_at(clock, &chat).await?;
        let known = db.user(user).await?;
        if let Some(known) = known.filter(|known| known.locale.is_none()) {
            db.set_user_place(user, Some(&pairing.locale), known.time_zone.as_deref()).await?;
        }
        db.audit(clock, by, "pairing.approve", &id.to_string(), &serde_json::json!({ "name": pairing.name })).await?;
    }
    Ok(user)
}

/// Turns a stranger away, for good. False when it was decided before, or has expired.
pub async fn deny(db: &Db, clock: &Clock, id: PairingId, by: &str) -> Result<bool, StoreError> {
    let denied = db.deny_pairing(clock, id, by).await?;
    if denied {
        db.audit(clock, by, "pairing.deny", &id.to_string(), &serde_json::json!({})).await?;
    }
    Ok(denied)
}
