//! What only a digest asks.

use chrono::{DateTime, Utc};

use super::{Db, Result, on};
use crate::ids::UserId;

impl Db {
    /// How many messages of a person were answered since a moment.
    pub async fn turns_since(&self, user: UserId, since: DateTime<Utc>) -> Result<i64> {
        let (count,): (i64,) = on!(self, pool => sqlx::query_as(
            "SELECT COUNT(*) FROM turns WHERE user_id = $1 AND status = 'done' AND finished_at >= $2",
        ).bind(user).bind(since).fetch_one(pool).await)?;
        Ok(count)
    }
}
