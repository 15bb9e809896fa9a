//! The statements that take words out of columns. Each runs inside of an erasure's transaction, on either engine.

/// Takes the words out of one column of the rows that `$mine` finds for the person (`$1`).
macro_rules! erase_column {
    ($tx:ident, $erasure:ident, $count:expr, $table:literal, $column:literal as $kind:ty, $mine:literal) => {
        for like in $erasure.words.likes() {
            let rows: Vec<(Uuid, $kind)> = sqlx::query_as(concat!(
                "SELECT id, ",
                $column,
                " FROM ",
                $table,
                " WHERE ",
                $mine,
                " AND LOWER(CAST(",
                $column,
                " AS TEXT)) LIKE $2 ESCAPE '!'",
            ))
            .bind($erasure.user)
            .bind(&like)
            .fetch_all(&mut *$tx)
            .await?;
            for (id, value) in rows {
                let Some(clean) = value.erased(&$erasure.words) else { continue };
                sqlx::query(concat!("UPDATE ", $table, " SET ", $column, " = $2 WHERE id = $1"))
                    .bind(id)
                    .bind(clean)
                    .execute(&mut *$tx)
                    .await?;
                $count += 1;
            }
        }
    };
}
pub(super) use erase_column;

/// Takes the words out of messages, and out of what was made of those: summaries and titles, which may hold
/// the beginning of a word only.
macro_rules! erase_said {
    ($tx:ident, $erasure:ident, $done:ident, $changed:ident) => {
        let (mut turns, mut talks): (Vec<TurnId>, Vec<ConversationId>) = Default::default();
        for like in $erasure.words.likes() {
            let rows: Vec<(Uuid, Option<TurnId>, ConversationId, String, Json<Value>)> = sqlx::query_as(
                "SELECT id, turn_id, conversation_id, content, meta FROM messages WHERE user_id = $1
                 AND (LOWER(content) LIKE $2 ESCAPE '!' OR LOWER(CAST(meta AS TEXT)) LIKE $2 ESCAPE '!')",
            )
            .bind($erasure.user)
            .bind(&like)
            .fetch_all(&mut *$tx)
            .await?;
            for (id, turn, talk, content, meta) in rows {
                let (new_content, new_meta) = (content.erased(&$erasure.words), meta.erased(&$erasure.words));
                if new_content.is_none() && new_meta.is_none() {
                    continue;
                }
                $changed.extend(new_content.clone().map(|text| (id, text)));
                sqlx::query("UPDATE messages SET content = $2, meta = $3 WHERE id = $1")
                    .bind(id)
                    .bind(new_content.unwrap_or(content))
                    .bind(new_meta.unwrap_or(meta))
                    .execute(&mut *$tx)
                    .await?;
                $done.messages += 1;
                turns.extend(turn);
                talks.push(talk);
            }
        }
        talks.sort_unstable();
        talks.dedup();
        for talk in talks {
            let (title,): (String,) =
                sqlx::query_as("SELECT title FROM conversations WHERE id = $1").bind(talk).fetch_one(&mut *$tx).await?;
            if let Some(clean) = $erasure.words.erased_in_cut(&title, TITLE_CHARS) {
                sqlx::query("UPDATE conversations SET title = $2 WHERE id = $1")
                    .bind(talk)
                    .bind(clean)
                    .execute(&mut *$tx)
                    .await?;
            }
        }
        let mut episodes: Vec<(Uuid, String, Json<Value>, Json<Value>)> = Vec::new();
        for turn in turns {
            episodes.extend(
                sqlx::query_as("SELECT id, summary_text, summary_json, tags FROM memory_episodic WHERE turn_id = $1")
                    .bind(turn)
                    .fetch_optional(&mut *$tx)
                    .await?,
            );
        }
        for like in $erasure.words.likes() {
            let more: Vec<(Uuid, String, Json<Value>, Json<Value>)> = sqlx::query_as(
                "SELECT id, summary_text, summary_json, tags FROM memory_episodic WHERE user_id = $1
                 AND (LOWER(summary_text) LIKE $2 ESCAPE '!' OR LOWER(CAST(summary_json AS TEXT)) LIKE $2 ESCAPE '!'
                    OR LOWER(CAST(tags AS TEXT)) LIKE $2 ESCAPE '!')",
            )
            .bind($erasure.user)
            .bind(&like)
            .fetch_all(&mut *$tx)
            .await?;
            episodes.extend(more);
        }
        episodes.sort_unstable_by_key(|(id, ..)| *id);
        episodes.dedup_by_key(|(id, ..)| *id);
        for (id, text, summary, tags) in episodes {
            let words = &$erasure.words;
            let (new_text, new_summary, new_tags) = (text.erased(words), summary.erased(words), tags.erased(words));
            if new_text.is_none() && new_summary.is_none() && new_tags.is_none() {
                continue;
            }
            $changed.extend(new_text.clone().map(|text| (id, text)));
            sqlx::query("UPDATE memory_episodic SET summary_text = $2, summary_json = $3, tags = $4 WHERE id = $1")
                .bind(id)
                .bind(new_text.unwrap_or(text))
                .bind(new_summary.unwrap_or(summary))
                .bind(new_tags.unwrap_or(tags))
                .execute(&mut *$tx)
                .await?;
            $done.episodes += 1;
        }
    };
}
pub(super) use erase_said;

