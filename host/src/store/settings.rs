//! Settings that the owner changes while the host runs.

use sqlx::{FromRow, types::Json};

use super::{Db, Result, on};
use crate::clock::Clock;

#[derive(Clone, Debug, FromRow)]
pub struct SettingRow {
    pub key: String,
    /// `None`: the value of the settings file holds.
    pub value: Option<Json<String>>,
    /// Whether skills may change it.
    pub open: bool,
}

impl Db {
    pub async fn settings(&self) -> Result<Vec<SettingRow>> {
        Ok(
            on!(self, pool => sqlx::query_as("SELECT key, value, open FROM settings ORDER BY key").fetch_all(pool).await)?,
        )
    }

    pub async fn set_setting(&self, clock: &Clock, key: &str, value: &str) -> Result<()> {
        on!(self, pool => sqlx::query(
            "INSERT INTO settings (key, value, open, updated_at) VALUES ($1, $2, $3, $4)
             ON CONFLICT (key) DO UPDATE SET value = $2, updated_at = $4",
        ).bind(key).bind(Json(value)).bind(false).bind(clock.now()).execute(pool).await.map(|_| ()))?;
        Ok(())
    }

    /// Sets a value if the owner has opened the key to skills; false when not.
    pub async fn set_open_setting(&self, clock: &Clock, key: &str, value: &str) -> Result<bool> {
        Ok(
            on!(self, pool => sqlx::query("UPDATE settings SET value = $2, updated_at = $3 WHERE key = $1 AND open = $4")
            .bind(key).bind(Json(value)).bind(clock.now()).bind(true)
            .execute(pool).await.map(|done| done.rows_affected() == 1))?,
        )
    }

    /// Opens a key to skills, or closes it.
    pub async fn open_setting(&self, clock: &Clock, key: &str, open: bool) -> Result<()> {
        on!(self, pool => sqlx::query(
            "INSERT INTO settings (key, value, open, updated_at) VALUES ($1, NULL, $2, $3)
             ON CONFLICT (key) DO UPDATE SET open = $2, updated_at = $3",
        ).bind(key).bind(open).bind(clock.now()).execute(pool).await.map(|_| ()))?;
        Ok(())
    }
}
