//! Triggers that more than one skill has: of two skills that a message fits, the first by name answers it.

use serde::Serialize;

use super::{Manifest, Skills};
use crate::store::StoreError;

/// A trigger that another skill has too.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SharedTrigger {
    /// Its pattern, or one of its words.
    pub trigger: String,
    pub skill: String,
}

impl Skills {
    /// What this manifest has in common with other skills that may be called now.
    pub async fn shared_triggers(&self, manifest: &Manifest) -> Result<Vec<SharedTrigger>, StoreError> {
        let mut shared = Vec::new();
        for other in self.enabled().await?.iter().filter(|other| other.name != manifest.name) {
            let pairs = manifest
                .triggers
                .iter()
                .flat_map(|own| other.manifest.triggers.iter().map(move |theirs| (own, theirs)));
            for trigger in pairs.flat_map(|(own, theirs)| own.shared(theirs)) {
                let found = SharedTrigger { trigger: trigger.to_owned(), skill: other.name.clone() };
                if !shared.contains(&found) {
                    shared.push(found);
                }
            }
        }
        Ok(shared)
    }
}
