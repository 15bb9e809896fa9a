//! What comes with a message: documents and photos are kept, text is read, the rest is named.

use rust_i18n::t;
use std::time::Duration;
use teloxide_core::types::{FileId, MediaKind, Message, MessageKind};

use super::{
    Session,
    api::CallError,
    backoff,
    words::{escaped, line},
};
use crate::{
    ids::UserId,
    store::{NewFile, StoreError, storable},
};

/// Characters of attached text that are read, over all files of a message.
const READ_CHARS: usize = 20_000;

/// Bytes of files that are kept of one person, or one group: a crowd that sends films does not fill the disk.
const MOST_KEPT: i64 = 1 << 30;

/// Characters of a file's name.
const NAME_CHARS: usize = 120;

/// Tries at one download; the server that has the file may be away for a moment.
const TRIES: u32 = 4;

/// Endings of text files that Telegram gives no text type.
const TEXT_ENDINGS: [&str; 10] = [".md", ".txt", ".csv", ".json", ".toml", ".yaml", ".yml", ".xml", ".log", ".ics"];

/// What was found in the parts of a message.
#[derive(Debug, Default)]
pub struct Media {
    pub files: Vec<NewFile>,
    /// A line for each kept file, with its text where it is one: data, whatever it says.
    described: Vec<String>,
    /// Characters of text in them.
    read: usize,
    /// A sentence for everything that could not be taken.
    pub refused: Vec<String>,
}

/// A file as Telegram announces it.
struct Announced {
    id: FileId,
    name: String,
    media_type: String,
    /// Bytes; 0 when Telegram does not say.
    size: u32,
}

/// Whether there is something to fetch.
pub fn has_files(messages: &[Message]) -> bool {
    messages.iter().any(|message| announced(message).is_some())
}

/// Fetches the files of a message, as far as there is room for them.
pub async fn collect(session: &Session, messages: &[Message], user: UserId, locale: &str) -> Result<Media, StoreError> {
    let most = session.parts.config.max_file_mib as usize * (1 << 20);
    let mut media = Media::default();
    let mut kept = if has_files(messages) { session.parts.db.kept_bytes(user).await? } else { 0 };
    for message in messages {
        let Some(file) = announced(message) else {
            if message.text().is_none() {
                push(&mut media.refused, t!("telegram.unsupported", locale = locale).into_owned());
            }
            continue;
        };
        if kept.saturating_add(i64::from(file.size)) > MOST_KEPT {
            let room = MOST_KEPT >> 20;
            push(
                &mut media.refused,
                t!("telegram.full", locale = locale, name = escaped(&file.name), mib = room).into_owned(),
            );
            continue;
        }
        let content = if file.size as usize > most { Ok(None) } else { download(session, &file.id, most).await };
        match content {
            Ok(Some(content)) => {
                kept += i64::try_from(content.len()).unwrap_or(i64::MAX);
                media.keep(file, content);
            }
            Ok(None) => {
                let mib = session.parts.config.max_file_mib;
                push(
                    &mut media.refused,
                    t!("telegram.too_large", locale = locale, name = escaped(&file.name), mib = mib).into_owned(),
                );
            }
            Err(error) => {
                tracing::warn!(%error, "a file could not be fetched");
                push(
                    &mut media.refused,
                    t!("telegram.not_fetched", locale = locale, name = escaped(&file.name)).into_owned(),
                );
            }
        }
    }
    Ok(media)
}

impl Media {
    /// What is told of the files and their texts; empty without any.
    pub fn attached(&self) -> String {
        self.described.concat()
    }

    fn keep(&mut self, file: Announced, content: Vec<u8>) {
        let kib = content.len().div_ceil(1024);
        let mut described = format!("[{}] ({}, {kib} KiB)\n", file.name, file.media_type);
        let textual = file.media_type.starts_with("text/")
            || file.media_type == "application/json"
            || TEXT_ENDINGS.iter().any(|ending| file.name.to_lowercase().ends_with(ending));
        if let Some(text) = std::str::from_utf8(&content).ok().filter(|_| textual && self.read < READ_CHARS) {
            let head: String = storable(text).chars().take(READ_CHARS - self.read).collect();
            let cut = if head.len() < text.len() { "\n[…]" } else { "" };
            described = format!("{described}{head}{cut}\n");
            self.read += head.chars().count();
        }
        self.described.push(described);
        self.files.push(NewFile { name: file.name, media_type: file.media_type, content });
    }
}

fn push(lines: &mut Vec<String>, line: String) {
    if !lines.contains(&line) {
        lines.push(line);
    }
}

fn announced(message: &Message) -> Option<Announced> {
    let MessageKind::Common(common) = &message.kind else { return None };
    match &common.media_kind {
        MediaKind::Document(media) => {
            let document = &media.document;
            let name = document.file_name.as_deref().unwrap_or("file");
            Some(Announced {
                id: document.file.id.clone(),
                name: line(name, NAME_CHARS),
                media_type: document
                    .mime_type
                    .as_ref()
                    .map_or("application/octet-stream", |mime| mime.as_ref())
                    .to_owned(),
                size: document.file.size,
            })
        }
        MediaKind::Photo(media) => {
            let largest = media.photo.iter().max_by_key(|size| u64::from(size.width) * u64::from(size.height))?;
            Some(Announced {
                id: largest.file.id.clone(),
                name: format!("photo-{}.jpg", message.id.0),
                media_type: "image/jpeg".to_owned(),
                size: largest.file.size,
            })
        }
        _ => None,
    }
}

async fn download(session: &Session, id: &FileId, most: usize) -> Result<Option<Vec<u8>>, CallError> {
    let mut tries = 0;
    loop {
        match session.api.download(id, most).await {
            Err(CallError::Unreachable(_) | CallError::Unsure(_)) if tries + 1 < TRIES => {
                tokio::time::sleep(backoff(tries)).await;
            }
            Err(CallError::Wait(wait)) if tries + 1 < TRIES => {
                tokio::time::sleep(wait.min(Duration::from_mins(1))).await;
            }
            ended => return ended,
        }
        tries += 1;
    }
}
