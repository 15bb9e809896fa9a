//! Finds the memories that bear on a text: rows that share words with it, the messages of the sessions they
//! stand in, and what was said on a day that it names.

use chrono::{DateTime, NaiveDate, Utc};
use chrono_tz::Tz;
use serde::Serialize;
use std::{
    collections::{BTreeMap, HashMap, HashSet},
    time::Duration,
};
use uuid::Uuid;

use super::{
    Rules, dates,
    embed::{Embedder, Purpose, cosine},
    score::{self, Parts, Question, Scored, Term},
    segment::query_words,
};
use crate::{
    ids::{ConversationId, TurnId, UserId},
    store::{Db, Fact, Indexed, Posting, SearchKind, SearchState, SearchText, StoreError},
};

/// Rows that are looked at closely, those with the rarest words first.
const CANDIDATES: usize = 200;

/// Words of a question that are looked up, the first ones of a long text.
const MAX_WORDS: usize = 160;

/// Sessions whose messages are ranked: those with the best rows, those that facts come from, and those of a day
/// that is named.
const SESSIONS: usize = 32;
const SESSIONS_CITED: usize = 16;
const SESSIONS_NAMED: i64 = 16;

/// Spans of days that are looked into.
const MAX_SPANS: usize = 6;

/// How long the vector of a question is waited for: words are enough.
const EMBED_WITHIN: Duration = Duration::from_secs(2);