/// Takes the words out of the texts of facts that stay.
macro_rules! erase_facts {
    ($tx:ident, $erasure:ident, $done:ident, $changed:ident) => {
        for like in $erasure.words.likes() {
            let rows: Vec<(Uuid, String, String)> = sqlx::query_as(
                "SELECT id, key, value_text FROM memory_semantic WHERE user_id = $1 AND LOWER(value_text) LIKE $2 ESCAPE '!'",
            )
            .bind($erasure.user)
            .bind(&like)
            .fetch_all(&mut *$tx)
            .await?;
            for (id, key, text) in rows {
                let Some(clean) = text.erased(&$erasure.words) else { continue };
                sqlx::query("UPDATE memory_semantic SET value_text = $2 WHERE id = $1")
                    .bind(id)
                    .bind(&clean)
                    .execute(&mut *$tx)
                    .await?;
                $changed.push((id, format!("{key} {clean}")));
                $done.facts += 1;
            }
        }
    };
}
pub(super) use erase_facts;

/// Takes the words out of what skills keep for the person. A row whose key holds one goes whole.
macro_rules! erase_kv {
    ($tx:ident, $erasure:ident, $done:ident) => {
        let rows: Vec<(String, String, Vec<u8>)> =
            sqlx::query_as("SELECT skill_name, key, value FROM kv WHERE user_id = $1")
                .bind($erasure.user)
                .fetch_all(&mut *$tx)
                .await?;
        for (skill, key, value) in rows {
            let clean = value.erased(&$erasure.words);
            if $erasure.words.are_in(&key) {
                sqlx::query("DELETE FROM kv WHERE user_id = $1 AND skill_name = $2 AND key = $3")
                    .bind($erasure.user)
                    .bind(skill)
                    .bind(key)
                    .execute(&mut *$tx)
                    .await?;
            } else if let Some(clean) = clean {
                sqlx::query("UPDATE kv SET value = $4 WHERE user_id = $1 AND skill_name = $2 AND key = $3")
                    .bind($erasure.user)
                    .bind(skill)
                    .bind(key)
                    .bind(clean)
                    .execute(&mut *$tx)
                    .await?;
            } else {
                continue;
            }
            $done.others += 1;
        }
    };
}
pub(super) use erase_kv;

/// Takes the words out of files that are text, one file at a time.
macro_rules! erase_files {
    ($tx:ident, $erasure:ident, $done:ident) => {
        let files: Vec<(Uuid, String)> = if $erasure.words.is_empty() {
            Vec::new()
        } else {
            sqlx::query_as("SELECT id, name FROM files WHERE user_id = $1")
                .bind($erasure.user)
                .fetch_all(&mut *$tx)
                .await?
        };
        for (id, name) in files {
            let (content,): (Vec<u8>,) =
                sqlx::query_as("SELECT content FROM files WHERE id = $1").bind(id).fetch_one(&mut *$tx).await?;
            let (new_name, new_content) = (name.erased(&$erasure.words), content.erased(&$erasure.words));
            if new_name.is_none() && new_content.is_none() {
                continue;
            }
            let content = new_content.unwrap_or(content);
            sqlx::query("UPDATE files SET name = $2, content = $3, size = $4 WHERE id = $1")
                .bind(id)
                .bind(new_name.unwrap_or(name))
                .bind(&content)
                .bind(i64::try_from(content.len()).unwrap_or(i64::MAX))
                .execute(&mut *$tx)
                .await?;
            $done.others += 1;
        }
    };
}
pub(super) use erase_files;

/// Drops the running summaries that hold the words, or a turn that is emptied: they are made anew out of what is
/// left of the messages.
macro_rules! erase_summaries {
    ($tx:ident, $erasure:ident, $done:ident) => {
        for like in $erasure.words.likes() {
            $done.others += sqlx::query(
                "DELETE FROM conversation_summaries
                 WHERE conversation_id IN (SELECT id FROM conversations WHERE user_id = $1)
                 AND (LOWER(summary_text) LIKE $2 ESCAPE '!' OR LOWER(CAST(kept AS TEXT)) LIKE $2 ESCAPE '!')",
            )
            .bind($erasure.user)
            .bind(&like)
            .execute(&mut *$tx)
            .await?
            .rows_affected();
        }
        for turn in &$erasure.turns {
            sqlx::query(
                "DELETE FROM conversation_summaries WHERE conversation_id =
                    (SELECT conversation_id FROM turns WHERE id = $1 AND user_id = $2) AND through_turn >= $1",
            )
            .bind(turn)
            .bind($erasure.user)
            .execute(&mut *$tx)
            .await?;
        }
    };
}
pub(super) use erase_summaries;
