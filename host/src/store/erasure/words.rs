//! Finds words that are to be erased, and puts a marker in their place: in texts, in the strings of
//! JSON values, in bytes that are text.

use chrono::DateTime;
use regex::{Regex, RegexBuilder};
use serde_json::Value;
use sqlx::types::Json;
use uuid::Uuid;

/// Stands where something was forgotten.
pub const FORGOTTEN: &str = "⟨forgotten⟩";

/// Characters of words whose beginning is known again at the end of a text that was cut there.
const KNOWN_CHARS: usize = 3;

/// The words of one erasure, the longest first.
#[derive(Debug, Default)]
pub struct Words(Vec<Word>);

#[derive(Debug)]
struct Word {
    text: String,
    pattern: Regex,
}

impl Words {
    /// Words as they were said. Case and the kind of space between them do not matter; a word is not
    /// found inside of a longer one. Empty ones are left out.
    pub fn new<'a>(words: impl IntoIterator<Item = &'a str>) -> Self {
        let mut texts: Vec<&str> = words.into_iter().map(str::trim).filter(|word| !word.is_empty()).collect();
        texts.sort_unstable_by(|a, b| b.len().cmp(&a.len()).then(a.cmp(b)));
        texts.dedup();
        let word = |text: &str| {
            let parts: Vec<String> = text.split_whitespace().map(regex::escape).collect();
            let pattern = RegexBuilder::new(&parts.join(r"\s+")).case_insensitive(true).size_limit(1 << 24).build();
            Word { text: text.to_owned(), pattern: pattern.expect("an escaped text is a pattern") }
        };
        Self(texts.into_iter().map(word).collect())
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether a text holds any of the words.
    pub fn are_in(&self, text: &str) -> bool {
        self.0.iter().any(|word| word.find_at(text, 0).is_some())
    }

    /// A text without the words, or `None` when it holds none of them. What stands before a `…` may be the
    /// beginning of a word that was cut there.
    pub fn erased(&self, text: &str) -> Option<String> {
        let mut clean = text.to_owned();
        for word in &self.0 {
            if let Some(without) = word.erased(&clean) {
                clean = without;
            }
        }
        if clean.contains('…') {
            let heads = clean.split('…').collect::<Vec<_>>();
            let last = heads.len() - 1;
            let cut = |(at, head): (usize, &&str)| if at < last { self.without_begun(head) } else { None };
            let parts: Vec<String> =
                heads.iter().enumerate().map(|part| cut(part).unwrap_or_else(|| (*part.1).to_owned())).collect();
            clean = parts.join("…");
        }
        (clean != text).then_some(clean)
    }

    /// The same of a text that was cut at its end, without any sign, if it has at least so many characters.
    pub fn erased_in_cut(&self, text: &str, chars: usize) -> Option<String> {
        let whole = self.erased(text);
        if text.chars().count() < chars {
            return whole;
        }
        self.without_begun(whole.as_deref().unwrap_or(text)).or(whole)
    }

    /// A text without the beginning of a word that it ends with.
    fn without_begun(&self, text: &str) -> Option<String> {
        let at = self.0.iter().filter_map(|word| word.begun_at_the_end_of(text)).min()?;
        Some(format!("{}{FORGOTTEN}", &text[..at]))
    }

    /// Patterns for `LOWER(column) LIKE`, with `!` as escape, that together match every text that may
    /// hold one of the words, also inside of JSON.
    pub(in crate::store) fn likes(&self) -> Vec<String> {
        let mut likes: Vec<String> = self.0.iter().map(|word| like(&word.text)).collect();
        likes.sort_unstable();
        likes.dedup();
        likes
    }
}

impl Word {
    /// Where the word stands next, from a byte on, by itself.
    fn find_at(&self, text: &str, from: usize) -> Option<(usize, usize)> {
        let mut from = from;
        loop {
            let found = self.pattern.find_at(text, from)?;
            let joined = |a: Option<char>, b: Option<char>| a.is_some_and(joins) && b.is_some_and(joins);
            let (before, within, after) = (&text[..found.start()], found.as_str(), &text[found.end()..]);
            let apart = !joined(before.chars().next_back(), within.chars().next())
                && !joined(within.chars().next_back(), after.chars().next());
            if apart {
                return Some((found.start(), found.end()));
            }
            from = found.start() + within.chars().next().map_or(1, char::len_utf8);
        }
    }

    fn erased(&self, text: &str) -> Option<String> {
        let (mut clean, mut from) = (String::new(), 0);
        while let Some((start, end)) = self.find_at(text, from) {
            clean.push_str(&text[from..start]);
            clean.push_str(FORGOTTEN);
            from = end;
        }
        (from > 0).then(|| clean + &text[from..])
    }

    /// Where the beginning of the word stands at the very end of a text.
    fn begun_at_the_end_of(&self, text: &str) -> Option<usize> {
        let word: Vec<char> =
            self.text.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase().chars().collect();
        let starts = text.char_indices().rev().take(word.len()).map(|(at, _)| at);
        starts.skip(KNOWN_CHARS.min(word.len()) - 1).find(|at| {
            let tail: Vec<char> = text[*at..].to_lowercase().chars().collect();
            let apart =
                !(text[..*at].chars().next_back().is_some_and(joins) && tail.first().copied().is_some_and(joins));
            apart && word.starts_with(&tail)
        })
    }
}

/// Whether two such characters side by side are one word: letters and digits, but not those of scripts that
/// put no space between words.
fn joins(c: char) -> bool {
    c.is_alphanumeric() && !matches!(c, '\u{2e80}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{323af}')
}

