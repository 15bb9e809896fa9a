//! What is done to Markdown before it is parsed.

use pulldown_cmark::{Event, Options, Parser, Tag};
use std::{collections::HashSet, ops::Range};

use super::{
    emphasis,
    rich::{MARK, visible_text},
};

/// Longest text that is parsed, and the marks that a line of it may begin with: the parser takes
/// quadratic time for some texts.
const MAX_BYTES: usize = 32 << 10;
const MAX_MARKS: usize = 60;

/// Passes over a text to free what was taken for a definition.
const MAX_PASSES: usize = 4;

pub const OPTIONS: Options = Options::ENABLE_TABLES
    .union(Options::ENABLE_STRIKETHROUGH)
    .union(Options::ENABLE_TASKLISTS)
    .union(Options::ENABLE_FOOTNOTES);

/// Whether the parser will be done soon, by a look at the text alone.
pub fn parses_quickly(text: &str) -> bool {
    text.len() <= MAX_BYTES && !text.lines().any(|line| marks(line) > MAX_MARKS || has_long_run(line))
}

/// Marks that may open a block. A dash after a dash opens none, so the frame of a table that a
/// program drew counts little.
fn marks(line: &str) -> usize {
    let lead = line.len() - line.trim_start_matches([' ', '\t', '>', '-', '*', '+']).len();
    lead - line.as_bytes()[..lead].windows(2).filter(|two| *two == b"--").count()
}

fn has_long_run(line: &str) -> bool {
    line.split(|c: char| !"<[`*_~".contains(c)).any(|run| run.len() > MAX_MARKS)
}

/// The text with lines that end in a line feed and nothing that cannot be seen.
pub fn lines(text: &str) -> String {
    visible_text(&text.replace("\r\n", "\n").replace('\r', "\n"))
}

/// The source as the parser is to see it.
pub fn prepare(markdown: &str) -> String {
    let mut source = emphasis::repair(&lines(markdown));
    // What follows a freed definition may be taken for another.
    for _ in 0..MAX_PASSES {
        let wrong = false_definitions(&source);
        if wrong.is_empty() {
            break;
        }
        for at in wrong.into_iter().rev() {
            source.insert(at, '\\');
        }
    }
    source
}

/// Where definitions of links begin that nobody refers to, or whose target is no URL. The parser
/// drops definitions, and takes a line like `[注意]: 请先备份。`, which has no spaces, for one.
fn false_definitions(source: &str) -> Vec<usize> {
    if !source.contains("]:") {
        return Vec::new();
    }
    let mut parser = Parser::new_ext(source, OPTIONS).into_offset_iter();
    let mut used = HashSet::new();
    let mut shown: Vec<Range<usize>> = Vec::new();
    for (event, range) in parser.by_ref() {
        match event {
            Event::Start(Tag::Link { id, .. } | Tag::Image { id, .. }) => {
                used.insert(id.to_string());
                shown.push(range);
            }
            Event::Start(Tag::FootnoteDefinition(_)) => shown.push(range.start..range.start + 1),
            Event::Start(_) | Event::End(_) => {}
            _ => shown.push(range),
        }
    }
    let definitions = parser.reference_definitions();
    let used = used.iter().filter_map(|id| definitions.get(id)).filter(|definition| opens(&definition.dest));
    let kept: HashSet<usize> = used.map(|definition| definition.span.start).collect();
    shown.sort_unstable_by_key(|range| range.start);
    // Links hold the text in them: the furthest end so far tells whether a place is shown.
    let mut ranges = shown.into_iter().peekable();
    let mut shown_to = 0;
    let begins = line_brackets(source).filter(|&at| {
        while let Some(range) = ranges.next_if(|range| range.start <= at) {
            shown_to = shown_to.max(range.end);
        }
        shown_to <= at && !kept.contains(&at)
    });
    begins.collect()
}

/// Where lines begin with a bracket, after the marks of quotes and lists.
fn line_brackets(source: &str) -> impl Iterator<Item = usize> {
    let mut start = 0;
    source.split_inclusive('\n').filter_map(move |line| {
        let lead = [' ', '\t', '>', '-', '*', '+', '.', ')'];
        let text = line.trim_start_matches(|c: char| lead.contains(&c) || c.is_ascii_digit());
        let at = start + line.len() - text.len();
        start += line.len();
        text.starts_with('[').then_some(at)
    })
}

/// Longest URL of a link, in bytes.
const MAX_URL: usize = 2048;

/// Whether Telegram makes a link of it.
pub fn opens(url: &str) -> bool {
    let Some((scheme, rest)) = url.split_once(':') else { return false };
    let target = match scheme.to_ascii_lowercase().as_str() {
        "http" | "https" | "tg" => rest.strip_prefix("//").filter(|host| !host.starts_with(['/', '?', '#', ':'])),
        "mailto" => Some(rest).filter(|address| address.contains('@')),
        _ => None,
    };
    let whole = |c: char| !(c.is_whitespace() || c.is_control() || c == MARK);
    url.len() <= MAX_URL && target.is_some_and(|target| !target.is_empty()) && url.chars().all(whole)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_urls_that_telegram_opens_are_links() {
        let check = |url: &str, expected: bool| assert_eq!(opens(url), expected, "{url}");
        check("https://example.org/路径?q=1", true);
        check("HTTP://x", true);
        check("tg://user?id=1", true);
        check("mailto:a@b.c", true);
        check("mailto:nobody", false);
        check("https://", false);
        check("https:///x", false);
        check("https://a b", false);
        check("javascript:alert(1)", false);
        check("/docs/a.md", false);
        check("", false);
        check(&format!("https://{}", "a".repeat(MAX_URL)), false);
    }

    #[test]
    fn a_line_that_only_looks_like_a_definition_is_text() {
        let check = |text: &str, expected: &str| assert_eq!(prepare(text), expected);
        check("[注意]: 请先备份。", "\\[注意]: 请先备份。");
        check("- [a]: b\n- [a]: c\n", "- \\[a]: b\n- \\[a]: c\n");
        check("[a]\n\n[a]: https://x.org\n", "[a]\n\n[a]: https://x.org\n");
        check("text\n\n[a]: https://x.org\n", "text\n\n\\[a]: https://x.org\n");
        check("[a]\n\n   [a]: https://x.org\n[A]: 乙\n", "[a]\n\n   [a]: https://x.org\n\\[A]: 乙\n");
        check("- [x] a\n- [b](c)\n\n[^d]: e\n\n`\n[f]: g`\n", "- [x] a\n- [b](c)\n\n[^d]: e\n\n`\n[f]: g`\n");
        check("```\n[a]: b\n```", "```\n[a]: b\n```");
    }

    #[test]
    fn what_would_take_long_is_known_beforehand() {
        let check = |text: &str, expected: bool| assert_eq!(parses_quickly(text), expected, "{text:.80}");
        check("+------------------------------+----------------------------------------+", true);
        check(&"- ".repeat(100), false);
        check(&">".repeat(100), false);
        check(&format!("a{}", "*".repeat(100)), false);
        check(&"字".repeat(20_000), false);
    }
}
