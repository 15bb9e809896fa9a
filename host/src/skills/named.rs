//! How people name a version: by its number, by its digest, or by the first digits of that.

use std::fmt;

use super::Skills;
use crate::store::{StoreError, VersionRow};

/// Digits of a digest that are shown to people.
const SHOWN_DIGITS: usize = 12;

/// Fewest digits of a digest that name a version.
const FEWEST_DIGITS: usize = 8;

/// Versions listed to whoever named none of them.
const LISTED: usize = 10;

/// Why a name stands for no version.
#[derive(Debug, thiserror::Error)]
pub enum NameError {
    #[error("the skill `{skill}` has no version {given}{known}")]
    Unknown { skill: String, given: String, known: Known },
    #[error("{given} names more than one version of the skill `{skill}`{known}")]
    Ambiguous { skill: String, given: String, known: Known },
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Numbers and digests of versions, the newest first.
#[derive(Debug)]
pub struct Known(Vec<(String, String)>);

impl Known {
    fn of(rows: &[VersionRow]) -> Self {
        Self(rows.iter().map(|row| (row.version.clone(), row.digest.clone())).collect())
    }
}

impl fmt::Display for Known {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, (version, digest)) in self.0.iter().take(LISTED).enumerate() {
            write!(f, "{}{version} ({})", if at == 0 { "; there are " } else { ", " }, short_digest(digest))?;
        }
        match self.0.len().checked_sub(LISTED) {
            Some(more @ 1..) => write!(f, " and {more} more"),
            _ => Ok(()),
        }
    }
}

/// The first digits of a digest, as people are shown it.
pub fn short_digest(digest: &str) -> &str {
    digest.get(..SHOWN_DIGITS).unwrap_or(digest)
}

impl Skills {
    /// A version of a skill by its number, by its digest, or by eight digits or more that begin its digest alone.
    pub async fn version(&self, skill: &str, given: &str) -> Result<VersionRow, NameError> {
        let db = &self.services.db;
        if let Some(version) = db.version(given).await?.filter(|version| version.skill_name == skill) {
            return Ok(version);
        }
        let (mut meant, others): (Vec<_>, Vec<_>) =
            db.versions(skill).await?.into_iter().partition(|row| names(given, &row.version, &row.digest));
        let (skill, given) = (skill.to_owned(), given.to_owned());
        match meant.len() {
            1 => Ok(meant.remove(0)),
            0 => Err(NameError::Unknown { skill, given, known: Known::of(&others) }),
            _ => Err(NameError::Ambiguous { skill, given, known: Known::of(&meant) }),
        }
    }
}

/// Whether a version can be called this.
fn names(given: &str, version: &str, digest: &str) -> bool {
    let head = digest.get(..given.len()).filter(|_| given.len() >= FEWEST_DIGITS);
    version == given || head.is_some_and(|head| head.eq_ignore_ascii_case(given))
}

#[cfg(test)]
mod tests {
    use super::*;

    const DIGEST: &str = "0123456789abcdef";

    #[test]
    fn a_number_or_enough_of_the_digest_names_a_version() {
        for (given, is_named) in [
            ("0.2.0", true),
            ("0.2", false),
            ("01234567", true),
            ("0123456789ABC", true),
            (DIGEST, true),
            ("0123456", false),
            ("0123456789abcdef0", false),
            ("12345678", false),
            ("", false),
        ] {
            assert_eq!(names(given, "0.2.0", DIGEST), is_named, "{given}");
        }
    }

    #[test]
    fn whoever_names_none_is_told_of_the_newest() {
        let many = |n: usize| Known((0..n).map(|at| (format!("0.{at}.0"), DIGEST.to_owned())).collect());
        assert_eq!(many(0).to_string(), "");
        assert_eq!(many(2).to_string(), "; there are 0.0.0 (0123456789ab), 0.1.0 (0123456789ab)");
        assert!(many(10).to_string().ends_with("0.9.0 (0123456789ab)"));
        assert!(many(12).to_string().ends_with("0.9.0 (0123456789ab) and 2 more"));
    }
}
