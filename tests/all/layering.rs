//! Who may name whom in the host, held against its source.

use regex::Regex;
use std::{collections::BTreeSet, fs, sync::LazyLock};

use crate::harness::{root, rust_files};

/// Crates, and the only files or folders of `host/src` that may name them.
const HOMES: [(&[&str], &[&str]); 11] = [
    (&["opentelemetry", "opentelemetry_sdk", "opentelemetry_otlp"], &["telemetry"]),
    (&["sqlx"], &["store"]),
    (&["rusqlite"], &["store"]),
    (&["wasmtime", "wasmparser", "wit_component", "wasm_encoder"], &["skills"]),
    (&["teloxide_core"], &["telegram"]),
    (&["axum", "askama", "tower_sessions", "utoipa", "plotters"], &["backoffice"]),
    (&["skillet_tokenizer"], &["gateway/tokens"]),
    (&["fearless_simd", "rawzip"], &["memory/embed/local"]),
    // `config` checks URLs with it, `cli` talks to a running host.
    (&["reqwest"], &["gateway", "skills/egress", "config", "cli"]),
    (&["wasmtime_wasi", "wasmtime_wasi_http"], &["skills/wide"]),
    // Tasks that outlive a request are started in one place.
    (&["tokio::spawn", "tokio::task::spawn"], &["app"]),
];

/// The modules of the host from the lowest to the highest. One names those below it, and none beside it.
const LAYERS: [&[&str]; 13] = [
    &["clock"],
    &["ids", "kept", "prompts", "schedule", "wake"],
    &["config"],
    &["store", "telemetry"],
    &["settings"],
    &["gateway", "memory"],
    &["skills"],
    &["agent"],
    &["scheduler"],
    &["telegram"],
    &["backoffice"],
    &["app"],
    &["cli"],
];

/// Every file of the host: its path without `.rs`, and its bare text.
fn sources() -> Vec<(String, String)> {
    let folder = root().join("host/src");
    let files = rust_files(&folder).into_iter();
    let read = files.map(|file| {
        let path = file.strip_prefix(&folder).unwrap().with_extension("");
        (path.to_str().unwrap().to_owned(), bare(&fs::read_to_string(&file).unwrap()))
    });
    read.collect()
}

/// A text without comments, strings and characters.
fn bare(text: &str) -> String {
    static PROSE: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r##"(?s)//[^\n]*|/\*.*?\*/|r#".*?"#|"(?:\\.|[^"\\])*"|'(?:\\[^']+|[^'\\])'"##).unwrap()
    });
    PROSE.replace_all(text, " ").into_owned()
}

/// The modules that a bare text names by `crate::`, also those grouped in braces.
fn named(text: &str) -> BTreeSet<&str> {
    let first_word = |text: &'_ str| text.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(text.len());
    let mut names = BTreeSet::new();
    for (at, path) in text.match_indices("crate::") {
        let rest = &text[at + path.len()..];
        let Some(group) = rest.strip_prefix('{') else {
            names.insert(&rest[..first_word(rest)]);
            continue;
        };
        let (mut depth, mut start) = (1_usize, 0);
        for (at, c) in group.char_indices() {
            match c {
                '{' => depth += 1,
                '}' => depth -= 1,
                _ => {}
            }
            if depth == 0 || (depth == 1 && c == ',') {
                let item = group[start..at].trim_start();
                names.insert(&item[..first_word(item)]);
                start = at + 1;
            }
            if depth == 0 {
                break;
            }
        }
    }
    names
}

#[test]
fn a_crate_is_named_only_where_it_belongs() {
    let belongs =
        |file: &str, home: &str| file.strip_prefix(home).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    for (names, homes) in HOMES {
        let word = Regex::new(&format!(r"(?:^|[^\w.:]|[^\w:]::)(?:{})\b", names.join("|"))).unwrap();
        for (file, text) in sources() {
            let at_home = homes.iter().any(|home| belongs(&file, home));
            assert!(at_home || !word.is_match(&text), "{file} names one of {names:?}, which belong in {homes:?}");
        }
    }
}

#[test]
fn a_module_names_only_those_below_it() {
    let layer = |module: &str| LAYERS.iter().position(|layer| layer.contains(&module));
    for (file, text) in sources() {
        let module = file.split('/').next().unwrap();
        if ["lib", "main"].contains(&module) {
            continue;
        }
        let own = layer(module).unwrap_or_else(|| panic!("`{module}` has no place in the layers"));
        for name in named(&text).into_iter().filter(|name| *name != module) {
            assert!(layer(name).is_none_or(|other| other < own), "{file} names {name}, which is not below it");
        }
    }
}

#[test]
fn names_are_read_as_the_compiler_reads_them() {
    let names = named("use crate::{store::{Db, Job}, ids,\n agent}; fn f(app: crate::app::App)");
    assert_eq!(names.into_iter().collect::<Vec<_>>(), ["agent", "app", "ids", "store"]);
    assert_eq!(bare(r##"a/* sqlx */"sqlx \" sqlx"r#"sqlx"#'"'b// sqlx"##).replace(' ', ""), "ab");
}
