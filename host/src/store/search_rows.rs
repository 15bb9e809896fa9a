//! Bringing messages into the index, and cutting rows of an earlier analyser again.

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::{FromRow, QueryBuilder, types::Json};
use std::collections::{HashMap, HashSet};

use super::{
    Db, Result, SearchKind,
    erasure::hold_unforgotten,
    on, push_list,
    search::{ANALYSER, indexable, text_columns, text_tables},
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
#[derive(Clone, Copy, FromRow)]
struct Last {
    conversation_id: ConversationId,
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

/// Where the next message of each conversation stands.
struct Places(HashMap<ConversationId, Last>);

impl Places {
    /// The session and the place of a message; one that begins a session names it by its own row.
    fn next(&mut self, message: &Unsearched, row: i64) -> (i64, i64) {
        let conversation_id = message.conversation_id;
        let next = self.0.get(&conversation_id).and_then(|last| last.next(message.created_at));
        let (session, place) = next.unwrap_or((row, 0));
        self.0.insert(conversation_id, Last { conversation_id, session, place, recorded_at: message.created_at });
        (session, place)
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
            let mut mark = QueryBuilder::new("UPDATE messages SET searched = TRUE WHERE NOT searched AND id IN (");
            push_list!(mark, messages.iter().map(|one| one.message.id));
            let marked: Vec<(MessageId,)> = mark.push(") RETURNING id").build_query_as().persistent(false).fetch_all(&mut *tx).await?;
            let marked: HashSet<MessageId> = marked.into_iter().map(|(id,)| id).collect();
            let fresh = messages.iter().filter(|one| marked.contains(&one.message.id));
            let fresh: Vec<(&Searched, (String, i64))> =
                fresh.filter_map(|one| Some((one, indexable(one.words.as_deref()?)))).collect();
            if !fresh.is_empty() {
                // The newest of each by itself: the newest of all would be looked for in whole conversations.
                let mut newest = QueryBuilder::new(
                    "SELECT conversation_id, session, place, recorded_at FROM search WHERE id IN (SELECT (
                     SELECT s.id FROM search s WHERE s.conversation_id = c.id AND s.session IS NOT NULL
                     ORDER BY s.id DESC LIMIT 1) FROM conversations c WHERE c.id IN (",
                );
                push_list!(newest, fresh.iter().map(|(one, _)| one.message.conversation_id));
                let newest: Vec<Last> =
                    newest.push("))").build_query_as().persistent(false).fetch_all(&mut *tx).await?;
                let ids: Vec<(i64,)> = sqlx::query_as(self.next_rows())
                    .bind(i64::try_from(fresh.len()).unwrap_or(i64::MAX)).fetch_all(&mut *tx).await?;
                let mut places = Places(newest.into_iter().map(|last| (last.conversation_id, last)).collect());
                let mut insert = QueryBuilder::new(
                    "INSERT INTO search (id, user_id, kind, ref_id, turn_id, conversation_id, session, place, speaker,
                        words, length, analyser, recorded_at) ",
                );
                insert.push_values(fresh.iter().zip(ids), |mut row, ((one, (words, length)), (id,))| {
                    let Searched { message, speaker, .. } = one;
                    let (session, place) = places.next(message, id);
                    row.push_bind(id).push_bind(user).push_bind(SearchKind::Message).push_bind(message.id)
                        .push_bind(message.turn_id).push_bind(message.conversation_id).push_bind(session)
                        .push_bind(place).push_bind(speaker.clone()).push_bind(words.clone()).push_bind(*length)
                        .push_bind(ANALYSER).push_bind(message.created_at);
                });
                insert.build().persistent(false).execute(&mut *tx).await?;
            }
        });
        Ok(())
    }

    /// Asks for the numbers of so many new rows, in their order.
    fn next_rows(&self) -> &'static str {
        match self {
            // Whoever writes is alone.
            Self::Sqlite(..) => {
                "WITH RECURSIVE next (nth) AS (SELECT 1 UNION ALL SELECT nth + 1 FROM next WHERE nth < $1)
                 SELECT nth + COALESCE((SELECT seq FROM sqlite_sequence WHERE name = 'search'), 0) FROM next"
            }
            Self::Postgres(_) => "SELECT nextval(pg_get_serial_sequence('search', 'id')) FROM generate_series(1, $1)",
        }
    }

    /// Rows whose words were cut by an earlier analyser.
    pub async fn stale_rows(&self, limit: i64) -> Result<Vec<Stale>> {
        Ok(on!(self, pool => sqlx::query_as(concat!(
            "SELECT s.id, s.kind, s.speaker, ", text_columns!(), text_tables!(), " WHERE s.analyser < $1 LIMIT $2",
        )).bind(ANALYSER).bind(limit).fetch_all(pool).await)?)
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
