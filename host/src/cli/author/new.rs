//! `skillet skill new`: a skill that builds, passes its tests and can be uploaded as it is.

use super::{Language, sdk};
use crate::skills::check_skill_name;
use anyhow::{Context, Result, ensure};
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

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

/// Makes the folder `dir/name` and returns it. `crate_folder` is the folder of the crate `skillet-sdk`; without one
/// the crate is unpacked beside the skill.
pub fn new_skill(name: &str, language: Language, dir: &Path, crate_folder: Option<&Path>) -> Result<PathBuf> {
    check_skill_name(name)?;
    let rust = language == Language::Rust;
    ensure!(!rust || !TAKEN.contains(&name), "the name `{name}` means something else in Rust");
    let crate_folder = match crate_folder {
        Some(given) => {
            let folder = fs::canonicalize(given).with_context(|| format!("no folder at {}", given.display()))?;
            ensure!(folder.join("Cargo.toml").is_file(), "{} is not the folder of the SDK", folder.display());
            folder
        }
        None => Path::new(sdk::WORK).join("sdk"),
    };

    fs::create_dir_all(dir).with_context(|| format!("cannot make {}", dir.display()))?;
    let folder = fs::canonicalize(dir)?.join(name);
    fs::create_dir(&folder).map_err(|error| match error.kind() {
        ErrorKind::AlreadyExists => {
            anyhow::anyhow!("{} is there already; choose another name, or another folder with --dir", folder.display())
        }
        _ => anyhow::Error::new(error).context(format!("cannot make {}", folder.display())),
    })?;
    let workspace = if belongs_to_a_workspace(&folder) { "" } else { "\n[workspace]\n" };
    for (file, template) in language.template() {
        let text = template
            .replace("{{name}}", name)
            .replace("{{words}}", &words(name))
            .replace("{{Type}}", &type_name(name))
            .replace("{{sdk}}", &toml_text(&crate_folder))
            .replace("{{workspace}}", workspace);
        let path = folder.join(file.strip_suffix(".template").unwrap_or(file));
        sdk::write_changed(&path, text.as_bytes()).with_context(|| format!("cannot write {}", path.display()))?;
    }
    // Editors find the SDK from the first minute on.
    sdk::unpack(language, &folder)?;
    Ok(folder)
}

/// The name as somebody says it.
fn words(name: &str) -> String {
    name.split('_').filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
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
    fn a_name_is_said_in_words() {
        assert_eq!(words("search_memory"), "search memory");
        assert_eq!(words("rates2__"), "rates2");
    }

    #[test]
    fn bad_names_make_no_folder() {
        let nowhere = Path::new("/nonexistent");
        for name in ["", "a", "Upper", "with-dash", "../up", "1st", "match"] {
            let error = new_skill(name, Language::Rust, nowhere, None).unwrap_err().to_string();
            assert!(error.contains(&format!("`{name}`")), "{error}");
        }
    }

    #[test]
    fn a_new_skill_answers_to_its_own_name_and_to_nothing_else() {
        for language in Language::ALL {
            let (_, manifest) = language.template().iter().find(|(file, _)| *file == "skill.toml").unwrap();
            let filled = manifest.replace("{{name}}", "my_tip").replace("{{words}}", &words("my_tip"));
            // Its build has them from the types.
            let schemas =
                "[input_schema]\ntype = \"object\"\nproperties.name = {}\n[output_schema]\ntype = \"object\"\n";
            let told = if language == Language::Rust { schemas } else { "" };
            let triggers = crate::skills::Manifest::parse(&(filled + told)).unwrap().triggers;
            let said: Vec<&String> = triggers.iter().flat_map(|trigger| &trigger.words).collect();
            assert_eq!(said, ["my tip"], "{language:?}");
            assert!(triggers.iter().all(|trigger| trigger.pattern.is_none()), "{language:?}");
        }
    }

    #[test]
    fn a_template_leaves_no_placeholder_and_has_what_a_skill_needs() {
        let placeholder = regex::Regex::new(r"\{\{[A-Za-z]+\}\}").unwrap();
        for language in Language::ALL {
            let files: Vec<&str> = language.template().iter().map(|(name, _)| *name).collect();
            for needed in ["skill.toml", "README.md", ".gitignore", "tests/greets.json"] {
                assert!(files.contains(&needed), "{language:?} has no {needed}: {files:?}");
            }
            for (file, template) in language.template() {
                let filled = ["{{name}}", "{{words}}", "{{Type}}", "{{sdk}}", "{{workspace}}"]
                    .iter()
                    .fold((*template).to_owned(), |text, placeholder| text.replace(placeholder, ""));
                assert!(!placeholder.is_match(&filled), "{language:?}, {file}");
            }
        }
    }
}
