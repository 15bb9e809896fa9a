//! Why bytes are not a skill. The texts are shown to whoever built or uploaded them.

use serde::{Deserialize, Serialize};
use std::{borrow::Cow, error::Error};

use crate::skills::text::printable;

/// Why bytes are not a component that a host would take. The compiling child sends it to the host.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
#[non_exhaustive]
pub enum PackageError {
    #[error(
        "this is not WebAssembly: at offset 0 a component has the bytes 00 61 73 6d, this file has {}",
        if first.is_empty() { "none, it is empty".to_owned() } else { spaced_hex(first) }
    )]
    NotWasm { first: Vec<u8> },
    #[error("this is the text format of WebAssembly; a host takes components in the binary format only")]
    Text,
    #[error(
        "this is machine code, such as a component compiled ahead of time; a host runs nothing that it has not compiled \
         itself: send the `.wasm` file"
    )]
    Precompiled,
    #[error(
        "this is a core module that does not say what it imports and exports; a skill is a component. Build it against \
         the world `skill-world`, for example with the Rust SDK and `skillet skill build`"
    )]
    CoreWithoutWorld,
    #[error("this is the core module of a skill, not yet a component")]
    CoreWithWorld,
    #[error("this core module does not become a component: {reason}")]
    CoreDoesNotFit { reason: String },
    #[error("the component is invalid or cut short at byte {offset}: {reason}")]
    Invalid { offset: usize, reason: String },
    #[error("the component is larger inside than a host compiles: {count} {what}, {max} at most")]
    TooMuch { what: Cow<'static, str>, count: u64, max: u64 },
    #[error("the component has {count} manifest sections; it may have one. Build it again with `skillet skill build`")]
    ManyManifests { count: usize },
    #[error("the manifest in the component has {size} bytes; {max} bytes at most")]
    LongManifest { size: usize, max: usize },
    #[error("the manifest in the component is not UTF-8 text: its byte {at} is not part of a character")]
    ManifestNotText { at: usize },
}

impl From<wasmparser::Error> for PackageError {
    fn from(error: wasmparser::Error) -> Self {
        Self::Invalid { offset: error.offset(), reason: printable(error.message()) }
    }
}

/// Why a core module does not become a component.
#[derive(Debug, thiserror::Error)]
pub enum ComponentizeError {
    #[error(transparent)]
    Package(#[from] PackageError),
    #[error("this is a component already; only a core module can be made into one")]
    AlreadyComponent,
    #[error("the core module does not become a component")]
    Encode(#[source] Box<dyn Error + Send + Sync>),
}

fn spaced_hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().join(" ")
}
