//! What a summary must not lose: names, numbers, dates and decisions, found by rules in Chinese and English.

use regex::Regex;
use std::{collections::HashSet, sync::LazyLock};

/// Characters of one clause at most.
const MAX_CLAUSE_CHARS: usize = 120;

/// Words with digits: amounts, times, dates, codes, addresses.
static NUMBER: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r"\S+@\S+\.\w+|\+?\d[\d ()-]{5,}\d|(?:(?:\p{Han}?[A-Z][A-Za-z]*-?|[A-Za-z#$€£¥]*-?)\d[\dA-Za-z.,:/-]*\s?(?:年|月|日|号|点半?|时|分|元|块|万|岁|天|周|%|°|am|pm|AM|PM|EUR|USD|euros?|dollars?)?)+",
    )
});

/// Capitalised words of Latin script that follow one another.
static NAME: LazyLock<Regex> = LazyLock::new(|| regex(r"\p{Lu}[\p{L}'’-]+(?:\s+\p{Lu}[\p{L}'’-]+)*"));

/// Names in Chinese by what stands before or after them, and what stands in quotes.
static HAN_NAME: LazyLock<Vec<Regex>> = LazyLock::new(|| {
    [
        r"(?:名字是|叫做|叫|姓)(?P<name>\p{Han}{1,4})(?:[，。！？；、,.!?;\s]|$)",
        r"(?P<name>[\p{Han}--[找给和问约跟见是的与请让到]]{1,2}(?:先生|女士|小姐|医生|大夫|老师|经理|教授|律师|师傅))",
        r"[「『《“](?P<name>[^」』》”]{1,40})[」』》”]",
    ]
    .map(regex)
    .into()
});

static DECISION: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r"(?i)\b(?:decided?|agreed?|chose|choose|confirmed|cancel(?:led|ed)?|booked|ordered|settled|go with|let's|we(?:'ll| will)|i(?:'ll| will))\b|决定|定了|就定|说定|确定|选了|就用|改成|改为|取消|同意|约好|预订|订了|下单",
    )
});

fn regex(pattern: &str) -> Regex {
    Regex::new(pattern).expect("a constant pattern")
}

/// The names, numbers, dates and decisions of a text, in its order and its words, each once.
pub fn essentials(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut seen = HashSet::new();
    let mut add = |word: &str| {
        let word = word.trim().trim_end_matches(['.', ',', ':', '/', '-', '。', '，']);
        if !word.is_empty() && seen.insert(plain(word)) {
            found.push(word.to_owned());
        }
    };
    for clause in clauses(text) {
        if DECISION.is_match(clause) && clause.chars().count() <= MAX_CLAUSE_CHARS {
            add(clause);
            continue;
        }
        NUMBER.find_iter(clause).for_each(|number| add(number.as_str()));
        for name in NAME.find_iter(clause) {
            // A single word at the beginning is capitalised whatever it is; one before a digit is part of a number.
            let of_number = clause[name.end()..].starts_with(|c: char| c.is_ascii_digit());
            if !of_number && (name.start() > 0 || name.as_str().contains(char::is_whitespace)) {
                add(name.as_str());
            }
        }
        for pattern in HAN_NAME.iter() {
            pattern.captures_iter(clause).for_each(|name| add(&name["name"]));
        }
    }
    found
}

/// Those of `essentials` that a text does not hold.
pub fn missing<'a>(essentials: &'a [String], text: &str) -> Vec<&'a str> {
    let text = plain(text);
    essentials.iter().map(String::as_str).filter(|one| !text.contains(&plain(one))).collect()
}

/// A text as it is compared: without case and spaces.
fn plain(text: &str) -> String {
    text.chars().filter(|c| !c.is_whitespace()).flat_map(char::to_lowercase).collect()
}

fn clauses(text: &str) -> impl Iterator<Item = &str> {
    static END: LazyLock<Regex> = LazyLock::new(|| regex(r"[。！？；!?;\n]+|\.\s+|\.$"));
    END.split(text).map(str::trim).filter(|clause| !clause.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_numbers_dates_and_decisions_are_found() {
        let check = |text: &str, expected: &[&str]| assert_eq!(essentials(text), expected, "{text}");
        check("Nice weather today, is it not?", &[]);
        check("my code is QX-4471", &["QX-4471"]);
        check("The flight LH4521 leaves at 14:35 from Gate B12.", &["LH4521", "14:35", "B12", "Gate"]);
        check("Please tell Anna Schmidt that it costs $1,250.50", &["$1,250.50", "Anna Schmidt"]);
        check("We agreed to paint it green. It rains.", &["We agreed to paint it green"]);
        check("会议改到5月3号下午3点，找王医生", &["5月3号", "3点", "王医生"]);
        check("我女儿叫小雨。今天很热", &["小雨"]);
        check("那就决定去杭州，不去苏州", &["那就决定去杭州，不去苏州"]);
        check("车牌是沪A12345，邮箱 a.b@c.org", &["沪A12345", "a.b@c.org"]);
    }

    #[test]
    fn what_a_summary_lost_is_told() {
        let kept = essentials("Please call Weber at 030 12345. We will go with the blue one.");
        assert_eq!(missing(&kept, "The person calls weber; we will GO with the blue one"), ["030 12345"]);
        assert!(missing(&kept, "Weber, 03012345, we will go with the blue one").is_empty(), "{kept:?}");
    }
}
