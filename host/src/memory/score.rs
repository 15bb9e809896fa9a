//! How well each candidate answers a question. The score is a sum of parts, each scaled to the best of its
//! kind, so that a trace shows why something was remembered.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use serde::Serialize;
use std::collections::{BTreeMap, HashMap, HashSet};

use super::dates::Named;
use crate::{
    ids::TurnId,
    store::{Indexed, Placed, SearchKind, SearchState},
};

/// BM25: how soon more of the same word stops to count, and how much a long text is held against it.
const K1: f64 = 1.0;
const B: f64 = 0.65;

/// What each part counts, as a share of the best match of words.
const MEANING: f64 = 0.5;
const FACT: f64 = 0.5;
const SESSION: f64 = 0.6;
const DATE: f64 = 0.7;
const SPEAKER: f64 = 0.25;
const RECENCY: f64 = 0.02;

/// What a message before or after lends, by how far it is away: an answer stands near its question.
const AROUND: [(isize, f64); 4] = [(-1, 0.35), (1, 0.25), (-2, 0.15), (2, 0.1)];

/// A fact is what somebody wanted to be known: it needs no neighbours. A summary says what its messages say.
const FACT_WEIGHT: f64 = 1.5;
const EPISODE_WEIGHT: f64 = 0.8;

/// Days in which half of the recency is gone.
const HALF_LIFE_DAYS: f64 = 30.0;

/// A word of the question, with what a match of it is worth.
#[derive(Clone, Debug)]
pub struct Term {
    pub word: String,
    pub idf: f64,
}

/// What is asked.
#[derive(Debug)]
pub struct Question {
    pub terms: Vec<Term>,
    pub named: Vec<Named>,
    /// How near each row is in what it means, 0 to 1; nothing where no embedder tells.
    pub near: HashMap<i64, f64>,
    /// In lower case, for the names of speakers.
    pub text: String,
    pub now: DateTime<Utc>,
    pub zone: Tz,
}

impl Question {
    /// What words count beside the meaning.
    fn words_share(&self) -> f64 {
        if self.near.is_empty() { 1.0 } else { 1.0 - MEANING }
    }

    fn meaning(&self, row: i64) -> f64 {
        MEANING * self.near.get(&row).copied().unwrap_or(0.0)
    }
}

/// The parts of a score.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub struct Parts {
    /// The words that the text shares with the question.
    pub words: f64,
    /// How near it is in what it means.
    pub meaning: f64,
    /// The best fact that comes from this message.
    pub facts: f64,
    /// The messages before and after it.
    pub around: f64,
    /// The session that it stands in.
    pub session: f64,
    pub date: f64,
    pub speaker: f64,
    pub recency: f64,
}

/// A candidate with its score.
#[derive(Clone, Debug)]
pub struct Scored {
    /// Of its index row.
    pub id: i64,
    pub kind: SearchKind,
    pub turn: Option<TurnId>,
    pub recorded_at: DateTime<Utc>,
    pub score: f64,
    /// 0 to 1: the share of the question's words that it holds, rare ones counting more.
    pub share: f64,
    /// The words that matched.
    pub matched: Vec<String>,
    pub parts: Parts,
}

/// What a word is worth that `holding` of `all` texts hold.
pub fn idf(holding: usize, all: usize) -> f64 {
    let (holding, all) = (float(holding), float(all.max(holding)));
    (1.0 + (all - holding + 0.5) / (holding + 0.5)).ln()
}

fn float(count: usize) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX))
}

/// How often a text of `length` holds a word, as BM25 counts it.
fn saturated(count: f64, length: f64, average: f64) -> f64 {
    count * (K1 + 1.0) / (count + K1 * (1.0 - B + B * length / average.max(1.0)))
}

/// A candidate's own words.
#[derive(Default)]
struct Own {
    lexical: f64,
    /// How often it holds each term of the question.
    counts: Vec<f64>,
}

