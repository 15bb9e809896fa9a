//! Questions for a time, and words that tell one.

use regex::Regex;
use std::sync::LazyLock;

/// Whether a question asks for a time.
pub fn asks_when(text: &str) -> bool {
    static WHEN: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"(?i)\bwhen (?:did|do|does|is|are|was|were|will|has|have|had|can|should)\b|\b(?:what|which) (?:date|day|month|year|time)\b|什么时候|什么时间|何时|哪一?[天年月]|几[月号点]|星期几|周几")
            .expect("a constant pattern")
    });
    WHEN.is_match(text)
}

/// Words of the index that tell a time: those of days, of spans seen from one, and of months.
const TIMES: &[&str] = &[
    "ago",
    "april",
    "august",
    "decemb",
    "februari",
    "friday",
    "januari",
    "juli",
    "june",
    "last",
    "march",
    "monday",
    "month",
    "next",
    "novemb",
    "octob",
    "saturday",
    "septemb",
    "sunday",
    "thursday",
    "today",
    "tomorrow",
    "tuesday",
    "wednesday",
    "week",
    "weekend",
    "year",
    "yesterday",
    "上周",
    "下周",
    "今天",
    "前天",
    "后天",
    "周末",
    "年",
    "日",
    "明天",
    "昨天",
    "月",
];

/// Whether a word of the index tells a time.
pub fn tells_when(word: &str) -> bool {
    TIMES.binary_search(&word).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_asks_for_a_time() {
        assert!(TIMES.is_sorted());
        for text in ["When did Ada move?", "on which day was it", "我什么时候搬的家？", "哪天去的", "哪一年"]
        {
            assert!(asks_when(text), "{text}");
        }
        for text in ["what did she say when she left", "我住在哪里", "how often"] {
            assert!(!asks_when(text), "{text}");
        }
    }
}
