//! `skill.toml` on its way into the component: schema files are put in where it names them.

use anyhow::{Context, Result, bail, ensure};
use std::fs;
use std::io::ErrorKind;
use std::path::Path;
use toml::{Table, Value};

const FILE: &str = "skill.toml";
const SCHEMAS: [&str; 2] = ["input_schema", "output_schema"];

#[derive(Debug)]
pub struct Manifest {
    pub name: String,
    /// What goes into the component. The very text of the file when nothing had to be put in.
    pub text: String,
}

/// Only what the build itself needs is checked here; the host checks the rest when it reads the manifest.
pub fn read(dir: &Path) -> Result<Manifest> {
    let path = dir.join(FILE);
    let text = fs::read_to_string(&path).map_err(|error| match error.kind() {
        ErrorKind::NotFound => anyhow::anyhow!("there is no {FILE} in {}", dir.display()),
        _ => anyhow::Error::new(error).context(format!("cannot read {}", path.display())),
    })?;
    let mut table: Table = toml::from_str(&text).with_context(|| format!("{} is not valid TOML", path.display()))?;
    let name = name(&table).with_context(|| path.display().to_string())?;

    let mut put_in = false;
    for key in SCHEMAS {
        let Some(Value::String(file)) = table.get(key) else { continue };
        let schema = schema(dir, file).with_context(|| format!("{key} = \"{file}\""))?;
        table.insert(key.into(), schema);
        put_in = true;
    }
    let text = if put_in { toml::to_string(&table).context("the manifest cannot be written")? } else { text };
    Ok(Manifest { name, text })
}

/// The name becomes a file's name, so it is checked before anything is written.
fn name(table: &Table) -> Result<String> {
    let name = table.get("name").and_then(Value::as_str).context("`name` is missing")?;
    ensure!(
        is_skill_name(name),
        "the name `{name}` must be 2 to 48 lower-case letters, digits and underscores, a letter first"
    );
    Ok(name.to_owned())
}

pub fn is_skill_name(name: &str) -> bool {
    (2..=48).contains(&name.len())
        && name.starts_with(|first: char| first.is_ascii_lowercase())
        && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
}

fn schema(dir: &Path, file: &str) -> Result<Value> {
    let path = dir.join(file);
    let text = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
    let json = serde_json::from_str(&text).with_context(|| format!("{} is not valid JSON", path.display()))?;
    from_json(json)
}

fn from_json(json: serde_json::Value) -> Result<Value> {
    use serde_json::Value as Json;
    Ok(match json {
        Json::Null => bail!("TOML has no null; write `\"type\": \"null\"` instead"),
        Json::Bool(value) => Value::Boolean(value),
        Json::String(value) => Value::String(value),
        Json::Number(number) => match (number.as_i64(), number.as_f64()) {
            (Some(whole), _) => Value::Integer(whole),
            (None, Some(real)) => Value::Float(real),
            (None, None) => bail!("{number} is out of range"),
        },
        Json::Array(items) => Value::Array(items.into_iter().map(from_json).collect::<Result<_>>()?),
        Json::Object(entries) => Value::Table(
            entries.into_iter().map(|(key, value)| Ok((key, from_json(value)?))).collect::<Result<Table>>()?,
        ),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(files: &[(&str, &str)]) -> tempdir::Folder {
        let folder = tempdir::Folder::new();
        for (name, text) in files {
            fs::write(folder.path().join(name), text).unwrap();
        }
        folder
    }

    fn error(files: &[(&str, &str)]) -> String {
        format!("{:#}", read(folder(files).path()).unwrap_err())
    }

    #[test]
    fn a_manifest_without_schema_files_is_kept_to_the_letter() {
        let text = "# a comment\nname = \"hello\"\n[input_schema]\ntype = \"object\"\n";
        let manifest = read(folder(&[(FILE, text)]).path()).unwrap();
        assert_eq!((manifest.name.as_str(), manifest.text.as_str()), ("hello", text));
    }

    #[test]
    fn schema_files_are_put_in() {
        let manifest = read(
            folder(&[
                (FILE, "name = \"hello\"\ninput_schema = \"in.json\"\n[limits]\nfuel = 1\n"),
                ("in.json", r#"{"type": "object", "properties": {"n": {"type": "integer", "maximum": 2.5}}}"#),
            ])
            .path(),
        )
        .unwrap();
        let table: Table = toml::from_str(&manifest.text).unwrap();
        assert_eq!(table["input_schema"]["properties"]["n"]["maximum"].as_float(), Some(2.5));
        assert_eq!(table["limits"]["fuel"].as_integer(), Some(1));
    }

    #[test]
    fn what_is_wrong_is_named() {
        assert!(error(&[]).contains("no skill.toml"));
        let broken = error(&[(FILE, "name = \"hello\"\nversion = \n")]);
        assert!(broken.contains("line 2"), "{broken}");
        assert!(error(&[(FILE, "name = \"../x\"")]).contains("`../x`"));
        assert!(error(&[(FILE, "version = \"1.0.0\"")]).contains("`name` is missing"));
        let missing = error(&[(FILE, "name = \"hello\"\ninput_schema = \"in.json\"")]);
        assert!(missing.contains("in.json"), "{missing}");
        let null = error(&[(FILE, "name = \"hello\"\ninput_schema = \"in.json\""), ("in.json", "[null]")]);
        assert!(null.contains("null"), "{null}");
    }

    /// A folder of its own for each test, removed with it.
    mod tempdir {
        use std::path::{Path, PathBuf};
        use std::sync::atomic::{AtomicU32, Ordering};

        static COUNT: AtomicU32 = AtomicU32::new(0);

        pub struct Folder(PathBuf);

        impl Folder {
            pub fn new() -> Self {
                let count = COUNT.fetch_add(1, Ordering::Relaxed);
                let path = std::env::temp_dir().join(format!("skillet-manifest-{}-{count}", std::process::id()));
                std::fs::create_dir_all(&path).unwrap();
                Self(path)
            }

            pub fn path(&self) -> &Path {
                &self.0
            }
        }

        impl Drop for Folder {
            fn drop(&mut self) {
                let _ = std::fs::remove_dir_all(&self.0);
            }
        }
    }
}
