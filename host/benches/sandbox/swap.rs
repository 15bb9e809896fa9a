//! A thousand calls in a second while a version takes the other's place, again and again.

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::{
    task::JoinSet,
    time::{MissedTickBehavior, interval, sleep, sleep_until},
};

use skillet::skills::Skills;

use crate::{
    ground::{Called, Ground, call},
    guests::Skill,
    table::{Bound, Measured, Table, Times, count, heading},
};

const SWAPS: u32 = 10;
const NAME: &str = "swapped";

/// Longest time that the calls of a version may take to come to an end.
const DRAIN: Duration = Duration::from_secs(10);

/// Seconds that the swapping lasts, unless `SWAP_SECONDS` says otherwise.
const SECONDS: u64 = 30;

/// A version and what it always answers.
struct Version {
    digest: String,
    answer: Value,
}

/// What came of the calls.
#[derive(Default)]
struct Tally {
    whole: Vec<Duration>,
    failed: usize,
    /// Answers that are not those of the version that is said to have given them.
    mixed: usize,
    by_version: BTreeMap<String, usize>,
}

pub async fn measure(table: &mut Table) -> Result<()> {
    heading("Swapped while it answers");
    let seconds = match std::env::var("SWAP_SECONDS") {
        Ok(seconds) => seconds.parse().context("SWAP_SECONDS is no number of seconds")?,
        Err(_) => SECONDS,
    };
    let ground = Ground::open("swap", |_| {}).await?;
    let mut versions = Vec::new();
    for version in ["1.0.0", "1.0.1"] {
        let answer = json!({ "version": version, "and": "back" });
        let skill = Skill { version, ..Skill::new(NAME, "") };
        let digest = ground.install(&skill.answering(&answer.to_string())?).await?;
        versions.push(Version { digest, answer });
    }
    let versions: Arc<[Version; 2]> =
        versions.try_into().map(Arc::new).map_err(|_| anyhow::anyhow!("two versions were made"))?;

    let began = Instant::now();
    let duration = Duration::from_secs(seconds);
    let mut swapping = JoinSet::new();
    swapping.spawn(swap(ground.skills.clone(), versions.clone(), duration / (SWAPS + 1)));
    let mut calls = JoinSet::new();
    let mut ticks = interval(Duration::from_millis(1));
    ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
    for _ in 0..seconds * 1_000 {
        ticks.tick().await;
        let (skills, caller) = (ground.skills.clone(), ground.caller.clone());
        calls.spawn(async move { call(&skills, &caller, NAME).await });
    }
    let rate = count(calls.len()) / began.elapsed().as_secs_f64();
    let mut tally = Tally::default();
    while let Some(call) = calls.join_next().await {
        tally.add(call?, versions.as_slice());
    }
    let (activations, drains) = swapping.join_next().await.context("the swaps were lost")???;
    let left = versions.iter().map(|version| ground.skills.in_flight(&version.digest)).sum();
    tally.tell(table, versions.as_slice(), rate);
    table.millis("a version takes the other's place", &activations);
    table.millis("the calls of the old version are over", &drains);
    table.target("swap", "swaps after which the old version came to an end", whole(drains.count()), least(SWAPS));
    table.target("swap", "calls of either version that are left", whole(left), Bound::AtMost(0.0));
    Ok(())
}

/// Swaps the versions every so often, and waits each time until the calls of the old one are over. Returns how long
/// the swaps took, and then the waits.
async fn swap(skills: Arc<Skills>, versions: Arc<[Version; 2]>, every: Duration) -> Result<(Times, Times)> {
    let (mut activations, mut drains) = (Vec::new(), Vec::new());
    let began = tokio::time::Instant::now();
    for at in 0..SWAPS {
        sleep_until(began + every * (at + 1)).await;
        // The second one was uploaded last and answers first.
        let [new, old] = if at % 2 == 0 { [0, 1] } else { [1, 0] };
        let activating = Instant::now();
        skills.activate(NAME, &versions[new].digest, None).await?;
        activations.push(activating.elapsed());
        let draining = Instant::now();
        while skills.in_flight(&versions[old].digest) > 0 {
            ensure!(draining.elapsed() < DRAIN, "an old version does not come to an end");
            sleep(Duration::from_millis(1)).await;
        }
        drains.push(draining.elapsed());
    }
    Ok((Times::new(activations), Times::new(drains)))
}

impl Tally {
    fn add(&mut self, called: Result<Called>, versions: &[Version]) {
        let (Called { whole, outcome }, output) = match called {
            Ok(called) => match called.outcome.result.clone() {
                Ok(output) => (called, output),
                Err(failure) => return self.failed(&failure.to_string()),
            },
            Err(error) => return self.failed(&format!("{error:#}")),
        };
        self.whole.push(whole);
        let right = |version: &&Version| version.digest == outcome.version && version.answer == output;
        match versions.iter().find(right) {
            Some(version) => *self.by_version.entry(version.digest.clone()).or_default() += 1,
            None => self.mixed += 1,
        }
    }

    fn failed(&mut self, why: &str) {
        if self.failed == 0 {
            println!("the first failure: {why}");
        }
        self.failed += 1;
    }

    fn tell(self, table: &mut Table, versions: &[Version], rate: f64) {
        let Self { whole: times, failed, mixed, by_version } = self;
        let made = times.len() + failed;
        table.value("calls begun while versions were swapped", Measured(rate, "1/s"), made);
        for (at, version) in versions.iter().enumerate() {
            let calls = by_version.get(&version.digest).copied().unwrap_or_default();
            table.value(&format!("calls that ran wholly on version {}", at + 1), whole(calls), made);
        }
        table.value("calls that failed", whole(failed), made);
        table.value("answers of another version than said", whole(mixed), made);
        table.millis("whole call while versions were swapped", &Times::new(times));
        let both = by_version.values().filter(|calls| **calls > 0).count();
        table.target("swap", "calls begun in a second", Measured(rate, "1/s"), Bound::AtLeast(990.0));
        table.target("swap", "calls that failed", whole(failed), Bound::AtMost(0.0));
        table.target("swap", "answers of another version than said", whole(mixed), Bound::AtMost(0.0));
        table.target("swap", "versions that answered", whole(both), Bound::AtLeast(2.0));
    }
}

fn whole(n: usize) -> Measured {
    Measured(count(n), "")
}

fn least(n: u32) -> Bound {
    Bound::AtLeast(n.into())
}
