//! What is left of the older part of each conversation.

use chrono::{DateTime, Utc};
use sqlx::{FromRow, types::Json};

use super::{Db, Message, Result, erasure::hold_unforgotten, on, write_tx};
use crate::{
    clock::Clock,
    ids::{ConversationId, TurnId, UserId},
};

/// The older part of a conversation, folded into a summary.
#[derive(Clone, Debug, FromRow)]
pub struct Folded {
    /// The newest turn that is in it, and when its last message was written.
    pub through_turn: TurnId,
    pub through_at: DateTime<Utc>,
    pub summary_text: String,
    /// Names, numbers, dates and decisions that the text does not hold.
    pub kept: Json<Vec<String>>,
    /// "rules" or "model".
    pub source: String,
    /// How often something was folded in.
    pub folds: i64,
}

#[derive(Clone, Debug)]
pub struct NewFold {
    pub user: UserId,
    pub conversation: ConversationId,
    pub through_turn: TurnId,
    pub through_at: DateTime<Utc>,
    pub summary_text: String,
    pub kept: Vec<String>,
    pub source: &'static str,
    /// [`Db::forgettings`] before the conversation was read.
    pub forgettings: i64,
}

impl Db {
    pub async fn folded(&self, conversation: ConversationId) -> Result<Option<Folded>> {
        Ok(on!(self, pool => sqlx::query_as(
            "SELECT through_turn, through_at, summary_text, kept, source, folds FROM conversation_summaries
             WHERE conversation_id = $1",
        ).bind(conversation).fetch_optional(pool).await)?)
    }

    /// Writes a summary over the one that it was made from, which had been folded `folds` times; 0 where there was
    /// none. False when another one came first. Fails with `Forgotten`.
    pub async fn fold_conversation(&self, clock: &Clock, new: &NewFold, folds: i64) -> Result<bool> {
        let written = write_tx!(self, tx => {
            hold_unforgotten!(self, tx, new.user, new.forgettings);
            sqlx::query(
                "INSERT INTO conversation_summaries
                 (conversation_id, through_turn, through_at, summary_text, kept, source, folds, updated_at)
                 SELECT $1, $2, $3, $4, $5, $6, 1, $8 WHERE $7 = 0
                     OR EXISTS (SELECT 1 FROM conversation_summaries WHERE conversation_id = $1)
                 ON CONFLICT (conversation_id) DO UPDATE SET through_turn = excluded.through_turn,
                     through_at = excluded.through_at, summary_text = excluded.summary_text, kept = excluded.kept,
                     source = excluded.source, folds = conversation_summaries.folds + 1, updated_at = excluded.updated_at
                 WHERE conversation_summaries.folds = $7",
            ).bind(new.conversation).bind(new.through_turn).bind(new.through_at).bind(&new.summary_text)
             .bind(Json(&new.kept)).bind(new.source).bind(folds).bind(clock.now())
             .execute(&mut *tx).await?.rows_affected() == 1
        });
        Ok(written)
    }

    /// The newest `limit` messages that are not folded, oldest first.
    pub async fn messages_since(
        &self,
        conversation: ConversationId,
        folded: Option<&Folded>,
        limit: i64,
    ) -> Result<Vec<Message>> {
        let Some(folded) = folded else { return self.messages(conversation, limit).await };
        let mut rows: Vec<Message> = on!(self, pool => sqlx::query_as(
            "SELECT id, turn_id, role, content, meta, created_at FROM messages
             WHERE conversation_id = $1 AND (turn_id > $2 OR turn_id IS NULL AND created_at > $3)
             ORDER BY created_at DESC, id DESC LIMIT $4",
        ).bind(conversation).bind(folded.through_turn).bind(folded.through_at).bind(limit).fetch_all(pool).await)?;
        rows.reverse();
        Ok(rows)
    }
}
