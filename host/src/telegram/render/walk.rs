//! From the parser's events to one text with spans.

use pulldown_cmark::{CodeBlockKind, Event, LinkType, Parser, Tag, TagEnd};
use std::ops::Range;

use super::{
    EntityKind,
    rich::{Rich, visible_text},
    source::{OPTIONS, opens},
    table::Table,
    writer::Writer,
};

const RULE: &str = "———";

/// Longest name of a language, in bytes; what is longer is not one.
const MAX_LANGUAGE: usize = 32;

pub fn walk(source: &str) -> Rich {
    let mut walk = Walk {
        source,
        writer: Writer::new(false),
        cell: None,
        code: None,
        table: Table::default(),
        lists: Vec::new(),
        links: Vec::new(),
    };
    for (event, range) in Parser::new_ext(source, OPTIONS).into_offset_iter() {
        walk.event(event, range);
    }
    walk.writer.out
}

struct Walk<'a> {
    source: &'a str,
    writer: Writer,
    /// The cell that is being read; it is written when its table is known.
    cell: Option<Writer>,
    /// The language and lines of the block of code that is being read.
    code: Option<(Option<String>, String)>,
    table: Table,
    /// The next number of each list around; None for bullets.
    lists: Vec<Option<u64>>,
    /// The URL of each link around, with where its text began.
    links: Vec<(String, usize)>,
}

