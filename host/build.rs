//! Makes the components of `src/skills/probe` from their text, since the program itself reads no
//! WebAssembly text; lists the files of the SDKs, which the program carries; and tells cargo of the texts that a
//! macro compiles in.

use std::{
    env,
    error::Error,
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
};
use toml::{Table, Value};
use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};
use wit_parser::Resolve;

/// Folders of the SDKs, and those of their templates, by the name that they are listed under.
const SDKS: [(&str, &str); 7] = [
    ("JS", "js"),
    ("PYTHON", "python"),
    ("GO", "go"),
    ("C", "c"),
    ("CPP", "cpp"),
    ("ZIG", "zig"),
    ("ASSEMBLYSCRIPT", "assemblyscript"),
];
const TEMPLATES: [(&str, &str); 9] = [
    ("RUST", "template"),
    ("JS", "js/template"),
    ("TS", "js/template-ts"),
    ("PYTHON", "python/template"),
    ("GO", "go/template"),
    ("C", "c/template"),
    ("CPP", "cpp/template"),
    ("ZIG", "zig/template"),
    ("ASSEMBLYSCRIPT", "assemblyscript/template"),
];

/// What lies beside an SDK's own files.
const BESIDE: [&str; 7] =
    ["README.md", "template", "template-ts", "conformance", "conformance-ts", "node_modules", "test_uses.py"];

fn main() -> Result<(), Box<dyn Error>> {
    for input in ["locales", "src/skills/probe", "../wit/v0", "../Cargo.toml"] {
        println!("cargo::rerun-if-changed={input}");
    }
    // Not the whole of it: conformance skills are built inside.
    for input in [
        "Cargo.toml",
        "src",
        "when/Cargo.toml",
        "when/src",
        "template",
        "wasi-stub.wat",
        "skill.schema.json",
        "README.md",
        "MANIFEST.md",
        "CASES.md",
    ] {
        println!("cargo::rerun-if-changed=../sdk/{input}");
    }
    for (_, folder) in SDKS {
        println!("cargo::rerun-if-changed=../sdk/{folder}");
    }
    let out = PathBuf::from(env::var("OUT_DIR")?);
    probes(&out)?;
    fs::write(out.join("wasi-stub.wasm"), wasi_stub()?)?;
    fs::write(out.join("sdk.rs"), sdks(&out)?)?;
    Ok(())
}

fn probes(out: &Path) -> Result<(), Box<dyn Error>> {
    let mut resolve = Resolve::default();
    let (contract, _) = resolve.push_dir("../wit/v0")?;
    let world = resolve.select_world(&[contract], Some("skill-world"))?;
    let mut module = wat::parse_file("src/skills/probe/limits.wat")?;
    embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8)?;
    let limits = ComponentEncoder::default().validate(true).module(&module)?.encode()?;
    fs::write(out.join("limits.wasm"), limits)?;
    for name in ["handles", "start", "parked", "memories"] {
        fs::write(out.join(name).with_extension("wasm"), wat::parse_file(format!("src/skills/probe/{name}.wat"))?)?;
    }
    Ok(())
}

/// The module that stands under guests of preview 1, which says that it imports `log`.
fn wasi_stub() -> Result<Vec<u8>, Box<dyn Error>> {
    let mut resolve = Resolve::default();
    resolve.push_dir("../wit/v0")?;
    let world = "package skillet:stub; world stub { import skillet:skill/log@0.1.0; }";
    let package = resolve.push_str("stub.wit", world)?;
    let world = resolve.select_world(&[package], Some("stub"))?;
    let mut module = wat::parse_file("../sdk/wasi-stub.wat")?;
    embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8)?;
    Ok(module)
}

