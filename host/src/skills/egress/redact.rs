//! Takes known secrets out of whatever comes back.

use aho_corasick::{AhoCorasick, AhoCorasickKind, MatchKind};
use base64::{
    Engine,
    engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD},
};
use secrecy::ExposeSecret;
use serde_json::Value;
use std::{
    collections::BTreeMap,
    fmt::{self, Debug, Formatter, Write},
};

use super::secret::{MIN_SECRET_BYTES, Secret};

/// Replaces secrets by `[secret NAME]`: as they are, as JSON and URLs spell them, and in base64.
///
/// It finds an echo, not a server that means to hide one: whoever is sent a secret has it.
/// Values shorter than [`MIN_SECRET_BYTES`] are refused when they are set, and are not looked for.
#[derive(Clone, Default)]
pub struct Redactor(Option<Search>);

#[derive(Clone)]
struct Search {
    spellings: AhoCorasick,
    /// What stands in for each spelling.
    marks: Vec<String>,
}

impl Redactor {
    /// Of names and values.
    pub fn new<N: AsRef<str>, V: AsRef<str>>(secrets: impl IntoIterator<Item = (N, V)>) -> Self {
        let mut marks: BTreeMap<String, String> = BTreeMap::new();
        for (name, value) in secrets {
            if value.as_ref().len() < MIN_SECRET_BYTES {
                continue;
            }
            for spelling in spellings(value.as_ref()) {
                marks.entry(spelling).or_insert_with(|| format!("[secret {}]", name.as_ref()));
            }
        }
        if marks.is_empty() {
            return Self(None);
        }
        let spellings = AhoCorasick::builder()
            // The longest, so that nothing of a longer spelling is left over.
            .match_kind(MatchKind::LeftmostLongest)
            // The default may take megabytes for long secrets.
            .kind(Some(AhoCorasickKind::ContiguousNFA))
            .build(marks.keys())
            .expect("some kilobytes of secrets have fewer than 2^31 states");
        Self(Some(Search { spellings, marks: marks.into_values().collect() }))
    }

    /// Of the secrets of a skill, also together with their prefixes.
    pub fn of(secrets: &[Secret]) -> Self {
        Self::new(secrets.iter().flat_map(|secret| {
            let value = secret.value.expose_secret();
            [(&secret.name, value.to_owned()), (&secret.name, format!("{}{value}", secret.prefix))]
        }))
    }

    /// Whether there is nothing to look for.
    pub fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    /// A text without the secrets.
    pub fn text(&self, text: &str) -> String {
        match &self.0 {
            Some(search) => search.spellings.replace_all(text, &search.marks),
            None => text.to_owned(),
        }
    }

    /// Bytes without the secrets.
    pub fn bytes(&self, bytes: &[u8]) -> Vec<u8> {
        match &self.0 {
            Some(search) => search.spellings.replace_all_bytes(bytes, &search.marks),
            None => bytes.to_vec(),
        }
    }

    /// A value with every string and key without the secrets.
    pub fn json(&self, value: Value) -> Value {
        if self.is_empty() {
            return value;
        }
        match value {
            Value::String(text) => Value::String(self.text(&text)),
            Value::Array(items) => items.into_iter().map(|item| self.json(item)).collect(),
            Value::Object(fields) => {
                fields.into_iter().map(|(key, value)| (self.text(&key), self.json(value))).collect()
            }
            // A secret of digits may come back as a number.
            Value::Number(number) => {
                let shown = number.to_string();
                let clean = self.text(&shown);
                if clean == shown { Value::Number(number) } else { Value::String(clean) }
            }
            other @ (Value::Null | Value::Bool(_)) => other,
        }
    }

    /// Whether a secret stands in the text.
    pub(super) fn finds(&self, text: &str) -> bool {
        self.0.as_ref().is_some_and(|search| search.spellings.is_match(text))
    }
}

impl Debug for Redactor {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.debug_struct("Redactor").field("spellings", &self.0.as_ref().map_or(0, |s| s.marks.len())).finish()
    }
}

/// How a value may come back.
fn spellings(value: &str) -> Vec<String> {
    let json = Value::from(value).to_string();
    let json = json[1..json.len() - 1].to_owned();
    let mut all = vec![value.to_owned(), json.replace('/', "\\/"), json];
    // Unreserved characters stay in a URL; forms write a space as `+`, and some keep more as it is.
    for kept in ["-._~", "-._~!'()*", "-._~!$&'()*+,;=:@/?"] {
        let upper = percent(value, kept, false);
        all.extend([percent(value, kept, true), upper.replace("%20", "+"), upper]);
    }
    all.extend([STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD].map(|engine| engine.encode(value)));
    all
}

fn percent(value: &str, kept: &str, lower: bool) -> String {
    let mut text = String::with_capacity(value.len() * 3);
    for byte in value.bytes() {
        let c = char::from(byte);
        if c.is_ascii_alphanumeric() || kept.contains(c) {
            text.push(c);
        } else if lower {
            let _ = write!(text, "%{byte:02x}");
        } else {
            let _ = write!(text, "%{byte:02X}");
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::Redactor;
    use serde_json::json;

    #[test]
    fn every_spelling_is_found() {
        let redactor = Redactor::new([("key", "a/b+c \"d\"=?"), ("key", "Bearer a/b+c \"d\"=?"), ("pin", "12345678")]);
        for (text, clean) in [
            ("x a/b+c \"d\"=? y", "x [secret key] y"),
            ("Bearer a/b+c \"d\"=?", "[secret key]"),
            (r#"{"k":"a/b+c \"d\"=?"}"#, r#"{"k":"[secret key]"}"#),
            (r#"{"k":"a\/b+c \"d\"=?"}"#, r#"{"k":"[secret key]"}"#),
            ("?k=a%2Fb%2Bc%20%22d%22%3D%3F&x", "?k=[secret key]&x"),
            ("?k=a%2fb%2bc%20%22d%22%3d%3f&x", "?k=[secret key]&x"),
            ("k=a%2Fb%2Bc+%22d%22%3D%3F", "k=[secret key]"),
            ("/a/b+c%20%22d%22=?", "/[secret key]"),
            ("YS9iK2MgImQiPT8=", "[secret key]"),
            ("YS9iK2MgImQiPT8.", "[secret key]."),
            ("12345678 1234567", "[secret pin] 1234567"),
            ("nothing", "nothing"),
        ] {
            assert_eq!(redactor.text(text), clean, "{text}");
            assert_eq!(redactor.bytes(text.as_bytes()), clean.as_bytes());
        }
        assert_eq!(redactor.bytes(b"\xff12345678\xfe"), b"\xff[secret pin]\xfe");
        let value = json!({ "12345678": [12_345_678, "no", { "x": "12345678" }, null, 1.5] });
        assert_eq!(
            redactor.json(value),
            json!({ "[secret pin]": ["[secret pin]", "no", { "x": "[secret pin]" }, null, 1.5] })
        );
        assert!(!format!("{redactor:?}").contains("1234"));
    }

    #[test]
    fn nothing_to_look_for() {
        for redactor in [Redactor::default(), Redactor::new([("short", "abc")])] {
            assert!(redactor.is_empty());
            assert_eq!(redactor.text("abc"), "abc");
        }
    }
}
