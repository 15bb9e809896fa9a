//! Hostile components, made from `tests/guests/attacks/*.wat`.

use serde_json::Value;
use skillet::skills::package;
use std::{
    fmt::Write,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use crate::harness::{guests, manifest::Manifest};

/// The guest of `body.wat` with one thing wrong; an empty part is as it should be.
#[derive(Clone, Copy, Default)]
pub struct Body {
    pub imports: &'static str,
    /// Such as `17` pages.
    pub memory: &'static str,
    /// The body of the allocator: `$size` bytes are wanted.
    pub realloc: &'static str,
    /// Definitions of the module.
    pub fields: &'static str,
    /// What `run` does before it returns its input.
    pub run: &'static str,
    /// What is done after the host has read the result.
    pub post: &'static str,
}

impl Body {
    pub fn make(&self, manifest: &Manifest) -> Vec<u8> {
        guests::guest(&self.text(), manifest)
    }

    /// The same in a world that has WASI.
    pub fn make_with_wasi(&self, manifest: &Manifest) -> Vec<u8> {
        with_wasi(&self.text(), manifest)
    }

    fn text(&self) -> String {
        let realloc = match self.realloc {
            "" => "(;allocator;)".to_owned(),
            body => {
                format!(r#"(func (export "cabi_realloc") (param i32 i32 i32) (param $size i32) (result i32) {body})"#)
            }
        };
        include_str!("../../guests/attacks/body.wat")
            .replace("(;imports;)", self.imports)
            .replace("(;memory;)", if self.memory.is_empty() { "2" } else { self.memory })
            .replace("(;realloc;)", &realloc)
            .replace("(;fields;)", self.fields)
            .replace("(;run;)", self.run)
            .replace("(;post;)", self.post)
    }
}

/// A guest whose `run` does this before it returns its input.
pub fn runs(run: &'static str, manifest: &Manifest) -> Vec<u8> {
    Body { run, ..Body::default() }.make(manifest)
}

/// A guest that has a data segment and returns what the result at 16 says.
pub fn returns(data: &'static str, result: &'static str, manifest: &Manifest) -> Vec<u8> {
    Body { fields: data, run: result, ..Body::default() }.make(manifest)
}

/// The guest of `bare.wat` with parts put in.
#[derive(Clone, Default)]
pub struct Bare {
    /// Definitions of the component before its module.
    pub before: String,
    /// Imports of the module, and what they are instantiated with.
    pub imports: String,
    pub with: String,
    pub fields: String,
    pub run: String,
    pub after: String,
}

impl Bare {
    pub fn make(&self, manifest: &Manifest) -> Vec<u8> {
        let text = include_str!("../../guests/attacks/bare.wat")
            .replace("(;before;)", &self.before)
            .replace("(;imports;)", &self.imports)
            .replace("(;with;)", &self.with)
            .replace("(;fields;)", &self.fields)
            .replace("(;run;)", &self.run)
            .replace("(;after;)", &self.after);
        whole(&text, manifest)
    }
}

/// A component from its whole text.
pub fn whole(text: &str, manifest: &Manifest) -> Vec<u8> {
    let component = wat::parse_str(text).unwrap_or_else(|error| panic!("{error}"));
    package::embed_manifest(&component, &manifest.toml())
}

/// A component that holds one module and exports nothing: for modules that no engine of ours takes.
pub fn holds(module: &str, manifest: &Manifest) -> Vec<u8> {
    whole(&format!("(component (core module {module}))"), manifest)
}

/// A guest that has more functions, for the compiler's sake.
pub fn compiles(fields: &str, manifest: &Manifest) -> Vec<u8> {
    let text = include_str!("../../guests/attacks/body.wat")
        .replace("(;memory;)", "2")
        .replace("(;realloc;)", "(;allocator;)")
        .replace("(;fields;)", fields);
    guests::guest(&text, manifest)
}

/// Asks a server through `wasi:http`, in the way that its input names.
pub fn wasi_http(authority: &str, path: &str, manifest: &Manifest) -> Vec<u8> {
    asking(include_str!("../../guests/attacks/wasi_http.wat"), (authority, path), manifest)
}

/// Fails with what WASI told it: random bytes, clocks, and the status that a server answered.
pub fn told(authority: &str, path: &str, manifest: &Manifest) -> Vec<u8> {
    asking(include_str!("../../guests/told.wat"), (authority, path), manifest)
}

fn asking(text: &str, (authority, path): (&str, &str), manifest: &Manifest) -> Vec<u8> {
    let text = text
        .replace("\"AUTHORITY\"", &format!("\"{authority}\""))
        .replace("AUTHORITY_LENGTH", &authority.len().to_string())
        .replace("\"PATH\"", &format!("\"{path}\""))
        .replace("PATH_LENGTH", &path.len().to_string());
    with_wasi(&text, manifest)
}

fn with_wasi(text: &str, manifest: &Manifest) -> Vec<u8> {
    let component = guests::component(text, Some(include_str!("../../guests/attacks/wasi.wit")));
    package::embed_manifest(&component, &manifest.toml())
}

/// Begins well for some time, and never comes to its end of beginning after that.
pub fn time_bomb(after: Duration, manifest: &Manifest) -> Vec<u8> {
    let at = (SystemTime::now() + after).duration_since(UNIX_EPOCH).unwrap().as_millis();
    let start = format!(
        "(func $start (if (i64.gt_u (call $now) (i64.const {at})) (then (loop $on (br $on))))) \
             (start $start)"
    );
    let text = include_str!("../../guests/attacks/body.wat")
        .replace("(;imports;)", "(import \"skillet:skill/clock@0.1.0\" \"now-ms\" (func $now (result i64)))")
        .replace("(;memory;)", "2")
        .replace("(;realloc;)", "(;allocator;)")
        .replace("(;fields;)", &start);
    guests::guest(&text, manifest)
}

/// Fetches what its input says: see [`super::fetch::Fetch`].
pub fn fetch(manifest: &Manifest) -> Vec<u8> {
    guests::guest(include_str!("../../guests/attacks/fetch.wat"), manifest)
}

/// Calls another skill, so many times, and returns how many went well and what came last.
pub fn calls(callee: &str, times: u32, stop: bool, manifest: &Manifest) -> Vec<u8> {
    let text = include_str!("../../guests/attacks/calls.wat")
        .replace("\"NAME\"", &format!("\"{callee}\""))
        .replace("(i32.const LENGTH)", &format!("(i32.const {})", callee.len()))
        .replace("(i32.const TIMES)", &format!("(i32.const {times})"))
        .replace("(i32.const STOP)", &format!("(i32.const {})", u8::from(stop)));
    reporting(&text, manifest)
}

/// Asks a model until it is refused, and returns how many answers came and why.
pub fn model(manifest: &Manifest) -> Vec<u8> {
    reporting(include_str!("../../guests/attacks/model.wat"), manifest)
}

/// The same with a schema that every answer must satisfy.
pub fn model_with_schema(schema: &Value, manifest: &Manifest) -> Vec<u8> {
    let schema = schema.to_string();
    let data = format!("(data (i32.const 2048) \"{}\")\n  (;allocator;)", schema.replace('"', "\\\""));
    let text = include_str!("../../guests/attacks/model.wat").replace("(;allocator;)", &data).replace(
        "(i32.const 0) (i32.const 0) (i32.const 0) (i32.const 1000)",
        &format!("(i32.const 1) (i32.const 2048) (i32.const {}) (i32.const 1000)", schema.len()),
    );
    reporting(&text, manifest)
}

fn reporting(text: &str, manifest: &Manifest) -> Vec<u8> {
    guests::guest(&text.replace("(;report;)", include_str!("../../guests/attacks/report.wat")), manifest)
}

/// Returns what is kept under a key, and keeps its input there.
pub fn kv(key: &str, manifest: &Manifest) -> Vec<u8> {
    let text = include_str!("../../guests/attacks/kv.wat")
        .replace("\"KEY\"", &format!("\"{key}\""))
        .replace("(i32.const LENGTH)", &format!("(i32.const {})", key.len()));
    guests::guest(&text, manifest)
}

/// Returns an object of so many keys.
pub fn many_keys(count: u32, manifest: &Manifest) -> Vec<u8> {
    let text = include_str!("../../guests/attacks/keys.wat").replace("COUNT", &count.to_string());
    guests::guest(&text, manifest)
}

/// Returns so many brackets that open.
pub fn deep(levels: u32, manifest: &Manifest) -> Vec<u8> {
    let run = "(memory.fill (i32.const 131072) (i32.const 0x5b) (i32.const LEVELS))
        (local.set $input (i32.const 131072)) (local.set $length (i32.const LEVELS))"
        .replace("LEVELS", &levels.to_string());
    let text = include_str!("../../guests/attacks/body.wat")
        .replace("(;memory;)", "20")
        .replace("(;realloc;)", "(;allocator;)")
        .replace("(;run;)", &run);
    guests::guest(&text, manifest)
}

/// A component with more core instances of one module of its own.
pub fn parts(count: usize, module: &str, manifest: &Manifest) -> Vec<u8> {
    let mut before = format!("(core module $part {module})");
    for _ in 0..count {
        let _ = write!(before, "(core instance (instantiate $part))");
    }
    Bare { before, ..Bare::default() }.make(manifest)
}

/// A component that imports an interface of WASI, and exports a skill besides.
pub fn imports(import: &str, manifest: &Manifest) -> Vec<u8> {
    Bare { before: format!("(import {import})"), ..Bare::default() }.make(manifest)
}
