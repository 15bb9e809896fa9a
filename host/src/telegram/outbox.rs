//! Sends what is queued: in order within a chat, chats side by side. A row says what is about to be
//! sent before it is, and what arrived after; between the two lies the only moment that a crash leaves
//! in doubt, because Telegram's `sendMessage` takes no key. Such a message is sent again and says so.

use chrono::TimeDelta;
use rust_i18n::t;
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::sync::OwnedMutexGuard;

use super::{
    Session, State,
    api::CallError,
    backoff,
    lanes::Lanes,
    render::{self, MAX_UNITS, Piece},
};
use crate::store::{Outgoing, StoreError, logged};

/// Chats that are sent to at the same time.
const SIDE_BY_SIDE: usize = 16;

/// The sweep behind the wake-ups; where other processes make messages, it is what finds them.
const SWEEP: Duration = Duration::from_secs(20);
const SHARED_SWEEP: Duration = Duration::from_secs(2);

/// Parts from which a reply also comes as a file, and from which only its beginning is sent besides.
const FILE_FROM: usize = 4;
const HEAD_FROM: usize = 10;
const HEAD: usize = 3;

/// Tries at one message; with the longest pause between them that is most of a day.
const MOST_TRIES: i64 = 2_000;

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
    let sweep = if session.parts.db.engine() == "postgres" { SHARED_SWEEP } else { SWEEP };
    while !session.stop.is_cancelled() {
        let rows = logged("the outbox cannot be read", session.parts.db.outgoing(100).await).unwrap_or_default();
        for row in rows {
            if lanes.len() < SIDE_BY_SIDE {
                let session = session.clone();
                lanes.begin(row.chat_id, async move {
                    logged("the outbox cannot be written", send_row(&session, &row).await);
                });
            }
        }
        tokio::select! {
            () = session.stop.cancelled() => {}
            () = session.parts.wake.outbox.notified() => {}
            Some(()) = lanes.ended() => {}
            () = tokio::time::sleep(sweep) => {}
        }
    }
    lanes.all_ended().await;
}

/// One message on its way.
struct Sending<'a> {
    session: &'a Session,
    row: &'a Outgoing,
    pieces: Vec<Piece>,
    /// The whole reply, where it also goes as a file.
    file: Option<String>,
    /// Telegram's ids of what it has got.
    parts: Vec<i64>,
}

/// Sends a message, unless somebody else has. What Telegram has got of it is asked in the chat's lane:
/// a draft may have been shown since the row was read.
async fn send_row(session: &Session, row: &Outgoing) -> Result<(), StoreError> {
    let _lane = session.senders.enter(row.chat_id).await;
    let (db, clock) = (&session.parts.db, &session.parts.clock);
    let Some((parts, interrupted)) = db.begin_send(row.id, session.parts.host).await? else { return Ok(()) };
    let mut sending = Sending::new(session, row, parts, interrupted);
    match sending.send().await? {
        Ok(()) => {
            metrics::counter!("skillet_telegram_sent_total").increment(1);
            db.finish_send(clock, row.id, &sending.parts).await
        }
        Err(error) => sending.failed(&error).await,
    }
}

impl<'a> Sending<'a> {
    fn new(session: &'a Session, row: &'a Outgoing, parts: Vec<i64>, interrupted: bool) -> Self {
        let mut pieces = render::render(&row.text);
        let file = (pieces.len() >= FILE_FROM).then(|| row.text.clone());
        if pieces.len() >= HEAD_FROM {
            pieces.truncate(HEAD);
        }
        if interrupted {
            let note = t!("telegram.interrupted", locale = &row.locale);
            let at = parts.len().min(pieces.len() - 1);
            let units = pieces[at].text.encode_utf16().count() + note.encode_utf16().count() + 2;
            if units <= MAX_UNITS {
                pieces[at].text = format!("{}\n\n{note}", pieces[at].text);
            } else {
                pieces.insert(at, Piece { text: note.into_owned(), entities: Vec::new() });
            }
        }
        Self { session, row, pieces, file, parts }
    }

