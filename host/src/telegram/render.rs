//! Markdown as Telegram's messages: text with entities, cut where a reader would cut it.
//!
//! Source (`source`) is parsed and walked (`walk`), with tables (`table`) apart, into one long text with
//! spans (`writer`, `rich`), which is then cut into messages (`split`).

mod emphasis;
mod rich;
mod source;
mod split;
mod table;
mod walk;
mod writer;

#[cfg(test)]
mod hostile;
#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;

use std::panic::catch_unwind;

use self::rich::Rich;

/// Longest message, in UTF-16 units: Telegram takes 4096, and there is room for a note at the end. Where a
/// text is cut must not hang on whether there is one, or a message that is sent in two goes would lose a
/// part between them.
pub const MAX_UNITS: usize = 4096 - NOTE_UNITS;
pub const NOTE_UNITS: usize = 96;

/// Entities of one message beyond which Telegram ignores the rest.
const MAX_ENTITIES: usize = 100;

/// What a text without anything to see becomes: Telegram refuses an empty message.
const NOTHING: &str = "…";

/// How much longer than its source a text may become, in times and bytes. A wide table repeats its
/// header in every row; a few kilobytes made for it would become hundreds of messages.
const MAX_GROWTH: (usize, usize) = (4, 4 << 10);

/// One message: text with entities.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    /// 1 to [`MAX_UNITS`] UTF-16 units, without whitespace at either end.
    pub text: String,
    /// By offset, outer before inner; at most 100.
    pub entities: Vec<Entity>,
}

/// A part of a message that looks different. Two of them are apart or one is inside the other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entity {
    pub kind: EntityKind,
    /// From the beginning of the message, in UTF-16 units.
    pub offset: usize,
    /// In UTF-16 units, never 0.
    pub length: usize,
}

/// How a part looks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EntityKind {
    Bold,
    Italic,
    Strikethrough,
    /// In a line; neither in another entity nor with one inside, like `Pre`.
    Code,
    /// A block of code, with its language.
    Pre(Option<String>),
    /// A URL with one of the schemes http, https, tg and mailto.
    Link(String),
    Quote,
}

/// Renders a reply. Never empty: what renders to nothing is shown as it was written, and what was
/// nothing as "…".
pub fn render(markdown: &str) -> Vec<Piece> {
    // Texts that bring the parser down are rare and none is known; a chat must not hang on one.
    let pieces = catch_unwind(|| marked_up(markdown)).unwrap_or_default();
    if pieces.is_empty() { plain(markdown) } else { pieces }
}

/// Nothing, where a text is better shown as it was written.
fn marked_up(markdown: &str) -> Vec<Piece> {
    if !source::parses_quickly(markdown) {
        return Vec::new();
    }
    let rich = walk::walk(&source::prepare(markdown));
    if rich.text.len() > MAX_GROWTH.0 * markdown.len() + MAX_GROWTH.1 { Vec::new() } else { split::split(rich) }
}

/// The same cut without any markup: for a text that Telegram, or [`render`], does not take. Never empty.
pub fn plain(text: &str) -> Vec<Piece> {
    let pieces = split::split(Rich { text: source::lines(text), ..Rich::default() });
    if pieces.is_empty() { vec![Piece { text: NOTHING.to_owned(), entities: Vec::new() }] } else { pieces }
}
