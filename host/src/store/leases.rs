//! What one host does for all of them: held for a time, under a number that grows with every holder.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use sqlx::{FromRow, types::Json};

use super::{Db, Result, on};
use crate::{clock::Clock, ids::HostId};

/// Who holds a lease, and what they say of their work.
#[derive(Clone, Debug, FromRow)]
pub struct LeaseRow {
    pub holder: HostId,
    pub number: i64,
    pub expires_at: DateTime<Utc>,
    pub state: Json<Value>,
}

impl Db {
    /// Takes a lease that is free, has run out, or is one's own. The number fences off every earlier
    /// holder.
    pub async fn take_lease(
        &self,
        clock: &Clock,
        name: &str,
        holder: HostId,
        until: DateTime<Utc>,
    ) -> Result<Option<i64>> {
        let row: Option<(i64,)> = on!(self, pool => sqlx::query_as(
            "INSERT INTO leases (name, holder, number, expires_at, state) VALUES ($1, $2, 1, $3, $4)
             ON CONFLICT (name) DO UPDATE SET holder = $2, number = leases.number + 1, expires_at = $3
             WHERE leases.holder = $2 OR leases.expires_at < $5 RETURNING number",
        ).bind(name).bind(holder).bind(until).bind(Json(json!({}))).bind(clock.now()).fetch_optional(pool).await)?;
        Ok(row.map(|(number,)| number))
    }

    /// Holds on to a lease. False when it has passed to somebody else.
    pub async fn keep_lease(&self, name: &str, holder: HostId, number: i64, until: DateTime<Utc>) -> Result<bool> {
        Ok(on!(self, pool => sqlx::query(
            "UPDATE leases SET expires_at = $4 WHERE name = $1 AND holder = $2 AND number = $3",
        ).bind(name).bind(holder).bind(number).bind(until).execute(pool).await.map(|done| done.rows_affected() == 1))?)
    }

    /// Gives a lease up, so that another host need not wait for its end.
    pub async fn release_lease(&self, clock: &Clock, name: &str, holder: HostId, number: i64) -> Result<()> {
        on!(self, pool => sqlx::query(
            "UPDATE leases SET expires_at = $4 WHERE name = $1 AND holder = $2 AND number = $3",
        ).bind(name).bind(holder).bind(number).bind(clock.now() - chrono::Duration::seconds(1)).execute(pool).await.map(|_| ()))?;
        Ok(())
    }

    /// Says how the holder's work goes.
    pub async fn report_lease(&self, name: &str, holder: HostId, number: i64, state: &Value) -> Result<()> {
        on!(self, pool => sqlx::query(
            "UPDATE leases SET state = $4 WHERE name = $1 AND holder = $2 AND number = $3",
        ).bind(name).bind(holder).bind(number).bind(Json(state)).execute(pool).await.map(|_| ()))?;
        Ok(())
    }

    pub async fn lease(&self, name: &str) -> Result<Option<LeaseRow>> {
        Ok(on!(self, pool => sqlx::query_as("SELECT holder, number, expires_at, state FROM leases WHERE name = $1")
            .bind(name).fetch_optional(pool).await)?)
    }
}
