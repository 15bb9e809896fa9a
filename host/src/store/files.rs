//! Documents and photos that people sent.

use chrono::{DateTime, Utc};
use sqlx::FromRow;

use super::{Db, Result, on};
use crate::ids::{ConversationId, FileId, TurnId, UserId};

/// A file as it came with a message.
#[derive(Clone, Debug)]
pub struct NewFile {
    pub name: String,
    pub media_type: String,
    pub content: Vec<u8>,
}

/// A kept file without its bytes.
#[derive(Clone, Debug, FromRow)]
pub struct FileRow {
    pub id: FileId,
    pub conversation_id: ConversationId,
    pub turn_id: TurnId,
    pub name: String,
    pub media_type: String,
    /// Bytes.
    pub size: i64,
    pub created_at: DateTime<Utc>,
}

/// Writes a turn's files in a transaction.
macro_rules! insert_files {
    ($tx:ident, $clock:expr, $turn:expr, $incoming:expr, $now:expr) => {
        for file in &$incoming.files {
            sqlx::query(
                "INSERT INTO files (id, user_id, conversation_id, turn_id, name, media_type, size, content, created_at)
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
            )
            .bind($crate::ids::FileId::new($clock))
            .bind($incoming.user)
            .bind($incoming.conversation)
            .bind($turn)
            .bind(&file.name)
            .bind(&file.media_type)
            .bind(i64::try_from(file.content.len()).unwrap_or(i64::MAX))
            .bind(&file.content)
            .bind($now)
            .execute(&mut *$tx)
            .await?;
        }
    };
}
pub(super) use insert_files;

impl Db {
    /// The files of a conversation, oldest first.
    pub async fn files(&self, conversation: ConversationId) -> Result<Vec<FileRow>> {
        Ok(on!(self, pool => sqlx::query_as(
            "SELECT id, conversation_id, turn_id, name, media_type, size, created_at FROM files
             WHERE conversation_id = $1 ORDER BY created_at, id",
        ).bind(conversation).fetch_all(pool).await)?)
    }

    /// Bytes of all files that a person, or a group, has sent.
    pub async fn kept_bytes(&self, user: UserId) -> Result<i64> {
        let (bytes,): (i64,) = on!(self, pool => sqlx::query_as(
            "SELECT CAST(COALESCE(SUM(size), 0) AS BIGINT) FROM files WHERE user_id = $1",
        ).bind(user).fetch_one(pool).await)?;
        Ok(bytes)
    }

    /// A file and its bytes.
    pub async fn file(&self, id: FileId) -> Result<Option<(FileRow, Vec<u8>)>> {
        let row: Option<FileRow> = on!(self, pool => sqlx::query_as(
            "SELECT id, conversation_id, turn_id, name, media_type, size, created_at FROM files WHERE id = $1",
        ).bind(id).fetch_optional(pool).await)?;
        let Some(row) = row else { return Ok(None) };
        let (content,): (Vec<u8>,) = on!(self, pool => sqlx::query_as("SELECT content FROM files WHERE id = $1")
            .bind(id).fetch_one(pool).await)?;
        Ok(Some((row, content)))
    }
}
