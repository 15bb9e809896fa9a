//! Who may write on Telegram, and what goes out again.

use serde_json::json;

use super::{
    super::{
        Backoffice,
        auth::Actor,
        error::{Kind, Problem, Result},
    },
    usable_name,
};
use crate::{
    ids::{OutboxId, PairingId, UserId},
    telegram::{self, Who},
};

/// Rows looked through for a message that cannot be sent again.
const MAX_UNSENT: i64 = 10_000;

impl Backoffice {
    /// Admits somebody who asked. Telegram's own buttons do the same, so the record is written there.
    pub async fn approve_pairing(&self, actor: &Actor, id: PairingId, who: Who) -> Result<UserId> {
        let who = match who {
            Who::Member(Some(name)) if !name.trim().is_empty() => Who::Member(Some(usable_name(&name)?.to_owned())),
            other => other,
        };
        match telegram::approve(&self.db, &self.clock, id, who, &actor.name()).await? {
            Some(user) => {
                self.wake.outbox.notify_one();
                Ok(user)
            }
            None => Err(self.no_open_pairing(id).await?),
        }
    }

    /// Turns somebody away who asked.
    pub async fn deny_pairing(&self, actor: &Actor, id: PairingId) -> Result<()> {
        if telegram::deny(&self.db, &self.clock, id, &actor.name()).await? {
            return Ok(());
        }
        Err(self.no_open_pairing(id).await?)
    }

    async fn no_open_pairing(&self, id: PairingId) -> Result<Problem> {
        Ok(match self.db.pairing(id).await? {
            Some(_) => Problem::new(Kind::PairingClosed, "This request was decided before, or it has expired."),
            None => Problem::new(Kind::NoPairing, format!("There is no request {id}.")),
        })
    }

    /// Sends a message again that waits for a retry, or was given up; one that is on its way stays so.
    pub async fn resend(&self, actor: &Actor, id: OutboxId) -> Result<()> {
        if self.db.resend(id).await? {
            self.wake.outbox.notify_one();
            return self.record(actor, "outbox.resend", &id.to_string(), json!({})).await;
        }
        if self.db.unsent(MAX_UNSENT).await?.iter().any(|row| row.id == id) {
            return Ok(());
        }
        Err(Problem::new(Kind::NoMessage, format!("There is no message {id} that waits or was given up.")))
    }
}
