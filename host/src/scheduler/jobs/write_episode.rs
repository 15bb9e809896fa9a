//! Summarises an ended turn into episodic memory.

use anyhow::Context;
use serde::Deserialize;
use serde_json::Value;

use crate::{agent, ids::TurnId, scheduler::Parts};

pub const KIND: &str = "write_episode";

#[derive(Deserialize)]
struct Payload {
    turn: TurnId,
}

pub async fn run(parts: &Parts, payload: &Value) -> anyhow::Result<()> {
    let Payload { turn } = Payload::deserialize(payload).context("the payload names no turn")?;
    let turn = parts.db.turn(turn).await?.context("there is no such turn")?;
    let summary = agent::summarise(&parts.db, &parts.gateway, parts.summaries, &turn).await?;
    parts.memory.keep_episode(&turn, summary).await?;
    Ok(())
}
