//! Tokens of a text in the `o200k_base` vocabulary, as `tiktoken-rs` finds them, from a table inside the program:
//! nothing is loaded, and what a host does not look up is not in its memory.

mod merge;
mod vocabulary;

use regex::Regex;
use std::sync::LazyLock;
use vocabulary::{LONGEST, RANK, SLOT, SLOTS, home};

static VOCABULARY: &[u8; SLOT * SLOTS] = include_bytes!(concat!(env!("OUT_DIR"), "/o200k_base"));

/// The place of a token in the vocabulary; `None` where these bytes are none.
fn rank(bytes: &[u8]) -> Option<u32> {
    if bytes.len() > LONGEST {
        return None;
    }
    let (start, hash) = home(bytes);
    let slots = VOCABULARY.as_chunks::<SLOT>().0;
    let found = slots[start..].iter().chain(slots).map(|slot| u64::from_le_bytes(*slot));
    let slot = found.take_while(|slot| *slot != 0).find(|slot| slot & !RANK == hash)?;
    u32::try_from(slot & RANK).ok()
}

/// The parts that a text is encoded in. The vocabulary's own pattern says of white space `\s+(?!\S)|\s+`: the last
/// character of a run belongs to the word that follows. [`part`] sees to that, and the pattern needs to look nowhere.
static PARTS: LazyLock<Regex> = LazyLock::new(|| {
    const UPPER: &str = r"[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]";
    const LOWER: &str = r"[\p{Ll}\p{Lm}\p{Lo}\p{M}]";
    const BEFORE: &str = r"[^\r\n\p{L}\p{N}]?";
    const AFTER: &str = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)?";
    let words = format!("{BEFORE}{UPPER}*{LOWER}+{AFTER}|{BEFORE}{UPPER}+{LOWER}*{AFTER}");
    Regex::new(&format!(r"{words}|\p{{N}}{{1,3}}| ?[^\s\p{{L}}\p{{N}}]+[\r\n/]*|\s*[\r\n]+|\s+")).expect("it is valid")
});

/// Bytes that are looked at for a part. No word is as long; what is takes time and memory in proportion.
const LONGEST_PART: usize = 64 << 10;

/// The lengths in bytes of the tokens of a text, in its order. One may end inside a character.
pub fn lengths(text: &str) -> impl Iterator<Item = usize> {
    let mut rest = text;
    let parts = std::iter::from_fn(move || {
        let (part, after) = rest.split_at(part(rest)?);
        rest = after;
        Some(part)
    });
    parts.flat_map(|part| merge::lengths(part.as_bytes()))
}

/// Bytes of the first part of a text; `None` where it is empty.
fn part(text: &str) -> Option<usize> {
    let found = PARTS.find(&text[..text.floor_char_boundary(LONGEST_PART)])?;
    // A line's end is within the pattern.
    let last = found.as_str().chars().next_back().filter(|last| last.is_whitespace() && !['\r', '\n'].contains(last));
    let gives_back = last.filter(|last| found.end() < text.len() && last.len_utf8() < found.end());
    Some(found.end() - gives_back.map_or(0, char::len_utf8))
}
