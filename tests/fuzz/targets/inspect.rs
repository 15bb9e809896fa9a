//! Any bytes are a component or refused; a component takes a manifest and gives it back.
#![no_main]

use libfuzzer_sys::fuzz_target;
use skillet_fuzz::skills::package;

fuzz_target!(|bytes: &[u8]| {
    let packed = package::embed_manifest(bytes, "name = \"fuzz\"");
    let Ok(found) = package::inspect(bytes) else { return };
    assert_eq!(found.size, bytes.len());
    let again = package::inspect(&packed).expect("a component stays one when a manifest is put in");
    assert_eq!(again.manifest.as_deref(), Some("name = \"fuzz\""));
    assert_eq!((found.imports, found.exports), (again.imports, again.exports));
});
