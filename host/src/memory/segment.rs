//! Cuts text into the words that it is found by: one analyser for what is stored and for what is
//! asked. Latin words are stemmed, irregular English forms too; runs of Han characters give the words of a
//! dictionary, every pair of characters (a second chance at a name that no dictionary has), and single characters,
//! so that a question of one character works. A change here raises `store::search::ANALYSER`.

mod irregular;

use jieba_rs::Jieba;
use rust_stemmers::{Algorithm, Stemmer};
use std::{collections::HashSet, sync::LazyLock};
use unicode_normalization::UnicodeNormalization;

use irregular::regular;

/// The dictionary takes a tenth of a second and 33 MB; the first Chinese text loads it.
static JIEBA: LazyLock<Jieba> = LazyLock::new(Jieba::new);

/// Words that carry no subject; matching them would find everything.
const STOP_WORDS: &[&str] = &[
    "a", "about", "am", "an", "and", "any", "are", "as", "at", "be", "been", "but", "by", "can", "could", "d", "did",
    "do", "does", "for", "from", "had", "has", "have", "he", "her", "him", "his", "how", "i", "if", "in", "is", "it",
    "its", "know", "ll", "m", "me", "my", "no", "not", "of", "on", "or", "our", "please", "re", "remember", "s", "she",
    "should", "so", "t", "tell", "than", "that", "the", "their", "them", "then", "there", "these", "they", "this",
    "those", "to", "u", "us", "ve", "was", "we", "were", "what", "when", "where", "which", "who", "whom", "whose",
    "why", "will", "with", "would", "you", "your",
];

/// The same in Chinese, of two characters and more.
const STOP_HAN_WORDS: &[&str] = &[
    "一下",
    "一个",
    "一些",
    "一样",
    "一直",
    "不会",
    "不是",
    "不能",
    "不过",
    "为什么",
    "什么",
    "他们",
    "但是",
    "你们",
    "关于",
    "其实",
    "几个",
    "只是",
    "可以",
    "可能",
    "哪个",
    "哪些",
    "哪里",
    "因为",
    "多少",
    "大家",
    "她们",
    "好的",
    "如果",
    "就是",
    "已经",
    "应该",
    "当然",
    "怎么",
    "怎么样",
    "想要",
    "我们",
    "或者",
    "所以",
    "时候",
    "是不是",
    "是的",
    "曾经",
    "有些",
    "有什么",
    "有没有",
    "有点",
    "比较",
    "没有",
    "然后",
    "特别",
    "真的",
    "知道",
    "而且",
    "能够",
    "自己",
    "虽然",
    "觉得",
    "记得",
    "起来",
    "还是",
    "还有",
    "这个",
    "这些",
    "这样",
    "这里",
    "那个",
    "那些",
    "那样",
    "那里",
    "需要",
    "非常",
];

/// Single characters that ask or glue: not searched for by themselves, and no pair of two of them is.
const STOP_HAN: &str = "的了是我你他她它在吗呢啊和有哪谁什这那过给对都也就吧么还要想会能几";

/// Characters that say how, where and when, little beside other words: a question of one of them alone finds it.
const GLUE_HAN: &str =
    "很太更最又再才只已被把从向到得着啦哦嗯哈呀嘛与或但而因所如让使真些您咱们之其此每后前里上下中时说去来";

/// Characters that only ask: a pair with one of them is left out of questions.
const ASKING_HAN: &str = "吗呢哪谁么什";

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
    let mut words = Vec::new();
    analyse(text, Use::Index, &mut |word| words.push(word));
    words.join(" ")
}

