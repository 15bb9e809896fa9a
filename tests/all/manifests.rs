//! `skill.toml` as it is read, as editors know it, and as it is described: one thing.
//!
//! `sdk/skill.schema.json` and `sdk/MANIFEST.md` are made from the code; `UPDATE_DOCS=1` writes them.

mod page;

use serde_json::{Value, json};
use skillet::skills::{Case, Manifest, manifest_schema, package};
use std::{
    fs,
    path::{Path, PathBuf},
};

use crate::harness::root;

/// The one example of the page.
const EXAMPLE: &str = include_str!("manifests/example.toml");

pub fn up_to_date(path: &str, text: &str) {
    let file = root().join(path);
    if std::env::var_os("UPDATE_DOCS").is_some() {
        fs::write(&file, text).unwrap();
    }
    let written = fs::read_to_string(&file).unwrap_or_default();
    assert!(written == text, "{path} is not what the code says; `UPDATE_DOCS=1` writes it");
}

#[test]
fn the_schema_is_up_to_date() {
    up_to_date("sdk/skill.schema.json", &(serde_json::to_string_pretty(&manifest_schema()).unwrap() + "\n"));
}

#[test]
fn the_page_is_up_to_date() {
    up_to_date("sdk/MANIFEST.md", &page::page());
}

#[test]
fn the_example_is_a_manifest_and_shows_every_part() {
    Manifest::parse(EXAMPLE).unwrap();
    let example: Value = toml::from_str(EXAMPLE).unwrap();
    for key in manifest_schema()["properties"].as_object().unwrap().keys() {
        assert!(example.get(key).is_some(), "the example shows no `{key}`");
    }
}

/// What a case knows is what the page tells of, its example and its table alike.
#[test]
fn the_page_of_cases_has_every_key() {
    let page = fs::read_to_string(root().join("sdk/CASES.md")).unwrap();
    let unknown = serde_json::from_value::<Case>(json!({ "input": {}, "nothing_such": 1 })).unwrap_err().to_string();
    let (_, known) = unknown.split_once("expected one of ").unwrap();
    for key in known.split(", ").map(|key| key.trim_matches('`')) {
        assert!(page.contains(&format!("\n| `{key}` |")), "the page has no row for `{key}`");
    }
    let (_, example) = page.split_once("```json\n").unwrap();
    serde_json::from_str::<Case>(example.split_once("```").unwrap().0).unwrap();
}

/// `plugins/feed` leaves both to its types.
#[test]
fn a_build_puts_in_the_schemas_that_a_file_lacks() {
    let written = fs::read_to_string(root().join("plugins/feed/skill.toml")).unwrap();
    assert!(!written.contains("_schema ="), "the file has a schema");
    let component = fs::read(root().join("target/components/feed.wasm")).unwrap();
    let manifest = Manifest::parse(&package::inspect(&component).unwrap().manifest.unwrap()).unwrap();
    let input = &manifest.input_schema["properties"];
    assert_eq!(input["action"], json!({ "type": "string", "enum": ["add", "remove", "list", "digest"] }));
    assert_eq!(input["url"]["maxLength"], 400);
    assert_eq!(manifest.input_schema["additionalProperties"], false);
    assert_eq!(manifest.output_schema["properties"]["items"]["items"]["required"], json!(["title", "link", "date"]));
}

/// A file that the host takes must have no red line in an editor.
#[test]
fn every_manifest_here_fits_the_schema_and_names_it() {
    let check = jsonschema::draft7::new(&manifest_schema()).unwrap();
    let plugins = manifests(&root().join("plugins"));
    let sdks = folders(&root().join("sdk"));
    let templates: Vec<PathBuf> = [root().join("sdk")].iter().chain(&sdks).flat_map(|sdk| manifests(sdk)).collect();
    let templates: Vec<PathBuf> = templates.into_iter().filter(|file| is_template(file)).collect();
    assert!(plugins.len() > 5 && templates.len() > 5, "{plugins:?} {templates:?}");
    let plugins = plugins.iter().map(|file| (file, "#:schema ../../sdk/skill.schema.json\n"));
    let templates = templates.iter().map(|file| (file, "#:schema .skillet/skill.schema.json\n"));
    for (file, first) in plugins.chain(templates) {
        let text = fs::read_to_string(file).unwrap();
        assert!(text.starts_with(first), "{file:?} does not begin with {first}");
        let value: Value = toml::from_str(&text.replace("{{name}}", "greet")).unwrap();
        let faults: Vec<String> =
            check.iter_errors(&value).map(|fault| format!("{fault} at {}", fault.instance_path())).collect();
        assert!(faults.is_empty(), "{file:?}: {faults:?}");
    }
}

/// The files `skill.toml` in the folders of one.
fn manifests(folder: &Path) -> Vec<PathBuf> {
    folders(folder).into_iter().map(|folder| folder.join("skill.toml")).filter(|file| file.is_file()).collect()
}

fn folders(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.filter(|path| path.is_dir()).collect()
}

fn is_template(manifest: &Path) -> bool {
    let folder = manifest.parent().and_then(Path::file_name).unwrap_or_default();
    folder.to_string_lossy().starts_with("template")
}
