//! Triggers: rules by which a message calls a skill without any model.

use regex::{Regex, RegexBuilder};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// One rule of a manifest: a pattern, or words that a message begins with.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Trigger {
    /// "en" or "zh"; without it the rule holds for every message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub locale: Option<String>,
    /// A regular expression over the whole message; its named groups fill the input.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pattern: Option<String>,
    /// Input fields as templates, `{group}` standing for what a group caught.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub input: BTreeMap<String, String>,
    /// Words that the message begins with; the rest of it fills the field `fill`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub words: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fill: Option<String>,
}

/// Bytes of memory that one compiled pattern may take.
pub(super) const PATTERN_BYTES: usize = 256 << 10;

/// Longest message that is matched; a longer one is not a command.
const MAX_MESSAGE_CHARS: usize = 1_000;

/// Longest template of an input field; each of its groups may stand for the whole message.
const MAX_TEMPLATE_BYTES: usize = 500;

/// A trigger ready to match.
#[derive(Clone, Debug)]
pub struct Matcher {
    locale: Option<String>,
    rule: Rule,
}

#[derive(Clone, Debug)]
enum Rule {
    Pattern { regex: Regex, input: BTreeMap<String, String> },
    Words { words: Vec<String>, fill: String },
}

impl Trigger {
    /// Says what is wrong, if anything. `fields` are the names of the input's properties.
    pub fn check(&self, fields: &[String]) -> Result<(), String> {
        self.compile()?;
        if self.locale.as_deref().is_some_and(|locale| !matches!(locale, "en" | "zh")) {
            return Err("`locale` is either \"en\" or \"zh\"".to_owned());
        }
        if self.input.values().any(|template| template.len() > MAX_TEMPLATE_BYTES) {
            return Err(format!("a template of `input` has {MAX_TEMPLATE_BYTES} bytes at most"));
        }
        let filled = self.fill.iter().chain(self.input.keys());
        for field in filled {
            if !fields.contains(field) {
                return Err(format!("`{field}` is not a property of the input"));
            }
        }
        Ok(())
    }

    /// What of this rule holds for the same messages in the other one, word for word: the pattern, or words.
    /// Rules that overlap in another way are not seen.
    pub fn shared<'a>(&'a self, other: &Self) -> Vec<&'a str> {
        let apart =
            |one: &Self, other: &Self| one.locale.is_some() && other.locale.is_some() && one.locale != other.locale;
        if apart(self, other) {
            return Vec::new();
        }
        let has = |word: &&String| other.words.iter().any(|theirs| theirs.to_lowercase() == word.to_lowercase());
        let pattern = self.pattern.iter().filter(|pattern| other.pattern.as_ref() == Some(pattern));
        pattern.chain(self.words.iter().filter(has)).map(String::as_str).collect()
    }

    /// Makes the rule ready to match.
    pub fn compile(&self) -> Result<Matcher, String> {
        let rule = match (&self.pattern, &self.fill) {
            (Some(pattern), None) if self.words.is_empty() => Rule::Pattern {
                regex: RegexBuilder::new(pattern)
                    .size_limit(PATTERN_BYTES)
                    .build()
                    .map_err(|error| format!("`pattern`: {error}"))?,
                input: self.input.clone(),
            },
            (None, Some(fill)) if !self.words.is_empty() && self.input.is_empty() => {
                Rule::Words { words: self.words.clone(), fill: fill.clone() }
            }
            _ => return Err("either `pattern` (with `input`) or `words` with `fill`".to_owned()),
        };
        Ok(Matcher { locale: self.locale.clone(), rule })
    }
}

impl Matcher {
    /// The input that a message fills in, if the rule holds for it.
    pub fn input(&self, message: &str, locale: &str) -> Option<Value> {
        let message = message.trim();
        let too_long = message.chars().nth(MAX_MESSAGE_CHARS).is_some();
        if too_long || self.locale.as_deref().is_some_and(|wanted| wanted != locale) {
            return None;
        }
        let mut fields = Map::new();
        match &self.rule {
            Rule::Pattern { regex, input } => {
                let caught = regex.captures(message)?;
                let groups: Vec<(&str, &str)> = regex
                    .capture_names()
                    .flatten()
                    .filter_map(|name| caught.name(name).map(|group| (name, group.as_str().trim())))
                    .collect();
                if input.is_empty() {
                    fields.extend(groups.iter().map(|(name, text)| ((*name).to_owned(), Value::from(*text))));
                }
                for (field, template) in input {
                    fields.insert(field.clone(), Value::from(fill(template, &groups)));
                }
            }
            Rule::Words { words, fill } => {
                let rest = words.iter().find_map(|word| rest_after(message, word))?;
                fields.insert(fill.clone(), Value::from(rest));
            }
        }
        Some(Value::Object(fields))
    }
}

