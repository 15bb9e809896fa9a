//! Counts tokens with a real tokenizer; characters divided by four are wrong by a factor of three
//! for Chinese.

use moka::sync::Cache;
use skillet_tokenizer::lengths;
use std::sync::LazyLock;

/// Texts whose count is kept in mind: what conversations send again with every call.
const MAX_KNOWN: u64 = 4_096;

/// Bytes from which a look-up is cheaper than counting.
const MIN_KNOWN_BYTES: usize = 64;

/// Counts by the fingerprints of texts.
static KNOWN: LazyLock<Cache<[u8; 32], u32>> = LazyLock::new(|| Cache::new(MAX_KNOWN));

/// Tokens of a text in the `o200k_base` vocabulary.
pub fn count(text: &str) -> u32 {
    count_up_to(text, u32::MAX)
}

/// Tokens of a text; where it has more than `max`, some number above that, without counting on.
pub fn count_up_to(text: &str, max: u32) -> u32 {
    if text.len() < MIN_KNOWN_BYTES {
        return counted(text, max);
    }
    let fingerprint = *blake3::hash(text.as_bytes()).as_bytes();
    if let Some(count) = KNOWN.get(&fingerprint) {
        return count;
    }
    let count = counted(text, max);
    // What was not counted to its end is no count.
    if count <= max {
        KNOWN.insert(fingerprint, count);
    }
    count
}

fn counted(text: &str, max: u32) -> u32 {
    let enough = usize::try_from(max).unwrap_or(usize::MAX).saturating_add(1);
    u32::try_from(lengths(text).take(enough).count()).unwrap_or(u32::MAX)
}

/// The beginning of a text, of at most `max` tokens, with a mark where it was cut.
pub fn cut(text: &str, max: u32) -> String {
    const MARK: &str = " […]";
    if count_up_to(text, max) <= max {
        return text.to_owned();
    }
    let kept: usize = lengths(text).take((max as usize).saturating_sub(3)).sum();
    // A token may end inside a character; what is left of that one is dropped.
    format!("{}{MARK}", &text[..text.floor_char_boundary(kept)])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_counted_and_cut_at_whole_characters() {
        assert_eq!(count("hello world"), 2);
        let text = "人工智能助手会记住你说过的话。".repeat(50);
        assert_eq!(
            (count(&text), count(&text)),
            (counted(&text, u32::MAX), counted(&text, u32::MAX)),
            "the second is one of memory"
        );
        let cut = cut(&text, 40);
        assert!(count(&cut) <= 40, "{} tokens", count(&cut));
        assert!(cut.ends_with(" […]") && text.starts_with(cut.trim_end_matches(" […]")));
        assert_eq!(super::cut("short", 40), "short");
    }

    #[test]
    fn no_text_is_too_long_to_be_counted() {
        for text in [" ".repeat(1_100_000), "a".repeat(400_000), "上".repeat(50_000)] {
            assert_eq!(count_up_to(&text, 10), 11, "it is not counted to its end");
            assert!(count(&cut(&text, 40)) <= 40);
        }
    }
}
