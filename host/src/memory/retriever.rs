//! Finds the memories that bear on a text: rows that share words with it, the messages of the sessions they
//! stand in, and what was said on a day that it names.

mod near;

use chrono::{DateTime, NaiveDate, Utc};
use chrono_tz::Tz;
use serde::Serialize;
use std::collections::{BTreeMap, HashMap, HashSet};
use uuid::Uuid;

use super::{
    Rules, dates,
    embed::Embedder,
    score::{self, Near, Parts, Question, Scored, Term},
    segment::query_words,
};
use crate::{
    ids::{ConversationId, TurnId, UserId},
    store::{Db, Fact, Indexed, Posting, SearchKind, SearchState, SearchText, StoreError},
};

/// Rows that are looked at closely, those with the rarest words first.
const CANDIDATES: usize = 160;

/// Words of a question that are looked up, the first ones of a long text.
const MAX_WORDS: usize = 160;

/// Sessions whose messages are ranked: those with the best rows, those that facts come from, and those of a day
/// that is named.
const SESSIONS: usize = 24;
const SESSIONS_CITED: usize = 16;
const SESSIONS_NAMED: i64 = 16;

/// Spans of days that are looked into.
const MAX_SPANS: usize = 6;

/// Texts that are read at once while a room is filled.
const CHUNK: usize = 40;

/// Tokens that no line is shorter than, and how many lines in a row may be too long for what is left of a room:
/// the next ones are hardly shorter.
const SHORTEST: u32 = 12;
const TOO_LONG: usize = 8;

/// A line with less than this share of the best line's score says nothing more about the question.
const FLOOR: f64 = 0.12;

/// How many tokens a line takes.
pub type CountTokens = fn(&str) -> u32;

/// What memory is asked for.
#[derive(Clone, Copy, Debug)]
pub struct Ask<'a> {
    pub user: UserId,
    pub text: &'a str,
    /// Where days begin and end for this person.
    pub zone: Tz,
    /// Lines at most.
    pub limit: usize,
    /// Tokens that the lines may take together, and what counts those of one.
    pub room: Option<(u32, CountTokens)>,
    /// Turns that are known already.
    pub except: &'a [TurnId],
}

impl Ask<'_> {
    /// What tells this question from others, at a version of the index and under rules.
    pub fn fingerprint(&self, now: DateTime<Utc>, version: i64, rules: &Rules) -> [u8; 32] {
        let day = now.with_timezone(&self.zone).date_naive();
        let room = self.room.map(|(tokens, _)| tokens);
        let Self { user, text, limit, except, .. } = self;
        let whole = format!("{user} {version} {day} {limit} {room:?} {except:?} {rules:?} {text}");
        *blake3::hash(whole.as_bytes()).as_bytes()
    }
}

/// A memory that was found, and why.
#[derive(Clone, Debug, Serialize)]
pub struct Recalled {
    pub kind: SearchKind,
    pub id: Uuid,
    /// Key of a fact; empty otherwise.
    pub key: String,
    pub text: String,
    /// The sum of `parts`, but for `alike`.
    pub score: f64,
    /// 0 to 1: the share of the question's words that it holds, rare ones counting more.
    pub share: f64,
    /// The words that matched.
    pub matched: Vec<String>,
    /// 0 to 1: how near it is to the question in what it means, beside everything else that is remembered.
    pub near: f64,
    pub parts: Parts,
    /// The turn that it was said in, or comes from.
    pub turn: Option<TurnId>,
    /// The conversation of a message.
    pub conversation: Option<ConversationId>,
    /// "user", "assistant" or a name, for a message.
    pub said_by: Option<String>,
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
            share: 0.0,
            matched: Vec::new(),
            near: 0.0,
            parts: Parts::default(),
            turn: fact.source_turn_id,
            conversation: None,
            said_by: None,
            pinned: true,
            recorded_at: fact.recorded_at,
        }
    }

    /// The memory as a line of a prompt: its day, who said it, and what.
    pub fn line(&self, zone: Tz) -> String {
        let day = self.recorded_at.with_timezone(&zone).date_naive();
        match &self.said_by {
            Some(who) => format!("[{day}] {who}: {}", self.text),
            None => format!("[{day}] {}", self.text),
        }
    }
}

/// The lines of a prompt: facts first, then what was said, conversation by conversation, all in the order of time.
pub fn told_in_order(memories: &[Recalled], zone: Tz) -> Vec<String> {
    let mut begins: HashMap<Option<ConversationId>, DateTime<Utc>> = HashMap::new();
    for one in memories {
        let begin = begins.entry(one.conversation).or_insert(one.recorded_at);
        *begin = one.recorded_at.min(*begin);
    }
    let mut lines: Vec<&Recalled> = memories.iter().collect();
    lines.sort_by_key(|one| {
        (
            one.conversation.is_some(),
            begins[&one.conversation],
            one.conversation.map(|id| id.0),
            one.recorded_at,
            one.id,
        )
    });
    lines.into_iter().map(|one| one.line(zone)).collect()
}

