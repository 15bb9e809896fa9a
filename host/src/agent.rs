//! The agent: takes a message, gives a reply. It does not know where either comes from.

mod live;

pub use live::{SkillUse, Step, TurnEvent, TurnReply, Usage};

use tokio::sync::broadcast;

use crate::{
    ids::{ConversationId, TurnId, UserId},
    store::{Accepted, Channel, StoreError},
};

/// A message for the agent.
#[derive(Clone, Debug)]
pub struct NewMessage {
    pub user: UserId,
    /// `None` begins a new conversation.
    pub conversation: Option<ConversationId>,
    pub channel: Channel,
    pub text: String,
    /// What the sender calls this message; sent twice, it is answered once.
    pub key: Option<String>,
}

/// Why a message was not taken.
#[derive(Debug, thiserror::Error)]
pub enum SubmitError {
    #[error("the message is empty")]
    Empty,
    #[error("a message has at most {MAX_MESSAGE_CHARS} characters")]
    TooLong,
    #[error("there is no such conversation of this user")]
    NoConversation,
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Longest message, in characters.
pub const MAX_MESSAGE_CHARS: usize = 32_000;

pub struct Agent { live: live::Live }

impl Agent {
    /// Stores a message and wakes the agent. Returns at once; the reply is waited for or watched.
    pub async fn submit(&self, _message: NewMessage) -> Result<(ConversationId, Accepted), SubmitError> { unimplemented!() }
    /// The events of a turn from now on.
    pub fn watch(&self, turn: TurnId) -> broadcast::Receiver<TurnEvent> { self.live.watch(turn) }
    /// Waits until a turn has ended, on whichever host, and gives its reply.
    pub async fn wait(&self, _turn: TurnId) -> Result<TurnReply, StoreError> { unimplemented!() }
    /// The reply of a turn that has ended, or `None` while it has not.
    pub async fn reply(&self, _turn: TurnId) -> Result<Option<TurnReply>, StoreError> { unimplemented!() }
}
