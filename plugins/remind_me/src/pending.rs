//! A question that waits for its answer.

use crate::{
    Output,
    desk::{Desk, World},
    questions,
    resolve::{Ask, Question},
    when::When,
};
use serde::{Deserialize, Serialize};
use skillet_sdk::Failure;

const KEY: &str = "pending";

/// Later nobody remembers the question.
const LIFE_MS: u64 = 10 * 60 * 1_000;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pending {
    pub ask: Ask,
    pub what: String,
    pub when: When,
    /// What a plain "yes" means.
    pub yes: Option<When>,
    at_ms: u64,
    /// The call that answered it; its retry finds the question still there.
    answered_by: Option<String>,
}

pub fn find<W: World>(desk: &Desk<W>) -> Result<Option<Pending>, Failure> {
    let pending: Option<Pending> = desk.recall(KEY)?;
    Ok(pending.filter(|pending| {
        let fresh = desk.world.now_ms() < pending.at_ms.saturating_add(LIFE_MS);
        fresh && pending.answered_by.as_deref().is_none_or(|call| call == desk.call)
    }))
}

/// Asks, and keeps what is known until the answer comes.
pub fn ask<W: World>(desk: &mut Desk<W>, what: &str, question: Question) -> Result<Output, Failure> {
    let output = put(desk, what, &question);
    let pending = Pending {
        ask: question.ask,
        what: what.to_owned(),
        when: question.when,
        yes: question.yes,
        at_ms: desk.world.now_ms(),
        answered_by: None,
    };
    desk.keep(KEY, &pending)?;
    Ok(output)
}

/// The question as an output; nothing is kept.
pub fn put<W: World>(desk: &Desk<W>, what: &str, question: &Question) -> Output {
    let text = questions::text(&question.ask, what, &question.when, desk.chinese);
    Output { text, needs: Some(questions::needs(&question.ask)), ..Output::default() }
}

/// Nothing is asked any more.
pub fn close<W: World>(desk: &mut Desk<W>) -> Result<(), Failure> {
    match find(desk)? {
        Some(pending) => {
            let answered_by = Some(desk.call.to_owned());
            desk.keep(KEY, &Pending { answered_by, ..pending })
        }
        None => Ok(()),
    }
}
