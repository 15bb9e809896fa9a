//! Bearer tokens of the HTTP interface. Only their hashes are kept.

use chrono::{DateTime, Utc};
use sqlx::{FromRow, types::Json};

use super::{Db, Result, on, taken};
use crate::{clock::Clock, ids::TokenId};

#[derive(Clone, Debug, FromRow)]
pub struct ApiToken {
    pub id: TokenId,
    pub name: String,
    pub scopes: Json<Vec<String>>,
    pub created_at: DateTime<Utc>,
    pub last_used_at: Option<DateTime<Utc>>,
}

impl Db {
    /// Stores a token by its hash; fails with `Taken` when the name is in use.
    pub async fn create_token(&self, clock: &Clock, name: &str, hash: &str, scopes: &[String]) -> Result<TokenId> {
        let id = TokenId::new(clock);
        on!(self, pool => sqlx::query(
            "INSERT INTO api_tokens (id, name, hash, scopes, created_at) VALUES ($1, $2, $3, $4, $5)",
        ).bind(id).bind(name).bind(hash).bind(Json(scopes)).bind(clock.now()).execute(pool).await.map(|_| ()))
        .map_err(taken("a token of this name"))?;
        Ok(id)
    }

    /// The token of this hash, noting its use at most once a minute.
    pub async fn use_token(&self, clock: &Clock, hash: &str) -> Result<Option<ApiToken>> {
        let token: Option<ApiToken> = on!(self, pool => sqlx::query_as(
            "SELECT id, name, scopes, created_at, last_used_at FROM api_tokens WHERE hash = $1",
        ).bind(hash).fetch_optional(pool).await)?;
        let minute_ago = clock.now() - chrono::Duration::minutes(1);
        if let Some(token) = &token
            && token.last_used_at.is_none_or(|used| used < minute_ago)
        {
            on!(self, pool => sqlx::query("UPDATE api_tokens SET last_used_at = $2 WHERE id = $1")
                .bind(token.id).bind(clock.now()).execute(pool).await.map(|_| ()))?;
        }
        Ok(token)
    }

    pub async fn tokens(&self) -> Result<Vec<ApiToken>> {
        Ok(on!(self, pool => sqlx::query_as(
            "SELECT id, name, scopes, created_at, last_used_at FROM api_tokens ORDER BY created_at, id",
        ).fetch_all(pool).await)?)
    }

    pub async fn revoke_token(&self, id: TokenId) -> Result<bool> {
        Ok(on!(self, pool => sqlx::query("DELETE FROM api_tokens WHERE id = $1").bind(id)
            .execute(pool).await.map(|done| done.rows_affected() == 1))?)
    }
}
