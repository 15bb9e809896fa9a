//! What owners and tokens did.

use chrono::{DateTime, Utc};
use serde_json::Value;
use sqlx::{FromRow, types::Json};
use uuid::Uuid;

use super::{Db, Result, on};
use crate::{clock::Clock, ids::MessageId};

#[derive(Clone, Debug, FromRow)]
pub struct AuditEntry {
    pub id: Uuid,
    /// "owner", "token NAME", "command line" or "host".
    pub actor: String,
    /// For example "skill.activate".
    pub action: String,
    pub subject: String,
    pub detail: Json<Value>,
    pub created_at: DateTime<Utc>,
}

impl Db {
    pub async fn audit(&self, clock: &Clock, actor: &str, action: &str, subject: &str, detail: &Value) -> Result<()> {
        on!(self, pool => sqlx::query(
            "INSERT INTO audit (id, actor, action, subject, detail, created_at) VALUES ($1, $2, $3, $4, $5, $6)",
        ).bind(MessageId::new(clock)).bind(actor).bind(action).bind(subject).bind(Json(detail)).bind(clock.now())
         .execute(pool).await.map(|_| ()))?;
        Ok(())
    }

    /// The newest entries.
    pub async fn audit_entries(&self, limit: i64) -> Result<Vec<AuditEntry>> {
        Ok(on!(self, pool => sqlx::query_as(
            "SELECT id, actor, action, subject, detail, created_at FROM audit ORDER BY created_at DESC, id DESC LIMIT $1",
        ).bind(limit).fetch_all(pool).await)?)
    }
}
