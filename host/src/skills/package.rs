//! A skill as one file: the component, with its manifest in a custom section. Pure functions on bytes.
//!
//! What a stranger sent is only looked at in the compiling child; the command line looks at its owner's own files.

mod error;
mod strip;
mod structure;
mod worlds;

use serde::{Deserialize, Serialize};
use std::{
    ops::Range,
    panic::{self, AssertUnwindSafe},
};
use wasi_preview1_component_adapter_provider::{
    WASI_SNAPSHOT_PREVIEW1_ADAPTER_NAME, WASI_SNAPSHOT_PREVIEW1_REACTOR_ADAPTER,
};
use wasm_encoder::{ComponentSection, CustomSection};
use wasmparser::{Encoding, Parser, Payload, Validator, WasmFeatures};
use wit_component::{ComponentEncoder, StringEncoding};
use wit_parser::{Resolve, SourceMap};

use super::text::printable;

pub use error::{ComponentizeError, PackageError};

const MANIFEST_SECTION: &str = "skillet:manifest";

/// wit-bindgen and its kin leave the world of a core module in sections of this name.
const WORLD_SECTION_PREFIX: &str = "component-type";

const MAGIC: &[u8] = b"\0asm";

/// Machine code in its usual wrapping, and the one that wasmtime puts its artefacts in.
const ELF: &[u8] = b"\x7fELF";

/// How the text format begins: a module, a component, or a comment.
const TEXT: [&[u8]; 4] = [b"(module", b"(component", b"(;", b";;"];

/// Longest manifest in bytes: it is read whole, and kept with every version.
const MAX_MANIFEST_BYTES: usize = 128 << 10;

/// Longest name of an import or export in bytes: they are shown to the owner, one a line.
const MAX_NAME_BYTES: usize = 1_024;

/// What the engine runs: finished proposals without threads, garbage collection, exceptions, several or 64-bit
/// memories in a module, or asynchronous components.
const FEATURES: WasmFeatures = WasmFeatures::WASM2
    .union(WasmFeatures::EXTENDED_CONST)
    .union(WasmFeatures::TAIL_CALL)
    .union(WasmFeatures::COMPONENT_MODEL);

/// What a component says about itself, without running it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Inspection {
    /// The text of `skill.toml`, if it is embedded.
    pub manifest: Option<String>,
    /// Names as in `skillet:skill/kv@0.1.0`. Interfaces that only hold types, such as `types`, are among them.
    pub imports: Vec<String>,
    pub exports: Vec<String>,
    /// In bytes, the manifest included.
    pub size: usize,
    /// Core instances that each of its calls makes.
    pub core_instances: u64,
}

/// What stands under a core module that calls the preview 1 of WASI.
#[derive(Clone, Copy, Debug)]
pub enum Preview1<'a> {
    /// A module that answers each call by itself, with nothing: the component imports no WASI.
    Nothing(&'a [u8]),
    /// WASI 0.2, which the host links to an empty world.
    Wasi,
}

/// Makes a core module that carries its world into a component. It imports only what the module uses.
pub fn componentize(core_module: &[u8], preview1: Preview1<'_>) -> Result<Vec<u8>, ComponentizeError> {
    if encoding(core_module)? == Encoding::Component {
        return Err(ComponentizeError::AlreadyComponent);
    }
    if !has_world(core_module).map_err(PackageError::from)? {
        return Err(PackageError::CoreWithoutWorld.into());
    }
    let adapter = match preview1 {
        Preview1::Nothing(stub) => stub,
        Preview1::Wasi => WASI_SNAPSHOT_PREVIEW1_REACTOR_ADAPTER,
    };
    // An adapter that nothing calls leaves nothing behind.
    ComponentEncoder::default()
        .validate(true)
        .module(core_module)
        .and_then(|encoder| encoder.adapter(WASI_SNAPSHOT_PREVIEW1_ADAPTER_NAME, adapter))
        .and_then(|mut encoder| encoder.encode())
        .map_err(|error| ComponentizeError::Encode(error.into()))
}

