//! Wake-ups inside the process: hints that there is work. The sweeps of those who wait are the truth.

use tokio::sync::Notify;

/// One bell per kind of work; ringing one that nobody waits at is remembered once.
#[derive(Debug, Default)]
pub struct Wake {
    /// A message waits for its turn.
    pub turns: Notify,
    /// A job was made, or may run earlier.
    pub jobs: Notify,
    /// A message is to be sent to Telegram.
    pub outbox: Notify,
    /// An update of Telegram waits to be worked on.
    pub updates: Notify,
}
