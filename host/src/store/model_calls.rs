//! Attempts at models, and what they add up to.

use chrono::{DateTime, Utc};
use sqlx::FromRow;

use super::{Db, Result, on};
use crate::ids::{ModelCallId, TurnId, UserId};

/// One attempt at a model.
#[derive(Clone, Debug, FromRow)]
pub struct ModelCallRecord {
    pub id: ModelCallId,
    pub turn_id: Option<TurnId>,
    pub user_id: Option<UserId>,
    /// "answer", "summarise" or "skill".
    pub purpose: String,
    /// "small" or "large".
    pub tier: String,
    pub model: String,
    pub attempt: i64,
    /// "done" or "failed".
    pub status: String,
    /// Tokens counted before the prompt was sent.
    pub prompt_tokens: i64,
    /// Tokens that the provider reported, or our count where it reported none.
    pub input_tokens: i64,
    pub output_tokens: i64,
    pub cached_tokens: i64,
    pub first_token_ms: Option<i64>,
    pub latency_ms: i64,
    /// Skill calls that the answer asked for.
    pub skill_calls: i64,
    pub error: Option<String>,
    pub created_at: DateTime<Utc>,
}

/// What usage is added up by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum UsageBy {
    User,
    Conversation,
    Model,
    Day,
    Month,
}

/// A sum of model calls.
#[derive(Clone, Debug, FromRow, serde::Serialize)]
pub struct UsageRow {
    /// Name of the person, id of the conversation, model, day or month.
    pub name: String,
    pub calls: i64,
    pub failed: i64,
    pub input_tokens: i64,
    pub output_tokens: i64,
    pub cached_tokens: i64,
}

macro_rules! usage_by {
    ($key:literal) => {
        concat!(
            "SELECT ",
            $key,
            " AS name, COUNT(*) AS calls,
             CAST(SUM(CASE WHEN m.status = 'failed' THEN 1 ELSE 0 END) AS BIGINT) AS failed,
             CAST(SUM(m.input_tokens) AS BIGINT) AS input_tokens,
             CAST(SUM(m.output_tokens) AS BIGINT) AS output_tokens,
             CAST(SUM(m.cached_tokens) AS BIGINT) AS cached_tokens
             FROM model_calls m LEFT JOIN users u ON u.id = m.user_id LEFT JOIN turns t ON t.id = m.turn_id
             GROUP BY 1 ORDER BY 1 DESC LIMIT $1"
        )
    };
}

impl Db {
    pub async fn record_model_call(&self, call: &ModelCallRecord) -> Result<()> {
        on!(self, pool => sqlx::query(
            "INSERT INTO model_calls (id, turn_id, user_id, purpose, tier, model, attempt, status, prompt_tokens,
             input_tokens, output_tokens, cached_tokens, first_token_ms, latency_ms, skill_calls, error, created_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)",
        ).bind(call.id).bind(call.turn_id).bind(call.user_id).bind(&call.purpose).bind(&call.tier).bind(&call.model)
         .bind(call.attempt).bind(&call.status).bind(call.prompt_tokens).bind(call.input_tokens)
         .bind(call.output_tokens).bind(call.cached_tokens).bind(call.first_token_ms).bind(call.latency_ms)
         .bind(call.skill_calls).bind(&call.error).bind(call.created_at).execute(pool).await.map(|_| ()))?;
        Ok(())
    }

    /// The attempts made for one turn, in order.
    pub async fn turn_model_calls(&self, turn: TurnId) -> Result<Vec<ModelCallRecord>> {
        Ok(on!(self, pool => sqlx::query_as(
            "SELECT id, turn_id, user_id, purpose, tier, model, attempt, status, prompt_tokens, input_tokens,
             output_tokens, cached_tokens, first_token_ms, latency_ms, skill_calls, error, created_at
             FROM model_calls WHERE turn_id = $1 ORDER BY created_at, id",
        ).bind(turn).fetch_all(pool).await)?)
    }

    /// Model calls added up, the latest or greatest name first. Days and months are in UTC.
    pub async fn usage(&self, by: UsageBy, limit: i64) -> Result<Vec<UsageRow>> {
        // Times are text on SQLite and need a format on Postgres.
        let statement = match (by, self) {
            (UsageBy::User, _) => usage_by!("COALESCE(u.name, '-')"),
            (UsageBy::Model, _) => usage_by!("m.model"),
            (UsageBy::Conversation, Self::Sqlite(_)) => {
                // HEX of NULL is an empty text.
                usage_by!("COALESCE(NULLIF(LOWER(HEX(t.conversation_id)), ''), '-')")
            }
            (UsageBy::Conversation, Self::Postgres(_)) => {
                usage_by!("COALESCE(REPLACE(CAST(t.conversation_id AS TEXT), '-', ''), '-')")
            }
            (UsageBy::Day, Self::Sqlite(_)) => usage_by!("SUBSTR(m.created_at, 1, 10)"),
            (UsageBy::Day, Self::Postgres(_)) => {
                usage_by!("TO_CHAR(m.created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD')")
            }
            (UsageBy::Month, Self::Sqlite(_)) => usage_by!("SUBSTR(m.created_at, 1, 7)"),
            (UsageBy::Month, Self::Postgres(_)) => usage_by!("TO_CHAR(m.created_at AT TIME ZONE 'UTC', 'YYYY-MM')"),
        };
        Ok(on!(self, pool => sqlx::query_as(statement).bind(limit).fetch_all(pool).await)?)
    }
}
