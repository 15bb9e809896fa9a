//! Every method of the store, on SQLite and on Postgres.

mod approvals;
mod attempts;
mod audit;
mod calls;
mod chats;
mod conversations;
mod deliveries;
mod drafts;
mod erasure;
mod exchange;
mod facts;
mod files;
mod foldings;
mod jobs;
mod kv;
mod leases;
mod ledger;
mod listen;
mod memories;
mod memory_rules;
mod model_calls;
mod opening;
mod outbox;
mod pairings;
mod prices;
mod recordings;
mod retention;
mod rungs;
mod search;
mod secrets;
mod sessions;
mod settings;
mod skills;
mod tokens;
mod turns;
mod updates;
mod users;
mod vectors;
mod versions;
mod working;

use crate::harness::{root, rust_files};
use regex::Regex;
use std::fs;

/// A store method without a contract test would be checked on no engine: nothing but a test reads
/// its SQL.
#[test]
fn every_method_has_a_test() {
    let tests: String =
        rust_files(&root().join("tests/all/store")).iter().map(|file| fs::read_to_string(file).unwrap()).collect();
    let method = Regex::new(r"(?m)^    pub async fn (\w+)").unwrap();
    let mut files = rust_files(&root().join("host/src/store"));
    files.push(root().join("host/src/store.rs"));
    let sources = files.iter().map(|file| fs::read_to_string(file).unwrap());
    let names: Vec<String> = sources
        .flat_map(|text| method.captures_iter(&text).map(|found| found[1].to_owned()).collect::<Vec<_>>())
        .collect();
    assert!(names.len() > 50, "the methods were not found");
    let untested: Vec<&String> =
        names.iter().filter(|name| !Regex::new(&format!(r"(\.|Db::){name}\(")).unwrap().is_match(&tests)).collect();
    assert!(untested.is_empty(), "no store test calls {untested:?}");
}