fn like(text: &str) -> String {
    // What JSON writes in another way cannot be matched as it stands.
    let pieces = text.split(|c: char| c.is_whitespace() || c.is_control() || matches!(c, '"' | '\\'));
    let longest = pieces.max_by_key(|piece| piece.chars().count()).unwrap_or_default();
    let mut like = "%".to_owned();
    for c in longest.chars() {
        match c {
            '%' | '_' | '!' => like.extend(['!', c]),
            // SQLite knows the two cases of ASCII letters only.
            c if !c.is_ascii() && (c.is_uppercase() || c.is_lowercase()) => like.push('_'),
            c => like.push(c.to_ascii_lowercase()),
        }
    }
    like.push('%');
    like
}

/// A stored value that words can be taken out of.
pub(in crate::store) trait Erasable: Sized {
    /// The value without the words, or `None` when it holds none.
    fn erased(&self, words: &Words) -> Option<Self>;
}

impl Erasable for String {
    fn erased(&self, words: &Words) -> Option<Self> {
        words.erased(self)
    }
}

impl Erasable for Json<Value> {
    fn erased(&self, words: &Words) -> Option<Self> {
        json(&self.0, words).map(Json)
    }
}

impl Erasable for Vec<u8> {
    fn erased(&self, words: &Words) -> Option<Self> {
        words.erased(std::str::from_utf8(self).ok()?).map(String::into_bytes)
    }
}

fn json(value: &Value, words: &Words) -> Option<Value> {
    match value {
        // Ids and times look like words to a number that was told.
        Value::String(text) if is_mark(text) => None,
        Value::String(text) => words.erased(text).map(Value::String),
        // It stays a number, for whoever reads the value.
        Value::Number(number) => words.are_in(&number.to_string()).then(|| Value::from(0)),
        Value::Array(items) => {
            let clean: Vec<Option<Value>> = items.iter().map(|item| json(item, words)).collect();
            let changed = clean.iter().any(Option::is_some);
            let all = clean.into_iter().zip(items).map(|(clean, item)| clean.unwrap_or_else(|| item.clone()));
            changed.then(|| all.collect())
        }
        Value::Object(fields) => {
            let mut changed = false;
            let clean = fields.iter().map(|(key, value)| {
                let (new_key, new_value) = (words.erased(key), json(value, words));
                changed |= new_key.is_some() || new_value.is_some();
                (new_key.unwrap_or_else(|| key.clone()), new_value.unwrap_or_else(|| value.clone()))
            });
            let clean = clean.collect();
            changed.then_some(Value::Object(clean))
        }
        Value::Null | Value::Bool(_) => None,
    }
}

fn is_mark(text: &str) -> bool {
    Uuid::try_parse(text).is_ok() || DateTime::parse_from_rfc3339(text).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn words_go_and_the_rest_stays() {
        let check = |words: &[&str], text: &str, left: Option<&str>| {
            assert_eq!(Words::new(words.iter().copied()).erased(text).as_deref(), left, "{words:?} in {text}");
        };
        check(&["7291"], "my code is 7291.", Some("my code is ⟨forgotten⟩."));
        check(&["7291"], "17291, 72910 and x7291", None);
        check(&["7291"], "密码是7291吧", Some("密码是⟨forgotten⟩吧"));
        check(&["tea"], "Tea in the steam", Some("⟨forgotten⟩ in the steam"));
        check(&["上海"], "我住在上海市", Some("我住在⟨forgotten⟩市"));
        check(&["My  Code", "code"], "my code, code", Some("⟨forgotten⟩, ⟨forgotten⟩"));
        check(&["a.b"], "aXb a.b", Some("aXb ⟨forgotten⟩"));
        check(&["", "  "], "anything", None);
        check(&["aa"], "aaaa aa", Some("aaaa ⟨forgotten⟩"));
    }

    #[test]
    fn a_word_that_was_cut_goes_too() {
        let words = Words::new(["blue elephant"]);
        assert_eq!(words.erased_in_cut("I saw a blue ele… → ok", 99).as_deref(), Some("I saw a ⟨forgotten⟩… → ok"));
        assert_eq!(words.erased_in_cut("I saw a blue ele", 16).as_deref(), Some("I saw a ⟨forgotten⟩"));
        assert_eq!(words.erased_in_cut("I saw a blue ele", 60), None, "nothing was cut");
        assert_eq!(words.erased_in_cut("a tall tree…", 10), None);
    }

    #[test]
    fn json_keeps_its_ids_and_times() {
        let words = Words::new(["2026", "01936400"]);
        let clean = json(
            &json!({ "at": "2026-03-01T08:00:00Z", "id": "01936400-0000-7000-8000-000000000001", "n": 2026,
                "text": ["in 2026", true] }),
            &words,
        );
        let left = json!({ "at": "2026-03-01T08:00:00Z", "id": "01936400-0000-7000-8000-000000000001",
            "n": 0, "text": [format!("in {FORGOTTEN}"), true] });
        assert_eq!(clean, Some(left));
        assert_eq!(json(&json!({ "a": [1, null] }), &words), None);
    }

    #[test]
    fn a_pattern_matches_what_json_makes_of_a_word() {
        assert_eq!(like("say \"hello there\""), "%there%");
        assert_eq!(like("100%_!"), "%100!%!_!!%");
        assert_eq!(like("Ärger"), "%_rger%");
        assert_eq!(like("车牌A1"), "%车牌a1%");
    }
}
