//! A fresh call of a guest in every language, beside a bare host's; and the first call after a restart. The guests are
//! those that the SDKs are tested with: `make conformance`, or `make plugins-all` for every language.

use anyhow::{Context, Result, anyhow};
use serde_json::json;
use skillet::skills::{Case, Request};
use std::{
    fs,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};
use wasmtime::{
    Engine, Store,
    component::{Component, Linker},
};

use crate::{
    bare::{StoreLimits, engine_for, plain, store},
    ground::Ground,
    table::{Bound, Measured, Table, Times, heading, micros, millis},
};

mod bindings {
    wasmtime::component::bindgen!({ path: "../wit/v0", world: "skill-world", exports: { default: trappable } });
}
use bindings::{SkillWorldPre, exports::skillet::skill::skill::Call};

const CALLS: usize = 400;
const STARTS: usize = 5;

pub async fn measure(table: &mut Table, root: &Path) -> Result<()> {
    heading("A fresh call, by language");
    let guests = guests(&root.join("target/conformance"));
    if guests.is_empty() {
        table.skipped("language", "a fresh call, by language", "no guests are built: `make conformance`");
        return Ok(());
    }
    for (language, file) in guests {
        let component = fs::read(&file).with_context(|| format!("{} cannot be read", file.display()))?;
        of(table, &language, &component).await.with_context(|| language.clone())?;
    }
    Ok(())
}

/// The guests that are there, by language.
fn guests(folder: &Path) -> Vec<(String, PathBuf)> {
    let files = fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    let files = files.filter(|file| file.extension().is_some_and(|extension| extension == "wasm"));
    let mut guests: Vec<_> =
        files.filter_map(|file| Some((file.file_stem()?.to_str()?.to_owned(), file.clone()))).collect();
    guests.sort();
    guests
}

async fn of(table: &mut Table, language: &str, component: &[u8]) -> Result<()> {
    let input = json!({ "do": "echo", "text": "hello" });
    let bare = match Bare::new(component).and_then(|bare| bare.call(&input.to_string()).map(|_| bare)) {
        Ok(bare) => Some(bare),
        Err(error) => {
            let reason = format!("it needs more than such a host has: {}", error.root_cause());
            table.skipped("language", &format!("{language} beside a bare host"), &reason);
            None
        }
    };
    let ground = Ground::open(&format!("language-{language}"), |_| {}).await?;
    let rehearsal = ground.skills.rehearsal(component).await?;
    // In turn, so that both see the same machine.
    let (mut reference, mut fresh) = (Vec::with_capacity(CALLS), Vec::with_capacity(CALLS));
    let case = Case::of(input.clone());
    for _ in 0..CALLS / 40 {
        for run in &rehearsal.repeat(&case, 40).await? {
            run.outcome.as_ref().map_err(|failure| anyhow!("{failure}"))?;
            fresh.push(Duration::from_secs_f64(run.duration_ms / 1_000.0));
        }
        for bare in bare.iter().cycle().take(40) {
            reference.push(bare.call(&input.to_string()).map_err(plain)?);
        }
    }
    ground.install(component).await?;
    let mut first = Vec::with_capacity(STARTS);
    for _ in 0..STARTS {
        let skills = ground.restarted()?;
        let began = Instant::now();
        let request = Request::new("conformance", input.clone(), ground.caller.clone());
        skills.call(request).await?.result.map_err(|failure| anyhow!("{failure}"))?;
        first.push(began.elapsed());
    }
    let (fresh, first) = (Times::new(fresh), Times::new(first));
    table.micros(&format!("{language}: fresh call in the sandbox"), &fresh);
    table.target("language", &format!("{language}, a fresh call, p50"), micros(fresh.p50()), Bound::Told);
    if bare.is_some() {
        let (reference, versus) = (Times::new(reference), format!("{language}: bare host"));
        table.micros(&versus, &reference);
        let [p50, _] = table.ratios(&format!("{language}: fresh call / bare host"), &fresh, reference.p50(), &versus);
        let what = format!("{language}, the same over the bare host's");
        table.target("language", &what, Measured(p50, "x"), Bound::AtMost(1.5));
    }
    table.millis(&format!("{language}: first whole call after a restart"), &first);
    table.target(
        "language",
        &format!("{language}, first call after a restart"),
        millis(first.max()),
        Bound::AtMost(50.0),
    );
    Ok(())
}

/// A component in a host that lends nothing: what is called would end the run.
struct Bare {
    engine: Engine,
    skill: SkillWorldPre<StoreLimits>,
}

impl Bare {
    fn new(component: &[u8]) -> wasmtime::Result<Self> {
        let engine = engine_for(64)?;
        let component = Component::from_binary(&engine, component)?;
        let mut linker = Linker::new(&engine);
        linker.define_unknown_imports_as_traps(&component)?;
        let skill = SkillWorldPre::new(linker.instantiate_pre(&component)?)?;
        Ok(Self { engine, skill })
    }

    fn call(&self, input: &str) -> wasmtime::Result<Duration> {
        let call = Call {
            id: String::new(),
            attempt: 1,
            input: input.to_owned(),
            locale: "en".to_owned(),
            time_zone: "UTC".to_owned(),
            deadline_ms: 1_000,
        };
        let began = Instant::now();
        {
            let mut store: Store<StoreLimits> = store(&self.engine, 64);
            store.set_fuel(5_000_000_000)?;
            store.set_epoch_deadline(1_000_000);
            let instance = self.skill.instantiate(&mut store)?;
            let output = instance.skillet_skill_skill().call_run(&mut store, &call)?;
            output.map_err(|failure| wasmtime::Error::msg(format!("{failure:?}")))?;
        }
        Ok(began.elapsed())
    }
}
