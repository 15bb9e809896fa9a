//! The network: from the rows of a text's pieces to the one vector of the text.
//!
//! The features of a piece are its own row and what three branches see in the windows of 2, 3 and 5
//! pieces around it. Their sum over the text goes through a small stack of dense layers.

use super::{
    layout::{BRANCHES, FEATURES, SEEN, STACK, WIDTH},
    matrix::{Matrix, Rows},
    weights::Dense,
};
use std::ops::Range;

/// Pieces that are worked on together: the numbers between the layers stay in the processor's cache,
/// and the memory for them does not grow with the text.
const BLOCK: usize = 64;

/// How far a piece's features reach on each side: two windows, one after the other.
const REACH: usize = 2 * MARGIN;

/// Pieces that the widest window has on each side of its own.
const MARGIN: usize = 2;

pub(super) struct Encoder {
    projection: Layer,
    projected: Norm,
    branches: [Branch; BRANCHES.len()],
    features: Norm,
    summary: Layer,
    /// The stack: names are those of the weights file.
    d0: Matrix,
    d1: Matrix,
    d2: Matrix,
    d3: Matrix,
    p1: Matrix,
    p3: Matrix,
    epsilon: f32,
}

struct Layer {
    matrix: Matrix,
    bias: Vec<f32>,
}

/// Two windows of one width, one over what the other made.
struct Branch {
    /// Pieces before its own that the window has.
    left: usize,
    layers: [Layer; 2],
}

/// Brings a row to mean 0 and variance 1, then to the gain and bias that were learnt.
struct Norm {
    gain: Vec<f32>,
    bias: Vec<f32>,
    epsilon: f32,
}

impl Encoder {
    pub fn new(mut dense: Dense) -> Self {
        let epsilon = dense.take("eps")[0];
        let widths = BRANCHES.map(|(width, _)| width);
        let mut joined = |name: &str| widths.map(|width| dense.take(&format!("{name}{width}")));
        let projection = Layer { matrix: side_by_side(&joined("proj")), bias: joined("proj_b").concat() };
        let projected = Norm { gain: joined("ln_g").concat(), bias: joined("ln_b").concat(), epsilon };
        let branches = BRANCHES.map(|(width, left)| {
            let layers = [1, 2].map(|n| Layer {
                matrix: Matrix::new(&dense.take(&format!("w{n}_{width}")), SEEN),
                bias: dense.take(&format!("b{n}_{width}")),
            });
            Branch { left, layers }
        });
        let features = Norm { gain: dense.take("ln_g"), bias: dense.take("ln_b"), epsilon };
        let summary = Layer { matrix: Matrix::new(&dense.take("cnn_W"), WIDTH), bias: dense.take("cnn_b") };
        let mut narrow = |name, columns| Matrix::new(&dense.take(name), columns);
        let (d0, d1, p1) = (narrow("d0", STACK), narrow("d1", STACK), narrow("p1", STACK));
        let (d2, d3, p3) = (narrow("d2", WIDTH), narrow("d3", WIDTH), narrow("p3", WIDTH));
        Self { projection, projected, branches, features, summary, d0, d1, d2, d3, p1, p3, epsilon }
    }

    /// The vector of a text, of length 1. `row` fetches the row of a piece.
    pub fn encode<E>(&self, ids: &[u32], row: impl Fn(u32, &mut [f32]) -> Result<(), E>) -> Result<Vec<f32>, E> {
        let mut sum = vec![0.0; FEATURES];
        for start in (0..ids.len()).step_by(BLOCK) {
            let end = ids.len().min(start + BLOCK);
            let seen = start.saturating_sub(REACH)..ids.len().min(end + REACH);
            let mut features = vec![0.0; seen.len() * FEATURES];
            for (id, features) in ids[seen.clone()].iter().zip(features.chunks_exact_mut(FEATURES)) {
                row(*id, &mut features[..WIDTH])?;
            }
            self.look_around(&mut features);
            self.add(&features, start - seen.start..end - seen.start, &mut sum);
        }
        Ok(self.finish(&sum, float(ids.len())))
    }

    /// Fills in what the branches see around each piece.
    fn look_around(&self, features: &mut [f32]) {
        let count = features.len() / FEATURES;
        let rows = Rows { data: features, stride: FEATURES, count };
        let mut projected = self.projection.apply(rows);
        let width = self.branches.len() * SEEN;
        for row in projected.chunks_exact_mut(width) {
            self.projected.apply(row);
        }
        for (index, branch) in self.branches.iter().enumerate() {
            let mut seen = vec![0.0; (count + 2 * MARGIN) * SEEN];
            let own = MARGIN * SEEN..(MARGIN + count) * SEEN;
            for (seen, row) in seen[own.clone()].chunks_exact_mut(SEEN).zip(projected.chunks_exact(width)) {
                seen.copy_from_slice(&row[index * SEEN..][..SEEN]);
            }
            branch.apply(&mut seen, own.clone());
            for (features, seen) in features.chunks_exact_mut(FEATURES).zip(seen[own].chunks_exact(SEEN)) {
                features[WIDTH + index * SEEN..][..SEEN].copy_from_slice(seen);
            }
        }
    }

