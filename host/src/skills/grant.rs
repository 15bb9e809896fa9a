//! The owner's yes. A capability works when the manifest asks for it and the owner granted it;
//! anything else is refused, with the remedy in the text.

use rust_i18n::t;
use serde_json::Value;
use std::{collections::BTreeMap, sync::Arc};

/// What one skill was granted: capability and scope.
#[derive(Clone, Debug, Default)]
pub struct Grants {
    skill: Arc<str>,
    granted: Arc<BTreeMap<String, Value>>,
}

impl Grants {
    pub fn new(skill: &str, granted: impl IntoIterator<Item = (String, Value)>) -> Self {
        Self { skill: skill.into(), granted: Arc::new(granted.into_iter().collect()) }
    }

    /// These grants as far as a manifest asks for them: a version that asks for less gets less.
    pub fn within(self, asked: &[(String, Value)]) -> Self {
        let granted = self.granted.iter().filter_map(|(name, scope)| {
            let (_, asked) = asked.iter().find(|(wanted, _)| wanted == name)?;
            let scope = match (scope, asked) {
                (Value::Array(granted), Value::Array(asked)) => {
                    granted.iter().filter(|word| asked.contains(word)).cloned().collect()
                }
                (scope, _) => scope.clone(),
            };
            Some((name.clone(), scope))
        });
        Self::new(&self.skill, granted)
    }

    /// Whether a capability was granted at all.
    pub fn check(&self, capability: &str, locale: &str) -> Result<(), String> {
        if self.granted.contains_key(capability) { Ok(()) } else { Err(self.refusal(capability, locale)) }
    }

    /// Whether a capability was granted with this word in its scope.
    pub fn check_scope(&self, capability: &str, word: &str, locale: &str) -> Result<(), String> {
        if self.has(capability, word) { Ok(()) } else { Err(self.refusal(&format!("{capability} ({word})"), locale)) }
    }

    /// The same without words for a person.
    pub fn has(&self, capability: &str, word: &str) -> bool {
        let scope = self.granted.get(capability).and_then(Value::as_array);
        scope.is_some_and(|words| words.iter().any(|granted| granted == word))
    }

    /// The asked capabilities that these grants do not cover.
    pub fn missing(&self, asked: &[(String, Value)]) -> Vec<(String, Value)> {
        asked.iter().filter(|(name, scope)| !self.covers(name, scope)).cloned().collect()
    }

    /// What is asked beyond these grants, word by word.
    pub fn beyond(&self, asked: &[(String, Value)]) -> Vec<(String, Value)> {
        let more = |(name, scope): (String, Value)| match (self.granted.get(&name), scope) {
            (Some(Value::Array(granted)), Value::Array(asked)) => {
                (name, asked.into_iter().filter(|word| !granted.contains(word)).collect())
            }
            (_, scope) => (name, scope),
        };
        self.missing(asked).into_iter().map(more).collect()
    }

    fn covers(&self, capability: &str, asked: &Value) -> bool {
        match (self.granted.get(capability), asked) {
            (Some(Value::Bool(true)), _) => true,
            (Some(Value::Array(granted)), Value::Array(asked)) => asked.iter().all(|word| granted.contains(word)),
            (Some(granted), asked) => granted == asked,
            (None, _) => false,
        }
    }

    fn refusal(&self, capability: &str, locale: &str) -> String {
        t!("refused.capability", locale = locale, capability = capability, skill = self.skill).into_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn grants_cover_what_was_asked_and_no_more() {
        let grants = Grants::new("notes", [("memory".to_owned(), json!(["read"])), ("kv".to_owned(), json!(true))]);
        let missing = |asked: Value| {
            let asked: Vec<(String, Value)> = serde_json::from_value(asked).unwrap();
            grants.missing(&asked).len()
        };
        assert_eq!(missing(json!([["memory", ["read"]], ["kv", true]])), 0);
        assert_eq!(missing(json!([["memory", ["read", "write"]]])), 1);
        assert_eq!(missing(json!([["http", ["example.org"]]])), 1);
        let more = grants.beyond(&[("memory".to_owned(), json!(["read", "write"])), ("kv".to_owned(), json!(true))]);
        assert_eq!(more, [("memory".to_owned(), json!(["write"]))]);
        assert!(grants.check_scope("memory", "write", "en").unwrap_err().contains("notes"));
        assert!(
            grants
                .within(&[("memory".to_owned(), json!(["write"]))])
                .check_scope("memory", "read", "zh")
                .unwrap_err()
                .contains("授权")
        );
    }
}
