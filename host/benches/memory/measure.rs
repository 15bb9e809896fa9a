//! What a ranking is worth: how much of the evidence is among the first turns, and among those that fit into
//! some tokens.

use skillet::gateway::count_tokens;
use std::collections::{BTreeMap, HashSet};

use crate::data::{History, Question};

/// Tokens of memory in a prompt.
const ROOMS: [u32; 4] = [500, 1_000, 1_400, 2_000];

/// A history as it is measured.
pub struct Measured {
    /// Each turn's tokens as it stands in a prompt, and the number of its session.
    turns: Vec<(u32, usize)>,
    numbers: BTreeMap<String, usize>,
}

/// Means over questions, by the name of the measure.
#[derive(Default)]
pub struct Means(BTreeMap<String, (f64, usize)>);

impl Means {
    pub fn add(&mut self, name: impl Into<String>, value: f64) {
        let (sum, count) = self.0.entry(name.into()).or_default();
        *sum += value;
        *count += 1;
    }

    pub fn all(&self) -> impl Iterator<Item = (&str, f64, usize)> {
        self.0.iter().map(|(name, (sum, count))| (name.as_str(), sum / float(*count), *count))
    }
}

#[expect(clippy::cast_precision_loss, reason = "a few thousand")]
pub fn float(count: usize) -> f64 {
    count as f64
}

impl Measured {
    pub fn new(history: &History) -> Self {
        let (mut turns, mut numbers) = (Vec::new(), BTreeMap::new());
        for (number, session) in history.sessions.iter().enumerate() {
            for turn in &session.turns {
                let reply = turn.reply.as_ref().map(|reply| format!("\n{reply}")).unwrap_or_default();
                let shown = format!("[{}] {}: {}{reply}", session.time, turn.who, turn.text);
                numbers.insert(turn.id.clone(), turns.len());
                turns.push((count_tokens(&shown), number));
            }
        }
        Self { turns, numbers }
    }

    pub fn tokens(&self) -> u32 {
        self.turns.iter().map(|(tokens, _)| tokens).sum()
    }

    /// The share of a question's slots that some turns fill.
    pub fn held(&self, question: &Question, turns: &HashSet<usize>) -> f64 {
        let fills = |id: &String| self.numbers.get(id).is_some_and(|turn| turns.contains(turn));
        let filled = question.evidence.iter().filter(|slot| slot.iter().any(fills)).count();
        float(filled) / float(question.evidence.len())
    }

    /// Adds what the turns in this order are worth for a question.
    pub fn judge(&self, question: &Question, order: &[usize], means: &mut Means) {
        let rank_of = |turn: &usize| order.iter().position(|one| one == turn).unwrap_or(usize::MAX);
        let turns_of =
            |slot: &Vec<String>| slot.iter().filter_map(|id| self.numbers.get(id)).copied().collect::<Vec<_>>();
        let slots: Vec<Vec<usize>> = question.evidence.iter().map(turns_of).collect();
        let ranks: Vec<usize> = slots.iter().map(|slot| slot.iter().map(rank_of).min().unwrap_or(usize::MAX)).collect();
        let within = |first: usize| float(ranks.iter().filter(|rank| **rank < first).count()) / float(ranks.len());
        for first in [5, 10, 20] {
            means.add(format!("R@{first:02}"), within(first));
        }
        means.add("all@10", within(10).floor());
        let best = ranks.iter().min().copied().unwrap_or(usize::MAX);
        means.add("MRR", if best == usize::MAX { 0.0 } else { 1.0 / float(best + 1) });
        for room in ROOMS {
            let mut left = room;
            let fitting = order.iter().take_while(|turn| match left.checked_sub(self.turns[**turn].0) {
                Some(rest) => {
                    left = rest;
                    true
                }
                None => false,
            });
            means.add(format!("R@{room:04} tokens"), within(fitting.count()));
        }
        let mut sessions: Vec<usize> = Vec::new();
        for session in order.iter().map(|turn| self.turns[*turn].1) {
            if !sessions.contains(&session) {
                sessions.push(session);
            }
        }
        let hit = slots.iter().flatten().any(|turn| sessions.iter().take(5).any(|one| *one == self.turns[*turn].1));
        means.add("session any@5", f64::from(u8::from(hit)));
    }
}
