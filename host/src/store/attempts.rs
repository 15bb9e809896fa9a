//! Attempts at models one by one, for whoever asks what the sums are made of.

use chrono::{DateTime, Utc};
use sqlx::FromRow;

use super::{Db, ModelCallRecord, Result, model_calls::model_call_columns, on};
use crate::ids::{TurnId, UserId};

/// Which attempts are meant: those that fit everything that is given.
#[derive(Clone, Debug, Default)]
pub struct Attempts {
    pub user: Option<UserId>,
    pub turn: Option<TurnId>,
    pub purpose: Option<&'static str>,
    /// Made at this moment or later.
    pub since: Option<DateTime<Utc>>,
    /// Made before this moment.
    pub before: Option<DateTime<Utc>>,
    /// Only those that belong to no turn.
    pub outside_turns: bool,
}

/// A turn, and what its attempts at models came to.
#[derive(Clone, Debug, PartialEq, Eq, FromRow)]
pub struct TurnCost {
    pub id: TurnId,
    /// What the person wrote.
    pub message: String,
    pub rung: Option<String>,
    pub created_at: DateTime<Utc>,
    pub calls: i64,
    pub failed: i64,
    pub tokens: i64,
    pub cost_micros: i64,
    /// Whether a part of it is our estimate.
    pub estimated: bool,
}

impl Db {
    /// Attempts at models, the newest first.
    pub async fn attempts(&self, of: &Attempts, limit: i64) -> Result<Vec<ModelCallRecord>> {
        Ok(on!(self, pool => sqlx::query_as(concat!(
            "SELECT ", model_call_columns!(), " FROM model_calls
             WHERE ($1 IS NULL OR user_id = $1) AND ($2 IS NULL OR turn_id = $2) AND ($3 IS NULL OR purpose = $3)
                AND ($4 IS NULL OR created_at >= $4) AND ($5 IS NULL OR created_at < $5)
                AND (turn_id IS NULL OR NOT $6)
             ORDER BY created_at DESC, id DESC LIMIT $7",
        )).bind(of.user).bind(of.turn).bind(of.purpose).bind(of.since).bind(of.before).bind(of.outside_turns)
          .bind(limit).fetch_all(pool).await)?)
    }

    /// The newest turns of a person in which a model was asked, or those before a moment.
    pub async fn turn_costs(&self, user: UserId, before: Option<DateTime<Utc>>, limit: i64) -> Result<Vec<TurnCost>> {
        Ok(on!(self, pool => sqlx::query_as(
            "SELECT t.id, m.content AS message, t.rung, t.created_at, COUNT(*) AS calls,
                CAST(SUM(CASE WHEN c.status IN ('done', 'cached') THEN 0 ELSE 1 END) AS BIGINT) AS failed,
                CAST(SUM(c.input_tokens + c.output_tokens) AS BIGINT) AS tokens,
                CAST(SUM(c.cost_micros) AS BIGINT) AS cost_micros,
                MAX(CASE WHEN c.estimated THEN 1 ELSE 0 END) = 1 AS estimated
             FROM (SELECT id, rung, created_at FROM turns WHERE user_id = $1 AND ($2 IS NULL OR created_at < $2)
                AND EXISTS (SELECT 1 FROM model_calls WHERE model_calls.turn_id = turns.id)
                ORDER BY created_at DESC, id DESC LIMIT $3) t
             JOIN model_calls c ON c.turn_id = t.id JOIN messages m ON m.turn_id = t.id AND m.role = 'user'
             GROUP BY t.id, m.content, t.rung, t.created_at ORDER BY t.created_at DESC, t.id DESC",
        ).bind(user).bind(before).bind(limit).fetch_all(pool).await)?)
    }
}
