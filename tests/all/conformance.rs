//! Every SDK keeps the same promises: one table of cases, run against the same skill in each language, through the real
//! binary. `make conformance` builds the skills.

mod case;
mod ground;
mod table;

use futures_util::FutureExt;
use serde_json::json;
use std::{collections::BTreeSet, fs, panic::AssertUnwindSafe, time::Duration};
use tokio::time::timeout;

use self::{case::Case, ground::Ground};
use crate::harness::root;

/// Longest time of one case: one that hangs is one that failed.
const PATIENCE: Duration = Duration::from_mins(1);

/// Makes a test of each language. The tools of some are not on every machine.
macro_rules! languages {
    ($($name:ident: $presence:ident),* $(,)?) => {
        $(#[tokio::test] async fn $name() { keeps_the_promises(stringify!($name), Presence::$presence).await; })*

        const LANGUAGES: &[&str] = &[$(stringify!($name)),*];
    };
}

enum Presence {
    Required,
    IfBuilt,
}

languages! {
    rust: Required,
    js: Required,
    ts: Required,
    python: Required,
    c: Required,
    cpp: IfBuilt,
    go: IfBuilt,
    zig: IfBuilt,
    assemblyscript: IfBuilt,
    starlingmonkey: IfBuilt,
}

/// What is no folder of an SDK of its own: the SDK itself, and what the one for JavaScript takes besides that.
const ELSEWHERE: [&str; 3] = ["rust", "ts", "starlingmonkey"];

/// The guest of a language, if it must be there or is.
fn built(language: &str, presence: Presence) -> Option<Vec<u8>> {
    let path = root().join("target/conformance").join(language).with_extension("wasm");
    match (fs::read(&path), presence) {
        (Ok(component), _) => Some(component),
        (Err(_), Presence::IfBuilt) => {
            eprintln!("skipped: {} is not there, `make plugins-all` builds it", path.display());
            None
        }
        (Err(error), Presence::Required) => panic!("{}: {error}; run `make conformance`", path.display()),
    }
}

async fn keeps_the_promises(language: &'static str, presence: Presence) {
    let Some(component) = built(language, presence) else { return };
    let ground = Ground::start(&component).await;
    let mut failures = Vec::new();
    for case in table::cases() {
        if let Err(failure) = attempt(&ground, &case).await {
            failures.push(format!("{}: {failure}", case.name));
        }
    }
    assert!(failures.is_empty(), "{language}: {} cases fail\n{}", failures.len(), failures.join("\n"));
}

async fn attempt(ground: &Ground, case: &Case) -> Result<(), String> {
    match AssertUnwindSafe(timeout(PATIENCE, case.run(ground))).catch_unwind().await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(_)) => Err(format!("not over within {} s", PATIENCE.as_secs())),
        Err(panic) => {
            let text = panic.downcast_ref::<String>().cloned();
            Err(text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned())).unwrap_or_default())
        }
    }
}

#[tokio::test]
async fn fetch_of_the_web_passes_the_gate_too() {
    let Some(component) = built("starlingmonkey", Presence::IfBuilt) else { return };
    let ground = Ground::start(&component).await;
    let fetch = |url: String, size: usize| json!({ "do": "fetch", "url": url, "size": size });
    let page = ground.gives(fetch(ground.server.url("/page"), 0)).await;
    assert_eq!(page, json!({ "status": 200, "length": 5 }));
    // More than a megabyte comes in, and a body under it goes out.
    let large = ground.gives(fetch(ground.server.url("/size/1500000"), 0)).await;
    assert_eq!(large, json!({ "status": 200, "length": 1_500_000 }));
    let body = ground.gives(fetch(ground.server.url("/page"), 1_000_000)).await;
    assert_eq!(body["status"], 200);
    // What is refused is an exception, which the skill could catch, and no end of the engine.
    for (url, size) in
        [(ground.server.url("/page"), 3_000_000), (ground.unreachable_url(), 0), ("https://example.org/".to_owned(), 0)]
    {
        ground.fails(fetch(url, size), &["failed"], "TypeError").await;
    }
}

#[test]
fn every_sdk_is_held_to_it() {
    let folders = fs::read_dir(root().join("sdk")).unwrap().flatten();
    let sdks = folders.filter(|folder| folder.path().join("conformance").is_dir());
    let found: BTreeSet<String> = sdks.map(|folder| folder.file_name().to_string_lossy().into_owned()).collect();
    let held = LANGUAGES.iter().filter(|language| !ELSEWHERE.contains(language));
    let held: BTreeSet<String> = held.map(|language| (*language).to_owned()).collect();
    assert_eq!(found, held);
}
