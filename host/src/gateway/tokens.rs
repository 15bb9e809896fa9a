//! Counts tokens with a real tokenizer; characters divided by four are wrong by a factor of three
//! for Chinese. The vocabulary is loaded when the first prompt is counted, not before.

use moka::sync::Cache;
use std::sync::LazyLock;
use tiktoken_rs::o200k_base_singleton;

/// Texts whose count is kept in mind: what conversations send again with every call.
const MAX_KNOWN: u64 = 4_096;

/// Bytes from which a look-up is cheaper than counting.
const MIN_KNOWN_BYTES: usize = 64;

/// Counts by the fingerprints of texts.
static KNOWN: LazyLock<Cache<[u8; 32], u32>> = LazyLock::new(|| Cache::new(MAX_KNOWN));

/// Tokens of a text in the `o200k_base` vocabulary.
pub fn count(text: &str) -> u32 {
    if text.len() < MIN_KNOWN_BYTES {
        return counted(text);
    }
    let fingerprint = *blake3::hash(text.as_bytes()).as_bytes();
    if let Some(count) = KNOWN.get(&fingerprint) {
        return count;
    }
    let count = counted(text);
    KNOWN.insert(fingerprint, count);
    count
}

fn counted(text: &str) -> u32 {
    u32::try_from(o200k_base_singleton().encode_ordinary(text).len()).unwrap_or(u32::MAX)
}

/// The beginning of a text, of at most `max` tokens, with a mark where it was cut.
pub fn cut(text: &str, max: u32) -> String {
    const MARK: &str = " […]";
    let bpe = o200k_base_singleton();
    let tokens = bpe.encode_ordinary(text);
    if tokens.len() <= max as usize {
        return text.to_owned();
    }
    let kept = &tokens[..(max as usize).saturating_sub(3)];
    // The cut may fall inside a character; what is left of that one is dropped.
    let bytes = bpe.decode_bytes(kept).unwrap_or_default();
    let whole = String::from_utf8_lossy(&bytes);
    format!("{}{MARK}", whole.trim_end_matches('\u{fffd}'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_counted_and_cut_at_whole_characters() {
        assert_eq!(count("hello world"), 2);
        let text = "人工智能助手会记住你说过的话。".repeat(50);
        assert_eq!((count(&text), count(&text)), (counted(&text), counted(&text)), "the second is one of memory");
        let cut = cut(&text, 40);
        assert!(count(&cut) <= 40, "{} tokens", count(&cut));
        assert!(cut.ends_with(" […]") && text.starts_with(cut.trim_end_matches(" […]")));
        assert_eq!(super::cut("short", 40), "short");
    }
}
