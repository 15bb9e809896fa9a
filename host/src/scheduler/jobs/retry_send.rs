//! Lets a message be sent again that could not be sent. How long it waits between attempts is decided
//! with each of them, by who sends.

use serde::Deserialize;

use super::{Ended, payload};
use crate::{
    ids::OutboxId,
    scheduler::{Parts, note::Note},
    store::Job,
};

pub const KIND: &str = "retry_send";

#[derive(Deserialize)]
struct Payload {
    outbox: OutboxId,
}

pub async fn run(parts: &Parts, job: &Job) -> Ended {
    let Payload { outbox } = payload(job)?;
    // False when it was sent or taken up by a person meanwhile.
    parts.db.resend(outbox).await?;
    parts.wake.outbox.notify_one();
    Ok(Note::default())
}
