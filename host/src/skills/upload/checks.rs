//! What is held against a component before it is compiled.

use serde_json::{Value, json};

use super::{Origin, UploadError};
use crate::{
    skills::{
        Skills,
        linker::{lent, unversioned},
        manifest::{Manifest, ManifestError},
        manifest_of,
        package::Inspection,
        text::plain_text,
    },
    store::{SkillRow, StoreError},
};

/// Begins the names of our own interfaces.
const OURS: &str = "skillet:skill/";

/// The version of the contract that this host speaks, and the part that others have in common with it.
const CONTRACT: (&str, &str) = ("0.1.0", "0.1.");

/// Whether the component calls what it asks for and the host lends, and is a skill at all.
pub fn world(inspection: &Inspection, manifest: &Manifest) -> Result<(), UploadError> {
    let asked = manifest.asked();
    for import in &inspection.imports {
        match lent().find(|(name, _)| *name == unversioned(import)) {
            None => return Err(UploadError::UnknownImport(import.clone())),
            Some((_, Some(capability))) if !asked.iter().any(|(name, _)| name == capability) => {
                return Err(UploadError::Undeclared { import: import.clone(), capability });
            }
            Some(_) if !spoken(import) => {
                let lent = format!("{}@{}", unversioned(import), CONTRACT.0);
                return Err(UploadError::OtherContract { import: import.clone(), lent });
            }
            Some(_) => {}
        }
    }
    if let Some((name, _)) =
        asked.iter().find(|(name, _)| !lent().any(|(_, capability)| capability == &Some(name.as_str())))
    {
        return Err(UploadError::NotLent(name.clone()));
    }
    if !inspection.exports.iter().any(|export| unversioned(export) == "skillet:skill/skill" && spoken(export)) {
        return Err(UploadError::NoExport);
    }
    Ok(())
}

/// Whether an interface is not ours, or of the contract that this host speaks.
fn spoken(interface: &str) -> bool {
    let version = interface.strip_prefix(OURS).and_then(|name| Some(name.split_once('@')?.1));
    version.is_none_or(|version| version.starts_with(CONTRACT.1))
}

/// Whether everything of the manifest that people and models read is what it looks like. Examples are
/// data, and may hold anything.
pub fn texts(manifest: &Manifest) -> Result<(), ManifestError> {
    let Value::Object(mut keys) = json!(manifest) else { return Ok(()) };
    keys.remove("examples");
    keys.iter().try_for_each(|(key, value)| plain(key, value))
}

fn plain(key: &str, value: &Value) -> Result<(), ManifestError> {
    let check = |text: &str| plain_text(text).map_err(|reason| ManifestError::Value { key: key.to_owned(), reason });
    match value {
        Value::String(text) => check(text),
        Value::Array(items) => items.iter().enumerate().try_for_each(|(at, item)| plain(&format!("{key}[{at}]"), item)),
        Value::Object(fields) => fields.iter().try_for_each(|(field, value)| {
            check(field)?;
            plain(&format!("{key}.{field}"), value)
        }),
        _ => Ok(()),
    }
}

impl Skills {
    /// Whether a version lets go of what the owner relied on in the one that answers: a secret would go
    /// elsewhere, calls would no longer be asked for, or it comes after one that was rolled back. No grant shows it, so it waits for a review.
    pub(super) async fn loosens(
        &self,
        skill: Option<&SkillRow>,
        active: Option<&Manifest>,
        manifest: &Manifest,
    ) -> Result<bool, StoreError> {
        let Some(skill) = skill else { return Ok(false) };
        let versions = self.services.db.versions(&skill.name).await?;
        if skill.active_digest.is_none() {
            // None answers yet: what the owner said so far was said to one that waits.
            return Ok(versions.iter().any(|version| version.status == "review"));
        }
        let Some(active) = active else { return Ok(false) };
        // What was rolled back does not come back by being uploaded again, in this version or the next.
        let rolled_back = versions
            .iter()
            .any(|version| version.retired_reason.is_some() && numbers(&version.version) > numbers(&active.version));
        let unasked = active.needs_approval && !manifest.needs_approval;
        let moved = manifest.secrets.iter().any(|secret| {
            active
                .secrets
                .iter()
                .find(|before| before.name == secret.name)
                .is_none_or(|before| before.place() != secret.place())
        });
        Ok(rolled_back || unasked || moved)
    }

    /// The manifest of the version that answers; `None` where none does.
    pub(in crate::skills) async fn active(&self, skill: Option<&SkillRow>) -> Result<Option<Manifest>, StoreError> {
        let Some(digest) = skill.and_then(|skill| skill.active_digest.as_ref()) else { return Ok(None) };
        self.services.db.version(digest).await?.as_ref().map(manifest_of).transpose()
    }

