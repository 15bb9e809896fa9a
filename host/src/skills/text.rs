//! Text of strangers: what people and models read must be what is there.

use std::fmt;

/// Characters kept of a text that a stranger had a hand in.
const MAX_PRINTED_CHARS: usize = 1_000;

/// Why a character is not for reading.
enum Hidden {
    Control,
    Direction,
    Invisible,
}

/// Refuses control characters other than line ends and tabs, characters that turn the direction of what
/// follows, and those that show nothing: an owner who reads a text has then seen all that a model reads.
/// The reason names the first such character and its place, counted from 1.
pub fn plain_text(text: &str) -> Result<(), String> {
    match look(text).find_map(|(at, c, hidden)| Some((at, c, hidden?))) {
        Some((at, c, hidden)) => Err(format!("character {} is U+{:04X}, {hidden}; leave it out", at + 1, u32::from(c))),
        None => Ok(()),
    }
}

/// A text with every hidden character made visible as U+FFFD, cut to a bearable length.
pub fn printable(text: &str) -> String {
    let end = text.char_indices().nth(MAX_PRINTED_CHARS).map_or(text.len(), |(end, _)| end);
    seen(&text[..end])
}

/// A text with every hidden character made visible as U+FFFD.
pub fn seen(text: &str) -> String {
    let shown = |(_, c, hidden): (usize, char, Option<Hidden>)| hidden.map_or(c, |_| char::REPLACEMENT_CHARACTER);
    look(text).map(shown).collect()
}

/// Each character with its place, and why it is not for reading, if it is not.
fn look(text: &str) -> impl Iterator<Item = (usize, char, Option<Hidden>)> {
    let mut before = None;
    let mut chars = text.chars().enumerate().peekable();
    std::iter::from_fn(move || {
        let (at, c) = chars.next()?;
        let next = chars.peek().map(|(_, next)| *next);
        let belongs = match c {
            '\r' => next == Some('\n'),
            // What makes a sign an emoji, or keep it text.
            '\u{fe0e}' | '\u{fe0f}' => before.is_some_and(stands_for_itself),
            // One sign of several.
            '\u{200d}' => before.is_some_and(is_sign) && next.is_some_and(stands_for_itself),
            // Letters of one word that are not joined.
            '\u{200c}' => [before, next].into_iter().flatten().filter(|c| is_arabic(*c)).count() == 2,
            _ => false,
        };
        before = Some(c);
        Some((at, c, hidden(c).filter(|_| !belongs)))
    })
}

fn hidden(c: char) -> Option<Hidden> {
    match c {
        '\n' | '\t' => None,
        c if c.is_control() => Some(Hidden::Control),
        '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {
            Some(Hidden::Direction)
        }
        // Soft hyphen, joiners, fillers, variation selectors, line separators, tags.
        '\u{ad}'
        | '\u{34f}'
        | '\u{115f}'
        | '\u{1160}'
        | '\u{17b4}'
        | '\u{17b5}'
        | '\u{180b}'..='\u{180f}'
        | '\u{200b}'..='\u{200d}'
        | '\u{2028}'
        | '\u{2029}'
        | '\u{2060}'..='\u{2065}'
        | '\u{206a}'..='\u{206f}'
        | '\u{3164}'
        | '\u{fe00}'..='\u{fe0f}'
        | '\u{feff}'
        | '\u{ffa0}'
        | '\u{fff0}'..='\u{fffb}'
        | '\u{1bca0}'..='\u{1bca3}'
        | '\u{1d173}'..='\u{1d17a}'
        | '\u{e0000}'..='\u{e0fff}' => Some(Hidden::Invisible),
        _ => None,
    }
}

/// A sign, or the selector after one.
fn is_sign(c: char) -> bool {
    stands_for_itself(c) || c == '\u{fe0f}'
}

fn is_arabic(c: char) -> bool {
    matches!(c, '\u{600}'..='\u{6ff}') && c.is_alphabetic()
}

/// Whether it is a sign such as ☀, and not part of a word, in which a selector would say nothing.
fn stands_for_itself(c: char) -> bool {
    !c.is_ascii() && !c.is_alphanumeric() && !c.is_whitespace() && hidden(c).is_none()
}

impl fmt::Display for Hidden {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Control => "a control character",
            Self::Direction => "which turns the direction of text",
            Self::Invisible => "which is invisible",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_can_be_read_is_plain() {
        for text in [
            "",
            "two\nlines,\r\na\ttab",
            "提醒我：“明天”……",
            "it is ☀️ or ☁︎",
            "naïve, Ünïcödé, 한글, עברית",
            "👨‍👩‍👧 ❤️‍🔥",
            "می‌خواهم",
        ] {
            assert_eq!(plain_text(text), Ok(()), "{text}");
        }
    }

    #[test]
    fn what_hides_is_named_with_its_place() {
        for (text, place, name) in [
            ("ok\u{200b}", 3, "U+200B"),
            ("\u{feff}ok", 1, "U+FEFF"),
            ("a\u{202e}b", 2, "U+202E"),
            ("a\u{2066}b", 2, "U+2066"),
            ("esc \u{1b}[2J", 5, "U+001B"),
            ("nul \0", 5, "U+0000"),
            ("\rover", 1, "U+000D"),
            ("tag \u{e0041}", 5, "U+E0041"),
            ("a\u{fe0f}", 2, "U+FE0F"),
            ("中\u{fe01}", 2, "U+FE01"),
            ("☀\u{fe0f}\u{fe0f}", 3, "U+FE0F"),
            ("f\u{ad}oo", 2, "U+00AD"),
        ] {
            let reason = plain_text(text).unwrap_err();
            assert!(reason.starts_with(&format!("character {place} is {name},")), "{text:?}: {reason}");
        }
    }

    #[test]
    fn printed_text_is_short_and_seen() {
        assert_eq!(printable("a\u{1b}[2J\u{202e}b"), "a\u{fffd}[2J\u{fffd}b");
        assert_eq!(printable(&"长".repeat(5_000)).chars().count(), MAX_PRINTED_CHARS);
    }
}
