//! `skillet skill new`: a Rust skill that builds, passes its tests and can be uploaded as it is.

use super::build::is_skill_name;
use anyhow::{Context, Result, ensure};
use std::fs;
use std::path::{Path, PathBuf};

const TEMPLATE: [(&str, &str); 5] = [
    ("Cargo.toml", include_str!("new/Cargo.toml.template")),
    ("skill.toml", include_str!("new/skill.toml.template")),
    ("src/lib.rs", include_str!("new/lib.rs.template")),
    ("README.md", include_str!("new/README.md.template")),
    (".gitignore", "/target\n"),
];

/// Names that cargo or the language keeps for itself and the pattern of a skill's name lets through.
const TAKEN: [&str; 38] = [
    "abstract",
    "alloc",
    "as",
    "async",
    "await",
    "become",
    "box",
    "break",
    "const",
    "continue",
    "core",
    "crate",
    "do",
    "dyn",
    "else",
    "enum",
    "extern",
    "final",
    "fn",
    "for",
    "gen",
    "if",
    "impl",
    "in",
    "let",
    "loop",
    "macro",
    "match",
    "mod",
    "move",
    "mut",
    "proc_macro",
    "serde",
    "skillet_sdk",
    "std",
    "test",
    "type",
    "use",
];

/// Makes the folder `dir/name` and returns it. `sdk` is the folder of the crate `skillet-sdk`.
pub fn new_skill(name: &str, dir: &Path, sdk: &Path) -> Result<PathBuf> {
    ensure!(
        is_skill_name(name),
        "the name `{name}` must be 2 to 48 lower-case letters, digits and underscores, a letter first"
    );
    ensure!(!TAKEN.contains(&name), "the name `{name}` means something else in Rust");
    let sdk = fs::canonicalize(sdk).with_context(|| format!("no folder at {}", sdk.display()))?;
    ensure!(sdk.join("Cargo.toml").is_file(), "{} is not the folder of the SDK", sdk.display());

    fs::create_dir_all(dir).with_context(|| format!("cannot make {}", dir.display()))?;
    let folder = fs::canonicalize(dir)?.join(name);
    fs::create_dir(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    fs::create_dir(folder.join("src"))?;
    let workspace = if belongs_to_a_workspace(&folder) { "" } else { "\n[workspace]\n" };
    for (file, template) in TEMPLATE {
        let text = template
            .replace("{{name}}", name)
            .replace("{{Type}}", &type_name(name))
            .replace("{{sdk}}", &toml_text(&sdk))
            .replace("{{workspace}}", workspace);
        let path = folder.join(file);
        fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))?;
    }
    Ok(folder)
}

fn type_name(name: &str) -> String {
    let capitalised = |word: &str| {
        let mut letters = word.chars();
        letters.next().map(|first| first.to_ascii_uppercase().to_string() + letters.as_str())
    };
    name.split('_').filter_map(capitalised).collect()
}

fn toml_text(path: &Path) -> String {
    toml::Value::String(path.to_string_lossy().into_owned()).to_string()
}

/// Cargo refuses a package inside a workspace that neither lists it nor is kept out of it by a workspace of its
/// own, and a listed one that has its own. A list entry that ends in `/*` is all cargo needs for our own plugins.
fn belongs_to_a_workspace(folder: &Path) -> bool {
    folder.ancestors().skip(1).any(|root| {
        let members = fs::read_to_string(root.join("Cargo.toml"))
            .ok()
            .and_then(|text| toml::from_str::<toml::Table>(&text).ok())
            .and_then(|table| table.get("workspace")?.get("members")?.as_array().cloned())
            .unwrap_or_default();
        members.iter().filter_map(toml::Value::as_str).any(|member| match member.strip_suffix("/*") {
            Some(parent) => folder.parent() == Some(&root.join(parent)),
            None => folder == root.join(member),
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn type_names_are_camel_case() {
        assert_eq!(type_name("search_memory"), "SearchMemory");
        assert_eq!(type_name("rates2_"), "Rates2");
    }

    #[test]
    fn bad_names_make_no_folder() {
        let nowhere = Path::new("/nonexistent");
        for name in ["", "a", "Upper", "with-dash", "../up", "1st", "match"] {
            let error = new_skill(name, nowhere, nowhere).unwrap_err().to_string();
            assert!(error.contains(&format!("`{name}`")), "{error}");
        }
    }

    #[test]
    fn the_template_leaves_no_placeholder() {
        for (file, template) in TEMPLATE {
            let filled = ["{{name}}", "{{Type}}", "{{sdk}}", "{{workspace}}"]
                .iter()
                .fold(template.to_owned(), |text, placeholder| text.replace(placeholder, ""));
            assert!(!filled.contains("{{"), "{file}");
        }
    }
}
