//! Sessions in the database. Of a session's id only the hash is kept, as with tokens.

use chrono::{DateTime, Utc};
use serde_json::Value;
use std::{pin::Pin, sync::Arc};
use tower_sessions::{
    Expiry, Session, SessionManagerLayer, SessionStore,
    cookie::{SameSite, time},
    session::{Error as SessionError, Id, Record},
    session_store::{Error, Result},
};

use super::super::{
    Backoffice,
    token::{hash_token, new_secret},
};
use crate::{
    clock::Clock,
    ids::UserId,
    store::{Db, StoreError, StoredSession},
};

const COOKIE: &str = "skillet_session";

/// What a session holds: whose it is, the token of its forms, and when it was last prolonged.
const OWNER: &str = "owner";
const FORM_TOKEN: &str = "form_token";
const PROLONGED: &str = "prolonged";

/// Longest time between two writes that prolong a session in use.
const PROLONG_S: i64 = 3_600;

/// The layer that finds and keeps sessions.
pub fn session_layer(backoffice: &Backoffice) -> SessionManagerLayer<Sessions> {
    let http = &backoffice.config.http;
    let store = Sessions { db: backoffice.db.clone(), clock: backoffice.clock.clone() };
    SessionManagerLayer::new(store)
        .with_name(COOKIE)
        .with_http_only(true)
        .with_same_site(SameSite::Strict)
        .with_secure(http.secure_cookies)
        .with_expiry(Expiry::OnInactivity(time::Duration::hours(i64::from(http.session_hours))))
}

/// Begins the owner's session under a new id; nothing of an earlier one is kept.
pub async fn log_in(
    backoffice: &Backoffice,
    session: &Session,
    owner: UserId,
) -> std::result::Result<(), SessionError> {
    session.clear().await;
    session.cycle_id().await?;
    session.insert(OWNER, owner).await?;
    session.insert(FORM_TOKEN, new_secret()).await?;
    session.insert(PROLONGED, backoffice.clock.now().timestamp()).await
}

/// Ends the session.
pub async fn log_out(session: &Session) -> std::result::Result<(), SessionError> {
    session.flush().await
}

/// The owner and the token of their forms, if this is a session of theirs. One in use is prolonged.
pub(super) async fn owner(
    backoffice: &Backoffice,
    session: &Session,
) -> std::result::Result<Option<(UserId, String)>, SessionError> {
    if session.id().is_none() {
        return Ok(None);
    }
    let (Some(owner), Some(token)) = (session.get(OWNER).await?, session.get(FORM_TOKEN).await?) else {
        return Ok(None);
    };
    let now = backoffice.clock.now().timestamp();
    let every = (i64::from(backoffice.config.http.session_hours) * 3_600 / 24).min(PROLONG_S);
    let prolonged: i64 = session.get(PROLONGED).await?.unwrap_or(0);
    if now - prolonged >= every {
        session.insert(PROLONGED, now).await?;
    }
    Ok(Some((owner, token)))
}

/// tower-sessions over our tables.
#[derive(Clone, Debug)]
pub struct Sessions {
    db: Db,
    clock: Clock,
}

type Pending<'a, T> = Pin<Box<dyn Future<Output = Result<T>> + Send + 'a>>;

impl SessionStore for Sessions {
    fn create<'a, 'b, 'c>(&'a self, record: &'b mut Record) -> Pending<'c, ()>
    where
        'a: 'c,
        'b: 'c,
        Self: 'c,
    {
        Box::pin(async move {
            while !self.db.create_session(&stored(record)?).await.map_err(backend)? {
                record.id = Id::default();
            }
            Ok(())
        })
    }

    fn save<'a, 'b, 'c>(&'a self, record: &'b Record) -> Pending<'c, ()>
    where
        'a: 'c,
        'b: 'c,
        Self: 'c,
    {
        Box::pin(async move { self.db.save_session(&stored(record)?).await.map_err(backend) })
    }

    fn load<'a, 'b, 'c>(&'a self, id: &'b Id) -> Pending<'c, Option<Record>>
    where
        'a: 'c,
        'b: 'c,
        Self: 'c,
    {
        Box::pin(async move {
            let found = self.db.session(&key(*id), self.clock.now()).await.map_err(backend)?;
            found.map(|session| record(*id, session)).transpose()
        })
    }

    fn delete<'a, 'b, 'c>(&'a self, id: &'b Id) -> Pending<'c, ()>
    where
        'a: 'c,
        'b: 'c,
        Self: 'c,
    {
        Box::pin(async move { self.db.delete_session(&key(*id)).await.map_err(backend) })
    }
}

fn key(id: Id) -> String {
    hash_token(&id.to_string())
}

fn stored(record: &Record) -> Result<StoredSession> {
    let expires_at = DateTime::<Utc>::from_timestamp(record.expiry_date.unix_timestamp(), 0)
        .ok_or_else(|| Error::Encode("the expiry is out of range".to_owned()))?;
    let data = serde_json::to_value(&record.data).map_err(|error| Error::Encode(error.to_string()))?;
    Ok(StoredSession::new(key(record.id), data, expires_at))
}

fn record(id: Id, session: StoredSession) -> Result<Record> {
    let expiry_date = time::OffsetDateTime::from_unix_timestamp(session.expires_at.timestamp())
        .map_err(|error| Error::Decode(error.to_string()))?;
    let data: Value = session.data.0;
    let data = serde_json::from_value(data).map_err(|error| Error::Decode(error.to_string()))?;
    Ok(Record { id, data, expiry_date })
}

fn backend(error: StoreError) -> Error {
    Error::Backend(Arc::new(error).to_string())
}
