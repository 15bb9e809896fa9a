//! How the connection fares: logged and written once per change, for the pages of every host.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::sync::{Arc, Mutex, PoisonError};

use super::{LEASE, Parts};
use crate::store::{LeaseRow, logged};

/// What the poller is at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    Starting,
    Polling,
    /// Another program polls the bot.
    Conflict,
    /// The token is wrong or was revoked.
    Unauthorized,
    Unreachable,
    /// Telegram asked to wait.
    Limited,
}

impl State {
    /// The word on pages and in JSON.
    pub fn word(self) -> &'static str {
        match self {
            Self::Starting => "starting",
            Self::Polling => "polling",
            Self::Conflict => "conflict",
            Self::Unauthorized => "unauthorized",
            Self::Unreachable => "unreachable",
            Self::Limited => "limited",
        }
    }
}

/// What is told of the connection.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Connection {
    pub state: State,
    pub detail: String,
    pub since: DateTime<Utc>,
    /// The bot's name, once known.
    pub bot: Option<String>,
}

impl Connection {
    /// What the holder of the lease has told last.
    pub fn of(row: &LeaseRow) -> Option<Self> {
        serde_json::from_value(row.state.0.clone()).ok()
    }
}

pub struct Reporter {
    parts: Arc<Parts>,
    number: i64,
    /// Held to compare and replace.
    last: Mutex<Option<Connection>>,
}

impl Reporter {
    pub fn new(parts: Arc<Parts>, number: i64) -> Self {
        Self { parts, number, last: Mutex::default() }
    }

    /// Tells a state; one that holds already costs nothing.
    pub async fn report(&self, state: State, detail: &str) {
        let next = {
            let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
            if last.as_ref().is_some_and(|last| last.state == state) {
                return;
            }
            let bot = last.as_ref().and_then(|last| last.bot.clone());
            let next = Connection { state, detail: detail.to_owned(), since: self.parts.clock.now(), bot };
            last.insert(next).clone()
        };
        match state {
            State::Starting | State::Polling => tracing::info!(?state, "Telegram"),
            State::Limited | State::Unreachable | State::Conflict => tracing::warn!(?state, detail, "Telegram"),
            State::Unauthorized => tracing::error!(?state, detail, "Telegram"),
        }
        self.write(&next).await;
    }

    /// Tells the bot's name.
    pub async fn is(&self, name: &str) {
        let next = {
            let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
            let Some(last) = last.as_mut() else { return };
            last.bot = Some(name.to_owned());
            last.clone()
        };
        self.write(&next).await;
    }

    async fn write(&self, connection: &Connection) {
        let (db, host) = (&self.parts.db, self.parts.host);
        logged("the state could not be written", db.report_lease(LEASE, host, self.number, &json!(connection)).await);
    }
}