/// Where memories are looked for.
#[derive(Debug)]
pub struct Library<'a> {
    pub db: &'a Db,
    pub embedder: Option<&'a dyn Embedder>,
    pub now: DateTime<Utc>,
    pub state: SearchState,
    /// What may be brought.
    pub rules: &'a Rules,
}

/// The memories that bear on a question, best first.
pub async fn recall(library: &Library<'_>, ask: &Ask<'_>) -> Result<Vec<Recalled>, StoreError> {
    let db = library.db;
    let (mut ranked, terms) = ranked(library, ask).await?;
    if ask.room.is_some() {
        // What others are like makes no line worth its tokens.
        let least = FLOOR * ranked.first().map_or(0.0, |one| one.score);
        ranked.retain(|one| one.score >= least);
    }
    let mut filling = Filling::default();
    for chunk in ranked.chunks(CHUNK) {
        let ids: Vec<i64> = chunk.iter().map(|one| one.id).collect();
        let texts = db.search_texts(ask.user, &ids).await?;
        let mut texts: HashMap<i64, SearchText> = texts.into_iter().map(|text| (text.id, text)).collect();
        for one in chunk {
            if filling.is_done(ask) {
                return Ok(filling.lines);
            }
            if let Some(text) = texts.remove(&one.id) {
                let line = recalled(one, &terms, text);
                if library.rules.allows(&line) {
                    filling.add(ask, line);
                }
            }
        }
    }
    Ok(filling.lines)
}

/// Lines as they are taken.
#[derive(Default)]
struct Filling {
    lines: Vec<Recalled>,
    tokens: u32,
    texts: HashSet<String>,
    /// Turns of which a message is among the lines.
    told: HashSet<TurnId>,
    /// Lines that did not fit since one did.
    too_long: usize,
}

impl Filling {
    /// Whether nothing more is to be taken.
    fn is_done(&self, ask: &Ask<'_>) -> bool {
        let full = ask.room.is_some_and(|(room, _)| self.tokens + SHORTEST > room);
        full || self.too_long == TOO_LONG || self.lines.len() == ask.limit
    }

    /// Takes a line, unless it is known, said already, or does not fit; a shorter one may then.
    fn add(&mut self, ask: &Ask<'_>, line: Recalled) {
        let told = |turn: TurnId| line.kind == SearchKind::Episode && self.told.contains(&turn);
        if line.text.is_empty() || line.turn.is_some_and(told) || self.texts.contains(&line.text) {
            return;
        }
        if let Some((room, count)) = ask.room {
            let tokens = self.tokens.saturating_add(count(&line.line(ask.zone)));
            if tokens > room {
                self.too_long += 1;
                return;
            }
            (self.tokens, self.too_long) = (tokens, 0);
        }
        self.texts.insert(line.text.clone());
        if line.kind == SearchKind::Message {
            self.told.extend(line.turn);
        }
        self.lines.push(line);
    }
}

fn recalled(one: &Scored, terms: &[Term], text: SearchText) -> Recalled {
    Recalled {
        kind: one.kind,
        id: text.ref_id,
        key: text.key,
        text: text.text,
        score: one.score,
        share: one.share,
        matched: one.matched.iter().map(|at| terms[*at].word.clone()).collect(),
        near: one.near,
        parts: one.parts,
        turn: one.turn,
        conversation: text.conversation_id,
        said_by: text.from.or(text.role),
        pinned: false,
        recorded_at: one.recorded_at,
    }
}

