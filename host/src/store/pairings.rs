//! Strangers who ask to talk to the agent, and what the owner says to it.

use chrono::{DateTime, Utc};
use sqlx::FromRow;

use super::{
    ChatKind, Db, Notice, Result, columns::word_column, on, outbox::insert_notice, updates::end_update, write_tx,
};
use crate::{
    clock::Clock,
    ids::{OutboxId, PairingId, UserId},
};

word_column! {
    /// What was said to a stranger's request. One that is pending may have expired.
    PairingStatus { Pending = "pending", Approved = "approved", Denied = "denied" }
}

/// A stranger's request.
#[derive(Clone, Debug, FromRow)]
pub struct Pairing {
    pub id: PairingId,
    /// The person's own chat, or the group.
    pub chat_id: i64,
    pub kind: ChatKind,
    pub name: String,
    pub locale: String,
    pub code: String,
    pub status: PairingStatus,
    pub decided_by: Option<String>,
    pub decided_at: Option<DateTime<Utc>>,
    pub created_at: DateTime<Utc>,
    pub expires_at: DateTime<Utc>,
}

/// Whom an approved stranger is from now on.
#[derive(Clone, Debug)]
pub enum Admission {
    /// The owner, on their own phone.
    Owner(UserId),
    /// A member of this name, or a group.
    Member(String),
}

macro_rules! pairing_columns {
    () => {
        "id, chat_id, kind, name, locale, code, status, decided_by, decided_at, created_at, expires_at"
    };
}

/// Makes a member of a name with the chat behind it in a transaction, or links the one whom this chat made
/// before. People choose their names: a person who is linked elsewhere, or the owner, is never taken for
/// the one behind this chat.
macro_rules! link_by_chat {
    ($tx:ident, $id:expr, $name:expr, $chat:expr, $now:expr) => {{
        let (id, mut name) = ($id, format!("{} ({})", $name, $chat));
        loop {
            let linked: Option<(UserId,)> = sqlx::query_as(
                "INSERT INTO users (id, name, role, telegram_user_id, created_at) VALUES ($1, $2, 'member', $3, $4)
                 ON CONFLICT (name) DO UPDATE SET telegram_user_id = $3
                 WHERE users.role = 'member' AND users.telegram_user_id IS NULL RETURNING id",
            )
            .bind(id)
            .bind(&name)
            .bind($chat)
            .bind($now)
            .fetch_optional(&mut *$tx)
            .await?;
            match linked {
                Some((user,)) => break user,
                // A name that nobody else can have.
                None => name = format!("{} ({}, {id})", $name, $chat),
            }
        }
    }};
}

impl Db {
    /// Takes a stranger's request, unless too many wait, one of theirs is still open, or they were
    /// turned away. Ends the work on the update either way; the notices, to the stranger and to the
    /// owner, are said only when it was taken.
    pub async fn request_pairing(
        &self,
        clock: &Clock,
        update: &str,
        (pairing, most): (&Pairing, i64),
        notices: &[Notice],
    ) -> Result<bool> {
        let now = pairing.created_at;
        let taken = write_tx!(self, tx => {
            sqlx::query(self.hold_pairings()).execute(&mut *tx).await?;
            let mine = end_update!(tx, update) == 1;
            let taken = mine && sqlx::query(
                "INSERT INTO pairings (id, chat_id, kind, name, locale, code, status, created_at, expires_at)
                 SELECT $1, $2, $3, $4, $5, $6, 'pending', $7, $8
                 WHERE (SELECT COUNT(*) FROM pairings WHERE status = 'pending' AND expires_at > $7) < $9
                 ON CONFLICT (chat_id) DO UPDATE SET id = $1, name = $4, locale = $5, code = $6, status = 'pending',
                    created_at = $7, expires_at = $8, decided_by = NULL, decided_at = NULL
                 WHERE pairings.status = 'approved' OR (pairings.status = 'pending' AND pairings.expires_at <= $7)",
            ).bind(pairing.id).bind(pairing.chat_id).bind(pairing.kind).bind(&pairing.name).bind(&pairing.locale)
             .bind(&pairing.code).bind(now).bind(pairing.expires_at).bind(most)
             .execute(&mut *tx).await?.rows_affected() == 1;
            if taken {
                for notice in notices {
                    insert_notice!(tx, OutboxId::new(clock), notice, now);
                }
            }
            taken
        });
        Ok(taken)
    }

