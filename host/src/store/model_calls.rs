//! Attempts at models, as the audit has them. They are written by the ledger alone.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sqlx::FromRow;

use super::{Db, Result, columns::word_column, on};
use crate::ids::{ConversationId, ModelCallId, TokenId, TurnId, UserId, WorkflowId};

word_column! {
    /// How an attempt at a model ended. "truncated": the provider's stream broke off; "interrupted": its
    /// process ended first; "cached": it was answered without a model.
    ModelCallStatus {
        Done = "done", Failed = "failed", Cancelled = "cancelled", Truncated = "truncated",
        Interrupted = "interrupted", Cached = "cached",
    }
}

impl ModelCallStatus {
    /// Whether there is an answer.
    pub fn is_answered(self) -> bool {
        matches!(self, Self::Done | Self::Cached)
    }
}

/// For whom a model is asked: what budgets are held against and usage is added up by.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Account {
    pub user: Option<UserId>,
    pub turn: Option<TurnId>,
    pub conversation: Option<ConversationId>,
    pub workflow: Option<WorkflowId>,
    /// The skill that asks, where one does.
    pub skill: Option<String>,
    /// The bearer token of the request, where it came in with one.
    pub token: Option<TokenId>,
}

/// One attempt at a model.
#[derive(Clone, Debug, PartialEq, Eq, FromRow, Serialize, Deserialize)]
pub struct ModelCallRecord {
    pub id: ModelCallId,
    pub turn_id: Option<TurnId>,
    pub user_id: Option<UserId>,
    pub conversation_id: Option<ConversationId>,
    pub workflow_id: Option<WorkflowId>,
    pub skill_name: Option<String>,
    pub token_id: Option<TokenId>,
    /// "answer", "route", "summarise", "rewrite", "skill", "api", "test" or "embed".
    pub purpose: String,
    /// "small", "large" or "embedding".
    pub tier: String,
    /// The best rung that was open to the person; the tier may be lower, where that is enough.
    pub rung: String,
    /// Host and port of the provider.
    pub provider: String,
    pub model: String,
    pub attempt: i64,
    pub status: ModelCallStatus,
    /// Tokens counted before the prompt was sent.
    pub prompt_tokens: i64,
    /// Tokens that the provider reported, or our count where it reported none: all of the input, the part
    /// that it had in its cache, the part that it wrote there, and the output.
    pub input_tokens: i64,
    pub cached_tokens: i64,
    pub cache_write_tokens: i64,
    pub output_tokens: i64,
    /// Tokens that a hit of our own cache saved.
    pub saved_tokens: i64,
    pub cost_micros: i64,
    /// Whether tokens and cost are our estimate and not the provider's report.
    pub estimated: bool,
    pub first_token_ms: Option<i64>,
    pub latency_ms: i64,
    /// Skill calls that the answer asked for.
    pub skill_calls: i64,
    pub error: Option<String>,
    pub created_at: DateTime<Utc>,
}

impl ModelCallRecord {
    /// Tokens in and out.
    pub fn tokens(&self) -> i64 {
        self.input_tokens + self.output_tokens
    }

    pub fn account(&self) -> Account {
        Account {
            user: self.user_id,
            turn: self.turn_id,
            conversation: self.conversation_id,
            workflow: self.workflow_id,
            skill: self.skill_name.clone(),
            token: self.token_id,
        }
    }
}

macro_rules! model_call_columns {
    () => {
        "id, turn_id, user_id, conversation_id, workflow_id, skill_name, token_id, purpose, tier, rung, provider, model,
         attempt, status, prompt_tokens, input_tokens, cached_tokens, cache_write_tokens, output_tokens, saved_tokens,
         cost_micros, estimated, first_token_ms, latency_ms, skill_calls, error, created_at"
    };
}

pub(super) use model_call_columns;

impl Db {
    /// The attempts made for one turn, in order.
    pub async fn turn_model_calls(&self, turn: TurnId) -> Result<Vec<ModelCallRecord>> {
        Ok(on!(self, pool => sqlx::query_as(concat!(
            "SELECT ", model_call_columns!(), " FROM model_calls WHERE turn_id = $1 ORDER BY created_at, id",
        )).bind(turn).fetch_all(pool).await)?)
    }

    /// The newest attempts at a model that ended well, for what they say of its tokens.
    pub async fn model_calls_of(&self, model: &str, limit: i64) -> Result<Vec<ModelCallRecord>> {
        Ok(on!(self, pool => sqlx::query_as(concat!(
            "SELECT ", model_call_columns!(), " FROM model_calls WHERE model = $1 AND status = 'done' AND NOT estimated
             ORDER BY created_at DESC, id DESC LIMIT $2",
        )).bind(model).bind(limit).fetch_all(pool).await)?)
    }
}
