//! What holds for any text.

use proptest::prelude::*;
use pulldown_cmark::{Event, Parser};
use std::fmt::Write as _;
use unicode_segmentation::UnicodeSegmentation;

use super::{Entity, EntityKind, MAX_ENTITIES, MAX_UNITS, Piece, plain, render, rich::units, source};

/// Telegram would take it as it is.
fn check_pieces(pieces: &[Piece]) {
    assert!(!pieces.is_empty());
    for piece in pieces {
        let text = &piece.text;
        assert!((1..=MAX_UNITS).contains(&units(text)), "{} units", units(text));
        assert_eq!(text.trim(), text);
        assert!(!text.contains(|c: char| c.is_control() && !matches!(c, '\n' | '\t')), "{text:?}");
        assert!(piece.entities.len() <= MAX_ENTITIES);
        let covered: Vec<&str> = piece.entities.iter().map(|entity| check_entity(text, entity)).collect();
        for (index, outer) in piece.entities.iter().enumerate() {
            for inner in &piece.entities[index + 1..] {
                let end = outer.offset + outer.length;
                let apart = inner.offset >= end;
                let inside = inner.offset >= outer.offset && inner.offset + inner.length <= end;
                assert!(apart || (inside && may_hold(&outer.kind, &inner.kind)), "{outer:?} {inner:?} {covered:?}");
            }
        }
    }
}

/// What the entity covers.
fn check_entity<'a>(text: &'a str, entity: &Entity) -> &'a str {
    let byte = |offset: usize| {
        let mut passed = 0;
        let mut starts = text.char_indices().map(|(at, c)| {
            passed += c.len_utf16();
            (at, passed - c.len_utf16())
        });
        let end = [(text.len(), units(text))];
        starts.by_ref().chain(end).find(|(_, before)| *before == offset).expect("an offset is at a character").0
    };
    let covered = &text[byte(entity.offset)..byte(entity.offset + entity.length)];
    assert_eq!(covered.trim_end(), covered, "{entity:?}");
    let may_be_indented = matches!(entity.kind, EntityKind::Pre(_));
    assert!(!covered.is_empty() && (may_be_indented || covered.trim_start() == covered), "{entity:?} {covered:?}");
    covered
}

fn may_hold(outer: &EntityKind, inner: &EntityKind) -> bool {
    let is_code = |kind: &EntityKind| matches!(kind, EntityKind::Code | EntityKind::Pre(_));
    !is_code(outer) && !is_code(inner) && std::mem::discriminant(outer) != std::mem::discriminant(inner)
}

/// The letters and digits of all that the parser calls text are in the messages, in order; so is
/// every Chinese character of the source, also one that the parser left out.
fn check_nothing_lost(markdown: &str, pieces: &[Piece]) {
    let mut written = String::new();
    for event in Parser::new_ext(&source::lines(markdown), source::OPTIONS) {
        if let Event::Text(text) | Event::Code(text) | Event::Html(text) | Event::InlineHtml(text) = event {
            written.push_str(&text);
        }
    }
    written.retain(char::is_alphanumeric);
    let sent: String = pieces.iter().map(|piece| piece.text.as_str()).collect();
    assert!(holds_in_order(&sent, &written), "{sent:?} lacks some of {written:?}");

    let is_chinese = |c: char| ('一'..='龥').contains(&c);
    let mut source = markdown.to_owned();
    source.retain(is_chinese);
    let in_url = |entity: &Entity| matches!(&entity.kind, EntityKind::Link(url) if url.contains(is_chinese));
    let has_url = pieces.iter().any(|piece| piece.entities.iter().any(in_url));
    assert!(has_url || holds_in_order(&sent, &source), "{sent:?} lacks some of {source:?}");
}

fn holds_in_order(text: &str, characters: &str) -> bool {
    let mut text = text.chars();
    characters.chars().all(|c| text.any(|other| other == c))
}

