//! C and C++: Debian's clang, or Zig's, links the SDK, the bindings and the author's sources to a core module.

use anyhow::{Context, Result, bail, ensure};
use std::{
    ffi::OsString,
    fs,
    path::{Path, PathBuf},
};

use super::{
    Job, Made, bindings,
    tool::{Tool, command, run, zig},
};
use crate::cli::author::Language;

const CLANG: Tool = Tool { names: &["clang-19"], remedy: "" };
const CLANG_CPP: Tool = Tool { names: &["clang++-19"], remedy: "" };

/// Files without which Debian's clang starts and fails at the link, and the packages that bring them.
const FILES: [(&str, &str); 3] = [
    ("/usr/lib/llvm-19/bin/wasm-ld", "lld-19"),
    ("/usr/lib/wasm32-wasi/libc.a", "wasi-libc"),
    ("/usr/lib/llvm-19/lib/clang/19/lib/wasi/libclang_rt.builtins-wasm32.a", "libclang-rt-19-dev-wasm32"),
];
const CPP_FILES: [(&str, &str); 2] = [
    ("/usr/lib/llvm-19/lib/wasm32-wasi/libc++.a", "libc++-19-dev-wasm32"),
    ("/usr/lib/llvm-19/lib/wasm32-wasi/libc++abi.a", "libc++abi-19-dev-wasm32"),
];

/// Common to all compilers: reasons of assertions are kept, and paths are relative, so that none gets into the file.
const FLAGS: [&str; 6] = ["-Os", "-UNDEBUG", "-Wall", "-Wextra", "-I.skillet", "-I.skillet/gen"];
const CPP_FLAGS: [&str; 3] = ["-std=c++23", "-fno-exceptions", "-fno-rtti"];

/// First, so that the SDK's definitions come before the library's.
const LIBC: &str = "skillet_libc.c";

const GENERATED: [&str; 2] = [".skillet/gen/skill_world.c", ".skillet/gen/skill_world_component_type.o"];

/// A C compiler, and what it wants before and after everything else.
struct Compiler {
    c: Vec<OsString>,
    cpp: Vec<OsString>,
    link: &'static [&'static str],
}

pub fn build(job: &Job<'_>) -> Result<Made> {
    let cpp = job.language == Language::Cpp;
    let compiler = compiler(job.dir, cpp)?;
    let bindings = bindings::generate(wit_bindgen_c::Opts::default().build(), &job.work.join("wit"))?;
    bindings::write(&bindings, &job.work.join("gen"))?;
    let sources = authors(job.dir, if cpp { "cpp" } else { "c" })?;
    let out = job.work.join("core.wasm");
    if cpp { link_cpp(job, &compiler, &sources) } else { link_c(job, &compiler, &sources) }?;
    Ok(Made::CoreModule(fs::read(&out).with_context(|| format!("cannot read {}", out.display()))?))
}

fn link_c(job: &Job<'_>, compiler: &Compiler, sources: &[PathBuf]) -> Result<()> {
    let mut link = start(job, &compiler.c);
    link.args(["-mexec-model=reactor", "-std=gnu17"]).args(FLAGS).args(sdk(job, "c"));
    link.arg(GENERATED[0]).args(sources).arg(GENERATED[1]);
    run(finish(link, compiler))
}

/// C objects first, since the C++ compiler takes no C.
fn link_cpp(job: &Job<'_>, compiler: &Compiler, sources: &[PathBuf]) -> Result<()> {
    fs::create_dir_all(job.work.join("obj"))?;
    let mut objects = Vec::new();
    for source in sdk(job, "c").into_iter().chain([GENERATED[0].into()]) {
        let object = Path::new(".skillet/obj").join(source.file_name().unwrap_or_default()).with_extension("o");
        let mut compile = start(job, &compiler.c);
        compile.arg("-std=gnu17").args(FLAGS).arg("-c").arg(&source).arg("-o").arg(&object);
        run(compile)?;
        objects.push(object);
    }
    let mut link = start(job, &compiler.cpp);
    link.arg("-mexec-model=reactor").args(CPP_FLAGS).args(FLAGS).args(objects).args(sdk(job, "cpp"));
    link.args(sources).arg(GENERATED[1]);
    run(finish(link, compiler))
}

