//! The pieces of one part, joined in the order that the vocabulary ranks what they make.

use crate::rank;
use std::{cmp::Reverse, collections::BinaryHeap};

/// Lengths of the tokens of one part.
pub fn lengths(part: &[u8]) -> impl Iterator<Item = usize> {
    let whole = rank(part).map(|_| part.len());
    let merged = if whole.is_some() { Vec::new() } else { merged(part) };
    whole.into_iter().chain(merged)
}

fn merged(part: &[u8]) -> Vec<usize> {
    let mut pieces = Pieces::bytes_of(part);
    while let Some(Reverse((_, start, end))) = pieces.pairs.pop() {
        pieces.join(start, end);
    }
    pieces.lengths()
}

/// A part in pieces, at first its bytes.
struct Pieces<'a> {
    part: &'a [u8],
    /// By where a piece starts: where it ends. 0 where none starts.
    ends: Vec<usize>,
    /// By where a piece ends: where it starts.
    starts: Vec<usize>,
    /// Neighbours that make a token: its rank, where it starts and where it ends. Some have been joined otherwise.
    pairs: BinaryHeap<Reverse<(u32, usize, usize)>>,
}

impl<'a> Pieces<'a> {
    fn bytes_of(part: &'a [u8]) -> Self {
        let (ends, starts) = ((1..=part.len()).collect(), (0..=part.len()).map(|end| end.saturating_sub(1)).collect());
        let mut pieces = Self { part, ends, starts, pairs: BinaryHeap::with_capacity(part.len()) };
        (0..part.len().saturating_sub(1)).for_each(|start| pieces.pair(start, start + 2));
        pieces
    }

    fn pair(&mut self, start: usize, end: usize) {
        if let Some(rank) = self.part.get(start..end).and_then(rank) {
            self.pairs.push(Reverse((rank, start, end)));
        }
    }

    /// Makes one of two neighbours, if that is what they still are.
    fn join(&mut self, start: usize, end: usize) {
        let middle = self.ends[start];
        if middle == 0 || self.ends.get(middle) != Some(&end) {
            return;
        }
        (self.ends[start], self.ends[middle], self.starts[end]) = (end, 0, start);
        if start > 0 {
            self.pair(self.starts[start], end);
        }
        if let Some(&next) = self.ends.get(end) {
            self.pair(start, next);
        }
    }

    fn lengths(&self) -> Vec<usize> {
        self.ends.iter().enumerate().filter(|(_, end)| **end > 0).map(|(start, end)| end - start).collect()
    }
}
