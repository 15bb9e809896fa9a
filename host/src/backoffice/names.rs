//! Names that people know, for ids in sums and budgets.

use std::collections::HashMap;

use super::{Backoffice, error::Result};
use crate::ids::ConversationId;

/// Ids as text, and what they are called.
#[derive(Clone, Debug, Default)]
pub struct Names(HashMap<String, String>);

impl Names {
    pub fn of(&self, id: &str) -> Option<&str> {
        self.0.get(id).map(String::as_str)
    }
}

impl Backoffice {
    /// The names of people and tokens.
    pub async fn names(&self) -> Result<Names> {
        let people = self.db.users().await?.into_iter().map(|user| (user.id.to_string(), user.name));
        let tokens = self.db.tokens().await?.into_iter().map(|token| (token.id.to_string(), token.name));
        Ok(Names(people.chain(tokens).collect()))
    }

    /// The titles of those among these ids that are conversations. They begin with what people wrote, so they are
    /// for the owner's pages alone.
    pub async fn titles<'a>(&self, ids: impl Iterator<Item = &'a str> + Send) -> Result<Names> {
        let ids: Vec<ConversationId> = ids.filter_map(|id| id.parse().ok()).collect();
        let titles = self.db.conversation_titles(&ids).await?;
        Ok(Names(titles.into_iter().map(|(id, title)| (id.to_string(), title)).collect()))
    }
}
