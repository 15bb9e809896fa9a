//! What models were asked for, added up as it is written.

use sqlx::FromRow;

use super::{Db, Result, model_calls::ModelCallRecord, model_calls::ModelCallStatus, on};

/// What usage is added up by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum UsageBy {
    User,
    Conversation,
    Workflow,
    Skill,
    Token,
    Model,
    Tier,
    Purpose,
    Day,
    Month,
}

/// A sum of model calls.
#[derive(Clone, Debug, Default, PartialEq, Eq, FromRow, serde::Serialize)]
pub struct UsageRow {
    /// Id of the person, conversation, workflow or token, name of the skill or model, tier, purpose, day or
    /// month; empty where a call belongs to none.
    pub name: String,
    pub calls: i64,
    pub failed: i64,
    /// Calls that a cache of ours answered.
    pub cache_hits: i64,
    pub input_tokens: i64,
    pub cached_tokens: i64,
    pub cache_write_tokens: i64,
    pub output_tokens: i64,
    /// Tokens that our caches saved.
    pub saved_tokens: i64,
    pub cost_micros: i64,
}

/// Which usage is meant. Days are the owner's, as `2026-11-26`; both ends count.
#[derive(Clone, Debug, Default)]
pub struct UsageRange {
    pub from: Option<String>,
    pub until: Option<String>,
    /// Only this person's.
    pub user: Option<String>,
}

macro_rules! usage_by {
    ($key:literal) => {
        concat!(
            "SELECT ",
            $key,
            " AS name, CAST(SUM(calls) AS BIGINT) AS calls, CAST(SUM(failed) AS BIGINT) AS failed,
             CAST(SUM(cache_hits) AS BIGINT) AS cache_hits, CAST(SUM(input_tokens) AS BIGINT) AS input_tokens,
             CAST(SUM(cached_tokens) AS BIGINT) AS cached_tokens,
             CAST(SUM(cache_write_tokens) AS BIGINT) AS cache_write_tokens,
             CAST(SUM(output_tokens) AS BIGINT) AS output_tokens, CAST(SUM(saved_tokens) AS BIGINT) AS saved_tokens,
             CAST(SUM(cost_micros) AS BIGINT) AS cost_micros
             FROM usage_rollups
             WHERE ($2 IS NULL OR day >= $2) AND ($3 IS NULL OR day <= $3) AND ($4 IS NULL OR user_id = $4)
             GROUP BY 1 ORDER BY 1 DESC LIMIT $1"
        )
    };
}

/// Adds attempts to the sums; those of one row are added at once. Rows are written in one order, so that two hosts
/// do not wait for each other. Takes [`UsageKey::words`], then [`UsageRow::numbers`].
pub(super) const ADD_USAGE: &str = "INSERT INTO usage_rollups (day, user_id, conversation_id, workflow_id, skill_name,
        token_id, model, tier, purpose, calls, failed, cache_hits, input_tokens, cached_tokens, cache_write_tokens,
        output_tokens, saved_tokens, cost_micros)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)
     ON CONFLICT (day, user_id, conversation_id, workflow_id, skill_name, token_id, model, tier, purpose)
     DO UPDATE SET calls = usage_rollups.calls + excluded.calls,
        failed = usage_rollups.failed + excluded.failed,
        cache_hits = usage_rollups.cache_hits + excluded.cache_hits,
        input_tokens = usage_rollups.input_tokens + excluded.input_tokens,
        cached_tokens = usage_rollups.cached_tokens + excluded.cached_tokens,
        cache_write_tokens = usage_rollups.cache_write_tokens + excluded.cache_write_tokens,
        output_tokens = usage_rollups.output_tokens + excluded.output_tokens,
        saved_tokens = usage_rollups.saved_tokens + excluded.saved_tokens,
        cost_micros = usage_rollups.cost_micros + excluded.cost_micros";

/// The row of the sums that an attempt belongs to.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct UsageKey {
    pub day: String,
    pub user: String,
    pub conversation: String,
    pub workflow: String,
    pub skill: String,
    pub token: String,
    pub model: String,
    pub tier: String,
    pub purpose: String,
}

fn text(id: Option<impl ToString>) -> String {
    id.map(|id| id.to_string()).unwrap_or_default()
}

impl UsageKey {
    pub fn of(call: &ModelCallRecord, day: &str) -> Self {
        Self {
            day: day.to_owned(),
            user: text(call.user_id),
            conversation: text(call.conversation_id),
            workflow: text(call.workflow_id),
            skill: call.skill_name.clone().unwrap_or_default(),
            token: text(call.token_id),
            model: call.model.clone(),
            tier: call.tier.clone(),
            purpose: call.purpose.clone(),
        }
    }

    /// In the order of [`ADD_USAGE`].
    pub fn words(&self) -> [&str; 9] {
        [
            &self.day,
            &self.user,
            &self.conversation,
            &self.workflow,
            &self.skill,
            &self.token,
            &self.model,
            &self.tier,
            &self.purpose,
        ]
    }
}

impl UsageRow {
    /// In the order of [`ADD_USAGE`], behind the words.
    pub(super) fn numbers(&self) -> [i64; 9] {
        [
            self.calls,
            self.failed,
            self.cache_hits,
            self.input_tokens,
            self.cached_tokens,
            self.cache_write_tokens,
            self.output_tokens,
            self.saved_tokens,
            self.cost_micros,
        ]
    }

    pub(super) fn add(&mut self, call: &ModelCallRecord) {
        self.calls += 1;
        self.failed += i64::from(!call.status.is_answered());
        self.cache_hits += i64::from(call.status == ModelCallStatus::Cached);
        self.input_tokens += call.input_tokens;
        self.cached_tokens += call.cached_tokens;
        self.cache_write_tokens += call.cache_write_tokens;
        self.output_tokens += call.output_tokens;
        self.saved_tokens += call.saved_tokens;
        self.cost_micros += call.cost_micros;
    }

    /// Tokens in and out.
    pub fn tokens(&self) -> i64 {
        self.input_tokens + self.output_tokens
    }
}

impl Db {
    /// Model calls added up, the latest or greatest name first.
    pub async fn usage(&self, by: UsageBy, range: &UsageRange, limit: i64) -> Result<Vec<UsageRow>> {
        let statement = match by {
            UsageBy::User => usage_by!("user_id"),
            UsageBy::Conversation => usage_by!("conversation_id"),
            UsageBy::Workflow => usage_by!("workflow_id"),
            UsageBy::Skill => usage_by!("skill_name"),
            UsageBy::Token => usage_by!("token_id"),
            UsageBy::Model => usage_by!("model"),
            UsageBy::Tier => usage_by!("tier"),
            UsageBy::Purpose => usage_by!("purpose"),
            UsageBy::Day => usage_by!("day"),
            UsageBy::Month => usage_by!("SUBSTR(day, 1, 7)"),
        };
        Ok(on!(self, pool => sqlx::query_as(statement).bind(limit).bind(&range.from).bind(&range.until)
            .bind(&range.user).fetch_all(pool).await)?)
    }
}
