//! The fuzz targets' corpus, run through what it was collected for: each was once worth keeping.

use skillet::skills::{HostRule, Manifest, package};
use std::fs;

use crate::harness::root;

fn each(target: &str, check: impl Fn(&[u8])) {
    let folder = root().join("tests/fuzz/corpus").join(target);
    let files: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert!(files.len() >= 20, "the corpus of {target} has {} files", files.len());
    for file in files {
        check(&fs::read(file).unwrap());
    }
}

#[test]
fn the_fuzz_corpus_harms_nothing() {
    each("inspect", |bytes| {
        let packed = package::embed_manifest(bytes, "name = \"fuzz\"");
        if package::inspect(bytes).is_ok() {
            assert_eq!(package::inspect(&packed).unwrap().manifest.as_deref(), Some("name = \"fuzz\""));
        }
    });
    each("core_module", |bytes| {
        if let Ok(Some(component)) = package::from_core_module(bytes) {
            drop(package::inspect(&component));
        }
    });
    each("manifest", |bytes| drop(Manifest::parse(&String::from_utf8_lossy(bytes))));
    each("host_rule", |bytes| {
        if let Ok(rule) = String::from_utf8_lossy(bytes).parse::<HostRule>() {
            assert_eq!(rule.to_string().parse(), Ok(rule));
        }
    });
}
