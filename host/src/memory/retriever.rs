//! Finds the memories that bear on a text. The database offers candidates that share a word; the
//! score is computed here, so that both engines rank alike, and comes with its reason.

use chrono::{DateTime, Utc};
use serde::Serialize;
use std::collections::{HashMap, HashSet};
use uuid::Uuid;

use super::segment::{QueryWord, query_words};
use crate::{
    ids::{EpisodeId, FactId, UserId},
    store::{Db, Fact, Indexed, SearchKind, StoreError},
};

/// Candidates taken from the database per question.
const CANDIDATES: i64 = 200;

/// A summary says what was talked about; a fact says what is so.
const EPISODE_WEIGHT: f64 = 0.8;

/// What a memory of today has over one of long ago, and the days in which half of that is gone.
const RECENCY_WEIGHT: f64 = 0.05;
const RECENCY_HALF_LIFE_DAYS: f64 = 30.0;

/// A memory that was found, and why.
#[derive(Clone, Debug, Serialize)]
pub struct Recalled {
    pub kind: SearchKind,
    pub id: Uuid,
    /// Key of a fact; empty for an episode.
    pub key: String,
    pub text: String,
    /// 0 to about 1: the share of the question's words that it holds, rare ones counting more.
    pub score: f64,
    /// The words that matched.
    pub matched: Vec<String>,
    /// Whether it is in every prompt.
    pub pinned: bool,
    pub recorded_at: DateTime<Utc>,
}

impl Recalled {
    /// A fact that is in every prompt, whatever was asked.
    pub(super) fn pinned(fact: Fact) -> Self {
        Self {
            kind: SearchKind::Fact,
            id: fact.id.0,
            key: fact.key,
            text: fact.value_text,
            score: 0.0,
            matched: Vec::new(),
            pinned: true,
            recorded_at: fact.recorded_at,
        }
    }
}

pub async fn recall(
    db: &Db,
    now: DateTime<Utc>,
    user: UserId,
    text: &str,
    limit: usize,
) -> Result<Vec<Recalled>, StoreError> {
    let query = query_words(text);
    let words: Vec<String> = query.iter().map(|one| one.word.clone()).collect();
    let candidates = db.search(user, &words, CANDIDATES).await?;
    let mut scored = score(&query, candidates, now);
    scored.sort_by(|a, b| b.score.total_cmp(&a.score).then(b.row.recorded_at.cmp(&a.row.recorded_at)));

    let mut recalled = Vec::new();
    let mut texts = HashSet::new();
    for one in scored {
        if recalled.len() == limit {
            break;
        }
        if let Some(found) = load(db, one).await?
            && texts.insert(found.text.clone())
        {
            recalled.push(found);
        }
    }
    Ok(recalled)
}

struct Scored {
    row: Indexed,
    score: f64,
    matched: Vec<String>,
}

fn score(query: &[QueryWord], candidates: Vec<Indexed>, now: DateTime<Utc>) -> Vec<Scored> {
    let sets: Vec<HashSet<&str>> = candidates.iter().map(|row| row.words.split(' ').collect()).collect();
    let total = f64::from(u32::try_from(sets.len()).unwrap_or(u32::MAX));
    let worth: HashMap<&str, f64> = query
        .iter()
        .map(|one| {
            let holding = sets.iter().filter(|set| set.contains(one.word.as_str())).count();
            let holding = f64::from(u32::try_from(holding).unwrap_or(u32::MAX));
            // A word that nothing holds weighs as much as a rare one: it was asked for and is missing.
            (one.word.as_str(), one.weight * (1.0 + (total + 1.0) / (holding + 1.0)).ln())
        })
        .collect();
    let asked: f64 = worth.values().sum();
    let results: Vec<(f64, Vec<String>)> = sets
        .iter()
        .map(|set| {
            let matched: Vec<String> =
                query.iter().map(|one| one.word.clone()).filter(|word| set.contains(word.as_str())).collect();
            (matched.iter().map(|word| worth[word.as_str()]).sum::<f64>() / asked, matched)
        })
        .collect();
    candidates
        .into_iter()
        .zip(results)
        .map(|(row, (share, matched))| {
            let kind = if row.kind == SearchKind::Fact { 1.0 } else { EPISODE_WEIGHT };
            #[expect(clippy::cast_precision_loss, reason = "an age in seconds is far below 2^52")]
            let days = (now - row.recorded_at).num_seconds().max(0) as f64 / 86_400.0;
            let recency = RECENCY_WEIGHT * 0.5_f64.powf(days / RECENCY_HALF_LIFE_DAYS);
            Scored { score: share * kind + recency, matched, row }
        })
        .collect()
}

/// The memory behind an index row; a fact that was closed is not recalled.
async fn load(db: &Db, one: Scored) -> Result<Option<Recalled>, StoreError> {
    let (key, text) = match one.row.kind {
        SearchKind::Fact => match db.fact(FactId(one.row.ref_id)).await? {
            Some(fact) if fact.valid_to.is_none() => (fact.key, fact.value_text),
            _ => return Ok(None),
        },
        SearchKind::Episode => match db.episode(EpisodeId(one.row.ref_id)).await? {
            Some(episode) => (String::new(), episode.summary_text),
            None => return Ok(None),
        },
    };
    Ok(Some(Recalled {
        kind: one.row.kind,
        id: one.row.ref_id,
        key,
        text,
        score: one.score,
        matched: one.matched,
        pinned: false,
        recorded_at: one.row.recorded_at,
    }))
}
