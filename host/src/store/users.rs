//! People.

use chrono::{DateTime, Utc};
use sqlx::FromRow;

use super::{Db, Result, StoreError, columns::word_column, on, taken, write_tx};
use crate::{clock::Clock, ids::UserId};

word_column! {
    /// What a person may do.
    Role { Owner = "owner", Member = "member" }
}

/// One person who writes to the agent.
#[derive(Clone, Debug, FromRow)]
pub struct User {
    pub id: UserId,
    pub name: String,
    pub role: Role,
    /// Their own chat on Telegram; a negative number is a group, which counts as one person.
    pub telegram_user_id: Option<i64>,
    /// "en" or "zh" when the person chose one.
    pub locale: Option<String>,
    /// IANA zone when the person chose one.
    pub time_zone: Option<String>,
    /// "small" or "large" where the owner set the smallest tier that answers them.
    pub tier_floor: Option<String>,
    pub created_at: DateTime<Utc>,
}

impl User {
    /// The zone that their times are read in: their own, else the one that holds for everybody.
    pub fn zone(&self, common: chrono_tz::Tz) -> chrono_tz::Tz {
        self.time_zone.as_deref().and_then(|zone| zone.parse().ok()).unwrap_or(common)
    }
}

/// Name of the person who speaks before there is an owner.
const FIRST: &str = "owner";

macro_rules! select_user {
    ($rest:literal) => {
        concat!("SELECT id, name, role, telegram_user_id, locale, time_zone, tier_floor, created_at FROM users ", $rest)
    };
}

impl Db {
    /// The owner, once there is one.
    pub async fn owner(&self) -> Result<Option<User>> {
        Ok(on!(self, pool => sqlx::query_as(select_user!("WHERE role = 'owner'")).fetch_optional(pool).await)?)
    }

    /// The owner, or the person who speaks for one until there is an owner.
    pub async fn owner_or_first(&self, clock: &Clock) -> Result<User> {
        match self.owner().await? {
            Some(owner) => Ok(owner),
            None => self.user_named(clock, FIRST).await,
        }
    }

    /// Makes the owner, out of the member of this name or of who spoke before there was an owner, but
    /// never out of somebody who has a chat on Telegram: whoever is behind that would be the owner. Fails
    /// with `Taken` when there is an owner already, or the name is such a person's.
    pub async fn create_owner(&self, clock: &Clock, name: &str, password_hash: &str) -> Result<UserId> {
        let made: Option<(UserId,)> = write_tx!(self, tx => {
            sqlx::query(
                "UPDATE users SET name = $1 WHERE name = $2 AND role = 'member' AND telegram_user_id IS NULL
                 AND NOT EXISTS (SELECT 1 FROM users other WHERE other.name = $1)",
            ).bind(name).bind(FIRST).execute(&mut *tx).await?;
            sqlx::query_as(
                "INSERT INTO users (id, name, role, password_hash, created_at) VALUES ($1, $2, 'owner', $3, $4)
                 ON CONFLICT (name) DO UPDATE SET role = 'owner', password_hash = $3
                 WHERE users.role = 'member' AND users.telegram_user_id IS NULL RETURNING id",
            ).bind(UserId::new(clock)).bind(name).bind(password_hash).bind(clock.now())
             .fetch_optional(&mut *tx).await.map_err(taken("an owner"))?
        });
        match made {
            Some((id,)) => Ok(id),
            None if self.owner().await?.is_some() => Err(StoreError::Taken("an owner")),
            None => Err(StoreError::Taken("a person of this name who writes on Telegram")),
        }
    }

    /// The hash that the owner's password is checked against.
    pub async fn owner_password(&self) -> Result<Option<String>> {
        let row: Option<(Option<String>,)> = on!(self, pool => sqlx::query_as(
            "SELECT password_hash FROM users WHERE role = 'owner'",
        ).fetch_optional(pool).await)?;
        Ok(row.and_then(|(hash,)| hash))
    }

    /// Sets the owner's password.
    pub async fn set_owner_password(&self, password_hash: &str) -> Result<()> {
        on!(self, pool => sqlx::query("UPDATE users SET password_hash = $1 WHERE role = 'owner'")
            .bind(password_hash).execute(pool).await.map(|_| ()))?;
        Ok(())
    }

    /// The statement that makes writers of one person's rows wait for each other, for what no single
    /// statement holds, such as a sum over rows. SQLite has one writer anyway.
    pub(super) fn hold_person(&self) -> &'static str {
        match self {
            Self::Sqlite(..) => "SELECT 1 FROM users WHERE id = $1",
            Self::Postgres(_) => "SELECT 1 FROM users WHERE id = $1 FOR NO KEY UPDATE",
        }
    }

    pub async fn user(&self, id: UserId) -> Result<Option<User>> {
        Ok(on!(self, pool => sqlx::query_as(select_user!("WHERE id = $1")).bind(id).fetch_optional(pool).await)?)
    }

    /// The person of this name, made as a member when there is none.
    pub async fn user_named(&self, clock: &Clock, name: &str) -> Result<User> {
        let find = async || {
            on!(self, pool => sqlx::query_as(select_user!("WHERE name = $1"))
            .bind(name).fetch_optional(pool).await)
        };
        if let Some(user) = find().await? {
            return Ok(user);
        }
        on!(self, pool => sqlx::query(
            "INSERT INTO users (id, name, role, created_at) VALUES ($1, $2, 'member', $3) ON CONFLICT (name) DO NOTHING",
        ).bind(UserId::new(clock)).bind(name).bind(clock.now()).execute(pool).await.map(|_| ()))?;
        find().await?.ok_or_else(|| StoreError::Corrupt("a person was removed as they were made".to_owned()))
    }

    /// The person or group behind a chat on Telegram.
    pub async fn user_on_telegram(&self, chat: i64) -> Result<Option<User>> {
        Ok(on!(self, pool => sqlx::query_as(select_user!("WHERE telegram_user_id = $1"))
            .bind(chat).fetch_optional(pool).await)?)
    }

    /// Links a person to their chat on Telegram, or to none; fails with `Taken` when it is another's.
    pub async fn link_telegram(&self, id: UserId, chat: Option<i64>) -> Result<()> {
        on!(self, pool => sqlx::query("UPDATE users SET telegram_user_id = $2 WHERE id = $1")
            .bind(id).bind(chat).execute(pool).await.map(|_| ()))
        .map_err(taken("a link to this chat"))
    }

    /// Sets a person's language and time zone; without one the host's own holds.
    pub async fn set_user_place(&self, id: UserId, locale: Option<&str>, time_zone: Option<&str>) -> Result<()> {
        on!(self, pool => sqlx::query("UPDATE users SET locale = $2, time_zone = $3 WHERE id = $1")
            .bind(id).bind(locale).bind(time_zone).execute(pool).await.map(|_| ()))?;
        Ok(())
    }

    /// Sets the smallest tier that answers a person, "small" or "large", or none.
    pub async fn set_tier_floor(&self, id: UserId, floor: Option<&str>) -> Result<()> {
        on!(self, pool => sqlx::query("UPDATE users SET tier_floor = $2 WHERE id = $1")
            .bind(id).bind(floor).execute(pool).await.map(|_| ()))?;
        Ok(())
    }

    pub async fn users(&self) -> Result<Vec<User>> {
        Ok(on!(self, pool => sqlx::query_as(select_user!("ORDER BY created_at, id")).fetch_all(pool).await)?)
    }
}