/// The component that a core module of a skill is made into, with its manifest; `None` for anything else.
pub fn from_core_module(bytes: &[u8]) -> Result<Option<Vec<u8>>, PackageError> {
    if encoding(bytes)? == Encoding::Component || !has_world(bytes)? {
        return Ok(None);
    }
    let mut manifests = Vec::new();
    for section in top_level(bytes) {
        if let Payload::CustomSection(section) = section?
            && section.name() == MANIFEST_SECTION
        {
            manifests.push(section.data());
        }
    }
    let manifest = manifest(&manifests)?;
    // Whoever puts worlds together takes them for what a tool has written, and breaks on some that none has.
    let made = panic::catch_unwind(AssertUnwindSafe(|| {
        worlds::check(bytes)?;
        componentize(bytes, Preview1::Wasi).map_err(|error| match error {
            ComponentizeError::Package(error) => error,
            error => PackageError::CoreDoesNotFit { reason: printable(&format!("{:#}", anyhow::Error::new(error))) },
        })
    }));
    let component = made.unwrap_or_else(|_| {
        let reason = "the world that it carries is not one that a tool writes".to_owned();
        Err(PackageError::CoreDoesNotFit { reason })
    })?;
    Ok(Some(match manifest {
        Some(manifest) => embed_manifest(&component, &manifest),
        None => component,
    }))
}

/// Says in a core module which world of a contract it is written against, unless it says so itself.
pub fn embed_world(core_module: &mut Vec<u8>, contract: &[(&str, &str)], world: &str) -> Result<(), ComponentizeError> {
    if has_world(core_module).map_err(PackageError::from)? {
        return Ok(());
    }
    let encode = |error: Box<dyn std::error::Error + Send + Sync>| ComponentizeError::Encode(error);
    let mut resolve = Resolve::default();
    let mut sources = SourceMap::default();
    for (name, text) in contract {
        sources.push_str(name, *text);
    }
    let group = sources.parse().map_err(|(_, error)| encode(error.to_string().into()))?;
    let package = resolve.push_group(group).map_err(|error| encode(error.to_string().into()))?;
    let world = resolve.select_world(&[package], Some(world)).map_err(|error| encode(error.into()))?;
    wit_component::embed_component_metadata(core_module, &resolve, world, StringEncoding::UTF8)
        .map_err(|error| encode(error.into()))
}

/// Leaves out what no host reads: names of functions, debug information, who made it.
pub fn strip(component: &[u8]) -> Result<Vec<u8>, PackageError> {
    strip::strip(component).map_err(PackageError::from)
}

/// Puts the manifest in, in place of the one that may be there. Bytes that do not parse are kept as they are;
/// [`inspect`] finds fault with them.
pub fn embed_manifest(component: &[u8], manifest_toml: &str) -> Vec<u8> {
    let mut packed = Vec::with_capacity(component.len() + manifest_toml.len() + 32);
    let mut kept_to = 0;
    for old in manifest_ranges(component) {
        packed.extend_from_slice(&component[kept_to..old.start]);
        kept_to = old.end;
    }
    packed.extend_from_slice(&component[kept_to..]);
    let section = CustomSection { name: MANIFEST_SECTION.into(), data: manifest_toml.as_bytes().into() };
    section.append_to_component(&mut packed);
    packed
}

/// Checks that the bytes are a whole, valid component of a bearable size, and reads what it says about itself.
pub fn inspect(bytes: &[u8]) -> Result<Inspection, PackageError> {
    if encoding(bytes)? == Encoding::Module {
        let has_world = has_world(bytes)?;
        return Err(if has_world { PackageError::CoreWithWorld } else { PackageError::CoreWithoutWorld });
    }
    let core_instances = structure::scan(bytes)?;
    Validator::new_with_features(FEATURES).validate_all(bytes)?;

    let mut imports = Vec::new();
    let mut exports = Vec::new();
    let mut manifests = Vec::new();
    for section in top_level(bytes) {
        match section? {
            Payload::ComponentImportSection(section) => {
                for import in section {
                    imports.push(name(import?.name.name)?);
                }
            }
            Payload::ComponentExportSection(section) => {
                for export in section {
                    exports.push(name(export?.name.name)?);
                }
            }
            Payload::CustomSection(section) if section.name() == MANIFEST_SECTION => manifests.push(section.data()),
            _ => {}
        }
    }
    Ok(Inspection { manifest: manifest(&manifests)?, imports, exports, size: bytes.len(), core_instances })
}