/// Vectors that are looked through at once, about a megabyte.
const VECTORS_AT_ONCE: usize = 2_048;

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
    /// The sum of `parts`.
    pub score: f64,
    /// 0 to 1: the share of the question's words that it holds, rare ones counting more.
    pub share: f64,
    /// The words that matched.
    pub matched: Vec<String>,
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
        let day = self.recorded_at.with_timezone(&zone).format("%Y-%m-%d");
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
    let ranked = ranked(library, ask).await?;
    let best = ranked.first().map_or(0.0, |one| one.score);
    let mut filling = Filling::default();
    for chunk in ranked.chunks(CHUNK) {
        let ids: Vec<i64> = chunk.iter().map(|one| one.id).collect();
        let texts = db.search_texts(ask.user, &ids).await?;
        let mut texts: HashMap<i64, SearchText> = texts.into_iter().map(|text| (text.id, text)).collect();
        for one in chunk {
            if filling.is_done(ask) || (ask.room.is_some() && one.score < best * FLOOR) {
                return Ok(filling.lines);
            }
            if let Some(text) = texts.remove(&one.id) {
                let line = recalled(one, text);
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

fn recalled(one: &Scored, text: SearchText) -> Recalled {
    Recalled {
        kind: one.kind,
        id: text.ref_id,
        key: text.key,
        text: text.text,
        score: one.score,
        share: one.share,
        matched: one.matched.clone(),
        parts: one.parts,
        turn: one.turn,
        conversation: text.conversation_id,
        said_by: text.from.or(text.role),
        pinned: false,
        recorded_at: one.recorded_at,
    }
}

/// Everything that bears on a question, best first.
async fn ranked(library: &Library<'_>, ask: &Ask<'_>) -> Result<Vec<Scored>, StoreError> {
    let &Library { db, now, state, .. } = library;
    let mut words = query_words(ask.text);
    words.truncate(MAX_WORDS);
    let today = now.with_timezone(&ask.zone).date_naive();
    let named = dates::named_in(ask.text, today);
    let near = near(library, ask).await?;
    if (words.is_empty() && named.is_empty() && near.is_empty()) || state.entries == 0 {
        return Ok(Vec::new());
    }
    let postings = db.postings(ask.user, &words).await?;
    let entries = usize::try_from(state.entries).unwrap_or(0);
    let terms: Vec<Term> = postings
        .iter()
        .map(|posting| Term { word: posting.word.clone(), idf: score::idf(posting.rows.len(), entries) })
        .collect();
    let held = held(&postings, &terms);
    let mut chosen = candidates(&held);
    chosen.extend(nearest(&near));
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
    let question = Question { terms, named, near, text: ask.text.to_lowercase(), now, zone: ask.zone };
    Ok(score::rank(&question, &rows, &placed, state))
}

/// How near each row is in what it means, from 0 for the farthest to 1 for the nearest; nothing without an embedder,
/// and nothing where no row is near at all.
async fn near(library: &Library<'_>, ask: &Ask<'_>) -> Result<HashMap<i64, f64>, StoreError> {
    let Some(embedder) = library.embedder else { return Ok(HashMap::new()) };
    let text = [ask.text.to_owned()];
    let query = match tokio::time::timeout(EMBED_WITHIN, embedder.embed(&text, Purpose::Query)).await {
        Ok(Ok(mut vectors)) if vectors.len() == 1 => vectors.remove(0),
        Ok(Ok(_)) | Err(_) => return Ok(HashMap::new()),
        Ok(Err(error)) => {
            tracing::warn!(error = &error as &dyn std::error::Error, "memory is searched by words alone");
            return Ok(HashMap::new());
        }
    };
    let dims = i64::try_from(query.len()).unwrap_or(i64::MAX);
    let (mut cosines, mut after): (Vec<(i64, f64)>, i64) = (Vec::new(), i64::MIN);
    loop {
        let vectors = library.db.vectors(ask.user, embedder.model(), dims, after, VECTORS_AT_ONCE).await?;
        let known = cosines.len();
        cosines.extend(vectors.iter().map(|(row, data)| (row, cosine(data, &query))));
        match cosines.last() {
            Some((row, _)) if cosines.len() - known == VECTORS_AT_ONCE => after = *row,
            _ => break,
        }
    }
    let (least, most) =
        cosines.iter().fold((f64::MAX, f64::MIN), |(least, most), (_, one)| (least.min(*one), most.max(*one)));
    if most < embedder.nearest_from() {
        return Ok(HashMap::new());
    }
    let width = (most - least).max(f64::MIN_POSITIVE);
    Ok(cosines.into_iter().map(|(row, one)| (row, (one - least) / width)).collect())
}

/// The rows that are nearest; of equals the newest.
fn nearest(near: &HashMap<i64, f64>) -> Vec<i64> {
    best_of(near.iter().map(|(row, near)| (*row, *near)), CANDIDATES)
}

/// Whether something is known already: a message of these turns, or their summary. A fact is shorter than what it
/// comes from, and stays.
fn known(ask: &Ask<'_>, turn: Option<TurnId>, kind: SearchKind) -> bool {
    kind != SearchKind::Fact && turn.is_some_and(|turn| ask.except.contains(&turn))
}

/// The rows that hold the most of the question, rare words counting more; of equals the newest.
fn candidates(held: &HashMap<i64, f64>) -> Vec<i64> {
    best_of(held.iter().map(|(row, worth)| (*row, *worth)), CANDIDATES)
}

/// What the words that each row holds are worth together.
fn held(postings: &[Posting], terms: &[Term]) -> HashMap<i64, f64> {
    let mut sums: HashMap<i64, f64> = HashMap::new();
    for (posting, term) in postings.iter().zip(terms) {
        for row in &posting.rows {
            *sums.entry(*row).or_default() += term.idf;
        }
    }
    sums
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
fn best_sessions(rows: &[Indexed], held: &HashMap<i64, f64>, near: &HashMap<i64, f64>) -> Vec<i64> {
    let most = held.values().copied().fold(1.0, f64::max);
    let mut sums: BTreeMap<i64, f64> = BTreeMap::new();
    for row in rows {
        let Some(session) = row.session else { continue };
        let worth = held.get(&row.id).copied().unwrap_or(0.0);
        // A row with twice the words is worth more than two rows.
        let near = near.get(&row.id).map_or(0.0, |near| near * most);
        *sums.entry(session).or_default() += worth.powi(2) + near.powi(2);
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