/// Where nothing is longer than a message, no cluster of characters is cut.
fn check_clusters_whole(text: &str, pieces: &[Piece]) {
    let clusters: Vec<&str> = text.graphemes(true).filter(|cluster| !cluster.trim().is_empty()).collect();
    let sent: Vec<&str> = pieces.iter().flat_map(|piece| piece.text.graphemes(true)).collect();
    assert_eq!(clusters, sent.into_iter().filter(|cluster| !cluster.trim().is_empty()).collect::<Vec<_>>());
}

/// Signs of Markdown, whole and torn.
const SIGNS: &[&str] = &[
    "**",
    "*",
    "_",
    "__",
    "~~",
    "~",
    "`",
    "``",
    "[",
    "](",
    ")",
    "](https://x.org)",
    "](/a)",
    "![",
    "<",
    ">",
    "<b>",
    "</b>",
    "&amp;",
    "&#10;",
    "&#1;",
    "|",
    "\\",
    " ",
    "  ",
    "\t",
    "\n",
    "\n\n",
    "\r\n",
    "\n- ",
    "\n  - ",
    "\n    ",
    "\n1. ",
    "\n- [x] ",
    "\n> ",
    "\n>> ",
    "\n# ",
    "\n## ",
    "\n```rust\n",
    "\n```\n",
    "\n~~~\n",
    "\n---\n",
    "\n===\n",
    "\n|a|b|\n|---|--:|\n|",
    "|\n|",
    "\n[a]: ",
    "[a]",
    "[^1]",
    "\n[^1]: ",
    "\n<div>\n",
    "https://x.org",
    "<a@b.c>",
];

/// Parts of Markdown, whole and torn.
fn part() -> impl Strategy<Value = String> {
    let sign = proptest::sample::select(SIGNS);
    let word = proptest::sample::select(vec![
        "word",
        "Ünï",
        "字",
        "注意：",
        "“引用”",
        "。",
        "，",
        "结束！",
        "a.b",
        "1",
        "2024",
        "👨‍👩‍👧‍👦",
        "🇨🇳",
        "👍🏽",
        "e\u{301}",
        "\u{200b}",
        "\u{3000}",
        "\u{a0}",
        "\u{301}",
        "\u{0}",
        "\u{7}",
        "क्षि",
        "المثال",
    ]);
    let long = ("[a-z一-龥。 ]{1,40}", 1..200_usize).prop_map(|(text, times)| text.repeat(times));
    let rows = (1..120_usize, "[a-z一-龥 `*]{0,9}").prop_map(|(count, cell)| {
        let mut rows = String::from("\n\n|一|b|c|\n|:-:|---|--:|\n");
        for row in 0..count {
            let _ = writeln!(rows, "|{row}|{cell}|{cell}{row}|");
        }
        rows
    });
    let lines = |text: String| text.replace(' ', "\n    ");
    prop_oneof![
        12 => sign.prop_map(String::from),
        8 => word.prop_map(String::from),
        1 => long.clone(),
        1 => long.prop_map(move |text| format!("\n```py\n{}\n```\n", lines(text))),
        1 => rows,
        1 => any::<String>(),
    ]
}

fn markdown() -> impl Strategy<Value = String> {
    proptest::collection::vec(part(), 0..60).prop_map(|parts| parts.concat())
}

/// A word and what ends it, which is often a cluster of characters.
const WORD: &str = "[a-z一-龥]{0,9}(👨‍👩‍👧‍👦|🇨🇳|👍🏽|e\u{301}|。| |\n)";

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_markdown_becomes_messages(markdown in markdown()) {
        let pieces = render(&markdown);
        check_pieces(&pieces);
        check_nothing_lost(&markdown, &pieces);
    }

    #[test]
    fn any_text_is_cut_between_characters(words in proptest::collection::vec(WORD, 0..1500)) {
        let text = words.concat();
        let pieces = plain(&text);
        check_pieces(&pieces);
        if !text.trim().is_empty() {
            check_clusters_whole(&text, &pieces);
        }
    }
}