/// Puts what the groups caught in the places of their names, in one pass: what a person wrote is
/// never read as a name.
fn fill(template: &str, groups: &[(&str, &str)]) -> String {
    let mut filled = String::new();
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        filled.push_str(before);
        let named = groups.iter().find_map(|(name, value)| {
            let tail = after.strip_prefix(name)?.strip_prefix('}')?;
            Some((*value, tail))
        });
        if let Some((value, tail)) = named {
            filled.push_str(value);
            rest = tail;
        } else {
            filled.push('{');
            rest = after;
        }
    }
    filled + rest
}

/// What follows `word` at the beginning of a message: after a space or punctuation, or directly
/// where the word is not Latin. Nothing following is no match.
fn rest_after<'a>(message: &'a str, word: &str) -> Option<&'a str> {
    let head = message.get(..word.len())?;
    if !head.eq_ignore_ascii_case(word) {
        return None;
    }
    let tail = &message[word.len()..];
    let rest = tail.trim_start_matches(|c: char| c.is_whitespace() || ":：,，".contains(c));
    let separated = rest.len() < tail.len() || !word.is_ascii();
    (separated && !rest.is_empty()).then_some(rest)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn trigger(toml: &str) -> Matcher {
        toml::from_str::<Trigger>(toml).unwrap().compile().unwrap()
    }

    #[test]
    fn patterns_fill_by_group_or_by_template() {
        let plain = trigger(r"pattern = '(?i)^weather in (?P<city>.+)$'");
        assert_eq!(plain.input("Weather in Oslo ", "en"), Some(json!({ "city": "Oslo" })));
        assert_eq!(plain.input("the weather in Oslo", "en"), None);
        let templated = trigger("pattern = '^from (?P<a>\\w+) to (?P<b>\\w+)$'\ninput = { route = \"{a}-{b}\" }");
        assert_eq!(templated.input("from x to y", "en"), Some(json!({ "route": "x-y" })));
        let open = trigger("pattern = '^say (?P<a>.+)$'\ninput = { text = \"{a} {a} {b} {\" }");
        assert_eq!(open.input("say {a}", "en"), Some(json!({ "text": "{a} {a} {b} {" })));
    }

    #[test]
    fn what_two_rules_share_is_found_word_for_word() {
        let rule = |toml: &str| toml::from_str::<Trigger>(toml).unwrap();
        let shared = |one: &str, other: &str| rule(one).shared(&rule(other)).join(", ");
        let words = "words = [\"Greet\", \"tip\", \"问候\"]\nfill = \"who\"";
        assert_eq!(shared(words, "words = [\"问候\", \"greet\"]\nfill = \"name\""), "Greet, 问候");
        assert_eq!(shared(words, "words = [\"greetings\"]\nfill = \"name\""), "");
        let (any, en, zh) = ("pattern = 'hi'", "locale = \"en\"\npattern = 'hi'", "locale = \"zh\"\npattern = 'hi'");
        for (one, other, found) in [(any, any, "hi"), (any, en, "hi"), (zh, any, "hi"), (zh, en, ""), (words, any, "")]
        {
            assert_eq!(shared(one, other), found, "{one}, {other}");
        }
    }

    #[test]
    fn words_fill_with_the_rest() {
        let words = trigger("words = [\"translate\", \"翻译\"]\nfill = \"text\"");
        assert_eq!(words.input("Translate: good day", "en"), Some(json!({ "text": "good day" })));
        assert_eq!(words.input("翻译你好", "zh"), Some(json!({ "text": "你好" })));
        assert_eq!(words.input("translated works", "en"), None);
        assert_eq!(words.input("translate", "en"), None);
    }
}
