//! Sends what is queued: in order within a chat, chats side by side. A row says what is about to be
//! sent before it is, and what arrived after; between the two lies the only moment that a crash leaves
//! in doubt, because Telegram's `sendMessage` takes no key. Such a message is sent again and says so.

use chrono::TimeDelta;
use futures_util::FutureExt;
use std::{
    collections::HashMap,
    panic::AssertUnwindSafe,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::sync::OwnedMutexGuard;

use super::{
    Session, State,
    api::CallError,
    backoff,
    lanes::Lanes,
    sending::{Sending, Stopped},
};
use crate::store::{NextOut, Outgoing, StoreError, logged};

/// Chats that are sent to at the same time.
const SIDE_BY_SIDE: usize = 16;

/// The sweep behind the wake-ups; where other processes make messages and are not heard, it is what
/// finds them.
const SWEEP: Duration = Duration::from_secs(20);
const SHARED_SWEEP: Duration = Duration::from_secs(2);

/// Tries at one message; with the longest pause between them that is most of a day.
const MOST_TRIES: i64 = 2_000;

/// Tries after which a message that may have arrived is not sent once more: somebody would see it without
/// end where only the answers are lost.
const MOST_UNSURE_TRIES: i64 = 100;

/// Pause after a token was refused.
const REFUSED_PAUSE: TimeDelta = TimeDelta::seconds(60);

/// One sender at a time in each chat: the outbox, or whoever shows a growing reply.
#[derive(Default)]
pub struct Senders {
    /// Held for a look-up; lanes that nobody uses are removed.
    chats: Mutex<HashMap<i64, Arc<tokio::sync::Mutex<()>>>>,
}

impl Senders {
    /// Waits for a chat's lane; it is free again when the guard is dropped.
    pub async fn enter(&self, chat: i64) -> OwnedMutexGuard<()> {
        let lane = {
            let mut chats = self.chats.lock().unwrap_or_else(PoisonError::into_inner);
            chats.retain(|_, lane| Arc::strong_count(lane) > 1);
            chats.entry(chat).or_default().clone()
        };
        lane.lock_owned().await
    }
}

/// Sends until told to stop; a message in flight is ended first.
pub async fn run(session: &Arc<Session>) {
    let mut lanes = Lanes::new();
    let (db, wake) = (&session.parts.db, &session.parts.wake);
    while !session.stop.is_cancelled() {
        for next in logged("the outbox cannot be read", db.outgoing(100).await).unwrap_or_default() {
            if lanes.len() < SIDE_BY_SIDE {
                let session = session.clone();
                lanes.begin(next.chat_id, async move {
                    logged("the outbox cannot be written", send_next(&session, next).await);
                });
            }
        }
        let shared = db.engine() == "postgres" && !wake.hears_others();
        tokio::select! {
            () = session.stop.cancelled() => {}
            () = wake.outbox.notified() => {}
            Some(()) = lanes.ended() => {}
            () = tokio::time::sleep(if shared { SHARED_SWEEP } else { SWEEP }) => {}
        }
    }
    lanes.all_ended().await;
}

/// Sends a message, unless somebody else has. What Telegram has got of it is asked in the chat's lane:
/// a draft may have been shown since the row was found.
async fn send_next(session: &Session, next: NextOut) -> Result<(), StoreError> {
    let _lane = session.senders.enter(next.chat_id).await;
    let (db, clock, host) = (&session.parts.db, &session.parts.clock, session.parts.host);
    let Some(row) = db.begin_send(next.id, host).await? else { return Ok(()) };
    let mut sending = Sending::new(session, &row);
    let sent = match AssertUnwindSafe(sending.send()).catch_unwind().await {
        Ok(sent) => sent,
        Err(_panic) => {
            tracing::error!(key = row.key, "a message ended its sender and was given up");
            return db.fail_send(host, &row, "the host failed").await.map(drop);
        }
    };
    let written = match sent {
        Ok(()) => {
            metrics::counter!("skillet_telegram_sent_total").increment(1);
            db.finish_send(clock, host, &row, &sending.parts).await?
        }
        Err(Stopped::Store(error)) => return Err(error),
        Err(Stopped::Lost) => false,
        Err(Stopped::Call(error)) => failed(session, &row, &error).await?,
    };
    if !written {
        tracing::warn!(key = row.key, "another host sends this message now");
    }
    Ok(())
}

/// Says what becomes of a message that was not sent. False when it is somebody else's to say.
async fn failed(session: &Session, row: &Outgoing, error: &CallError) -> Result<bool, StoreError> {
    let parts = &session.parts;
    let (db, clock) = (&parts.db, &parts.clock);
    let text = error.to_string();
    // Telegram said that it did not take it, or nothing reached it, unless no answer came at all.
    let unsure = matches!(error, CallError::Unsure(_));
    let most = if unsure { MOST_UNSURE_TRIES } else { MOST_TRIES };
    let pause = match error {
        CallError::Closed(_) | CallError::Refused(_) => None,
        _ if row.attempts >= most => None,
        CallError::Wait(wait) => Some(TimeDelta::from_std(*wait).unwrap_or(REFUSED_PAUSE)),
        CallError::Moved(chat) => {
            db.move_chat(row.chat_id, *chat).await?;
            Some(TimeDelta::zero())
        }
        CallError::Unauthorized => {
            session.reporter.report(State::Unauthorized, &text).await;
            Some(REFUSED_PAUSE)
        }
        _ => {
            let failures = u32::try_from(row.attempts - 1).unwrap_or(u32::MAX);
            Some(TimeDelta::from_std(backoff(failures)).unwrap_or(REFUSED_PAUSE))
        }
    };
    let Some(pause) = pause else {
        tracing::error!(text, "a message was given up");
        return db.fail_send(parts.host, row, &text).await;
    };
    tracing::warn!(text, pause_ms = pause.num_milliseconds(), "a message will be sent again");
    let mine = db.put_off_send(clock, parts.host, row, (&text, unsure), clock.now() + pause).await?;
    parts.wake.jobs.notify_one();
    Ok(mine)
}