/// A module of lists, each of paths and texts.
fn sdks(out: &Path) -> Result<String, Box<dyn Error>> {
    let sdk = Path::new("../sdk");
    let mut lists = list("CONTRACT", Path::new("../wit/v0"), &[])?;
    lists += &listed("SCHEMA", sdk, vec![sdk.join("skill.schema.json")])?;
    lists += &listed("REFERENCES", sdk, vec![sdk.join("MANIFEST.md"), sdk.join("CASES.md")])?;
    let packages = [packaged(sdk, out, "Cargo.toml")?, packaged(sdk, out, "when/Cargo.toml")?];
    lists += &listed("RUST_PACKAGES", out, packages.into())?;
    lists += &listed("RUST", sdk, [files(&sdk.join("src"), &[])?, files(&sdk.join("when/src"), &[])?].concat())?;
    for (name, folder) in SDKS {
        lists += &list(name, &sdk.join(folder), &BESIDE)?;
    }
    lists += &readmes(sdk, out)?;
    for (name, folder) in TEMPLATES {
        lists += &list(&format!("{name}_TEMPLATE"), &sdk.join(folder), &["node_modules"])?;
    }
    Ok(lists)
}

/// Writes a package of the SDK as it stands alone.
fn packaged(sdk: &Path, out: &Path, name: &str) -> Result<PathBuf, Box<dyn Error>> {
    let file = out.join(name);
    fs::create_dir_all(file.parent().ok_or("a file is in a folder")?)?;
    fs::write(&file, alone(&fs::read_to_string(sdk.join(name))?, &fs::read_to_string("../Cargo.toml")?)?)?;
    Ok(file)
}

/// A package that takes nothing from its workspace: what it inherits is written out.
fn alone(package: &str, workspace: &str) -> Result<String, Box<dyn Error>> {
    let (mut package, root): (Table, Table) = (toml::from_str(package)?, toml::from_str(workspace)?);
    package.remove("lints");
    for (section, from) in [("package", "package"), ("dependencies", "dependencies")] {
        let given = root["workspace"][from].as_table().ok_or("the workspace gives nothing")?;
        let keys = package.get_mut(section).and_then(Value::as_table_mut).ok_or("the package lacks a section")?;
        for (key, value) in keys.iter_mut() {
            if value.get("workspace").is_some() {
                *value = given.get(key).ok_or(format!("the workspace has no {key}"))?.clone();
            }
        }
    }
    Ok(toml::to_string(&package)?)
}

/// The guide of each SDK, for a folder that has the pages of all beside it.
fn readmes(sdk: &Path, out: &Path) -> Result<String, Box<dyn Error>> {
    let mut lists = String::new();
    for (name, folder) in [("RUST", "")].into_iter().chain(SDKS) {
        let moved = out.join(format!("readme-{name}"));
        let file = moved.join("README.md");
        fs::create_dir_all(&moved)?;
        fs::write(&file, fs::read_to_string(sdk.join(folder).join("README.md"))?.replace("](../", "]("))?;
        lists += &listed(&format!("{name}_README"), &moved, vec![file])?;
    }
    Ok(lists)
}

fn list(name: &str, folder: &Path, without: &[&str]) -> Result<String, Box<dyn Error>> {
    listed(name, folder, files(folder, without)?)
}

fn listed(name: &str, folder: &Path, files: Vec<PathBuf>) -> Result<String, Box<dyn Error>> {
    let mut text = format!("pub const {name}: &[super::File] = &[\n");
    for file in files {
        let path = file.strip_prefix(folder)?.to_str().ok_or("a path is not text")?;
        let whole = fs::canonicalize(&file)?;
        writeln!(text, "    ({path:?}, include_str!({:?})),", whole.to_str().ok_or("a path is not text")?)?;
    }
    Ok(text + "];\n")
}

/// The files under a folder, sorted, without what stands directly in it under these names.
fn files(folder: &Path, without: &[&str]) -> Result<Vec<PathBuf>, Box<dyn Error>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).map_err(|error| format!("{}: {error}", folder.display()))? {
        let entry = entry?;
        let name = entry.file_name();
        if without.iter().any(|left_out| name == *left_out) || name == ".skillet" || name == "__pycache__" {
            continue;
        }
        if entry.file_type()?.is_dir() {
            found.extend(files(&entry.path(), &[])?);
        } else {
            found.push(entry.path());
        }
    }
    found.sort();
    Ok(found)
}
