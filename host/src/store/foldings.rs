//! Nightly folding: summaries of days and months, facts said twice, and the way back.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sqlx::{FromRow, types::Json};

use super::{Db, Result, SearchKind, Span, erasure::hold_unforgotten, on, search::words_in, write_tx};
use crate::{
    clock::Clock,
    ids::{EpisodeId, FactId, FoldingId, UserId},
};

/// A summary of a day or a month that is to be written.
#[derive(Clone, Debug)]
pub struct FoldedSpan {
    pub span: Span,
    /// From this moment on, up to but not with the other.
    pub covers: (DateTime<Utc>, DateTime<Utc>),
    pub text: String,
    pub json: Value,
    pub words: String,
}

/// A fact that says what another one says under a better key.
#[derive(Clone, Debug)]
pub struct Merged {
    pub fact: FactId,
    pub kept: FactId,
}

#[derive(Clone, Debug, Default)]
pub struct NewFolding {
    /// [`Db::forgettings`] before the memory was read.
    pub forgettings: i64,
    pub spans: Vec<FoldedSpan>,
    pub merged: Vec<Merged>,
}

/// What one night did.
#[derive(Clone, Debug, FromRow)]
pub struct Folding {
    pub id: FoldingId,
    pub user_id: UserId,
    pub changes: Json<Changes>,
    pub created_at: DateTime<Utc>,
    pub undone_at: Option<DateTime<Utc>>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Changes {
    /// Summaries that were made, with the beginnings of their spans.
    pub made: Vec<(EpisodeId, Span, DateTime<Utc>)>,
    /// Facts that were closed, and those that say the same.
    pub closed: Vec<(FactId, FactId)>,
}

impl Db {
    /// Folds a person's memory, and keeps what that changed. `None` when there was nothing left to change. Fails
    /// with `Forgotten`.
    pub async fn fold_memories(&self, clock: &Clock, user: UserId, new: &NewFolding) -> Result<Option<FoldingId>> {
        let (id, now, mut changes) = (FoldingId::new(clock), clock.now(), Changes::default());
        write_tx!(self, tx => {
            hold_unforgotten!(self, tx, user, new.forgettings);
            for one in &new.spans {
                let episode = EpisodeId::new(clock);
                let (from, to) = one.covers;
                let made = sqlx::query(
                    "INSERT INTO memory_episodic
                        (id, user_id, summary_text, summary_json, tags, source, created_at, span, covers_from, covers_to)
                     VALUES ($1, $2, $3, $4, $5, 'rules', $7, $6, $7, $8)
                     ON CONFLICT (user_id, span, covers_from) WHERE span <> 'turn' DO NOTHING",
                ).bind(episode).bind(user).bind(&one.text).bind(Json(&one.json)).bind(Json(json!([one.span.word()])))
                 .bind(one.span).bind(from).bind(to).execute(&mut *tx).await?.rows_affected() == 1;
                if made {
                    words_in!(tx, user, SearchKind::Episode, episode.0, &one.words, from);
                    changes.made.push((episode, one.span, from));
                }
            }
            for one in &new.merged {
                let closed = sqlx::query(
                    "UPDATE memory_semantic SET valid_to = $4, closed_at = $4
                     WHERE id = $1 AND user_id = $3 AND valid_to IS NULL
                     AND EXISTS (SELECT 1 FROM memory_semantic k WHERE k.id = $2 AND k.user_id = $3 AND k.valid_to IS NULL)",
                ).bind(one.fact).bind(one.kept).bind(user).bind(now).execute(&mut *tx).await?.rows_affected() == 1;
                if closed {
                    sqlx::query("DELETE FROM search WHERE ref_id = $1").bind(one.fact).execute(&mut *tx).await?;
                    changes.closed.push((one.fact, one.kept));
                }
            }
            if changes == Changes::default() {
                return Ok(None);
            }
            sqlx::query("INSERT INTO memory_foldings (id, user_id, changes, created_at) VALUES ($1, $2, $3, $4)")
                .bind(id).bind(user).bind(Json(&changes)).bind(now).execute(&mut *tx).await?;
        });
        Ok(Some(id))
    }

    /// The foldings of a person, newest first.
    pub async fn foldings(&self, user: UserId, limit: i64) -> Result<Vec<Folding>> {
        Ok(on!(self, pool => sqlx::query_as(
            "SELECT id, user_id, changes, created_at, undone_at FROM memory_foldings WHERE user_id = $1
             ORDER BY created_at DESC, id DESC LIMIT $2",
        ).bind(user).bind(limit).fetch_all(pool).await)?)
    }

    /// Takes a folding back: its summaries go, and facts that it closed hold again unless their keys have other
    /// values by now. `words` cuts a fact into index words. False when it was taken back before.
    pub async fn undo_folding(
        &self,
        clock: &Clock,
        id: FoldingId,
        words: &(dyn Fn(&str, &str) -> String + Sync),
    ) -> Result<bool> {
        let now = clock.now();
        write_tx!(self, tx => {
            let folding: Option<Folding> = sqlx::query_as(
                "UPDATE memory_foldings SET undone_at = $2 WHERE id = $1 AND undone_at IS NULL
                 RETURNING id, user_id, changes, created_at, undone_at",
            ).bind(id).bind(now).fetch_optional(&mut *tx).await?;
            let Some(folding) = folding else { return Ok(false) };
            let user = folding.user_id;
            sqlx::query(self.hold_person()).bind(user).execute(&mut *tx).await?;
            for (episode, ..) in &folding.changes.0.made {
                sqlx::query("DELETE FROM search WHERE ref_id = $1").bind(episode).execute(&mut *tx).await?;
                sqlx::query("DELETE FROM memory_episodic WHERE id = $1 AND user_id = $2 AND span <> 'turn'")
                    .bind(episode).bind(user).execute(&mut *tx).await?;
            }
            for (fact, _) in &folding.changes.0.closed {
                let opened: Option<(String, String, DateTime<Utc>)> = sqlx::query_as(
                    "UPDATE memory_semantic SET valid_to = NULL, closed_at = NULL WHERE id = $1 AND user_id = $2 AND valid_to = $3
                     AND NOT EXISTS (SELECT 1 FROM memory_semantic o
                        WHERE o.user_id = $2 AND o.key = memory_semantic.key AND o.valid_to IS NULL)
                     RETURNING key, value_text, recorded_at",
                ).bind(fact).bind(user).bind(folding.created_at).fetch_optional(&mut *tx).await?;
                if let Some((key, text, at)) = opened {
                    words_in!(tx, user, SearchKind::Fact, fact.0, &words(&key, &text), at);
                }
            }
        });
        Ok(true)
    }
}
