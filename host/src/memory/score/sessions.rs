//! The score of a session: what it has to do with the question as a whole.

use std::collections::{BTreeMap, HashMap};

use super::{Own, Question, float, idf, saturated, words};
use crate::store::{Indexed, Placed};

/// What the nearest message of a session counts beside its words.
const MEANING: f64 = 0.2;

/// What a session is made of.
#[derive(Default)]
struct Session {
    length: f64,
    messages: usize,
    counts: Vec<f64>,
    /// How near its nearest message is.
    near: f64,
}

/// BM25 of each session as one text, scaled to the best, with its nearest message; nothing where no session has two
/// messages.
pub fn scores(question: &Question, rows: &[Indexed], placed: &[Placed], own: &[Own]) -> HashMap<i64, f64> {
    // In order, so that sums of floating-point numbers come out alike on every run.
    let mut sessions: BTreeMap<i64, Session> = BTreeMap::new();
    for message in placed {
        let session = sessions.entry(message.session).or_default();
        session.length += words(message.length);
        session.messages += 1;
        session.near = session.near.max(question.near.of(message.id));
    }
    if sessions.values().all(|session| session.messages < 2) {
        return HashMap::new();
    }
    for (row, own) in rows.iter().zip(own) {
        if let Some(session) = row.session.and_then(|id| sessions.get_mut(&id)) {
            session.counts.resize(question.terms.len(), 0.0);
            for (sum, count) in session.counts.iter_mut().zip(&own.counts) {
                *sum += count;
            }
        }
    }
    let average = sessions.values().map(|session| session.length).sum::<f64>() / float(sessions.len());
    let worth: Vec<f64> = (0..question.terms.len())
        .map(|at| {
            let holds = |session: &&Session| session.counts.get(at).is_some_and(|count| *count > 0.0);
            idf(sessions.values().filter(holds).count(), sessions.len())
        })
        .collect();
    let score = |session: &Session| -> f64 {
        session.counts.iter().zip(&worth).map(|(count, worth)| worth * saturated(*count, session.length, average)).sum()
    };
    let scores: Vec<(i64, f64)> = sessions.iter().map(|(id, session)| (*id, score(session))).collect();
    let best = scores.iter().map(|(_, score)| *score).fold(f64::MIN_POSITIVE, f64::max);
    let meaning = if question.near.is_empty() { 0.0 } else { MEANING };
    let whole = |(id, score): (i64, f64)| (id, (1.0 - meaning) * score / best + meaning * sessions[&id].near);
    scores.into_iter().map(whole).collect()
}
