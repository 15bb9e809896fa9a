//! Counts tokens with a real tokenizer; characters divided by four are wrong by a factor of three
//! for Chinese. The vocabulary is loaded when the first prompt is counted, or by whoever expects one.

use moka::sync::Cache;
use std::sync::LazyLock;
use tiktoken_rs::o200k_base_singleton;

/// Texts whose count is kept in mind: what conversations send again with every call.
const MAX_KNOWN: u64 = 4_096;

/// Bytes from which a look-up is cheaper than counting.
const MIN_KNOWN_BYTES: usize = 64;

/// Counts by the fingerprints of texts.
static KNOWN: LazyLock<Cache<[u8; 32], u32>> = LazyLock::new(|| Cache::new(MAX_KNOWN));

/// Bytes that are encoded at once. The encoder's work on one run of characters grows faster than the run, and it
/// gives up on a very long one; a cut through a word counts a token too many at most.
const PIECE: usize = 8 << 10;

/// Bytes that one token stands for at most.
const LONGEST_TOKEN: usize = 128;

/// Loads the vocabulary, which takes a tenth of a second and some 50 MB.
pub fn load() {
    o200k_base_singleton();
}

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
    let mut total = 0_usize;
    for piece in pieces(text) {
        total += o200k_base_singleton().encode_ordinary(piece).len();
        if total > max as usize {
            break;
        }
    }
    u32::try_from(total).unwrap_or(u32::MAX)
}

/// The beginning of a text, of at most `max` tokens, with a mark where it was cut.
pub fn cut(text: &str, max: u32) -> String {
    const MARK: &str = " […]";
    if count_up_to(text, max) <= max {
        return text.to_owned();
    }
    let bpe = o200k_base_singleton();
    let wanted = (max as usize).saturating_sub(3);
    let mut tokens = Vec::with_capacity(wanted.min(PIECE));
    for piece in pieces(&text[..text.floor_char_boundary((max as usize + 1).saturating_mul(LONGEST_TOKEN))]) {
        tokens.extend(bpe.encode_ordinary(piece));
        if tokens.len() >= wanted {
            break;
        }
    }
    tokens.truncate(wanted);
    // The cut may fall inside a character; what is left of that one is dropped.
    let bytes = bpe.decode_bytes(&tokens).unwrap_or_default();
    let whole = String::from_utf8_lossy(&bytes);
    format!("{}{MARK}", whole.trim_end_matches('\u{fffd}'))
}

/// A text in pieces that end between characters, between words where one ends near by.
fn pieces(mut text: &str) -> impl Iterator<Item = &str> {
    std::iter::from_fn(move || {
        if text.is_empty() {
            return None;
        }
        let most = text.floor_char_boundary(PIECE);
        let at = if most == text.len() {
            most
        } else {
            let near = text.floor_char_boundary(PIECE / 2);
            text[near..most].rfind(' ').map_or(most, |space| near + space)
        };
        let (piece, rest) = text.split_at(at.max(1).min(text.len()));
        text = rest;
        Some(piece)
    })
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
    fn no_text_is_too_long_or_too_odd_to_be_counted() {
        for (text, least) in
            [(" ".repeat(1_100_000), 1_000), ("a".repeat(400_000), 10_000), ("上".repeat(50_000), 10_000)]
        {
            assert!((10..20_000).contains(&count_up_to(&text, 10)), "it is not counted to its end");
            assert!(count(&text) >= least);
            assert!(count(&cut(&text, 40)) <= 45);
        }
        let prose = "The quick brown fox jumps over the lazy dog. ".repeat(2_000);
        let whole = u32::try_from(o200k_base_singleton().encode_ordinary(&prose).len()).unwrap();
        assert!(count(&prose).abs_diff(whole) <= 24, "{} for {whole}", count(&prose));
    }
}