/// Scores rows that share words with the question, and the messages of the sessions they stand in; the best
/// first, of equals the newest.
pub fn rank(question: &Question, rows: &[Indexed], placed: &[Placed], state: SearchState) -> Vec<Scored> {
    let own = own_words(question, rows, state);
    let cited = cited_turns(rows, &own);
    let sessions = sessions(question, rows, placed, &own);
    let known: HashMap<i64, usize> = rows.iter().enumerate().map(|(at, row)| (row.id, at)).collect();
    let speakers = speakers(question, rows, placed);
    let speaker = |name: Option<&str>| name.and_then(|name| speakers.get(name)).copied().unwrap_or(0.0);
    let mut scored: Vec<Scored> = Vec::with_capacity(rows.len() + placed.len());
    let base: Vec<Parts> = placed
        .iter()
        .map(|message| Parts {
            words: question.words_share() * known.get(&message.id).map_or(0.0, |at| own[*at].lexical),
            meaning: question.meaning(message.id),
            facts: message.turn_id.and_then(|turn| cited.get(&turn)).map_or(0.0, |best| FACT * best),
            ..Parts::default()
        })
        .collect();
    for (at, message) in placed.iter().enumerate() {
        let lent = |(steps, share): &(isize, f64)| {
            let other = at.checked_add_signed(*steps)?;
            let same_session = placed.get(other)?.session == message.session;
            same_session.then(|| share * (base[other].words + base[other].meaning + base[other].facts))
        };
        let parts = Parts {
            around: AROUND.iter().filter_map(lent).sum(),
            session: SESSION * sessions.get(&message.session).copied().unwrap_or(0.0),
            speaker: speaker(message.speaker.as_deref()),
            ..base[at]
        };
        let row = known.get(&message.id).map(|at| (&rows[*at], &own[*at]));
        scored.push(one(question, message.place(), row, parts));
    }
    let standing: HashSet<i64> = placed.iter().map(|message| message.id).collect();
    for (row, own) in rows.iter().zip(&own).filter(|(row, _)| !standing.contains(&row.id)) {
        let weight = match row.kind {
            SearchKind::Fact => FACT_WEIGHT,
            SearchKind::Episode => EPISODE_WEIGHT,
            SearchKind::Message => 1.0,
        };
        let parts = Parts {
            words: weight * question.words_share() * own.lexical,
            meaning: weight * question.meaning(row.id),
            speaker: speaker(row.speaker.as_deref()),
            ..Parts::default()
        };
        scored.push(one(question, (row.id, row.kind, row.turn_id, row.recorded_at), Some((row, own)), parts));
    }
    scored.sort_by(|a, b| b.score.total_cmp(&a.score).then(b.id.cmp(&a.id)));
    scored
}

type Place = (i64, SearchKind, Option<TurnId>, DateTime<Utc>);

impl Placed {
    fn place(&self) -> Place {
        (self.id, SearchKind::Message, self.turn_id, self.recorded_at)
    }
}

fn one(question: &Question, place: Place, row: Option<(&Indexed, &Own)>, parts: Parts) -> Scored {
    let (id, kind, turn, recorded_at) = place;
    #[expect(clippy::cast_precision_loss, reason = "an age in seconds is far below 2^52")]
    let age_days = (question.now - recorded_at).num_seconds().max(0) as f64 / 86_400.0;
    let parts = Parts {
        date: DATE * fits(question, recorded_at),
        recency: RECENCY * 0.5_f64.powf(age_days / HALF_LIFE_DAYS),
        ..parts
    };
    let score = parts.words
        + parts.meaning
        + parts.facts
        + parts.around
        + parts.session
        + parts.date
        + parts.speaker
        + parts.recency;
    let asked: f64 = question.terms.iter().map(|term| term.idf).sum();
    let matched: Vec<&Term> = row.map_or(Vec::new(), |(_, own)| {
        question.terms.iter().zip(&own.counts).filter(|(_, count)| **count > 0.0).map(|(term, _)| term).collect()
    });
    let share = matched.iter().map(|term| term.idf).sum::<f64>() / asked.max(f64::MIN_POSITIVE);
    let matched = matched.into_iter().map(|term| term.word.clone()).collect();
    Scored { id, kind, turn, recorded_at, score, share, matched, parts }
}

