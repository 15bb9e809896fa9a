//! Components made from `tests/guests/*.wat`, with a manifest made in code.

use skillet::skills::package;
use std::fmt::Write;
use wit_component::{StringEncoding, embed_component_metadata};
use wit_parser::Resolve;

use super::{manifest::Manifest, root};

/// An interface that no host lends, and a world that has it.
const STRANGER: &str = "
    package stranger:things@0.1.0;
    interface door { open: func() -> u32; }
    world guest { include skillet:skill/skill-world@0.1.0; import door; }
";

/// As much of WASI as the guest `wide` uses, and a world that has it.
const WIDE: &str = "
    package tests:wide@0.1.0;
    world guest {
        include skillet:skill/skill-world@0.1.0;
        import wasi:cli/environment@0.2.0;
        import wasi:filesystem/preopens@0.2.0;
        import wasi:clocks/monotonic-clock@0.2.0;
    }
    package wasi:cli@0.2.0 {
        interface environment {
            get-environment: func() -> list<tuple<string, string>>;
            get-arguments: func() -> list<string>;
        }
    }
    package wasi:filesystem@0.2.0 {
        interface types { resource descriptor; }
        interface preopens {
            use types.{descriptor};
            get-directories: func() -> list<tuple<descriptor, string>>;
        }
    }
    package wasi:clocks@0.2.0 {
        interface monotonic-clock { type instant = u64; now: func() -> instant; }
    }
";

/// Returns its input.
pub fn echo(manifest: &Manifest) -> Vec<u8> {
    guest(include_str!("../../guests/echo.wat"), manifest)
}

/// Returns a text, JSON or not: two texts make two versions.
pub fn constant(output: &str, manifest: &Manifest) -> Vec<u8> {
    assert!(output.len() < 60_000, "the text has to fit below what the allocator gives out");
    let bytes = output.bytes().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "\\{byte:02x}");
        text
    });
    let text = include_str!("../../guests/constant.wat")
        .replace("(i32.const LENGTH)", &format!("(i32.const {})", output.len()));
    guest(&text.replace("\"OUTPUT\"", &format!("\"{bytes}\"")), manifest)
}

/// Never returns.
pub fn spin(manifest: &Manifest) -> Vec<u8> {
    guest(include_str!("../../guests/spin.wat"), manifest)
}

/// Takes memory without end.
pub fn grow(manifest: &Manifest) -> Vec<u8> {
    guest(include_str!("../../guests/grow.wat"), manifest)
}

/// Returns 50 MB of JSON; it needs 64 MiB of memory to get that far.
pub fn flood(manifest: &Manifest) -> Vec<u8> {
    guest(include_str!("../../guests/flood.wat"), manifest)
}

/// Returns JSON that its own `output_schema` forbids.
pub fn badshape(manifest: &Manifest) -> Vec<u8> {
    let shape = serde_json::json!({ "type": "object", "required": ["text"] });
    constant("[1, 2]", &manifest.clone().output(&shape))
}

/// Returns text that is not JSON.
pub fn notjson(manifest: &Manifest) -> Vec<u8> {
    constant("{\"text\": ", manifest)
}

/// Crashes.
pub fn trap(manifest: &Manifest) -> Vec<u8> {
    guest(include_str!("../../guests/trap.wat"), manifest)
}

/// Loops while it is instantiated.
pub fn startloop(manifest: &Manifest) -> Vec<u8> {
    guest(include_str!("../../guests/startloop.wat"), manifest)
}

/// Says that something is away on its first attempt, and returns its input on a later one.
pub fn unsteady(manifest: &Manifest) -> Vec<u8> {
    guest(include_str!("../../guests/unsteady.wat"), manifest)
}

/// What WASI shows, as `[variables, arguments, folders, clock runs]`.
pub fn wide(manifest: &Manifest) -> Vec<u8> {
    let component = component(include_str!("../../guests/wide.wat"), Some(WIDE));
    package::embed_manifest(&component, &manifest.toml())
}

/// Crashes, or exits if its input holds anything; says why on the standard error of WASI.
pub fn last_words(manifest: &Manifest) -> Vec<u8> {
    guest(include_str!("../../guests/last_words.wat"), manifest)
}

/// Imports an interface that the host does not know.
pub fn unknown_import(manifest: &Manifest) -> Vec<u8> {
    let text = include_str!("../../guests/unknown_import.wat");
    package::embed_manifest(&component(text, Some(STRANGER)), &manifest.toml())
}

/// A component from any module text in which `(;allocator;)` stands for the shared allocator.
pub fn guest(wat: &str, manifest: &Manifest) -> Vec<u8> {
    package::embed_manifest(&component(wat, None), &manifest.toml())
}

/// The core module of a guest, with its world and its manifest in sections.
pub fn core_module(wat: &str, manifest: &Manifest) -> Vec<u8> {
    package::embed_manifest(&with_world(wat, None), &manifest.toml())
}

/// A component without a manifest, for the contract's world or for the world `guest` of more WIT.
pub fn component(wat: &str, more_wit: Option<&str>) -> Vec<u8> {
    package::componentize(&with_world(wat, more_wit), package::Preview1::Wasi).unwrap()
}

fn with_world(wat: &str, more_wit: Option<&str>) -> Vec<u8> {
    let text = wat.replace("(;allocator;)", include_str!("../../guests/allocator.wat"));
    let mut module = wat::parse_str(text).unwrap();
    let mut resolve = Resolve::default();
    let (contract, _) = resolve.push_dir(root().join("wit/v0")).unwrap();
    let (package, name) = match more_wit {
        None => (contract, "skill-world"),
        Some(wit) => (resolve.push_str("more.wit", wit).unwrap(), "guest"),
    };
    let world = resolve.select_world(&[package], Some(name)).unwrap();
    embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8).unwrap();
    module
}
