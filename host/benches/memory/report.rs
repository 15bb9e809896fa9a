//! The tables on the terminal, and the same as JSON.

use anyhow::Result;
use serde_json::{Value, json};
use std::path::Path;

use crate::{measure::Means, time::Times};

#[derive(Default)]
pub struct Report(Vec<Value>);

impl Report {
    /// The means of a ranking, in one line.
    pub fn means(&mut self, name: &str, means: &Means) {
        let mut line = format!("{name:<40}");
        for (measure, value, n) in means.all() {
            let shown = if measure.starts_with("tokens") { format!("{value:.0}") } else { format!("{value:.3}") };
            line.extend(["  ", measure, " ", &shown]);
            let unit = if measure.starts_with("tokens") { "tokens" } else { "share" };
            self.entry(&format!("{name}, {measure}"), unit, value, None, n);
        }
        println!("{line}");
    }

    pub fn times(&mut self, name: &str, times: &Times) {
        let cpu = times.cpu(95).map(|ms| format!(", of the processor {ms:.2} ms at p95")).unwrap_or_default();
        println!(
            "{name:<40}  p50 {:.2} ms  p95 {:.2} ms  p99 {:.2} ms{cpu}",
            times.wall(50),
            times.wall(95),
            times.wall(99)
        );
        self.entry(name, "ms", times.wall(50), Some((times.wall(50), times.wall(99))), times.n());
        self.entry(&format!("{name}, wall at p95"), "ms", times.wall(95), None, times.n());
        if let (Some(p50), Some(p95), Some(p99)) = (times.cpu(50), times.cpu(95), times.cpu(99)) {
            self.entry(&format!("{name}, processor at p95"), "ms", p95, Some((p50, p99)), times.n());
        }
    }

    pub fn value(&mut self, name: &str, unit: &str, value: f64, n: usize) {
        println!("{name:<40}  {value:.3} {unit}  ({n})");
        self.entry(name, unit, value, None, n);
    }

    /// What was measured under a name.
    pub fn value_of(&self, name: &str) -> Option<f64> {
        self.0.iter().find(|entry| entry["name"] == name)?["value"].as_f64()
    }

    /// Every share, by name.
    pub fn shares(&self) -> impl Iterator<Item = (&str, f64)> {
        let shares = self.0.iter().filter(|entry| entry["unit"] == "share");
        shares.filter_map(|entry| Some((entry["name"].as_str()?, entry["value"].as_f64()?)))
    }

    fn entry(&mut self, name: &str, unit: &str, value: f64, percentiles: Option<(f64, f64)>, n: usize) {
        let (p50, p99) = percentiles.unzip();
        self.0.push(
            json!({ "name": name, "value": value, "unit": unit, "p50": p50, "p99": p99, "n": n, "versus": null }),
        );
    }

    /// Writes `target/bench/NAME.json`.
    pub fn write(&self, name: &str) -> Result<()> {
        let out = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/bench");
        std::fs::create_dir_all(&out)?;
        std::fs::write(out.join(format!("{name}.json")), serde_json::to_string_pretty(&self.0)?)?;
        Ok(())
    }
}
