//! Usage with names that people know.

use std::collections::HashMap;

use super::{Backoffice, error::Result};
use crate::store::{UsageBy, UsageRange, UsageRow};

impl Backoffice {
    /// Usage added up, each row with a name to show: a person's or a token's instead of its id.
    pub async fn named_usage(&self, by: UsageBy, range: &UsageRange, limit: i64) -> Result<Vec<(String, UsageRow)>> {
        let rows = self.db.usage(by, range, limit).await?;
        let names: HashMap<String, String> = match by {
            UsageBy::User => self.db.users().await?.into_iter().map(|user| (user.id.to_string(), user.name)).collect(),
            UsageBy::Token => {
                self.db.tokens().await?.into_iter().map(|token| (token.id.to_string(), token.name)).collect()
            }
            _ => HashMap::new(),
        };
        let named = rows.into_iter().map(|row| {
            let name = names.get(&row.name).cloned().unwrap_or_else(|| match row.name.as_str() {
                "" => "-".to_owned(),
                id => id.to_owned(),
            });
            (name, row)
        });
        Ok(named.collect())
    }
}
