//! `skillet skill build`: the folder of a skill to one `.wasm` file, ready for upload.

mod assemblyscript;
mod bindings;
mod c;
mod current;
mod go;
mod js;
mod manifest;
mod python;
mod rust;
mod tool;
mod zig;

use anyhow::{Context, Result};
use std::{
    fs,
    path::{Path, PathBuf},
};

pub use self::tool::ToolFailed;

use self::current::Inputs;
use super::{Language, Steps, sdk};
use crate::skills::{
    Example,
    package::{self, Preview1},
};

#[derive(Debug, Clone)]
pub struct BuildOptions {
    /// The skill's folder, with its source and `skill.toml`.
    pub dir: PathBuf,
    /// The folder to write `<name>.wasm` to.
    pub out: Option<PathBuf>,
    /// Where tools keep what they build or install. Share it among skills: each keeps much.
    pub target_dir: Option<PathBuf>,
    pub steps: Steps,
}

/// What was built.
#[derive(Debug)]
pub struct Built {
    pub file: PathBuf,
    pub component: Vec<u8>,
    pub language: Language,
}

/// What the tools of a language work on.
struct Job<'a> {
    /// The skill's folder, as an absolute path.
    dir: &'a Path,
    /// The SDK and the contract, unpacked.
    work: &'a Path,
    language: Language,
    /// Of the skill.
    name: &'a str,
    /// A folder for what is built or installed once, and whether other skills share it.
    shared: PathBuf,
    is_shared: bool,
}

/// What the tools of a language make.
enum Made {
    Component(Vec<u8>),
    /// With its world in a section.
    CoreModule(Vec<u8>),
    /// Without a word of its world.
    BareModule(Vec<u8>),
}

/// The examples in the manifest of a skill's folder.
pub fn examples(dir: &Path) -> Result<Vec<Example>> {
    let manifest = manifest::read(dir)?;
    manifest.check(Language::of(dir)? == Language::Rust)?;
    manifest.examples()
}

pub fn build(options: &BuildOptions) -> Result<Built> {
    let dir = fs::canonicalize(&options.dir).with_context(|| format!("no folder at {}", options.dir.display()))?;
    let mut manifest = manifest::read(&dir)?;
    let language = Language::of(&dir)?;
    manifest.check(language == Language::Rust)?;
    let work = sdk::unpack(language, &dir)?;
    // Tools run in the skill's folder, where a relative path would mean another one.
    let target = match (&options.target_dir, language) {
        (Some(shared), _) => std::path::absolute(shared)?,
        (None, Language::Rust) => rust::target(&dir)?.join("guests"),
        (None, _) => work.join("build"),
    };
    let file = file(options, &dir, language, &manifest.name)?;
    let inputs = if language.takes_pictures() { Some(Inputs::of(&dir)?) } else { None };
    if inputs.as_ref().is_some_and(|inputs| inputs.made(&file)) {
        let component = fs::read(&file).with_context(|| format!("cannot read {}", file.display()))?;
        return Ok(Built { file, component, language });
    }
    let name = manifest.name.as_str();
    let job = Job { dir: &dir, work: &work, language, name, is_shared: options.target_dir.is_some(), shared: target };
    let first = language == Language::Rust && rust::builds_the_library(&job)?;
    let hint = if first { "; the first build compiles the standard library, 2 to 4 minutes" } else { "" };
    options.steps.tell(format_args!("building {name} ({}{hint})", language.name()));
    let made = match language {
        Language::Rust => rust::build(&job),
        Language::C | Language::Cpp => c::build(&job),
        Language::Go => go::build(&job),
        Language::Zig => zig::build(&job),
        Language::Python => python::build(&job),
        Language::Js | Language::Ts => js::build(&job),
        Language::Assemblyscript => assemblyscript::build(&job),
    }?;
    if language == Language::Rust && manifest.lacks_schema() {
        options.steps.tell(
            "reading the schemas off the types of input and output: the crate is built natively, as for `cargo test`",
        );
        manifest.put_in(&rust::schemas(&job)?)?;
        manifest.check(false)?;
    }
    let component = match made {
        Made::Component(component) => component,
        Made::CoreModule(module) => componentized(&module, &manifest.name, language)?,
        Made::BareModule(mut module) => {
            package::embed_world(&mut module, sdk::contract(), bindings::WORLD)?;
            componentized(&module, &manifest.name, language)?
        }
    };
    let component = package::embed_manifest(&package::strip(&component)?, &manifest.text()?);
    package::inspect(&component).context("the component just built does not pass the host's checks")?;

    write_whole(&file, &component).with_context(|| format!("cannot write {}", file.display()))?;
    if let Some(inputs) = inputs {
        inputs.note(&file)?;
    }
    Ok(Built { file, component, language })
}

/// The file that a skill's folder is built to.
pub fn built_file(options: &BuildOptions) -> Result<PathBuf> {
    let dir = fs::canonicalize(&options.dir).with_context(|| format!("no folder at {}", options.dir.display()))?;
    file(options, &dir, Language::of(&dir)?, &manifest::read(&dir)?.name)
}

fn file(options: &BuildOptions, dir: &Path, language: Language, name: &str) -> Result<PathBuf> {
    let out = match (&options.out, language) {
        (Some(out), _) => out.clone(),
        (None, Language::Rust) => rust::target(dir)?.join("components"),
        (None, _) => dir.join(sdk::WORK).join("build"),
    };
    Ok(out.join(format!("{name}.wasm")))
}

/// The same component under a version number of its own: the last of its three numbers becomes `patch`. One number is
/// one component to a host, and an author does not raise it at every save.
pub fn numbered(component: &[u8], patch: i64) -> Result<Vec<u8>> {
    let text = package::inspect(component)?.manifest.context("the component has no manifest")?;
    let mut manifest: toml::Table = toml::from_str(&text)?;
    let version = manifest.get("version").and_then(toml::Value::as_str).context("`version` is missing")?;
    let (first, _) = version.rsplit_once('.').with_context(|| format!("`version`: {version} is not three numbers"))?;
    let numbered = format!("{first}.{patch}");
    manifest.insert("version".to_owned(), numbered.into());
    Ok(package::embed_manifest(component, &toml::to_string(&manifest)?))
}

fn componentized(module: &[u8], name: &str, language: Language) -> Result<Vec<u8>> {
    package::componentize(module, Preview1::Nothing(sdk::WASI_STUB))
        .with_context(|| format!("{name} was compiled, but is no skill{}", hint(language)))
}

/// What authors forget.
fn hint(language: Language) -> &'static str {
    match language {
        Language::Rust => ": does it call `skillet_sdk::export!`?",
        _ => "",
    }
}

/// Whoever reads the path sees the old file or the new one, never a part.
fn write_whole(path: &Path, bytes: &[u8]) -> Result<()> {
    let dir = path.parent().context("no folder")?;
    fs::create_dir_all(dir)?;
    let unfinished = path.with_extension(format!("wasm.{}", std::process::id()));
    let written = fs::write(&unfinished, bytes).and_then(|()| fs::rename(&unfinished, path));
    if written.is_err() {
        // The error that matters is the one above.
        let _ = fs::remove_file(&unfinished);
    }
    Ok(written?)
}
