//! How well each candidate answers a question. The score is a sum of parts, each scaled to the best of its
//! kind, so that a trace shows why something was remembered.

mod feedback;
mod near;
mod sessions;

pub use near::Near;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use serde::Serialize;
use std::collections::HashMap;

use super::dates::{self, Named};
use crate::{
    ids::TurnId,
    store::{Indexed, Placed, SearchKind, SearchState},
};

/// BM25: how soon more of the same word stops to count, and how much a long text is held against it.
const K1: f64 = 1.0;
const B: f64 = 0.65;

/// How much more a row counts that holds the whole question: one that holds all of its words is nearer to it than
/// one that repeats the rarest.
const COVERAGE: f64 = 1.0;

/// What each part counts, as a share of the best match of words.
const FACT: f64 = 0.5;
const SESSION: f64 = 0.5;
const DATE: f64 = 0.7;
const WHEN: f64 = 0.2;
const SPEAKER: f64 = 0.25;
const RECENCY: f64 = 0.02;
const ALIKE: f64 = 0.3;

/// Rows that come first whatever others are like.
const FIRST: usize = 10;

/// What a message before or after lends, by how far it is away: an answer stands near its question.
const AROUND: [(isize, f64); 4] = [(-1, 0.35), (1, 0.25), (-2, 0.15), (2, 0.1)];

/// What the meaning counts beside the words where some row holds the whole question, and how much more where none
/// holds any of it: words that are met say what is sought, and an embedder is needed the more the fewer they are.
const MEANING: f64 = 0.2;
const MEANING_ALONE: f64 = 0.5;

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
    pub near: Near,
    /// In lower case, for the names of speakers.
    pub text: String,
    /// Whether it asks for a time.
    pub when: bool,
    pub now: DateTime<Utc>,
    pub zone: Tz,
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
    /// It tells a time, and one is asked for.
    pub when: f64,
    pub speaker: f64,
    pub recency: f64,
    /// Words that it shares with the best ones and not with the question. It is no part of the score: it orders what
    /// comes after the first ten.
    pub alike: f64,
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
    /// Which terms of the question it holds.
    pub matched: Vec<usize>,
    /// 0 to 1: how near it is in what it means.
    pub near: f64,
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

/// A length as the store has it.
fn words(length: i64) -> f64 {
    float(usize::try_from(length).unwrap_or(0))
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
    /// 0 to 1: the share of the question's words that it holds, rare ones counting more.
    share: f64,
    /// Whether it names a time where one is asked for.
    tells_when: bool,
}

/// What words and meaning count beside each other.
#[derive(Clone, Copy)]
struct Weights {
    words: f64,
    meaning: f64,
}

impl Weights {
    fn of(question: &Question, own: &[Own]) -> Self {
        if question.near.is_empty() {
            return Self { words: 1.0, meaning: 0.0 };
        }
        let share = own.iter().map(|one| one.share).fold(0.0, f64::max);
        let meaning = MEANING + MEANING_ALONE * (1.0 - share);
        Self { words: 1.0 - meaning, meaning }
    }
}

/// Scores rows that share words with the question, which grow by their number, and the messages of the sessions they
/// stand in; the best first, of equals the newest. What comes after the first few is ordered by what it has in common
/// with them, too.
pub fn rank(question: &Question, rows: &[Indexed], placed: &[Placed], state: SearchState) -> Vec<Scored> {
    let own = own_words(question, rows, state);
    let weights = Weights::of(question, &own);
    let cited = cited_turns(rows, &own);
    let sessions = sessions::scores(question, rows, placed, &own);
    let mut speakers = Speakers { question, known: Vec::new() };
    let mut stands = vec![false; rows.len()];
    let own_of = |message: &Placed| rows.binary_search_by_key(&message.id, |row| row.id).ok();
    let known: Vec<Option<usize>> = placed.iter().map(own_of).collect();
    let base: Vec<Parts> = placed
        .iter()
        .zip(&known)
        .map(|(message, known)| Parts {
            words: weights.words * known.map_or(0.0, |at| own[at].lexical),
            meaning: weights.meaning * question.near.of(message.id),
            facts: message.turn_id.and_then(|turn| cited.get(&turn)).map_or(0.0, |best| FACT * best),
            ..Parts::default()
        })
        .collect();
    let mut scored: Vec<Scored> = Vec::with_capacity(rows.len() + placed.len());
    for (at, message) in placed.iter().enumerate() {
        let lent = |(steps, share): &(isize, f64)| {
            let other = at.checked_add_signed(*steps)?;
            let same_session = placed.get(other)?.session == message.session;
            same_session.then(|| share * (base[other].words + base[other].meaning + base[other].facts))
        };
        let parts = Parts {
            around: AROUND.iter().filter_map(lent).sum(),
            session: SESSION * sessions.get(&message.session).copied().unwrap_or(0.0),
            speaker: speakers.count(message.speaker.as_deref()),
            ..base[at]
        };
        if let Some(row) = known[at] {
            stands[row] = true;
        }
        scored.push(one(question, message.place(), known[at].map(|row| &own[row]), parts));
    }
    for ((row, own), _) in rows.iter().zip(&own).zip(stands).filter(|(_, stands)| !stands) {
        let weight = match row.kind {
            SearchKind::Fact => FACT_WEIGHT,
            SearchKind::Episode => EPISODE_WEIGHT,
            SearchKind::Message => 1.0,
        };
        let parts = Parts {
            words: weight * weights.words * own.lexical,
            meaning: weight * weights.meaning * question.near.of(row.id),
            speaker: speakers.count(row.speaker.as_deref()),
            ..Parts::default()
        };
        scored.push(one(question, (row.id, row.kind, row.turn_id, row.recorded_at), Some(own), parts));
    }
    sort(&mut scored);
    if scored.len() > FIRST {
        let rest = &mut scored[FIRST..];
        let alike = feedback::likeness(question, rows, &own, weights, average(state));
        for one in &mut *rest {
            if let Ok(row) = rows.binary_search_by_key(&one.id, |row| row.id) {
                one.parts.alike = ALIKE * alike[row];
            }
        }
        sort(rest);
    }
    scored
}