    /// Adds the features of some of the pieces to the sum.
    fn add(&self, features: &[f32], pieces: Range<usize>, sum: &mut [f32]) {
        let mut normed = vec![0.0; FEATURES];
        for features in features.chunks_exact(FEATURES).take(pieces.end).skip(pieces.start) {
            normed.copy_from_slice(features);
            self.features.apply(&mut normed);
            sum.iter_mut().zip(&normed).for_each(|(sum, value)| *sum += value);
        }
    }

    /// From the sum of all features to the vector.
    fn finish(&self, sum: &[f32], pieces: f32) -> Vec<f32> {
        let mut mean: Vec<f32> = self.summary.bias.iter().map(|bias| bias * pieces).collect();
        self.summary.matrix.multiply_add(Rows::one(sum), &mut mean);
        scale(&mut mean, 1.0 / pieces.sqrt());

        let first = rectified(dense(&[(&self.d0, &mean)], STACK));
        let second = rectified(dense(&[(&self.p1, &mean), (&self.d1, &first)], STACK));
        let third = rectified(dense(&[(&self.d2, &second)], WIDTH));
        let mut vector = dense(&[(&self.p3, &second), (&self.d3, &third)], WIDTH);
        for value in &mut vector {
            *value = value.tanh();
        }
        let length = sum_of(&vector, |value| value * value).max(self.epsilon).sqrt();
        scale(&mut vector, 1.0 / length);
        vector
    }
}

impl Layer {
    fn apply(&self, rows: Rows<'_>) -> Vec<f32> {
        let mut out = self.bias.repeat(rows.count);
        self.matrix.multiply_add(rows, &mut out);
        out
    }
}

impl Branch {
    /// Looks twice through the window. The pieces' numbers are at `own`, with `MARGIN` rows of zeros
    /// on both sides: nothing is before a text and nothing after it.
    fn apply(&self, seen: &mut [f32], own: Range<usize>) {
        for layer in &self.layers {
            let first = (MARGIN - self.left) * SEEN;
            let window = Rows { data: &seen[first..], stride: SEEN, count: own.len() / SEEN };
            let found = layer.apply(window);
            for (value, found) in seen[own.clone()].iter_mut().zip(found) {
                *value += found.max(0.0);
            }
        }
    }
}

impl Norm {
    fn apply(&self, row: &mut [f32]) {
        let count = float(row.len());
        let mean = sum_of(row, |value| value) / count;
        for value in &mut *row {
            *value -= mean;
        }
        let variance = sum_of(row, |value| value * value) / count;
        let scale = 1.0 / (variance + self.epsilon).sqrt();
        for ((value, gain), bias) in row.iter_mut().zip(&self.gain).zip(&self.bias) {
            *value = *value * scale * gain + bias;
        }
    }
}

/// A layer without bias over one row, or over several whose products are added.
fn dense(inputs: &[(&Matrix, &[f32])], columns: usize) -> Vec<f32> {
    let mut out = vec![0.0; columns];
    for (matrix, row) in inputs {
        matrix.multiply_add(Rows::one(row), &mut out);
    }
    out
}

fn rectified(mut row: Vec<f32>) -> Vec<f32> {
    for value in &mut row {
        *value = value.max(0.0);
    }
    row
}

/// Matrices of `SEEN` columns as one that has the columns of all.
fn side_by_side(parts: &[Vec<f32>]) -> Matrix {
    let mut all = Vec::with_capacity(parts.iter().map(Vec::len).sum());
    for row in 0..parts[0].len() / SEEN {
        for part in parts {
            all.extend_from_slice(&part[row * SEEN..][..SEEN]);
        }
    }
    Matrix::new(&all, parts.len() * SEEN)
}

/// A sum in eight strands, which the processor can go along side by side.
fn sum_of(row: &[f32], value: impl Fn(f32) -> f32) -> f32 {
    let mut sums = [0.0; 8];
    for part in row.as_chunks::<8>().0 {
        sums.iter_mut().zip(part).for_each(|(sum, one)| *sum += value(*one));
    }
    sums.iter().sum()
}

fn scale(row: &mut [f32], factor: f32) {
    for value in row {
        *value *= factor;
    }
}

#[expect(clippy::cast_precision_loss, reason = "a text has a few thousand pieces, a row 1280 numbers")]
fn float(count: usize) -> f32 {
    count as f32
}
