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
    let mut before = None;
    let mut chars = text.chars().enumerate().peekable();
    while let Some((at, c)) = chars.next() {
        let line_end = c == '\r' && chars.peek().is_some_and(|(_, next)| *next == '\n');
        let styled = emoji_style(c) && before.is_some_and(stands_for_itself);
        if let Some(hidden) = hidden(c).filter(|_| !line_end && !styled) {
            return Err(format!("character {} is U+{:04X}, {hidden}; leave it out", at + 1, u32::from(c)));
        }
        before = Some(c);
    }
    Ok(())
}

/// A text with every hidden character made visible as U+FFFD, cut to a bearable length.
pub fn printable(text: &str) -> String {
    shown(text.chars().take(MAX_PRINTED_CHARS))
}

/// A text with every hidden character made visible as U+FFFD.
pub fn seen(text: &str) -> String {
    shown(text.chars())
}

fn shown(text: impl Iterator<Item = char>) -> String {
    text.map(|c| if hidden(c).is_some() { char::REPLACEMENT_CHARACTER } else { c }).collect()
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

/// The two selectors that make a sign an emoji, or keep it text.
fn emoji_style(c: char) -> bool {
    matches!(c, '\u{fe0e}' | '\u{fe0f}')
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
        for text in ["", "two\nlines,\r\na\ttab", "提醒我：“明天”……", "it is ☀️ or ☁︎", "naïve, Ünïcödé, 한글, עברית"]
        {
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
