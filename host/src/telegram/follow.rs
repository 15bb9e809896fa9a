//! A running turn as it is seen on the phone: typing, and one message that grows.

use std::{sync::Arc, time::Duration};
use tokio::{
    sync::broadcast::error::RecvError,
    time::{Instant, MissedTickBehavior, interval_at},
};

use super::{Session, api::CallError, render};
use crate::{
    agent::TurnEvent,
    ids::TurnId,
    store::{ChatAddress, logged},
};

/// A reply that comes sooner needs no sign of life.
const TYPING_AFTER: Duration = Duration::from_millis(300);

/// Telegram shows typing for five seconds.
const TYPING_EVERY: Duration = Duration::from_secs(4);

/// Between two edits of a growing message: Telegram takes about one a second in a chat, 20 a minute in a group.
const EDIT_EVERY: Duration = Duration::from_millis(1_100);
const EDIT_EVERY_IN_GROUPS: Duration = Duration::from_secs(4);

/// Follows a turn until it ends.
pub fn begin(session: &Arc<Session>, turn: TurnId, to: ChatAddress) {
    let session = session.clone();
    session.tasks.clone().spawn(async move { follow(&session, turn, to).await });
}

/// Follows the turns that an earlier poller left running.
pub async fn resume(session: &Arc<Session>) {
    let drafts = logged("running turns cannot be read", session.parts.db.drafts().await);
    for (turn, chat_id, thread_id) in drafts.unwrap_or_default() {
        begin(session, turn, ChatAddress { chat_id, thread_id });
    }
}

async fn follow(session: &Session, turn: TurnId, to: ChatAddress) {
    let mut events = session.parts.agent.watch(turn);
    let now = Instant::now();
    let mut typing = interval_at(now + TYPING_AFTER, TYPING_EVERY);
    let pace = if to.chat_id < 0 { EDIT_EVERY_IN_GROUPS } else { EDIT_EVERY };
    let mut edits = interval_at(now + pace, pace);
    edits.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let (mut text, mut shown) = (String::new(), 0);
    loop {
        tokio::select! {
            // Between two calls: one that is cut off leaves a message that nobody knows of.
            () = session.stop.cancelled() => return,
            event = events.recv() => match event {
                Ok(TurnEvent::Delta { text: more }) => text.push_str(&more),
                Ok(TurnEvent::Reset) => { text.clear(); shown = 0; }
                Ok(TurnEvent::Done(_)) | Err(RecvError::Closed) => return,
                Ok(_) | Err(RecvError::Lagged(_)) => {}
            },
            _ = typing.tick() => {
                // The turn may have ended, or run on another host, without a word.
                if logged("a turn cannot be read", session.parts.agent.reply(turn).await).flatten().is_some() {
                    return;
                }
                if let Err(error) = session.api.typing(to).await {
                    tracing::debug!(%error, "typing was not shown");
                }
            }
            _ = edits.tick(), if text.len() > shown => {
                shown = text.len();
                match show(session, turn, to, &text).await {
                    Ok(true) => {}
                    Ok(false) => return,
                    Err(CallError::Wait(wait)) => edits.reset_after(wait),
                    Err(error) => tracing::debug!(%error, "a growing message was not shown"),
                }
            }
        }
    }
}

/// Shows what there is of a reply. False when the turn has ended and the outbox has taken over.
async fn show(session: &Session, turn: TurnId, to: ChatAddress, text: &str) -> Result<bool, CallError> {
    let _lane = session.senders.enter(to.chat_id).await;
    let db = &session.parts.db;
    let Some(Some(draft)) = logged("a draft cannot be read", db.begin_draft(turn).await) else { return Ok(false) };
    // Only the first part grows; a longer reply goes on when it is complete.
    let Some(mut piece) = render::render(text).into_iter().next() else { return Ok(true) };
    piece.text.push_str(" …");
    if let Some(&message) = draft.parts.0.first() {
        return session.api.edit(to.chat_id, message, &piece, &[]).await.map(|()| true);
    }
    let sent = session.api.send(&draft, &piece, false).await;
    let recorded = match &sent {
        Ok(message) => db.draft_sent(turn, Some(*message)).await,
        // It may stand there; the reply will say so.
        Err(CallError::Unsure(_)) => db.draft_unsure(turn).await,
        Err(_) => db.draft_sent(turn, None).await,
    };
    logged("a draft cannot be recorded", recorded);
    sent.map(|_| true)
}