/// The manifest of a component that nothing else is asked of yet: bytes that fit nothing are found by [`inspect`].
pub fn read_manifest(bytes: &[u8]) -> Result<Option<String>, PackageError> {
    let mut manifests = Vec::new();
    for section in top_level(bytes) {
        if let Payload::CustomSection(section) = section?
            && section.name() == MANIFEST_SECTION
        {
            manifests.push(section.data());
        }
    }
    manifest(&manifests)
}

fn name(name: &str) -> Result<String, PackageError> {
    if name.len() > MAX_NAME_BYTES {
        let (count, max) = (name.len() as u64, MAX_NAME_BYTES as u64);
        return Err(PackageError::TooMuch { what: "bytes in the name of an import or export".into(), count, max });
    }
    Ok(name.to_owned())
}

fn manifest(sections: &[&[u8]]) -> Result<Option<String>, PackageError> {
    let data = match sections {
        [] => return Ok(None),
        [data] => data,
        many => return Err(PackageError::ManyManifests { count: many.len() }),
    };
    if data.len() > MAX_MANIFEST_BYTES {
        return Err(PackageError::LongManifest { size: data.len(), max: MAX_MANIFEST_BYTES });
    }
    let text = std::str::from_utf8(data).map_err(|error| PackageError::ManifestNotText { at: error.valid_up_to() })?;
    Ok(Some(text.to_owned()))
}

fn encoding(bytes: &[u8]) -> Result<Encoding, PackageError> {
    let first = &bytes[..bytes.len().min(MAGIC.len())];
    if first == ELF {
        return Err(PackageError::Precompiled);
    }
    let text = bytes.trim_ascii_start();
    if TEXT.iter().any(|start| text.starts_with(start)) {
        return Err(PackageError::Text);
    }
    if first != MAGIC {
        return Err(PackageError::NotWasm { first: first.to_vec() });
    }
    match Parser::new(0).parse_all(bytes).next() {
        Some(Ok(Payload::Version { encoding, .. })) => Ok(encoding),
        Some(Err(error)) => Err(error.into()),
        _ => Err(PackageError::Invalid { offset: MAGIC.len(), reason: "the version is missing".into() }),
    }
}

fn has_world(core_module: &[u8]) -> wasmparser::Result<bool> {
    for section in top_level(core_module) {
        if let Payload::CustomSection(section) = section?
            && section.name().starts_with(WORLD_SECTION_PREFIX)
        {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The sections of the outermost module or component: a component holds others whole, whose sections are theirs.
fn top_level(bytes: &[u8]) -> impl Iterator<Item = wasmparser::Result<Payload<'_>>> {
    let mut depth = 0_usize;
    Parser::new(0).parse_all(bytes).filter(move |payload| {
        let outermost = depth == 0;
        match payload {
            Ok(Payload::ModuleSection { .. } | Payload::ComponentSection { .. }) => depth += 1,
            Ok(Payload::End(_)) => depth = depth.saturating_sub(1),
            _ => {}
        }
        outermost || payload.is_err()
    })
}

/// Where the manifest sections are, headers included. Sections follow one another without a gap, so one starts
/// where the one before it ends.
fn manifest_ranges(component: &[u8]) -> Vec<Range<usize>> {
    let mut ranges = Vec::new();
    let mut start = 0;
    for payload in top_level(component).map_while(Result::ok) {
        let end = match (&payload, payload.as_section()) {
            (Payload::Version { range, .. }, _) => range.end,
            (_, Some((_, range))) => range.end,
            _ => continue,
        };
        if matches!(&payload, Payload::CustomSection(section) if section.name() == MANIFEST_SECTION) {
            ranges.push(start..end);
        }
        start = end;
    }
    ranges
}

#[cfg(test)]
mod tests;
