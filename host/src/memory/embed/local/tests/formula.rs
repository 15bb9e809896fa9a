//! The network written down as its formulas, for a whole text at once and with 64 bits.

use super::{
    super::layout::{BRANCHES, FEATURES, PARTS, SEEN, STACK, WIDTH},
    made::Made,
};

pub fn encode(made: &Made, ids: &[u32]) -> Vec<f64> {
    let own: Vec<Vec<f64>> = ids.iter().map(|id| row(made, *id as usize)).collect();
    let projected: Vec<Vec<f64>> = own.iter().map(|row| project(made, row)).collect();
    let mut sum = vec![0.0; FEATURES];
    let branches: Vec<_> = (0..BRANCHES.len()).map(|index| branch(made, index, &projected)).collect();
    for (index, own) in own.iter().enumerate() {
        let features: Vec<f64> = own.iter().chain(branches.iter().flat_map(|branch| &branch[index])).copied().collect();
        let normed = norm(made, &features, &array(made, "ln_g"), &array(made, "ln_b"));
        sum.iter_mut().zip(normed).for_each(|(sum, value)| *sum += value);
    }
    let count = length(ids);
    let bias = array(made, "cnn_b");
    let mean =
        times(&sum, &array(made, "cnn_W"), WIDTH).into_iter().zip(bias).map(|(x, b)| (x + b * count) / count.sqrt());
    stack(made, &mean.collect::<Vec<_>>())
}

/// The row of a piece: byte times scale plus low.
fn row(made: &Made, id: usize) -> Vec<f64> {
    let (scale, low) = (array(made, "scale")[id % PARTS], array(made, "lo")[id % PARTS]);
    let bytes = &made.parts[id % PARTS][id / PARTS * WIDTH..][..WIDTH];
    bytes.iter().map(|byte| f64::from(*byte) * scale + low).collect()
}

/// The rows of the three branches beside each other, brought to mean 0 and variance 1 together.
fn project(made: &Made, row: &[f64]) -> Vec<f64> {
    let joined = |name: &str| BRANCHES.map(|(width, _)| array(made, &format!("{name}{width}"))).concat();
    let projected = BRANCHES.map(|(width, _)| times(row, &array(made, &format!("proj{width}")), SEEN)).concat();
    let sums: Vec<f64> = projected.iter().zip(joined("proj_b")).map(|(x, b)| x + b).collect();
    norm(made, &sums, &joined("ln_g"), &joined("ln_b"))
}

/// x + relu(window(x) W + b), twice.
fn branch(made: &Made, index: usize, projected: &[Vec<f64>]) -> Vec<Vec<f64>> {
    let (width, left) = BRANCHES[index];
    let mut rows: Vec<Vec<f64>> = projected.iter().map(|row| row[index * SEEN..][..SEEN].to_vec()).collect();
    for layer in 1..=2 {
        let (weights, bias) = (array(made, &format!("w{layer}_{width}")), array(made, &format!("b{layer}_{width}")));
        let zeros = vec![0.0; SEEN];
        let at = |place: usize| place.checked_sub(left).and_then(|place| rows.get(place)).unwrap_or(&zeros);
        rows = (0..rows.len())
            .map(|piece| {
                let window: Vec<f64> = (piece..piece + width).flat_map(at).copied().collect();
                let found = times(&window, &weights, SEEN);
                rows[piece].iter().zip(found).zip(&bias).map(|((x, found), b)| x + (found + b).max(0.0)).collect()
            })
            .collect();
    }
    rows
}

fn stack(made: &Made, mean: &[f64]) -> Vec<f64> {
    let through = |row: &[f64], name: &str, columns| times(row, &array(made, name), columns);
    let relu = |row: Vec<f64>| row.into_iter().map(|value| value.max(0.0)).collect::<Vec<_>>();
    let plus = |a: Vec<f64>, b: Vec<f64>| a.into_iter().zip(b).map(|(a, b)| a + b).collect::<Vec<_>>();
    let first = relu(through(mean, "d0", STACK));
    let second = relu(plus(through(mean, "p1", STACK), through(&first, "d1", STACK)));
    let third = relu(through(&second, "d2", WIDTH));
    let raw = plus(through(&second, "p3", WIDTH), through(&third, "d3", WIDTH));
    let vector: Vec<f64> = raw.into_iter().map(f64::tanh).collect();
    let length = vector.iter().map(|value| value * value).sum::<f64>().sqrt();
    vector.iter().map(|value| value / length).collect()
}

fn norm(made: &Made, row: &[f64], gain: &[f64], bias: &[f64]) -> Vec<f64> {
    let count = length(row);
    let mean = row.iter().sum::<f64>() / count;
    let variance = row.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / count;
    let scale = (variance + array(made, "eps")[0]).sqrt();
    row.iter().zip(gain).zip(bias).map(|((value, gain), bias)| (value - mean) / scale * gain + bias).collect()
}

/// A row times a matrix whose rows have `columns` numbers.
fn times(row: &[f64], matrix: &[f64], columns: usize) -> Vec<f64> {
    let mut out = vec![0.0; columns];
    for (value, weights) in row.iter().zip(matrix.chunks_exact(columns)) {
        out.iter_mut().zip(weights).for_each(|(out, weight)| *out += value * weight);
    }
    out
}

fn array(made: &Made, name: &str) -> Vec<f64> {
    made.arrays[name].1.iter().map(|number| f64::from(*number)).collect()
}

fn length<T>(row: &[T]) -> f64 {
    f64::from(u32::try_from(row.len()).unwrap())
}
