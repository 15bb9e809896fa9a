//! One message on its way: its parts in order, each on record before the next.

use rust_i18n::t;

use super::{
    Session,
    api::CallError,
    render::{self, Piece},
};
use crate::store::{Outgoing, StoreError};

/// Parts from which a reply also comes as a file, and from which only its beginning is sent besides.
const FILE_FROM: usize = 4;
const HEAD_FROM: usize = 10;
const HEAD: usize = 3;

/// Why a message did not go out as a whole.
pub enum Stopped {
    Call(CallError),
    Store(StoreError),
    /// Somebody else sends it.
    Lost,
}

impl From<CallError> for Stopped {
    fn from(error: CallError) -> Self {
        Self::Call(error)
    }
}

impl From<StoreError> for Stopped {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

/// One message on its way.
pub struct Sending<'a> {
    session: &'a Session,
    row: &'a Outgoing,
    pieces: Vec<Piece>,
    /// The whole reply, where it also goes as a file.
    file: Option<String>,
    /// Telegram's ids of what it has got.
    pub parts: Vec<i64>,
}

impl<'a> Sending<'a> {
    pub fn new(session: &'a Session, row: &'a Outgoing) -> Self {
        let parts = row.parts.0.clone();
        let mut pieces = render::render(&row.text);
        let file = (pieces.len() >= FILE_FROM).then(|| row.text.clone());
        if pieces.len() >= HEAD_FROM {
            pieces.truncate(HEAD);
        }
        if row.interrupted {
            // There is room for it: see `render::NOTE_UNITS`.
            let note = t!("telegram.interrupted", locale = &row.locale);
            let at = parts.len().min(pieces.len() - 1);
            pieces[at].text = format!("{}\n\n{note}", pieces[at].text);
        }
        Self { session, row, pieces, file, parts }
    }

    /// Sends what Telegram has not got yet.
    pub async fn send(&mut self) -> Result<(), Stopped> {
        // With more than one part there, the first has become the final one before.
        if let &[shown] = self.parts.as_slice()
            && let Err(error) = self.complete(shown).await
        {
            let CallError::Refused(_) = error else { return Err(error.into()) };
            // The person has deleted what was shown; the reply comes as a new message.
            self.parts.clear();
            self.record(0).await?;
        }
        let steps = self.pieces.len() + usize::from(self.file.is_some());
        for step in self.parts.len()..steps {
            if step > 0 {
                self.record(step).await?;
            }
            let id = self.step(step).await?;
            self.parts.push(id);
        }
        Ok(())
    }

    /// Writes down what has arrived, and that the next part is about to be sent.
    async fn record(&self, step: usize) -> Result<(), Stopped> {
        let (db, host) = (&self.session.parts.db, self.session.parts.host);
        let mine = db.parts_sent(host, self.row, &self.parts, i64::try_from(step).ok()).await?;
        if mine { Ok(()) } else { Err(Stopped::Lost) }
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
}

/// A piece without its markup.
fn bare(piece: &Piece) -> Piece {
    Piece { text: piece.text.clone(), entities: Vec::new() }
}
