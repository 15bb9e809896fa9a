//! Bringing messages into the index, and cutting rows of an earlier analyser again.

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::{FromRow, types::Json};

use super::{
    Db, Result, SearchKind,
    erasure::hold_unforgotten,
    on,
    search::{ANALYSER, indexable},
    write_tx,
};
use crate::ids::{ConversationId, MessageId, TurnId, UserId};

/// A session ends with a silence of so long …
const SILENCE: TimeDelta = TimeDelta::hours(36);

/// … once it has so many messages, of so long …
const LONG_PLACE: i64 = 20;
const SHORT_SILENCE: TimeDelta = TimeDelta::hours(6);

/// … and at so many messages in any case: the score of a session is to tell of one subject.
const MAX_PLACE: i64 = 100;

/// A message that is not searched yet.
#[derive(Clone, Debug, FromRow)]
pub struct Unsearched {
    pub id: MessageId,
    pub user_id: UserId,
    pub conversation_id: ConversationId,
    pub turn_id: Option<TurnId>,
    /// "user" or "assistant".
    pub role: String,
    pub content: String,
    pub meta: Json<serde_json::Value>,
    pub created_at: DateTime<Utc>,
    /// [`Db::forgettings`] of the person.
    pub forgettings: i64,
}

/// A message with the words that it is found by.
#[derive(Clone, Debug)]
pub struct Searched {
    pub message: Unsearched,
    /// Who wrote it, in lower case, where several share a conversation.
    pub speaker: Option<String>,
    /// Separated by one space; nothing: it is not to be found.
    pub words: Option<String>,
}

/// A row whose words are of an earlier analyser, with what it was cut from.
#[derive(Clone, Debug, FromRow)]
pub struct Stale {
    pub id: i64,
    pub kind: SearchKind,
    /// Key of a fact; empty otherwise.
    pub key: String,
    pub text: String,
    /// Who wrote a message, where several share a conversation.
    pub speaker: Option<String>,
}

/// Where the newest searched message of a conversation stands.
#[derive(FromRow)]
struct Last {
    session: i64,
    place: i64,
    recorded_at: DateTime<Utc>,
}

impl Last {
    /// The session and place of a message that follows at `at`, if the session goes on.
    fn next(&self, at: DateTime<Utc>) -> Option<(i64, i64)> {
        let silence = at - self.recorded_at;
        let ends =
            silence > SILENCE || (self.place >= LONG_PLACE && silence > SHORT_SILENCE) || self.place + 1 >= MAX_PLACE;
        (!ends).then_some((self.session, self.place + 1))
    }
}

impl Db {
    /// The oldest messages that are not searched yet, all of one person.
    pub async fn unsearched(&self, limit: i64) -> Result<Vec<Unsearched>> {
        let mut rows: Vec<Unsearched> = on!(self, pool => sqlx::query_as(
            "SELECT m.id, m.user_id, m.conversation_id, m.turn_id, m.role, m.content, m.meta, m.created_at, u.forgettings
             FROM messages m JOIN users u ON u.id = m.user_id WHERE NOT m.searched ORDER BY m.created_at, m.id LIMIT $1",
        ).bind(limit).fetch_all(pool).await)?;
        if let Some(user) = rows.first().map(|row| row.user_id) {
            rows.retain(|row| row.user_id == user);
        }
        Ok(rows)
    }

    /// Adds messages of one person to the index, in the order that they were written in. One that another
    /// host has added meanwhile is left as it is. Fails with `Forgotten`.
    pub async fn search_messages(&self, user: UserId, messages: &[Searched]) -> Result<()> {
        let Some(first) = messages.first() else { return Ok(()) };
        write_tx!(self, tx => {
            hold_unforgotten!(self, tx, user, first.message.forgettings);
            for Searched { message, speaker, words } in messages {
                let fresh = sqlx::query("UPDATE messages SET searched = TRUE WHERE id = $1 AND NOT searched")
                    .bind(message.id).execute(&mut *tx).await?.rows_affected() == 1;
                let (true, Some(words)) = (fresh, words) else { continue };
                let last: Option<Last> = sqlx::query_as(
                    "SELECT session, place, recorded_at FROM search
                     WHERE conversation_id = $1 AND session IS NOT NULL ORDER BY id DESC LIMIT 1",
                ).bind(message.conversation_id).fetch_optional(&mut *tx).await?;
                let next = last.and_then(|last| last.next(message.created_at));
                let (words, length) = indexable(words);
                let (id,): (i64,) = sqlx::query_as(
                    "INSERT INTO search (user_id, kind, ref_id, turn_id, conversation_id, session, place, speaker, words,
                        length, analyser, recorded_at)
                     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) RETURNING id",
                ).bind(user).bind(SearchKind::Message).bind(message.id).bind(message.turn_id)
                 .bind(message.conversation_id).bind(next.map(|(session, _)| session))
                 .bind(next.map_or(0, |(_, place)| place)).bind(speaker).bind(words).bind(length).bind(ANALYSER)
                 .bind(message.created_at).fetch_one(&mut *tx).await?;
                if next.is_none() {
                    sqlx::query("UPDATE search SET session = id WHERE id = $1").bind(id).execute(&mut *tx).await?;
                }
            }
        });
        Ok(())
    }

    /// Rows whose words were cut by an earlier analyser.
    pub async fn stale_rows(&self, limit: i64) -> Result<Vec<Stale>> {
        Ok(on!(self, pool => sqlx::query_as(
            "SELECT s.id, s.kind, COALESCE(f.key, '') AS key,
                COALESCE(m.content, f.value_text, e.summary_text, '') AS text, s.speaker
             FROM search s LEFT JOIN messages m ON s.kind = 'message' AND m.id = s.ref_id
             LEFT JOIN memory_semantic f ON s.kind = 'fact' AND f.id = s.ref_id
             LEFT JOIN memory_episodic e ON s.kind = 'episode' AND e.id = s.ref_id
             WHERE s.analyser < $1 LIMIT $2",
        ).bind(ANALYSER).bind(limit).fetch_all(pool).await)?)
    }

    /// Gives rows the words of this version's analyser.
    pub async fn recut(&self, rows: &[(i64, String)]) -> Result<()> {
        write_tx!(self, tx => {
            for (id, words) in rows {
                let (words, length) = indexable(words);
                sqlx::query("UPDATE search SET words = $2, length = $3, analyser = $4, embedded = '' WHERE id = $1 AND analyser < $4")
                    .bind(id).bind(words).bind(length).bind(ANALYSER).execute(&mut *tx).await?;
            }
        });
        Ok(())
    }
}
