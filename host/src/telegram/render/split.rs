//! Cuts a long text into messages, where a reader would.

use unicode_segmentation::UnicodeSegmentation;

use super::{
    Entity, EntityKind, MAX_ENTITIES, MAX_UNITS, Piece,
    rich::{Rich, Span, is_blank, trimmed, units},
};

/// Shortest last message, in UTF-16 units: the one before it is cut earlier for it.
const MIN_TAIL: usize = 512;

/// Pieces in order; none if there is nothing to see.
pub fn split(mut rich: Rich) -> Vec<Piece> {
    rich.text.truncate(rich.text.trim_end().len());
    // The outer one first, so that a cut leaves them in the order that Telegram gives them.
    rich.spans.sort_by_key(|span| (span.start, std::cmp::Reverse(span.end), worth(&span.kind)));
    let mut pieces = Vec::new();
    let mut start = 0;
    while start < rich.text.len() {
        start = trimmed(&rich.text, start, rich.text.len()).0;
        let end = cut(&rich, start);
        pieces.extend(piece(&rich, start, end));
        start = end;
    }
    pieces
}

/// Where the piece that begins at `start` ends, in bytes.
fn cut(rich: &Rich, start: usize) -> usize {
    let text = &rich.text;
    let mut limit = advance(text, start, MAX_UNITS);
    if limit < text.len() && advance(text, limit, MIN_TAIL) == text.len() {
        limit = advance(text, start, MAX_UNITS - MIN_TAIL);
    }
    // A link or a block of code that is one too many begins the next piece.
    let needed = rich.spans.iter().filter(|span| matches!(span.kind, EntityKind::Link(_) | EntityKind::Pre(_)));
    if let Some(first) = needed.filter(|span| span.start < limit && span.end > start).nth(MAX_ENTITIES)
        && first.start > start
    {
        limit = first.start;
    }
    if limit == text.len() { limit } else { best(rich, start, limit) }
}

/// How good a place for a cut is, the worst first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Place {
    Grapheme,
    Word,
    Sentence,
    /// Before a line that is indented, or after a heading.
    IndentedLine,
    Line,
    Block,
}

/// The last of the best places in the second half of `start..limit`.
fn best(rich: &Rich, start: usize, limit: usize) -> usize {
    let text = &rich.text;
    let half = start + (limit - start) / 2;
    // With one character more, whether a cluster ends at the limit is known.
    let window = &text[start..advance(text, limit, 2)];
    let (mut found, mut found_place) = (None, Place::Grapheme);
    let mut ended = None;
    let mut clusters = window.grapheme_indices(true).peekable();
    while let Some((at, cluster)) = clusters.next() {
        let end = start + at + cluster.len();
        let Some((_, next)) = clusters.peek().filter(|_| end <= limit) else { break };
        ended = sentence_end(cluster, ended);
        if end <= half {
            found = Some(end);
            continue;
        }
        let place = place(rich, end, (cluster, next), ended);
        if place >= found_place {
            (found, found_place) = (Some(end), place);
        }
    }
    // One cluster alone is longer than a message.
    found.unwrap_or(limit)
}

fn place(rich: &Rich, at: usize, (cluster, next): (&str, &str), ended: Option<Ended>) -> Place {
    let text = &rich.text;
    if cluster == "\n" {
        let heading = text[..at].trim_end().len();
        if next.starts_with(char::is_whitespace) || rich.headings.binary_search(&heading).is_ok() {
            return Place::IndentedLine;
        }
        let is_code = |span: &Span| matches!(span.kind, EntityKind::Pre(_)) && span.start < at && at < span.end;
        let is_block = text[..at].ends_with("\n\n") && !rich.spans.iter().any(is_code);
        return if is_block { Place::Block } else { Place::Line };
    }
    let is_spaced = next.starts_with(char::is_whitespace);
    let goes_on = closes(next) || sentence_end(next, None).is_some() || next.starts_with(['，', '、', '；', '：', ',']);
    match ended {
        Some(Ended::Wide) if !goes_on => Place::Sentence,
        Some(Ended::Narrow) if is_spaced => Place::Sentence,
        _ if cluster.starts_with(char::is_whitespace) => Place::Word,
        _ if cluster.starts_with(['，', '、', '；', '：']) && !goes_on => Place::Word,
        _ => Place::Grapheme,
    }
}

/// How a sentence ended: a narrow sign ends one only before a space.
#[derive(Clone, Copy)]
enum Ended {
    Narrow,
    Wide,
}

fn sentence_end(cluster: &str, before: Option<Ended>) -> Option<Ended> {
    match cluster {
        "。" | "！" | "？" | "…" => Some(Ended::Wide),
        "." | "!" | "?" => Some(Ended::Narrow),
        _ if closes(cluster) => before,
        _ => None,
    }
}

fn closes(cluster: &str) -> bool {
    matches!(cluster, "”" | "’" | "」" | "』" | "）" | "》" | "】" | ")" | "]" | "\"" | "'")
}

/// The end of at most so many UTF-16 units from `start`, in bytes; at a character.
fn advance(text: &str, start: usize, most: usize) -> usize {
    let mut used = 0;
    let over = text[start..].char_indices().find(|(_, c)| {
        used += c.len_utf16();
        used > most
    });
    over.map_or(text.len(), |(at, _)| start + at)
}

/// The message of `start..end`, if there is anything to see in it.
fn piece(rich: &Rich, start: usize, end: usize) -> Option<Piece> {
    let (start, end) = trimmed(&rich.text, start, end);
    let text = &rich.text[start..end];
    if is_blank(text) {
        return None;
    }
    let mut spans: Vec<Span> = rich.spans.iter().filter_map(|span| clip(rich, span, start, end)).collect();
    if spans.len() > MAX_ENTITIES {
        let mut by_worth: Vec<usize> = (0..spans.len()).collect();
        by_worth.sort_by_key(|&index| worth(&spans[index].kind));
        let mut kept: Vec<usize> = by_worth.into_iter().take(MAX_ENTITIES).collect();
        kept.sort_unstable();
        spans = kept.into_iter().map(|index| spans[index].clone()).collect();
    }
    let entity = |span: Span| Entity {
        kind: span.kind,
        offset: units(&rich.text[start..span.start]),
        length: units(&rich.text[span.start..span.end]),
    };
    Some(Piece { text: text.to_owned(), entities: spans.into_iter().map(entity).collect() })
}

/// The part of a span in `start..end` without whitespace at its ends; the indentation of code stays.
fn clip(rich: &Rich, span: &Span, start: usize, end: usize) -> Option<Span> {
    let (start, end) = (span.start.max(start), span.end.min(end));
    if start >= end {
        return None;
    }
    let (mut from, to) = trimmed(&rich.text, start, end);
    if matches!(span.kind, EntityKind::Pre(_)) {
        from = rich.text[start..from].rfind('\n').map_or(start, |line| start + line + 1);
    }
    (!is_blank(&rich.text[from..to])).then(|| Span { kind: span.kind.clone(), start: from, end: to })
}

/// Which entities stay if there are too many, the most needed first.
fn worth(kind: &EntityKind) -> u8 {
    match kind {
        EntityKind::Pre(_) => 0,
        EntityKind::Link(_) => 1,
        EntityKind::Quote => 2,
        EntityKind::Code => 3,
        EntityKind::Bold => 4,
        EntityKind::Strikethrough => 5,
        EntityKind::Italic => 6,
    }
}