/// The words that a question asks for, each once.
pub fn query_words(text: &str) -> Vec<String> {
    let (mut words, mut seen) = (Vec::new(), HashSet::new());
    analyse(text, Use::Query, &mut |word| {
        if seen.insert(word.clone()) {
            words.push(word);
        }
    });
    words
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Use {
    Index,
    Query,
}

fn analyse(text: &str, purpose: Use, add: &mut impl FnMut(String)) {
    let stemmer = Stemmer::create(Algorithm::English);
    for run in runs(text) {
        match run {
            Run::Han(chars) => cut_han(&chars, purpose, add),
            Run::Word(word) if STOP_WORDS.binary_search(&word.as_str()).is_ok() => {}
            Run::Word(word) => add(stemmer.stem(regular(&word)).into_owned()),
            Run::Whole(whole) => add(whole),
        }
    }
}

fn glues(one: char) -> bool {
    STOP_HAN.contains(one) || GLUE_HAN.contains(one)
}

fn cut_han(run: &str, purpose: Use, add: &mut impl FnMut(String)) {
    let chars: Vec<char> = run.chars().collect();
    if let [one] = chars[..] {
        // A question of one character is about that one, whatever it is.
        if purpose == Use::Query || !STOP_HAN.contains(one) {
            add(one.to_string());
        }
        return;
    }
    let mut singles = HashSet::new();
    for token in JIEBA.cut_for_search(run, true) {
        let mut each = token.word.chars();
        match (each.next(), each.next()) {
            (Some(one), None) if glues(one) => {}
            (Some(one), None) => {
                singles.insert(one);
                add(one.to_string());
            }
            _ if STOP_HAN_WORDS.contains(&token.word) => {}
            _ => add(token.word.to_owned()),
        }
    }
    for pair in chars.windows(2) {
        let word: String = pair.iter().collect();
        let empty = STOP_HAN_WORDS.contains(&word.as_str()) || pair.iter().all(|c| glues(*c));
        let asks = purpose == Use::Query && pair.iter().any(|c| ASKING_HAN.contains(*c));
        if !empty && !asks {
            add(word);
        }
    }
    if purpose == Use::Index {
        for one in chars {
            if !STOP_HAN.contains(one) && singles.insert(one) {
                add(one.to_string());
            }
        }
    }
}

/// A piece of a text.
enum Run {
    Han(String),
    /// Lower-case letters and digits of any other script.
    Word(String),
    /// What is found as a whole besides its parts: `bob@example.com`, `138-1234-5678`, `inv-2024/7`.
    Whole(String),
}

fn runs(text: &str) -> Vec<Run> {
    let text: String = text.nfkc().flat_map(char::to_lowercase).collect();
    let mut runs = Vec::new();
    let (mut han, mut word, mut whole) = (String::new(), String::new(), String::new());
    // The last sign ends what is open.
    for c in text.chars().chain([' ']) {
        let plain = c.is_alphanumeric() && !is_han(c);
        if is_han(c) {
            han.push(c);
        } else if !han.is_empty() {
            runs.push(Run::Han(std::mem::take(&mut han)));
        }
        if plain {
            word.push(c);
        } else if !word.is_empty() {
            runs.push(Run::Word(std::mem::take(&mut word)));
        }
        if plain || matches!(c, '@' | '.' | '-' | '_' | '+' | ':' | '/') {
            whole.push(c);
        } else if !whole.is_empty() {
            runs.extend(kept_whole(&whole).map(Run::Whole));
            whole.clear();
        }
    }
    runs
}

/// What has a joint inside, and a digit or an `@`; a number is kept without its joints.
fn kept_whole(text: &str) -> Option<String> {
    let text = text.trim_matches(|c: char| !c.is_alphanumeric());
    let telling = text.contains(|c: char| c.is_ascii_digit() || c == '@');
    if !telling || text.chars().all(char::is_alphanumeric) {
        return None;
    }
    let number = text.chars().all(|c| c.is_ascii_digit() || c == '-');
    Some(if number { text.replace('-', "") } else { text.to_owned() })
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
        check("我住在上海", "住 上海 我住 住在 上海 上 海");
        check("GitHub备份", "github 备份 备份 备 份");
        check("ＡＢＣ　１２３", "abc 123");
        check("running runs, ran", "run run run");
        check("mail bob@example.com", "mail bob exampl com bob@example.com");
        check("call 138-1234-5678.", "call 138 1234 5678 13812345678");
    }

    #[test]
    fn questions_keep_what_they_ask_about() {
        let check = |text: &str, words: &[&str]| assert_eq!(query_words(text), words, "{text}");
        check("what's the code of my bike lock?", &["code", "bike", "lock"]);
        check("我住在哪里", &["住", "我住", "住在"]);
        check("猫", &["猫"]);
        check("我", &["我"]);
    }

    #[test]
    fn the_language_is_told_by_its_script() {
        assert_eq!(locale_of("我住在哪里", "en"), "zh");
        assert_eq!(locale_of("where do I live", "zh"), "en");
        assert_eq!(locale_of("把 time_zone 设为 Asia/Shanghai", "en"), "zh");
        assert_eq!(locale_of("2+2", "zh"), "zh");
    }
}
