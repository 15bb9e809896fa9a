//! What the owner granted to skills.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use sqlx::{FromRow, types::Json};

use super::{Db, Result, on, skills::bump, write_tx};
use crate::clock::Clock;

/// The owner's yes to one capability of a skill.
#[derive(Clone, Debug, FromRow)]
pub struct Grant {
    pub capability: String,
    pub scope: Json<Value>,
    pub granted_by: String,
    pub granted_at: DateTime<Utc>,
}

/// A yes to everything that a version asks for. What was granted before stays: the version before may be
/// needed again, and no version gets more than it asks for.
#[derive(Clone, Copy, Debug)]
pub struct Yes<'a> {
    /// Capabilities, each with its scope: `true`, or a list of words.
    pub asked: &'a [(String, Value)],
    /// Who says it.
    pub by: &'a str,
}

impl Yes<'_> {
    /// Capabilities with scopes of one word, or `true`.
    pub(super) fn words(&self) -> impl Iterator<Item = (&String, Value)> {
        self.asked.iter().flat_map(|(capability, scope)| {
            let scopes = match scope {
                Value::Array(words) => words.iter().map(|word| json!([word])).collect(),
                whole => vec![whole.clone()],
            };
            scopes.into_iter().map(move |scope| (capability, scope))
        })
    }
}

/// Grants `$2` of skill `$1` the scope `$3`, which is a list of one word or `true`. A word is added to
/// those that were granted before; what was granted as a whole stays whole.
macro_rules! widen_grant {
    ($scope:literal) => {
        concat!(
            "INSERT INTO grants (skill_name, capability, scope, granted_by, granted_at) VALUES ($1, $2, $3, $4, $5)
             ON CONFLICT (skill_name, capability) DO UPDATE SET granted_by = $4, granted_at = $5, scope = ",
            $scope
        )
    };
}

impl Db {
    /// The statement that grants a scope in addition to what was granted before.
    pub(super) fn widen_grant(&self) -> &'static str {
        match self {
            Self::Sqlite(..) => widen_grant!(
                "CASE WHEN excluded.scope = 'true' OR grants.scope = 'true' THEN 'true'
                 WHEN EXISTS (SELECT 1 FROM json_each(grants.scope) WHERE value = json_extract(excluded.scope, '$[0]'))
                    THEN grants.scope
                 WHEN json_type(grants.scope) = 'array'
                    THEN json_insert(grants.scope, '$[#]', json_extract(excluded.scope, '$[0]'))
                 ELSE json_array(json_extract(grants.scope, '$'), json_extract(excluded.scope, '$[0]')) END"
            ),
            Self::Postgres(_) => widen_grant!(
                "CASE WHEN excluded.scope = 'true' OR grants.scope = 'true' THEN CAST('true' AS JSONB)
                 WHEN (grants.scope || CAST('[]' AS JSONB)) @> excluded.scope THEN grants.scope
                 ELSE grants.scope || excluded.scope END"
            ),
        }
    }

    /// Replaces all grants of a skill.
    pub async fn set_grants(&self, clock: &Clock, name: &str, grants: &[(String, Value)], by: &str) -> Result<()> {
        write_tx!(self, tx => {
            sqlx::query(self.hold_skill()).bind(name).execute(&mut *tx).await?;
            sqlx::query("DELETE FROM grants WHERE skill_name = $1").bind(name).execute(&mut *tx).await?;
            for (capability, scope) in grants {
                sqlx::query(
                    "INSERT INTO grants (skill_name, capability, scope, granted_by, granted_at)
                     VALUES ($1, $2, $3, $4, $5)",
                ).bind(name).bind(capability).bind(Json(scope)).bind(by).bind(clock.now())
                 .execute(&mut *tx).await?;
            }
            bump!(tx);
        });
        Ok(())
    }

    pub async fn grants(&self, name: &str) -> Result<Vec<Grant>> {
        Ok(on!(self, pool => sqlx::query_as(
            "SELECT capability, scope, granted_by, granted_at FROM grants WHERE skill_name = $1 ORDER BY capability",
        ).bind(name).fetch_all(pool).await)?)
    }
}
