//! Dense layers: matrices laid out for the vector units of the processor at hand.

use fearless_simd::{Level, Simd, SimdBase, SimdFloat, dispatch, f32x16};

/// Columns that are worked on together.
const PANEL: usize = 16;

/// Rows that share one walk over the weights. Their sums fill twelve of the sixteen registers that AVX2
/// has; the rest holds weights and input.
const TILE: usize = 6;

/// A matrix of `depth` x `columns`, kept as panels of `PANEL` columns, so that a walk down a panel
/// reads memory in one run.
pub(super) struct Matrix {
    level: Level,
    depth: usize,
    columns: usize,
    panels: Vec<[f32; PANEL]>,
}

/// Rows of numbers in one slice: row `n` is the numbers from `n * stride`. Rows may overlap, which is
/// how a window slides over the pieces of a text.
#[derive(Clone, Copy)]
pub(super) struct Rows<'a> {
    pub data: &'a [f32],
    pub stride: usize,
    pub count: usize,
}

impl<'a> Rows<'a> {
    pub fn one(data: &'a [f32]) -> Self {
        Self { data, stride: data.len(), count: 1 }
    }
}

impl Matrix {
    /// From rows of `columns` numbers, a multiple of `PANEL`.
    pub fn new(data: &[f32], columns: usize) -> Self {
        let mut panels = Vec::with_capacity(data.len() / PANEL);
        for index in 0..columns / PANEL {
            panels.extend(data.chunks_exact(columns).map(|row| row.as_chunks().0[index]));
        }
        Self { level: Level::new(), depth: data.len() / columns, columns, panels }
    }

    /// `out += rows x self`. A row of `out` has `columns` numbers.
    pub fn multiply_add(&self, rows: Rows<'_>, out: &mut [f32]) {
        debug_assert_eq!(out.len(), rows.count * self.columns);
        dispatch!(self.level, simd => self.multiply_add_with(simd, rows, out));
    }

    #[expect(clippy::inline_always, reason = "compiled for other units than the rest only as a part of its caller")]
    #[inline(always)]
    fn multiply_add_with<S: Simd>(&self, simd: S, rows: Rows<'_>, out: &mut [f32]) {
        for (index, panel) in self.panels.chunks_exact(self.depth).enumerate() {
            let mut row = 0;
            while row < rows.count {
                let data = &rows.data[row * rows.stride..];
                let out = &mut out[row * self.columns + index * PANEL..];
                let steps = (rows.stride, self.columns);
                row += match rows.count - row {
                    1 => tile::<S, 1>(simd, panel, data, out, steps),
                    2 => tile::<S, 2>(simd, panel, data, out, steps),
                    3 => tile::<S, 3>(simd, panel, data, out, steps),
                    4 => tile::<S, 4>(simd, panel, data, out, steps),
                    5 => tile::<S, 5>(simd, panel, data, out, steps),
                    _ => tile::<S, TILE>(simd, panel, data, out, steps),
                };
            }
        }
    }
}

/// Adds the product of `N` rows with one panel to `out`; `steps` lead from row to row of the data and
/// of `out`. Returns `N`.
#[expect(clippy::inline_always, reason = "compiled for other units than the rest only as a part of its caller")]
#[inline(always)]
fn tile<S: Simd, const N: usize>(
    simd: S,
    panel: &[[f32; PANEL]],
    data: &[f32],
    out: &mut [f32],
    steps: (usize, usize),
) -> usize {
    let mut rows = [data; N];
    let mut sums = [f32x16::splat(simd, 0.0); N];
    for n in 0..N {
        rows[n] = &data[n * steps.0..][..panel.len()];
    }
    for (depth, weights) in panel.iter().enumerate() {
        let weights = f32x16::from_slice(simd, weights);
        for n in 0..N {
            sums[n] = f32x16::splat(simd, rows[n][depth]).mul_add(weights, sums[n]);
        }
    }
    for n in 0..N {
        let out = &mut out[n * steps.1..][..PANEL];
        (f32x16::from_slice(simd, out) + sums[n]).store_slice(out);
    }
    N
}
