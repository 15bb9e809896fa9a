//! The statements that take whole rows away. Each runs inside of an erasure's transaction, on either engine.

/// Removes the facts of the keys, with what else is kept of them.
macro_rules! erase_keys {
    ($tx:ident, $erasure:ident, $done:ident) => {
        for key in &$erasure.keys {
            for statement in [
                "DELETE FROM search WHERE ref_id IN (SELECT id FROM memory_semantic WHERE user_id = $1 AND key = $2)",
                "DELETE FROM memory_recalls WHERE ref_id IN (SELECT id FROM memory_semantic WHERE user_id = $1 AND key = $2)",
                "DELETE FROM memory_rules WHERE user_id = $1 AND kind <> 'topic' AND subject = $2",
            ] {
                sqlx::query(statement).bind($erasure.user).bind(key).execute(&mut *$tx).await?;
            }
            $done.facts += sqlx::query("DELETE FROM memory_semantic WHERE user_id = $1 AND key = $2")
                .bind($erasure.user)
                .bind(key)
                .execute(&mut *$tx)
                .await?
                .rows_affected();
        }
    };
}
pub(super) use erase_keys;

/// Removes episodes that belong to no turn.
macro_rules! erase_episodes {
    ($tx:ident, $erasure:ident, $done:ident) => {
        for episode in &$erasure.episodes {
            for statement in [
                "DELETE FROM search WHERE ref_id = (SELECT id FROM memory_episodic WHERE id = $1 AND user_id = $2)",
                "UPDATE memory_semantic SET source_episode_id = NULL WHERE source_episode_id = $1 AND user_id = $2",
            ] {
                sqlx::query(statement).bind(episode).bind($erasure.user).execute(&mut *$tx).await?;
            }
            $done.episodes += sqlx::query("DELETE FROM memory_episodic WHERE id = $1 AND user_id = $2")
                .bind(episode)
                .bind($erasure.user)
                .execute(&mut *$tx)
                .await?
                .rows_affected();
        }
    };
}
pub(super) use erase_episodes;

/// Empties one turn: what was said, done and summarised in it. That it took place stays on record.
macro_rules! erase_turn {
    ($tx:ident, $erasure:ident, $done:ident, $turn:expr) => {
        let said: Vec<(Uuid, ConversationId, String)> = sqlx::query_as(
            "SELECT id, conversation_id, content FROM messages WHERE turn_id = $1 AND user_id = $2 ORDER BY created_at, id",
        )
        .bind($turn)
        .bind($erasure.user)
        .fetch_all(&mut *$tx)
        .await?;
        for (id, talk, content) in &said {
            sqlx::query("DELETE FROM search WHERE ref_id = $1").bind(id).execute(&mut *$tx).await?;
            sqlx::query("UPDATE messages SET content = $2, meta = CASE role WHEN 'user' THEN $3 ELSE meta END WHERE id = $1")
                .bind(id)
                .bind(FORGOTTEN)
                .bind(Json(json!({})))
                .execute(&mut *$tx)
                .await?;
            let first = content.lines().next().unwrap_or_default().chars().take(TITLE_CHARS).collect::<String>();
            sqlx::query("UPDATE conversations SET title = $3 WHERE id = $1 AND title = $2")
                .bind(talk)
                .bind(first)
                .bind(FORGOTTEN)
                .execute(&mut *$tx)
                .await?;
            $done.messages += 1;
        }
        if !said.is_empty() {
            // What sums up the time of the turn is made anew, without it.
            sqlx::query(
                "DELETE FROM search WHERE ref_id IN (SELECT e.id FROM memory_episodic e JOIN turns t ON t.id = $1
                 WHERE e.user_id = t.user_id AND e.covers_from <= t.created_at AND e.covers_to > t.created_at)",
            )
            .bind($turn)
            .execute(&mut *$tx)
            .await?;
            $done.episodes += sqlx::query(
                "DELETE FROM memory_episodic WHERE id IN (SELECT e.id FROM memory_episodic e JOIN turns t ON t.id = $1
                 WHERE e.user_id = t.user_id AND e.covers_from <= t.created_at AND e.covers_to > t.created_at)",
            )
            .bind($turn)
            .execute(&mut *$tx)
            .await?
            .rows_affected();
            sqlx::query(
                "DELETE FROM search WHERE ref_id IN (SELECT id FROM memory_episodic WHERE turn_id = $1)",
            )
            .bind($turn)
            .execute(&mut *$tx)
            .await?;
            sqlx::query(
                "UPDATE memory_semantic SET source_episode_id = NULL
                 WHERE source_episode_id IN (SELECT id FROM memory_episodic WHERE turn_id = $1)",
            )
            .bind($turn)
            .execute(&mut *$tx)
            .await?;
            $done.episodes += sqlx::query("DELETE FROM memory_episodic WHERE turn_id = $1")
                .bind($turn)
                .execute(&mut *$tx)
                .await?
                .rows_affected();
            sqlx::query("DELETE FROM recordings WHERE call_id IN (SELECT id FROM calls WHERE turn_id = $1)")
                .bind($turn)
                .execute(&mut *$tx)
                .await?;
            sqlx::query("UPDATE calls SET input = $2, output = NULL, failure = NULL, log = $3 WHERE turn_id = $1")
                .bind($turn)
                .bind(Json(json!({})))
                .bind(Json(json!([])))
                .execute(&mut *$tx)
                .await?;
            sqlx::query("UPDATE approvals SET input = NULL WHERE turn_id = $1").bind($turn).execute(&mut *$tx).await?;
            sqlx::query("UPDATE model_calls SET error = NULL WHERE turn_id = $1").bind($turn).execute(&mut *$tx).await?;
            sqlx::query("DELETE FROM files WHERE turn_id = $1").bind($turn).execute(&mut *$tx).await?;
            sqlx::query("UPDATE turns SET trace = $2 WHERE id = $1")
                .bind($turn)
                .bind(Json(json!([])))
                .execute(&mut *$tx)
                .await?;
            sqlx::query("UPDATE outbox SET content = NULL WHERE key = $1")
                .bind(format!("turn:{}", $turn))
                .execute(&mut *$tx)
                .await?;
        }
    };
}
pub(super) use erase_turn;

/// Indexes anew what was indexed before and has changed, where it stands; its vector is made anew, too.
macro_rules! reindex {
    ($tx:ident, $erasure:ident, $changed:ident) => {
        for (id, text) in &$changed {
            let (words, length) = indexable(&($erasure.index)(text));
            sqlx::query("DELETE FROM vectors WHERE row_id = (SELECT id FROM search WHERE ref_id = $1)")
                .bind(id)
                .execute(&mut *$tx)
                .await?;
            sqlx::query("UPDATE search SET words = $2, length = $3, analyser = $4, embedded = '' WHERE ref_id = $1")
                .bind(id)
                .bind(words)
                .bind(length)
                .bind($crate::store::search::ANALYSER)
                .execute(&mut *$tx)
                .await?;
        }
    };
}
pub(super) use reindex;
