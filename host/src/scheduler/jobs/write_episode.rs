//! Summarises an ended turn into episodic memory.

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
    let summary = agent::summarise((&parts.db, &parts.gateway), &settings, parts.summaries, &turn).await;
    parts.memory.note_recalled(&turn).await?;
    parts.memory.keep_episode(&turn, summary.map_err(anyhow::Error::from)?).await?;
    Ok(Note::default())
}