    /// Sends what Telegram has not got yet; the inner result is Telegram's, the outer the database's.
    async fn send(&mut self) -> Result<Result<(), CallError>, StoreError> {
        if let Some(&shown) = self.parts.first()
            && let Err(error) = self.complete(shown).await
        {
            let CallError::Refused(_) = error else { return Ok(Err(error)) };
            // The person has deleted what was shown; the reply comes as a new message.
            self.parts.clear();
            self.session.parts.db.parts_sent(self.row.id, &self.parts, Some(0)).await?;
        }
        let steps = self.pieces.len() + usize::from(self.file.is_some());
        for step in self.parts.len()..steps {
            if step > 0 {
                let in_flight = i64::try_from(step).ok();
                self.session.parts.db.parts_sent(self.row.id, &self.parts, in_flight).await?;
            }
            match self.step(step).await {
                Ok(id) => self.parts.push(id),
                Err(error) => return Ok(Err(error)),
            }
        }
        Ok(Ok(()))
    }

    /// Turns the message that is shown already into the final one. Doing so twice changes nothing.
    async fn complete(&self, shown: i64) -> Result<(), CallError> {
        let buttons = if self.pieces.len() == 1 { self.row.buttons.0.as_slice() } else { &[] };
        let (api, chat, piece) = (&self.session.api, self.row.chat_id, &self.pieces[0]);
        match api.edit(chat, shown, piece, buttons).await {
            Err(CallError::Refused(_)) => api.edit(chat, shown, &bare(piece), buttons).await,
            edited => edited,
        }
    }

    async fn step(&self, step: usize) -> Result<i64, CallError> {
        let (api, row) = (&self.session.api, self.row);
        let Some(piece) = self.pieces.get(step) else {
            return api.send_file(row, "reply.md", self.file.clone().unwrap_or_default()).await;
        };
        let last = step + 1 == self.pieces.len();
        match api.send(row, piece, last).await {
            // Telegram took offence at the markup and sent nothing: the words go without it.
            Err(CallError::Refused(why)) if !piece.entities.is_empty() => {
                tracing::warn!(why, "a message goes without its markup");
                api.send(row, &bare(piece), last).await
            }
            sent => sent,
        }
    }

    async fn failed(&self, error: &CallError) -> Result<(), StoreError> {
        let parts = &self.session.parts;
        let (db, clock) = (&parts.db, &parts.clock);
        let text = error.to_string();
        let pause = match error {
            CallError::Closed(_) | CallError::Refused(_) => None,
            _ if self.row.attempts >= MOST_TRIES => None,
            CallError::Wait(wait) => Some(TimeDelta::from_std(*wait).unwrap_or(REFUSED_PAUSE)),
            CallError::Moved(chat) => {
                db.move_chat(self.row.chat_id, *chat).await?;
                Some(TimeDelta::zero())
            }
            CallError::Unauthorized => {
                self.session.reporter.report(State::Unauthorized, &text).await;
                Some(REFUSED_PAUSE)
            }
            _ => {
                let failures = u32::try_from(self.row.attempts).unwrap_or(u32::MAX);
                Some(TimeDelta::from_std(backoff(failures)).unwrap_or(REFUSED_PAUSE))
            }
        };
        let Some(pause) = pause else {
            tracing::error!(text, "a message was given up");
            return db.fail_send(self.row.id, &text).await;
        };
        tracing::warn!(text, pause_ms = pause.num_milliseconds(), "a message will be sent again");
        // Telegram said that it did not take it, or nothing reached it, unless no answer came at all.
        let unsure = matches!(error, CallError::Unsure(_));
        db.put_off_send(clock, self.row, (&text, unsure), clock.now() + pause).await?;
        parts.wake.jobs.notify_one();
        Ok(())
    }
}

/// A piece without its markup.
fn bare(piece: &Piece) -> Piece {
    Piece { text: piece.text.clone(), entities: Vec::new() }
}
