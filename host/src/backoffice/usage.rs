//! Usage with names that people know.

use super::{Backoffice, error::Result, names::Names};
use crate::store::{UsageBy, UsageRange, UsageRow};

impl Backoffice {
    /// Usage added up, each row with a name to show: a person's or a token's instead of its id.
    pub async fn named_usage(&self, by: UsageBy, range: &UsageRange, limit: i64) -> Result<Vec<(String, UsageRow)>> {
        let rows = self.db.usage(by, range, limit).await?;
        let names = match by {
            UsageBy::User | UsageBy::Token => self.names().await?,
            _ => Names::default(),
        };
        let rows = rows.into_iter().map(|row| {
            let name = match row.name.as_str() {
                "" => "-",
                id => names.of(id).unwrap_or(id),
            };
            (name.to_owned(), row)
        });
        Ok(rows.collect())
    }
}
