//! Which compiler can make WebAssembly here.

use super::{TARGET, clean_command};
use anyhow::{Context, Result, bail};
use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

const REMEDY: &str = "no Rust toolchain here can build for wasm32-unknown-unknown. Either
  rustup target add wasm32-unknown-unknown
or, on Debian and its kin,
  apt-get install --no-install-recommends rustc-web cargo-web rust-web-src lld-22
will do";

/// Where distributions put compilers and linkers that are not in everybody's PATH.
const USUAL_PLACES: [&str; 2] = ["/usr/bin", "/usr/local/bin"];
const LLVM_PARENT: &str = "/usr/lib";

#[derive(Debug)]
pub enum Toolchain {
    /// The target's standard library is installed: rustup's way.
    WithTarget { cargo: PathBuf, rustc: PathBuf },
    /// Only the source of the standard library is; it is built along, by Debian's compiler or any other.
    FromSource { cargo: PathBuf, rustc: PathBuf, linker: Option<PathBuf> },
}

impl Toolchain {
    /// `dir` matters to rustup: a `rust-toolchain.toml` in it chooses the version.
    pub fn find(dir: &Path) -> Result<Self> {
        let path = env::var_os("PATH").unwrap_or_default();
        let mut places: Vec<PathBuf> = env::split_paths(&path).collect();
        places.extend(USUAL_PLACES.map(PathBuf::from));
        let compilers = || places.iter().filter_map(|place| Some((program(place, "cargo")?, program(place, "rustc")?)));

        if let Some((cargo, rustc)) = compilers().find(|(_, rustc)| has_target(rustc, dir)) {
            return Ok(Self::WithTarget { cargo, rustc });
        }
        for (cargo, rustc) in compilers() {
            let Some(sysroot) = sysroot_with_source(&rustc, dir) else { continue };
            let linker = linker(&places);
            if linker.is_some() || has_own_linker(&sysroot) {
                return Ok(Self::FromSource { cargo, rustc, linker });
            }
        }
        bail!(REMEDY)
    }

    pub fn cargo(&self, dir: &Path) -> Command {
        let (Self::WithTarget { cargo, rustc } | Self::FromSource { cargo, rustc, .. }) = self;
        let mut command = clean_command(cargo);
        // Else cargo takes the first compiler in the PATH, which need not be the one beside it.
        command.current_dir(dir).env("RUSTC", rustc);
        if let Self::FromSource { linker, .. } = self {
            // Building the standard library is not a stable feature of cargo.
            command.env("RUSTC_BOOTSTRAP", "1");
            if let Some(linker) = linker {
                command.env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER", linker);
            }
        }
        command
    }

    /// The target that is this machine.
    pub fn host(&self, dir: &Path) -> Result<String> {
        let (Self::WithTarget { rustc, .. } | Self::FromSource { rustc, .. }) = self;
        let host = ask(rustc, dir, &["--print", "host-tuple"]).context("rustc does not name this machine")?;
        Ok(host.to_string_lossy().into_owned())
    }

    /// Whether the standard library is built along.
    pub fn is_from_source(&self) -> bool {
        matches!(self, Self::FromSource { .. })
    }

    pub fn build_arguments(&self) -> &'static [&'static str] {
        match self {
            Self::WithTarget { .. } => &[],
            Self::FromSource { .. } => &["-Zbuild-std=std,panic_abort"],
        }
    }
}

fn program(place: &Path, name: &str) -> Option<PathBuf> {
    let path = place.join(name).with_extension(env::consts::EXE_EXTENSION);
    path.is_file().then_some(path)
}

fn ask(rustc: &Path, dir: &Path, arguments: &[&str]) -> Option<PathBuf> {
    let output = clean_command(rustc).args(arguments).current_dir(dir).stderr(Stdio::null()).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    output.status.success().then(|| PathBuf::from(text.trim()))
}

fn has_target(rustc: &Path, dir: &Path) -> bool {
    ask(rustc, dir, &["--print", "target-libdir", "--target", TARGET])
        .and_then(|libraries| fs::read_dir(libraries).ok())
        .is_some_and(|mut libraries| libraries.next().is_some())
}

fn sysroot_with_source(rustc: &Path, dir: &Path) -> Option<PathBuf> {
    let sysroot = ask(rustc, dir, &["--print", "sysroot"])?;
    sysroot.join("lib/rustlib/src/rust/library/Cargo.toml").is_file().then_some(sysroot)
}

/// rustup's toolchains bring a linker for this target along.
fn has_own_linker(sysroot: &Path) -> bool {
    let Ok(targets) = fs::read_dir(sysroot.join("lib/rustlib")) else { return false };
    targets.flatten().any(|target| program(&target.path().join("bin"), "rust-lld").is_some())
}

/// The newest `wasm-ld`, with or without a version in its name: the compiler's own LLVM is new.
fn linker(places: &[PathBuf]) -> Option<PathBuf> {
    let llvm = fs::read_dir(LLVM_PARENT).into_iter().flatten().flatten();
    let llvm = llvm.filter(|entry| entry.file_name().to_string_lossy().starts_with("llvm-"));
    let places = places.iter().cloned().chain(llvm.map(|entry| entry.path().join("bin")));
    let files = places.filter_map(|place| fs::read_dir(place).ok()).flatten().flatten();
    files
        .filter_map(|file| Some((linker_version(&file.file_name())?, file.path())))
        .max_by_key(|(version, _)| *version)
        .map(|(_, path)| path)
}

/// A name without a version is the one that somebody chose, so it comes before any other.
fn linker_version(name: &OsString) -> Option<u32> {
    match name.to_str()?.strip_prefix("wasm-ld")? {
        "" => Some(u32::MAX),
        suffix => suffix.strip_prefix('-')?.parse().ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_linker_is_by_number() {
        let version = |name: &str| linker_version(&OsString::from(name));
        assert_eq!(version("wasm-ld-9"), Some(9));
        assert!(version("wasm-ld-22") > version("wasm-ld-9"));
        assert!(version("wasm-ld") > version("wasm-ld-22"));
        assert_eq!(version("wasm-ld-22.exe"), None);
        assert_eq!(version("ld.lld"), None);
    }
}
