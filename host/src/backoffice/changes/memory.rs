//! Changes of what is remembered.

use serde_json::json;
use uuid::Uuid;

use super::super::{
    Backoffice,
    auth::Actor,
    error::{Kind, Problem, Result},
};
use crate::{
    ids::{EpisodeId, FactId, UserId},
    store::{Fact, Written},
};

impl Backoffice {
    /// Facts of a person; all of them, or those that are held to be so now.
    pub async fn facts(&self, user: UserId, closed: bool, limit: i64) -> Result<Vec<Fact>> {
        let facts = if closed {
            self.db.facts(user, true, limit).await?
        } else {
            self.db.current_facts(&self.clock, user, limit).await?
        };
        Ok(facts)
    }

    /// Keeps a fact; an empty key is derived from the text.
    pub async fn remember(&self, actor: &Actor, user: UserId, key: &str, text: &str) -> Result<Written> {
        let written = self.memory.remember(user, key, text, None).await?;
        let (Written::New(id) | Written::Replaced(id) | Written::Unchanged(id)) = written;
        self.record(actor, "memory.write", &id.to_string(), json!({ "user": user })).await?;
        Ok(written)
    }

    /// Gives a current fact another text. The old value is closed, as when it changes by itself.
    pub async fn rewrite_fact(&self, actor: &Actor, id: FactId, text: &str) -> Result<Fact> {
        let fact = self.db.fact(id).await?.filter(|fact| fact.valid_to.is_none()).ok_or_else(|| no_memory(id.0))?;
        let written = self.memory.remember(fact.user_id, &fact.key, text, None).await?;
        let (Written::New(new) | Written::Replaced(new) | Written::Unchanged(new)) = written;
        self.record(actor, "memory.edit", &new.to_string(), json!({ "before": id })).await?;
        self.db.fact(new).await?.ok_or_else(|| no_memory(new.0))
    }

    /// Removes a fact or an episode and its index words.
    pub async fn forget(&self, actor: &Actor, id: Uuid) -> Result<()> {
        let gone = self.memory.forget_fact(FactId(id)).await? || self.memory.forget_episode(EpisodeId(id)).await?;
        if !gone {
            return Err(no_memory(id));
        }
        self.record(actor, "memory.forget", &id.to_string(), json!({})).await
    }
}

fn no_memory(id: Uuid) -> Problem {
    Problem::new(Kind::NoMemory, format!("There is no memory {id}."))
}
