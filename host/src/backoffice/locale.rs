//! The language of a page: the one chosen, else the browser's, else that of the settings file.

use axum::http::{HeaderMap, header};
use rust_i18n::t;
use std::borrow::Cow;

use super::auth::cookie;

/// The cookie that holds a chosen language.
pub const COOKIE: &str = "skillet_lang";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Locale {
    En,
    Zh,
}

impl Locale {
    pub fn of(headers: &HeaderMap, default: &str) -> Self {
        let chosen = cookie(headers, COOKIE).and_then(Self::from_word);
        let accepted = headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
        chosen.or_else(|| accepted.and_then(preferred)).or_else(|| Self::from_word(default)).unwrap_or(Self::En)
    }

    pub fn word(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::Zh => "zh",
        }
    }

    /// For the attribute `lang`.
    pub fn tag(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::Zh => "zh-Hans",
        }
    }

    pub fn from_word(word: &str) -> Option<Self> {
        match word.split(['-', '_']).next()?.to_ascii_lowercase().as_str() {
            "en" => Some(Self::En),
            "zh" => Some(Self::Zh),
            _ => None,
        }
    }

    pub fn text(self, key: &str) -> Cow<'_, str> {
        t!(key, locale = self.word())
    }
}

/// The known language that the browser likes best.
fn preferred(accepted: &str) -> Option<Locale> {
    let mut liked: Vec<(f32, Locale)> = accepted
        .split(',')
        .filter_map(|one| {
            let mut parts = one.trim().split(';');
            let locale = Locale::from_word(parts.next()?)?;
            let quality = parts.find_map(|part| part.trim().strip_prefix("q=")?.parse().ok()).unwrap_or(1.0);
            (quality > 0.0).then_some((quality, locale))
        })
        .collect();
    liked.sort_by(|one, other| other.0.total_cmp(&one.0));
    liked.first().map(|(_, locale)| *locale)
}

#[cfg(test)]
mod tests {
    use super::*;
    use regex::Regex;
    use std::{
        collections::{BTreeMap, BTreeSet},
        path::Path,
    };

    #[test]
    fn the_browsers_best_language_is_taken() {
        let check = |accepted: &str, expected| assert_eq!(preferred(accepted), expected, "{accepted}");
        check("zh-CN,zh;q=0.9,en;q=0.8", Some(Locale::Zh));
        check("fr, en;q=0.5, zh;q=0.3", Some(Locale::En));
        check("de", None);
    }

    /// The keys of a file of two-space-indented maps, with the variables that each text has.
    fn keys(text: &str) -> BTreeMap<String, BTreeSet<String>> {
        let variable = Regex::new(r"%\{(\w+)\}").unwrap();
        let mut path: Vec<String> = Vec::new();
        let mut found = BTreeMap::new();
        for line in text.lines().filter(|line| !line.trim().is_empty() && !line.trim_start().starts_with('#')) {
            let depth = (line.len() - line.trim_start().len()) / 2;
            let (key, value) = line.trim().split_once(':').expect("a key in every line");
            path.truncate(depth);
            path.push(key.trim_matches('"').to_owned());
            if !value.trim().is_empty() {
                found.insert(path.join("."), variable.captures_iter(value).map(|one| one[1].to_owned()).collect());
            }
        }
        found
    }

    /// Every key that stands in the files of a folder.
    fn used(dir: &Path, pattern: &Regex, found: &mut BTreeSet<String>) {
        for entry in std::fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                used(&path, pattern, found);
            } else {
                let text = std::fs::read_to_string(&path).unwrap();
                found.extend(pattern.captures_iter(&text).map(|one| one[1].to_owned()));
            }
        }
    }

    #[test]
    fn both_languages_have_the_same_keys_and_all_that_are_used() {
        let (en, zh) = (keys(include_str!("../../locales/en.yml")), keys(include_str!("../../locales/zh.yml")));
        assert_eq!(en, zh);
        let mut wanted = BTreeSet::new();
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let in_pages = Regex::new(r#""([a-z_]+\.[a-z_]+)""#).unwrap();
        used(&root.join("templates"), &in_pages, &mut wanted);
        wanted.retain(|key| ![".html", ".css", ".js", ".svg"].iter().any(|end| key.ends_with(end)));
        let in_code = Regex::new(r#"\b(?:t|text|with)\(\s*"([a-z_]+\.[a-z_]+)""#).unwrap();
        used(&root.join("src/backoffice/pages"), &in_code, &mut wanted);
        used(&root.join("src/backoffice/pages"), &Regex::new(r#""(done\.[a-z_]+)""#).unwrap(), &mut wanted);
        assert!(wanted.len() > 100, "only {} keys were found", wanted.len());
        // A text by its number has two forms.
        let known = |key: &String| en.contains_key(key) || en.contains_key(&format!("{key}.one"));
        let missing: Vec<_> = wanted.iter().filter(|key| !known(key)).collect();
        assert!(missing.is_empty(), "{missing:?}");
    }

    #[test]
    fn every_problem_has_a_title_in_both_languages() {
        for kind in super::super::error::Kind::ALL {
            let key = format!("problem.{}", kind.slug());
            for locale in [Locale::En, Locale::Zh] {
                assert_ne!(locale.text(&key), key);
            }
        }
    }
}
