//! Documents and photos that people sent.
#![expect(unused_qualifications, reason = "utoipa qualifies the types of queries")]

use axum::{
    Json,
    extract::State,
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use std::{fmt::Write, sync::Arc};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::super::{
    Backoffice,
    error::{Kind, Problem, Result},
    extract::{Path, Query},
};
use crate::{
    ids::{ConversationId, FileId},
    store::FileRow,
};

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct OfConversation {
    pub conversation: Uuid,
}

#[derive(Serialize, ToSchema)]
pub struct Files {
    /// Oldest first.
    pub files: Vec<FileView>,
}

#[derive(Serialize, ToSchema)]
pub struct FileView {
    pub id: Uuid,
    pub conversation_id: Uuid,
    /// The turn of the message that it came with.
    pub turn_id: Uuid,
    pub name: String,
    pub media_type: String,
    /// Bytes.
    pub size: i64,
    pub created_at: DateTime<Utc>,
}

impl From<FileRow> for FileView {
    fn from(row: FileRow) -> Self {
        Self {
            id: row.id.0,
            conversation_id: row.conversation_id.0,
            turn_id: row.turn_id.0,
            name: row.name,
            media_type: row.media_type,
            size: row.size,
            created_at: row.created_at,
        }
    }
}

/// The files of a conversation.
#[utoipa::path(
    get,
    path = "/api/v1/files",
    tag = "chat",
    params(OfConversation),
    responses((status = 200, body = Files), (status = 404, body = super::ProblemDocument))
)]
pub async fn list(State(backoffice): State<Arc<Backoffice>>, Query(of): Query<OfConversation>) -> Result<Json<Files>> {
    let id = ConversationId(of.conversation);
    if backoffice.db.conversation(id).await?.is_none() {
        return Err(Problem::new(Kind::NoConversation, format!("There is no conversation {id}.")));
    }
    Ok(Json(Files { files: backoffice.db.files(id).await?.into_iter().map(FileView::from).collect() }))
}

/// The bytes of a file, to be kept and not shown: what somebody sent is not a page of this host.
#[utoipa::path(
    get,
    path = "/api/v1/files/{id}",
    tag = "chat",
    params(("id" = Uuid, Path)),
    responses(
        (status = 200, description = "The bytes", content_type = "application/octet-stream"),
        (status = 404, body = super::ProblemDocument),
    )
)]
pub async fn show(State(backoffice): State<Arc<Backoffice>>, Path(id): Path<Uuid>) -> Result<Response> {
    let found = backoffice.db.file(FileId(id)).await?;
    let (row, content) = found.ok_or_else(|| Problem::new(Kind::NoFile, format!("There is no file {id}.")))?;
    let media_type = HeaderValue::from_str(&row.media_type);
    let media_type = media_type.unwrap_or(HeaderValue::from_static("application/octet-stream"));
    let headers = [
        (header::CONTENT_TYPE, media_type),
        (header::CONTENT_DISPOSITION, attachment(&row.name)),
        (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    ];
    Ok((headers, content).into_response())
}

/// The header that gives a download its name (RFC 6266).
fn attachment(name: &str) -> HeaderValue {
    let mut line = "attachment; filename*=UTF-8''".to_owned();
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            line.push(char::from(byte));
        } else {
            // Writing to a string does not fail.
            let _ = write!(line, "%{byte:02X}");
        }
    }
    HeaderValue::from_str(&line).unwrap_or(HeaderValue::from_static("attachment"))
}

#[cfg(test)]
mod tests {
    use super::attachment;

    #[test]
    fn no_name_breaks_out_of_its_header() {
        assert_eq!(attachment("鸟 a\r\n\"b.txt"), "attachment; filename*=UTF-8''%E9%B8%9F%20a%0D%0A%22b.txt");
    }
}
