//! Words of the rows that fit a question best, and that few other candidates hold, say what the matter is about in words
//! that the question has not: where "the trip" finds 成都, other rows with 成都 are likelier to be about that trip. This
//! orders candidates after the first ones; those the question's own words and meaning found best, and what others are
//! like is no reason to come before them.

use std::collections::{BTreeMap, HashMap};

use super::{Own, Question, Weights, float, idf, saturated};
use crate::store::Indexed;

/// Rows whose words are asked, and how many of their words.
const ROWS: usize = 3;
const WORDS: usize = 5;

/// Of all candidates, the share that may hold such a word: what most of them hold tells none from the others.
const COMMON: f64 = 0.4;

/// How much each row is like the best ones in words that were not asked, 0 to 1, by the place of the row.
pub fn likeness(question: &Question, rows: &[Indexed], own: &[Own], weights: Weights, average: f64) -> Vec<f64> {
    let worth = |at: usize| weights.words * own[at].lexical + weights.meaning * question.near.of(rows[at].id);
    let mut best: Vec<usize> = (0..rows.len()).collect();
    // Of equals the newest.
    best.sort_by(|a, b| worth(*b).total_cmp(&worth(*a)).then(b.cmp(a)));
    best.truncate(ROWS);
    let mut words = held_by(rows, &best, worth);
    words.retain(|word, _| question.terms.iter().all(|term| term.word != *word));
    let words = telling(rows, words);
    let mut likeness: Vec<f64> = rows
        .iter()
        .map(|row| {
            let (mut counts, length) = (vec![0.0; words.len()], super::words(row.length));
            for word in row.words.split(' ') {
                if let Some(at) = words.iter().position(|(known, _)| *known == word) {
                    counts[at] += 1.0;
                }
            }
            words.iter().zip(counts).map(|((_, worth), count)| worth * saturated(count, length, average)).sum()
        })
        .collect();
    let most = likeness.iter().copied().fold(f64::MIN_POSITIVE, f64::max);
    for one in &mut likeness {
        *one /= most;
    }
    likeness
}

/// The words of rows, each with what it is worth to them. In order, so that sums come out alike on every run.
fn held_by<'a>(rows: &'a [Indexed], best: &[usize], worth: impl Fn(usize) -> f64) -> BTreeMap<&'a str, f64> {
    let mut words = BTreeMap::new();
    for at in best {
        let each = worth(*at) / super::words(rows[*at].length).max(1.0);
        for word in rows[*at].words.split(' ').filter(|word| !word.is_empty()) {
            *words.entry(word).or_insert(0.0) += each;
        }
    }
    words
}

/// Of some words those that tell one candidate from the others best, each with what it is worth. One that a single
/// row holds leads to no other.
fn telling<'a>(rows: &'a [Indexed], words: BTreeMap<&'a str, f64>) -> Vec<(&'a str, f64)> {
    // How many rows hold a word, and the last one that was seen to.
    let mut holding: HashMap<&str, (usize, usize)> = words.keys().map(|word| (*word, (0, usize::MAX))).collect();
    for (at, row) in rows.iter().enumerate() {
        for word in row.words.split(' ') {
            if let Some((count, last)) = holding.get_mut(word)
                && *last != at
            {
                (*count, *last) = (*count + 1, at);
            }
        }
    }
    let most = (COMMON * float(rows.len())).max(2.0);
    let mut telling: Vec<(&str, f64)> = words
        .into_iter()
        .map(|(word, worth)| (word, worth, holding[word].0))
        .filter(|(.., count)| *count > 1 && float(*count) <= most)
        .map(|(word, worth, count)| (word, worth * idf(count, rows.len())))
        .collect();
    telling.sort_by(|a, b| b.1.total_cmp(&a.1));
    telling.truncate(WORDS);
    telling
}
