//! What the host answered during a call, kept for a while to run the call again.

use chrono::{DateTime, Utc};
use serde_json::Value;
use sqlx::types::Json;

use super::{Db, Result, on};
use crate::{clock::Clock, ids::CallId};

impl Db {
    /// Keeps the tape of a call that is on record, in place of an earlier one, until `expires_at`.
    pub async fn keep_recording(
        &self,
        clock: &Clock,
        call: CallId,
        tape: &Value,
        expires_at: DateTime<Utc>,
    ) -> Result<()> {
        on!(self, pool => sqlx::query(
            "INSERT INTO recordings (call_id, tape, created_at, expires_at) VALUES ($1, $2, $3, $4)
             ON CONFLICT (call_id) DO UPDATE SET tape = $2, created_at = $3, expires_at = $4",
        ).bind(call).bind(Json(tape)).bind(clock.now()).bind(expires_at).execute(pool).await.map(|_| ()))?;
        Ok(())
    }

    /// The tape of a call, unless it has expired.
    pub async fn recording(&self, clock: &Clock, call: CallId) -> Result<Option<Value>> {
        let row: Option<(Json<Value>,)> = on!(self, pool => sqlx::query_as(
            "SELECT tape FROM recordings WHERE call_id = $1 AND expires_at > $2",
        ).bind(call).bind(clock.now()).fetch_optional(pool).await)?;
        Ok(row.map(|(tape,)| tape.0))
    }

    /// Removes tapes that have expired, and says how many.
    pub async fn drop_expired_recordings(&self, clock: &Clock) -> Result<u64> {
        Ok(on!(self, pool => sqlx::query("DELETE FROM recordings WHERE expires_at <= $1")
            .bind(clock.now()).execute(pool).await.map(|done| done.rows_affected()))?)
    }
}
