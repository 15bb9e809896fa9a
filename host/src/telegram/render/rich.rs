//! One long text with spans, before it is cut into messages.

use super::EntityKind;

/// A character that no text may hold (a Unicode noncharacter): `emphasis` leaves it as a mark in the
/// source, and [`visible_text`] takes it out.
pub const MARK: char = '\u{FDD0}';

/// A text and what is different about parts of it.
#[derive(Clone, Debug, Default)]
pub struct Rich {
    pub text: String,
    /// Apart or one inside the other.
    pub spans: Vec<Span>,
    /// Where headings end, in bytes, ascending: a cut there would leave a heading behind.
    pub headings: Vec<usize>,
}

/// From `start` to before `end`, in bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Span {
    pub kind: EntityKind,
    pub start: usize,
    pub end: usize,
}

/// The text without control characters, which Telegram refuses or drops; line feeds and tabs stay.
pub fn visible_text(text: &str) -> String {
    text.chars().filter(|&c| matches!(c, '\n' | '\t') || !(c.is_control() || c == MARK)).collect()
}

/// Whether a reader sees anything of it. Telegram takes a message of joiners and marks for empty.
pub fn is_blank(text: &str) -> bool {
    text.chars().all(|c| {
        let joins = matches!(c,
            '\u{AD}' | '\u{34F}' | '\u{61C}' | '\u{180B}'..='\u{180F}' | '\u{200B}'..='\u{200F}'
            | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{FE00}'..='\u{FE0F}' | '\u{FEFF}'
            | '\u{E0000}'..='\u{E0FFF}');
        joins || c.is_whitespace() || c.is_control()
    })
}

/// The part of `start..end` that has no whitespace at its ends.
pub fn trimmed(text: &str, start: usize, end: usize) -> (usize, usize) {
    let part = &text[start..end];
    let left = part.len() - part.trim_start().len();
    let right = part.len() - part.trim_end().len();
    if left == part.len() { (start, start) } else { (start + left, end - right) }
}

/// Length in UTF-16 units.
pub fn units(text: &str) -> usize {
    text.chars().map(char::len_utf16).sum()
}
