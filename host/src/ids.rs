//! Identifiers: `UUIDv7` newtypes, so that a turn's id is never passed where a user's is meant.

use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr, sync::Mutex};
use uuid::{Uuid, timestamp::context::ContextV7};

use crate::clock::Clock;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl $name {
            /// A fresh id whose time part comes from `clock`, so that ids sort by creation.
            pub fn new(clock: &Clock) -> Self {
                Self(fresh(clock))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = uuid::Error;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                text.parse().map(Self)
            }
        }
    )*};
}

ids! {
    /// A person who writes to the agent.
    UserId
    /// One thread of messages with a user on a channel.
    ConversationId
    /// One message, in or out.
    MessageId
    /// One message in, one reply out; also the trace id of everything done for it.
    TurnId
    /// A stable fact in semantic memory.
    FactId
    /// A summary of one turn in episodic memory.
    EpisodeId
    /// What one night's folding did to a person's memory.
    FoldingId
    /// One run of a skill; retries keep it.
    CallId
    /// One attempt at a model.
    ModelCallId
    /// Work done later.
    JobId
    /// A message on its way out.
    OutboxId
    /// A stranger's request to talk to the agent.
    PairingId
    /// Something that a skill asked of the owner.
    ApprovalId
    /// A document or photo that somebody sent.
    FileId
    /// A bearer token of the HTTP interface.
    TokenId
    /// A plan of steps.
    WorkflowId
    /// What may be spent in a window.
    BudgetId
    /// How far a budget is used in one window, by one subject.
    CounterId
    /// A change of the rung that a person's answers come from.
    RungChangeId
    /// One process of Skillet, and what it holds leases under.
    HostId
}

/// Counts within a millisecond, so that ids of one process sort in the order they were made.
static CONTEXT: Mutex<ContextV7> = Mutex::new(ContextV7::new());

/// A `UUIDv7` from the given clock.
fn fresh(clock: &Clock) -> Uuid {
    let now = clock.now();
    let seconds = u64::try_from(now.timestamp()).unwrap_or(0);
    let timestamp = uuid::Timestamp::from_unix(&CONTEXT, seconds, now.timestamp_subsec_nanos());
    Uuid::new_v7(timestamp)
}
