//! The table of a run: rows as they are measured, the verdicts at its end, and all rows as a file.

use anyhow::Result;
use serde_json::{Value, json};
use std::{path::Path, time::Duration};

/// Times of the same thing, sorted.
#[derive(Clone)]
pub struct Times(Vec<Duration>);

impl Times {
    pub fn new(mut samples: Vec<Duration>) -> Self {
        assert!(!samples.is_empty(), "nothing was measured");
        samples.sort_unstable();
        Self(samples)
    }

    /// All samples of several.
    pub fn together<'a>(all: impl Iterator<Item = &'a Self>) -> Self {
        Self::new(all.flat_map(|times| times.0.iter().copied()).collect())
    }

    pub fn p50(&self) -> Duration {
        self.at(50)
    }

    pub fn p99(&self) -> Duration {
        self.at(99)
    }

    pub fn max(&self) -> Duration {
        self.at(100)
    }

    pub fn count(&self) -> usize {
        self.0.len()
    }

    fn at(&self, percent: usize) -> Duration {
        self.0[(self.0.len() - 1) * percent / 100]
    }
}

/// What a measured value must be.
#[derive(Clone, Copy)]
pub enum Bound {
    AtMost(f64),
    AtLeast(f64),
    /// It is told, whatever it is.
    Told,
}

/// A value with its unit.
#[derive(Clone, Copy)]
pub struct Measured(pub f64, pub &'static str);

#[derive(Default)]
pub struct Table {
    entries: Vec<Value>,
    verdicts: Vec<String>,
    missed: usize,
}

impl Table {
    pub fn micros(&mut self, name: &str, times: &Times) {
        self.times(name, times, "us", 1e6);
    }

    pub fn millis(&mut self, name: &str, times: &Times) {
        self.times(name, times, "ms", 1e3);
    }

    fn times(&mut self, name: &str, times: &Times, unit: &'static str, per_second: f64) {
        let [p50, p99] = [times.p50(), times.p99()].map(|time| time.as_secs_f64() * per_second);
        self.row(name, Measured(p50, unit), Some([p50, p99]), times.count(), None);
    }

    /// One value without a distribution, out of so many observations.
    pub fn value(&mut self, name: &str, measured: Measured, n: usize) {
        self.row(name, measured, None, n, None);
    }

    /// How many times `versus` something is.
    pub fn ratio(&mut self, name: &str, ratio: f64, n: usize, versus: &str) {
        self.row(name, Measured(ratio, "x"), None, n, Some(versus));
    }

    /// Median and tail of `times` against one time.
    pub fn ratios(&mut self, name: &str, times: &Times, reference: Duration, versus: &str) -> [f64; 2] {
        let both = [times.p50(), times.p99()].map(|time| over(time, reference));
        self.row(name, Measured(both[0], "x"), Some(both), times.count(), Some(versus));
        both
    }

    /// The same for times that were taken in rounds, each beside its own reference: the median round's, so that what
    /// else happens on the machine in one of them is nobody's merit or fault.
    pub fn ratios_of_rounds(&mut self, name: &str, rounds: &[(Times, Times)], versus: &str) -> [f64; 2] {
        let middle = |of: fn(&Times) -> Duration| {
            let mut ratios: Vec<f64> =
                rounds.iter().map(|(times, reference)| over(of(times), reference.p50())).collect();
            ratios.sort_unstable_by(f64::total_cmp);
            ratios[ratios.len() / 2]
        };
        let both = [middle(Times::p50), middle(Times::p99)];
        let count = rounds.iter().map(|(times, _)| times.count()).sum();
        self.row(name, Measured(both[0], "x"), Some(both), count, Some(versus));
        both
    }

    /// A row that another program measured, in the form of the file.
    pub fn entry(&mut self, entry: Value) {
        let shown = |key: &str| entry[key].as_f64().map(|value| format!("{value:.2}")).unwrap_or_default();
        println!(
            "{:<72} {:>12} {:>5} {:>10} {:>10} {:>6}",
            entry["name"].as_str().unwrap_or_default(),
            shown("value"),
            entry["unit"].as_str().unwrap_or_default(),
            shown("p50"),
            shown("p99"),
            entry["n"],
        );
        self.entries.push(entry);
    }

    fn row(&mut self, name: &str, measured: Measured, percentiles: Option<[f64; 2]>, n: usize, versus: Option<&str>) {
        let Measured(value, unit) = measured;
        let (p50, p99) = percentiles.map(|[p50, p99]| (p50, p99)).unzip();
        self.entry(
            json!({ "name": name, "value": value, "unit": unit, "p50": p50, "p99": p99, "n": n, "versus": versus }),
        );
    }

    /// Judges a target, by its number among the targets or by its name.
    pub fn target(&mut self, target: &str, what: &str, measured: Measured, bound: Bound) {
        let Measured(value, unit) = measured;
        let (wanted, met) = match bound {
            Bound::AtMost(most) => (format!("at most {most} {unit}"), value <= most),
            Bound::AtLeast(least) => (format!("at least {least} {unit}"), value >= least),
            Bound::Told => ("told".to_owned(), true),
        };
        self.missed += usize::from(!met);
        let verdict = if met { "ok" } else { "missed" };
        let what = format!("{what}: {wanted}");
        self.verdicts.push(format!("target {target:<8} {what:<84} measured {value:>9.2} {unit:<5} {verdict}"));
    }

    /// A peer or a target that cannot be measured here.
    pub fn skipped(&mut self, target: &str, what: &str, reason: &str) {
        println!("*** SKIPPED {what}: {reason}. ***");
        self.verdicts.push(format!("target {target:<8} {what:<84} skipped: {reason}"));
    }

    /// A target that is held elsewhere.
    pub fn elsewhere(&mut self, target: &str, what: &str) {
        self.verdicts.push(format!("target {target:<8} {what}"));
    }

    /// Prints the verdicts, and writes the file if one is named.
    pub fn close(self, file: Option<&Path>) -> Result<()> {
        println!("\n{}", self.verdicts.join("\n"));
        println!("\n{} targets missed", self.missed);
        let Some(file) = file else { return Ok(()) };
        std::fs::create_dir_all(file.parent().unwrap_or(file))?;
        std::fs::write(file, serde_json::to_string_pretty(&self.entries)?)?;
        println!("{}", file.display());
        Ok(())
    }
}

/// Begins a part of the table.
pub fn heading(text: &str) {
    println!("\n{text:<72} {:>12} {:>5} {:>10} {:>10} {:>6}", "value", "", "p50", "p99", "n");
}

pub fn over(time: Duration, reference: Duration) -> f64 {
    time.as_secs_f64() / reference.as_secs_f64()
}

pub fn micros(time: Duration) -> Measured {
    Measured(time.as_secs_f64() * 1e6, "us")
}

pub fn millis(time: Duration) -> Measured {
    Measured(time.as_secs_f64() * 1e3, "ms")
}

#[expect(clippy::cast_precision_loss, reason = "counts of calls, bytes and files are far below 2^52")]
pub fn count(n: usize) -> f64 {
    n as f64
}
