//! Keeps every message searchable, off the reply path: what came in since is cut and added, and what an earlier
//! analyser cut is cut again.

use super::{Memory, fact_words, segment::index_words, wish};
use crate::store::{SearchKind, Searched, Stale, StoreError, Unsearched};

/// Messages that are added in one transaction: SQLite has one writer, and others wait for it.
const BATCH: i64 = 100;

/// Rungs whose replies repeat what memory holds, or say that nothing is known.
const ECHOES: [&str; 4] = ["retrieval", "clarify", "plan", "none"];

impl Memory {
    /// Adds the messages that are not searched yet; how many those were.
    pub async fn index_messages(&self) -> Result<usize, StoreError> {
        let mut added = 0;
        loop {
            let messages = self.db.unsearched(BATCH).await?;
            let Some(user) = messages.first().map(|message| message.user_id) else { return Ok(added) };
            let searched: Vec<Searched> = messages.into_iter().map(searched).collect();
            match self.db.search_messages(user, &searched).await {
                // What is left of them is read again.
                Err(StoreError::Forgotten) => {}
                done => done.map(|()| added += searched.len())?,
            }
        }
    }

    /// Cuts again what an earlier analyser has cut, and adds messages that are not searched yet.
    pub async fn refresh_index(&self) -> Result<(), StoreError> {
        loop {
            let stale = self.db.stale_rows(BATCH).await?;
            if stale.is_empty() {
                break;
            }
            let cut: Vec<(i64, String)> = stale.into_iter().map(|row| (row.id, words_of(&row))).collect();
            self.db.recut(&cut).await?;
        }
        self.index_messages().await?;
        self.embed_missing().await?;
        Ok(())
    }
}

fn searched(message: Unsearched) -> Searched {
    let from = message.meta.0["from"].as_str().map(str::to_owned);
    let echo = message.role == "assistant" && ECHOES.contains(&message.meta.0["rung"].as_str().unwrap_or_default());
    // Who asks to forget does not want to hear of it again.
    let command = message.role == "user" && (message.content.starts_with('/') || wish(&message.content).is_some());
    let words = (!echo && !command).then(|| message_words(from.as_deref(), &message.content));
    Searched { speaker: from.map(|from| from.to_lowercase()), message, words }
}

fn message_words(from: Option<&str>, text: &str) -> String {
    match from {
        Some(from) => index_words(&format!("{from}: {text}")),
        None => index_words(text),
    }
}

fn words_of(row: &Stale) -> String {
    match row.kind {
        SearchKind::Fact => fact_words(&row.key, &row.text),
        SearchKind::Episode => index_words(&row.text),
        SearchKind::Message => message_words(row.speaker.as_deref(), &row.text),
    }
}