    /// The statement that makes those who ask wait for each other, so that each of them sees how many wait.
    /// SQLite has one writer anyway.
    fn hold_pairings(&self) -> &'static str {
        match self {
            Self::Sqlite(..) => "SELECT 1",
            Self::Postgres(_) => "LOCK TABLE pairings IN SHARE ROW EXCLUSIVE MODE",
        }
    }

    /// Admits a stranger whose request is open: links the person and says so to them, at once. `None`
    /// when it was decided before, has expired, or a group asked and is to be the owner.
    pub async fn approve_pairing(
        &self,
        clock: &Clock,
        (id, by): (PairingId, &str),
        admission: &Admission,
        notice: &Notice,
    ) -> Result<Option<UserId>> {
        let now = clock.now();
        let user = write_tx!(self, tx => {
            let chat: Option<(i64,)> = sqlx::query_as(
                "UPDATE pairings SET status = 'approved', decided_by = $2, decided_at = $3
                 WHERE id = $1 AND status = 'pending' AND expires_at > $3 AND (kind = 'private' OR $4) RETURNING chat_id",
            ).bind(id).bind(by).bind(now).bind(matches!(admission, Admission::Member(_))).fetch_optional(&mut *tx).await?;
            let Some((chat,)) = chat else { return Ok(None) };
            // Whoever was linked to this chat before is not any more.
            sqlx::query("UPDATE users SET telegram_user_id = NULL WHERE telegram_user_id = $1")
                .bind(chat).execute(&mut *tx).await?;
            let user: UserId = match admission {
                Admission::Owner(owner) => {
                    sqlx::query("UPDATE users SET telegram_user_id = $2 WHERE id = $1")
                        .bind(owner).bind(chat).execute(&mut *tx).await?;
                    *owner
                }
                Admission::Member(name) => {
                    let own = UserId::new(clock);
                    let made: Option<(UserId,)> = sqlx::query_as(
                        "INSERT INTO users (id, name, role, telegram_user_id, created_at) VALUES ($1, $2, 'member', $3, $4)
                         ON CONFLICT (name) DO NOTHING RETURNING id",
                    ).bind(own).bind(name).bind(chat).bind(now).fetch_optional(&mut *tx).await?;
                    if let Some((user,)) = made {
                        user
                    } else {
                        // Whoever has the name already is somebody else: the two are told apart by the chat.
                        link_by_chat!(tx, own, name, chat, now)
                    }
                }
            };
            insert_notice!(tx, OutboxId::new(clock), notice, now);
            user
        });
        Ok(Some(user))
    }

    /// Lets a group in that the owner speaks to the agent in, as a person of its own. Gives whoever is
    /// linked to it already.
    pub async fn admit_group(&self, clock: &Clock, chat: i64, title: &str) -> Result<UserId> {
        let now = clock.now();
        let user = write_tx!(self, tx => {
            let known: Option<(UserId,)> = sqlx::query_as("SELECT id FROM users WHERE telegram_user_id = $1")
                .bind(chat).fetch_optional(&mut *tx).await?;
            if let Some((user,)) = known {
                user
            } else {
                link_by_chat!(tx, UserId::new(clock), title, chat, now)
            }
        });
        Ok(user)
    }

    /// Turns a stranger away whose request is open. False when it was decided before, or has expired.
    pub async fn deny_pairing(&self, clock: &Clock, id: PairingId, by: &str) -> Result<bool> {
        Ok(on!(self, pool => sqlx::query(
            "UPDATE pairings SET status = 'denied', decided_by = $2, decided_at = $3
             WHERE id = $1 AND status = 'pending' AND expires_at > $3",
        ).bind(id).bind(by).bind(clock.now()).execute(pool).await.map(|done| done.rows_affected() == 1))?)
    }

    pub async fn pairing(&self, id: PairingId) -> Result<Option<Pairing>> {
        Ok(on!(self, pool => sqlx::query_as(concat!("SELECT ", pairing_columns!(), " FROM pairings WHERE id = $1"))
            .bind(id).fetch_optional(pool).await)?)
    }

    /// Every request, newest first.
    pub async fn pairings(&self, limit: i64) -> Result<Vec<Pairing>> {
        Ok(on!(self, pool => sqlx::query_as(concat!(
            "SELECT ", pairing_columns!(), " FROM pairings ORDER BY created_at DESC, id DESC LIMIT $1",
        )).bind(limit).fetch_all(pool).await)?)
    }
}
