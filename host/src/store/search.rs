//! The words that messages, facts and episodes are found by. The host cuts them; the engines only say
//! which rows hold which word, each in its own way, and the ranking is done in Rust so that both agree.

use chrono::{DateTime, Utc};
use serde::Deserialize;
use sqlx::{FromRow, types::Json};
use uuid::Uuid;

use super::{Db, Result, StoreError, columns::word_column, on};
use crate::ids::{ConversationId, TurnId, UserId};

word_column! {
    /// What an index row stands for.
    SearchKind { Message = "message", Fact = "fact", Episode = "episode" }
}

/// The version of the rules that words are cut by. Rows of an earlier one are cut again.
pub const ANALYSER: i64 = 3;

/// Bytes of one word at most: Postgres refuses a query with a word of 2 KB, and nobody asks for one.
const MAX_WORD_BYTES: usize = 500;

/// Bytes of the words of one row at most: Postgres takes 1 MB with all that it adds to each.
const MAX_ROW_BYTES: usize = 500_000;

/// What an engine adds to a word: the end of its person's id, and where it is.
const BYTES_PER_WORD: usize = 16;

/// A row that holds a word of a query.
#[derive(Clone, Debug, FromRow)]
pub struct Indexed {
    /// Grows with time.
    pub id: i64,
    pub kind: SearchKind,
    pub ref_id: Uuid,
    /// The turn of a message, or the one that a fact or an episode comes from.
    pub turn_id: Option<TurnId>,
    /// Of a message: the row of the first message of its session.
    pub session: Option<i64>,
    /// Who wrote it, in lower case, where several share a conversation.
    pub speaker: Option<String>,
    /// Separated by one space.
    pub words: String,
    pub length: i64,
    pub recorded_at: DateTime<Utc>,
}

/// A message where it stands in its session.
#[derive(Clone, Debug, FromRow)]
pub struct Placed {
    pub id: i64,
    pub session: i64,
    pub turn_id: Option<TurnId>,
    pub speaker: Option<String>,
    pub length: i64,
    pub recorded_at: DateTime<Utc>,
}

/// The rows that hold one word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Posting {
    pub word: String,
    pub rows: Vec<i64>,
}

/// How much is searched of one person.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, FromRow)]
pub struct SearchState {
    pub entries: i64,
    /// Words of all entries together.
    pub length: i64,
    /// Grows with every change.
    pub version: i64,
}

/// What an index row stands for, as it is shown.
#[derive(Clone, Debug, FromRow)]
pub struct SearchText {
    pub id: i64,
    pub ref_id: Uuid,
    /// Key of a fact; empty otherwise.
    pub key: String,
    pub text: String,
    pub conversation_id: Option<ConversationId>,
    /// "user" or "assistant", of a message.
    pub role: Option<String>,
    /// Who wrote it, where several share a conversation.
    pub from: Option<String>,
}

/// Words as the index keeps them, and how many they are: those that are too long are left out, and what is more
/// than a row holds.
pub(super) fn indexable(words: &str) -> (String, i64) {
    let (mut bytes, mut kept) = (0, Vec::new());
    for word in words.split(' ').filter(|word| (1..=MAX_WORD_BYTES).contains(&word.len())) {
        bytes += word.len() + BYTES_PER_WORD;
        if bytes > MAX_ROW_BYTES {
            break;
        }
        kept.push(word);
    }
    (kept.join(" "), i64::try_from(kept.len()).unwrap_or(i64::MAX))
}

/// Adds index words inside the transaction that writes what they belong to.
macro_rules! words_in {
    ($tx:ident, $user:expr, $kind:expr, $id:expr, $words:expr, $at:expr) => {{
        let (words, length) = $crate::store::search::indexable($words);
        sqlx::query(
            "INSERT INTO search (user_id, words, length, analyser, kind, ref_id, recorded_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7)",
        )
        .bind($user)
        .bind(words)
        .bind(length)
        .bind($crate::store::search::ANALYSER)
        .bind($kind)
        .bind($id)
        .bind($at)
        .execute(&mut *$tx)
        .await?
    }};
}
pub(super) use words_in;

macro_rules! indexed_columns {
    () => {
        "s.id, s.kind, s.ref_id, COALESCE(s.turn_id, f.source_turn_id, e.turn_id) AS turn_id, s.session, s.speaker,
         s.words, s.length, s.recorded_at
         FROM search s LEFT JOIN memory_semantic f ON s.kind = 'fact' AND f.id = s.ref_id
         LEFT JOIN memory_episodic e ON s.kind = 'episode' AND e.id = s.ref_id"
    };
}