/// Everything that bears on a question, best first, and the words that were looked for.
async fn ranked(library: &Library<'_>, ask: &Ask<'_>) -> Result<(Vec<Scored>, Vec<Term>), StoreError> {
    let &Library { db, now, state, .. } = library;
    let mut words = query_words(ask.text);
    words.truncate(MAX_WORDS);
    let today = now.with_timezone(&ask.zone).date_naive();
    let named = dates::named_in(ask.text, today);
    let near = near::rows(library, ask).await?;
    if (words.is_empty() && named.is_empty() && near.is_empty()) || state.entries == 0 {
        return Ok((Vec::new(), Vec::new()));
    }
    let postings = db.postings(ask.user, &words).await?;
    let entries = usize::try_from(state.entries).unwrap_or(0);
    let terms: Vec<Term> = postings
        .iter()
        .map(|posting| Term { word: posting.word.clone(), idf: score::idf(posting.rows.len(), entries) })
        .collect();
    let held = held(&postings, &terms);
    let mut chosen = best_of(held.iter().copied(), CANDIDATES);
    chosen.extend(best_of(near.iter(), CANDIDATES));
    let mut rows = db.indexed(ask.user, &chosen, library.now).await?;
    let mut sessions = best_sessions(&rows, &held, &near);
    sessions.extend(db.sessions_with(ask.user, &cited(&rows)).await?);
    for span in named.iter().flat_map(|named| named.days(today)).take(MAX_SPANS) {
        sessions.extend(db.sessions_between(ask.user, moments(span, ask.zone), SESSIONS_NAMED).await?);
    }
    sessions.sort_unstable();
    sessions.dedup();
    let mut placed = db.sessions_of(ask.user, &sessions).await?;
    rows.retain(|row| !known(ask, row.turn_id, row.kind));
    placed.retain(|message| !known(ask, message.turn_id, SearchKind::Message));
    let (text, when) = (ask.text.to_lowercase(), dates::asks_when(ask.text));
    let question = Question { terms, named, near, text, when, now, zone: ask.zone };
    let scored = score::rank(&question, &rows, &placed, state);
    Ok((scored, question.terms))
}

/// Whether something is known already: a message of these turns, or their summary. A fact is shorter than what it
/// comes from, and stays.
fn known(ask: &Ask<'_>, turn: Option<TurnId>, kind: SearchKind) -> bool {
    kind != SearchKind::Fact && turn.is_some_and(|turn| ask.except.contains(&turn))
}

/// What the words that each row holds are worth together, by rows. Lists of rows that grow are merged, the shortest
/// ones first: a common word of a long history is in tens of thousands of rows, and a table of them takes longer
/// than all the rest.
fn held(postings: &[Posting], terms: &[Term]) -> Vec<(i64, f64)> {
    let mut lists: Vec<(&Posting, &Term)> = postings.iter().zip(terms).collect();
    lists.sort_by_key(|(posting, _)| posting.rows.len());
    lists.into_iter().fold(Vec::new(), |held, (posting, term)| merged(&held, &posting.rows, term.idf))
}

/// Rows with what they are worth, and more rows that are each worth `idf`, in the order of rows.
fn merged(held: &[(i64, f64)], rows: &[i64], idf: f64) -> Vec<(i64, f64)> {
    let mut both = Vec::with_capacity(held.len() + rows.len());
    let mut held = held.iter().copied().peekable();
    for row in rows {
        while let Some(before) = held.next_if(|(other, _)| other < row) {
            both.push(before);
        }
        let worth = held.next_if(|(other, _)| other == row).map_or(0.0, |(_, worth)| worth);
        both.push((*row, worth + idf));
    }
    both.extend(held);
    both
}

/// The `count` best by their worth; of equals the newest.
fn best_of(rows: impl Iterator<Item = (i64, f64)>, count: usize) -> Vec<i64> {
    let mut rows: Vec<(i64, f64)> = rows.collect();
    let better = |a: &(i64, f64), b: &(i64, f64)| b.1.total_cmp(&a.1).then(b.0.cmp(&a.0));
    if rows.len() > count {
        rows.select_nth_unstable_by(count, better);
        rows.truncate(count);
    }
    rows.sort_unstable_by(better);
    rows.into_iter().map(|(row, _)| row).collect()
}

/// The sessions whose candidates hold the most of the question.
fn best_sessions(rows: &[Indexed], held: &[(i64, f64)], near: &Near) -> Vec<i64> {
    let most = held.iter().map(|(_, worth)| *worth).fold(1.0, f64::max);
    let mut sums: BTreeMap<i64, f64> = BTreeMap::new();
    for row in rows {
        let Some(session) = row.session else { continue };
        let worth = held.binary_search_by_key(&row.id, |(row, _)| *row).map_or(0.0, |at| held[at].1);
        // A row with twice the words is worth more than two rows.
        *sums.entry(session).or_default() += worth.powi(2) + (near.of(row.id) * most).powi(2);
    }
    best_of(sums.into_iter(), SESSIONS)
}

/// The turns that facts among the rows come from.
fn cited(rows: &[Indexed]) -> Vec<TurnId> {
    let facts = rows.iter().filter(|row| row.kind == SearchKind::Fact);
    facts.filter_map(|row| row.turn_id).take(SESSIONS_CITED).collect()
}

/// From the beginning of the first day to the end of the last.
fn moments((from, to): (NaiveDate, NaiveDate), zone: Tz) -> (DateTime<Utc>, DateTime<Utc>) {
    (dates::first_moment(zone, from), dates::first_moment(zone, to.succ_opt().unwrap_or(to)))
}
