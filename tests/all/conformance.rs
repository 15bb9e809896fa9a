//! Every SDK keeps the same promises: one table of cases, run against the same skill in each language, through the real
//! binary. `make conformance` builds the skills.

mod case;
mod ground;
mod table;

use futures_util::FutureExt;
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
    python: Required,
    c: Required,
    cpp: IfBuilt,
    go: IfBuilt,
    zig: IfBuilt,
    assemblyscript: IfBuilt,
}

async fn keeps_the_promises(language: &'static str, presence: Presence) {
    let path = root().join("target/conformance").join(language).with_extension("wasm");
    let component = match (fs::read(&path), presence) {
        (Ok(component), _) => component,
        (Err(_), Presence::IfBuilt) => {
            eprintln!("skipped: {} is not there, `make conformance` builds it", path.display());
            return;
        }
        (Err(error), Presence::Required) => panic!("{}: {error}; run `make conformance`", path.display()),
    };
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

#[test]
fn every_sdk_is_held_to_it() {
    let folders = fs::read_dir(root().join("sdk")).unwrap().flatten();
    let sdks = folders.filter(|folder| folder.path().join("conformance").is_dir());
    let found: BTreeSet<String> = sdks.map(|folder| folder.file_name().to_string_lossy().into_owned()).collect();
    // Rust's own is `sdk` itself.
    let held: BTreeSet<String> =
        LANGUAGES.iter().filter(|language| **language != "rust").map(|language| (*language).to_owned()).collect();
    assert_eq!(found, held);
}
