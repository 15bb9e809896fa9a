//! Cuts text into the words that it is found by: one analyser for what is stored and for what is
//! asked. Latin words are stemmed; runs of Han characters give single characters and pairs, so that
//! Chinese needs no dictionary and a question of one character works.

use rust_stemmers::{Algorithm, Stemmer};
use unicode_normalization::UnicodeNormalization;

/// A word of a query with what a match of it is worth.
#[derive(Clone, Debug, PartialEq)]
pub struct QueryWord {
    pub word: String,
    pub weight: f64,
}

/// A single Han character says less than a pair.
const SINGLE_HAN_WEIGHT: f64 = 0.3;

/// Words that carry no subject; matching them would find everything.
const STOP_WORDS: &[&str] = &[
    "a", "about", "am", "an", "and", "any", "are", "as", "at", "be", "been", "but", "by", "can", "could", "did", "do",
    "does", "for", "from", "had", "has", "have", "he", "her", "his", "how", "i", "if", "in", "is", "it", "its", "know",
    "me", "my", "of", "on", "or", "our", "please", "remember", "s", "she", "should", "so", "tell", "than", "that",
    "the", "their", "them", "then", "there", "they", "this", "to", "u", "us", "was", "we", "were", "what", "when",
    "where", "which", "who", "whom", "whose", "why", "will", "with", "would", "you", "your",
];

/// Han characters that ask or glue; a pair with an asking one in it is left out of queries.
const STOP_HAN: &str = "我你他她它们的是在了吗呢吧啊哪谁么什怎几多少有没不也都就和与及把被给请这那个";
const ASKING_HAN: &str = "吗呢哪谁么什怎几";

/// Whether a text is Chinese: it begins so, or Han characters outweigh the words of other scripts.
pub fn is_chinese(text: &str) -> bool {
    if text.chars().find(|c| c.is_alphabetic()).is_some_and(is_han) {
        return true;
    }
    let han = text.chars().filter(|c| is_han(*c)).count();
    let words = text.split(|c: char| !c.is_ascii_alphabetic()).filter(|word| !word.is_empty()).count();
    han > 0 && han >= words
}

/// "zh" or "en" by the script of the text, or `default` when it has no letters.
pub fn locale_of(text: &str, default: &str) -> String {
    if is_chinese(text) {
        "zh".to_owned()
    } else if text.chars().any(|c| c.is_ascii_alphabetic()) {
        "en".to_owned()
    } else {
        default.to_owned()
    }
}

/// The words that a text is indexed under, separated by one space.
pub fn index_words(text: &str) -> String {
    let stemmer = Stemmer::create(Algorithm::English);
    let mut words = Vec::new();
    for run in runs(text) {
        match run {
            Run::Han(chars) => {
                words.extend(chars.iter().map(char::to_string));
                words.extend(chars.windows(2).map(|pair| pair.iter().collect()));
            }
            Run::Word(word) if is_stop_word(&word) => {}
            Run::Word(word) => words.push(stemmer.stem(&word).into_owned()),
        }
    }
    words.join(" ")
}

/// The words that a question asks for, each once.
pub fn query_words(text: &str) -> Vec<QueryWord> {
    let stemmer = Stemmer::create(Algorithm::English);
    let mut words: Vec<QueryWord> = Vec::new();
    let mut add = |word: String, weight: f64| {
        if !words.iter().any(|known| known.word == word) {
            words.push(QueryWord { word, weight });
        }
    };
    for run in runs(text) {
        match run {
            Run::Han(chars) if chars.len() == 1 => add(chars[0].to_string(), 1.0),
            Run::Han(chars) => {
                for pair in chars.windows(2) {
                    let asks = pair.iter().any(|c| ASKING_HAN.contains(*c));
                    let empty = pair.iter().all(|c| STOP_HAN.contains(*c));
                    if !asks && !empty {
                        add(pair.iter().collect(), 1.0);
                    }
                }
                for c in chars.iter().filter(|c| !STOP_HAN.contains(**c)) {
                    add(c.to_string(), SINGLE_HAN_WEIGHT);
                }
            }
            Run::Word(word) if is_stop_word(&word) => {}
            Run::Word(word) => add(stemmer.stem(&word).into_owned(), 1.0),
        }
    }
    words
}

fn is_stop_word(word: &str) -> bool {
    STOP_WORDS.binary_search(&word).is_ok()
}

enum Run {
    Han(Vec<char>),
    /// Lower-case letters and digits of any other script.
    Word(String),
}

fn runs(text: &str) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::new();
    let mut broken = true;
    for c in text.nfkc().flat_map(char::to_lowercase) {
        if !c.is_alphanumeric() {
            broken = true;
            continue;
        }
        match (is_han(c), runs.last_mut()) {
            (true, Some(Run::Han(chars))) if !broken => chars.push(c),
            (false, Some(Run::Word(word))) if !broken => word.push(c),
            (true, _) => runs.push(Run::Han(vec![c])),
            (false, _) => runs.push(Run::Word(c.to_string())),
        }
        broken = false;
    }
    runs
}

pub(super) fn is_han(c: char) -> bool {
    matches!(c, '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{323af}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stop_words_are_sorted_for_the_search() {
        assert!(STOP_WORDS.is_sorted());
    }

    #[test]
    fn texts_are_cut_by_script() {
        let check = |text: &str, words: &str| assert_eq!(index_words(text), words, "{text}");
        check("My bike lock code is 7291", "bike lock code 7291");
        check("我住在上海", "我 住 在 上 海 我住 住在 在上 上海");
        check("GitHub备份", "github 备 份 备份");
        check("ＡＢＣ　１２３", "abc 123");
        check("running runs", "run run");
    }

    #[test]
    fn questions_keep_what_they_ask_about() {
        let check = |text: &str, words: &[&str]| {
            let cut: Vec<String> = query_words(text).into_iter().map(|one| one.word).collect();
            assert_eq!(cut, words, "{text}");
        };
        check("what's the code of my bike lock?", &["code", "bike", "lock"]);
        check("我住在哪里", &["我住", "住在", "住", "里"]);
        check("猫", &["猫"]);
    }

    #[test]
    fn the_language_is_told_by_its_script() {
        assert_eq!(locale_of("我住在哪里", "en"), "zh");
        assert_eq!(locale_of("where do I live", "zh"), "en");
        assert_eq!(locale_of("把 time_zone 设为 Asia/Shanghai", "en"), "zh");
        assert_eq!(locale_of("2+2", "zh"), "zh");
    }
}
