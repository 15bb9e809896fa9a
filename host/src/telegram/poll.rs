//! The long poll: a batch is kept under the lease, and only then confirmed.

use serde_json::Value;
use std::time::Duration;
use teloxide_core::types::{Me, Update, UpdateKind};
use tokio_util::sync::CancellationToken;

use super::{
    LEASE, Session, State,
    api::{Api, CallError},
    backoff, pause,
    state::Reporter,
};
use crate::store::{NewUpdate, StoreError, logged};

/// Between two tries with a token that was refused.
const REFUSED_PAUSE: Duration = Duration::from_secs(30);

/// Between two tries when another program polls: taking turns would starve both.
const CONFLICT_PAUSE: Duration = Duration::from_secs(10);

/// Finds out who the bot is, however long that takes. `None` when told to stop.
pub async fn greet(api: &Api, reporter: &Reporter, stop: &CancellationToken) -> Option<Me> {
    let mut failures = 0;
    loop {
        let greeted = tokio::select! {
            () = stop.cancelled() => return None,
            greeted = async { api.drop_webhook().await?; api.me().await } => greeted,
        };
        match greeted {
            Ok(me) => return Some(me),
            Err(error) => {
                if !pause(stop, troubled(reporter, &error, failures).await).await {
                    return None;
                }
                failures += 1;
            }
        }
    }
}

/// Polls until told to stop.
pub async fn run(session: &Session) {
    // Set after a batch, for the one call that confirms it. A poll without it starts at the first update
    // that is not confirmed, whatever its number is: numbers may start over at a lower one.
    let mut confirm = None;
    let mut failures = 0;
    // A poll that only asks tells whether polling works, long before the first one that waits has ended.
    let mut brief = true;
    loop {
        let polled = tokio::select! {
            () = session.stop.cancelled() => return,
            polled = session.api.updates(confirm, brief || confirm.is_some()) => polled,
        };
        brief = polled.is_err();
        let wait = match polled {
            Ok(batch) => {
                session.reporter.report(State::Polling, "").await;
                failures = 0;
                if batch.is_empty() {
                    confirm = None;
                    continue;
                }
                match keep(session, &batch).await {
                    Some(next) => {
                        confirm = Some(next);
                        continue;
                    }
                    // Not kept, so not confirmed: it comes again.
                    None => backoff(0),
                }
            }
            Err(error) => troubled(&session.reporter, &error, failures).await,
        };
        failures += 1;
        if !pause(&session.stop, wait).await {
            return;
        }
    }
}

/// Keeps a batch; the offset that confirms it.
async fn keep(session: &Session, batch: &[Update]) -> Option<i32> {
    let bot = session.me.id;
    let rows: Vec<NewUpdate> = batch.iter().map(|update| new_update(bot.0, update)).collect();
    let lease = (LEASE, session.parts.host, session.number);
    match session.parts.db.keep_updates(&session.parts.clock, lease, &rows).await {
        Ok(Some(fresh)) => {
            // A batch that comes again is followed again.
            let followed = follow_groups(session, batch).await;
            logged("a group could not be followed to its new id", followed)?;
            if fresh > 0 {
                session.parts.wake.updates.notify_one();
            }
            batch.iter().map(|update| update.id.0).max().and_then(|last| i32::try_from(last).ok()?.checked_add(1))
        }
        Ok(None) => {
            session.stop.cancel();
            None
        }
        Err(error) => {
            tracing::error!(error = &error as &dyn std::error::Error, "updates could not be kept");
            None
        }
    }
}

/// Groups that got another id keep their place before anything said under the new one is worked on.
async fn follow_groups(session: &Session, batch: &[Update]) -> Result<(), StoreError> {
    for update in batch {
        let UpdateKind::Message(message) = &update.kind else { continue };
        let (here, from, to) = (message.chat.id.0, message.migrate_from_chat_id(), message.migrate_to_chat_id());
        match (from, to) {
            (Some(from), _) => session.parts.db.move_chat(from.0, here).await?,
            (_, Some(to)) => session.parts.db.move_chat(here, to.0).await?,
            _ => {}
        }
    }
    Ok(())
}

fn new_update(bot: u64, update: &Update) -> NewUpdate {
    let album = match &update.kind {
        UpdateKind::Message(message) => message.media_group_id().map(|album| album.0.clone()),
        _ => None,
    };
    NewUpdate {
        key: format!("telegram:{bot}:{}", update.id.0),
        chat_id: update.chat().map(|chat| chat.id.0),
        number: i64::from(update.id.0),
        album,
        payload: crate::store::storable_json(serde_json::to_value(&update.kind).unwrap_or(Value::Null)),
    }
}

/// Tells what is wrong, and how long to leave it alone.
async fn troubled(reporter: &Reporter, error: &CallError, failures: u32) -> Duration {
    let (state, wait) = match error {
        CallError::Wait(wait) => (State::Limited, *wait),
        CallError::Unauthorized => (State::Unauthorized, REFUSED_PAUSE),
        CallError::Conflict => (State::Conflict, CONFLICT_PAUSE),
        _ => (State::Unreachable, backoff(failures)),
    };
    reporter.report(state, &error.to_string()).await;
    wait
}
