//! Summarises an ended turn into episodic memory, and folds what grew old in its conversation.

use anyhow::Context;
use serde::Deserialize;

use super::{Ended, payload};
use crate::{
    agent,
    ids::TurnId,
    scheduler::{Parts, note::Note},
    store::Job,
};

pub const KIND: &str = "write_episode";

#[derive(Deserialize)]
struct Payload {
    turn: TurnId,
}

pub async fn run(parts: &Parts, job: &Job) -> Ended {
    let Payload { turn } = payload(job)?;
    let turn = parts.db.turn(turn).await?.context("there is no such turn")?;
    let settings = parts.settings.current().await?;
    let by = parts.keeping.summaries;
    let summary = agent::summarise((&parts.db, &parts.gateway), &settings, by, &turn).await;
    parts.memory.note_recalled(&turn).await?;
    parts.memory.keep_episode(&turn, summary.map_err(anyhow::Error::from)?).await?;
    let with = (&parts.db, &*parts.gateway, &parts.clock);
    agent::fold(with, &settings, &parts.keeping, &turn).await.map_err(anyhow::Error::from)?;
    Ok(Note::default())
}
