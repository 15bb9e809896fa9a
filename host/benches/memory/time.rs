//! What a piece of work takes: on the clock, and of all threads of this process together.

use std::{fs, time::Instant};

/// Times in milliseconds, as they come in.
#[derive(Default)]
pub struct Times {
    wall: Vec<f64>,
    cpu: Vec<f64>,
}

impl Times {
    pub async fn of<T>(&mut self, work: impl Future<Output = T>) -> T {
        let (cpu, began) = (cpu_ms(), Instant::now());
        let out = work.await;
        self.wall.push(began.elapsed().as_secs_f64() * 1_000.0);
        if let (Some(before), Some(after)) = (cpu, cpu_ms()) {
            self.cpu.push(after - before);
        }
        out
    }

    pub fn n(&self) -> usize {
        self.wall.len()
    }

    /// The time that so many of a hundred stay below.
    pub fn wall(&self, percent: usize) -> f64 {
        at(&self.wall, percent)
    }

    /// The same of the processor; nothing where the system does not tell.
    pub fn cpu(&self, percent: usize) -> Option<f64> {
        (!self.cpu.is_empty()).then(|| at(&self.cpu, percent))
    }
}

fn at(times: &[f64], percent: usize) -> f64 {
    let mut sorted = times.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.get((sorted.len().max(1) - 1) * percent / 100).copied().unwrap_or(0.0)
}

/// Milliseconds that the threads of this process have run; Linux tells.
fn cpu_ms() -> Option<f64> {
    let mut nanos = 0;
    for thread in fs::read_dir("/proc/self/task").ok()?.flatten() {
        let told = fs::read_to_string(thread.path().join("schedstat")).ok()?;
        nanos += told.split(' ').next()?.parse::<u64>().ok()?;
    }
    #[expect(clippy::cast_precision_loss, reason = "a run is some minutes long")]
    let ms = nanos as f64 / 1_000_000.0;
    Some(ms)
}
