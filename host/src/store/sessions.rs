//! Who is logged in on the web side.

use chrono::{DateTime, Utc};
use serde_json::Value;
use sqlx::{FromRow, types::Json};

use super::{Db, Result, on};

#[derive(Clone, Debug, FromRow)]
pub struct StoredSession {
    pub id: String,
    pub data: Json<Value>,
    pub expires_at: DateTime<Utc>,
}

impl StoredSession {
    pub fn new(id: String, data: Value, expires_at: DateTime<Utc>) -> Self {
        Self { id, data: Json(data), expires_at }
    }
}

impl Db {
    /// Stores a new session; false when the id is taken.
    pub async fn create_session(&self, session: &StoredSession) -> Result<bool> {
        Ok(on!(self, pool => sqlx::query(
            "INSERT INTO sessions (id, data, expires_at) VALUES ($1, $2, $3) ON CONFLICT (id) DO NOTHING",
        ).bind(&session.id).bind(&session.data).bind(session.expires_at)
         .execute(pool).await.map(|done| done.rows_affected() == 1))?)
    }

    /// Updates a session; one that was ended meanwhile stays ended.
    pub async fn save_session(&self, session: &StoredSession) -> Result<()> {
        on!(self, pool => sqlx::query("UPDATE sessions SET data = $2, expires_at = $3 WHERE id = $1")
            .bind(&session.id).bind(&session.data).bind(session.expires_at).execute(pool).await.map(|_| ()))?;
        Ok(())
    }

    /// The session of this id, unless it has expired.
    pub async fn session(&self, id: &str, now: DateTime<Utc>) -> Result<Option<StoredSession>> {
        Ok(on!(self, pool => sqlx::query_as(
            "SELECT id, data, expires_at FROM sessions WHERE id = $1 AND expires_at > $2",
        ).bind(id).bind(now).fetch_optional(pool).await)?)
    }

    pub async fn delete_session(&self, id: &str) -> Result<()> {
        on!(self, pool => sqlx::query("DELETE FROM sessions WHERE id = $1").bind(id).execute(pool).await.map(|_| ()))?;
        Ok(())
    }

    /// Ends every session.
    pub async fn delete_sessions(&self) -> Result<()> {
        on!(self, pool => sqlx::query("DELETE FROM sessions").execute(pool).await.map(|_| ()))?;
        Ok(())
    }

    /// Removes sessions that have expired.
    pub async fn sweep_sessions(&self, now: DateTime<Utc>) -> Result<u64> {
        Ok(on!(self, pool => sqlx::query("DELETE FROM sessions WHERE expires_at <= $1")
            .bind(now).execute(pool).await.map(|done| done.rows_affected()))?)
    }
}
