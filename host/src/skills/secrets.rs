//! Secrets of skills: set by the owner, encrypted at rest, put into requests by the host. They are
//! never read back.

use secrecy::{ExposeSecret, SecretString};
use std::{fs, io::Write, os::unix::fs::OpenOptionsExt, path::Path};

use super::{
    Skills,
    compiler::keep_private,
    egress::{MAX_SECRET_BYTES, MIN_SECRET_BYTES, Owner, Seal},
    manifest::AskedSecret,
};
use crate::store::{NewSecret, StoreError, VersionRow};

/// What the key is derived for: another use of the same words has another key.
const CONTEXT: &str = "skillet 2026 secrets of skills";

/// Why a secret was not set.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    #[error("there is no skill `{0}`")]
    NoSkill(String),
    #[error("`{skill}` asks for no secret `{name}`")]
    NotAsked { skill: String, name: String },
    #[error("`{name}` of `{skill}` goes somewhere else since the page was shown; look at it again")]
    Moved { skill: String, name: String },
    #[error("a secret has {MIN_SECRET_BYTES} to {MAX_SECRET_BYTES} bytes")]
    Length,
    #[error("a secret holds only what may stand in a request header: no line ends, no control characters")]
    NotAHeader,
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The seal of this host.
pub fn seal(shared: &SecretString, data_dir: &Path) -> std::io::Result<Seal> {
    host_key(shared, data_dir, CONTEXT).map(Seal::new)
}

/// A key of this host for one use: of the shared words, or of a key of its own that is made on first use.
pub fn host_key(shared: &SecretString, data_dir: &Path, context: &str) -> std::io::Result<[u8; 32]> {
    let words = shared.expose_secret();
    if !words.is_empty() {
        return Ok(blake3::derive_key(context, words.as_bytes()));
    }
    let file = data_dir.join("secrets.key");
    let key = match fs::read(&file) {
        Ok(key) if key.len() == 32 => {
            keep_private(&file, 0o600)?;
            key
        }
        // Another key would make every secret unreadable without a word.
        Ok(_) => return Err(std::io::Error::other(format!("{} does not hold a key of 32 bytes", file.display()))),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            let key: [u8; 32] = rand::random();
            let mut made = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&file)?;
            made.write_all(&key)?;
            made.sync_all()?;
            key.to_vec()
        }
        Err(error) => return Err(error),
    };
    Ok(blake3::derive_key(context, &key))
}

impl Skills {
    /// Sets a secret that some version of the skill asks for, for the place that it says, which must
    /// be the one that was `shown`; `None` forgets it. Calls that run keep
    /// the value they began with.
    pub async fn set_secret(
        &self,
        skill: &str,
        name: &str,
        (value, shown): (Option<&SecretString>, Option<&str>),
        by: &str,
    ) -> Result<(), SecretError> {
        let (db, clock) = (&self.services.db, &self.services.clock);
        let known = db.skill(skill).await?.filter(|row| row.status != "removed");
        known.ok_or_else(|| SecretError::NoSkill(skill.to_owned()))?;
        let Some(value) = value else {
            db.delete_secret(skill, name).await?;
            self.changed().await;
            return Ok(());
        };
        let versions = db.versions(skill).await?;
        let Some(place) = place(&versions, name) else {
            return Err(SecretError::NotAsked { skill: skill.to_owned(), name: name.to_owned() });
        };
        if shown.is_some_and(|shown| shown != place) {
            return Err(SecretError::Moved { skill: skill.to_owned(), name: name.to_owned() });
        }
        let text = value.expose_secret();
        if !(MIN_SECRET_BYTES..=MAX_SECRET_BYTES).contains(&text.len()) {
            return Err(SecretError::Length);
        }
        if hyper::header::HeaderValue::from_str(text).is_err() {
            return Err(SecretError::NotAHeader);
        }
        let place = place.as_str();
        let sealed = self.registry.seal(&Owner { skill, name, place }, text);
        db.set_secret(clock, &NewSecret { skill, name, place, sealed: &sealed, by }).await?;
        self.changed().await;
        Ok(())
    }
}

/// Where a secret goes: as the version that answers says, else the newest that waits and asks for it. Pages and API
/// show the same.
fn place(versions: &[VersionRow], name: &str) -> Option<String> {
    let asked = |version: &VersionRow| {
        let asked: Vec<AskedSecret> = serde_json::from_value(version.manifest.0["secrets"].clone()).ok()?;
        asked.into_iter().find(|secret| secret.name == name).map(|secret| secret.place())
    };
    let of = |status: &str| versions.iter().filter(|version| version.status == status).find_map(asked);
    of("active").or_else(|| of("review"))
}
