//! Works on what was kept: one update after the other within a chat, chats side by side.

use chrono::{DateTime, TimeDelta, Utc};
use futures_util::FutureExt;
use std::{panic::AssertUnwindSafe, sync::Arc, time::Duration};
use teloxide_core::types::UpdateKind;

use super::{Session, buttons, incoming::Incoming, lanes::Lanes};
use crate::store::{StoreError, Update, logged};

/// Updates looked at in one round, and chats that are worked on at the same time.
const ROUND: i64 = 200;
const SIDE_BY_SIDE: usize = 32;

/// The sweep behind the wake-ups.
const SWEEP: Duration = Duration::from_secs(20);

/// Silence after which an album has all its parts.
const ALBUM_QUIET: TimeDelta = TimeDelta::milliseconds(800);

/// Works until told to stop.
pub async fn run(session: &Arc<Session>) {
    let mut lanes = Lanes::new();
    while !session.stop.is_cancelled() {
        let waiting = session.parts.db.waiting_updates(&lanes.busy(), ROUND).await;
        let waiting = logged("updates cannot be read", waiting).unwrap_or_default();
        let more = i64::try_from(waiting.len()).is_ok_and(|n| n == ROUND);
        for (chat, updates) in by_chat(waiting) {
            if lanes.len() < SIDE_BY_SIDE {
                let session = session.clone();
                lanes.begin(chat, async move { lane(&session, updates).await });
            }
        }
        // All of them may have been of one chat.
        if more && lanes.len() < SIDE_BY_SIDE {
            continue;
        }
        tokio::select! {
            () = session.stop.cancelled() => {}
            () = session.parts.wake.updates.notified() => {}
            Some(()) = lanes.ended() => {}
            () = tokio::time::sleep(SWEEP) => {}
        }
    }
    // A cut between two updates costs nothing: what is not done is still kept.
    lanes.all_ended().await;
}

fn by_chat(updates: Vec<Update>) -> Vec<(Option<i64>, Vec<Update>)> {
    let mut chats: Vec<(Option<i64>, Vec<Update>)> = Vec::new();
    for update in updates {
        match chats.iter_mut().find(|(chat, _)| *chat == update.chat_id) {
            Some((_, list)) => list.push(update),
            None => chats.push((update.chat_id, vec![update])),
        }
    }
    chats
}

/// The updates of one chat in order. What fails stays kept and ends the round of this chat.
async fn lane(session: &Arc<Session>, updates: Vec<Update>) {
    let mut rest = updates.into_iter().peekable();
    while let Some(update) = rest.next() {
        if session.stop.is_cancelled() {
            return;
        }
        let mut parts = vec![update];
        if let Some(album) = parts[0].album.clone() {
            while let Some(next) = rest.next_if(|next| next.album.as_ref() == Some(&album)) {
                parts.push(next);
            }
            let newest = parts.iter().map(|part| part.received_at).max().unwrap_or_default();
            if let Some(wait) = still_filling(newest, session.parts.clock.now()) {
                tokio::time::sleep(wait).await;
                return;
            }
        }
        let keys: Vec<String> = parts.iter().map(|part| part.key.clone()).collect();
        let worked = match AssertUnwindSafe(work(session, parts)).catch_unwind().await {
            Ok(worked) => worked,
            Err(_panic) => {
                tracing::error!(?keys, "an update ended its worker and is passed over");
                pass_over(session, &keys).await
            }
        };
        if let Err(error) = worked {
            tracing::error!(error = &error as &dyn std::error::Error, "an update will be worked on again");
            tokio::time::sleep(Duration::from_secs(1)).await;
            return;
        }
    }
}

async fn pass_over(session: &Session, keys: &[String]) -> Result<(), StoreError> {
    for key in keys {
        session.parts.db.finish_update(&session.parts.clock, key, &[]).await?;
    }
    Ok(())
}

/// How long to wait for more of an album.
fn still_filling(newest: DateTime<Utc>, now: DateTime<Utc>) -> Option<Duration> {
    (newest + ALBUM_QUIET - now).to_std().ok().filter(|wait| !wait.is_zero())
}

async fn work(session: &Arc<Session>, parts: Vec<Update>) -> Result<(), StoreError> {
    let keys: Vec<String> = parts.iter().map(|part| part.key.clone()).collect();
    // The library reads its updates from text only, and the kind apart from the number.
    let kinds = parts.into_iter().map(|part| serde_json::from_str::<UpdateKind>(&part.payload.0.to_string()));
    let mut messages = Vec::new();
    for kind in kinds {
        match kind {
            Ok(UpdateKind::Message(message)) => messages.push(message),
            Ok(UpdateKind::CallbackQuery(press)) => return buttons::pressed(session, &keys[0], press).await,
            Ok(UpdateKind::Error(_)) | Err(_) => tracing::warn!(?keys, "an update cannot be read and is passed over"),
            Ok(_) => {}
        }
    }
    let from = messages.first().and_then(|message| message.from.as_ref()).filter(|from| !from.is_bot).cloned();
    // Else nothing that a person says: services, channels, what this version does not know.
    let Some(from) = from else { return pass_over(session, &keys).await };
    Incoming::of(session, keys, messages, from).await?.answer().await
}
