//! Prices that the owner has set.

use sqlx::FromRow;

use super::{Db, Result, on, write_tx};
use crate::clock::Clock;

/// What a model costs, in micro-dollars for a million tokens of each class.
#[derive(Clone, Debug, PartialEq, Eq, FromRow)]
pub struct PriceRow {
    pub model: String,
    /// Input that no cache of the provider had.
    pub input: i64,
    pub cache_read: i64,
    pub cache_write: i64,
    pub output: i64,
}

impl Db {
    pub async fn prices(&self) -> Result<Vec<PriceRow>> {
        Ok(on!(self, pool => sqlx::query_as(
            "SELECT model, input, cache_read, cache_write, output FROM prices ORDER BY model",
        ).fetch_all(pool).await)?)
    }

    /// Makes the owner's prices be these.
    pub async fn set_prices(&self, clock: &Clock, prices: &[PriceRow]) -> Result<()> {
        let now = clock.now();
        write_tx!(self, tx => {
            sqlx::query("DELETE FROM prices").execute(&mut *tx).await?;
            for price in prices {
                sqlx::query(
                    "INSERT INTO prices (model, input, cache_read, cache_write, output, updated_at)
                     VALUES ($1, $2, $3, $4, $5, $6)",
                ).bind(&price.model).bind(price.input).bind(price.cache_read).bind(price.cache_write)
                 .bind(price.output).bind(now).execute(&mut *tx).await?;
            }
        });
        Ok(())
    }
}
