//! Every change that an owner or a token makes: done, then written to the audit log. Pages and the
//! API make their changes here, so that neither can do more, or tell less, than the other.

mod approvals;
mod budgets;
mod jobs;
mod memory;
mod models;
mod people;
mod settings;
mod skills;
mod telegram;

pub use budgets::{BudgetOrder, PriceOrder, micros};
pub use jobs::{JobChange, JobOrder, invalid_job};
pub use memory::Known;
pub use models::ModelTest;
pub use people::floor;
pub use skills::CallRequest;

use serde_json::{Value, json};

use super::{
    Backoffice,
    auth::Actor,
    error::{Kind, Problem, Result},
};
use crate::{
    ids::{ConversationId, UserId},
    skills::plain_text,
    store::{Role, User},
};

/// Longest name of a person, in characters.
const MAX_USER_CHARS: usize = 64;

impl Backoffice {
    async fn record(&self, actor: &Actor, action: &str, subject: &str, detail: Value) -> Result<()> {
        Ok(self.db.audit(&self.clock, &actor.name(), action, subject, &detail).await?)
    }

    /// Notes something that a page did by itself, such as a log-in.
    pub async fn record_owner(&self, action: &str, detail: Value) -> Result<()> {
        Ok(self.db.audit(&self.clock, "owner", action, "", &detail).await?)
    }

    /// The person that a request is for: the named one, made when new, or the owner.
    pub async fn person(&self, name: Option<&str>) -> Result<User> {
        let Some(name) = name else {
            return Ok(self.db.owner_or_first(&self.clock).await?);
        };
        Ok(self.db.user_named(&self.clock, usable_name(name)?).await?)
    }

    /// The person of this name, or the owner; nobody is made by a look.
    pub async fn known_person(&self, name: Option<&str>) -> Result<User> {
        let Some(name) = name else { return self.person(None).await };
        let found = self.db.users().await?.into_iter().find(|user| user.name == name.trim());
        found.ok_or_else(|| Problem::new(Kind::NoUser, format!("There is nobody called \"{name}\".")))
    }

    /// The person that a message is from: the owner behind a session, whom a token names else.
    pub async fn sender(&self, actor: &Actor, name: Option<&str>) -> Result<UserId> {
        match actor {
            Actor::Owner(owner) => Ok(*owner),
            Actor::Token { .. } if name.is_some() => Ok(self.person(name).await?.id),
            Actor::Token { .. } => {
                if let Some(owner) = self.owner.get() {
                    return Ok(*owner);
                }
                let person = self.person(None).await?;
                // Whoever is the owner once stays it.
                if person.role == Role::Owner {
                    let _ = self.owner.set(person.id);
                }
                Ok(person.id)
            }
        }
    }

    /// Who is logged in; the owner for a token.
    pub async fn logged_in(&self, actor: &Actor) -> Result<User> {
        let known = match actor {
            Actor::Owner(owner) => self.db.user(*owner).await?,
            Actor::Token { .. } => None,
        };
        match known {
            Some(user) => Ok(user),
            None => self.person(None).await,
        }
    }

    /// Asks everything that runs or waits in a conversation to stop; how much that was.
    pub async fn stop_turns(&self, actor: &Actor, conversation: ConversationId) -> Result<usize> {
        let stopped = self.agent.stop(conversation).await?;
        if stopped > 0 {
            self.record(actor, "conversation.stop", &conversation.to_string(), json!({ "turns": stopped })).await?;
        }
        Ok(stopped)
    }
}

/// The name of a person, without the space around it.
fn usable_name(name: &str) -> Result<&str> {
    let name = name.trim();
    let chars = name.chars().count();
    if chars == 0 || chars > MAX_USER_CHARS || plain_text(name).is_err() || name.contains(['\n', '\t']) {
        let detail = format!(
            "A name has 1 to {MAX_USER_CHARS} characters, none of them a control character or one that is not seen."
        );
        return Err(Problem::new(Kind::InvalidUser, detail));
    }
    Ok(name)
}
