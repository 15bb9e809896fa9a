//! The pieces that the model knows, found by what a text begins with.

use std::ops::Range;

/// One piece and what it is worth in a cut.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Piece {
    /// Number of the piece, which is its row in the table of the model.
    pub id: u32,
    /// Bytes.
    pub length: usize,
    /// Logarithm of its likelihood.
    pub score: f32,
}

/// Pieces in the order of their bytes. That is a third of what a map or a tree of them would hold.
pub(super) struct Vocabulary {
    text: Vec<u8>,
    /// Where each piece begins in `text`, and the end of the last.
    starts: Vec<usize>,
    ids: Vec<u32>,
    scores: Vec<f32>,
    /// The first piece for each pair of leading bytes (a piece of one byte counts as followed by 0),
    /// and the end of the last.
    heads: Vec<u32>,
}

impl Vocabulary {
    /// From `(piece, score)` in the order of their numbers. Empty pieces are left out.
    pub fn new(pieces: &[(&str, f32)]) -> Self {
        let mut sorted: Vec<(&[u8], u32, f32)> = (0..)
            .zip(pieces)
            .map(|(id, (piece, score))| (piece.as_bytes(), id, *score))
            .filter(|(piece, ..)| !piece.is_empty())
            .collect();
        sorted.sort_unstable_by_key(|(piece, ..)| *piece);
        sorted.dedup_by_key(|(piece, ..)| *piece);
        let mut all = Self {
            text: sorted.iter().flat_map(|(piece, ..)| *piece).copied().collect(),
            starts: vec![0],
            ids: sorted.iter().map(|(_, id, _)| *id).collect(),
            scores: sorted.iter().map(|(.., score)| *score).collect(),
            heads: vec![0; (1 << 16) + 1],
        };
        let mut end = 0;
        for (piece, ..) in &sorted {
            end += piece.len();
            all.starts.push(end);
            all.heads[head(piece) + 1] += 1;
        }
        for index in 1..all.heads.len() {
            all.heads[index] += all.heads[index - 1];
        }
        all
    }

    /// The lowest score of all.
    pub fn lowest_score(&self) -> f32 {
        self.scores.iter().copied().fold(0.0, f32::min)
    }

    /// Every piece that `text` begins with, the shortest first. `text` is not empty.
    pub fn prefixes(&self, text: &[u8], mut found: impl FnMut(Piece)) {
        self.walk(1, text, &mut found);
        // A second byte 0 would be the head of the pieces of one byte again.
        if text.get(1).is_some_and(|second| *second != 0) {
            self.walk(2, text, &mut found);
        }
    }

    /// The pieces that `text` begins with, among those that have its first `known` bytes as their head.
    fn walk(&self, known: usize, text: &[u8], found: &mut impl FnMut(Piece)) {
        let head = head(&text[..known]);
        let mut range = self.heads[head] as usize..self.heads[head + 1] as usize;
        for depth in known..=text.len() {
            if range.is_empty() {
                return;
            }
            let first = range.start;
            if self.piece(first).len() == depth {
                found(Piece { id: self.ids[first], length: depth, score: self.scores[first] });
                range.start += 1;
            }
            let Some(next) = text.get(depth) else { return };
            range = self.narrow(range, depth, *next);
        }
    }

    /// The pieces of `range` whose byte at `depth` is `byte`. All of the range are longer than `depth`.
    fn narrow(&self, range: Range<usize>, depth: usize, byte: u8) -> Range<usize> {
        let start = self.bound(range.clone(), |piece| piece[depth] < byte);
        start..self.bound(start..range.end, |piece| piece[depth] == byte)
    }

    /// The first of `range` that is not `inside`; those that are come first.
    fn bound(&self, range: Range<usize>, inside: impl Fn(&[u8]) -> bool) -> usize {
        let (mut low, mut high) = (range.start, range.end);
        while low < high {
            let middle = low.midpoint(high);
            if inside(self.piece(middle)) { low = middle + 1 } else { high = middle }
        }
        low
    }

    fn piece(&self, index: usize) -> &[u8] {
        &self.text[self.starts[index]..self.starts[index + 1]]
    }
}

fn head(piece: &[u8]) -> usize {
    usize::from(piece[0]) << 8 | usize::from(piece.get(1).copied().unwrap_or(0))
}
