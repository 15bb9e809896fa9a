//! The words that facts and episodes are found by. The host cuts them; the engines only match
//! them, each in its own way, and the ranking is done in Rust so that both agree.

use chrono::{DateTime, Utc};
use sqlx::FromRow;
use uuid::Uuid;

use super::{Db, Result, columns::word_column};
use crate::ids::UserId;

word_column! {
    /// What an index row stands for.
    SearchKind { Fact = "fact", Episode = "episode" }
}

/// A row that shares a word with the query.
#[derive(Clone, Debug, FromRow)]
pub struct Indexed {
    pub kind: SearchKind,
    pub ref_id: Uuid,
    pub words: String,
    pub recorded_at: DateTime<Utc>,
}

/// Bytes of one word at most: Postgres refuses a query with a word of 2 KB, and nobody asks for one.
const MAX_WORD_BYTES: usize = 500;

/// Words as the index keeps them: those that are too long are left out.
pub(super) fn indexable(words: &str) -> String {
    words.split(' ').filter(|word| word.len() <= MAX_WORD_BYTES).collect::<Vec<_>>().join(" ")
}

/// Adds index words inside the transaction that writes what they belong to.
macro_rules! words_in {
    ($tx:ident, $user:expr, $kind:expr, $id:expr, $words:expr, $at:expr) => {
        sqlx::query("INSERT INTO search (owner, words, kind, ref_id, recorded_at) VALUES ($1, $2, $3, $4, $5)")
            .bind($user.0.simple().to_string())
            .bind($crate::store::search::indexable($words))
            .bind($kind)
            .bind($id)
            .bind($at)
            .execute(&mut *$tx)
            .await?
    };
}
pub(super) use words_in;

impl Db {
    /// Rows of one person that share at least one of `words`, the best by the engine's own rank
    /// first, `limit` at most. Words hold no quotes or spaces; empty and too long ones match nothing.
    pub async fn search(&self, user: UserId, words: &[String], limit: i64) -> Result<Vec<Indexed>> {
        let words = words.iter().map(String::as_str).filter(|word| (1..=MAX_WORD_BYTES).contains(&word.len()));
        let words: Vec<&str> = words.collect();
        if words.is_empty() {
            return Ok(Vec::new());
        }
        let owner = user.0.simple().to_string();
        Ok(match self {
            Self::Sqlite(pool) => {
                let any = words.iter().map(|word| format!("\"{}\"", word.replace('"', ""))).collect::<Vec<_>>();
                let matching = format!("owner : \"{owner}\" AND words : ({})", any.join(" OR "));
                sqlx::query_as(
                    "SELECT kind, ref_id, words, recorded_at FROM search WHERE search MATCH $1 ORDER BY rank LIMIT $2",
                )
                .bind(matching)
                .bind(limit)
                .fetch_all(pool)
                .await?
            }
            Self::Postgres(pool) => {
                sqlx::query_as(
                    "SELECT kind, ref_id, words, recorded_at
                     FROM search, (SELECT string_agg(quote_literal(word), ' | ')::tsquery AS any_word
                                   FROM unnest($2::text[]) AS word) AS query
                     WHERE owner = $1 AND vector @@ any_word
                     ORDER BY ts_rank(vector, any_word) DESC, recorded_at DESC LIMIT $3",
                )
                .bind(owner)
                .bind(words)
                .bind(limit)
                .fetch_all(pool)
                .await?
            }
        })
    }
}
