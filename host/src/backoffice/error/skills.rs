//! What could not be done with a skill, its secrets or a call of it.

use serde_json::json;

use super::{Kind, Problem};
use crate::skills::{GalleryError, LifeError, NameError, ReplayError, SecretError};

impl From<NameError> for Problem {
    fn from(error: NameError) -> Self {
        let detail = error.to_string();
        match error {
            NameError::Unknown { .. } => Self::new(Kind::NoVersion, detail),
            NameError::Ambiguous { .. } => Self::new(Kind::AmbiguousVersion, detail),
            NameError::Store(error) => error.into(),
        }
    }
}

impl From<LifeError> for Problem {
    fn from(error: LifeError) -> Self {
        let detail = error.to_string();
        match error {
            LifeError::NoSkill(_) => Self::new(Kind::NoSkill, detail),
            LifeError::Name(error) => error.into(),
            LifeError::NothingBefore(_) | LifeError::NoReturn(..) => Self::new(Kind::NothingBefore, detail),
            LifeError::NotGranted { skill, missing } => {
                let detail = format!("{detail}; grant it on the page /skills/{skill}, or send `{{\"grant\": true}}`");
                Self::new(Kind::NotGranted, detail).with("missing", json!(missing))
            }
            LifeError::Store(error) => error.into(),
        }
    }
}

impl From<SecretError> for Problem {
    fn from(error: SecretError) -> Self {
        let detail = error.to_string();
        match error {
            SecretError::NoSkill(_) => Self::new(Kind::NoSkill, detail),
            SecretError::NotAsked { .. } => Self::new(Kind::NoSecret, detail),
            SecretError::Length | SecretError::NotAHeader | SecretError::Moved { .. } => {
                Self::new(Kind::InvalidSecret, detail)
            }
            SecretError::Store(error) => error.into(),
        }
    }
}

impl From<ReplayError> for Problem {
    fn from(error: ReplayError) -> Self {
        let detail = error.to_string();
        match error {
            ReplayError::NoCall(_) => Self::new(Kind::NoCall, detail),
            ReplayError::NotKept(_) => Self::new(Kind::NoRecording, detail),
            ReplayError::Name(error) => error.into(),
            ReplayError::Store(error) => error.into(),
        }
    }
}

impl From<GalleryError> for Problem {
    fn from(error: GalleryError) -> Self {
        let detail = error.to_string();
        match error {
            GalleryError::NotThere(_) => Self::new(Kind::NoSkill, detail),
            GalleryError::Installed(_) => Self::new(Kind::Taken, detail),
            GalleryError::Folder(error) => Self::internal(&error),
            GalleryError::Upload(error) => error.into(),
            GalleryError::Life(error) => error.into(),
            GalleryError::Store(error) => error.into(),
        }
    }
}
