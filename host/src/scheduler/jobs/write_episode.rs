//! Summarises an ended turn into episodic memory, and folds what grew old in its conversation.

use anyhow::Context;
use serde::Deserialize;

use super::{Ended, payload};
use crate::{
    agent::{self, SummaryError},
    ids::TurnId,
    scheduler::{Parts, note::Note},
    store::{Job, StoreError, Turn},
};

pub const KIND: &str = "write_episode";

/// How often a turn is read anew because its person forgets something meanwhile.
const READ_ANEW: usize = 3;

#[derive(Deserialize)]
struct Payload {
    turn: TurnId,
}

pub async fn run(parts: &Parts, job: &Job) -> Ended {
    let Payload { turn } = payload(job)?;
    let turn = parts.db.turn(turn).await?.context("there is no such turn")?;
    parts.memory.note_recalled(&turn).await?;
    let mut kept = keep(parts, &turn).await;
    for _ in 0..READ_ANEW {
        if !matches!(kept, Err(SummaryError::Store(StoreError::Forgotten))) {
            break;
        }
        kept = keep(parts, &turn).await;
    }
    kept.map_err(anyhow::Error::from)?;
    Ok(Note::default())
}

async fn keep(parts: &Parts, turn: &Turn) -> Result<(), SummaryError> {
    let settings = parts.settings.current().await?;
    let forgettings = parts.db.forgettings(turn.user_id).await?;
    let summary = agent::summarise((&parts.db, &parts.gateway), &settings, parts.keeping.summaries, turn).await?;
    parts.memory.keep_episode(turn, summary, forgettings).await?;
    agent::fold((&parts.db, &*parts.gateway, &parts.clock), &settings, &parts.keeping, turn).await
}