    /// Whether a version may have this number: one number is one component, and a person's upload does not
    /// go below the version that answers.
    pub(super) async fn check_version(
        &self,
        manifest: &Manifest,
        digest: &str,
        origin: Origin,
    ) -> Result<(), UploadError> {
        let (db, skill, version) = (&self.services.db, &manifest.name, &manifest.version);
        let stored = db.version(digest).await?;
        if let Some(stored) = stored.as_ref().filter(|stored| stored.skill_name != *skill) {
            return Err(UploadError::OtherSkill(digest.to_owned(), stored.skill_name.clone()));
        }
        // What ships with the host is built again and again under one number.
        if origin == Origin::Bundle {
            return Ok(());
        }
        if stored.is_none()
            && let Some(other) = db.version_of(skill, version).await?
        {
            return Err(UploadError::SameVersion {
                skill: skill.clone(),
                version: version.clone(),
                stored: other.digest,
                given: digest.to_owned(),
            });
        }
        let row = db.skill(skill).await?.filter(|row| row.status != "removed");
        let Some(active) = row.and_then(|row| row.active_digest) else { return Ok(()) };
        let active = db.version(&active).await?.map(|active| active.version).unwrap_or_default();
        if numbers(version) < numbers(&active) {
            let (skill, version) = (skill.clone(), version.clone());
            return Err(UploadError::Downgrade { skill, version, active });
        }
        Ok(())
    }
}

/// The numbers of a version, which compare as versions do.
fn numbers(version: &str) -> Vec<u64> {
    version.split('.').map_while(|number| number.parse().ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const MANIFEST: &str = r#"
        name = "greet"
        version = "1.0.0"
        description = "Greets."
        input_schema = { type = "object", properties = { who = { type = "string", description = "Whom" } } }
        output_schema = {}
        [[triggers]]
        words = ["greet"]
        fill = "who"
        [settings.tone]
        description = "How"
        [[examples]]
        input = { who = "a\u200bb" }
    "#;

    #[test]
    fn what_hides_in_a_manifest_is_found_wherever_it_stands() {
        let check = |text: &str| texts(&Manifest::parse(text).unwrap()).map_err(|error| error.to_string());
        assert_eq!(check(MANIFEST), Ok(()), "examples are data");
        for (text, key) in [
            ("Greets.", "description"),
            ("\"Whom\"", "input_schema.properties.who.description"),
            ("[\"greet\"]", "triggers[0].words[0]"),
            ("\"How\"", "settings.tone.description"),
        ] {
            let hiding = text.replace('W', "\\u202eW").replace("ree", "\\u200bree").replace("How", "\\u0007How");
            let refused = check(&MANIFEST.replacen(text, &hiding, 1)).unwrap_err();
            assert!(refused.contains(&format!("`{key}`")) && refused.contains("U+"), "{refused}");
        }
    }

    #[test]
    fn imports_are_lent_asked_for_and_of_this_contract() {
        let manifest = |more: &str| {
            Manifest::parse(&MANIFEST.replacen("[[triggers]]", &format!("{more}\n[[triggers]]"), 1)).unwrap()
        };
        let (plain, kv) = (manifest(""), manifest("[capabilities]\nkv = true"));
        let check = |manifest: &Manifest, imports: &[&str], export: &str| {
            let names = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect();
            let (imports, exports) = (names(imports), names(&[export]));
            world(&Inspection { manifest: None, imports, exports, size: 0, core_instances: 1 }, manifest)
                .map_err(|error| error.to_string())
        };
        let skill = "skillet:skill/skill@0.1.0";
        assert_eq!(check(&plain, &["skillet:skill/log@0.1.0"], skill), Ok(()));
        assert_eq!(check(&kv, &["skillet:skill/kv@0.1.7"], skill), Ok(()));
        for (manifest, import, export, says) in [
            (&plain, "stranger:things/door@0.1.0", skill, "which this host does not lend"),
            (&plain, "wasi:sockets/tcp@0.2.0", skill, "which this host does not lend"),
            (&plain, "skillet:skill/kv@0.1.0", skill, "does not ask for the capability `kv`"),
            (&kv, "skillet:skill/kv@0.9.0", skill, "this host lends `skillet:skill/kv@0.1.0`"),
            (&kv, "skillet:skill/kv@0.1.0", "skillet:skill/skill@0.2.0", "does not export"),
            (&kv, "skillet:skill/kv@0.1.0", "run", "does not export"),
        ] {
            let refused = check(manifest, &[import], export).unwrap_err();
            assert!(refused.contains(says), "{import}: {refused}");
        }
    }

    #[test]
    fn versions_compare_by_number() {
        assert!(numbers("1.9.0") < numbers("1.10.0"));
        assert!(numbers("2.0.0") > numbers("1.99.99"));
        assert_eq!(numbers("1.0.0"), numbers("1.0.0"));
    }
}
