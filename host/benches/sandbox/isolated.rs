//! A fresh isolated call: the product's beside the reference's, and the whole call around it.
//!
//! Product and reference are timed in the same two places, in rounds that take turns. In a loop, where nothing happens between two calls, they and
//! what others do are compared. In whole calls, each of which goes to the database before and after, neither caches nor
//! branch predictors remember the call before: that is what a call costs in a host that does other things too.

use anyhow::{Result, anyhow};
use futures_util::future::try_join_all;
use skillet::skills::Case;
use std::time::Duration;

use crate::{
    bare::{Bare, plain},
    ground::Ground,
    guests::{self, DIRTY, Skill},
    table::{Bound, Measured, Table, Times, heading, over},
};

const ALONE: usize = 20_000;
const CALLS: usize = 4_000;

/// Rounds in which product and reference take turns.
const ROUNDS: usize = 5;

/// Calls at a time of a busy host.
const BUSY: usize = 16;

const REFERENCE: &str = "REF: bare host, in a loop";
const PLACED: &str = "bare host, in whole calls";

/// What one way of calling took.
struct Sampled {
    sandbox: Times,
    whole: Times,
    reference: Times,
}

/// Measures, and returns the times of the product's fresh call in a loop.
pub async fn measure(table: &mut Table) -> Result<Times> {
    heading("A fresh isolated call");
    let bare = Bare::new(&guests::bare("")).map_err(plain)?;
    let ground = Ground::open("isolated", |_| {}).await?;
    let (echo, dirty) = (Skill::new("echo", "").component()?, Skill::new("dirty", DIRTY).component()?);
    let (mut plain_rounds, mut dirty_rounds) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let reference = repeat(ALONE / ROUNDS, || bare.call())?;
        let fresh_dirty = looped(&ground, &dirty, CALLS / ROUNDS).await?;
        let fresh = looped(&ground, &echo, ALONE / ROUNDS).await?;
        dirty_rounds.push((fresh_dirty, reference.clone()));
        plain_rounds.push((fresh, reference));
    }
    let reference = Times::together(plain_rounds.iter().map(|round| &round.1));
    let fresh = Times::together(plain_rounds.iter().map(|round| &round.0));
    let fresh_dirty = Times::together(dirty_rounds.iter().map(|round| &round.0));
    ground.install(&echo).await?;
    ground.install(&dirty).await?;
    let echo = sample(&ground, "echo", &bare, 1).await?;
    let dirty = sample(&ground, "dirty", &bare, 1).await?;
    let busy = sample(&ground, "echo", &bare, BUSY).await?;
    let bare_dirty = Bare::new(&guests::bare(DIRTY)).map_err(plain)?;
    let bare_dirty = repeat(CALLS, || bare_dirty.call())?;

    table.micros(REFERENCE, &reference);
    table.micros("bare host, 256 KiB dirtied, in a loop", &bare_dirty);
    table.micros("fresh call in the sandbox, in a loop", &fresh);
    table.micros("fresh call in the sandbox, 256 KiB dirtied, in a loop", &fresh_dirty);
    table.micros(PLACED, &echo.reference);
    table.micros("fresh call in the sandbox, in whole calls", &echo.sandbox);
    table.micros("fresh call in the sandbox, 256 KiB dirtied, in whole calls", &dirty.sandbox);
    table.micros("bare host, 16 whole calls in flight", &busy.reference);
    table.micros("fresh call in the sandbox, 16 whole calls in flight", &busy.sandbox);
    table.micros("whole skills.call: schemas, record, trace", &echo.whole);
    table.micros("whole skills.call, 256 KiB dirtied", &dirty.whole);

    let [p50, p99] = table.ratios_of_rounds("fresh call in the sandbox / REF", &plain_rounds, REFERENCE);
    table.target("1", "a fresh isolated call over REF, p50", Measured(p50, "x"), Bound::AtMost(1.5));
    table.target("1", "a fresh isolated call over REF, p99", Measured(p99, "x"), Bound::AtMost(5.0));
    let [p50, _] = table.ratios_of_rounds("fresh call in the sandbox, 256 KiB dirtied / REF", &dirty_rounds, REFERENCE);
    table.target("2", "the same with 256 KiB dirtied over REF, p50", Measured(p50, "x"), Bound::AtMost(3.0));
    let name = "fresh call in the sandbox / bare host, both in whole calls";
    let [p50, p99] = table.ratios(name, &echo.sandbox, echo.reference.p50(), PLACED);
    table.target("1", "the same in whole calls, p50", Measured(p50, "x"), Bound::AtMost(1.5));
    table.target("1", "the same in whole calls, p99", Measured(p99, "x"), Bound::Told);
    let whole = over(echo.whole.p50(), echo.sandbox.p50());
    table.ratio("whole skills.call / fresh call in it", whole, echo.whole.count(), "fresh call in the sandbox");
    Ok(fresh)
}

/// The product's fresh calls one after the other, without a database around them.
async fn looped(ground: &Ground, component: &[u8], count: usize) -> Result<Times> {
    let rehearsal = ground.skills.rehearsal(component).await?;
    let case = Case::of(serde_json::from_str(guests::INPUT)?);
    let runs = rehearsal.repeat(&case, count / 10 + count).await?;
    let took = runs[count / 10..].iter().map(|run| match &run.outcome {
        Ok(_) => Ok(Duration::from_secs_f64(run.duration_ms / 1_000.0)),
        Err(failure) => Err(anyhow!("a call failed: {failure}")),
    });
    Ok(Times::new(took.collect::<Result<_>>()?))
}

/// Whole calls, so many at a time and all on this thread, each with a call of the bare host after it.
async fn sample(ground: &Ground, skill: &str, bare: &Bare, in_flight: usize) -> Result<Sampled> {
    let callers = (0..in_flight).map(async |_| {
        let mut samples = Vec::with_capacity(CALLS / in_flight);
        for round in 0..CALLS / in_flight * 11 / 10 {
            let called = ground.call(skill).await?;
            let bare = bare.call().map_err(plain)?;
            if round >= CALLS / in_flight / 10 {
                samples.push((called.sandbox(), called.whole, bare));
            }
        }
        anyhow::Ok(samples)
    });
    let samples = try_join_all(callers).await?.concat();
    let times = |of: fn(&(Duration, Duration, Duration)) -> Duration| Times::new(samples.iter().map(of).collect());
    Ok(Sampled { sandbox: times(|one| one.0), whole: times(|one| one.1), reference: times(|one| one.2) })
}

/// So many samples after a tenth more to warm up.
fn repeat(count: usize, mut call: impl FnMut() -> wasmtime::Result<Duration>) -> Result<Times> {
    for _ in 0..count / 10 {
        call().map_err(plain)?;
    }
    let samples = (0..count).map(|_| call().map_err(plain));
    Ok(Times::new(samples.collect::<Result<_>>()?))
}