fn fits(question: &Question, at: DateTime<Utc>) -> f64 {
    if question.named.is_empty() {
        return 0.0;
    }
    let day = at.with_timezone(&question.zone).date_naive();
    question.named.iter().map(|named| named.fits(day)).fold(0.0, f64::max)
}

/// What it counts that somebody wrote a line, by name. Few write many lines.
fn speakers<'a>(question: &Question, rows: &'a [Indexed], placed: &'a [Placed]) -> HashMap<&'a str, f64> {
    let of_rows = rows.iter().filter_map(|row| row.speaker.as_deref());
    let of_placed = placed.iter().filter_map(|message| message.speaker.as_deref());
    let mut speakers = HashMap::new();
    for name in of_rows.chain(of_placed) {
        speakers.entry(name).or_insert_with(|| if names(&question.text, name) { SPEAKER } else { 0.0 });
    }
    speakers
}

/// Whether a text has a name in it: as words of its own, where its script has spaces.
fn names(text: &str, name: &str) -> bool {
    if name.is_empty() || !name.chars().all(|c| c.is_ascii_alphanumeric()) {
        return !name.is_empty() && text.contains(name);
    }
    text.split(|c: char| !c.is_ascii_alphanumeric()).any(|word| word == name)
}

/// BM25 of each row, scaled to the best, and how often it holds each term.
fn own_words(question: &Question, rows: &[Indexed], state: SearchState) -> Vec<Own> {
    let places: HashMap<&str, usize> =
        question.terms.iter().enumerate().map(|(at, term)| (term.word.as_str(), at)).collect();
    #[expect(clippy::cast_precision_loss, reason = "words of a person are far below 2^52")]
    let average = state.length as f64 / (state.entries.max(1) as f64);
    let mut own: Vec<Own> = rows
        .iter()
        .map(|row| {
            let mut counts = vec![0.0; question.terms.len()];
            for word in row.words.split(' ') {
                if let Some(at) = places.get(word) {
                    counts[*at] += 1.0;
                }
            }
            let length = float(usize::try_from(row.length).unwrap_or(0));
            let sum = question.terms.iter().zip(&counts);
            let lexical = sum.map(|(term, count)| term.idf * saturated(*count, length, average)).sum();
            Own { lexical, counts }
        })
        .collect();
    let best = own.iter().map(|one| one.lexical).fold(f64::MIN_POSITIVE, f64::max);
    for one in &mut own {
        one.lexical /= best;
    }
    own
}

/// The best fact that comes from each turn, 0 to 1.
fn cited_turns(rows: &[Indexed], own: &[Own]) -> HashMap<TurnId, f64> {
    let mut cited = HashMap::new();
    for (row, own) in rows.iter().zip(own).filter(|(row, _)| row.kind == SearchKind::Fact) {
        if let Some(turn) = row.turn_id {
            let best: &mut f64 = cited.entry(turn).or_default();
            *best = best.max(own.lexical);
        }
    }
    cited
}

/// What a session is made of.
#[derive(Default)]
struct Session {
    length: f64,
    messages: usize,
    counts: Vec<f64>,
}

/// BM25 of each session as one text, scaled to the best; nothing where no session has two messages.
fn sessions(question: &Question, rows: &[Indexed], placed: &[Placed], own: &[Own]) -> HashMap<i64, f64> {
    // In order, so that sums of floating-point numbers come out alike on every run.
    let mut sessions: BTreeMap<i64, Session> = BTreeMap::new();
    for message in placed {
        let session = sessions.entry(message.session).or_default();
        session.length += float(usize::try_from(message.length).unwrap_or(0));
        session.messages += 1;
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
    scores.into_iter().map(|(id, score)| (id, score / best)).collect()
}
