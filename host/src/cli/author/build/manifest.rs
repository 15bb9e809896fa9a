//! `skill.toml` on its way into the component: schema files are put in where it names them.

use anyhow::{Context, Result, bail};
use std::fs;
use std::io::ErrorKind;
use std::path::Path;
use toml::{Table, Value};

use crate::skills::{self, Example, ManifestError, check_skill_name};

const FILE: &str = "skill.toml";
const SCHEMAS: [&str; 2] = ["input_schema", "output_schema"];

#[derive(Debug)]
pub struct Manifest {
    pub name: String,
    /// What the file says.
    written: String,
    /// The same with what was put in, if anything was.
    table: Table,
    put_in: bool,
}

/// Checks only what the build itself needs; [`Manifest::check`] is for the rest.
pub fn read(dir: &Path) -> Result<Manifest> {
    let path = dir.join(FILE);
    let written = fs::read_to_string(&path).map_err(|error| match error.kind() {
        ErrorKind::NotFound => anyhow::anyhow!("there is no {FILE} in {}", dir.display()),
        _ => anyhow::Error::new(error).context(format!("cannot read {}", path.display())),
    })?;
    let mut table: Table = toml::from_str(&written).with_context(|| format!("{} is not valid TOML", path.display()))?;
    let name = name(&table).with_context(|| path.display().to_string())?;

    let mut put_in = false;
    for key in SCHEMAS {
        let Some(Value::String(file)) = table.get(key) else { continue };
        let schema = schema(dir, file).with_context(|| format!("{key} = \"{file}\""))?;
        table.insert(key.into(), schema);
        put_in = true;
    }
    Ok(Manifest { name, written, table, put_in })
}

impl Manifest {
    /// Whether the author left a schema to the types.
    pub fn lacks_schema(&self) -> bool {
        SCHEMAS.iter().any(|key| !self.table.contains_key(*key))
    }

    /// What a host would find wrong, before a compiler runs. Schemas that the types will tell stand open here.
    pub fn check(&self, types_tell: bool) -> Result<()> {
        let lacking = SCHEMAS.iter().filter(|key| types_tell && !self.table.contains_key(**key));
        let open: String = lacking.map(|key| ["\n[", key, "]\ntype = \"object\"\n"].concat()).collect();
        match skills::Manifest::parse(&(self.text()? + &open)) {
            // They speak of properties of the input.
            Err(ManifestError::Value { key, .. })
                if !open.is_empty() && (key == "idempotency" || key.starts_with("triggers")) =>
            {
                Ok(())
            }
            parsed => Ok(parsed.map(drop)?),
        }
    }

    pub fn examples(&self) -> Result<Vec<Example>> {
        let Some(examples) = self.table.get("examples") else { return Ok(Vec::new()) };
        examples.clone().try_into().with_context(|| format!("{FILE}, `examples`"))
    }

    /// Puts in the schemas that are lacking. `null` stands for a type without one.
    pub fn put_in(&mut self, schemas: &serde_json::Value) -> Result<()> {
        for key in SCHEMAS.into_iter().filter(|key| !self.table.contains_key(*key)).collect::<Vec<_>>() {
            let schema = schemas.get(key).filter(|schema| !schema.is_null()).with_context(|| {
                format!(
                    "{FILE} has no `{key}`, and its type has none either. Either write it there, or derive it: \
                     `use skillet_sdk::{{JsonSchema, schemars}}` and `#[derive(JsonSchema)]` on the type and those in it"
                )
            })?;
            let schema = from_json(schema.clone()).with_context(|| format!("the `{key}` of the type"))?;
            self.table.insert(key.into(), schema);
            self.put_in = true;
        }
        Ok(())
    }

    /// What goes into the component: the very text of the file when nothing had to be put in.
    pub fn text(&self) -> Result<String> {
        if !self.put_in {
            return Ok(self.written.clone());
        }
        toml::to_string(&self.table).context("the manifest cannot be written")
    }
}

/// The name becomes a file's name, so it is checked before anything is written.
fn name(table: &Table) -> Result<String> {
    let name = table.get("name").and_then(Value::as_str).context("`name` is missing")?;
    check_skill_name(name)?;
    Ok(name.to_owned())
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
        assert_eq!((manifest.name.as_str(), manifest.text().unwrap().as_str()), ("hello", text));
        assert!(manifest.lacks_schema(), "there is none of the output");
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
        let table: Table = toml::from_str(&manifest.text().unwrap()).unwrap();
        assert_eq!(table["input_schema"]["properties"]["n"]["maximum"].as_float(), Some(2.5));
        assert_eq!(table["limits"]["fuel"].as_integer(), Some(1));
    }

    #[test]
    fn only_a_schema_that_is_lacking_comes_from_the_types() {
        let text = "name = \"hello\"\ninput_schema = { type = \"object\" }\n";
        let mut manifest = read(folder(&[(FILE, text)]).path()).unwrap();
        let types = |output| serde_json::json!({ "input_schema": { "title": "no" }, "output_schema": output });
        let error = manifest.put_in(&types(serde_json::Value::Null)).unwrap_err().to_string();
        assert!(error.contains("`output_schema`") && error.contains("#[derive(JsonSchema)]"), "{error}");
        manifest.put_in(&types(serde_json::json!({ "type": "array" }))).unwrap();
        assert!(!manifest.lacks_schema());
        let table: Table = toml::from_str(&manifest.text().unwrap()).unwrap();
        assert_eq!(table["output_schema"]["type"].as_str(), Some("array"));
        assert!(table["input_schema"].get("title").is_none(), "what the file says stands");
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
