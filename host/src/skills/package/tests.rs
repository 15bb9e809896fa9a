use super::*;
use wasm_encoder::{
    Component, ComponentImportSection, ComponentTypeRef, ComponentTypeSection, InstanceType, Module, ModuleSection,
    NestedComponentSection, RawSection,
};

fn custom<'a>(name: &'a str, data: &'a [u8]) -> CustomSection<'a> {
    CustomSection { name: name.into(), data: data.into() }
}

/// Imports `skillet:skill/kv@0.1.0`, and holds a module and a component with manifests of their own.
fn component() -> Vec<u8> {
    let mut types = ComponentTypeSection::new();
    types.instance(&InstanceType::new());
    let mut imports = ComponentImportSection::new();
    imports.import("skillet:skill/kv@0.1.0", ComponentTypeRef::Instance(0));
    let mut module = Module::new();
    module.section(&custom(MANIFEST_SECTION, b"of the module"));
    let mut inner = Component::new();
    inner.section(&custom(MANIFEST_SECTION, b"of the inner component"));

    let mut component = Component::new();
    component.section(&types);
    component.section(&imports);
    component.section(&ModuleSection(&module));
    component.section(&NestedComponentSection(&inner));
    component.finish()
}

fn nested(depth: usize) -> Vec<u8> {
    let mut inner = Component::new();
    for _ in 0..depth {
        let mut outer = Component::new();
        outer.section(&NestedComponentSection(&inner));
        inner = outer;
    }
    inner.finish()
}

#[test]
fn a_component_says_what_it_needs() {
    let bytes = component();
    let inspection = inspect(&bytes).unwrap();
    assert_eq!(inspection.imports, ["skillet:skill/kv@0.1.0"]);
    assert_eq!(inspection.exports, Vec::<String>::new());
    assert_eq!(inspection.manifest, None, "those inside are not its own");
    assert_eq!(inspection.size, bytes.len());
}

#[test]
fn a_manifest_replaces_the_one_before() {
    let once = embed_manifest(&component(), "name = \"a long first one\"");
    let twice = embed_manifest(&once, "name = \"b\"");
    assert_eq!(inspect(&twice).unwrap().manifest.as_deref(), Some("name = \"b\""));
    assert_eq!(twice, embed_manifest(&component(), "name = \"b\""), "nothing of the first is left");
}

#[test]
fn what_is_not_wasm_is_told_by_its_first_bytes() {
    let text = inspect(b"PK\x03\x04zip").unwrap_err().to_string();
    assert!(text.contains("50 4b 03 04"), "{text}");
    assert!(matches!(inspect(b""), Err(PackageError::NotWasm { .. })));
    assert!(matches!(inspect(b"\0as"), Err(PackageError::NotWasm { .. })));
}

#[test]
fn text_and_machine_code_are_told_apart() {
    for text in ["(module)", "  \n(component)", ";; a comment\n(component)", "(; a comment ;) (module)"] {
        assert_eq!(inspect(text.as_bytes()), Err(PackageError::Text), "{text}");
    }
    assert_eq!(inspect(b"\x7fELF\x02\x01\x01\xc8 and so on"), Err(PackageError::Precompiled));
}

#[test]
fn refusals_cross_from_the_child_as_they_are() {
    for refusal in [
        inspect(b"PK").unwrap_err(),
        inspect(&component()[..30]).unwrap_err(),
        PackageError::TooMuch { what: "core modules".into(), count: 65, max: 64 },
    ] {
        let sent = serde_json::to_vec(&refusal).unwrap();
        assert_eq!(serde_json::from_slice::<PackageError>(&sent).unwrap(), refusal);
    }
}

#[test]
fn names_and_manifests_have_an_end() {
    let long = embed_manifest(&component(), &"#".repeat(MAX_MANIFEST_BYTES + 1));
    assert_eq!(
        inspect(&long),
        Err(PackageError::LongManifest { size: MAX_MANIFEST_BYTES + 1, max: MAX_MANIFEST_BYTES })
    );
    let mut imports = ComponentImportSection::new();
    imports.import("a".repeat(MAX_NAME_BYTES + 1), ComponentTypeRef::Instance(0));
    let mut types = ComponentTypeSection::new();
    types.instance(&InstanceType::new());
    let mut component = Component::new();
    component.section(&types).section(&imports);
    assert!(matches!(inspect(&component.finish()), Err(PackageError::TooMuch { .. })));
}

#[test]
fn core_modules_are_told_apart() {
    let bare = Module::new().finish();
    assert!(matches!(inspect(&bare), Err(PackageError::CoreWithoutWorld)));
    assert!(matches!(
        componentize(&bare, Preview1::Wasi),
        Err(ComponentizeError::Package(PackageError::CoreWithoutWorld))
    ));

    let mut module = Module::new();
    module.section(&custom("component-type:wit-bindgen:skill-world", b""));
    assert!(matches!(inspect(&module.finish()), Err(PackageError::CoreWithWorld)));
}

#[test]
fn a_component_is_not_made_into_one() {
    assert!(matches!(componentize(&component(), Preview1::Wasi), Err(ComponentizeError::AlreadyComponent)));
}

#[test]
fn every_cut_is_an_error_and_none_a_panic() {
    let whole = embed_manifest(&component(), "name = \"a\"");
    for length in 0..whole.len() {
        let cut = &whole[..length];
        let _ = embed_manifest(cut, "name = \"b\"");
        if let Ok(inspection) = inspect(cut) {
            assert_eq!(inspection.manifest, None, "cut at {length}");
        }
    }
    // A cut at the end of the innermost, where the parser takes the end of the file for the end of all.
    let nested = nested(2);
    for length in 8..nested.len() {
        assert!(
            matches!(inspect(&nested[..length]), Err(PackageError::Invalid { .. })) || length == 8,
            "cut at {length}"
        );
    }
    match inspect(&whole[..whole.len() - 1]) {
        Err(PackageError::Invalid { offset, .. }) => assert!(offset > 8),
        other => panic!("{other:?}"),
    }
}

#[test]
fn sections_of_the_manifest_are_one_and_text() {
    let twice = {
        let mut component = Component::new();
        component.section(&custom(MANIFEST_SECTION, b"a")).section(&custom(MANIFEST_SECTION, b"b"));
        component.finish()
    };
    assert!(matches!(inspect(&twice), Err(PackageError::ManyManifests { count: 2 })));

    let mut component = Component::new();
    component.section(&custom(MANIFEST_SECTION, b"ok\xff"));
    assert!(matches!(inspect(&component.finish()), Err(PackageError::ManifestNotText { at: 2 })));
}

#[test]
fn proposals_that_the_engine_does_not_run_are_refused() {
    // A shared memory: section 5, one memory, flags "shared, with a maximum", 1 to 1 pages.
    let mut module = Module::new();
    module.section(&RawSection { id: 5, data: &[1, 3, 1, 1] });
    let mut component = Component::new();
    component.section(&ModuleSection(&module));
    match inspect(&component.finish()) {
        Err(PackageError::Invalid { reason, .. }) => assert!(reason.contains("threads"), "{reason}"),
        other => panic!("{other:?}"),
    }
}
