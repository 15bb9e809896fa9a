//! What a text is before it is cut into pieces: compatibility forms are folded (as NFKC does, by the
//! model's own table), runs of white space are one, and a space is written as `▁`.

/// The white space of the pieces.
const SPACE: &str = "\u{2581}";

/// The model's table: a double-array trie from byte strings to their replacements.
pub(super) struct Normalizer {
    units: Vec<u32>,
    replacements: Vec<u8>,
}

impl Normalizer {
    /// From the `precompiled_charsmap` of the model. `None`: it is not one.
    pub fn new(charsmap: &[u8]) -> Option<Self> {
        let (length, rest) = charsmap.split_first_chunk::<4>()?;
        let (trie, replacements) = rest.split_at_checked(u32::from_le_bytes(*length) as usize)?;
        let units: Vec<u32> = trie.as_chunks::<4>().0.iter().map(|unit| u32::from_le_bytes(*unit)).collect();
        (!units.is_empty()).then(|| Self { units, replacements: replacements.to_vec() })
    }

    /// The text with a leading space, at most `max_chars` characters of it.
    pub fn normalize(&self, text: &str, max_chars: usize) -> String {
        let mut out = String::new();
        let (mut rest, mut spaces, mut chars) = (text, 1_usize, 0);
        while !rest.is_empty() && chars < max_chars {
            let (replacement, length) = self.prefix(rest);
            rest = &rest[length..];
            for c in replacement.chars() {
                if c == ' ' {
                    spaces += 1;
                    continue;
                }
                // A space is written only once something follows it: none stays at the end.
                if std::mem::take(&mut spaces) > 0 {
                    out.push_str(SPACE);
                    chars += 1;
                }
                out.push(c);
                chars += 1;
            }
        }
        out
    }

    /// The replacement of the longest prefix that the table knows, or the first character as it is;
    /// and the bytes that it stands for. `text` is not empty.
    fn prefix<'a>(&'a self, text: &'a str) -> (&'a str, usize) {
        let first = text.chars().next().map_or(0, char::len_utf8);
        let known = self.longest(text.as_bytes()).and_then(|(length, at)| Some((self.replacement(at)?, length)));
        known.filter(|(_, length)| text.is_char_boundary(*length)).unwrap_or((&text[..first], first))
    }

    /// Length of the longest key that `text` begins with, and the place of its replacement.
    fn longest(&self, text: &[u8]) -> Option<(usize, usize)> {
        let mut node = offset(*self.units.first()?);
        let mut best = None;
        for (index, byte) in text.iter().enumerate() {
            node ^= usize::from(*byte);
            let Some(unit) = self.units.get(node).copied().filter(|unit| unit & 0x8000_00FF == u32::from(*byte)) else {
                break;
            };
            node ^= offset(unit);
            if unit & 0x100 != 0 {
                best = self.units.get(node).map(|leaf| (index + 1, (leaf & 0x7FFF_FFFF) as usize));
            }
        }
        best
    }

    fn replacement(&self, at: usize) -> Option<&str> {
        let bytes = self.replacements.get(at..)?;
        std::str::from_utf8(&bytes[..bytes.iter().position(|byte| *byte == 0)?]).ok()
    }
}

/// Where the children of a unit are, relative to it.
fn offset(unit: u32) -> usize {
    ((unit >> 10) << ((unit & 0x200) >> 6)) as usize
}