/// What the words of a person begin with in the index.
fn tag(user: UserId) -> String {
    user.0.simple().to_string()[24..].to_owned()
}

/// A word without what the engines' query languages take for a sign.
fn plain(word: &str) -> String {
    word.replace(['"', '\'', '\\', ' '], "")
}

/// A message in its session, as SQLite puts it into one value; its turn is beside it.
type PlacedRow<'a> = (i64, i64, Option<String>, i64, &'a str);

fn placed(((id, session, speaker, length, at), turn): (PlacedRow<'_>, Option<Uuid>)) -> Result<Placed> {
    Ok(Placed { id, session, turn_id: turn.map(TurnId), speaker, length, recorded_at: moment(at)? })
}

/// A row of the index, as SQLite puts it into one value; what it stands for and its turn are beside it.
type IndexedRow<'a> = (i64, SearchKind, Option<i64>, Option<String>, String, i64, &'a str);

fn indexed((row, (ref_id, turn)): (IndexedRow<'_>, (Option<Uuid>, Option<Uuid>))) -> Result<Indexed> {
    let (id, kind, session, speaker, words, length, at) = row;
    let (ref_id, turn_id) = (ref_id.unwrap_or_default(), turn.map(TurnId));
    Ok(Indexed { id, kind, ref_id, turn_id, session, speaker, words, length, recorded_at: moment(at)? })
}

/// The rows of one value.
fn read<'a, T: Deserialize<'a>>(rows: &'a str) -> Result<Vec<T>> {
    serde_json::from_str(rows).map_err(|error| StoreError::Corrupt(format!("rows of the index: {error}")))
}

/// Ids one after the other, as SQLite puts them into one value: they need not be written out and read as texts.
fn uuids(bytes: &[u8]) -> impl Iterator<Item = Option<Uuid>> {
    bytes.as_chunks().0.iter().map(|id| Some(Uuid::from_bytes(*id)).filter(|id| !id.is_nil()))
}

/// The ids in a column as [`uuids`] reads them.
macro_rules! uuids_of {
    ($column:literal) => {
        concat!("CAST(COALESCE(group_concat(COALESCE(", $column, ", zeroblob(16)), ''), '') AS BLOB)")
    };
}

/// A moment as SQLite keeps it. What reads it in any form takes as long as the rest of the row.
fn moment(text: &str) -> Result<DateTime<Utc>> {
    let read = DateTime::parse_from_rfc3339(text).or_else(|_| text.parse());
    read.map(|at| at.to_utc()).map_err(|error| StoreError::Corrupt(format!("the moment {text}: {error}")))
}

/// What a row stands for, as SQLite puts it into one value; its id and its conversation are beside it.
type TextRow = (i64, String, String, Option<String>, Option<String>);

fn text((row, (ref_id, conversation)): (TextRow, (Option<Uuid>, Option<Uuid>))) -> SearchText {
    let (id, key, text, role, from) = row;
    let (ref_id, conversation_id) = (ref_id.unwrap_or_default(), conversation.map(ConversationId));
    SearchText { id, ref_id, key, text, conversation_id, role, from }
}

/// What rows stand for, beside [`text_tables!`].
macro_rules! text_columns {
    () => {
        "COALESCE(f.key, '') AS key, COALESCE(m.content, f.value_text, e.summary_text, '') AS text"
    };
}
pub(super) use text_columns;

/// Rows of the index with what they stand for.
macro_rules! text_tables {
    () => {
        " FROM search s LEFT JOIN messages m ON s.kind = 'message' AND m.id = s.ref_id
         LEFT JOIN memory_semantic f ON s.kind = 'fact' AND f.id = s.ref_id
         LEFT JOIN memory_episodic e ON s.kind = 'episode' AND e.id = s.ref_id"
    };
}
pub(super) use text_tables;

/// A list of numbers for SQLite, which takes it as one value.
fn list(ids: &[i64]) -> Json<&[i64]> {
    Json(ids)
}

impl Db {
    /// Which rows of one person hold which of `words`, the oldest row first. Empty words and too long ones
    /// match nothing. Of two persons whose ids end alike the rows are mixed; [`Self::indexed`] tells them apart.
    pub async fn postings(&self, user: UserId, words: &[String]) -> Result<Vec<Posting>> {
        let tag = tag(user);
        let words = words.iter().map(|word| plain(word)).filter(|word| (1..=MAX_WORD_BYTES).contains(&word.len()));
        let words: Vec<String> = words.collect();
        if words.is_empty() {
            return Ok(Vec::new());
        }
        match self {
            Self::Sqlite(pool, _) => {
                let rows: Vec<(String, Option<String>)> = sqlx::query_as(
                    "SELECT value, (SELECT group_concat(rowid) FROM search_index
                        WHERE search_index MATCH '\"' || $1 || value || '\"') FROM json_each($2)",
                )
                .bind(tag)
                .bind(Json(words))
                .fetch_all(pool)
                .await?;
                let posting = |(word, rows): (String, Option<String>)| {
                    let rows = rows.unwrap_or_default();
                    Posting { word, rows: rows.split(',').filter_map(|id| id.parse().ok()).collect() }
                };
                Ok(rows.into_iter().map(posting).collect())
            }
            Self::Postgres(pool) => {
                let rows: Vec<(String, Vec<i64>)> = sqlx::query_as(
                    "SELECT word, ARRAY(SELECT id FROM search
                        WHERE vector @@ CAST('''' || $1 || word || '''' AS tsquery) ORDER BY id)
                     FROM unnest($2::text[]) AS word",
                )
                .bind(tag)
                .bind(words)
                .fetch_all(pool)
                .await?;
                Ok(rows.into_iter().map(|(word, rows)| Posting { word, rows }).collect())
            }
        }
    }

    /// How much is searched of a person; all zero where there is nothing.
    pub async fn search_state(&self, user: UserId) -> Result<SearchState> {
        let state = on!(self, pool => sqlx::query_as("SELECT entries, length, version FROM search_state WHERE user_id = $1")
            .bind(user).fetch_optional(pool).await)?;
        Ok(state.unwrap_or_default())
    }

    /// These rows, as far as they are this person's, in their order. A fact that was closed, or has expired by
    /// `now`, is not among them.
    pub async fn indexed(&self, user: UserId, ids: &[i64], now: DateTime<Utc>) -> Result<Vec<Indexed>> {
        Ok(match self {
            Self::Sqlite(pool, _) => {
                // One value for all: each row of an answer costs more than to read it. The sign keeps SQLite from
                // going through everything of the person.
                let (rows, refs, turns): (String, Vec<u8>, Vec<u8>) = sqlx::query_as(concat!(
                    "SELECT json_group_array(json_array(id, kind, session, speaker, words, length, recorded_at)), ",
                    uuids_of!("ref_id"),
                    ", ",
                    uuids_of!("turn_id"),
                    " FROM (SELECT ",
                    indexed_columns!(),
                    " WHERE +s.user_id = $1 AND s.id IN (SELECT value FROM json_each($2)) AND f.valid_to IS NULL
                     AND (f.expires_at IS NULL OR f.expires_at > $3) ORDER BY s.id)",
                ))
                .bind(user)
                .bind(list(ids))
                .bind(now)
                .fetch_one(pool)
                .await?;
                read(&rows)?.into_iter().zip(uuids(&refs).zip(uuids(&turns))).map(indexed).collect::<Result<_>>()?
            }
            Self::Postgres(pool) => {
                sqlx::query_as(concat!(
                    "SELECT ",
                    indexed_columns!(),
                    " WHERE s.user_id = $1 AND s.id = ANY($2) AND f.valid_to IS NULL
                     AND (f.expires_at IS NULL OR f.expires_at > $3) ORDER BY s.id",
                ))
                .bind(user)
                .bind(ids)
                .bind(now)
                .fetch_all(pool)
                .await?
            }
        })
    }

    /// The messages of some sessions of a person, session by session and in their order.
    pub async fn sessions_of(&self, user: UserId, sessions: &[i64]) -> Result<Vec<Placed>> {
        Ok(match self {
            Self::Sqlite(pool, _) => {
                // One value, as above.
                let (rows, turns): (String, Vec<u8>) = sqlx::query_as(concat!(
                    "SELECT json_group_array(json_array(id, session, speaker, length, recorded_at)), ",
                    uuids_of!("turn_id"),
                    " FROM (SELECT id, session, turn_id, speaker, length, recorded_at FROM search
                        WHERE session IN (SELECT value FROM json_each($2)) AND +user_id = $1 ORDER BY session, place, id)",
                ))
                .bind(user)
                .bind(list(sessions))
                .fetch_one(pool)
                .await?;
                read(&rows)?.into_iter().zip(uuids(&turns)).map(placed).collect::<Result<_>>()?
            }
            Self::Postgres(pool) => {
                // A plain `=` has the planner go through everything of the person too.
                sqlx::query_as(
                    "SELECT id, session, turn_id, speaker, length, recorded_at FROM search
                     WHERE session = ANY($2) AND user_id IS NOT DISTINCT FROM $1 ORDER BY session, place, id",
                )
                .bind(user)
                .bind(sessions)
                .fetch_all(pool)
                .await?
            }
        })
    }

    /// The sessions in which these turns are, as far as they are this person's.
    pub async fn sessions_with(&self, user: UserId, turns: &[TurnId]) -> Result<Vec<i64>> {
        if turns.is_empty() {
            return Ok(Vec::new());
        }
        let rows: Vec<(i64,)> = match self {
            Self::Sqlite(pool, _) => {
                let turns: Vec<String> = turns.iter().map(|turn| turn.0.simple().to_string()).collect();
                sqlx::query_as(
                    "SELECT DISTINCT session FROM search WHERE turn_id IN (SELECT unhex(value) FROM json_each($2))
                     AND +user_id = $1 AND session IS NOT NULL ORDER BY session",
                )
                .bind(user)
                .bind(Json(turns))
                .fetch_all(pool)
                .await?
            }
            Self::Postgres(pool) => {
                let turns: Vec<Uuid> = turns.iter().map(|turn| turn.0).collect();
                sqlx::query_as(
                    "SELECT DISTINCT session FROM search WHERE turn_id = ANY($2)
                     AND user_id = $1 AND session IS NOT NULL ORDER BY session",
                )
                .bind(user)
                .bind(turns)
                .fetch_all(pool)
                .await?
            }
        };
        Ok(rows.into_iter().map(|(session,)| session).collect())
    }

    /// The sessions in which a person wrote between two moments, the newest `limit`.
    pub async fn sessions_between(
        &self,
        user: UserId,
        (from, to): (DateTime<Utc>, DateTime<Utc>),
        limit: i64,
    ) -> Result<Vec<i64>> {
        let rows: Vec<(i64,)> = on!(self, pool => sqlx::query_as(
            "SELECT DISTINCT session FROM search WHERE user_id = $1 AND recorded_at >= $2 AND recorded_at < $3
             AND session IS NOT NULL ORDER BY session DESC LIMIT $4",
        ).bind(user).bind(from).bind(to).bind(limit).fetch_all(pool).await)?;
        Ok(rows.into_iter().map(|(session,)| session).collect())
    }

    /// What some rows of a person stand for.
    pub async fn search_texts(&self, user: UserId, ids: &[i64]) -> Result<Vec<SearchText>> {
        Ok(match self {
            Self::Sqlite(pool, _) => {
                // One value, as above.
                let (rows, refs, conversations): (String, Vec<u8>, Vec<u8>) = sqlx::query_as(concat!(
                    "SELECT json_group_array(json_array(id, key, text, role, said_by)), ",
                    uuids_of!("ref_id"),
                    ", ",
                    uuids_of!("conversation_id"),
                    " FROM (SELECT s.id, s.ref_id, s.conversation_id, m.meta ->> '$.from' AS said_by, m.role, ",
                    text_columns!(),
                    text_tables!(),
                    " WHERE +s.user_id = $1 AND s.id IN (SELECT value FROM json_each($2)))",
                ))
                .bind(user)
                .bind(list(ids))
                .fetch_one(pool)
                .await?;
                read(&rows)?.into_iter().zip(uuids(&refs).zip(uuids(&conversations))).map(text).collect()
            }
            Self::Postgres(pool) => {
                sqlx::query_as(concat!(
                    "SELECT s.id, s.ref_id, s.conversation_id, m.meta ->> 'from' AS \"from\", m.role, ",
                    text_columns!(),
                    text_tables!(),
                    " WHERE s.user_id = $1 AND s.id = ANY($2)",
                ))
                .bind(user)
                .bind(ids)
                .fetch_all(pool)
                .await?
            }
        })
    }
}
