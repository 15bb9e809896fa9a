//! From the cache of compiled code to the first answer: one large component in a running host, and all skills of a
//! host that starts.

use anyhow::{Result, ensure};
use futures_util::future::try_join_all;
use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use skillet::skills::Skills;

use crate::{
    ground::{Ground, answered, call},
    guests::Skill,
    table::{Bound, Measured, Table, Times, count, heading, millis},
};

const LARGE_BYTES: usize = 12 << 20;

/// A host's skills, and the size of one that is written in Rust.
const SKILLS: usize = 20;
const SKILL_BYTES: usize = 256 << 10;

/// Versions that a host keeps ready to run. With so many others in use, one more is loaded again when it is called.
const READY: usize = 64;

const STARTS: usize = 10;
const RELOADS: usize = 20;

/// Rounds after which no more reloads are hoped for.
const MOST_ROUNDS: usize = 300;

pub async fn measure(table: &mut Table) -> Result<()> {
    heading("From the cache to the first answer");
    let ground = Ground::open("reload", |_| {}).await?;
    let large = Skill::new("large", "").among(LARGE_BYTES)?;
    let began = Instant::now();
    let digest = ground.install(&large).await?;
    table.value("upload of 12 MB: looked at, compiled, stored", millis(began.elapsed()), 1);
    let names: Vec<String> = (0..READY).map(|at| format!("skill_{at}")).collect();
    for name in &names {
        ground.install(&Skill::new(name, "").component()?).await?;
    }

    let reloads = reloads(&ground, &digest, &names).await?;
    let mut warm = Vec::with_capacity(RELOADS);
    for _ in 0..RELOADS {
        warm.push(ground.call(&names[0]).await?.whole);
    }
    let mut first = Vec::with_capacity(STARTS);
    for _ in 0..STARTS {
        first.push(answered(call(&ground.restarted()?, &ground.caller, "large").await?)?.whole);
    }
    let starts = cold_starts().await?;

    let warm = Times::new(warm);
    if let Some(reloads) = &reloads {
        table.millis("12 MB loaded again in a running host, to the answer of a whole call", reloads);
    }
    table.millis("a whole call without loading", &warm);
    table.millis("12 MB loaded for the first time, its MAC checked", &Times::new(first));
    table.millis("cold start of 20 skills, from nothing to all answers", &starts);
    // A whole call writes its record before and after, which a reload has no part in.
    let what = "12 MB from the cache, p50, less the p50 of a whole call without loading";
    match reloads {
        Some(reloads) => {
            let loading = reloads.p50().saturating_sub(warm.p50());
            table.target("10", what, millis(loading), Bound::AtMost(2.0));
            table.target("10", "the same with the whole call, p50", millis(reloads.p50()), Bound::Told);
        }
        None => table.skipped("10", what, "the component stayed loaded"),
    }
    table.target("cold", "cold start of 20 skills from the cache, worst", millis(starts.max()), Bound::AtMost(300.0));
    probes(table, &ground).await
}

/// Calls of the large component that found it gone from memory.
async fn reloads(ground: &Ground, digest: &str, others: &[String]) -> Result<Option<Times>> {
    let mut reloads = Vec::with_capacity(RELOADS);
    for _ in 0..MOST_ROUNDS {
        for other in others {
            ground.call(other).await?;
        }
        let gone = !std::fs::read_to_string("/proc/self/maps")?.contains(digest);
        let called = ground.call("large").await?;
        if gone {
            reloads.push(called.whole);
        }
        if reloads.len() == RELOADS {
            break;
        }
    }
    Ok(Some(reloads).filter(|reloads| !reloads.is_empty()).map(Times::new))
}

/// Starts of a host that has twenty skills, each until all of them have answered.
async fn cold_starts() -> Result<Times> {
    let ground = Ground::open("cold", |_| {}).await?;
    let names: Vec<String> = (0..SKILLS).map(|at| format!("skill_{at}")).collect();
    for name in &names {
        ground.install(&Skill::new(name, "").among(SKILL_BYTES)?).await?;
    }
    let mut starts = Vec::with_capacity(STARTS);
    for _ in 0..STARTS {
        let began = Instant::now();
        let skills = ground.restarted()?;
        all_answer(&skills, &ground, &names).await?;
        starts.push(began.elapsed());
    }
    Ok(Times::new(starts))
}

async fn all_answer(skills: &Arc<Skills>, ground: &Ground, names: &[String]) -> Result<()> {
    let calls = names.iter().map(async |name| answered(call(skills, &ground.caller, name).await?));
    let answers = try_join_all(calls).await?;
    ensure!(answers.len() == names.len(), "a skill did not answer");
    Ok(())
}

/// Every limit tried on a hostile guest, as at each start; the suite of attacks is a part of the tests.
async fn probes(table: &mut Table, ground: &Ground) -> Result<()> {
    ground.skills.probe().await?;
    let began = Instant::now();
    let probed = ground.skills.probe().await?;
    table.value("every limit tried at start, compiled before", millis(began.elapsed()), probed.len());
    let longest = probed.iter().map(|one| Duration::from_micros(one.took_us)).max().unwrap_or_default();
    table.value("the longest of these tries", millis(longest), 1);
    table.target("12", "limits that bite when they are tried at start", Measured(count(probed.len()), ""), Bound::Told);
    table.elsewhere("12", "the hostile components and the other attacks: `make test`, in tests/all/attacks");
    Ok(())
}