fn start(job: &Job<'_>, program: &[OsString]) -> std::process::Command {
    let mut command = command(Path::new(&program[0]), job.dir);
    command.args(&program[1..]);
    command
}

fn finish(mut link: std::process::Command, compiler: &Compiler) -> std::process::Command {
    link.args(compiler.link).args(["-o", ".skillet/core.wasm"]);
    link
}

/// The SDK's sources of one kind.
fn sdk(job: &Job<'_>, extension: &str) -> Vec<PathBuf> {
    let names = job.language.sdk().map(|(name, _)| name);
    let mut sources: Vec<&str> =
        names.filter(|name| Path::new(name).extension().is_some_and(|found| found == extension)).collect();
    sources.sort_by_key(|name| (*name != LIBC, *name));
    sources.into_iter().map(|name| Path::new(".skillet").join(name)).collect()
}

/// The author's sources, beside the manifest and in `src`.
fn authors(dir: &Path, extension: &str) -> Result<Vec<PathBuf>> {
    let mut sources = Vec::new();
    for folder in [dir.to_owned(), dir.join("src")] {
        for entry in fs::read_dir(&folder).into_iter().flatten() {
            let path = entry?.path();
            if path.extension().is_some_and(|found| found == extension) {
                sources.push(path.strip_prefix(dir)?.to_owned());
            }
        }
    }
    ensure!(!sources.is_empty(), "there is no .{extension} file beside skill.toml");
    sources.sort();
    Ok(sources)
}

fn compiler(dir: &Path, cpp: bool) -> Result<Compiler> {
    let needed = FILES.into_iter().chain(CPP_FILES.into_iter().filter(|_| cpp));
    let mut missing: Vec<&str> =
        needed.filter(|(file, _)| !Path::new(file).is_file()).map(|(_, package)| package).collect();
    let llvm = [PathBuf::from("/usr/lib/llvm-19/bin")];
    match (CLANG.find(&llvm), CLANG_CPP.find(&llvm)) {
        (Ok(c), Ok(plus)) if missing.is_empty() => return Ok(debian(c, plus)),
        (Ok(c), Err(_)) if missing.is_empty() && !cpp => return Ok(debian(c.clone(), c)),
        (Err(_), _) | (_, Err(_)) => missing.insert(0, "clang-19"),
        _ => {}
    }
    match zig(dir) {
        Ok(zig) => Ok(with_zig(&zig)),
        Err(_) => bail!(
            "no compiler here makes WebAssembly of {}. Install either\n  \
             apt-get install --no-install-recommends {}\nor\n  pip install ziglang==0.17.1",
            if cpp { "C++" } else { "C" },
            missing.join(" ")
        ),
    }
}

fn debian(c: PathBuf, plus: PathBuf) -> Compiler {
    let target = || ["--target=wasm32-wasi", "--sysroot=/usr"].map(OsString::from);
    Compiler {
        c: [c.into()].into_iter().chain(target()).collect(),
        cpp: [plus.into()].into_iter().chain(target()).collect(),
        link: &["-Wl,--stack-first", "-Wl,-z,stack-size=1048576", "-Wl,--strip-all"],
    }
}

fn with_zig(zig: &[OsString]) -> Compiler {
    let mode = |mode: &str| {
        let rest = [mode, "-target", "wasm32-wasi"].map(OsString::from);
        zig.iter().cloned().chain(rest).collect()
    };
    // Its layout has the stack first anyway, and it knows no word for that.
    Compiler { c: mode("cc"), cpp: mode("c++"), link: &["-Wl,-z,stack-size=1048576", "-s"] }
}