impl Walk<'_> {
    fn event(&mut self, event: Event, range: Range<usize>) {
        match event {
            Event::Start(tag) => self.start(tag, range),
            Event::End(tag) => self.end(tag, range),
            Event::Text(text) => match &mut self.code {
                Some((_, lines)) => lines.push_str(&text),
                None => self.line().text(&text),
            },
            Event::Html(text) | Event::InlineHtml(text) | Event::InlineMath(text) | Event::DisplayMath(text) => {
                self.line().text(&text);
            }
            Event::Code(code) => self.line().code(&code),
            Event::FootnoteReference(name) => self.line().text(&format!("[{name}]")),
            Event::SoftBreak | Event::HardBreak => self.line().new_line(),
            Event::Rule => {
                self.block(range.start);
                self.writer.text(RULE);
                self.writer.new_line();
            }
            Event::TaskListMarker(done) => self.writer.check(done),
        }
    }

    fn start(&mut self, tag: Tag, range: Range<usize>) {
        match tag {
            Tag::Paragraph | Tag::HtmlBlock => self.block(range.start),
            Tag::Heading { .. } => {
                let follows_heading = self.writer.out.headings.last() == Some(&self.writer.out.text.len());
                let apart = !follows_heading || self.follows_blank_line(range.start);
                self.writer.block(apart);
                self.writer.open(Some(EntityKind::Bold));
            }
            Tag::BlockQuote(_) => {
                self.block(range.start);
                self.writer.enter_quote();
            }
            Tag::CodeBlock(kind) => {
                self.block(range.start);
                self.code = Some(opening(&kind));
            }
            Tag::List(first) => {
                self.lists.push(first);
                self.writer.enter_list();
            }
            Tag::Item => self.item(range.start),
            Tag::FootnoteDefinition(name) => {
                self.block(range.start);
                self.writer.mark(&format!("[{name}] "));
            }
            Tag::Table(alignments) => {
                self.block(range.start);
                self.table = Table::new(alignments);
            }
            Tag::TableHead | Tag::TableRow => self.table.start_row(range.start),
            Tag::TableCell => self.cell = Some(self.table.start_cell(self.writer.has_plain_code())),
            Tag::Emphasis | Tag::Strikethrough if self.is_literal(&range) => {
                let sign = self.source[range].chars().next().map_or_else(String::new, String::from);
                self.line().text(&sign);
            }
            Tag::Emphasis => self.line().open(Some(EntityKind::Italic)),
            Tag::Strong => self.line().open(Some(EntityKind::Bold)),
            Tag::Strikethrough => self.line().open(Some(EntityKind::Strikethrough)),
            Tag::Link { link_type, dest_url, .. } | Tag::Image { link_type, dest_url, .. } => {
                let scheme = if link_type == LinkType::Email { "mailto:" } else { "" };
                let url = format!("{scheme}{}", visible_text(&dest_url));
                let line = self.line();
                line.open(opens(&url).then(|| EntityKind::Link(url.clone())));
                let start = line.out.text.len();
                self.links.push((url, start));
            }
            // What is left has its option off.
            _ => {}
        }
    }

    fn end(&mut self, tag: TagEnd, range: Range<usize>) {
        match tag {
            TagEnd::Paragraph | TagEnd::HtmlBlock => self.writer.new_line(),
            TagEnd::Heading(_) => {
                self.writer.close();
                self.writer.out.headings.push(self.writer.out.text.len());
                self.writer.new_line();
            }
            TagEnd::BlockQuote(_) => {
                self.writer.leave_quote();
                self.writer.new_line();
            }
            TagEnd::CodeBlock => {
                if let Some((language, lines)) = self.code.take() {
                    self.writer.pre(language, &lines);
                }
            }
            TagEnd::List(_) => {
                self.lists.pop();
                self.writer.leave_list();
            }
            TagEnd::Item | TagEnd::FootnoteDefinition => {
                self.writer.stand_alone();
                self.writer.new_line();
            }
            TagEnd::Table => std::mem::take(&mut self.table).write(&mut self.writer),
            TagEnd::TableHead | TagEnd::TableRow => self.table.end_row(self.source, range.end),
            TagEnd::TableCell => {
                if let Some(cell) = self.cell.take() {
                    self.table.end_cell(cell, range.end);
                }
            }
            TagEnd::Emphasis | TagEnd::Strikethrough if self.is_literal(&range) => {
                let sign = self.source[range].chars().next_back().map_or_else(String::new, String::from);
                self.line().text(&sign);
            }
            TagEnd::Emphasis | TagEnd::Strong | TagEnd::Strikethrough => self.line().close(),
            TagEnd::Link | TagEnd::Image => self.end_link(),
            _ => {}
        }
    }

    /// What text is written to.
    fn line(&mut self) -> &mut Writer {
        self.cell.as_mut().unwrap_or(&mut self.writer)
    }

    fn block(&mut self, start: usize) {
        let apart = self.follows_blank_line(start);
        self.writer.block(apart);
    }

    /// Whether the author left a line blank before the line of `start`.
    fn follows_blank_line(&self, start: usize) -> bool {
        let before = &self.source[..start];
        let Some(line) = before.rfind('\n') else { return false };
        before[..line].rsplit('\n').next().is_some_and(|line| line.trim_matches([' ', '\t', '>']).is_empty())
    }

    fn item(&mut self, start: usize) {
        self.block(start);
        match self.lists.last_mut() {
            Some(Some(number)) => {
                self.writer.mark(&format!("{number}. "));
                *number = number.saturating_add(1);
            }
            _ => self.writer.mark("• "),
        }
    }

    /// An asterisk between letters or digits multiplies, and one tilde is a range.
    fn is_literal(&self, range: &Range<usize>) -> bool {
        let text = &self.source[range.clone()];
        let is_word = |c: char| c.is_ascii_alphanumeric();
        let multiplies = || self.source[..range.start].ends_with(is_word) && text[1..].starts_with(is_word);
        text.starts_with('*') && multiplies() || text.starts_with('~') && !text.starts_with("~~")
    }

    fn end_link(&mut self) {
        let Some((url, start)) = self.links.pop() else { return };
        let line = self.line();
        let is_empty = line.out.text.len() == start;
        if is_empty {
            line.text(&url);
        }
        line.close();
        if !(url.is_empty() || is_empty || opens(&url) || line.out.text[start..].ends_with(&url)) {
            line.text(&format!(" ({url})"));
        }
    }
}

/// The language of a block of code, which is the first word after the fence, and what lines it begins
/// with: a fence that sentences follow was closed too early, and they would be lost.
fn opening(kind: &CodeBlockKind) -> (Option<String>, String) {
    let CodeBlockKind::Fenced(info) = kind else { return (None, String::new()) };
    let info = visible_text(info);
    let word = info.split([' ', '\t', ',', '{']).next().unwrap_or_default();
    if !info.is_ascii() || word.len() > MAX_LANGUAGE {
        return (None, info + "\n");
    }
    (Some(word.to_owned()).filter(|word| !word.is_empty()), String::new())
}
