//! The SDKs and templates that are compiled into this program, so that a skill is written with nothing else at hand.

use anyhow::{Context, Result, ensure};
use std::{
    env, fs, io,
    path::{Component, Path, PathBuf},
};

use super::language::Language;

/// A text, and its path in the folder that it is unpacked to.
pub type File = (&'static str, &'static str);

mod files {
    include!(concat!(env!("OUT_DIR"), "/sdk.rs"));
}

/// The folder in an author's folder that belongs to this program.
pub const WORK: &str = ".skillet";

/// The list of what was unpacked into it.
const UNPACKED: &str = "unpacked";

impl Language {
    /// The files of its SDK.
    pub fn sdk(self) -> impl Iterator<Item = File> {
        let (own, more): (&[File], &[File]) = match self {
            Self::Rust => (files::RUST, files::RUST_PACKAGES),
            Self::Js | Self::Ts => (files::JS, &[]),
            Self::Python => (files::PYTHON, &[]),
            Self::Go => (files::GO, &[]),
            Self::C => (files::C, &[]),
            // On top of the one for C.
            Self::Cpp => (files::CPP, files::C),
            Self::Zig => (files::ZIG, &[]),
            Self::Assemblyscript => (files::ASSEMBLYSCRIPT, &[]),
        };
        own.iter().chain(more).copied()
    }

    /// Where its tools look for the SDK and for the contract, in the work folder.
    fn folders(self) -> [&'static str; 2] {
        match self {
            Self::Rust => ["sdk", "wit/v0"],
            Self::Go => ["go", "wit"],
            Self::Zig => ["zig", "wit"],
            Self::Assemblyscript => ["assemblyscript", "wit"],
            Self::Js | Self::Ts | Self::Python | Self::C | Self::Cpp => ["", "wit"],
        }
    }

    /// Its guide.
    fn readme(self) -> &'static [File] {
        match self {
            Self::Rust => files::RUST_README,
            Self::Js | Self::Ts => files::JS_README,
            Self::Python => files::PYTHON_README,
            Self::Go => files::GO_README,
            Self::C => files::C_README,
            Self::Cpp => files::CPP_README,
            Self::Zig => files::ZIG_README,
            Self::Assemblyscript => files::ASSEMBLYSCRIPT_README,
        }
    }

    /// The files of a new skill.
    pub fn template(self) -> &'static [File] {
        match self {
            Self::Rust => files::RUST_TEMPLATE,
            Self::Js => files::JS_TEMPLATE,
            Self::Ts => files::TS_TEMPLATE,
            Self::Python => files::PYTHON_TEMPLATE,
            Self::Go => files::GO_TEMPLATE,
            Self::C => files::C_TEMPLATE,
            Self::Cpp => files::CPP_TEMPLATE,
            Self::Zig => files::ZIG_TEMPLATE,
            Self::Assemblyscript => files::ASSEMBLYSCRIPT_TEMPLATE,
        }
    }
}

/// The preview 1 of WASI with nothing behind it, as a core module: stands under a guest whose tools know no way
/// without.
pub const WASI_STUB: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/wasi-stub.wasm"));

/// The files of the contract, by name.
pub fn contract() -> &'static [File] {
    files::CONTRACT
}

/// The JSON Schema of `skill.toml`.
pub fn manifest_schema() -> &'static str {
    files::SCHEMA[0].1
}

/// Puts the SDK, its guides, the contract and the schema of `skill.toml` into the work folder of a skill, and returns
/// that. Files that are right already are not touched, so that tools which go by time build only what changed.
pub fn unpack(language: Language, dir: &Path) -> Result<PathBuf> {
    let work = dir.join(WORK);
    ensure!(!work.is_symlink(), "{} leads elsewhere; it must be a folder", work.display());
    let [sdk, contract] = language.folders().map(|folder| work.join(folder));
    write_all(&contract, contract_files())?;
    let guides = files::SCHEMA.iter().chain(files::REFERENCES).chain(language.readme());
    write_all(&work, guides.copied())?;
    write_all(&sdk, language.sdk())?;
    write_all(&work, [(".gitignore", "*\n")])?;
    forget_older(&work, &sdk, language)?;
    Ok(work)
}

/// Removes what an earlier program unpacked and this one does not have: tools would take it along.
fn forget_older(work: &Path, sdk: &Path, language: Language) -> Result<()> {
    let list = work.join(UNPACKED);
    let names: Vec<&str> = language.sdk().map(|(name, _)| name).collect();
    for older in fs::read_to_string(&list).unwrap_or_default().lines().filter(|older| !names.contains(older)) {
        // The list lies in a folder that may come from anybody: nothing outside of it is meant.
        let inside = Path::new(older).components().all(|part| matches!(part, Component::Normal(_)));
        if inside && !leads_elsewhere(sdk, older) {
            // It may have gone before.
            let _ = fs::remove_file(sdk.join(older));
        }
    }
    write_changed(&list, names.join("\n").as_bytes()).with_context(|| format!("cannot write {}", list.display()))
}

fn contract_files() -> impl Iterator<Item = File> {
    files::CONTRACT.iter().copied()
}

fn write_all(folder: &Path, files: impl IntoIterator<Item = File>) -> Result<()> {
    for (name, text) in files {
        ensure!(!leads_elsewhere(folder, name), "{} holds a link at {name}; remove it", folder.display());
        let path = folder.join(name);
        write_changed(&path, text.as_bytes()).with_context(|| format!("{} cannot be written", path.display()))?;
    }
    Ok(())
}

/// Whether a file, or a folder on the way to it, is a link.
fn leads_elsewhere(folder: &Path, name: &str) -> bool {
    let inside = Path::new(name).ancestors().filter(|part| !part.as_os_str().is_empty());
    folder.is_symlink() || inside.into_iter().any(|part| folder.join(part).is_symlink())
}

/// Where this program keeps what is not the skill's own: in the user's cache, where nobody else writes.
pub fn cache() -> Result<PathBuf> {
    let home = || env::home_dir().map(|home| home.join(".cache"));
    let cache = env::var_os("XDG_CACHE_HOME").map(PathBuf::from).filter(|path| path.is_absolute()).or_else(home);
    Ok(cache.context("neither XDG_CACHE_HOME nor HOME says where a cache may be")?.join("skillet"))
}

/// Writes a file unless it holds this already.
pub fn write_changed(path: &Path, bytes: &[u8]) -> io::Result<()> {
    if fs::read(path).is_ok_and(|before| before == bytes) {
        return Ok(());
    }
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent)?;
    }
    fs::write(path, bytes)
}
