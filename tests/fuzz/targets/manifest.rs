//! Any text is a manifest or refused; a manifest survives being stored, and asks for the same afterwards.
#![no_main]

use libfuzzer_sys::fuzz_target;
use serde_json::json;
use skillet_fuzz::skills::{manifest::Manifest, text::plain_text};

fuzz_target!(|text: &str| {
    let Ok(manifest) = Manifest::parse(text) else { return };
    let _ = plain_text(&manifest.description);
    let stored = json!(manifest);
    let again: Manifest = serde_json::from_value(stored.clone()).expect("a stored manifest is read again");
    assert_eq!(stored, json!(again));
    assert_eq!(manifest.asked(), again.asked());
});