/// The best first, of equals the newest.
fn sort(scored: &mut [Scored]) {
    // No two have one id.
    let worth = |one: &Scored| one.score + one.parts.alike;
    scored.sort_unstable_by(|a, b| worth(b).total_cmp(&worth(a)).then(b.id.cmp(&a.id)));
}

/// Words of a row, on average.
fn average(state: SearchState) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "words of a person are far below 2^52")]
    let (words, rows) = (state.length as f64, state.entries.max(1) as f64);
    words / rows
}

type Place = (i64, SearchKind, Option<TurnId>, DateTime<Utc>);

impl Placed {
    fn place(&self) -> Place {
        (self.id, SearchKind::Message, self.turn_id, self.recorded_at)
    }
}

fn one(question: &Question, place: Place, own: Option<&Own>, parts: Parts) -> Scored {
    let (id, kind, turn, recorded_at) = place;
    #[expect(clippy::cast_precision_loss, reason = "an age in seconds is far below 2^52")]
    let age_days = (question.now - recorded_at).num_seconds().max(0) as f64 / 86_400.0;
    let parts = Parts {
        date: DATE * fits(question, recorded_at),
        when: if own.is_some_and(|own| own.tells_when) { WHEN } else { 0.0 },
        recency: RECENCY * 0.5_f64.powf(age_days / HALF_LIFE_DAYS),
        ..parts
    };
    let score = parts.words
        + parts.meaning
        + parts.facts
        + parts.around
        + parts.session
        + parts.date
        + parts.when
        + parts.speaker
        + parts.recency;
    let holds =
        |own: &Own| own.counts.iter().enumerate().filter(|(_, count)| **count > 0.0).map(|(at, _)| at).collect();
    let (share, matched) = own.map_or((0.0, Vec::new()), |own| (own.share, holds(own)));
    let near = question.near.of(id);
    Scored { id, kind, turn, recorded_at, score, share, matched, near, parts }
}

fn fits(question: &Question, at: DateTime<Utc>) -> f64 {
    if question.named.is_empty() {
        return 0.0;
    }
    let day = at.with_timezone(&question.zone).date_naive();
    question.named.iter().map(|named| named.fits(day)).fold(0.0, f64::max)
}

/// What it counts that somebody wrote a line, by name. Few write many lines.
struct Speakers<'a> {
    question: &'a Question,
    known: Vec<(&'a str, f64)>,
}

impl<'a> Speakers<'a> {
    fn count(&mut self, name: Option<&'a str>) -> f64 {
        let Some(name) = name else { return 0.0 };
        if let Some((_, counts)) = self.known.iter().find(|(known, _)| *known == name) {
            return *counts;
        }
        let counts = if names(&self.question.text, name) { SPEAKER } else { 0.0 };
        self.known.push((name, counts));
        counts
    }
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
    // Most words of a row are none of the question: a few comparisons tell sooner than a hash.
    let mut places: Vec<(&str, usize)> =
        question.terms.iter().enumerate().map(|(at, term)| (term.word.as_str(), at)).collect();
    places.sort_unstable();
    let average = average(state);
    let asked = question.terms.iter().map(|term| term.idf).sum::<f64>().max(f64::MIN_POSITIVE);
    let mut own: Vec<Own> = rows
        .iter()
        .map(|row| {
            let (mut counts, mut tells_when) = (vec![0.0; question.terms.len()], false);
            for word in row.words.split(' ') {
                if let Ok(place) = places.binary_search_by_key(&word, |(word, _)| word) {
                    counts[places[place].1] += 1.0;
                }
                tells_when |= question.when && dates::tells_when(word);
            }
            let length = words(row.length);
            let held = || question.terms.iter().zip(&counts).filter(|(_, count)| **count > 0.0);
            let share = held().map(|(term, _)| term.idf).sum::<f64>() / asked;
            let lexical: f64 = held().map(|(term, count)| term.idf * saturated(*count, length, average)).sum();
            Own { lexical: lexical * (1.0 + COVERAGE * share), counts, share, tells_when }
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
